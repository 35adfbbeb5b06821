//! The record of all mutants, `audit/mutants.txt`: of each file how many there were, at which commit,
//! and what became of them; those that no test sees (`!`), and those with which a test takes too
//! long (`~`); and by hand those that nobody could see (`=`), named by what they replace, the line
//! and the place within it. Behind `=` and `~` stands the reason, which is kept.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::toolchain::{clean, root, text};

const RECORD: &str = "audit/mutants.txt";
const HEAD: &str = "# file | commit | mutants | caught | too slow | not compiling | equivalent | seen by no test\n";
/// What the numbers behind file and commit are, in their order.
const COLUMNS: [&str; 6] =
    ["mutants", "caught", "too_slow", "not_compiling", "equivalent", "seen_by_no_test"];

/// Writes down what was found of each file, and judges it.
pub fn write(
    before: &str,
    same: &[Mutant],
    others: &[Mutant],
    verdicts: &BTreeMap<String, String>,
) -> Result<(), String> {
    let commit = text(clean("git").args(["rev-parse", "--short", "HEAD"])).unwrap_or_default();
    let column = |mutant: &Mutant| match verdicts.get(&mutant.name).map(String::as_str) {
        Some("caught") => 1,
        Some("timeout") => 2,
        Some("unviable") => 3,
        _ => 5,
    };
    let (mut files, mut named) = (BTreeMap::<&str, [usize; COLUMNS.len()]>::new(), Vec::new());
    let columns = others.iter().map(|mutant| (mutant, column(mutant)));
    for (mutant, column) in columns.chain(same.iter().map(|mutant| (mutant, 4))) {
        let counts = files.entry(&mutant.file).or_default();
        counts[0] += 1;
        counts[column] += 1;
        match column {
            2 => {
                let line = format!("~ {}", mutant.key);
                let explained = format!("{line} | ");
                let before = before.lines().find(|before| before.starts_with(&explained));
                named.push(before.map_or(line, str::to_owned));
            }
            5 => named.push(format!("! {}", mutant.key)),
            _ => {}
        }
    }
    let lines = files.iter().map(|(file, counts)| {
        let counts = counts.map(|count| count.to_string()).join(" | ");
        format!("{file} | {} | {counts}", commit.trim())
    });
    let ran = |line: &str| {
        let of = line.trim_start_matches(['!', '~', ' ']);
        files
            .keys()
            .any(|file| of.strip_prefix(file).is_some_and(|rest| rest.starts_with([' ', ':'])))
    };
    let kept = before.lines().filter(|line| line.starts_with(['#', '=']) || !ran(line));
    let kept = kept.map(str::to_owned);
    let mut text: Vec<String> = kept.chain(lines).chain(named.iter().cloned()).collect();
    // What is said of all, then what can't be seen, then the files and what is open in them.
    text.sort_by_key(|line| match line.as_bytes().first() {
        Some(b'#') => (0, String::new()),
        Some(b'=') => (1, line.clone()),
        _ => (2, line.trim_start_matches(['!', '~', ' ']).replace(" | ", ":")),
    });
    fs::write(root().join(RECORD), text.join("\n") + "\n").map_err(|error| error.to_string())?;
    let mut all = [0; COLUMNS.len()];
    for counts in files.values() {
        all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    print(all);
    let open: Vec<_> = named.into_iter().filter(|line| line.starts_with('!')).collect();
    match open.is_empty() {
        true => Ok(()),
        false => Err(format!("seen by no test:\n{}", open.join("\n"))),
    }
}

fn print(counts: [usize; COLUMNS.len()]) {
    COLUMNS.iter().zip(counts).for_each(|(column, count)| println!("{column}: {count}"));
}

/// The record, or the head of one.
pub fn read() -> Result<String, String> {
    let path = root().join(RECORD);
    match path.exists() {
        true => fs::read_to_string(path).map_err(|error| error.to_string()),
        false => Ok(HEAD.into()),
    }
}

/// Whether the record still fits what it speaks of.
pub fn listed() -> Result<(), String> {
    let record = read()?;
    let (mut all, mut stale, mut changed) = ([0; COLUMNS.len()], Vec::new(), Vec::new());
    let mut commits = Vec::new();
    for line in record.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split(" | ").collect();
        let file = fields[0].trim_start_matches(['=', '!', '~', ' ']).split(':').next();
        let source = fs::read_to_string(root().join(file.unwrap_or_default()));
        let source = source.map_err(|error| format!("{line}: {error}"))?;
        match (line.as_bytes().first(), fields.as_slice()) {
            (Some(b'=' | b'~'), _) if is_there(line, &source) => {}
            (Some(b's'), [file, commit, counts @ ..]) => {
                // Of a clone without its history nobody can tell.
                let arguments = ["diff", "--quiet", commit, "--", file];
                if clean("git").args(arguments).status().is_ok_and(|is| is.code() == Some(1)) {
                    changed.push(*file);
                }
                commits.push(*commit);
                for (sum, count) in all.iter_mut().zip(counts) {
                    *sum += count.parse::<usize>().map_err(|error| format!("{line}: {error}"))?;
                }
            }
            _ => stale.push(line),
        }
    }
    print(all);
    println!("changed since they were tried: {} files {}", changed.len(), changed.join(" "));
    commits.sort_unstable();
    commits.dedup();
    for commit in commits {
        let tests =
            text(clean("git").args(["diff", "--name-only", commit, "--", "tests", "testkit"]));
        let count = tests.unwrap_or_default().lines().count();
        println!("tests that are others than at {commit}: {count} files");
    }
    match stale.is_empty() {
        true => Ok(()),
        false => {
            Err(format!("open, unexplained, or of a line that is gone:\n{}", stale.join("\n")))
        }
    }
}

/// Whether a source has the line that a record quotes: behind what is replaced and the place within
/// the line, before the reason, which there must be.
fn is_there(record: &str, source: &str) -> bool {
    let is_place = |text: &str| text.parse::<usize>().is_ok();
    let mut behind = record.match_indices(" | ").map(|(at, bar)| &record[at + bar.len()..]);
    let quoted = behind.find_map(|rest| {
        rest.split_once(": ").filter(|(place, _)| is_place(place)).map(|(_, quoted)| quoted)
    });
    let Some(quoted) = quoted else { return false };
    source.lines().map(str::trim).filter(|line| !line.is_empty()).any(|line| {
        quoted.strip_prefix(line).is_some_and(|rest| rest.starts_with(" | ") && rest.len() > 3)
    })
}

/// A mutant: its name, and what it replaces where.
pub struct Mutant {
    pub name: String,
    file: String,
    /// The name without line and column, which move, and the line with the place in it.
    key: String,
}

impl Mutant {
    /// All of a list as `cargo mutants --list --json` prints it.
    pub fn all(list: &str) -> Result<Vec<Self>, String> {
        let list: Value = serde_json::from_str(list).map_err(|error| error.to_string())?;
        list.as_array().ok_or("no list of mutants")?.iter().map(Self::of).collect()
    }

    /// One by its name: file, line, column and what it does.
    fn of(value: &Value) -> Result<Self, String> {
        let name = value["name"].as_str().unwrap_or_default();
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
    pub fn is_among(&self, record: &str) -> bool {
        let same = record.lines().filter_map(|line| line.strip_prefix("= "));
        let mut keys = same.filter_map(|line| line.strip_prefix(&self.key));
        keys.any(|rest| rest.starts_with(" | "))
    }
}
