//! A lock's tables against maps of all that was ever used, in random histories.

use std::ops::Range;

use keyward_testkit::tallies::{self, Report};

impl super::Report for Report {
    fn of(seed: u64, numbers: Range<u64>, progress: impl FnMut(u64)) -> Self {
        tallies::run(seed, numbers, progress)
    }

    fn add(&mut self, other: Self) {
        Report::add(self, other);
    }
}

pub(super) fn run(count: u64, seed: u64) -> Result<(), String> {
    println!("Requests that count, floors that rise and restarts, for tables of six sizes.");
    let report: Report = super::all(count, seed);
    println!("histories: {}", report.histories);
    println!("requests: {}", report.requests);
    println!("admitted: {}", report.admitted);
    println!("full: {}", report.full);
    println!("changed: {}", report.changed);
    println!("restored: {}", report.restored);
    println!("violations: {}", report.violations.len());
    for violation in report.violations.iter().take(3) {
        println!("VIOLATION, seed {}, history {}", violation.seed, violation.history);
        violation.steps.iter().for_each(|step| println!("  {step}"));
        println!("  {}", violation.what);
    }
    match (report.violations.len(), report.histories == count) {
        (0, true) => Ok(()),
        (0, false) => Err("not all histories ended".into()),
        _ => Err("tables and model part".into()),
    }
}
