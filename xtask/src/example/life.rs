//! The second half of the worked example: a domain's first statements, and a lock's claim.

use keyward::{
    Card, Epoch, Issuer, Keyset, Lock, Now, Roles, Scope, Seconds, SigningKey, Threshold,
    Unclaimed, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{self, CardVersion, ClaimNonce, KeysetVersion},
    keyset,
    lock::{Bundle, Home, Identity},
    role::{self, Role},
    zone::{Transition, Zone, ZoneId},
};
use keyward_testkit::{
    scene::{ATTESTER, DEVICE, EMERGENCY, GROUP, ISSUER, LOCK, key, minute},
    vectors::hex,
    world::{
        START,
        door::{Memory, fresh},
    },
};

/// Keys of this half alone, by their numbers.
const COLD: u8 = 30;
const NEXT: u8 = 32;
const ROOT: u8 = 34;
const REVOKER: u8 = 5;
const ENROLLER: u8 = 6;
const CLAIM: u8 = 36;
const LABEL: u8 = 37;

/// What stands above the rows.
pub const INTRODUCTION: &str = "A domain's first epoch, a keyset of its roots, and a lock that is claimed: two cold keys and \
     two roots, of which both must sign; four issuers, one for each role, each from 1795510800 for \
     a year; one zone, an hour east of UTC until 1795510800 + 31536000; a lock in one group. All \
     times of signing are 1795510800.";

/// Name and value of each row.
pub fn rows() -> Result<Vec<(&'static str, String)>, String> {
    let fail = |error: &dyn ToString| error.to_string();
    let (cold, next, roots) =
        (pair::<role::Cold>(COLD), pair::<role::Cold>(NEXT), pair::<role::Root>(ROOT));
    let publics = |keys: &[SigningKey<role::Cold>]| -> Vec<_> {
        keys.iter().map(SigningKey::public).collect()
    };
    let (cold_keys, next_keys) = (publics(&cold), publics(&next));
    let root_keys: Vec<_> = roots.iter().map(SigningKey::public).collect();
    let next = Commitment::new(&Threshold { needed: 2, keys: &next_keys }).map_err(|e| fail(&e))?;
    let draft = epoch::Draft {
        number: id::Epoch(0),
        issued_at: START,
        roots: Threshold { needed: 2, keys: &root_keys },
        emergency: Some(key(EMERGENCY).public()),
        next,
        cold: Threshold { needed: 2, keys: &cold_keys },
    };
    let draft = draft.encode().map_err(|e| fail(&e))?;
    let epoch = Epoch::decode(draft.as_bytes()).map_err(|e| fail(&e))?;
    let domain = epoch.domain().ok_or("epoch 0 names a domain")?;
    let message = epoch.to_sign(domain);
    let once = epoch.cosign(domain, &cold[0]).map_err(|e| fail(&e))?;
    let once = Epoch::decode(once.as_bytes()).map_err(|e| fail(&e))?;
    let signed_epoch = once.cosign(domain, &cold[1]).map_err(|e| fail(&e))?;
    let epoch = Epoch::decode(signed_epoch.as_bytes()).map_err(|e| fail(&e))?;
    let scope = Scope { domain, epoch: id::Epoch(0) };

    let keyset = keyset(&scope, &epoch, &roots)?;
    let device = key::<role::Device>(DEVICE).public();
    let shown = Unclaimed { device, nonce: ClaimNonce(*b"life-of-the-lock") };
    let enroller = key::<role::Issuer>(ENROLLER);
    let draft = card::Draft {
        scope,
        order: CardOrder { keyset: KeysetVersion(1), version: CardVersion(1) },
        at: START,
        lock: LOCK,
        groups: &[GROUP],
        device,
        sealing: None,
        sealed_only: false,
        unchallenged: false,
        zone: Some(ZoneId(1)),
        nonce: shown.nonce,
    };
    let draft = draft.by(&enroller.public()).map_err(|e| fail(&e))?;
    let card = draft.sign(&enroller).map_err(|e| fail(&e))?;
    let decoded = Card::decode(card.as_bytes()).map_err(|e| fail(&e))?;
    let claim_key = key::<role::Claim>(CLAIM);
    let claim = shown.claim(domain, &epoch, &decoded, &claim_key.public()).map_err(|e| fail(&e))?;
    let claim_message = hex(claim.to_sign().as_bytes());
    let claim = claim.sign(&claim_key).map_err(|e| fail(&e))?;
    let bundle = Bundle {
        claim: claim.as_bytes(),
        epoch: signed_epoch.as_bytes(),
        keyset: &keyset,
        card: card.as_bytes(),
        list: None,
    };
    let (claim_key, label) = (Some(claim_key.public()), key::<role::Label>(LABEL));
    let mut lock: Lock<'_, _, Home> =
        fresh(Identity { device, nonce: shown.nonce, claim_key }, Memory::new());
    let update = lock.verify_claim(&bundle, false, Now::exactly(START)).map_err(|e| fail(&e))?;
    update.commit().map_err(|e| fail(&e))?;
    let answer = lock.claimed(&label.public()).map_err(|e| fail(&e))?;
    let label_message = hex(answer.to_sign().as_bytes());
    let answer = answer.sign(&label).map_err(|e| fail(&e))?;
    Ok(vec![
        ("Cold keys, in the order of their public halves", keys_of(&cold)),
        ("Roots, in that order", keys_of(&roots)),
        ("Cold keys of epoch 1, in that order", keys_of(&pair::<role::Cold>(NEXT))),
        ("The commitment to them", hex(&next.0)),
        ("What both cold keys sign", hex(message.as_bytes())),
        ("DomainId of this half, the body hash of the epoch", hex(&domain.0)),
        ("Epoch", hex(signed_epoch.as_bytes())),
        ("Keyset", hex(&keyset)),
        ("Device key", keys_of(&[key::<role::Device>(DEVICE)])),
        ("Unclaimed", hex(shown.encode().map_err(|e| fail(&e))?.as_bytes())),
        ("Card", hex(card.as_bytes())),
        ("Claim key", keys_of(&[key::<role::Claim>(CLAIM)])),
        ("What the claim key signs", claim_message),
        ("Claim", hex(claim.as_bytes())),
        ("Label key", keys_of(&[label])),
        ("What the label key signs", label_message),
        ("Claimed", hex(answer.as_bytes())),
    ])
}

fn keyset(
    scope: &Scope,
    epoch: &Epoch<'_>,
    roots: &[SigningKey<role::Root>],
) -> Result<Vec<u8>, String> {
    let fail = |error: &dyn ToString| error.to_string();
    let mut clerks = [
        (key::<role::Issuer>(ISSUER).public(), Roles::ISSUE),
        (key::<role::Issuer>(ATTESTER).public(), Roles::ATTEST),
        (key::<role::Issuer>(REVOKER).public(), Roles::REVOKE),
        (key::<role::Issuer>(ENROLLER).public(), Roles::ENROL),
    ];
    clerks.sort_by_key(|(key, _)| *key);
    let year = Seconds::days(365);
    let issuers: Vec<_> =
        clerks.iter().map(|(key, roles)| Issuer::new(key, *roles, START, year)).collect();
    let table = [Transition { at: minute(START.0), offset: 60 }];
    let zone = Zone::encode(ZoneId(1), &table, minute(START.plus(year).0)).map_err(|e| fail(&e))?;
    let draft = keyset::Draft {
        epoch: id::Epoch(0),
        version: KeysetVersion(1),
        issued_at: START,
        log_to: None,
        issuers: &issuers,
        zones: &[Zone::decode(zone.as_bytes()).map_err(|e| fail(&e))?],
    };
    let mut bytes = draft.encode().map_err(|e| fail(&e))?.as_bytes().to_vec();
    for root in roots {
        let signed = Keyset::decode(&bytes).map_err(|e| fail(&e))?.cosign(scope, epoch, root);
        bytes = signed.map_err(|e| fail(&e))?.as_bytes().to_vec();
    }
    Ok(bytes)
}

/// Two keys of one class, by the first one's number, in the order of their public halves.
fn pair<R: Role>(number: u8) -> Vec<SigningKey<R>> {
    let mut keys = vec![key(number), key(number + 1)];
    keys.sort_by_key(SigningKey::public);
    keys
}

fn keys_of<R: Role>(keys: &[SigningKey<R>]) -> String {
    let line = |key: &SigningKey<R>| {
        format!("{} -> {}", hex(key.expose_secret()), hex(key.public().as_bytes()))
    };
    keys.iter().map(line).collect::<Vec<_>>().join("\n")
}
