//! Programs of the workspace that a command runs: built for measuring, or as the tests have them.

use std::{env, fs, path::PathBuf, process::Command};

use crate::toolchain::root;

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
    let target = env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root().join("target"), PathBuf::from);
    let program = target.join(folder).join(path);
    fs::canonicalize(&program).map_err(|error| format!("{}: {error}", program.display()))
}
