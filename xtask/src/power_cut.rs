//! Whole lives of a lock over flash, power cut anywhere.

use std::thread;

use keyward_store::sim::Behaviour;
use keyward_testkit::lives::{
    Script,
    cut::{self, Cuts, Report},
};

const USAGE: &str = "usage: cargo xtask power-cut [--stride N] [--nested-stride N]";

/// Cuts a whole life of 50 openings at every 8th byte for each way in which a flash behaves, each
/// from another byte on, so that together they cut at every byte; and the recoveries of a short
/// life at every so many bytes.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (mut stride, mut nested) = (8_u64, 37_u64);
    for pair in arguments.chunks(2) {
        match pair {
            [flag, number] if flag == "--stride" => stride = read(number)?,
            [flag, number] if flag == "--nested-stride" => nested = read(number)?,
            _ => return Err(USAGE.into()),
        }
    }
    println!("A claim, statements, 50 openings, denials, an epoch, acknowledgements: power is cut");
    println!("within every write and erase, on flashes that behave in eight ways; the lock starts");
    println!(
        "twice, its logs are read, who was let in tries again, and a visitor comes. Of a short"
    );
    println!("life the recovery is cut, too.");
    let whole = in_two(&|index, behaviour| {
        let cuts = Cuts { stride, from: index, nested: None, present: 16 };
        // Every other way to behave has units of 8 bytes.
        if index % 2 == 0 { life::<4>(50, behaviour, cuts) } else { life::<8>(50, behaviour, cuts) }
    });
    println!("cut_points: {}", whole.cut_points);
    println!("presented: {}", whole.presented);
    println!("told: {}", whole.told);
    let short = in_two(&|index, behaviour| {
        let cuts = Cuts { stride: nested, from: index, nested: Some(nested), present: 64 };
        life::<4>(6, behaviour, cuts)
    });
    println!("nested: {}", short.nested);
    let (flips, rotten) = cut::rot::<8>(&Script::new(7, 50), cut::behaviours()[0]);
    println!("rotten_bits: {flips}");
    let found = whole.violations.iter().chain(&short.violations).chain(&rotten);
    let violations: Vec<_> = found.collect();
    violations.iter().take(20).for_each(|violation| println!("  {violation}"));
    println!("violations: {}", violations.len());
    if violations.is_empty() { Ok(()) } else { Err("power was cut and something was lost".into()) }
}

fn read(number: &str) -> Result<u64, String> {
    number.parse().ok().filter(|number| *number > 0).ok_or_else(|| USAGE.into())
}

fn life<const WRITE: usize>(openings: usize, behaviour: Behaviour, cuts: Cuts) -> Report {
    cut::run::<WRITE>(&Script::audited(7, openings), behaviour, cuts)
}

/// All behaviours, on as many threads as there are cores.
fn in_two(life: &(impl Fn(u64, Behaviour) -> Report + Sync)) -> Report {
    let behaviours: Vec<_> = (0_u64..).zip(cut::behaviours()).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut report = Report::default();
    thread::scope(|scope| {
        let each = behaviours.chunks(behaviours.len().div_ceil(cores));
        let threads: Vec<_> = each
            .map(|some| {
                scope.spawn(move || {
                    let mut report = Report::default();
                    for (index, behaviour) in some {
                        report.add(life(*index, *behaviour));
                    }
                    report
                })
            })
            .collect();
        for thread in threads {
            report.add(thread.join().unwrap_or_else(|_| Report {
                violations: vec!["a life could not be lived to its end".into()],
                ..Report::default()
            }));
        }
    });
    report
}
