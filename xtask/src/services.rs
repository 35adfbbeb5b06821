//! What the back end does under fire and under load: builds its examples of these names, and runs
//! them. Each tells its arguments in its `main.rs`; with `--dev` before them it is built as for the
//! tests, and what it measures tells nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

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

/// The arguments without `--dev`, and whether it was among them.
pub fn dev(arguments: &[String]) -> (Vec<String>, bool) {
    let others: Vec<_> = arguments.iter().filter(|word| *word != "--dev").cloned().collect();
    let dev = others.len() < arguments.len();
    (others, dev)
}

/// Builds a program of a package, and tells where it is: for measuring, or with `dev` along with the
/// tests of the workspace, which takes nothing where they were built.
pub fn built(package: &str, target: [&str; 2], path: &str, dev: bool) -> Result<PathBuf, String> {
    let mut build = Command::new("cargo");
    let folder = match dev {
        // Programs and examples are built with the tests: by another command with other features.
        true => {
            build.args(["test", "--no-run", "--workspace"]);
            "debug"
        }
        false => {
            build.args(["build", "--release", "--package", package]).args(target);
            "release"
        }
    };
    let built = build.args(["--quiet", "--locked"]).status().map_err(|error| error.to_string())?;
    if !built.success() {
        return Err(format!("{package} doesn't build"));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let program = target.join(folder).join(path);
    fs::canonicalize(&program).map_err(|error| format!("{}: {error}", program.display()))
}
