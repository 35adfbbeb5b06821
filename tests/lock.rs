//! The door: what spends a challenge, what a commit changes, and what it refuses.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Denial, Lock, Now, Presentation, Request, Right, Rights, Seconds,
    SignatureFault, Target, Time, Token, Valid,
    caveat::{App, FirstUse},
    id::Counter,
    ledger::Outcome,
    lock::{Home, Session},
    policy::{AppCheck, AppVerdict},
    replay::CounterFault,
    store::Store,
    tables::{Capacity, Tables},
    token::Origin,
};
use keyward_testkit::world::{
    Capability, Door, Holder, START, Settings, World, door::Memory, secret,
};
use rand_core::SeedableRng;

fn unlock(world: &World) -> Valid {
    Valid { from: world.now, lasts: Seconds::minutes(15) }
}

/// The flat's door, one link, so many uses.
fn grant(world: &mut World, uses: u32) -> Capability {
    let targets = [Target::Lock(world.flat.id())];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, unlock(world))
        .and_then(|grant| grant.uses(uses))
        .unwrap();
    let courier = world.courier.public();
    world.owner.grant(&courier, 1, &grant)
}

fn present(world: &mut World, held: &Capability) -> Vec<u8> {
    let challenge = world.flat.connect(Channel::Radio, Now::exactly(world.now));
    let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(held, ask, &challenge, Channel::Radio, &mut world.rng);
    world.courier.present(&request, &[], None)
}

/// The courier's presentation over a session of any lock's own.
fn over<S: Store, T: Capacity>(
    lock: &mut Lock<'_, S, T>,
    nonce: u8,
    held: &Capability,
    courier: &Holder,
    now: Now,
) -> (Session, Vec<u8>) {
    let session = lock.challenge([nonce; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let ask = Ask { lock: lock.trust().unwrap().lock(), right: Right::UNLOCK, parameter: b"" };
    let mut rng = ChaCha20Rng::seed_from_u64(nonce.into());
    let request = courier.request(held, ask, &challenge, Channel::Radio, &mut rng);
    (session, courier.present(&request, &[], None))
}

#[test]
fn a_presentation_is_good_once() {
    let mut world = World::new(1);
    let held = grant(&mut world, 9);
    let bytes = present(&mut world, &held);
    let now = world.now();
    world.flat.present(&bytes, now).1.expect("opens");
    assert_eq!(world.flat.present(&bytes, now).1, Err(Denial::NoChallenge));
}

#[test]
fn a_stranger_cannot_spend_the_challenge() {
    let mut world = World::new(2);
    let held = grant(&mut world, 9);
    let bytes = present(&mut world, &held);
    let now = world.now();
    for at in 0..bytes.len() {
        let mut forged = bytes.clone();
        forged[at] ^= 0x10;
        assert!(world.flat.present(&forged, now).1.is_err_and(|denial| !denial.is_evidence()));
    }
    world.flat.present(&bytes, now).1.expect("opens all the same");
}

#[test]
fn a_holder_who_is_denied_needs_a_new_challenge() {
    let mut world = World::new(3);
    let held = grant(&mut world, 1);
    let bytes = present(&mut world, &held);
    world.wait(10);
    let long_ago = Now::exactly(START);
    let soon = Now { time: keyward::Interval::not_before(START), ..long_ago };
    let denial = world.flat.present(&bytes, soon).1.expect_err("the time is unknown");
    assert!(denial.is_evidence());
    assert_eq!(world.flat.present(&bytes, long_ago).1, Err(Denial::NoChallenge));
}

#[test]
fn an_answer_is_what_the_wire_tells() {
    let mut world = World::new(4);
    let held = grant(&mut world, 1);
    let bytes = present(&mut world, &held);
    let now = world.now();
    assert_eq!(world.flat.present(&bytes, now).0, keyward::Answer::Done.encode());
    assert_eq!(world.flat.present(&bytes, now).0, keyward::Answer::Denied.encode());
    assert!(world.flat.is_open);
    world.flat.secure();
    assert!(!world.flat.is_open);
}

#[test]
fn a_use_is_spent_though_nothing_acts() {
    let mut world = World::new(5);
    let held = grant(&mut world, 1);
    let bytes = present(&mut world, &held);
    let now = world.now();
    let presentation = Presentation::decode(&bytes).unwrap();
    let Door { lock, .. } = &mut world.flat;
    let mut session = lock.challenge([1; 16], Channel::Radio, now).unwrap();
    // The presentation is for the door's own session: this one is a stranger's.
    let denial = lock.verify(&mut session, &presentation, now).expect_err("another nonce");
    assert_eq!(denial, Denial::HolderSignature(SignatureFault::Mismatch));
    world.flat.present(&bytes, now).1.expect("opens");
    let again = present(&mut world, &held);
    let spent = Denial::UsesSpent { link: 0, spent: 1, limit: 1 };
    assert_eq!(world.flat.present(&again, now).1, Err(spent));
}

#[test]
fn verify_alone_spends_no_use() {
    let mut world = World::new(6);
    let held = grant(&mut world, 1);
    for _ in 0..3 {
        let bytes = present(&mut world, &held);
        let presentation = Presentation::decode(&bytes).unwrap();
        let now = world.now();
        let mut lock: Lock<'_, _, Home> = world.flat.twin(&world.owner, Memory::new(), now);
        let mut session = lock.challenge([0; 16], Channel::Radio, now).unwrap();
        assert!(lock.verify(&mut session, &presentation, now).is_err_and(|d| d.code() == 300));
    }
    let bytes = present(&mut world, &held);
    let now = world.now();
    world.flat.present(&bytes, now).1.expect("the only use is still there");
}

#[test]
fn the_strictest_link_says_how_long_the_door_stays_open() {
    for (first, last) in [(60, 20), (20, 60)] {
        the_door_stays_open_for_twenty_seconds(first, last);
    }
}

fn the_door_stays_open_for_twenty_seconds(first: u32, last: u32) {
    let mut world = World::new(7);
    let targets = [Target::Lock(world.flat.id())];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, unlock(&world))
        .and_then(|grant| grant.max_open(Seconds(first)))
        .unwrap();
    let company = world.company.public();
    let held = world.owner.grant(&company, 1, &grant);
    let further = Caveats::narrowing().max_open(Seconds(last)).unwrap();
    let held = world.company.delegate(&held, &world.courier.public(), 0, &further);
    let now = world.now();
    let Door { lock, .. } = &mut world.flat;
    let (mut session, bytes) = over(lock, 7, &held, &world.courier, now);
    let presentation = Presentation::decode(&bytes).unwrap();
    let permit = lock.verify(&mut session, &presentation, now).unwrap().commit(now).unwrap();
    let acted = lock.act(permit, now, |order| {
        assert_eq!(order.relock_within(), Some(Seconds(20)));
        Outcome::Jammed
    });
    let acted = acted.unwrap();
    assert_eq!(lock.record(acted).unwrap().outcome, Outcome::Jammed);
    assert!(!lock.has_open_decision());
}

#[test]
fn a_first_use_starts_the_period_for_every_phone() {
    let mut world = World::new(8);
    let targets = [Target::Lock(world.flat.id())];
    let hour = FirstUse { by: world.now.after(600), lasts: Seconds(120) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, unlock(&world))
        .and_then(|grant| grant.first_use(hour))
        .unwrap();
    let courier = world.courier.public();
    let held = world.owner.grant(&courier, 0, &grant);
    for (wait, opens) in [(500, true), (120, true), (1, false)] {
        world.wait(wait);
        let bytes = present(&mut world, &held);
        let now = world.now();
        let verdict = world.flat.present(&bytes, now).1;
        assert_eq!(verdict.is_ok(), opens, "{verdict:?}");
    }
}

#[test]
fn an_unchallenged_request_is_good_once_and_needs_no_session() {
    let mut world = World::new(9);
    let held = grant(&mut world, 9);
    let now = world.now();
    let settings = Settings { unchallenged: true, ..Settings::default() };
    let mut lock =
        Door::claimed(world.flat.id(), &mut world.owner, settings, now, &mut world.rng).lock;
    let origin = Origin::decode(&held.origin).unwrap();
    let token = Token::decode(&held.token).unwrap();
    let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
    let request = |counter: u64| {
        let (counter, time) = (Counter(counter), world.now);
        let expires = world.now.after(60);
        let request = Request::unchallenged(&origin, &token, ask, counter, time, expires).unwrap();
        request.present(&[], None).unwrap().sign(&world.courier.key).unwrap()
    };
    let mut try_counter = |counter: u64| {
        let bytes = request(counter);
        let presentation = Presentation::decode(bytes.as_bytes()).unwrap();
        lock.verify_unchallenged(&presentation, now)?.commit(now).map(drop)
    };
    assert_eq!(try_counter(100), Ok(()));
    assert_eq!(try_counter(100), Err(Denial::CounterRefused(CounterFault::Seen)));
    assert_eq!(try_counter(99), Ok(()), "late, within the window, and unseen");
    assert_eq!(try_counter(99), Err(Denial::CounterRefused(CounterFault::Seen)));
    assert_eq!(try_counter(300), Ok(()));
    assert_eq!(try_counter(236), Err(Denial::CounterRefused(CounterFault::TooOld)));
    assert_eq!(try_counter(237), Ok(()));
    assert_eq!(try_counter(u64::MAX), Err(Denial::CounterRefused(CounterFault::Reserved)));
}

#[test]
fn a_full_table_refuses_counted_links_and_nothing_else() {
    let mut world = World::new(10);
    let (store, now) = (Memory::new(), world.now());
    let mut lock: Lock<'_, _, Tables<4, 0>> = world.flat.twin(&world.owner, store, now);
    let mut verdicts = Vec::new();
    for index in 0..4 {
        let targets = [Target::Lock(world.flat.id())];
        let caveats = Caveats::grant(Rights::of(Right::UNLOCK), &targets, unlock(&world)).unwrap();
        let caveats = if index < 3 { caveats.uses(1).unwrap() } else { caveats };
        let courier = world.courier.public();
        let held = world.owner.grant(&courier, 0, &caveats);
        let now = world.now();
        let (mut session, bytes) = over(&mut lock, index, &held, &world.courier, now);
        let presentation = Presentation::decode(&bytes).unwrap();
        let verified = lock.verify(&mut session, &presentation, now).unwrap();
        verdicts.push(verified.commit(now).map(drop));
    }
    assert_eq!(verdicts, [Ok(()), Ok(()), Err(Denial::TableFull), Ok(())]);
}

#[test]
fn a_count_is_kept_by_the_validity_above_never_by_the_one_below() {
    let mut world = World::new(13);
    let held = grant(&mut world, 2);
    let guest = Holder::new(&mut world.rng);
    let short = Valid { from: world.now, lasts: Seconds(60) };
    let caveats = Caveats::narrowing().valid(short).and_then(|caveats| caveats.uses(1)).unwrap();
    let held = world.courier.delegate(&held, &guest.public(), 0, &caveats);
    let now = world.now();
    let Door { lock, .. } = &mut world.flat;
    let (mut session, bytes) = over(lock, 7, &held, &guest, now);
    let presentation = Presentation::decode(&bytes).unwrap();
    let verified = lock.verify(&mut session, &presentation, now).unwrap();
    let kept: Vec<_> = verified.accepted().changes().counted().map(|c| c.keep_until).collect();
    assert_eq!(kept, [START.after(900), Time(START.0 + 60)]);
}

#[test]
fn a_session_an_act_serves_the_lock_that_made_it() {
    let mut world = World::new(14);
    let held = grant(&mut world, 9);
    let now = world.now();
    let mut flat: Lock<'_, _, Home> = world.flat.twin(&world.owner, Memory::new(), now);
    let mut street: Lock<'_, _, Home> = world.street.twin(&world.owner, Memory::new(), now);
    let (mut session, bytes) = over(&mut flat, 1, &held, &world.courier, now);
    let presentation = Presentation::decode(&bytes).unwrap();
    let denial = street.verify(&mut session, &presentation, now).expect_err("another lock's");
    assert_eq!(denial, Denial::NoChallenge);
    let permit = flat.verify(&mut session, &presentation, now).unwrap().commit(now).unwrap();
    let acted = flat.act(permit, now, |_order| Outcome::Done).unwrap();
    assert_eq!(street.record(acted), Err(Denial::Changed));
}

#[test]
fn a_lock_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let world = World::new(15);
    is_send(&world.flat.lock);
}

#[test]
fn what_was_accepted_tells_who_and_by_what_evidence() {
    let mut scene = keyward_testkit::scene::Scene::full();
    scene.links[0].witness = Some((2, vec![20, 21]));
    scene.witnesses = vec![20, 21];
    let accepted = scene.verdict().unwrap();
    let mut evidence: Vec<_> = accepted.witnesses().map(|witness| witness.evidence.0[0]).collect();
    evidence.sort_unstable();
    assert_eq!(evidence, [20, 21]);
    assert_eq!(accepted.holder(), keyward_testkit::scene::key_name(12));
    assert_eq!(accepted.links().collect::<Vec<_>>(), scene.link_ids());
}

#[test]
fn an_attester_never_makes_the_time_vaguer_than_the_host_knows_it() {
    use keyward::time::Interval;
    use keyward_testkit::scene::{Attested, Scene};
    let at = |lo, hi| Interval::between(Time(START.0 + lo), Time(START.0 + hi));
    let over_nonce = Some(Attested { over_nonce: true, ..Attested::new(START.0 + 60) });
    for (lo, hi, known) in [(60, 60, (60, 60)), (60, 62, (60, 62)), (50, 90, (60, 62))] {
        let (lo_at, hi_at) = (START.0 + lo, Some(START.0 + hi));
        let status = over_nonce.clone();
        let scene = Scene { lo: lo_at, hi: hi_at, status, ..Scene::default() };
        let accepted = scene.verdict().unwrap();
        let (lo, hi) = (accepted.time().lo(), accepted.time().hi());
        let expected = at(known.0, known.1);
        assert_eq!((lo, hi), (expected.lo(), expected.hi()));
    }
}

#[test]
fn an_unchallenged_presentation_spends_the_challenge_of_its_session() {
    let mut world = World::new(16);
    let held = grant(&mut world, 9);
    let now = world.now();
    let settings = Settings { unchallenged: true, ..Settings::default() };
    let id = world.flat.id();
    let mut lock = Door::claimed(id, &mut world.owner, settings, now, &mut world.rng).lock;
    let (origin, token) =
        (Origin::decode(&held.origin).unwrap(), Token::decode(&held.token).unwrap());
    let ask = Ask { lock: id, right: Right::UNLOCK, parameter: b"" };
    let (counter, expires) = (Counter(5), world.now.after(60));
    let request = Request::unchallenged(&origin, &token, ask, counter, world.now, expires).unwrap();
    let bytes = request.present(&[], None).unwrap().sign(&world.courier.key).unwrap();
    let (mut session, challenged) = over(&mut lock, 1, &held, &world.courier, now);
    let presentation = Presentation::decode(bytes.as_bytes()).unwrap();
    drop(lock.verify(&mut session, &presentation, now).unwrap());
    let presentation = Presentation::decode(&challenged).unwrap();
    let denial = lock.verify(&mut session, &presentation, now).expect_err("spent");
    assert_eq!(denial, Denial::NoChallenge);
}

/// An embedder who always says the same.
struct Says(AppVerdict);

impl AppCheck for Says {
    fn check(&self, app: &App<'_>, right: Right, _: &[u8]) -> AppVerdict {
        assert_eq!((app.tag, app.data, right), (7, &b"cold chain"[..], Right::UNLOCK));
        self.0
    }
}

#[test]
fn an_embedders_condition_is_asked_at_the_door() {
    for (verdict, code) in [
        (AppVerdict::Holds, None),
        (AppVerdict::Fails, Some(461)),
        (AppVerdict::UnknownTag, Some(460)),
    ] {
        let mut world = World::new(17);
        let targets = [Target::Lock(world.flat.id())];
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, unlock(&world))
            .and_then(|grant| grant.app(7, b"cold chain"))
            .unwrap();
        let held = world.owner.grant(&world.courier.public(), 1, &grant);
        let (identity, says) = (world.flat.identity(), Says(verdict));
        let store = world.flat.lock.store().clone();
        let mut lock: Lock<'_, _> = Lock::new(identity, secret(&identity), store).with_app(&says);
        lock.restore(None).unwrap();
        let now = world.now();
        let (mut session, bytes) = over(&mut lock, 1, &held, &world.courier, now);
        let presentation = Presentation::decode(&bytes).unwrap();
        let denial = lock.verify(&mut session, &presentation, now).err();
        assert_eq!(denial.map(|denial| denial.code()), code);
    }
}
