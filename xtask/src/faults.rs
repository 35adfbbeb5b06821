//! Lives of locks in which any call of the store fails, or is dropped.

use std::thread;

use keyward_testkit::faults::{Life, Report};

const USAGE: &str = "usage: cargo xtask faults [--stride N]";

/// Lives a life with a fault at each call of each step, or at every so many.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let stride = match arguments {
        [] => 1,
        [flag, number] if flag == "--stride" => {
            number.parse().ok().filter(|stride| *stride > 0).ok_or(USAGE)?
        }
        _ => return Err(USAGE.into()),
    };
    println!(
        "Claims, statements, openings, denials, an epoch, acknowledgements, a new device key, a"
    );
    println!(
        "release: each call of the store fails, or its future is dropped, before it does what it"
    );
    println!(
        "is asked, or behind, or so that only the next start finds it; once, or three times. The"
    );
    println!("host tries again and goes on, or power fails; then all logs are read.");
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut report = Report::default();
    thread::scope(|scope| {
        let live = |from| move || Life::new(3).run(stride * cores, from * stride);
        let threads: Vec<_> = (0..cores).map(|from| scope.spawn(live(from))).collect();
        for thread in threads {
            report.add(thread.join().unwrap_or_else(|_| Report {
                violations: vec!["a life could not be lived to its end".into()],
                ..Report::default()
            }));
        }
    });
    println!("cases: {}", report.cases);
    println!("compared: {}", report.compared);
    report.violations.iter().take(20).for_each(|violation| println!("  {violation}"));
    println!("violations: {}", report.violations.len());
    if report.violations.is_empty() { Ok(()) } else { Err("a lock didn't keep its word".into()) }
}
