//! What cargo-mutants says of its mutants.

use serde_json::Value;

/// A small change of a source that a test should see.
pub struct Mutant {
    /// File, line, column and what is changed: unique.
    pub name: String,
    /// The source, from the root.
    pub file: String,
    /// What kind of place is changed, in cargo-mutants' words.
    pub genre: String,
    /// Where the changed text begins: line and column from 1, in characters.
    pub start: (usize, usize),
    /// What stands there instead.
    pub replacement: String,
}

impl Mutant {
    /// All of a list as `cargo mutants --list --json` prints it.
    pub fn all(list: &str) -> Result<Vec<Self>, String> {
        let list: Value = serde_json::from_str(list).map_err(|error| error.to_string())?;
        let list = list.as_array().ok_or("the list of mutants is no list")?;
        list.iter().map(|one| Self::of(one).ok_or(format!("{one}: no mutant"))).collect()
    }

    fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let place = |key: &str| usize::try_from(value["span"]["start"][key].as_u64()?).ok();
        Some(Self {
            name: text("name")?,
            file: text("file")?,
            genre: text("genre")?,
            start: (place("line")?, place("column")?),
            replacement: text("replacement")?,
        })
    }
}
