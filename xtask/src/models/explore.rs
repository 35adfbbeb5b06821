//! All short lives of the real lock, by stateright: `audit/explore`.

use std::{env, process::Command, time::Instant};

use super::Size;

const MANIFEST: &str = "audit/explore/Cargo.toml";

/// Steps of the longest lives with a planted fault.
const CONTROL: &str = "6";

/// Builds the explorer and runs it over all lives; then, with a step more each time, over those with
/// each planted fault, until it finds that.
///
/// # Errors
/// Where it doesn't build, finds a violation, a token that never opens, or a planted fault not at the
/// first number of steps that suffices.
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
    let begun = Instant::now();
    let explore = |arguments: &[&str]| {
        let mut command = Command::new(format!("{target}/release/keyward-explore"));
        let output = command.args(arguments).output().map_err(|error| error.to_string())?;
        let seconds = begun.elapsed().as_secs_f64();
        println!("{}\n{seconds:.0} s", String::from_utf8_lossy(&output.stdout).trim());
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    let steps = match size {
        Size::Short => "5",
        Size::Usual => "6",
        Size::Long => "7",
    };
    explore(&[steps])?;
    explore(&[CONTROL, "controls"])
}
