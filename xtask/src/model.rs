//! Locks and their tables against naive models, in random interleavings and histories.

mod tables;
mod trust;

use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How many runs a thread takes at a time; those of one story stay together.
const PORTION: u64 = 250;

const USAGE: &str = "usage: cargo xtask model trust|tables [--steps N] [--seed S]";

/// Runs so many interleavings, `trust --steps N`, or histories, `tables --steps N`; 100 000 by
/// default, from `--seed S`.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (model, rest) = arguments.split_first().ok_or(USAGE)?;
    let (mut count, mut seed) = (100_000, 1);
    for pair in rest.chunks(2) {
        let number = |text: &String| text.parse().map_err(|_| format!("{text}: not a number"));
        match pair {
            [flag, text] if flag == "--steps" => count = number(text)?,
            [flag, text] if flag == "--seed" => seed = number(text)?,
            _ => return Err(USAGE.into()),
        }
    }
    match model.as_str() {
        "trust" => trust::run(count, seed),
        "tables" => tables::run(count, seed),
        _ => Err(USAGE.into()),
    }
}

/// What was seen of some runs.
trait Report: Default + Send {
    /// Runs those of these numbers, and tells of each that it begins.
    fn of(seed: u64, numbers: Range<u64>, progress: impl FnMut(u64)) -> Self;

    /// Adds what another thread saw.
    fn add(&mut self, other: Self);
}

/// Shares the runs among the cores.
fn all<R: Report>(count: u64, seed: u64) -> R {
    let (next, total) = (AtomicU64::new(0), Mutex::new(R::default()));
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
                    let portion = R::of(seed, first..count.min(first + PORTION), |done| {
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
