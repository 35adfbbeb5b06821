//! All short lives of the real lock, by stateright: `audit/explore`.

use std::{env, process::Command, time::Instant};

use super::Size;

const MANIFEST: &str = "audit/explore/Cargo.toml";

/// Steps of the longest lives with a planted fault.
const CONTROL: usize = 5;

/// Builds the explorer and runs it over all lives; then, with a step more each time, with each
/// planted fault, until it finds that.
///
/// # Errors
/// Where it doesn't build, finds a violation, opens by no life what some life must open, or finds a
/// planted fault not at all, or a step late.
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
    let explore = |steps: usize, further: &[&str]| -> Result<(), String> {
        let mut command = Command::new(format!("{target}/release/keyward-explore"));
        let status = command.arg(steps.to_string()).args(further).status();
        let status = status.map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err("keyward-explore".into()) }
    };
    let begun = Instant::now();
    let steps = match size {
        Size::Short => 4,
        Size::Usual => 5,
        Size::Long => 6,
    };
    explore(steps, &[])?;
    println!("{:.0} s", begun.elapsed().as_secs_f64());
    explore(CONTROL, &["controls"])
}
