//! All short lives of the real lock, by stateright: `audit/explore`.

use std::{env, process::Command, time::Instant};

const MANIFEST: &str = "audit/explore/Cargo.toml";

/// States in a row, the claimed lock included, and with `--long`.
const DEPTH: [&str; 2] = ["7", "8"];

/// Builds the explorer, runs it to its depth, and once more over a store that forgets.
///
/// # Errors
/// Where it doesn't build, finds a violation, or finds none over such a store.
pub fn run(long: bool) -> Result<(), String> {
    let target = env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into()) + "/explore";
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked", "--manifest-path", MANIFEST])
        .args(["--target-dir", &target])
        .status()
        .map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("{MANIFEST} does not build"));
    }
    let explore = |arguments: &[&str]| {
        let mut command = Command::new(format!("{target}/release/keyward-explore"));
        let output = command.args(arguments).output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    let begun = Instant::now();
    let told = explore(&[DEPTH[usize::from(long)]])?;
    println!("{}\n{:.0} s", told.trim(), begun.elapsed().as_secs_f64());
    let control = explore(&[DEPTH[0], "forgets"])?;
    control.lines().skip(1).for_each(|line| println!("control_{line}"));
    let clean = |told: &str| told.contains("violations: 0");
    match (clean(&told), clean(&control)) {
        (false, _) => Err("a life in which something doesn't hold".into()),
        (true, true) => Err("a store that forgets decisions was not found".into()),
        (true, false) => Ok(()),
    }
}
