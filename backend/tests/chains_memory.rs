//! The cache of chains takes the memory that it says, all of it at the start, and never more.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use keyward::{
    Card, Presentation,
    id::{Counter, KeyName, LinkId},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen},
    verify::{View, verify_with},
};
use keyward_backend::chains::{BYTES_A_CHAIN, KnownChains};
use keyward_testkit::fleet::{Fleet, Visit};

/// Counts the bytes that are held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Blank;

impl Memory for Blank {
    fn uses(&self, _: &LinkId) -> Uses {
        Uses::default()
    }

    fn counter(&self, _: &KeyName, _: Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::Seen)
    }
}

#[test]
fn what_it_holds_is_within_what_it_was_given_and_does_not_grow() {
    for chains in [1 << 10, 3_000, 1 << 16, 100_000, 1 << 20, 1_200_000] {
        let (bytes, before) = (chains * BYTES_A_CHAIN, HELD.load(Ordering::Relaxed));
        let cache = KnownChains::within(bytes);
        let held = HELD.load(Ordering::Relaxed) - before;
        println!("{chains} chains: {} bytes each", held as f64 / chains as f64);
        assert!(held <= bytes, "{chains}: {held} of {bytes}");
        assert!(cache.tally().bytes <= bytes as u64);
    }

    let (mut fleet, room) = (Fleet::new(1, 1, 1), 300);
    let domain = fleet.domain();
    let before = HELD.load(Ordering::Relaxed);
    let cache = KnownChains::within(room * BYTES_A_CHAIN);
    let held = HELD.load(Ordering::Relaxed) - before;
    for number in 0..4 * room {
        let visit = fleet.visit(number, 1 + u8::try_from(number % 3).unwrap());
        let before = HELD.load(Ordering::Relaxed);
        let card = Card::decode(&fleet.owner.library.cards[&visit.door]).unwrap();
        let trust = domain.check_card(&card).unwrap();
        let trust = domain.trust(&trust).unwrap();
        let (now, challenge) = (Visit::now(), Some(visit.open()));
        let view = View { trust: &trust, memory: &Blank, now, challenge, app: None };
        let presentation = Presentation::decode(&visit.presentation).unwrap();
        let _accepted = verify_with(&presentation, &view, &cache).unwrap();
        assert_eq!(HELD.load(Ordering::Relaxed), before, "it grew");
    }
    assert!(cache.tally().chains > 200, "{:?}", cache.tally());
    assert!(held <= room * BYTES_A_CHAIN);
}
