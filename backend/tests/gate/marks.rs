//! What a gate asks its store to mark: from when a count began, how long each is kept, and no more
//! calls than needed.

use std::sync::{Arc, Mutex};

use keyward::{
    Caveats, Channel, Right, Seconds, Target, Time, Valid, limits::UNCHALLENGED_HORIZON,
};
use keyward_backend::state::{Mark, Millis, Name, State, StateError, Value, Verdict, ram::Ram};
use keyward_testkit::world::{Holder, START};

use crate::{
    house,
    house::{FRONT, node, nonce},
};

/// A store that keeps what it was asked.
#[derive(Clone)]
struct Noted {
    store: Ram,
    marks: Arc<Mutex<Vec<Mark>>>,
    reads: Arc<Mutex<usize>>,
}

impl Noted {
    fn new(store: Ram) -> Self {
        Self { store, marks: Arc::default(), reads: Arc::default() }
    }

    fn marks(&self) -> Vec<Mark> {
        std::mem::take(&mut self.marks.lock().unwrap())
    }

    fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

impl State for Noted {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        *self.reads.lock().unwrap() += 1;
        self.store.read(names).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        self.marks.lock().unwrap().push(mark.clone());
        self.store.mark(mark).await
    }
}

#[tokio::test]
async fn a_count_begins_with_the_latest_validity_of_the_links_above_it_and_its_own() {
    let (mut house, store) = house();
    let store = Noted::new(store);
    let gate = node(&house, &store, 1);
    let later = Valid { from: Time(START.0 + 60), lasts: Seconds(600) };
    // The first link is counted in both; the second, which begins later, in the second only.
    for counted in [[true, false], [true, true]] {
        let guest = Holder::new(&mut house.rng);
        let valid = Valid { from: START, lasts: Seconds(3600) };
        let rights = keyward::Rights::of(Right::UNLOCK);
        let grant = Caveats::grant(rights, &[Target::Lock(FRONT)], valid).unwrap();
        let grant = if counted[0] { grant.uses(9).unwrap() } else { grant };
        let held = house.owner.grant(&house.phone.public(), 1, &grant);
        let narrower = Caveats::narrowing().valid(later).unwrap();
        let narrower = if counted[1] { narrower.uses(3).unwrap() } else { narrower };
        let passed = house.phone.delegate(&held, &guest.public(), 0, &narrower);
        house.clock.wait(61_000);
        let challenge = house.challenge(&gate, Channel::Remote);
        let phone = std::mem::replace(&mut house.phone, guest);
        let bytes = house.answer(&passed, &challenge, Right::UNLOCK);
        let _admitted = house.admit(&gate, nonce(&challenge), &bytes).await.unwrap();
        house.phone = phone;
        let marks = store.marks();
        let began: Vec<_> = marks.last().unwrap().cells.iter().map(|cell| cell.began).collect();
        let from = [Millis::of(START), Millis::of(later.from)];
        assert_eq!(began, from[..counted.iter().filter(|counted| **counted).count()]);
    }
}

#[tokio::test]
async fn a_window_is_kept_as_long_as_an_unasked_request_could_come() {
    let (mut house, store) = house();
    let store = Noted::new(store);
    let gate = node(&house, &store, 1);
    let token = house.token(|grant| grant);
    let time = Time(START.0 + 5);
    house.clock.wait(6_000);
    let (end, earlier) = (Millis::of(time.after(UNCHALLENGED_HORIZON + 60)), Time(time.0 - 2));
    // An earlier request is good no longer for one that came before it, and cuts nothing off.
    for (counter, made, good) in [(1, time, end), (2, earlier, end.before(2000))] {
        let bytes = house.unasked(&token, counter, made);
        let _admitted = house.admit(&gate, None, &bytes).await.unwrap();
        let cell = &store.marks().pop().unwrap().cells[0];
        assert_eq!((cell.good_until, cell.keep_until), (good, end));
    }
}

#[tokio::test]
async fn a_node_that_marked_last_needs_one_call() {
    let (mut house, store) = house();
    let store = Noted::new(store);
    let gate = node(&house, &store, 1);
    let token = house.token(|grant| grant.uses(9).unwrap());
    for calls in [1, 1, 1] {
        let challenge = house.challenge(&gate, Channel::Remote);
        let bytes = house.answer(&token, &challenge, Right::UNLOCK);
        let _admitted = house.admit(&gate, nonce(&challenge), &bytes).await.unwrap();
        assert_eq!((store.marks().len(), store.reads()), (calls, 0));
    }
}
