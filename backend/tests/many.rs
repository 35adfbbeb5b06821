//! Many presentations at once: order, equality with one at a time, panics, bounds.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use keyward::{
    Card, Right,
    caveat::App,
    id::{Counter, KeyName, LinkId},
    ledger::{Memory, Uses},
    policy::{AppCheck, AppVerdict},
    replay::{CounterFault, Unseen},
};
use keyward_backend::{
    chains::KnownChains,
    many::{Item, NotRun, Panicked, Refused, Verifiers},
};
use keyward_testkit::fleet::{Fleet, Visit};

fn threads(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

/// Panics over one link, and has seen none.
struct Fragile(Option<LinkId>);

impl Memory for Fragile {
    fn uses(&self, link: &LinkId) -> Uses {
        assert_ne!(Some(*link), self.0, "a memory that fails");
        Uses::default()
    }

    fn counter(&self, _: &KeyName, _: Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::Seen)
    }
}

/// Panics at every condition.
struct Bomb;

impl AppCheck for Bomb {
    fn check(&self, _: &App<'_>, _: Right, _: &[u8]) -> AppVerdict {
        panic!("a checker that fails")
    }
}

#[test]
fn a_slice_has_the_verdicts_of_its_items_in_their_order() {
    let mut fleet = Fleet::new(1, 3, 2);
    let (domain, nobody) = (fleet.domain(), Fragile(None));
    let mut visits: Vec<_> = (0..60).map(|n| fleet.visit(n, 1 + (n % 4) as u8)).collect();
    for (number, visit) in visits.iter_mut().enumerate() {
        let length = visit.presentation.len();
        match number % 5 {
            1 => visit.presentation[length - 1] ^= 1,
            2 => visit.presentation.truncate(number),
            3 => visit.presentation[length - 65] ^= 1,
            _ => {}
        }
    }
    let cards: Vec<_> = visits
        .iter()
        .map(|visit| Card::decode(&fleet.owner.library.cards[&visit.door]).unwrap())
        .map(|card| domain.check_card(&card).unwrap())
        .collect();
    let trusts: Vec<_> = cards.iter().map(|card| domain.trust(card).unwrap()).collect();
    let items: Vec<_> = visits
        .iter()
        .zip(&trusts)
        .map(|(visit, trust)| Item {
            presentation: &visit.presentation,
            trust,
            memory: &nobody,
            now: Visit::now(),
            challenge: Some(visit.open()),
            app: None,
        })
        .collect();
    let (chains, alone) = (KnownChains::within(1 << 16), KnownChains::within(1 << 16));
    let singly: Vec<_> = items.iter().map(|item| item.verify(&alone)).collect();
    let told = |denial: &str| {
        singly.iter().filter(|verdict| format!("{verdict:?}").contains(denial)).count()
    };
    assert_eq!((told("HolderSignature"), told("Malformed"), told("LinkSignature")), (12, 12, 12));
    assert_eq!(told("Ok("), 24);
    for number in [1, 2, 7] {
        let verifiers = Verifiers::new(threads(number), 0).unwrap();
        // The first time cold, then warm.
        for _time in 0..2 {
            let verdicts = verifiers.verify_all(&items, &chains);
            assert_eq!(verdicts.len(), items.len());
            for (verdict, alone) in verdicts.iter().zip(&singly) {
                let alone = alone.as_ref().map_err(|denial| Refused::Denied(*denial));
                assert_eq!(format!("{verdict:?}"), format!("{alone:?}"));
            }
        }
    }
}

#[test]
fn a_panic_refuses_one_presentation_and_spares_the_others() {
    use keyward_testkit::scene::{Link, Scene};
    let scene = |serial, app| {
        Scene::with(|scene| {
            scene.serial = serial;
            scene.links = vec![Link { uses: Some(1), ..Link::grant(0) }];
            scene.links[0].app = app;
        })
    };
    let scenes: Vec<_> = (0..9_u64).map(|n| scene(n + 1, (n == 4).then(|| (7, vec![1])))).collect();
    let presentations: Vec<_> = scenes.iter().map(Scene::presentation).collect();
    let memory = Fragile(Some(scenes[6].link_ids()[0]));
    let chains = KnownChains::within(0);
    let verifiers = Verifiers::new(threads(2), 0).unwrap();
    let verdicts = scenes[0]
        .prepare()
        .view(|view| {
            let items: Vec<_> = presentations
                .iter()
                .map(|presentation| Item {
                    presentation,
                    trust: view.trust,
                    memory: &memory,
                    now: view.now,
                    challenge: view.challenge,
                    app: Some(&Bomb),
                })
                .collect();
            verifiers.verify_all(&items, &chains)
        })
        .unwrap();
    for (number, verdict) in verdicts.iter().enumerate() {
        match number {
            4 | 6 => assert!(matches!(verdict, Err(Refused::Panicked)), "{number}: {verdict:?}"),
            _ => assert!(verdict.is_ok(), "{number}: {verdict:?}"),
        }
    }
}

#[test]
fn dear_items_on_one_end_keep_all_threads_busy() {
    let verifiers = Verifiers::new(threads(4), 0).unwrap();
    let busy: Vec<_> = (0..4).map(|_| AtomicUsize::new(0)).collect();
    // The first quarter costs, which one thread would have to itself if each had its quarter.
    let items: Vec<_> = (0..400).collect();
    let results = verifiers.map(&items, |item| {
        if *item < 100 {
            thread::sleep(Duration::from_millis(2));
            busy[rayon::current_thread_index().unwrap()].fetch_add(1, Ordering::Relaxed);
        }
        item * 2
    });
    assert!(results.iter().zip(&items).all(|(result, item)| *result == Ok(item * 2)));
    let most = busy.iter().map(|count| count.load(Ordering::Relaxed)).max().unwrap();
    assert!(most < 70, "one thread had {most} of 100");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

#[test]
fn jobs_beyond_the_agreed_number_are_turned_away_at_once() {
    let verifiers = Arc::new(Verifiers::new(threads(1), 2).unwrap());
    let (gate, runtime) = (Arc::new(Barrier::new(2)), runtime());
    let (started, starts) = mpsc::channel();
    type Started = mpsc::Sender<()>;
    let job = |verifiers: Arc<Verifiers>, started: Started, gate: Arc<Barrier>| async move {
        let run = verifiers.run(move || {
            started.send(()).unwrap();
            gate.wait();
        });
        run.await
    };
    let running: Vec<_> = (0..3)
        .map(|_| runtime.spawn(job(verifiers.clone(), started.clone(), gate.clone())))
        .collect();
    starts.recv().unwrap();
    // One runs, and two wait, as soon as their tasks were polled.
    let busy = runtime.block_on(async {
        for _ in 0..1000 {
            if verifiers.room() == 0 {
                return verifiers.run(|| ()).await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    });
    assert_eq!(busy, Err(NotRun::Busy));
    for _ in 0..3 {
        gate.wait();
    }
    for job in running {
        assert_eq!(runtime.block_on(job).unwrap(), Ok(()));
    }
    assert_eq!(runtime.block_on(verifiers.run(|| 7)), Ok(7));
    assert_eq!(verifiers.room(), 3);
}

#[test]
fn a_job_that_panics_says_so_and_gives_its_room_back() {
    let verifiers = Verifiers::new(threads(1), 0).unwrap();
    for _ in 0..3 {
        let ran = runtime().block_on(verifiers.run(|| panic!("a job that fails")));
        assert_eq!(ran, Err::<(), _>(NotRun::Panicked));
    }
    assert_eq!(runtime().block_on(verifiers.run(|| 7)), Ok(7));
    assert_eq!(verifiers.map(&[1], |_| panic!("once more")), [Err::<(), _>(Panicked)]);
}

#[test]
fn a_job_that_nobody_waits_for_keeps_its_room_until_it_ends() {
    let verifiers = Verifiers::new(threads(1), 0).unwrap();
    let (gate, runtime) = (Arc::new(Barrier::new(2)), runtime());
    let waits = gate.clone();
    runtime.block_on(async {
        let job = verifiers.run(move || waits.wait());
        assert!(tokio::time::timeout(Duration::from_millis(20), job).await.is_err());
        let second = tokio::time::timeout(Duration::from_secs(5), verifiers.run(|| ())).await;
        assert_eq!(second, Ok(Err(NotRun::Busy)));
        gate.wait();
        for _ in 0..1000 {
            if verifiers.run(|| ()).await == Ok(()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the room was never given back");
    });
}
