//! What is known of each mutant, kept so that a run that ends early goes on where it ended.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
};

use super::record::Mutant;
use crate::toolchain::{clean, root, text};

/// The verdicts in `target/mutants/verdicts.txt`: a line each, of the verdict, the mutant's name and
/// what had it.
pub struct Verdicts {
    path: PathBuf,
    /// What they are verdicts of.
    of: String,
}

/// The verdict of those that nobody could see.
const SAME: &str = "equivalent";
/// Where cargo-mutants writes each of its verdicts.
const LISTS: [(&str, &str); 3] =
    [("caught", "caught.txt"), ("timeout", "timeout.txt"), ("unviable", "unviable.txt")];

/// Where it reads what it needn't try, beside what it has found itself.
const TOLD: &str = "previously_caught.txt";
/// What a verdict depends on; the record is none of it.
const PARTS: [&str; 14] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "src",
    "tests",
    "testkit",
    "store",
    "backend",
    "audit/Cargo.toml",
    "audit/src",
    "audit/mutants/Cargo.toml",
    "audit/mutants/src",
    "xtask/src/mutants.rs",
    "xtask/src/mutants",
];

impl Verdicts {
    /// Those of sources and tests as they are now, with the mutants that nobody could see, which are
    /// not tried; forgets what was found of others.
    pub fn of_what_is_here(same: &[Mutant]) -> Result<Self, String> {
        let of = what_is_here();
        let folder = root().join("target/mutants");
        let (marker, verdicts) = (folder.join("of.txt"), folder.join("verdicts.txt"));
        if !fs::read_to_string(&marker).is_ok_and(|before| before == of) {
            for gone in [verdicts.clone(), out("")] {
                let removed = match gone.is_dir() {
                    true => fs::remove_dir_all(&gone),
                    false => fs::remove_file(&gone),
                };
                if removed.is_err() && gone.exists() {
                    return Err(format!("{}: can't be removed", gone.display()));
                }
            }
            let made = fs::create_dir_all(&folder).and_then(|()| fs::write(&marker, &of));
            made.map_err(|error| error.to_string())?;
        }
        let text = fs::read_to_string(&verdicts).unwrap_or_default();
        let held = text.lines().filter(|line| !line.starts_with(SAME)).map(str::to_owned);
        let same = same.iter().map(|mutant| format!("{SAME}\t{}\tthe record", mutant.name));
        let text: String = held.chain(same).map(|line| line + "\n").collect();
        fs::write(&verdicts, text).map_err(|error| error.to_string())?;
        Ok(Self { path: verdicts, of })
    }

    /// Where they are.
    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Whether sources and tests are still those that were tried.
    pub fn are_of_what_is_here(&self) -> bool {
        self.of == what_is_here()
    }

    /// The verdict of each mutant, by its name.
    pub fn all(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let line = |line: &str| {
            let mut fields = line.split('\t').map(str::to_owned);
            let verdict = fields.next()?;
            Some((fields.next()?, verdict))
        };
        text.lines().filter_map(line).collect()
    }

    /// Adds what cargo-mutants has found.
    pub fn gather(&self) -> Result<(), String> {
        let known = self.all();
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        let mut file = file.map_err(|error| error.to_string())?;
        for (verdict, list) in LISTS {
            let names = fs::read_to_string(out(list)).unwrap_or_default();
            for name in names.lines().filter(|name| !known.contains_key(*name)) {
                let written = writeln!(file, "{verdict}\t{name}\tcargo-mutants");
                written.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Tells cargo-mutants what it needn't try again.
    pub fn tell(&self) -> Result<(), String> {
        let all = self.all();
        let names: String = all.keys().map(|name| format!("{name}\n")).collect();
        let made = fs::create_dir_all(out(""));
        made.and_then(|()| fs::write(out(TOLD), names)).map_err(|error| error.to_string())
    }
}

/// All that a verdict depends on: what is committed, what isn't, and the compiler.
fn what_is_here() -> String {
    let git = |arguments: &[&str]| text(clean("git").args(arguments).args(PARTS));
    let held = git(&["ls-files", "--stage", "--"]).unwrap_or_default();
    let edited = git(&["diff", "HEAD", "--"]).unwrap_or_default();
    let new = git(&["ls-files", "--others", "--exclude-standard", "--"]).unwrap_or_default();
    let compiler = text(clean("rustc").arg("-vV")).unwrap_or_default();
    format!("{held}\n{edited}\n{new}\n{compiler}")
}

/// What cargo-mutants writes where.
fn out(list: &str) -> PathBuf {
    root().join("target/mutants.out").join(list)
}
