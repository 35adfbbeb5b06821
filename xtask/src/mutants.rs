//! Breaks the core in every small way, by cargo-mutants: for each a test must fail.
//!
//! Each mutant is first tried by tests of seconds, and what they let through by all tests of the
//! core. A run that ends early goes on where it ended, unless sources or tests have changed. What was found stands in `audit/mutants.txt`:
//! of each file how many mutants there were and at which commit, those that no test sees (`!`), and
//! by hand those that nobody could see, with the reason (`=`), which are not tried: named by what
//! they replace, the line and the place within it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::toolchain::{clean, root, text};

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
const RECORD: &str = "audit/mutants.txt";
/// What takes longer hangs: many times what the tests take, the quick ones and all.
const SECONDS: [&str; 2] = ["120", "1800"];

/// Runs the mutants of the files that are named, or of all that `src` has; fails where one was seen
/// by no test and isn't told to be equivalent. `--listed` tries none: it fails where the record has
/// one that was not caught, or speaks of a line that is not there.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let files: Vec<&str> = match arguments {
        [only] if only == "--listed" => return listed(),
        [] => vec!["src/**/*.rs"],
        named => named.iter().map(String::as_str).collect(),
    };
    if text(Command::new("cargo").args(["mutants", "--version"])).is_none() {
        let status = Command::new("cargo").args(["install", "--locked", "cargo-mutants"]).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err("cargo-mutants can't be had".into());
        }
    }
    let listed = text(mutants(&files).arg("--list")).ok_or("cargo mutants --list fails")?;
    let before = read(&root().join(RECORD))?;
    let listed = listed.lines().map(Mutant::of).collect::<Result<Vec<_>, _>>()?;
    let (same, others): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|mutant| mutant.is_among(&before));
    // Where a test fails anyway, each mutant would seem to be caught.
    let baseline = ["test", "--quiet", "--locked", "--package", "keyward", "--lib", "--tests"];
    if !clean("cargo").args(baseline).status().is_ok_and(|status| status.success()) {
        return Err("the tests of the core don't hold as it is".into());
    }
    forget_others()?;
    let quick = QUICK.iter().flat_map(|test| ["--test", test]);
    try_by(&files, &same, SECONDS[0], &quick.chain(["--lib"]).collect::<Vec<_>>())?;
    let mut missed = try_by(&files, &same, SECONDS[1], &["--lib", "--tests"])?;
    // cargo-mutants 27 tries fields that are left out of an expression, though it is told not to.
    missed.retain(|name| same.iter().all(|mutant| mutant.name != *name));
    record(&before, &same, &others, &missed)
}

/// Forgets what was found of other sources, or by other tests: a verdict is of what was tried.
fn forget_others() -> Result<(), String> {
    let git = |arguments: &[&str]| text(clean("git").args(arguments)).unwrap_or_default();
    let parts = ["src", "tests", "testkit", "Cargo.lock"];
    let held = git(&["ls-tree", "HEAD", parts[0], parts[1], parts[2], parts[3]]);
    let edited = git(&[&["diff", "HEAD", "--"][..], &parts].concat());
    let of = format!("{held}\n{edited}");
    let (marker, out) = (root().join("target/mutants.of"), root().join("target/mutants.out"));
    if fs::read_to_string(&marker).is_ok_and(|before| before == of) {
        return Ok(());
    }
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| error.to_string())?;
    }
    fs::write(&marker, of).map_err(|error| error.to_string())
}

/// Whether the record still fits what it speaks of.
fn listed() -> Result<(), String> {
    let record = read(&root().join(RECORD))?;
    let (mut all, mut stale, mut changed) = ([0; 3], Vec::new(), Vec::new());
    for line in record.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split(" | ").collect();
        let file = fields[0].trim_start_matches(['=', '!', ' ']).split(':').next();
        let source = fs::read_to_string(root().join(file.unwrap_or_default()));
        let source = source.map_err(|error| format!("{line}: {error}"))?;
        match (line.as_bytes().first(), fields.as_slice()) {
            (Some(b'='), _) if is_there(line, &source) => {}
            (Some(b's'), [file, commit, counts @ ..]) => {
                // Of a clone without its history nobody can tell.
                let arguments = ["diff", "--quiet", commit, "--", file];
                if clean("git").args(arguments).status().is_ok_and(|is| is.code() == Some(1)) {
                    changed.push(*file);
                }
                for (sum, count) in all.iter_mut().zip(counts) {
                    *sum += count.parse::<usize>().map_err(|error| format!("{line}: {error}"))?;
                }
            }
            _ => stale.push(line),
        }
    }
    let [mutants, caught, equivalent] = all;
    println!("mutants: {mutants}\ncaught: {caught}\nequivalent: {equivalent}");
    println!("changed since they were tried: {} files {}", changed.len(), changed.join(" "));
    match stale.is_empty() {
        true => Ok(()),
        false => Err(format!("open, or of a line that is gone:\n{}", stale.join("\n"))),
    }
}

/// Whether a source has the line that a record of an equivalent quotes: behind what is replaced and
/// the place within the line, before the reason.
fn is_there(record: &str, source: &str) -> bool {
    let is_place = |text: &str| text.parse::<usize>().is_ok();
    let mut behind = record.match_indices(" | ").map(|(at, bar)| &record[at + bar.len()..]);
    let quoted = behind.find_map(|rest| {
        rest.split_once(": ").filter(|(place, _)| is_place(place)).map(|(_, quoted)| quoted)
    });
    let Some(quoted) = quoted else { return false };
    source
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .any(|line| quoted.strip_prefix(line).is_some_and(|rest| rest.starts_with(" | ")))
}

/// A mutant: its name, and what it replaces where.
struct Mutant {
    name: String,
    file: String,
    /// The name without line and column, which move, and the line with the place in it.
    key: String,
}

impl Mutant {
    /// One by its name: file, line, column and what it does.
    fn of(name: &str) -> Result<Self, String> {
        let strange = || format!("{name}: no name of a mutant");
        let mut parts = name.splitn(4, ':');
        let file = parts.next().ok_or_else(strange)?.to_owned();
        let mut number = || parts.next()?.parse::<usize>().ok()?.checked_sub(1);
        let (line, column) = number().zip(number()).ok_or_else(strange)?;
        let what = parts.next().ok_or_else(strange)?.trim();
        let source = fs::read_to_string(root().join(&file)).map_err(|error| error.to_string())?;
        let line = source.lines().nth(line).ok_or_else(strange)?;
        let indent = line.len() - line.trim_start().len();
        let place = column.saturating_sub(indent);
        let key = format!("{file}: {what} | {place}: {}", line.trim());
        Ok(Self { name: name.to_owned(), file, key })
    }

    /// Whether a record says that nobody could see it.
    fn is_among(&self, record: &str) -> bool {
        let same = record.lines().filter_map(|line| line.strip_prefix("= "));
        let mut keys = same.filter_map(|line| line.strip_prefix(&self.key));
        keys.any(|rest| rest.starts_with(" | "))
    }
}

/// Tries all mutants that weren't caught yet; those that are not caught now.
fn try_by(
    files: &[&str],
    same: &[Mutant],
    seconds: &str,
    tests: &[&str],
) -> Result<Vec<String>, String> {
    let mut command = mutants(files);
    for mutant in same {
        command.args(["--exclude-re", &format!("^{}$", escaped(&mutant.name))]);
    }
    command
        .args(["--iterate", "--baseline", "skip", "--timeout", seconds, "--no-times"])
        .args(["--output", "target", "--", "--locked", "--package", "keyward"])
        .args(tests)
        // Frames of code that isn't optimised are large; few cases of each property suffice here.
        .envs([("RUST_MIN_STACK", "16777216"), ("PROPTEST_CASES", "16")]);
    let status = command.status().map_err(|error| error.to_string())?;
    // 0: all caught; 2: some were missed; 3: some took too long.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo mutants: {status}"));
    }
    let out = |list: &str| root().join("target/mutants.out").join(list);
    let listed = |list| fs::read_to_string(out(list)).unwrap_or_default();
    // What hangs is caught by that, and is not tried again.
    let caught = [listed("caught.txt"), listed("timeout.txt")].concat();
    fs::write(out("caught.txt"), caught).map_err(|error| error.to_string())?;
    Ok(listed("missed.txt").lines().map(str::to_owned).collect())
}

fn mutants(files: &[&str]) -> Command {
    let mut command = clean("cargo");
    command.args(["mutants", "--colors", "never"]);
    command.args(files.iter().flat_map(|file| ["--file", file]));
    command
}

/// A text as a regular expression that is it and nothing else.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        if r"\.+*?()|[]{}^$".contains(c) {
            all.push('\\');
        }
        all.push(c);
        all
    })
}

/// Writes down what was found of each file, and judges it.
fn record(
    before: &str,
    same: &[Mutant],
    others: &[Mutant],
    missed: &[String],
) -> Result<(), String> {
    let commit = text(clean("git").args(["rev-parse", "--short", "HEAD"])).unwrap_or_default();
    let is_open = |mutant: &&Mutant| missed.contains(&mutant.name);
    let mut files = BTreeMap::<&str, [usize; 2]>::new();
    let (mut lines, mut open) = (Vec::new(), Vec::new());
    same.iter().for_each(|mutant| files.entry(&mutant.file).or_default()[0] += 1);
    others.iter().for_each(|mutant| files.entry(&mutant.file).or_default()[1] += 1);
    for (file, [same, others_of]) in &files {
        let unseen = others.iter().filter(|mutant| mutant.file == *file).filter(is_open);
        let unseen: Vec<_> = unseen.map(|mutant| mutant.key.clone()).collect();
        let (all, caught) = (same + others_of, others_of - unseen.len());
        lines.push(format!(
            "{file} | {} | {all} | {caught} | {same} | {}",
            commit.trim(),
            unseen.len()
        ));
        lines.extend(unseen.iter().map(|key| format!("! {key}")));
        open.extend(unseen);
    }
    let ran = |line: &str| {
        let of = line.trim_start_matches("! ");
        files
            .keys()
            .any(|file| of.strip_prefix(file).is_some_and(|rest| rest.starts_with([' ', ':'])))
    };
    let kept = before.lines().filter(|line| line.starts_with(['#', '=']) || !ran(line));
    let mut text: Vec<String> = kept.map(str::to_owned).chain(lines).collect();
    // What is said of all, then what can't be seen, then the files and what is open in them.
    text.sort_by_key(|line| match line.as_bytes().first() {
        Some(b'#') => (0, String::new()),
        Some(b'=') => (1, line.clone()),
        _ => (2, line.trim_start_matches("! ").replace(" | ", ":")),
    });
    fs::write(root().join(RECORD), text.join("\n") + "\n").map_err(|error| error.to_string())?;
    let (same, all) = (same.len(), same.len() + others.len());
    println!("mutants: {all}\ncaught: {}\nequivalent: {same}", all - same - open.len());
    match open.is_empty() {
        true => Ok(()),
        false => Err(format!("seen by no test:\n{}", open.join("\n"))),
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    match Path::new(path).exists() {
        true => fs::read_to_string(path).map_err(|error| error.to_string()),
        false => Ok(
            "# file | commit | mutants | caught, or not compiling | equivalent | seen by no test\n"
                .into(),
        ),
    }
}
