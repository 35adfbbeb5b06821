//! How long a revoked token still opens, by visitors' news alone: a simulation with real locks.

use std::thread;

use keyward::Seconds;
use keyward_testkit::evasion::{self, HOSTILE_MINUTES, Setting};

const EVERY_HOURS: f64 = 24.0;
const PHONES: [u32; 4] = [1, 3, 10, 30];
const FRESH: [(&str, Option<Seconds>); 3] = [
    ("no Fresh", None),
    ("Fresh 24 h", Some(Seconds::days(1))),
    ("Fresh 15 min", Some(Seconds::minutes(15))),
];

/// Runs each setting so often: `--runs N`, 400 by default.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let runs = match arguments {
        [] => 400,
        [flag, number] if flag == "--runs" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask evasion [--runs N]".into()),
    };
    println!(
        "A revoked phone comes again and again and brings nothing; honest phones bring lists."
    );
    println!("runs: {runs}");
    println!("honest_phone_comes_every_hours: {EVERY_HOURS}");
    println!("hostile_phone_comes_every_minutes: {HOSTILE_MINUTES}");
    for (share, jammed) in [("none", 0.0), ("half", 0.5)] {
        println!("\nHours from revocation to the last entry, {share} of the honest visits jammed");
        println!("  {:>8} {:>14} {:>8} {:>8} {:>8}", "phones", "token", "median", "95 %", "worst");
        for phones in PHONES {
            for (name, fresh) in FRESH {
                let setting = Setting { phones, every_hours: EVERY_HOURS, fresh, jammed };
                let hours = measured(&setting, runs);
                let at = |share: usize| hours[(hours.len() - 1) * share / 100];
                let (median, most, worst) = (at(50), at(95), at(100));
                println!("  {phones:>8} {name:>14} {median:>8.2} {most:>8.2} {worst:>8.2}");
                if fresh.is_some_and(|fresh| worst > f64::from(fresh.0) / 3600.0) {
                    return Err("a token lived longer than its Fresh".into());
                }
            }
        }
    }
    Ok(())
}

/// The hours of all runs, in ascending order.
fn measured(setting: &Setting, runs: u64) -> Vec<f64> {
    let seeds = |first: u64| (0..runs).filter(move |seed| seed % 2 == first);
    let run = |first: u64| seeds(first).map(|seed| evasion::run(setting, seed).hours);
    let mut hours: Vec<f64> = thread::scope(|scope| {
        let other = scope.spawn(|| run(1).collect::<Vec<_>>());
        let mut hours: Vec<_> = run(0).collect();
        hours.extend(other.join().unwrap_or_default());
        hours
    });
    hours.sort_by(f64::total_cmp);
    hours
}
