//! Breaks the core in every small way: for each a test must fail.
//!
//! What the mutants are cargo-mutants says. Most are tried by one build that has each behind a
//! switch, and what no switch can hold by the unit tests (`audit/mutants`). What no test saw there
//! cargo-mutants builds and tries by itself, first by a few tests, then by slower ones, at last by
//! all of the core. A run that ends early goes on where it ended, unless sources or tests have
//! changed. What was found stands in `audit/mutants.txt` (see `record`).

mod record;
mod verdicts;

use std::{fs, process::Command};

use crate::toolchain::{clean, root, text};
use record::Mutant;
use verdicts::Verdicts;

/// Tests that take seconds altogether.
const QUICK: [&str; 35] = [
    "attacks",
    "awaited",
    "believed",
    "checked",
    "counts",
    "denials",
    "domain",
    "encoders",
    "errors",
    "garbled",
    "handle",
    "hpke",
    "inspect",
    "kept",
    "keys",
    "life",
    "lock",
    "malformed",
    "musts",
    "odd_orders",
    "receipts",
    "restart",
    "ring",
    "seal",
    "sealed_door",
    "shared_door",
    "strict",
    "text",
    "thieves",
    "trust",
    "undrafted",
    "unkept",
    "unready",
    "window",
    "words",
];
/// Those of the quick ones that catch most, linked in a few seconds.
const FIRST: [&str; 3] = ["attacks", "awaited", "lock"];
/// Those that take ten seconds each, and see nearly all that the quick ones don't.
const SLOWER: [&str; 4] = ["chains", "faults", "foretell", "journal"];
/// What takes longer hangs: many times what the tests take, of each of these lists, and of all.
const SECONDS: [&str; 4] = ["60", "120", "600", "1800"];

/// Runs the mutants of the files that are named, or of all that `src` has; fails where one was seen
/// by no test and isn't told to be equivalent. `--apart` builds each by itself, with no switches.
/// `--listed` tries none: it fails where the record has one that was not caught, or speaks of a line
/// that is not there.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (options, named): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with("--"));
    let apart = match options[..] {
        ["--listed"] if named.is_empty() => return record::listed(),
        ["--apart"] => true,
        [] => false,
        _ => return Err("usage: cargo xtask mutants [--listed | [--apart] FILE...]".into()),
    };
    let files = if named.is_empty() { vec!["src/**/*.rs"] } else { named };
    if text(Command::new("cargo").args(["mutants", "--version"])).is_none() {
        let status = Command::new("cargo").args(["install", "--locked", "cargo-mutants"]).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err("cargo-mutants can't be had".into());
        }
    }
    let listed = text(mutants(&files).args(["--list", "--json"]));
    let listed = listed.ok_or("cargo mutants --list fails")?;
    let before = record::read()?;
    // What nobody could see is not tried.
    let (same, others): (Vec<_>, Vec<_>) =
        Mutant::all(&listed)?.into_iter().partition(|mutant| mutant.is_among(&before));
    let verdicts = Verdicts::of_what_is_here(&same)?;
    verdicts.gather()?;
    if !apart {
        switched(&listed, &verdicts)?;
    }
    let [first, quick, slower] = [&FIRST[..], &QUICK, &SLOWER].map(|tests| {
        let tests = tests.iter().flat_map(|test| ["--test", test]);
        tests.chain(["--lib"]).collect::<Vec<_>>()
    });
    let all = vec!["--lib", "--tests"];
    for (seconds, tests) in SECONDS.into_iter().zip([first, quick, slower, all]) {
        try_by(&files, &verdicts, seconds, &tests)?;
    }
    if !verdicts.are_of_what_is_here() {
        return Err("sources or tests were edited meanwhile: begin anew".into());
    }
    record::write(&before, &same, &others, &verdicts.all())
}

/// Tries those of a list that a switch can hold.
fn switched(listed: &str, verdicts: &Verdicts) -> Result<(), String> {
    let list = root().join("target/mutants/list.json");
    fs::write(&list, listed).map_err(|error| error.to_string())?;
    let mut command = clean("cargo");
    command.args(["run", "--release", "--locked", "--package", "keyward-mutants", "--"]);
    match command.arg(&list).arg(verdicts.path()).args(QUICK).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("keyward-mutants: {status}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Tries all mutants that have no verdict yet, each built by itself.
fn try_by(
    files: &[&str],
    verdicts: &Verdicts,
    seconds: &str,
    tests: &[&str],
) -> Result<(), String> {
    verdicts.tell()?;
    let mut command = mutants(files);
    command
        // Where a test fails anyway, each mutant would seem to be caught: it tries them first.
        .args(["--iterate", "--timeout", seconds, "--no-times"])
        .args(["--output", "target", "--", "--locked", "--package", "keyward"])
        .args(tests)
        // Frames of code that isn't optimised are large; few cases of each property suffice here.
        .envs([("RUST_MIN_STACK", "16777216"), ("PROPTEST_CASES", "16")])
        // What the core is built with is built once, not for each pass.
        .env("CARGO_TARGET_DIR", root().join("target/mutants/apart"));
    let status = command.status().map_err(|error| error.to_string())?;
    // 0: all caught; 2: some were missed; 3: some took too long.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo mutants: {status}"));
    }
    verdicts.gather()
}

fn mutants(files: &[&str]) -> Command {
    let mut command = clean("cargo");
    command.args(["mutants", "--colors", "never"]);
    command.args(files.iter().flat_map(|file| ["--file", file]));
    command
}
