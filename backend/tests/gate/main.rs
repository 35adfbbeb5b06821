//! The gate: each request once, at whichever node, and nothing without a mark.

mod house;
mod marks;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use house::{BACK, FRONT, House, node, nonce, visit};
use keyward::{
    Channel, Denial, Right, SealingKey, Seconds, Time, caveat::FirstUse, replay::CounterFault,
    seal::OpeningKey, seal::OpeningKeys,
};
use keyward_backend::{
    gate::{FleetKey, FleetKeys, Gate, Refusal},
    state::{
        Mark, Millis, Name, State, StateError, Value, Verdict,
        clock::{Clock, HandClock, Present},
        ram::Ram,
    },
};
use keyward_testkit::world::START;

/// A house at the start of its story, with a store that all nodes share.
fn house() -> (House, Ram) {
    let house = House::new();
    let store = Ram::new(house.clock.clone());
    house.clock.wait(1010);
    (house, store)
}

fn denied<T: std::fmt::Debug>(verdict: &Result<T, Refusal>) -> u16 {
    match verdict {
        Err(Refusal::Denied(denial)) => denial.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_admitted_once_at_whichever_node() {
    let (mut house, store) = house();
    let (one, other) = (node(&house, &store, 1), node(&house, &store, 1));
    let token = house.token(|grant| grant);
    let challenge = house.challenge(&one, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    let admitted = house.admit(&other, nonce(&challenge), &bytes).await.unwrap();
    assert_eq!(admitted.accepted().right(), Right::UNLOCK);
    assert_eq!(admitted.act().unwrap().links().count(), 1);
    for gate in [&one, &other] {
        let again = house.admit(gate, nonce(&challenge), &bytes).await;
        assert_eq!(again.err(), Some(Refusal::Replayed));
    }
    // One nonce answers one request, whatever it asks.
    let bytes = house.answer(&token, &challenge, Right::LOCK);
    let again = house.admit(&one, nonce(&challenge), &bytes).await;
    assert_eq!(again.err(), Some(Refusal::Replayed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_bring_one_request_one_is_admitted() {
    let (mut house, store) = house();
    let gates = [node(&house, &store, 1), node(&house, &store, 1)].map(Arc::new);
    let token = house.token(|grant| grant);
    let house = {
        let challenge = house.challenge(&gates[0], Channel::Remote);
        let bytes = house.answer(&token, &challenge, Right::UNLOCK);
        (Arc::new(house), nonce(&challenge), Arc::new(bytes))
    };
    let tasks = (0..32).map(|task| {
        let ((house, nonce, bytes), gate) = (house.clone(), Arc::clone(&gates[task % 2]));
        tokio::spawn(async move { house.admit(&gate, nonce, &bytes).await.map(drop) })
    });
    let mut admitted = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => admitted += 1,
            Err(refusal) => assert_eq!(refusal, Refusal::Replayed),
        }
    }
    assert_eq!(admitted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_uses_are_three_over_all_nodes() {
    let (mut house, store) = house();
    let gates = [1, 2, 3].map(|_| Arc::new(node(&house, &store, 1)));
    let token = house.token(|grant| grant.uses(3).unwrap());
    let requests: Vec<_> = (0..50)
        .map(|task| {
            let challenge = house.challenge(&gates[task % 3], Channel::Remote);
            (nonce(&challenge), house.answer(&token, &challenge, Right::UNLOCK))
        })
        .collect();
    let house = Arc::new(house);
    let tasks = requests.into_iter().enumerate().map(|(task, (nonce, bytes))| {
        let (house, gate) = (Arc::clone(&house), Arc::clone(&gates[task % 3]));
        tokio::spawn(async move { house.admit(&gate, nonce, &bytes).await.map(drop) })
    });
    let mut admitted = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => admitted += 1,
            spent => assert_eq!(denied(&spent), 430),
        }
    }
    assert_eq!(admitted, 3);
}

#[tokio::test]
async fn a_nonce_is_good_at_its_door_by_its_channel_and_for_its_life() {
    let (mut house, store) = house();
    let gate = node(&house, &store, 1);
    let token = house.token(|grant| grant);
    let challenge = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    assert_eq!(denied(&house.admit(&gate, None, &bytes).await), 210);
    let foreign = node(&house, &store, 2);
    assert_eq!(denied(&house.admit(&foreign, nonce(&challenge), &bytes).await), 210);
    let radio = house.challenge(&gate, Channel::Radio);
    assert_eq!(denied(&house.admit(&gate, nonce(&radio), &bytes).await), 210);
    let back = house.trusted(BACK, |trust| gate.challenge(trust, Channel::Remote).unwrap());
    assert_eq!(denied(&house.admit(&gate, Some(back.nonce), &bytes).await), 210);
    for bit in 0..128 {
        let mut forged = nonce(&challenge).unwrap();
        forged.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(denied(&house.admit(&gate, Some(forged), &bytes).await), 210);
    }
    // An older key counts while nodes get the newer one.
    let keys = FleetKeys::new(FleetKey::new([9; 32])).with(FleetKey::new([1; 32]));
    let newer = Gate::new(keys, store.clone(), house.clock.clone());
    house.clock.wait(29_999);
    assert!(house.admit(&newer, nonce(&challenge), &bytes).await.is_ok());

    let challenge = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    house.clock.wait(30_001);
    assert_eq!(denied(&house.admit(&gate, nonce(&challenge), &bytes).await), 211);
    // After 49 days the lower half of the time is the same.
    house.clock.wait((1 << 32) - 30_001);
    assert_eq!(denied(&house.admit(&gate, nonce(&challenge), &bytes).await), 210);
}

#[tokio::test]
async fn what_policy_denies_spends_its_challenge_and_what_forgers_bring_does_not() {
    let (mut house, store) = house();
    let gate = node(&house, &store, 1);
    let token = house.token(|grant| grant);
    let challenge = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    let mut forged = bytes.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert!((300..400).contains(&denied(&house.admit(&gate, nonce(&challenge), &forged).await)));
    let short = house.admit(&gate, nonce(&challenge), &bytes[..40]).await;
    assert!(matches!(short, Err(Refusal::Malformed(_))));
    let other = house.answer(&token, &challenge, Right::RELEASE);
    assert_eq!(denied(&house.admit(&gate, nonce(&challenge), &other).await), 410);
    let spent = house.admit(&gate, nonce(&challenge), &bytes).await;
    assert_eq!(spent.err(), Some(Refusal::Replayed));
    let again = house.admit(&gate, nonce(&challenge), &other).await;
    assert_eq!(again.err(), Some(Refusal::Replayed));
}

#[tokio::test]
async fn what_a_guess_denies_is_judged_by_the_store() {
    let (mut house, store) = house();
    let (one, other) = (node(&house, &store, 1), node(&house, &store, 1));
    let first = FirstUse { by: START.after(60), lasts: Seconds(1800) };
    let token = house.token(|grant| grant.first_use(first).unwrap());
    let challenge = house.challenge(&one, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    assert!(house.admit(&one, nonce(&challenge), &bytes).await.is_ok());
    house.clock.wait(600_000);
    // The other node has never seen the link: as far as it knows, it is late for a first use.
    let challenge = house.challenge(&other, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    assert!(house.admit(&other, nonce(&challenge), &bytes).await.is_ok());
}

#[tokio::test]
async fn an_unasked_request_is_admitted_once_and_its_counter_with_it() {
    let (mut house, store) = house();
    let (one, other) = (node(&house, &store, 1), node(&house, &store, 1));
    let token = house.token(|grant| grant);
    let bytes = house.unasked(&token, 100, START);
    assert!(house.admit(&one, None, &bytes).await.is_ok());
    assert_eq!(house.admit(&other, None, &bytes).await.err(), Some(Refusal::Replayed));
    let again = house.unasked(&token, 100, START.after(0));
    assert_eq!(house.admit(&one, None, &again).await.err(), Some(Refusal::Replayed));
    for counter in [101, 99, 163] {
        assert!(house.admit(&other, None, &house.unasked(&token, counter, START)).await.is_ok());
    }
    let old = house.admit(&one, None, &house.unasked(&token, 99, START)).await;
    assert_eq!(old.err(), Some(Refusal::Denied(Denial::CounterRefused(CounterFault::TooOld))));
    // Made before the store was born: another may have seen it.
    let early = house.unasked(&token, 200, Time(START.0 - 2));
    assert_eq!(house.admit(&one, None, &early).await.err(), Some(Refusal::TooOld));
    // Long after, when nobody remembers the counter any more, nobody takes the request either.
    house.clock.wait(901_000);
    assert_eq!(denied(&house.admit(&one, None, &bytes).await), 472);
}

/// A node whose clock is ahead has the window dropped; the next request begins a new one, which
/// knows nothing of the first.
#[tokio::test]
async fn a_window_that_is_begun_anew_takes_nothing_that_the_dropped_one_may_have_seen() {
    let (mut house, store) = house();
    let right = node(&house, &store, 1);
    let keys = FleetKeys::new(FleetKey::new([1; 32]));
    let ahead = Gate::new(keys, store, HandClock::at(Millis::of(START.after(1000))));
    let token = house.token(|grant| grant);
    let first = house.unasked(&token, 100, START);
    assert!(house.admit(&right, None, &first).await.is_ok());
    let challenge = house.challenge(&ahead, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    assert!(house.admit(&ahead, nonce(&challenge), &bytes).await.is_ok());
    house.clock.wait(1000);
    let second = house.unasked(&token, 101, START.after(1));
    assert!(house.admit(&right, None, &second).await.is_ok());
    assert_eq!(house.admit(&right, None, &first).await.err(), Some(Refusal::TooOld));
    assert_eq!(house.admit(&right, None, &second).await.err(), Some(Refusal::Replayed));
    // What is as old and was never seen is refused with it.
    let unseen = house.unasked(&token, 102, START);
    assert_eq!(house.admit(&right, None, &unseen).await.err(), Some(Refusal::TooOld));
}

#[tokio::test]
async fn an_unasked_request_that_comes_by_a_session_spends_its_challenge() {
    let (mut house, store) = house();
    let gate = node(&house, &store, 1);
    let token = house.token(|grant| grant);
    let challenge = house.challenge(&gate, Channel::Remote);
    let unasked = house.unasked(&token, 5, START);
    assert!(house.admit(&gate, nonce(&challenge), &unasked).await.is_ok());
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    let spent = house.admit(&gate, nonce(&challenge), &bytes).await;
    assert_eq!(spent.err(), Some(Refusal::Replayed));
}

#[tokio::test]
async fn a_sealed_request_is_opened_and_a_clear_one_refused() {
    let (mut house, store) = house();
    let gate = node(&house, &store, 1);
    let secret = [5; 32];
    let key: SealingKey = OpeningKey::from_secret(&secret).public();
    house.owner.seal(FRONT, key, true, START);
    let token = house.token(|grant| grant);
    let challenge = house.challenge(&gate, Channel::Remote);
    let ask = keyward::Ask { lock: FRONT, right: Right::UNLOCK, parameter: &[] };
    let request = house.phone.request(&token, ask, &challenge, Channel::Remote, &mut house.rng);
    let clear = house.phone.present(&request, &[], None);
    let mut sealed = house.phone.seal(&request, &clear, &house.owner, &mut house.rng);
    assert_eq!(denied(&house.admit(&gate, nonce(&challenge), &clear).await), 214);

    let card = keyward::Card::decode(&house.owner.library.cards[&FRONT]).unwrap();
    let card = house.domain.check_card(&card).unwrap();
    let trust = house.domain.trust(&card).unwrap();
    let keys = OpeningKeys::new(OpeningKey::from_secret(&secret));
    let visit = visit(&trust, nonce(&challenge));
    let other = OpeningKeys::new(OpeningKey::from_secret(&[6; 32]));
    let unopened = gate.admit_sealed(&visit, &other, &mut sealed.clone()).await;
    assert_eq!(denied(&unopened), 215);
    assert!(gate.admit_sealed(&visit, &keys, &mut sealed).await.is_ok());
}

/// Lets a store fail, and answer as it never does by itself.
#[derive(Clone)]
struct Odd {
    store: Ram,
    calls: Arc<AtomicUsize>,
    answer: fn(&Mark) -> Option<Result<Verdict, StateError>>,
    first: bool,
}

impl Odd {
    fn new(store: &Ram, answer: fn(&Mark) -> Option<Result<Verdict, StateError>>) -> Self {
        Self { store: store.clone(), calls: Arc::default(), answer, first: false }
    }
}

impl State for Odd {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        self.store.read(names).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let odd = (self.answer)(mark);
        if odd.is_some() && self.first {
            let _marked = self.store.mark(mark).await?;
        }
        match odd {
            Some(answer) => answer,
            None => self.store.mark(mark).await,
        }
    }
}

#[tokio::test]
async fn nothing_is_admitted_without_its_mark() {
    let (mut house, store) = house();
    let dead = Odd::new(&store, |_| Some(Err(StateError::Unavailable("dead".into()))));
    let gate = node(&house, &dead, 1);
    let token = house.token(|grant| grant.uses(1).unwrap());
    let challenge = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    let refused = house.admit(&gate, nonce(&challenge), &bytes).await;
    assert!(matches!(refused, Err(Refusal::Store(StateError::Unavailable(_)))));
    // The mark was made, and the answer lost: the use is spent, and nothing was admitted by it.
    let gate = node(&house, &Odd { first: true, ..dead }, 1);
    let refused = house.admit(&gate, nonce(&challenge), &bytes).await;
    assert!(matches!(refused, Err(Refusal::Store(_))));
    let gate_again = node(&house, &store, 1);
    let again = house.admit(&gate_again, nonce(&challenge), &bytes).await;
    assert_eq!(again.err(), Some(Refusal::Replayed));
    let newer = house.challenge(&gate_again, Channel::Remote);
    let bytes = house.answer(&token, &newer, Right::UNLOCK);
    assert_eq!(denied(&house.admit(&gate_again, nonce(&newer), &bytes).await), 430);
    // What is denied by policy is told when it is spent, and not before.
    let other = house.answer(&token, &challenge, Right::RELEASE);
    let refused = house.admit(&gate, nonce(&challenge), &other).await;
    assert!(matches!(refused, Err(Refusal::Store(_))));
}

#[tokio::test]
async fn what_a_store_has_forgotten_is_refused_by_name() {
    let (mut house, store) = house();
    let token = house.token(|grant| grant.uses(2).unwrap());
    let gate = node(&house, &Odd::new(&store, |_| Some(Ok(Verdict::Forgotten))), 1);
    let challenge = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    let refused = house.admit(&gate, nonce(&challenge), &bytes).await;
    assert_eq!(refused.err(), Some(Refusal::TooOld));
    let gate = node(&house, &Odd::new(&store, |_| Some(Ok(Verdict::CellForgotten(0)))), 1);
    let refused = house.admit(&gate, nonce(&challenge), &bytes).await;
    assert!(matches!(refused, Err(Refusal::CountLost(_))));
    // Others are always faster.
    let busy = Odd::new(&store, |mark| {
        let values = mark.cells.iter().map(|_| Value::new([1; 12]).unwrap());
        Some(Ok(Verdict::Changed(values.collect())))
    });
    let calls = Arc::clone(&busy.calls);
    let token = house.token(|grant| grant.uses(u32::MAX).unwrap());
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    let refused = house.admit(&node(&house, &busy, 1), nonce(&challenge), &bytes).await;
    assert_eq!(refused.err(), Some(Refusal::Contended));
    assert_eq!(calls.load(Ordering::SeqCst), 16);
}

#[tokio::test]
async fn a_mark_says_when_its_links_can_first_have_been_used() {
    let (mut house, store) = house();
    let seen = Odd::new(&store, |mark| {
        let cell = &mark.cells[0];
        assert_eq!(cell.began, Millis::of(START));
        assert_eq!([cell.good_until, cell.keep_until], [Millis::of(START.after(3600)); 2]);
        assert!(mark.made > Millis::of(START) && mark.nonce.is_some());
        None
    });
    let gate = node(&house, &seen, 1);
    let token = house.token(|grant| grant.uses(2).unwrap());
    let challenge = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &challenge, Right::UNLOCK);
    assert!(house.admit(&gate, nonce(&challenge), &bytes).await.is_ok());
    assert_eq!(seen.calls.load(Ordering::SeqCst), 1);
}

/// A clock that is off, and says by how much.
struct Off(HandClock, i64);

impl Clock for Off {
    fn present(&self) -> Present {
        let at = self.0.present().at.get().saturating_add_signed(self.1);
        Present { at: Millis::new(at), off: 500 }
    }
}

#[tokio::test]
async fn clocks_that_differ_shorten_a_challenge_and_never_lengthen_it() {
    let (mut house, store) = house();
    let keys = || FleetKeys::new(FleetKey::new([1; 32]));
    let token = house.token(|grant| grant);
    house.clock.wait(5000);
    for (giver, taker) in [(500, -500), (-500, 500), (0, 0), (500, 500)] {
        let giver = Gate::new(keys(), store.clone(), Off(house.clock.clone(), giver));
        let taker = Gate::new(keys(), store.clone(), Off(house.clock.clone(), taker));
        for (wait, good) in [(0, true), (27_900, true), (30_001, false)] {
            let challenge =
                house.trusted(FRONT, |trust| giver.challenge(trust, Channel::Remote).unwrap());
            let bytes = challenge.encode().unwrap().as_bytes().to_vec();
            let presentation = house.answer(&token, &bytes, Right::UNLOCK);
            house.clock.wait(wait);
            let card = keyward::Card::decode(&house.owner.library.cards[&FRONT]).unwrap();
            let card = house.domain.check_card(&card).unwrap();
            let trust = house.domain.trust(&card).unwrap();
            let visit = visit(&trust, Some(challenge.nonce));
            let verdict = taker.admit_bytes(&visit, &presentation).await;
            assert_eq!(verdict.is_ok(), good, "{wait} {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_request_of_the_epoch_before_is_none_of_this_one() {
    let (mut house, store) = house();
    let gate = node(&house, &store, 1);
    let challenge = house.challenge(&gate, Channel::Remote);
    let House { owner, rng, .. } = &mut house;
    owner.new_epoch(Time(START.0 + 1), rng);
    house.domain = house.owner.held();
    let token = house.token(|grant| grant);
    let newer = house.challenge(&gate, Channel::Remote);
    let bytes = house.answer(&token, &newer, Right::UNLOCK);
    assert_eq!(denied(&house.admit(&gate, nonce(&challenge), &bytes).await), 210);
    assert!(house.admit(&gate, nonce(&newer), &bytes).await.is_ok());
}
