//! How much of the core is reached by its tests, and by commands that compare it with a model or break
//! what it stands on, by LLVM's regions.
//!
//! A region counts once, however many instances of a generic function it is in. Unit tests don't
//! count, nor does `seam.rs`, which is for tests alone. Where rustup has no LLVM tools, Debian's of the compiler's version will do:
//! `apt-get install llvm-22`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::toolchain::{clean, root, text};

/// The least part of all regions, in percent.
const LEAST: f64 = 98.0;

/// What is run beside the tests.
const COMMANDS: [&[&str]; 6] = [
    &["corrupt", "--images", "4000"],
    &["evasion", "--runs", "100"],
    &["faults", "--stride", "40"],
    &["model", "trust", "--steps", "4000"],
    &["model", "tables", "--steps", "4000"],
    &["power-cut", "--stride", "512", "--nested-stride", "1021"],
];

/// Prints each file's regions, those that no test reaches with `--missed`, and the whole.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let missed = match arguments {
        [] => false,
        [word] if word == "--missed" => true,
        _ => return Err("usage: cargo xtask coverage [--missed]".into()),
    };
    let report = root().join("target/coverage.json");
    measure(&report)?;
    let report = fs::read_to_string(report).map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_str(&report).map_err(|error| error.to_string())?;
    let files = regions(&report).ok_or("a report of another form")?;
    let (mut all, mut reached) = (0, 0);
    println!("{:32} {:>7} {:>7} {:>8}", "file", "regions", "missed", "percent");
    for (file, regions) in &files {
        let open: Vec<_> = regions.iter().filter(|(_, count)| **count == 0).collect();
        let hit = regions.len() - open.len();
        println!("{file:32} {:7} {:7} {:8.2}", regions.len(), open.len(), part(hit, regions.len()));
        for ((line, column, ..), _) in open.iter().filter(|_| missed) {
            println!("    {file}:{line}:{column}");
        }
        (all, reached) = (all + regions.len(), reached + hit);
    }
    println!("regions: {all}\nreached: {reached}\npercent: {:.2}", part(reached, all));
    match part(reached, all) >= LEAST {
        true => Ok(()),
        false => Err(format!("less than {LEAST} % of the core's regions are reached")),
    }
}

fn part(some: usize, all: usize) -> f64 {
    some as f64 * 100.0 / all.max(1) as f64
}

fn measure(report: &Path) -> Result<(), String> {
    if text(Command::new("cargo").args(["llvm-cov", "--version"])).is_none() {
        let status = Command::new("cargo").args(["install", "--locked", "cargo-llvm-cov"]).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err("cargo-llvm-cov can't be had".into());
        }
    }
    llvm_cov(&["clean", "--workspace"])?;
    llvm_cov(&["--no-report", "--locked", "--package", "keyward", "--lib", "--tests"])?;
    for command in COMMANDS {
        let run = ["run", "--no-report", "--locked", "--package", "xtask", "--"];
        llvm_cov(&[&run, command].concat())?;
    }
    let report = report.to_str().ok_or("a folder without a name")?;
    llvm_cov(&["report", "--json", "--output-path", report])
}

fn llvm_cov(arguments: &[&str]) -> Result<(), String> {
    let mut command = clean("cargo");
    command.arg("llvm-cov").args(arguments);
    if let Some((cov, profdata)) = debians() {
        command.env("CARGO_LLVM_COV_SETUP", "no");
        command.env("LLVM_COV", cov).env("LLVM_PROFDATA", profdata);
    }
    let status = command.status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("cargo llvm-cov {arguments:?}: {status}")) }
}

/// Debian's tools of the LLVM that the compiler has.
fn debians() -> Option<(PathBuf, PathBuf)> {
    let version = text(Command::new("rustc").arg("-vV"))?;
    let major = version.split("LLVM version: ").nth(1)?.split('.').next()?.trim().to_owned();
    let tool = |name: &str| Path::new("/usr/bin").join(format!("{name}-{major}"));
    let tools = (tool("llvm-cov"), tool("llvm-profdata"));
    (tools.0.exists() && tools.1.exists()).then_some(tools)
}

/// Where a region begins and ends: lines and columns.
type Place = (u64, u64, u64, u64);

/// The core's regions by file, and how often each was reached.
fn regions(report: &Value) -> Option<BTreeMap<String, BTreeMap<Place, u64>>> {
    let core = root().join("src").canonicalize().ok()?;
    let mut files = BTreeMap::<String, BTreeMap<Place, u64>>::new();
    for function in report["data"][0]["functions"].as_array()? {
        // A mangled name has each part with its length before it.
        if function["name"].as_str()?.contains("5tests") {
            continue;
        }
        let names = function["filenames"].as_array()?;
        for region in function["regions"].as_array()? {
            let number = |place: usize| region[place].as_u64();
            let file = names.get(usize::try_from(number(5)?).ok()?)?.as_str()?;
            let Ok(file) = Path::new(file).strip_prefix(&core) else { continue };
            // Of code, neither skipped nor a gap.
            if number(7)? != 0 || file == Path::new("seam.rs") {
                continue;
            }
            let place = (number(0)?, number(1)?, number(2)?, number(3)?);
            let of_file = files.entry(file.display().to_string()).or_default();
            *of_file.entry(place).or_default() += number(4)?;
        }
    }
    Some(files)
}
