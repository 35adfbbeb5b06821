//! Builds mutants one by one, with the core's own unit tests and nothing else.
//!
//! The tests in `tests/` need packages that depend on the core, and building those anew is most of
//! what a mutant costs. The unit tests need none of them: they say what constants must be.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    mutant::Mutant,
    run::{self, Outcome, Verdicts},
    tree,
};

/// Where the core stands by itself, from the root.
const TREE: &str = "target/mutants/alone";
/// What the unit tests hold constants against.
const SPECIFICATION: &str = "SPEC.md";
/// What a unit test takes at most, many times over.
const LONGEST: Duration = Duration::from_secs(60);

/// Tries some; what no unit test sees gets no verdict here.
pub fn all(mutants: &[Mutant], todo: &[usize], verdicts: &Verdicts) -> Result<(), String> {
    copied()?;
    if !matches!(outcome()?, Tried::By(Outcome::Passed)) {
        return Err("the unit tests don't hold as they are".into());
    }
    let mut passed = 0;
    for (count, number) in todo.iter().enumerate() {
        if count % 50 == 0 {
            println!("alone: {count} of {}, {passed} of them passed", todo.len());
        }
        let mutant = &mutants[*number];
        let source = fs::read_to_string(&mutant.file).map_err(|error| error.to_string())?;
        let place = Path::new(TREE).join(&mutant.file);
        tree::write(&place, mutant.changed(&source).as_bytes())?;
        let tried = outcome();
        tree::write(&place, source.as_bytes())?;
        match tried? {
            Tried::NotCompiling => {
                verdicts.write("unviable", &mutant.name, "alone: the compiler")?
            }
            Tried::By(Outcome::Failed(by)) => {
                verdicts.write("caught", &mutant.name, &format!("alone: {by}"))?;
            }
            Tried::By(Outcome::Hung) => verdicts.write("timeout", &mutant.name, "alone: time")?,
            Tried::By(Outcome::Passed) => passed += 1,
        }
    }
    println!("alone: {passed} of {} passed", todo.len());
    Ok(())
}

enum Tried {
    NotCompiling,
    By(Outcome),
}

/// Copies the core, and what its manifest names, without the packages that depend on it.
fn copied() -> Result<(), String> {
    let manifest = fs::read_to_string("Cargo.toml").map_err(|error| error.to_string())?;
    let is_other = |line: &&str| line.starts_with("keyward-") || line.starts_with("members = ");
    let manifest: String =
        manifest.lines().filter(|line| !is_other(line)).map(|line| format!("{line}\n")).collect();
    tree::write(&Path::new(TREE).join("Cargo.toml"), manifest.as_bytes())?;
    let lock = Path::new(TREE).join("Cargo.lock");
    if !lock.exists() {
        fs::copy("Cargo.lock", lock).map_err(|error| error.to_string())?;
    }
    let mut files = vec![PathBuf::from(SPECIFICATION)];
    for folder in ["src", "benches"] {
        files.extend(tree::files(Path::new(folder))?);
    }
    for file in files {
        let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        tree::write(&Path::new(TREE).join(&file), &bytes)?;
    }
    Ok(())
}

/// Builds the unit tests as the sources are, and runs them.
fn outcome() -> Result<Tried, String> {
    let mut command = Command::new("cargo");
    command.current_dir(TREE).env("RUSTFLAGS", "--cap-lints=warn");
    command.env("CARGO_TARGET_DIR", "../build");
    command.args(["test", "--offline", "--profile", "mutants", "--package", "keyward", "--lib"]);
    let output = command.args(["--no-run", "--message-format=json"]).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let is_of_the_core = crate::compile::messages(&output.stdout)
            .iter()
            .any(|message| message["message"]["level"] == "error");
        return match is_of_the_core {
            true => Ok(Tried::NotCompiling),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        };
    }
    let built = crate::compile::messages(&output.stdout);
    let program = built.iter().find_map(|message| message["executable"].as_str());
    let program = PathBuf::from(program.ok_or("no unit tests were built")?);
    Ok(Tried::By(run::tried(&program, Path::new(TREE), None, LONGEST)?))
}
