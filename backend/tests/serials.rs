//! A serial is given once: whoever crashes, whenever, and however many ask at a time.

use std::{
    collections::BTreeSet,
    future::Future,
    ops::Range,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Waker},
    time::Duration,
};

use keyward::{
    Scope,
    id::{DomainId, Epoch, KeyId, Serial},
};
use keyward_backend::{
    serials::{Ahead, Reserved, Serials},
    state::StateError,
};
use proptest::prelude::*;
use tokio::{runtime, task::yield_now};

const SCOPE: Scope = Scope { domain: DomainId([1; 32]), epoch: Epoch(0) };
const ISSUER: KeyId = KeyId([2; 8]);

/// A store that counts durably, and pauses before and after.
#[derive(Default)]
struct Model {
    next: AtomicU64,
    asked: AtomicU64,
    down: AtomicBool,
    /// Never answers.
    hangs: AtomicBool,
    /// Answers with what it has given before.
    forgets: AtomicBool,
    /// Gives one less than it is asked for.
    short: AtomicBool,
}

impl Serials for Model {
    async fn reserve(
        &self,
        _scope: &Scope,
        _issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        self.asked.fetch_add(1, SeqCst);
        if self.down.load(SeqCst) {
            return Err(StateError::Unavailable("down".into()));
        }
        if self.hangs.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        yield_now().await;
        let start = match self.forgets.load(SeqCst) {
            true => 0,
            false => self.next.fetch_add(count.into(), SeqCst),
        };
        yield_now().await;
        let count = if self.short.load(SeqCst) { count - 1 } else { count };
        Ok(start..start + u64::from(count))
    }
}

/// Everybody's serials: each may come once.
#[derive(Default)]
struct Given(Mutex<BTreeSet<Serial>>);

impl Given {
    fn add(&self, serials: impl IntoIterator<Item = Serial>) {
        let mut given = self.0.lock().unwrap();
        for serial in serials {
            assert!(given.insert(serial), "{serial} was given twice");
        }
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn replica(store: &Arc<Model>, block: u32) -> Reserved<Arc<Model>> {
    let ahead = Ahead { block, wait: Duration::from_secs(5) };
    Reserved::new(Arc::clone(store), SCOPE, ISSUER, ahead)
}

fn single() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_and_tasks_never_give_one_twice() {
    let (store, given) = (Arc::new(Model::default()), Arc::new(Given::default()));
    let replicas: Vec<_> = (0..4).map(|_| replica(&store, 16)).collect();
    let tasks: Vec<_> = (0..32)
        .map(|task| {
            let (replica, given) = (replicas[task % 4].clone(), Arc::clone(&given));
            tokio::spawn(async move {
                for round in 0..200 {
                    // Now and then more than a block, or none.
                    let count = [1, 1, 3, 0, 40][round % 5];
                    given.add(replica.take(count).await.unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(given.len(), 32 * 200 / 5 * 45);
}

#[test]
fn the_next_block_is_there_before_the_last_one_ends() {
    single().block_on(async {
        let store = Arc::new(Model::default());
        let replica = replica(&store, 64);
        replica.next().await.unwrap();
        for _ in 0..1000 {
            // Ready at once: nobody waits for the store.
            let mut next = pin!(replica.next());
            assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
            for _ in 0..3 {
                yield_now().await;
            }
        }
        assert!(store.asked.load(SeqCst) < 2000 / 64);
    });
}

#[test]
fn a_store_that_is_down_gives_none_and_works_by_itself_later() {
    single().block_on(async {
        let (store, given) = (Arc::new(Model::default()), Given::default());
        let replica = replica(&store, 4);
        store.down.store(true, SeqCst);
        assert!(matches!(replica.next().await, Err(StateError::Unavailable(_))));
        store.down.store(false, SeqCst);
        given.add(replica.take(4).await.unwrap());
        store.down.store(true, SeqCst);
        let mut left = 0;
        while let Ok(serial) = replica.next().await {
            given.add([serial]);
            left += 1;
            yield_now().await;
            assert!(left <= 8, "out of nothing");
        }
        store.down.store(false, SeqCst);
        given.add([replica.next().await.unwrap()]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_waited_for_no_longer_than_told() {
    let store = Arc::new(Model::default());
    store.hangs.store(true, SeqCst);
    let replica = replica(&store, 4);
    let before = tokio::time::Instant::now();
    // All of them at once: nobody waits for the others' time in turn.
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let replica = replica.clone();
            tokio::spawn(async move { replica.next().await })
        })
        .collect();
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Err(StateError::Unavailable(_))));
    }
    assert_eq!(before.elapsed().as_secs(), 5);
}

#[test]
fn a_store_that_forgets_or_gives_too_few_is_refused() {
    single().block_on(async {
        let store = Arc::new(Model::default());
        let replica = replica(&store, 4);
        assert_eq!(replica.take(4).await.unwrap().count(), 4);
        store.forgets.store(true, SeqCst);
        assert!(matches!(replica.take(9).await, Err(StateError::Corrupt(_))));
        store.forgets.store(false, SeqCst);
        store.short.store(true, SeqCst);
        // Too few for a block, though enough for who asks.
        assert!(matches!(replica.next().await, Err(StateError::Corrupt(_))));
    });
}

/// What happens next, in random lives of replicas over one store.
#[derive(Clone, Debug)]
enum Step {
    /// A replica gives so many.
    Take(usize, u32),
    /// Somebody asks a replica, and is gone after so many polls.
    Dropped(usize, u32, usize),
    /// A replica's process dies, with all that it had begun, and starts anew.
    Crash(usize),
    /// The store is down for a while.
    Down(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_usize, 0..12_u32).prop_map(|(replica, count)| Step::Take(replica, count)),
        3 => (0..3_usize, 0..12_u32, 0..6_usize)
            .prop_map(|(replica, count, polls)| Step::Dropped(replica, count, polls)),
        2 => (0..3_usize).prop_map(Step::Crash),
        1 => any::<bool>().prop_map(Step::Down),
    ]
}

proptest! {
    #[test]
    fn no_life_of_replicas_gives_one_twice(
        steps in prop::collection::vec(step(), 0..120),
        block in 1..9_u32,
    ) {
        let (store, given) = (Arc::new(Model::default()), Given::default());
        // Each replica in a runtime of its own, whose tasks end with it.
        let start = || (single(), replica(&store, block));
        let mut replicas: Vec<_> = (0..3).map(|_| start()).collect();
        for step in steps {
            match step {
                Step::Take(at, count) => {
                    let (runtime, replica) = &replicas[at];
                    let taken = runtime.block_on(replica.take(count));
                    match taken {
                        Ok(run) => {
                            let serials: Vec<_> = run.collect();
                            prop_assert_eq!(serials.len(), count as usize);
                            prop_assert!(serials.is_sorted());
                            given.add(serials);
                        }
                        Err(error) => {
                            prop_assert!(matches!(error, StateError::Unavailable(_)));
                            prop_assert!(store.down.load(SeqCst));
                        }
                    }
                }
                Step::Dropped(at, count, polls) => {
                    let (runtime, replica) = &replicas[at];
                    let _within = runtime.enter();
                    let mut take = pin!(replica.take(count));
                    for _ in 0..polls {
                        let polled = take.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                        if let std::task::Poll::Ready(taken) = polled {
                            given.add(taken.into_iter().flatten());
                            break;
                        }
                    }
                }
                Step::Crash(at) => replicas[at] = start(),
                Step::Down(down) => store.down.store(down, SeqCst),
            }
        }
    }
}
