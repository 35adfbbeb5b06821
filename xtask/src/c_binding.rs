//! The C binding: its misuses and keyward's vectors by C programs, under sanitizers, on an emulated
//! board, and the module for Zephyr against stubs. `bindings/c/README.md` explains it.

mod board;
mod zephyr;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keyward_testkit::flat::{CAPACITY, Flat};

use crate::toolchain::{clean, install, root, text};

const USAGE: &str = "usage: cargo xtask c-binding [rustup|debian] [--header]";

/// Where the binding is.
const BINDING: &str = "bindings/c";

/// Warnings are errors, for the library's users see them too.
const STRICT: [&str; 5] = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"];

const SANITIZED: [&str; 4] =
    ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The tests' sources, wherever they run. `stays` is the board of `door`.
const TESTS: [&str; 8] =
    ["host", "misuse", "brought", "clock", "signature", "door", "stays", "vectors"];

/// Builds and runs all of it.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (mut toolchain, mut header) = (None, false);
    for argument in arguments {
        match argument.as_str() {
            "--header" => header = true,
            "rustup" | "debian" => toolchain = Some(argument.as_str()),
            _ => return Err(USAGE.into()),
        }
    }
    let folder = root().join("target/c-binding");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    fresh_header(&folder, header)?;
    let flat = Flat::all();
    for name in &flat.left_out {
        println!("left out: {name}");
    }
    let cases = folder.join("vectors.bin");
    fs::write(&cases, &flat.bytes).map_err(|error| error.to_string())?;
    let mut told = hosted(&folder, &cases)?;
    told.add(board::run(toolchain, &folder)?);
    told.add(zephyr::run(&folder)?);
    println!("runs: {}", told.runs);
    println!("misuses: {}", told.misuses);
    println!("vectors: {}", told.vectors);
    println!("failures: {}", told.failures);
    let is_whole = told.vectors == flat.cases && told.runs > 0;
    match told.failures {
        0 if is_whole => Ok(()),
        0 => Err(format!("{} of {} vectors were run", told.vectors, flat.cases)),
        failures => Err(format!("{failures} failures")),
    }
}

/// What the programs have told: the vectors of each run are the same, and counted once.
#[derive(Debug, Default)]
struct Told {
    runs: usize,
    misuses: usize,
    vectors: usize,
    failures: usize,
}

impl Told {
    /// What a program printed. One that dies has failed, whatever it printed before.
    fn of(what: &str, command: &mut Command) -> Result<Self, String> {
        let output = command.output().map_err(|error| format!("{what}: {error}"))?;
        // What a board says by semihosting comes out as errors.
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        let number = |name: &str| {
            let lines = printed.lines().filter_map(|line| line.strip_prefix(name));
            let numbers = lines.filter_map(|line| line.strip_prefix(": ")?.parse::<usize>().ok());
            numbers.reduce(|sum, number| sum + number)
        };
        let failures = number("failures");
        if !output.status.success() || failures != Some(0) {
            print!("{printed}");
        }
        let died = usize::from(!output.status.success() && failures.is_none_or(|told| told == 0));
        let told = Self {
            runs: 1,
            misuses: number("misuses").unwrap_or(0),
            vectors: number("vectors").unwrap_or(0),
            failures: failures.unwrap_or(1).max(died),
        };
        println!(
            "{what}: {} misuses, {} vectors, {} failures",
            told.misuses, told.vectors, told.failures
        );
        Ok(told)
    }

    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.misuses = self.misuses.max(other.misuses);
        self.vectors = self.vectors.max(other.vectors);
        self.failures += other.failures;
    }
}

/// The capacities that the vectors want, for the library and for the C side.
fn capacities() -> [(&'static str, String); 2] {
    [("KW_COUNTS", CAPACITY.0.to_string()), ("KW_LANES", CAPACITY.1.to_string())]
}

fn defines() -> Vec<String> {
    let defined = capacities().map(|(name, value)| format!("-D{name}={value}"));
    defined.into_iter().chain(["-DKW_VECTORS".into()]).collect()
}

/// Runs both programs by each compiler of this machine.
fn hosted(folder: &Path, cases: &Path) -> Result<Told, String> {
    let target = folder.join("host");
    let mut cargo = clean("cargo");
    cargo.current_dir(root().join(BINDING)).env("CARGO_TARGET_DIR", &target);
    cargo.args(["build", "--locked", "--release", "--features", "std,vectors"]);
    succeeds(cargo.envs(capacities()))?;
    let library = target.join("release/libkeyward_c.a");
    let mut told = Told::default();
    for compiler in ["gcc", "clang"] {
        if !has(compiler) {
            println!("Installing {compiler} with apt-get.");
            let _tried = install(&[compiler, "libc6-dev", "libclang-rt-14-dev"]);
        }
        if !has(compiler) {
            println!("SKIPPED: NOTHING IS BUILT BY {compiler}, which can't be had.");
            continue;
        }
        let program = folder.join(format!("hosted-{compiler}"));
        let sources = ["hosted"].into_iter().chain(TESTS).map(source);
        let mut build = clean(compiler);
        build.args(STRICT).args(SANITIZED).args(defines()).args(includes()).args(sources);
        succeeds(build.arg(&library).arg("-o").arg(&program))?;
        told.add(Told::of(&format!("{compiler}, misuse"), clean(&program).arg("misuse"))?);
        let run =
            Told::of(&format!("{compiler}, vectors"), clean(&program).arg("vectors").arg(cases))?;
        told.add(run);
    }
    Ok(told)
}

/// The committed header is what cbindgen makes of the sources, where cbindgen is.
fn fresh_header(folder: &Path, write: bool) -> Result<(), String> {
    if !has("cbindgen") {
        println!("SKIPPED: THE HEADER IS NOT COMPARED: `cargo install --locked cbindgen`.");
        return Ok(());
    }
    let committed = root().join(BINDING).join("include/keyward.h");
    let made = if write { committed.clone() } else { folder.join("keyward.h") };
    let mut cbindgen = clean("cbindgen");
    cbindgen.current_dir(root().join(BINDING));
    cbindgen.args(["--quiet", "--config", "cbindgen.toml", "--output"]).arg(&made).arg(".");
    succeeds(&mut cbindgen)?;
    let read = |path: &Path| fs::read(path).map_err(|error| error.to_string());
    match read(&made)? == read(&committed)? {
        true => Ok(()),
        false => Err("include/keyward.h is old: `cargo xtask c-binding --header`".into()),
    }
}

fn includes() -> [String; 2] {
    ["include", "tests"].map(|folder| format!("-I{}", root().join(BINDING).join(folder).display()))
}

fn source(name: &str) -> PathBuf {
    root().join(BINDING).join("tests").join(format!("{name}.c"))
}

fn has(program: &str) -> bool {
    text(clean(program).arg("--version")).is_some()
}

/// Runs a command that must succeed.
fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}
