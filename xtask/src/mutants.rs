//! Breaks the core in every small way, by cargo-mutants: for each a test must fail.
//!
//! Each mutant is first tried by tests of seconds, and what they let through by all tests of the
//! core. A run that ends early goes on where it ended. What was found stands in `audit/mutants.txt`:
//! of each file how many mutants there were and at which commit, those that no test sees (`!`), and
//! by hand those that nobody could see, with the reason (`=`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::toolchain::{clean, root, text};

/// Tests that take seconds altogether.
const QUICK: [&str; 33] = [
    "attacks",
    "awaited",
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
    "unready",
    "window",
    "words",
];
const RECORD: &str = "audit/mutants.txt";
const SECONDS: &str = "120";

/// Runs the mutants of the files that are named, or of all that `src` has; fails where one was seen
/// by no test and isn't told to be equivalent.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let files: Vec<&str> = match arguments {
        [] => vec!["src/**/*.rs"],
        named => named.iter().map(String::as_str).collect(),
    };
    if text(Command::new("cargo").args(["mutants", "--version"])).is_none() {
        let status = Command::new("cargo").args(["install", "--locked", "cargo-mutants"]).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err("cargo-mutants can't be had".into());
        }
    }
    let quick = QUICK.iter().flat_map(|test| ["--test", test]);
    try_by(&files, &quick.chain(["--lib"]).collect::<Vec<_>>())?;
    let missed = try_by(&files, &["--lib", "--tests"])?;
    let listed = text(mutants(&files).args(["--list", "--line-col=false"]));
    let listed = listed.ok_or("cargo mutants --list fails")?;
    record(&listed, &missed)
}

/// Tries all mutants that weren't caught yet; those that are not caught now.
fn try_by(files: &[&str], tests: &[&str]) -> Result<Vec<String>, String> {
    let mut command = mutants(files);
    command
        .args(["--iterate", "--baseline", "skip", "--timeout", SECONDS, "--no-times"])
        .args(["--output", "target", "--", "--locked", "--package", "keyward"])
        .args(tests)
        // Frames of code that isn't optimised are large; few cases of each property suffice here.
        .envs([("RUST_MIN_STACK", "16777216"), ("PROPTEST_CASES", "16")]);
    let status = command.status().map_err(|error| error.to_string())?;
    // 0: all caught; 2: some were missed; 3: some took too long, and are caught by that.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo mutants: {status}"));
    }
    let missed = fs::read_to_string(root().join("target/mutants.out/missed.txt"));
    Ok(missed.unwrap_or_default().lines().map(str::to_owned).collect())
}

fn mutants(files: &[&str]) -> Command {
    let mut command = clean("cargo");
    command.args(["mutants", "--colors", "never"]);
    command.args(files.iter().flat_map(|file| ["--file", file]));
    command
}

/// Writes down what was found of each file, and judges it.
fn record(listed: &str, missed: &[String]) -> Result<(), String> {
    let path = root().join(RECORD);
    let before = read(&path)?;
    let file = |line: &str| line.split(':').next().unwrap_or(line).to_owned();
    let mut counts = BTreeMap::<String, usize>::new();
    listed.lines().for_each(|line| *counts.entry(file(line)).or_default() += 1);
    let equivalent: BTreeSet<&str> = before
        .lines()
        .filter_map(|line| line.strip_prefix("= "))
        .filter_map(|line| line.split(" | ").next())
        .collect();
    let commit = text(clean("git").args(["rev-parse", "--short", "HEAD"])).unwrap_or_default();
    let (mut lines, mut open) = (Vec::new(), Vec::new());
    let (mut all, mut same) = (0, 0);
    for (name, count) in &counts {
        let of_file: Vec<_> = missed.iter().filter(|line| file(line) == *name).collect();
        let (known, unseen): (Vec<_>, Vec<_>) =
            of_file.into_iter().partition(|line| equivalent.contains(&*without_place(line)));
        lines.push(format!(
            "{name} | {} | {count} | {} | {} | {}",
            commit.trim(),
            count - known.len() - unseen.len(),
            known.len(),
            unseen.len(),
        ));
        lines.extend(unseen.iter().map(|line| format!("! {line}")));
        (all, same) = (all + count, same + known.len());
        open.extend(unseen.into_iter().cloned());
    }
    let ran = |line: &str| {
        let name = line.trim_start_matches("! ");
        counts.keys().any(|file| name.starts_with(file.as_str()))
    };
    let kept = before.lines().filter(|line| line.starts_with(['#', '=']) || !ran(line));
    let text: Vec<String> = kept.map(str::to_owned).chain(lines).collect();
    fs::write(&path, text.join("\n") + "\n").map_err(|error| error.to_string())?;
    println!("mutants: {all}\ncaught: {}\nequivalent: {same}", all - same - open.len());
    match open.is_empty() {
        true => Ok(()),
        false => Err(format!("seen by no test:\n{}", open.join("\n"))),
    }
}

/// A mutant's name without line and column, which move.
fn without_place(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    let (file, rest) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    format!("{file}:{rest}")
}

fn read(path: &PathBuf) -> Result<String, String> {
    match Path::new(path).exists() {
        true => fs::read_to_string(path).map_err(|error| error.to_string()),
        false => Ok("# file | commit | mutants | caught | equivalent | seen by no test\n".into()),
    }
}
