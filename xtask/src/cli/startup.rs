//! How long `keyward --version` takes, beside `true`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// Runs of each, one after the other in turns.
const RUNS: usize = 1001;

/// What a script that calls the program in a loop bears.
const MOST: f64 = 3.0;

/// Prints the ratio of the medians.
pub fn measure(program: &Path) -> Result<(), String> {
    let (mut own, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        own.push(timed(Command::new(program).arg("--version"))?);
        bare.push(timed(&mut Command::new("true"))?);
    }
    let (own, bare) = (median(&mut own), median(&mut bare));
    let ratio = own / bare;
    println!("startup_us: {:.0}, of true {:.0}", own * 1e6, bare * 1e6);
    println!("startup_runs: {RUNS}");
    println!("startup_ratio: {ratio:.2}");
    if ratio <= MOST { Ok(()) } else { Err(format!("it starts {ratio:.2} times as long as true")) }
}

fn timed(command: &mut Command) -> Result<f64, String> {
    let began = Instant::now();
    let ended = command.stdout(Stdio::null()).status().map_err(|error| error.to_string())?;
    if ended.success() { Ok(began.elapsed().as_secs_f64()) } else { Err("it failed".into()) }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
