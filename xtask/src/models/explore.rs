//! All short lives of the real lock, by stateright: `audit/explore`.

use std::{env, process::Command, time::Instant};

use super::Size;

const MANIFEST: &str = "audit/explore/Cargo.toml";

/// Steps of the longest lives over a store that forgets.
const CONTROL: usize = 6;

/// Builds the explorer and runs it over all lives; then, with a step more each time, over a store
/// that forgets decisions, until it finds that.
///
/// # Errors
/// Where it doesn't build, finds a violation, or finds none over such a store at the first number of
/// steps that suffices.
pub(super) fn run(size: Size) -> Result<(), String> {
    let target = env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into()) + "/explore";
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked", "--manifest-path", MANIFEST])
        .args(["--target-dir", &target])
        .status()
        .map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("{MANIFEST} does not build"));
    }
    let explore = |steps: usize, further: &[&str]| {
        let mut command = Command::new(format!("{target}/release/keyward-explore"));
        let output = command.arg(steps.to_string()).args(further).output();
        let output = output.map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    let clean = |told: &str| told.contains("violations: 0");
    let begun = Instant::now();
    let steps = match size {
        Size::Short => 5,
        Size::Usual => 6,
        Size::Long => 7,
    };
    let told = explore(steps, &[])?;
    println!("{}\n{:.0} s", told.trim(), begun.elapsed().as_secs_f64());
    if !clean(&told) {
        return Err("a life in which something doesn't hold".into());
    }
    for steps in 1..=CONTROL {
        let control = explore(steps, &["forgets"])?;
        if !clean(&control) {
            control.lines().skip(1).for_each(|line| println!("control_{line}"));
            // Found one step late, the last step of all lives would be looked at by nobody.
            let in_time = control.contains(&format!("found_in_steps: {steps}\n"));
            return if in_time { Ok(()) } else { Err("a last step is not looked at".into()) };
        }
    }
    Err("a store that forgets decisions was not found".into())
}
