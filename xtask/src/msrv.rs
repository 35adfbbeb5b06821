//! The oldest compiler that the core promises to build with.

use std::process::Command;

const OLDEST: &str = "1.88";

/// Builds the core with the oldest compiler, or, where that can't be had, checks what can be:
/// what of the standard library is used, and what the dependencies promise.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    let rustup = |arguments: &[&str]| Command::new("rustup").args(arguments).output();
    let installed = rustup(&["toolchain", "list"])
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(OLDEST));
    if installed {
        cargo(&[&format!("+{OLDEST}"), "check", "--locked", "--package", "keyward"], "msrv")?;
        println!("msrv_built: 1");
        return Ok(());
    }
    println!(
        "NOT BUILT with Rust {OLDEST}, which is not installed: rustup toolchain install {OLDEST}"
    );
    println!("Checked instead: no part of std or core that is newer, no newer dependency.\n");
    let lint = ["clippy", "--locked", "--package", "keyward", "--lib", "--", "-D"];
    cargo(&[&lint[..], &["clippy::incompatible_msrv"]].concat(), "msrv")?;
    let tree = Command::new("cargo")
        .args(["tree", "--locked", "--package", "keyward", "--edges", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .map_err(|error| error.to_string())?;
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    let mut crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    crates.sort_unstable();
    crates.dedup();
    let metadata = Command::new("cargo")
        .args(["metadata", "--locked", "--format-version", "1"])
        .output()
        .map_err(|error| error.to_string())?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.stdout).map_err(|error| error.to_string())?;
    let mut checked = 0;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (name, promised) = (package["name"].as_str(), package["rust_version"].as_str());
        if !name.is_some_and(|name| crates.contains(&name)) {
            continue;
        }
        checked += 1;
        if promised.is_some_and(|version| number(version) > number(OLDEST)) {
            return Err(format!("{name:?} needs Rust {promised:?}"));
        }
    }
    println!("dependencies_checked: {checked}");
    println!("msrv_built: 0");
    Ok(())
}

fn number(version: &str) -> Vec<u32> {
    version.split('.').take(2).filter_map(|part| part.parse().ok()).collect()
}

fn cargo(arguments: &[&str], target: &str) -> Result<(), String> {
    let status = Command::new("cargo")
        .args(arguments)
        .env("CARGO_TARGET_DIR", format!("target/{target}"))
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("cargo {}", arguments.join(" "))) }
}
