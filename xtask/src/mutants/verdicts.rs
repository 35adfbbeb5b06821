//! What is known of each mutant, kept so that a run that ends early goes on where it ended.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
};

use crate::toolchain::{clean, root, text};

/// The verdicts in `target/mutants/verdicts.txt`: a line each, of the verdict, the mutant's name and
/// what had it.
pub struct Verdicts(PathBuf);

/// Where cargo-mutants writes each of its verdicts.
const LISTS: [(&str, &str); 3] =
    [("caught", "caught.txt"), ("timeout", "timeout.txt"), ("unviable", "unviable.txt")];

impl Verdicts {
    /// Those of sources and tests as they are now; forgets what was found of others.
    pub fn of_what_is_here() -> Result<Self, String> {
        let git = |arguments: &[&str]| text(clean("git").args(arguments)).unwrap_or_default();
        let parts = ["src", "tests", "testkit", "Cargo.lock"];
        let held = git(&[&["ls-tree", "HEAD"][..], &parts].concat());
        let edited = git(&[&["diff", "HEAD", "--"][..], &parts].concat());
        let of = format!("{held}\n{edited}");
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
            let made = fs::create_dir_all(&folder).and_then(|()| fs::write(&marker, of));
            made.map_err(|error| error.to_string())?;
        }
        Ok(Self(verdicts))
    }

    /// Where they are.
    pub fn path(&self) -> &PathBuf {
        &self.0
    }

    /// The verdict of each mutant, by its name.
    pub fn all(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
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
        let file = OpenOptions::new().create(true).append(true).open(&self.0);
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

    /// Tells cargo-mutants what it needn't try again. What hangs is caught by that.
    pub fn tell(&self) -> Result<(), String> {
        let all = self.all();
        let made = fs::create_dir_all(out(""));
        made.map_err(|error| error.to_string())?;
        for (list, verdicts) in
            [(LISTS[0].1, &["caught", "timeout"][..]), (LISTS[2].1, &["unviable"])]
        {
            let names = all.iter().filter(|(_, verdict)| verdicts.contains(&verdict.as_str()));
            let names: String = names.map(|(name, _)| format!("{name}\n")).collect();
            fs::write(out(list), names).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// What cargo-mutants writes where.
fn out(list: &str) -> PathBuf {
    root().join("target/mutants.out").join(list)
}
