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
    /// Where it ends: the place behind it.
    pub end: (usize, usize),
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
        let place = |end: &str| {
            let number = |key: &str| usize::try_from(value["span"][end][key].as_u64()?).ok();
            Some((number("line")?, number("column")?))
        };
        Some(Self {
            name: text("name")?,
            file: text("file")?,
            genre: text("genre")?,
            start: place("start")?,
            end: place("end")?,
            replacement: text("replacement")?,
        })
    }

    /// The source with this change.
    pub fn changed(&self, source: &str) -> String {
        let [start, end] = [self.start, self.end].map(|place| offset(source, place));
        [&source[..start], &self.replacement, &source[end..]].concat()
    }
}

/// The byte at a line and a column, both from 1, the column in characters.
pub fn offset(source: &str, (line, column): (usize, usize)) -> usize {
    let line = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = source.get(line..).unwrap_or_default();
    line + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_made_at_its_place() {
        let list = r#"[{"name": "n", "file": "f", "genre": "g", "replacement": "0",
            "span": {"start": {"line": 2, "column": 3}, "end": {"line": 3, "column": 1}}}]"#;
        let mutants = Mutant::all(list).unwrap();
        assert_eq!(mutants[0].changed("a\né b\nc"), "a\né 0c");
    }
}
