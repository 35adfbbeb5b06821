//! A service with many companies and their couriers under load, as one page of figures.
//!
//! `cargo xtask load` runs it. Arguments: `--companies N`, `--out FILE`. What is measured, and how,
//! is told in `work` and `spread`; `page` draws it.

mod page;
mod spread;
mod work;

use std::{fs, num::NonZeroUsize, path::PathBuf, process::ExitCode, thread};

use keyward_testkit::fleet::Fleet;

/// All figures.
pub struct Report {
    /// Companies, each with a grant and a courier.
    pub companies: usize,
    /// Cores of the machine.
    pub cores: usize,
    /// Tokens issued and narrowed.
    pub issued: Vec<work::Issued>,
    /// Presentations verified.
    pub verified: Vec<work::Verified>,
    /// How a revocation reaches locks.
    pub spread: spread::Spread,
    /// Receipts a second, all signatures checked, by all cores.
    pub receipts_per_s: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let (mut companies, mut out) = (2_000, PathBuf::from("target/load.html"));
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--companies" => {
                companies = value.parse::<usize>().map_err(|_| USAGE)?.max(100);
            }
            [name, value] if name == "--out" => out = value.into(),
            _ => return Err(USAGE.into()),
        }
    }
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    println!("{companies} companies with a courier each, on {cores} cores");
    let count = u32::try_from(companies).map_err(|error| error.to_string())?;
    let mut fleet = Fleet::new(1, DOORS, count);
    let visits: Vec<_> = (0..companies).map(|number| fleet.visit(number, 2)).collect();
    println!("made: {} presentations", visits.len());

    let mut steps: Vec<_> =
        std::iter::successors(Some(1), |step| Some(step * 2)).take_while(|n| *n < cores).collect();
    steps.push(cores);
    let (mut issued, mut verified) = (Vec::new(), Vec::new());
    for cores in steps.iter().copied().filter_map(NonZeroUsize::new) {
        issued.push(work::issue_and_narrow(&fleet, companies, cores)?);
        for hit_rate in HIT_RATES {
            verified.push(work::verify(&fleet, &visits, cores, hit_rate)?);
        }
    }
    let spread = spread::revoke(&fleet, &visits[0], companies)?;
    let receipts_per_s = work::ingest(companies)?;
    let report = Report { companies, cores, issued, verified, spread, receipts_per_s };
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    fs::write(&out, page::html(&report)).map_err(|error| error.to_string())?;
    println!("report: {}", out.display());
    Ok(())
}

const USAGE: &str = "usage: cargo xtask load [--companies N] [--out FILE]";

/// Doors that the couriers come to.
const DOORS: u32 = 64;

/// Presentations of a hundred whose chains were seen before.
const HIT_RATES: [usize; 4] = [0, 50, 90, 99];
