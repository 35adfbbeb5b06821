//! The attack catalogue of SECURITY.md, against the tests that it names.
//!
//! Each row's tests are run, and looked up by name: a row whose test is gone, or fails, fails here.
//! With `--listed` nothing is run, and no more asked than that the tests exist: for whoever has run
//! them already.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use crate::toolchain::{clean, root};

/// Prints a line for each attack, and the counts.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let listed = match arguments {
        [] => false,
        [word] if word == "--listed" => true,
        _ => return Err("usage: cargo xtask attacks [--listed]".into()),
    };
    let security = fs::read_to_string(root().join("SECURITY.md")).map_err(|e| e.to_string())?;
    let catalogue = Catalogue::read(&security)?;
    let named = catalogue.files.values().flatten().map(String::as_str);
    let named: BTreeSet<&str> = named.chain([OWN]).collect();
    let mut tests = Tests::default();
    for file in named {
        tests.take(file, listed)?;
    }
    let (mut held, mut limited, mut faults) = (0, 0, Vec::new());
    println!("{:4} {:6} {:11} attack", "", "tests", "");
    let numbers = catalogue.attacks.iter().map(|attack| attack.number.clone());
    if !numbers.eq((1..=catalogue.attacks.len()).map(|number| format!("A{number}")))
        || catalogue.attacks.len() < CATALOGUED.into()
    {
        return Err("an attack's row is missing, or stands elsewhere".into());
    }
    for attack in &catalogue.attacks {
        let found = attack.defended().and_then(|()| attack.evidence(&catalogue.files, &tests));
        let word = match (&found, attack.limitation) {
            (Err(_), _) => "FAILED",
            (Ok(_), true) => "limitation",
            (Ok(_), false) => "held",
        };
        let count = found.as_ref().map_or(0, BTreeSet::len);
        println!("{:4} {count:>5}  {word:11} {}", attack.number, attack.what);
        match found {
            Ok(_) if attack.limitation => limited += 1,
            Ok(_) => held += 1,
            Err(error) => faults.push(format!("{}: {error}", attack.number)),
        }
    }
    println!("attacks: {}\nheld: {held}", catalogue.attacks.len());
    println!("limitations: {limited}\nfailures: {}", faults.len());
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// The table of SECURITY.md.
struct Catalogue {
    attacks: Vec<Attack>,
    /// What each abbreviation of the table stands for: files of tests.
    files: BTreeMap<String, Vec<String>>,
}

struct Attack {
    number: String,
    what: String,
    defence: String,
    shown_by: String,
    /// The row says that something is left open.
    limitation: bool,
}

impl Catalogue {
    fn read(security: &str) -> Result<Self, String> {
        let part = security.split("\n## ").find(|part| part.starts_with("Attacks and defences"));
        let part = part.ok_or("SECURITY.md has no attacks")?;
        let (legend, table) = part.split_once("\n| # |").ok_or("SECURITY.md has no table")?;
        let mut files = BTreeMap::<String, Vec<String>>::new();
        let mut of = None;
        for word in quoted(legend) {
            match (word.strip_suffix(':'), test_file(word)) {
                (Some(short), _) => of = Some(short),
                (None, Some(file)) => {
                    if let Some(short) = of {
                        files.entry(short.into()).or_default().push(file.into());
                    }
                }
                (None, None) => {}
            }
        }
        let attacks: Option<Vec<Attack>> =
            table.lines().filter(|line| line.starts_with("| A")).map(Attack::read).collect();
        let attacks = attacks.ok_or("a row that isn't one")?;
        // What a row names in full.
        for attack in &attacks {
            for file in attack.shown_by.split(['`', ' ', ',']).filter_map(test_file) {
                files.entry(file.into()).or_insert_with(|| vec![file.into()]);
            }
        }
        Ok(Self { attacks, files })
    }
}

impl Attack {
    fn read(row: &str) -> Option<Self> {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let ["", number, what, defence, shown_by, ""] = cells[..] else { return None };
        Some(Self {
            number: number.into(),
            what: what.into(),
            defence: defence.into(),
            shown_by: shown_by.into(),
            limitation: defence.contains("**Limitation:**"),
        })
    }

    /// Each file of its defence has what the row says to be in it.
    fn defended(&self) -> Result<(), String> {
        let words: Vec<_> = quoted(&self.defence).collect();
        let named: Vec<_> = words.windows(2).filter(|pair| pair[1].starts_with("src/")).collect();
        if named.is_empty() {
            return Err("its defence names no file".into());
        }
        for pair in named {
            let [name, file] = [pair[0], pair[1]];
            let source = fs::read_to_string(root().join(file));
            let source = source.map_err(|error| format!("{file}: {error}"))?;
            let declared = ["struct", "enum", "trait", "type", "const", "fn"].iter().any(|kind| {
                let declaration = format!("{kind} {name}");
                source.match_indices(&declaration).any(|(at, _)| {
                    let rest = &source[at + declaration.len()..];
                    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            });
            if !declared {
                return Err(format!("no {name} in {file}"));
            }
        }
        Ok(())
    }

    /// The tests that stand for it, `tests/attacks.rs` among them.
    fn evidence(
        &self,
        files: &BTreeMap<String, Vec<String>>,
        tests: &Tests,
    ) -> Result<BTreeSet<String>, String> {
        let number: u8 = self.number[1..].parse().map_err(|_| "no number")?;
        let mut found = BTreeSet::new();
        let own = tests.like(OWN, &format!("a{number:02}_*"))?;
        if own.is_empty() && number <= CATALOGUED {
            return Err(format!("no test of its number in {OWN}"));
        }
        found.extend(own);
        for word in self.shown_by.split([' ', ',', ';', '`', '(', ')']) {
            let (short, name) = word.split_once(':').unwrap_or((word, ""));
            let short = test_file(short).unwrap_or(short);
            let Some(files) = files.get(short) else {
                // Nothing, or the path of a function.
                match name.is_empty() || name.starts_with(':') {
                    true => continue,
                    false => return Err(format!("{word}: what is {short}?")),
                }
            };
            let pattern = if name.is_empty() { "*" } else { name };
            let mut named = Vec::new();
            for file in files {
                named.extend(tests.like(file, pattern)?);
            }
            if named.is_empty() {
                return Err(format!("no test {word}"));
            }
            found.extend(named);
        }
        for word in quoted(&self.shown_by) {
            let command = word.strip_prefix("cargo xtask ").and_then(|rest| rest.split(' ').next());
            match command {
                Some(command) if super::COMMANDS.iter().all(|(name, ..)| *name != command) => {
                    return Err(format!("no command {command}"));
                }
                None if word.contains('/') && !root().join(word).exists() => {
                    return Err(format!("no file {word}"));
                }
                _ => {}
            }
        }
        match found.is_empty() {
            true => Err("nothing shows it".into()),
            false => Ok(found),
        }
    }
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The name of a file of the core's tests.
fn test_file(word: &str) -> Option<&str> {
    word.strip_prefix("tests/")?.strip_suffix(".rs")
}

/// Tests by `file::name`, and whether they hold.
#[derive(Default)]
struct Tests(BTreeMap<String, bool>);

impl Tests {
    /// Runs a file's tests, or lists them.
    fn take(&mut self, file: &str, list: bool) -> Result<(), String> {
        let mut command = clean("cargo");
        command.args(["test", "--quiet", "--locked", "--package", "keyward", "--test", file, "--"]);
        command.args(if list {
            ["--list", "--format=terse"]
        } else {
            ["--format=pretty", "--color=never"]
        });
        let output = tell(&mut command)?;
        for line in output.lines() {
            let (name, holds) = match (line.strip_suffix(": test"), line.strip_prefix("test ")) {
                (Some(name), _) => (name, true),
                (None, Some(rest)) => match rest.split_once(" ... ") {
                    Some((name, verdict)) => (name, verdict.starts_with("ok")),
                    None => continue,
                },
                (None, None) => continue,
            };
            let name = name.rsplit("::").next().unwrap_or(name);
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            self.0.insert(format!("{file}::{name}"), holds);
        }
        match self.0.keys().any(|name| name.starts_with(&format!("{file}::"))) {
            true => Ok(()),
            false => Err(format!("tests/{file}.rs doesn't run:\n{output}")),
        }
    }

    /// The tests of a file by a name, or by the beginning of one where a star ends it.
    fn like(&self, file: &str, pattern: &str) -> Result<Vec<String>, String> {
        let fits = |name: &str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        };
        let of_file = self.0.iter().filter_map(|(full, holds)| {
            let name = full.strip_prefix(file)?.strip_prefix("::")?;
            fits(name).then_some((full, *holds))
        });
        of_file
            .map(
                |(full, holds)| if holds { Ok(full.clone()) } else { Err(format!("{full} fails")) },
            )
            .collect()
    }
}

fn tell(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Where tests fail, the row that names them says so.
    let ran = output.status.success() || text.contains("test result: FAILED");
    if ran { Ok(text) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The file whose tests are named by the attacks' numbers.
const OWN: &str = "attacks";
/// Attacks up to this number have a test there.
const CATALOGUED: u8 = 37;
