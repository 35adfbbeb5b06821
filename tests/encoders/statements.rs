//! Epochs, keysets, cards and claims: what is drafted and signed, and what no signer may add.

use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use ed25519_dalek::{Signer, SigningKey as DalekKey};
use keyward::{
    Card, Claimed, EncodeError, Epoch, Issuer, Keyset, Message, PublicKey, Roles, Scope,
    SealingKey, Seconds, Signature, SignatureFault, SigningKey, Threshold, Time, Unclaimed, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{self, CardVersion, ClaimNonce, DomainId, GroupId, KeysetVersion, LockId},
    key::BadSignature,
    keyset, role,
    unsigned::SignError,
    zone::{MAX_ZONE, Transition, Zone, ZoneId},
};
use keyward_testkit::{
    objects::Draw,
    oracle::{self, encode, statements},
    strict,
    world::World,
};
use rand_core::SeedableRng;

use super::{ROUNDS, key, shuffle, signed};

const DOMAIN: DomainId = DomainId([0xd0; 32]);

/// Keys of one class, ascending by their public halves.
fn members<R: role::Role>(first: u8, count: usize) -> Vec<SigningKey<R>> {
    let mut keys: Vec<_> =
        (first..).take(count).map(|seed| SigningKey::from_secret(&[seed; 32])).collect();
    keys.sort_by_key(SigningKey::public);
    keys
}

fn publics<R: role::Role>(keys: &[SigningKey<R>]) -> Vec<PublicKey<R>> {
    keys.iter().map(SigningKey::public).collect()
}

fn raw<R: role::Role>(keys: &[SigningKey<R>]) -> Vec<[u8; 32]> {
    keys.iter().map(|key| *key.public().as_bytes()).collect()
}

/// Signs outside of the crate.
fn foreign<R: role::Role>(message: &Message, key: &SigningKey<R>) -> Signature {
    let signature = DalekKey::from_bytes(key.expose_secret()).sign(message.as_bytes());
    Signature::from_bytes(signature.to_bytes())
}

fn parts(signature: &Signature) -> oracle::Signature {
    let (r, s) = signature.as_bytes().split_at(32);
    (r.try_into().unwrap(), s.try_into().unwrap())
}

/// So many keys of these, in a random order.
fn signers(rng: &mut ChaCha20Rng, keys: usize, count: u8) -> Vec<u8> {
    let mut signers: Vec<_> = (0..u8::try_from(keys).unwrap()).collect();
    shuffle(rng, &mut signers);
    signers.truncate(count.into());
    signers
}

/// An epoch of these keys, which nobody has signed.
fn epoch_of(
    number: u64,
    (needed, roots): (u8, &[SigningKey<role::Root>]),
    (of_cold, cold): (u8, &[SigningKey<role::Cold>]),
) -> Vec<u8> {
    let (roots, cold) = (publics(roots), publics(cold));
    let draft = epoch::Draft {
        number: id::Epoch(number),
        issued_at: Time(5),
        roots: Threshold { needed, keys: &roots },
        emergency: None,
        next: Commitment([7; 32]),
        cold: Threshold { needed: of_cold, keys: &cold },
    };
    draft.encode().unwrap().as_bytes().to_vec()
}

#[test]
fn epochs_cosigned_in_any_order_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    for _ in 0..ROUNDS {
        let mut expected = Draw::valid(&mut rng).epoch();
        let roots = members::<role::Root>(60, expected.roots.keys.len());
        let cold = members::<role::Cold>(70, expected.cold.keys.len());
        (expected.roots.keys, expected.cold.keys) = (raw(&roots), raw(&cold));
        let (root_keys, cold_keys) = (publics(&roots), publics(&cold));
        let draft = epoch::Draft {
            number: id::Epoch(expected.number),
            issued_at: Time(expected.issued_at),
            roots: Threshold { needed: expected.roots.threshold, keys: &root_keys },
            emergency: expected.emergency.map(|bytes| PublicKey::from_bytes(&bytes).unwrap()),
            next: Commitment(expected.next),
            cold: Threshold { needed: expected.cold.threshold, keys: &cold_keys },
        };
        let unsigned = draft.encode().unwrap();
        let mut signers = signers(&mut rng, cold.len(), expected.cold.threshold);
        for _ in 0..2 {
            shuffle(&mut rng, &mut signers);
            expected.signatures.clear();
            let mut bytes = unsigned.as_bytes().to_vec();
            assert_eq!(bytes, encode(&expected));
            for &signer in &signers {
                let (epoch, key) = (Epoch::decode(&bytes).unwrap(), &cold[usize::from(signer)]);
                let hash = epoch.body_hash();
                let number = expected.number.to_le_bytes();
                let message = [&b"keyward-1/epoch\0"[..], &DOMAIN.0, &number, hash.as_bytes()];
                assert_eq!(epoch.to_sign(DOMAIN).as_bytes(), message.concat());
                let signature = foreign(&epoch.to_sign(DOMAIN), key);
                let more = epoch.with_signature(DOMAIN, &key.public(), &signature).unwrap();
                assert_eq!(epoch.cosign(DOMAIN, key).unwrap(), more);
                expected.signatures.push((signer, parts(&signature)));
                expected.signatures.sort_unstable();
                assert_eq!(more.as_bytes(), encode(&expected));
                bytes = more.as_bytes().to_vec();
            }
        }
    }
}

fn roles(bits: u8) -> Roles {
    let all = [Roles::ISSUE, Roles::ATTEST, Roles::REVOKE, Roles::ENROL];
    let some = all.into_iter().filter(|role| bits & role.bits() != 0);
    some.reduce(Roles::and).unwrap()
}

/// What a drawn keyset holds, as a draft takes it.
struct Content {
    keys: Vec<PublicKey<role::Issuer>>,
    zones: Vec<keyward::Encoded<MAX_ZONE>>,
}

impl Content {
    fn of(keyset: &statements::Keyset) -> Self {
        let keys = keyset.issuers.iter();
        let keys = keys.map(|issuer| PublicKey::from_bytes(&issuer.key).unwrap()).collect();
        let zones = keyset.zones.iter().map(|zone| {
            let steps = zone.transitions.iter().map(|&(at, offset)| Transition { at, offset });
            Zone::encode(ZoneId(zone.id), &steps.collect::<Vec<_>>(), zone.end).unwrap()
        });
        Self { keys, zones: zones.collect() }
    }

    fn encode(&self, keyset: &statements::Keyset) -> Result<Vec<u8>, EncodeError> {
        let issuers = keyset.issuers.iter().zip(&self.keys).map(|(issuer, key)| {
            let (from, lasts) = (Time(issuer.from), Seconds(issuer.lasts));
            Issuer::new(key, roles(issuer.roles), from, lasts).with_limits(&issuer.limits)
        });
        let zones = self.zones.iter().map(|zone| Zone::decode(zone.as_bytes()).unwrap());
        let draft = keyset::Draft {
            epoch: id::Epoch(keyset.epoch),
            version: KeysetVersion(keyset.version),
            issued_at: Time(keyset.issued_at),
            log_to: keyset.log_to.map(SealingKey::from_bytes),
            issuers: &issuers.collect::<Vec<_>>(),
            zones: &zones.collect::<Vec<_>>(),
        };
        Ok(draft.encode()?.as_bytes().to_vec())
    }
}

#[test]
fn keysets_cosigned_in_any_order_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let cold = members::<role::Cold>(70, 1);
    let mut seen = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut expected = Draw::valid(&mut rng).keyset();
        let needed = u8::try_from(expected.signatures.len()).unwrap();
        // One that has signatures has room for them.
        if needed == 0 {
            continue;
        }
        expected.signatures.clear();
        let roots = members::<role::Root>(60, 4);
        let epoch = epoch_of(expected.epoch, (needed, &roots), (1, &cold));
        let epoch = Epoch::decode(&epoch).unwrap();
        let scope = Scope { domain: DOMAIN, epoch: id::Epoch(expected.epoch) };
        let unsigned = Content::of(&expected).encode(&expected).unwrap();
        let mut signers = signers(&mut rng, 4, needed);
        for _ in 0..2 {
            shuffle(&mut rng, &mut signers);
            expected.signatures.clear();
            let mut bytes = unsigned.clone();
            assert_eq!(bytes, encode(&expected));
            for &signer in &signers {
                let (keyset, key) = (Keyset::decode(&bytes).unwrap(), &roots[usize::from(signer)]);
                let hash = keyset.body_hash();
                let number = expected.epoch.to_le_bytes();
                let message = [&b"keyward-1/keys\0\0"[..], &DOMAIN.0, &number, hash.as_bytes()];
                assert_eq!(keyset.to_sign(&scope).as_bytes(), message.concat());
                let signature = foreign(&keyset.to_sign(&scope), key);
                let more = keyset.with_signature(&scope, &epoch, &key.public(), &signature);
                assert_eq!(keyset.cosign(&scope, &epoch, key), more);
                expected.signatures.push((signer, parts(&signature)));
                expected.signatures.sort_unstable();
                bytes = encode(&expected);
                assert_eq!(more.unwrap().as_bytes(), bytes);
            }
        }
        seen.insert((expected.issuers.len(), expected.zones.len()));
    }
    assert!(seen.len() > 30, "{seen:?}");
}

#[test]
fn a_keyset_without_room_for_a_signature_is_not_signed() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let (roots, cold) = (members::<role::Root>(60, 1), members::<role::Cold>(70, 1));
    let mut issuers: Vec<_> = (0..2)
        .map(|_| Draw::valid(&mut rng).unclaimed().device)
        .map(|key| statements::Issuer { key, roles: 1, from: 5, lasts: 5, limits: vec![7; 456] })
        .collect();
    issuers.sort_by_key(|issuer| issuer.key);
    let epoch = epoch_of(1, (1, &roots), (1, &cold));
    let epoch = Epoch::decode(&epoch).unwrap();
    let scope = Scope { domain: DOMAIN, epoch: id::Epoch(1) };
    let mut expected = statements::Keyset {
        epoch: 1,
        version: 1,
        issued_at: 5,
        log_to: None,
        issuers,
        zones: vec![],
        signatures: vec![],
    };
    for (bytes, result) in [(959, None), (960, Some(EncodeError::TooLong(1024)))] {
        expected.issuers[1].limits.truncate(128);
        let rest = bytes - encode(&expected).len();
        expected.issuers[1].limits.extend(vec![7; rest]);
        let unsigned = Content::of(&expected).encode(&expected).unwrap();
        assert_eq!(unsigned.len(), bytes);
        let signed = Keyset::decode(&unsigned).unwrap().cosign(&scope, &epoch, &roots[0]);
        assert_eq!(signed.err(), result.map(SignError::Encode));
    }
    expected.issuers[1].limits.extend([7; 65]);
    let refused = Content::of(&expected).encode(&expected).err();
    assert_eq!((encode(&expected).len(), refused), (1025, Some(EncodeError::TooLong(1024))));
}

/// Adds a signature by a key to an object of two signers of three, and to what it has become.
fn refuses_what_is_not_wanted<R: role::Role>(
    unsigned: &[u8],
    keys: &[SigningKey<R>],
    to_sign: impl Fn(&[u8]) -> Message,
    add: impl Fn(&[u8], &PublicKey<R>, &Signature) -> Result<Vec<u8>, SignError>,
) {
    let by = |bytes: &[u8], key: &SigningKey<R>| {
        add(bytes, &key.public(), &foreign(&to_sign(bytes), key))
    };
    let refused = |error| Err(SignError::Encode(error));
    let bad = |fault| Err(SignError::Bad(BadSignature(fault)));
    let stranger = SigningKey::<R>::from_secret(&[99; 32]);
    let [first, second, third] = keys else { panic!("three keys") };
    assert_eq!(by(unsigned, &stranger), refused(EncodeError::WrongKey));
    let one = by(unsigned, second).unwrap();
    assert_eq!(by(&one, second), refused(EncodeError::SignedAlready));
    assert_eq!(by(&one, &stranger), refused(EncodeError::WrongKey));
    for other in [first, third] {
        let message = to_sign(&one);
        let key = other.public();
        // By another key; over other bytes; of one that held, a bit; S + L.
        assert_eq!(add(&one, &key, &foreign(&message, second)), bad(SignatureFault::Mismatch));
        let genuine = *foreign(&message, other).as_bytes();
        let with = |edit: &dyn Fn(&mut [u8; 64])| {
            let mut edited = genuine;
            edit(&mut edited);
            add(&one, &key, &Signature::from_bytes(edited))
        };
        assert_eq!(with(&|bytes| bytes[1] ^= 1), bad(SignatureFault::Mismatch));
        let above = with(&|bytes| {
            let s: [u8; 32] = bytes[32..].try_into().unwrap();
            bytes[32..].copy_from_slice(&strict::plus_order(&s));
        });
        assert_eq!(above, bad(SignatureFault::NonCanonicalScalar));
        let small = with(&|bytes| bytes[..32].fill(0));
        assert_eq!(small, bad(SignatureFault::SmallOrderPoint));
    }
    for (last, surplus) in [(first, third), (third, first)] {
        let two = by(&one, last).unwrap();
        assert_eq!(by(&two, surplus), refused(EncodeError::SignedAlready));
        assert_eq!(by(&two, second), refused(EncodeError::SignedAlready));
    }
}

#[test]
fn a_signature_of_an_epoch_that_is_not_wanted_is_refused_by_name() {
    let (roots, cold) = (members::<role::Root>(60, 1), members::<role::Cold>(70, 3));
    let unsigned = epoch_of(1, (1, &roots), (2, &cold));
    refuses_what_is_not_wanted(
        &unsigned,
        &cold,
        |bytes| Epoch::decode(bytes).unwrap().to_sign(DOMAIN),
        |bytes, key, signature| {
            let more = Epoch::decode(bytes).unwrap().with_signature(DOMAIN, key, signature)?;
            Ok(more.as_bytes().to_vec())
        },
    );
    // Signed in another domain.
    let epoch = Epoch::decode(&unsigned).unwrap();
    let signature = foreign(&epoch.to_sign(DomainId([1; 32])), &cold[0]);
    let refused = epoch.with_signature(DOMAIN, &cold[0].public(), &signature);
    assert_eq!(refused, Err(SignError::Bad(BadSignature(SignatureFault::Mismatch))));
}

#[test]
fn a_signature_of_a_keyset_that_is_not_wanted_is_refused_by_name() {
    let (roots, cold) = (members::<role::Root>(60, 3), members::<role::Cold>(70, 1));
    let epochs = [1, 2].map(|number| epoch_of(number, (2, &roots), (1, &cold)));
    let [epoch, other] = [0, 1].map(|at| Epoch::decode(&epochs[at]).unwrap());
    let [scope, other_scope] = [1, 2].map(|n| Scope { domain: DOMAIN, epoch: id::Epoch(n) });
    let draft = keyset::Draft {
        epoch: id::Epoch(1),
        version: KeysetVersion(1),
        issued_at: Time(5),
        log_to: None,
        issuers: &[],
        zones: &[],
    };
    let unsigned = draft.encode().unwrap().as_bytes().to_vec();
    refuses_what_is_not_wanted(
        &unsigned,
        &roots,
        |bytes| Keyset::decode(bytes).unwrap().to_sign(&scope),
        |bytes, key, signature| {
            let more =
                Keyset::decode(bytes).unwrap().with_signature(&scope, &epoch, key, signature)?;
            Ok(more.as_bytes().to_vec())
        },
    );
    let keyset = Keyset::decode(&unsigned).unwrap();
    assert_eq!(keyset.cosign(&scope, &epoch, &roots[0]).err(), None);
    for (scope, epoch) in [(scope, other), (other_scope, epoch), (other_scope, other)] {
        let refused = keyset.cosign(&scope, &epoch, &roots[0]);
        assert_eq!(refused, Err(SignError::Encode(EncodeError::Mismatch)));
    }
}

#[test]
fn cards_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    let issuer = key::<role::Issuer>(1);
    for _ in 0..ROUNDS {
        let mut expected = Draw::valid(&mut rng).card();
        expected.issuer = issuer.id().0;
        let groups: Vec<_> = expected.groups.iter().copied().map(GroupId).collect();
        let draft = card::Draft {
            scope: Scope { domain: DOMAIN, epoch: id::Epoch(expected.epoch) },
            order: CardOrder {
                keyset: KeysetVersion(expected.keyset),
                version: CardVersion(expected.version),
            },
            at: Time(expected.at),
            lock: LockId(expected.lock),
            groups: &groups,
            device: PublicKey::from_bytes(&expected.device).unwrap(),
            sealing: expected.sealing.map(SealingKey::from_bytes),
            sealed_only: expected.flags & 1 != 0,
            unchallenged: expected.flags & 2 != 0,
            zone: expected.zone.map(ZoneId),
            nonce: ClaimNonce(expected.nonce),
        };
        let draft = draft.by(&issuer).unwrap();
        let message = draft.to_sign().clone();
        let (bytes, signature) = signed(draft, 1);
        expected.signature = signature;
        assert_eq!(bytes, encode(&expected));
        let (number, hash) =
            (expected.epoch.to_le_bytes(), Card::decode(&bytes).unwrap().body_hash());
        let layout = [&b"keyward-1/card\0\0"[..], &DOMAIN.0, &number, hash.as_bytes()];
        assert_eq!(message.as_bytes(), layout.concat());
    }
}

#[test]
fn what_unclaimed_locks_show_and_claims_of_them_are_the_oracles() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    for _ in 0..ROUNDS {
        let mut draw = Draw::valid(&mut rng);
        let shown = draw.unclaimed();
        let device = PublicKey::from_bytes(&shown.device).unwrap();
        let unclaimed = Unclaimed { device, nonce: ClaimNonce(shown.nonce) };
        assert_eq!(unclaimed.encode().unwrap().as_bytes(), encode(&shown));
        assert_eq!(Unclaimed::decode(&encode(&shown)), Ok(unclaimed));

        let (epoch, card) = (encode(&draw.epoch()), encode(&draw.card()));
        let (epoch, card) = (Epoch::decode(&epoch).unwrap(), Card::decode(&card).unwrap());
        let mut expected = draw.claim();
        let domain = DomainId(expected.domain);
        let claim = unclaimed.claim(domain, &epoch, &card, &key(5)).unwrap();
        let (epoch, card) = (epoch.body_hash(), card.body_hash());
        let hashes = [epoch.as_bytes(), card.as_bytes()].map(|hash| &hash[..]).concat();
        let layout = [b"keyward-1/claim\0", &shown.device[..], &shown.nonce, &domain.0, &hashes];
        assert_eq!(claim.to_sign().as_bytes(), layout.concat());
        let (bytes, signature) = signed(claim, 5);
        expected.signature = Some(signature);
        assert_eq!(bytes, encode(&expected));
        expected.signature = None;
        let by_contact = Unclaimed::claim_by_contact(domain).unwrap();
        assert_eq!(by_contact.as_bytes(), encode(&expected));
    }
}

#[test]
fn what_a_lock_answers_to_its_claim_is_the_oracles() {
    for seed in 0..10 {
        let World { owner, flat, .. } = World::new(seed);
        let answer = flat.lock.claimed(&key(5)).unwrap();
        let Unclaimed { device, nonce } = flat.unclaimed();
        let card = Card::decode(&owner.library.cards[&flat.id]).unwrap();
        let (device, nonce, hash) = (*device.as_bytes(), nonce.0, card.body_hash());
        let (epoch, keyset) = (&owner.library.epochs[0], &owner.library.keyset);
        let epoch = keyward::Epoch::decode(epoch).unwrap().body_hash();
        let keyset = keyward::Keyset::decode(keyset).unwrap().body_hash();
        let hashes = [epoch.as_bytes(), hash.as_bytes(), keyset.as_bytes(), &[0; 32]];
        let hashes = [&owner.domain.0[..], &hashes.map(|hash| &hash[..]).concat()].concat();
        let layout = [b"keyward-1/label\0", &device[..], &nonce, &hashes].concat();
        assert_eq!(answer.to_sign().as_bytes(), layout);
        let (bytes, signature) = signed(answer, 5);
        assert_eq!(bytes, encode(&statements::Claimed { device, nonce, signature }));
        let domain = owner.held();
        let card = domain.check_card(&card).unwrap();
        Claimed::decode(&bytes).unwrap().verify(&domain, &card, &key(5)).unwrap();
    }
}
