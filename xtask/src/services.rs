//! What the back end does under fire and under load: builds its examples of these names, and runs
//! them. Each tells its arguments in its `main.rs`; with `--dev` before them it is built as for the
//! tests, and what it measures tells nothing.

use std::process::Command;

use crate::programs::{built, dev};

/// Four verifiers and their store are killed: `backend/examples/fleet`.
pub fn fleet(arguments: &[String]) -> Result<(), String> {
    example("fleet", arguments)
}

/// Many companies and their couriers: `backend/examples/load`.
pub fn load(arguments: &[String]) -> Result<(), String> {
    example("load", arguments)
}

fn example(name: &str, arguments: &[String]) -> Result<(), String> {
    let (arguments, dev) = dev(arguments);
    let program = built("keyward-backend", ["--example", name], &format!("examples/{name}"), dev)?;
    let status = Command::new(program).args(arguments).status();
    let status = status.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the {name}")) }
}
