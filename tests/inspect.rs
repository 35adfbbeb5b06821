//! What objects claim, read by the accessors and by the oracle: random objects, field by field.

use chacha20::ChaCha20Rng;
use keyward::{
    Card, Claim, Claimed, DecodeError, Epoch, Keyset, Presentation, PublicKey, Recording, Right,
    SealingKey, Status, Time, Token, WitnessStatement,
    caveat::{Caveat, CaveatSet},
    epoch::Commitment,
    id::{
        ClaimNonce, Counter, DomainId, Epoch as Number, EvidenceId, Fresh, GroupId, KeyId, LockId,
        Serial,
    },
    inspect::Link,
    request::Mode,
    role::Role,
    schedule::Window,
    status::{Revoked, SerialFloor},
    zone::{Transition, ZoneId},
};
use keyward_testkit::{
    objects::Draw,
    oracle::{self, encode},
};
use rand_core::SeedableRng;

const ROUNDS: usize = 200;

/// Draws valid objects, and has each looked at.
fn each<T: oracle::Object>(draw: impl Fn(&mut Draw<'_>) -> T, look: impl Fn(&T, &[u8])) {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    for _ in 0..ROUNDS {
        let object = draw(&mut Draw::valid(&mut rng));
        look(&object, &encode(&object));
    }
}

/// The 32 bytes of a key of any class.
fn bytes<R: Role>(key: Result<PublicKey<R>, DecodeError>) -> [u8; 32] {
    *key.unwrap().as_bytes()
}

fn links<'a>(token: &Token<'a>) -> Vec<Link<'a>> {
    token.unverified_links().map(Result::unwrap).collect()
}

#[test]
fn a_token_and_its_links() {
    each(
        |draw| draw.token(),
        |token, encoded| {
            let read = Token::decode(encoded).unwrap();
            assert_eq!(read.unverified_issuer(), KeyId(token.issuer));
            assert_eq!(read.unverified_serial(), Serial(token.serial));
            let links = links(&read);
            assert_eq!(links.len(), token.links.len());
            for (link, drawn) in links.iter().zip(&token.links) {
                assert_eq!((link.grantee.as_bytes(), link.depth), (&drawn.grantee, drawn.depth));
                let caveats = postcard::to_allocvec(&drawn.caveats).unwrap();
                assert_eq!(link.caveats, CaveatSet::decode(&caveats).unwrap());
                let read = link.caveats.caveats().find_map(|caveat| match caveat.unwrap() {
                    Caveat::Schedule(schedule) => Some(schedule),
                    _ => None,
                });
                assert_eq!(read.is_some(), drawn.caveats.schedule.is_some());
                if let (Some(read), Some(drawn)) = (read, &drawn.caveats.schedule) {
                    let window = |w: Window| (w.days.0, w.start, w.length, w.every, w.phase);
                    let windows = drawn.windows.iter();
                    let windows = windows.map(|w| (w.days, w.start, w.length, w.every, w.phase));
                    assert!(read.windows().map(window).eq(windows));
                    let dates = drawn.exceptions.iter().copied();
                    assert!(read.exceptions().map(|dates| (dates.first, dates.days)).eq(dates));
                }
            }
        },
    );
}

#[test]
fn a_presentation_and_what_it_brings() {
    each(
        |draw| draw.presentation(),
        |presentation, encoded| {
            let read = Presentation::decode(encoded).unwrap();
            let mode = match presentation.mode {
                oracle::Mode::Challenged { fresh } => Mode::Challenged { fresh: Fresh(fresh) },
                oracle::Mode::Unchallenged { counter, time, expires } => {
                    let (counter, time, expires) = (Counter(counter), Time(time), Time(expires));
                    Mode::Unchallenged { counter, time, expires }
                }
            };
            assert_eq!(read.unverified_mode(), mode);
            assert_eq!(read.unverified_right(), Right::new(presentation.right).unwrap());
            assert_eq!(read.unverified_parameter(), presentation.parameter);
            let witnesses: Vec<_> = presentation.witnesses.iter().map(encode).collect();
            let witnesses: Vec<_> =
                witnesses.iter().map(|bytes| WitnessStatement::decode(bytes).unwrap()).collect();
            assert!(read.unverified_witnesses().eq(&witnesses));
            let times = read.unverified_status().map(|status| status.unverified_state().at);
            assert_eq!(times, presentation.status.as_ref().map(|status| Time(status.at)));
            let token = encode(&presentation.token);
            assert_eq!(read.unverified_token(), &Token::decode(&token).unwrap());
        },
    );
}

#[test]
fn a_witness() {
    each(
        |draw| draw.witness(),
        |witness, encoded| {
            let read = WitnessStatement::decode(encoded).unwrap();
            assert_eq!(bytes(read.unverified_key()), witness.key);
            assert_eq!(read.unverified_evidence(), EvidenceId(witness.evidence));
        },
    );
}

#[test]
fn a_status_and_its_list() {
    each(
        |draw| draw.status(),
        |status, encoded| {
            let read = Status::decode(encoded).unwrap();
            assert_eq!(read.unverified_issuer(), KeyId(status.issuer));
            assert_eq!(read.unverified_epoch(), Number(status.epoch));
            assert_eq!(read.unverified_over_nonce(), status.over_nonce);
            let list = read.unverified_list().map(|list| {
                let entries = list.unverified_entries().map(|Revoked(entry)| entry).collect();
                let floor = |floor: SerialFloor| (floor.issuer.0, floor.first.0);
                oracle::List { entries, floors: list.unverified_floors().map(floor).collect() }
            });
            assert_eq!(list, status.list);
        },
    );
}

#[test]
fn an_epoch_its_keys_and_who_signed() {
    each(
        |draw| draw.epoch(),
        |epoch, encoded| {
            let read = Epoch::decode(encoded).unwrap();
            assert_eq!(read.unverified_issued_at(), Time(epoch.issued_at));
            assert_eq!(read.unverified_roots_needed(), epoch.roots.threshold);
            assert!(read.unverified_roots().map(bytes).eq(epoch.roots.keys.iter().copied()));
            assert_eq!(read.unverified_emergency().map(bytes), epoch.emergency);
            assert_eq!(read.unverified_commitment(), Commitment(epoch.next));
            assert_eq!(read.unverified_cold_needed(), epoch.cold.threshold);
            assert!(read.unverified_cold().map(bytes).eq(epoch.cold.keys.iter().copied()));
            assert!(
                read.unverified_signers().eq(epoch.signatures.iter().map(|(signer, _)| *signer))
            );
        },
    );
}

#[test]
fn a_keyset_its_issuers_and_zones_and_who_signed() {
    each(
        |draw| draw.keyset(),
        |keyset, encoded| {
            let read = Keyset::decode(encoded).unwrap();
            assert_eq!(read.unverified_epoch(), Number(keyset.epoch));
            assert_eq!(read.unverified_issued_at(), Time(keyset.issued_at));
            assert!(
                read.unverified_signers().eq(keyset.signatures.iter().map(|(signer, _)| *signer))
            );
            let zones: Vec<_> = read.unverified_zones().collect();
            assert_eq!(zones.len(), keyset.zones.len());
            for (zone, drawn) in zones.iter().zip(&keyset.zones) {
                assert_eq!((zone.id(), zone.end()), (ZoneId(drawn.id), drawn.end));
                let steps = drawn.transitions.iter().map(|&(at, offset)| Transition { at, offset });
                assert!(zone.transitions().eq(steps));
            }
            let issuers: Vec<_> = read.unverified_issuers().collect();
            assert_eq!(issuers.len(), keyset.issuers.len());
            for (issuer, drawn) in issuers.iter().zip(&keyset.issuers) {
                assert_eq!(bytes(issuer.key()), drawn.key);
                assert_eq!(issuer.id(), issuer.key().unwrap().id());
                assert_eq!(issuer.roles().bits(), drawn.roles);
                let (from, until) = (Time(drawn.from), Time(drawn.from + u64::from(drawn.lasts)));
                assert_eq!(issuer.validity(), from..until);
                let limits = if drawn.limits.is_empty() { &[0][..] } else { &drawn.limits };
                let counts = |set: &oracle::Caveats| set.uses.is_some() || set.first_use.is_some();
                let limited = oracle::caveats(limits).filter(|set| !counts(set));
                let limited = limited.map(|_| CaveatSet::decode(limits).unwrap());
                assert_eq!(issuer.limits(), limited);
            }
        },
    );
}

#[test]
fn a_card() {
    each(
        |draw| draw.card(),
        |card, encoded| {
            let read = Card::decode(encoded).unwrap();
            assert_eq!(read.unverified_issuer(), KeyId(card.issuer));
            assert_eq!(read.unverified_epoch(), Number(card.epoch));
            assert_eq!(read.unverified_at(), Time(card.at));
            assert_eq!(read.unverified_lock(), LockId(card.lock));
            assert!(read.unverified_groups().eq(card.groups.iter().copied().map(GroupId)));
            assert_eq!(read.unverified_sealing(), card.sealing.map(SealingKey::from_bytes));
            assert_eq!(read.unverified_sealed_only(), card.flags & 1 != 0);
            assert_eq!(read.unverified_unchallenged(), card.flags & 2 != 0);
            assert_eq!(read.unverified_zone(), card.zone.map(ZoneId));
            assert_eq!(read.unverified_nonce(), ClaimNonce(card.nonce));
            assert_eq!(bytes(read.unverified_device()), card.device);
        },
    );
}

#[test]
fn a_claim_its_answer_and_a_recording() {
    each(
        |draw| draw.claim(),
        |claim, encoded| {
            let read = Claim::decode(encoded).unwrap();
            assert_eq!(read.unverified_domain(), DomainId(claim.domain));
            assert_eq!(read.unverified_signed(), claim.signature.is_some());
        },
    );
    each(
        |draw| draw.claimed(),
        |claimed, encoded| {
            let read = Claimed::decode(encoded).unwrap();
            assert_eq!(bytes(read.unverified_device()), claimed.device);
            assert_eq!(read.unverified_nonce(), ClaimNonce(claimed.nonce));
        },
    );
    each(
        |draw| draw.recording(),
        |recording, encoded| {
            let read = Recording::decode(encoded).unwrap();
            assert_eq!(bytes(read.unverified_key()), recording.key);
            let closed = read.unverified();
            assert_eq!((closed.core, closed.evidence.0), (recording.core, recording.evidence));
            assert_eq!(closed.hash, recording.hash);
            assert_eq!((closed.from, closed.until), (Time(recording.from), Time(recording.until)));
        },
    );
}
