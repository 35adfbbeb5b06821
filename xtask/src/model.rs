//! Locks against a naive model of what they trust, in random interleavings.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use keyward::{Denial, Refusal};
use keyward_testkit::interleave::{self, Report};

/// How many interleavings a thread takes at a time; those of one story stay together.
const PORTION: u64 = 250;

/// Runs so many interleavings: `trust --steps N`, 100 000 by default, from `--seed S`.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some(("trust", rest)) = arguments.split_first().map(|(name, rest)| (&**name, rest)) else {
        return Err("usage: cargo xtask model trust [--steps N] [--seed S]".into());
    };
    let (mut count, mut seed) = (100_000, 1);
    for pair in rest.chunks(2) {
        let number = |text: &String| text.parse().map_err(|_| format!("{text}: not a number"));
        match pair {
            [flag, text] if flag == "--steps" => count = number(text)?,
            [flag, text] if flag == "--seed" => seed = number(text)?,
            _ => return Err("usage: cargo xtask model trust [--steps N] [--seed S]".into()),
        }
    }
    println!(
        "Statements and requests by owner, thieves and strangers, in any order; then a rescue."
    );
    let report = all(count, seed);
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

/// Shares the interleavings among the cores.
fn all(count: u64, seed: u64) -> Report {
    let (next, total) = (AtomicU64::new(0), Mutex::new(Report::default()));
    let shown = count.div_ceil(10).max(1);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(PORTION, Ordering::Relaxed);
                    if first >= count {
                        break;
                    }
                    let portion =
                        interleave::run(seed, first..count.min(first + PORTION), |done| {
                            if done.is_multiple_of(shown) {
                                println!("  {done} of {count}");
                            }
                        });
                    if let Ok(mut total) = total.lock() {
                        total.add(portion);
                    }
                }
            });
        }
    });
    total.into_inner().unwrap_or_default()
}
