//! Stores with one fault each, all of which the kit finds.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use keyward::{Scope, id::KeyId};
use keyward_backend::{
    serials::Serials,
    state::{
        Mark, Millis, Name, State, StateError, Value, Verdict,
        clock::HandClock,
        kit::{self, CHECKS, Harness, START},
        ram::Ram,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// None.
    Sound,
    /// Says that it marked, and now and then has not.
    Forgets,
    /// Looks, and marks a moment later.
    Splits,
    /// Spends the nonce of what it refuses.
    Halves,
    /// Writes the first cells of what it refuses.
    Tears,
    /// Doesn't say which cells have changed, nor to what.
    Unnamed,
    /// Takes a changed cell for one that was found so.
    Overwrites,
    /// Takes what is over for over too soon.
    DropsEarly,
    /// Drops nothing.
    Hoards,
    /// Takes a request to be good as long as its cell is kept.
    Lengthens,
    /// Forgets what is over, and takes it for new.
    Renews,
    /// Gives serials twice.
    Repeats,
    /// Comes back from a kill with nothing.
    Blank,
    /// Comes back from a kill with new challenges only.
    Amnesic,
    /// Says that it marked while it is dead.
    Hollow,
    /// Isn't found when it is back.
    Lost,
    /// Each node has a memory of its own.
    Apart,
}

#[derive(Clone)]
struct Faulty {
    fault: Fault,
    ram: Ram,
    dead: Arc<AtomicBool>,
    was_dead: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    given: Arc<Mutex<BTreeMap<KeyId, u64>>>,
}

impl Faulty {
    fn alive(&self) -> Result<(), StateError> {
        let lost = self.fault == Fault::Lost && self.was_dead.load(Ordering::SeqCst);
        if self.dead.load(Ordering::SeqCst) || lost {
            self.was_dead.store(true, Ordering::SeqCst);
            return Err(StateError::Unavailable("dead".into()));
        }
        Ok(())
    }
}

impl State for Faulty {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        self.alive()?;
        self.ram.read(names).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        if self.fault == Fault::Hollow && self.dead.load(Ordering::SeqCst) {
            return Ok(Verdict::Marked);
        }
        self.alive()?;
        let calls = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::Forgets if calls % 17 == 16 => return Ok(Verdict::Marked),
            Fault::Splits => {
                let mut later = mark.clone();
                let names: Vec<_> = mark.cells.iter().map(|cell| cell.name).collect();
                let held = self.ram.read(&names).await?;
                if mark.cells.iter().zip(&held).any(|(cell, held)| cell.before != *held) {
                    return Ok(Verdict::Changed(held));
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                let held = self.ram.read(&names).await?;
                later.cells.iter_mut().zip(held).for_each(|(cell, held)| cell.before = held);
                return self.ram.mark(&later).await;
            }
            Fault::DropsEarly => {
                let now = mark.now.after(45_000);
                return self.ram.mark(&Mark { now, ..mark.clone() }).await;
            }
            Fault::Hoards => {
                return self.ram.mark(&Mark { now: Millis::default(), ..mark.clone() }).await;
            }
            Fault::Lengthens => {
                let mut moved = mark.clone();
                moved.cells.iter_mut().for_each(|cell| cell.good_until = cell.keep_until);
                return self.ram.mark(&moved).await;
            }
            Fault::Renews => {
                // Each name with the last millisecond that it can be marked by: no floor is above
                // it.
                let mut moved = mark.clone();
                if let Some(nonce) = &mut moved.nonce {
                    nonce.given = nonce.given.max(mark.now.before(50_000));
                }
                return self.ram.mark(&moved).await;
            }
            Fault::Overwrites => {
                let mut bent = mark.clone();
                let names: Vec<_> = mark.cells.iter().map(|cell| cell.name).collect();
                let held = self.ram.read(&names).await?;
                bent.cells.iter_mut().zip(held).for_each(|(cell, held)| cell.before = held);
                return self.ram.mark(&bent).await;
            }
            _ => {}
        }
        let verdict = self.ram.mark(mark).await?;
        match (&verdict, self.fault) {
            (Verdict::Changed(_), Fault::Unnamed) => {
                Ok(Verdict::Changed(vec![Value::default(); mark.cells.len()]))
            }
            (Verdict::Changed(_), Fault::Halves) => {
                let _spent = self.ram.mark(&Mark { cells: Vec::new(), ..mark.clone() }).await?;
                Ok(verdict)
            }
            (Verdict::Changed(_) | Verdict::Spent, Fault::Tears) => {
                for cell in mark.cells.iter().take(1) {
                    let (nonce, cells) = (None, vec![cell.clone()]);
                    let _torn = self.ram.mark(&Mark { nonce, cells, ..mark.clone() }).await?;
                }
                Ok(verdict)
            }
            _ => Ok(verdict),
        }
    }
}

impl Serials for Faulty {
    async fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        self.alive()?;
        if self.fault != Fault::Repeats || count > 1000 {
            return self.ram.reserve(scope, issuer, count).await;
        }
        let start = *self.given.lock().unwrap().entry(issuer).or_default();
        tokio::time::sleep(Duration::from_millis(1)).await;
        let end = start + u64::from(count);
        self.given.lock().unwrap().insert(issuer, end);
        Ok(start..end)
    }
}

struct Broken {
    fault: Fault,
    clock: HandClock,
    store: Option<Faulty>,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self { fault, clock: HandClock::default(), store: None }
    }

    fn empty(&self) -> Faulty {
        let ram = Ram::new(self.clock.clone());
        let (dead, was_dead, calls) = (Arc::default(), Arc::default(), Arc::default());
        Faulty { fault: self.fault, ram, dead, was_dead, calls, given: Arc::default() }
    }
}

impl Harness for Broken {
    type Store = Faulty;

    async fn fresh(&mut self) -> Result<(), String> {
        self.clock = HandClock::at(START);
        self.store = Some(self.empty());
        Ok(())
    }

    async fn node(&mut self) -> Result<Faulty, StateError> {
        let store = self.store.as_ref().unwrap();
        if self.fault == Fault::Apart {
            let ram = Ram::new(HandClock::at(START));
            return Ok(Faulty { ram, ..store.clone() });
        }
        Ok(store.clone())
    }

    fn clock(&self) -> HandClock {
        self.clock.clone()
    }

    async fn kill(&mut self) -> bool {
        self.store.as_ref().unwrap().dead.store(true, Ordering::SeqCst);
        true
    }

    async fn revive(&mut self) -> Result<(), String> {
        let store = self.store.as_mut().unwrap();
        store.dead.store(false, Ordering::SeqCst);
        match self.fault {
            Fault::Blank => self.store = Some(self.empty()),
            Fault::Amnesic => store.ram = Ram::new(HandClock::at(START)),
            _ => {}
        }
        Ok(())
    }

    async fn held(&mut self) -> Option<(usize, usize)> {
        self.store.as_ref().map(|store| store.ram.size())
    }
}

/// Which checks find a fault, at the least.
const FINDS: [(Fault, &[&str]); 16] = [
    (Fault::Forgets, &["once", "counts", "none_lost", "history", "remembers"]),
    (Fault::Splits, &["one_changes", "none_lost"]),
    (Fault::Halves, &["nothing_on_refusal", "history"]),
    (Fault::Tears, &["nothing_on_refusal", "history"]),
    (Fault::Unnamed, &["one_changes", "refusals", "history"]),
    (Fault::Overwrites, &["one_changes", "refusals", "history"]),
    (Fault::DropsEarly, &["history", "drops"]),
    (Fault::Hoards, &["drops", "begun_anew"]),
    (Fault::Lengthens, &["begun_anew"]),
    (Fault::Renews, &["history", "drops"]),
    (Fault::Repeats, &["serials"]),
    (Fault::Blank, &["remembers"]),
    (Fault::Amnesic, &["remembers"]),
    (Fault::Hollow, &["outage"]),
    (Fault::Lost, &["outage"]),
    (Fault::Apart, &["once", "one_changes", "counts", "refusals", "history"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sound_store_passes() {
    assert_eq!(kit::run(&mut Broken::new(Fault::Sound), 1).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_is_found_by_the_checks_that_are_for_it() {
    for (fault, checks) in FINDS {
        for check in checks {
            // A check may panic over what makes no sense.
            let found =
                tokio::spawn(async move { kit::one(&mut Broken::new(fault), check, 1).await });
            let found = !matches!(found.await, Ok(Ok(())));
            assert!(found, "{check} doesn't find {fault:?}");
        }
    }
}

#[test]
fn every_check_finds_something() {
    for check in CHECKS {
        assert!(FINDS.iter().any(|(_, checks)| checks.contains(&check)), "{check}");
    }
}
