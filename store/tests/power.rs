//! Power cuts over the flash log.
//!
//! The environment makes the runs longer: `STRIDE` and `NESTED` are the distances of cut points
//! (1: every byte step), `LIVES` is how many random lives there are.

mod hasty;

use hasty::Hasty;
use keyward_store::{
    flash::BlockingFlashLog,
    sim::{Behaviour, Erasing, Flash, Report, power_cuts, storm},
};

const HALF: usize = 1024;
const PAGE: usize = 512;
const PAGES: usize = 4;

type Log<const WRITE: usize> = BlockingFlashLog<Flash<WRITE, PAGE>, HALF>;

fn behaviours() -> impl Iterator<Item = Behaviour> {
    let kinds = [(false, false), (true, false), (false, true), (true, true)];
    let all = Erasing::ALL.into_iter().flat_map(move |erasing| {
        kinds.map(|(marginal, ecc)| Behaviour { marginal, ecc, ..Behaviour::of(erasing) })
    });
    // One of the twenty, for runs that leave nothing out.
    let only = setting("BEHAVIOUR", usize::MAX);
    all.enumerate()
        .filter(move |(index, _)| [*index, usize::MAX].contains(&only))
        .map(|(_, all)| all)
}

fn all(run: impl Fn(Behaviour) -> Report) {
    let mut report = Report::default();
    behaviours().for_each(|behaviour| report.add(run(behaviour)));
    println!(
        "cut points {}, nested {}, programmed again {}",
        report.cut_points, report.nested, report.programmed_again
    );
    assert_eq!(report.violations.first(), None);
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[test]
fn every_cut_leaves_the_log_whole_with_units_of_1() {
    all(|behaviour| power_cuts::<Log<1>, 1, PAGE>(PAGES, behaviour, 1, setting("STRIDE", 1), 0));
}

#[test]
fn every_cut_leaves_the_log_whole_with_units_of_4() {
    all(|behaviour| power_cuts::<Log<4>, 4, PAGE>(PAGES, behaviour, 2, setting("STRIDE", 1), 0));
}

#[test]
fn every_cut_leaves_the_log_whole_with_units_of_8() {
    all(|behaviour| power_cuts::<Log<8>, 8, PAGE>(PAGES, behaviour, 3, setting("STRIDE", 1), 0));
}

#[test]
fn nested_cuts_leave_the_log_whole() {
    let (outer, inner) = (setting("STRIDE", 61), setting("NESTED", 7));
    all(|behaviour| power_cuts::<Log<1>, 1, PAGE>(PAGES, behaviour, 4, outer, inner));
    all(|behaviour| power_cuts::<Log<4>, 4, PAGE>(PAGES, behaviour, 5, outer, inner));
    all(|behaviour| power_cuts::<Log<8>, 8, PAGE>(PAGES, behaviour, 6, outer, inner));
}

#[test]
fn storms_of_cuts_leave_the_log_whole() {
    let lives = setting("LIVES", 100);
    all(|behaviour| storm::<Log<1>, 1, PAGE>(PAGES, behaviour, 7, lives, 40));
    all(|behaviour| storm::<Log<4>, 4, PAGE>(PAGES, behaviour, 8, lives, 40));
    all(|behaviour| storm::<Log<8>, 8, PAGE>(PAGES, behaviour, 9, lives, 40));
}

/// A control: these tests see a store that marks a record before it is whole.
#[test]
fn a_hasty_store_is_found_out() {
    for behaviour in behaviours() {
        let report = power_cuts::<Hasty, 1, PAGE>(PAGES, behaviour, 1, 1, 0);
        assert!(!report.violations.is_empty(), "{behaviour:?}");
        let report = storm::<Hasty, 1, PAGE>(PAGES, behaviour, 1, 20, 20);
        assert!(!report.violations.is_empty(), "{behaviour:?}");
    }
}
