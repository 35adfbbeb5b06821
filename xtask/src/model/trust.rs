//! Locks against a naive model of what they trust, in random interleavings.

use std::ops::Range;

use keyward::{Denial, Refusal};
use keyward_testkit::interleave::{self, Report};

impl super::Report for Report {
    fn of(seed: u64, numbers: Range<u64>, progress: impl FnMut(u64)) -> Self {
        interleave::run(seed, numbers, progress)
    }

    fn add(&mut self, other: Self) {
        Report::add(self, other);
    }
}

pub(super) fn run(count: u64, seed: u64) -> Result<(), String> {
    println!(
        "Statements and requests by owner, thieves and strangers, in any order; then a rescue."
    );
    let report: Report = super::all(count, seed);
    for (code, times) in &report.codes {
        println!("  {}: {times}", name(*code));
    }
    println!("interleavings: {}", report.interleavings);
    println!("steps: {}", report.steps);
    println!("statements_taken: {}", report.taken);
    println!("requests_opened: {}", report.opened);
    println!("sets_in_two_orders: {}", report.reordered);
    println!("mended_by_keyset: {}", report.mended_by_keyset);
    println!("mended_by_epoch: {}", report.mended_by_epoch);
    println!("violations: {}", report.violations.len());
    for violation in report.violations.iter().take(3) {
        println!("VIOLATION, seed {}, interleaving {}", violation.seed, violation.interleaving);
        violation.steps.iter().for_each(|step| println!("  {step}"));
        println!("  {}", violation.what);
    }
    match (report.violations.len(), report.interleavings == count) {
        (0, true) => Ok(()),
        (0, false) => Err("not all interleavings ended".into()),
        _ => Err("lock and model part".into()),
    }
}

fn name(code: u16) -> &'static str {
    let mut names = Denial::ALL.iter().chain(Refusal::ALL);
    names.find(|(known, _)| *known == code).map_or("yes", |(_, name)| name)
}
