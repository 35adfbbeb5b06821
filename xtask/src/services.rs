//! What the back end does under fire and under load: builds its examples of these names, and runs
//! them. Each tells its arguments in its `main.rs`.

use std::process::Command;

/// Four verifiers and their store are killed: `backend/examples/fleet`.
pub fn fleet(arguments: &[String]) -> Result<(), String> {
    example("fleet", arguments)
}

/// Many companies and their couriers: `backend/examples/load`.
pub fn load(arguments: &[String]) -> Result<(), String> {
    example("load", arguments)
}

fn example(name: &str, arguments: &[String]) -> Result<(), String> {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--locked", "--package", "keyward-backend"])
        .args(["--example", name, "--"])
        .args(arguments)
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the {name}")) }
}
