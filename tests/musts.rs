//! What SPEC.md demands of apps, witnesses, encoders and ledgers, and no vector of a lock's verdict
//! can show.

use keyward::{
    Ask, Caveats, Challenge, Channel, Denial, EncodeError, Now, Presentation, Request, Right,
    Scope, Seconds, Status, Time, Token, Valid,
    id::{Counter, DomainId, Epoch, EvidenceId, Fresh, KeysetVersion, Nonce},
    ledger::{CommitError, Memory, Outcome, Uses},
    role,
    status::Revoked,
    tables::{Capacity, Tables},
    time::Uptime,
    token::Origin,
    wire::{DecodeError, Part},
};
use keyward_testkit::{
    malformed,
    scene::{
        CARD, HOLDER, ISSUER, LOCK, Link, Mode, OTHER_LOCK, STRANGER, Scene, WITNESS, key, order,
    },
    world::{Door, START, World},
};

fn origin_of(issuer: u8) -> Origin {
    Origin::new(Scene::scope(), &key::<role::Issuer>(issuer).public())
}

fn challenge() -> Challenge {
    let (keyset, list) = (KeysetVersion(3), order((3, 7)));
    Challenge { lock: LOCK, nonce: Nonce([1; 16]), epoch: Epoch(1), keyset, list, card: CARD }
}

fn ask(parameter: &[u8]) -> Ask<'_> {
    Ask { lock: LOCK, right: Right::UNLOCK, parameter }
}

#[test]
fn an_app_refuses_the_challenge_of_another_lock_or_epoch() {
    let bytes = Scene::default().token().unwrap();
    let token = Token::decode(&bytes).unwrap();
    let request = |challenge: &Challenge| {
        let (origin, fresh) = (origin_of(ISSUER), Fresh([2; 16]));
        Request::challenged(&origin, &token, ask(b""), challenge, Channel::Radio, fresh).map(drop)
    };
    assert_eq!(request(&challenge()), Ok(()));
    let relayed = Challenge { lock: OTHER_LOCK, ..challenge() };
    assert_eq!(request(&relayed), Err(EncodeError::Mismatch));
    let older = Challenge { epoch: Epoch(0), ..challenge() };
    assert_eq!(request(&older), Err(EncodeError::Mismatch));
}

#[test]
fn nobody_uses_a_token_under_the_origin_of_another_issuer() {
    let bytes = Scene::with(|scene| scene.links = vec![Link::grant(1)]).token().unwrap();
    let token = Token::decode(&bytes).unwrap();
    let guest = key::<role::Holder>(HOLDER + 1).public();
    let request = |origin: &Origin| {
        let fresh = Fresh([2; 16]);
        Request::challenged(origin, &token, ask(b""), &challenge(), Channel::Radio, fresh).map(drop)
    };
    let narrow =
        |origin: &Origin| token.attenuate(origin, &guest, 0, &Caveats::narrowing()).map(drop);
    assert_eq!((request(&origin_of(ISSUER)), narrow(&origin_of(ISSUER))), (Ok(()), Ok(())));
    let other = origin_of(STRANGER);
    assert_eq!(request(&other), Err(EncodeError::Mismatch));
    assert_eq!(narrow(&other), Err(EncodeError::WrongKey));
}

#[test]
fn a_witness_refuses_a_token_of_another_origin() {
    let cases = malformed::cases();
    let named = |name: &str| cases.iter().find(|case| case.name == name).unwrap().bytes.clone();
    let witness = key::<role::Witness>(WITNESS).public();
    let agree = |bytes: &[u8]| {
        Request::decode(bytes).unwrap().agree(EvidenceId([3; 16]), &witness).map(drop)
    };
    assert_eq!(agree(&named("request/valid")), Ok(()));
    // It decodes; the issuer field of its token is eight bytes of 7.
    assert_eq!(agree(&named("request/channel_3")), Err(EncodeError::WrongKey));
}

#[test]
fn a_longer_token_keeps_the_bytes_of_the_shorter() {
    let mut scene = Scene::full();
    let longer = scene.token().unwrap();
    let _leaf = scene.links.pop();
    let shorter = scene.token().unwrap();
    // Version, kind, issuer and three bytes of serial, then the count of links.
    assert_eq!((longer[..13].to_vec(), longer[13]), (shorter[..13].to_vec(), shorter[13] + 1));
    assert_eq!(longer[14..shorter.len()], shorter[14..]);
}

#[test]
fn an_encoder_makes_nothing_that_its_decoder_refuses() {
    let invalid = |error| Some(EncodeError::Invalid(error));
    let span = |from, lasts| {
        Caveats::narrowing().valid(Valid { from: Time(from), lasts: Seconds(lasts) }).err()
    };
    assert_eq!(span((1 << 40) - 1, 1), None);
    assert_eq!(span(1 << 40, 1), invalid(DecodeError::OutOfRange(Part::Time)));
    assert_eq!(span(1, 0), invalid(DecodeError::OutOfRange(Part::Duration)));
    let uses = Caveats::narrowing().uses(0).err();
    assert_eq!(uses, invalid(DecodeError::OutOfRange(Part::Uses)));
    let data = Caveats::narrowing().app(1, &[0; 33]).err();
    assert_eq!(data, invalid(DecodeError::OverLimit(Part::AppData)));

    let bytes = Scene::default().token().unwrap();
    let token = Token::decode(&bytes).unwrap();
    let origin = origin_of(ISSUER);
    let parameter = |length| {
        let (bytes, expires) = (vec![0; length], Time(9));
        Request::unchallenged(&origin, &token, ask(&bytes), Counter(1), Time(1), expires).err()
    };
    assert_eq!(parameter(64), None);
    assert_eq!(parameter(65), invalid(DecodeError::OverLimit(Part::Parameter)));
    let expires = Time(1 << 40);
    let late = Request::unchallenged(&origin, &token, ask(b""), Counter(1), Time(1), expires).err();
    assert_eq!(late, invalid(DecodeError::OutOfRange(Part::Time)));

    let issuer = key::<role::Issuer>(ISSUER).public();
    let scope = Scope { domain: DomainId([1; 32]), epoch: Epoch(1) };
    let state = keyward::State { keyset: KeysetVersion(1), list: order((1, 1)), at: Time(1) };
    let list = |entries: &[u8]| {
        let entries: Vec<_> = entries.iter().map(|n| Revoked([*n; 8])).collect();
        Status::revoke(scope, &issuer, state, &entries, &[], None).err()
    };
    assert_eq!(list(&[1, 2]), None);
    assert_eq!(list(&[2, 1]), invalid(DecodeError::Unsorted(Part::Revocations)));
    assert_eq!(list(&[1, 1]), invalid(DecodeError::Doubled(Part::Revocations)));
}

#[test]
fn a_challenge_is_dead_when_the_uptime_went_back() {
    let mut world = World::new(1);
    let targets = [keyward::Target::Lock(world.flat.id())];
    let valid = Valid { from: world.now, lasts: Seconds::minutes(15) };
    let grant = Caveats::grant(keyward::Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let held = world.owner.grant(&world.courier.public(), 0, &grant);
    let now = Now::exactly(START);
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let bytes = world.courier.present(&request, &[], None);
    let back = Now { uptime: Uptime(now.uptime.0 - 1), ..now };
    assert_eq!(world.flat.present(&bytes, back).1, Err(Denial::ChallengeExpired));
    world.flat.present(&bytes, now).1.expect("such a denial spends no challenge");
}

#[test]
fn a_refused_commit_leaves_the_memory_as_it_was() {
    let scene = Scene::with(|scene| {
        scene.links = vec![Link::grant(1), Link::plain(0)];
        scene.links[0].uses = Some(2);
        scene.links[1].uses = Some(2);
    });
    let changes = scene.verdict().unwrap().changes().clone();
    let floor = Time(0);
    let full = Tables::<4, 0>::EMPTY;
    assert_eq!(full.admits(&changes, floor), Err(CommitError::Full), "a quarter is one entry");
    for link in scene.link_ids() {
        assert_eq!(full.uses(&link), Uses::default());
    }
    let mut room = Tables::<8, 0>::EMPTY;
    assert_eq!(room.admits(&changes, floor), Ok(()));
    room.apply(&changes, floor).unwrap();
    assert_eq!(room.admits(&changes, floor), Err(CommitError::Changed));
    assert_eq!(Denial::from(CommitError::Changed), Denial::Changed);
    for link in scene.link_ids() {
        assert_eq!(room.uses(&link).spent, 1);
    }
}

#[test]
fn a_counter_is_committed_once_and_a_new_holder_needs_room() {
    let scene = Scene::with(|scene| {
        scene.accepts_unchallenged = true;
        scene.mode = Mode::Unchallenged { counter: 9, time: START.0, expires: START.0 + 100 };
    });
    let changes = scene.verdict().unwrap().changes().clone();
    assert_eq!(Tables::<0, 0>::EMPTY.admits(&changes, Time(0)), Err(CommitError::Full));
    let mut tables = Tables::<0, 4>::EMPTY;
    assert_eq!(tables.admits(&changes, Time(0)), Ok(()));
    tables.apply(&changes, Time(0)).unwrap();
    assert_eq!(tables.admits(&changes, Time(0)), Err(CommitError::Changed));
}

/// How far a request is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Verified,
    Committed,
    Jammed,
}

#[test]
fn a_use_is_spent_by_the_commit_whatever_comes_of_it() {
    for (taken, spent) in [(Taken::Verified, 0), (Taken::Committed, 1), (Taken::Jammed, 1)] {
        let mut world = World::new(2);
        let targets = [keyward::Target::Lock(world.flat.id())];
        let valid = Valid { from: world.now, lasts: Seconds::minutes(15) };
        let grant = Caveats::grant(keyward::Rights::of(Right::UNLOCK), &targets, valid)
            .and_then(|grant| grant.uses(1))
            .unwrap();
        let held = world.owner.grant(&world.courier.public(), 0, &grant);
        let (now, ask) = (world.now(), Ask { lock: world.flat.id(), ..ask(b"") });
        let Door { lock, .. } = &mut world.flat;
        let mut session = lock.challenge([7; 16], Channel::Radio, now).unwrap();
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
        let bytes = world.courier.present(&request, &[], None);
        let presentation = Presentation::decode(&bytes).unwrap();
        let verified = lock.verify(&mut session, &presentation, now).unwrap();
        let link = verified.accepted().links().next().unwrap();
        if taken != Taken::Verified {
            let permit = verified.commit(now).unwrap();
            if taken == Taken::Jammed {
                let acted = lock.act(permit, now, |_order| Outcome::Jammed).unwrap();
                lock.record(acted).unwrap();
            }
        }
        assert_eq!(world.flat.lock.memory().uses(&link).spent, spent);
    }
}
