//! The replay window against a set of all counters, at every edge that its arithmetic has.

use chacha20::ChaCha20Rng;
use keyward::{
    id::Counter,
    replay::{CounterFault, Window},
};
use keyward_testkit::{random::Dice, window::Pair};
use rand_core::SeedableRng;

/// Runs a test for windows of 0, 64, 128, 1024 and 8192 counters.
macro_rules! for_each_width {
    ($test:ident) => {
        $test::<0>();
        $test::<1>();
        $test::<2>();
        $test::<16>();
        $test::<128>();
    };
}

fn edges(width: u64) -> [u64; 14] {
    let [behind, ahead] = [width.saturating_sub(1), width + 1];
    let [half, word] = [1 << 31, 1 << 32];
    let top = u64::MAX;
    [0, 1, 63, 64, 65, behind, width, ahead, half - 1, half, half + 1, word - 1, top - 1, top]
}

/// All counters that are an edge above or below another; what would leave the range stops there.
fn around(counter: u64, width: u64) -> impl Iterator<Item = u64> {
    let up = edges(width).map(|edge| counter.saturating_add(edge));
    let down = edges(width).map(|edge| counter.saturating_sub(edge));
    up.into_iter().chain(down)
}

/// A start, two marks, and then each edge around all three.
fn grid<const N: usize>() {
    let width = Pair::<N>::WIDTH;
    for start in edges(width) {
        let Some(started) = Pair::<N>::starting(start).unwrap() else {
            assert_eq!(start, u64::MAX);
            continue;
        };
        for pair in [started, Pair::restored(start)] {
            for first in around(start, width) {
                let mut pair = pair.clone();
                pair.mark(first).unwrap();
                for second in around(pair.naive.highest(), width) {
                    let mut pair = pair.clone();
                    pair.mark(second).unwrap();
                    for probe in [start, first, second].map(|counter| around(counter, width)) {
                        probe.for_each(|counter| pair.check(counter).unwrap());
                    }
                }
                pair.compare_all().unwrap();
            }
        }
    }
}

#[test]
fn the_window_equals_a_set_at_every_edge() {
    for_each_width!(grid);
}

/// A walk of small and wide steps, each counter of the window compared after each.
fn walk<const N: usize>() {
    let width = Pair::<N>::WIDTH;
    let mut rng = ChaCha20Rng::seed_from_u64(N as u64);
    let mut dice = Dice(&mut rng);
    for start in [0, width / 2, 1 << 40, u64::MAX - 3 * width - 2] {
        let mut pair = Pair::<N>::starting(start).unwrap().unwrap();
        for _ in 0..200 {
            let delta = dice.pick(&[3, 70, width, 2 * width]);
            let delta = dice.below(delta + 1);
            let highest = pair.naive.highest();
            let up = dice.below(2) == 0;
            let to = if up { highest.checked_add(delta) } else { highest.checked_sub(delta) };
            pair.mark(to.unwrap_or(highest)).unwrap();
            pair.compare_all().unwrap();
        }
    }
}

#[test]
fn the_window_equals_a_set_on_a_walk() {
    for_each_width!(walk);
}

/// What a window says of a counter at or below its highest that it has seen.
fn refusal<const N: usize>(highest: u64, counter: u64) -> CounterFault {
    match highest - counter {
        _ if counter == u64::MAX => CounterFault::Reserved,
        behind if behind < Pair::<N>::WIDTH => CounterFault::Seen,
        _ => CounterFault::TooOld,
    }
}

fn restored<const N: usize>() {
    for highest in edges(Pair::<N>::WIDTH) {
        let window = Window::<N>::restored(Counter(highest));
        assert_eq!(window, Window::from_parts(Counter(highest), []));
        let near = highest.saturating_sub(Pair::<N>::WIDTH + 200)..=highest;
        let far = around(highest, Pair::<N>::WIDTH).filter(|counter| *counter <= highest);
        for counter in near.chain(far) {
            let refused = window.check(Counter(counter)).map(drop);
            assert_eq!(refused, Err(refusal::<N>(highest, counter)), "{counter} of {highest}");
        }
        if highest < u64::MAX - 1 {
            assert!(window.check(Counter(highest + 1)).is_ok());
        }
    }
}

#[test]
fn a_restored_window_has_seen_all_below() {
    for_each_width!(restored);
}

/// The state itself, finer than equality, which sees what is accepted alone.
fn state<const N: usize>(window: &Window<N>) -> String {
    format!("{window:?}")
}

fn marks<const N: usize>() {
    for start in edges(Pair::<N>::WIDTH) {
        let Ok(started) = Window::<N>::starting(Counter(start)) else { continue };
        for counter in around(start, Pair::<N>::WIDTH).map(Counter) {
            let mut window = started;
            let checked = window.check(counter).map(drop);
            assert_eq!(state(&window), state(&started), "a check of {counter:?} changes {start}");
            assert_eq!(window.mark(counter).map(drop), checked);
            let marked = window;
            assert_eq!(marked == started, checked.is_err());
            let again = checked.map_or_else(
                |fault| fault,
                |()| {
                    assert_eq!(window.highest(), counter.max(Counter(start)));
                    refusal::<N>(window.highest().0, counter.0)
                },
            );
            assert_eq!(window.mark(counter).map(drop), Err(again));
            assert_eq!(state(&window), state(&marked), "a refusal of {counter:?} changes {start}");
        }
    }
}

#[test]
fn a_check_changes_nothing_and_a_mark_holds_once() {
    for_each_width!(marks);
}

#[test]
fn one_word_is_read_back_as_it_was_written() {
    for highest in edges(64) {
        for word in [0, 1, 2, 0b1011, 1 << 62, 1 << 63, 0x9e37_79b9_7f4a_7c15, u64::MAX] {
            let window = Window::<1>::from_parts(Counter(highest), [word]);
            let exists = (0..64).filter(|bit| *bit <= highest).fold(0, |bits, bit| bits | 1 << bit);
            // The highest itself was seen, whatever the word says.
            assert_eq!(window.seen().collect::<Vec<_>>(), [word & exists | 1]);
            assert_eq!(window, Window::from_parts(Counter(highest), [word & exists, u64::MAX]));
            for bit in (0..64).filter(|bit| *bit <= highest && highest < u64::MAX) {
                let seen = bit == 0 || word >> bit & 1 == 1;
                assert_eq!(window.check(Counter(highest - bit)).is_err(), seen);
            }
        }
    }
}

#[test]
fn words_that_are_missing_count_as_seen() {
    let window = Window::<3>::from_parts(Counter(1000), [0b1]);
    assert_eq!(window.seen().collect::<Vec<_>>(), [1, u64::MAX, u64::MAX]);
}

#[test]
fn windows_are_equal_when_they_accept_the_same() {
    let of = |counters: &[u64]| {
        let mut window = Window::<2>::starting(Counter(counters[0])).unwrap();
        counters[1..].iter().for_each(|counter| drop(window.mark(Counter(*counter)).unwrap()));
        window
    };
    // The second and third hold what the first never saw, all of it out of reach.
    assert_eq!(of(&[5000]), of(&[4800, 4801, 5000]));
    assert_eq!(of(&[5000]), of(&[4863, 4872, 5000]));
    assert_eq!(of(&[4999, 5000]), of(&[5000, 4999]));
    assert_ne!(of(&[5000]), of(&[4999, 5000]));
    assert_ne!(of(&[5000]), of(&[4873, 5000]));
    assert_ne!(of(&[5000]), of(&[5001]));
}
