//! What each denial and refusal means, and what to do (SPEC.md sections 15 and 19).
//!
//! [`explain`] takes a number or a name. What the table holds is for installers and back offices;
//! the values that a lock compared are in the denial itself.

mod admission;
mod commit;
mod malformed;
mod policy;
mod refusals;
mod told;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use malformed::malformed;

/// A rule of SPEC.md that keeps a door shut or a statement out, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Its number, which never changes.
    pub(crate) code: u16,
    /// Its name, which a denial and a refusal may share.
    pub(crate) name: &'static str,
    /// The section of SPEC.md that has the rule.
    pub(crate) section: &'static str,
    /// What it means.
    pub(crate) means: &'static str,
    /// What to do next.
    pub(crate) todo: &'static str,
}

/// All reasons: denials by their number, then refusals by theirs.
pub(crate) fn all() -> impl Iterator<Item = &'static Reason> {
    let tables =
        [admission::ADMISSION, policy::POLICY, commit::COMMIT, refusals::REFUSALS].into_iter();
    tables.flatten()
}

/// The reason of a denial's or refusal's number, if this version knows it.
pub(crate) fn of(code: u16) -> Option<&'static Reason> {
    all().find(|reason| reason.code == code)
}

/// Finds the reasons of a number or name, in any case and spelling: one, or two where a denial and
/// a refusal share the name. Of a longer text, such as a line of a log, the first word that is
/// either counts.
///
/// # Errors
/// [`Unknown`], with what may have been meant.
pub(crate) fn explain(query: &str) -> Result<Vec<&'static Reason>, Unknown> {
    let words = query.split(|letter: char| !letter.is_alphanumeric());
    let mut candidates = std::iter::once(folded(query)).chain(words.map(folded));
    let found = candidates.find_map(|word| {
        let found: Vec<_> = all().filter(|reason| reason.is_called(&word)).collect();
        (!found.is_empty()).then_some(found)
    });
    found.ok_or_else(|| Unknown { query: query.into(), nearest: nearest(&folded(query)) })
}

/// A query that is no number and no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// What was asked.
    pub(crate) query: String,
    /// What may have been meant, nearest first; perhaps nothing.
    pub(crate) nearest: Vec<&'static Reason>,
}

impl Reason {
    fn is_called(&self, word: &str) -> bool {
        word == self.code.to_string() || word == folded(self.name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, name, section, means, todo } = self;
        writeln!(f, "{code} {name} (SPEC.md section {section})")?;
        writeln!(f, "  Means:     {means}")?;
        writeln!(f, "  Do:        {todo}")?;
        write!(f, "  Answer:    ")?;
        for (index, (answer, when)) in self.told().iter().enumerate() {
            let or = if index == 0 { "" } else { ", otherwise " };
            let space = if when.is_empty() { "" } else { " " };
            write!(f, "{or}{answer:?}{space}{when}")?;
        }
        writeln!(f, "; the phone is told nothing else.")?;
        writeln!(f, "  Written:   {}", self.logged())?;
        write!(f, "  Proves:    {}", self.proves())
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no denial or refusal is called {:?}", self.query)?;
        for (index, near) in self.nearest.iter().enumerate() {
            let before = if index == 0 { "; near it:" } else { "," };
            write!(f, "{before} {} {}", near.code, near.name)?;
        }
        Ok(())
    }
}

impl std::error::Error for Unknown {}

/// Letters and digits alone, in lower case: `Too early` is `TooEarly`.
fn folded(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The numbers next to a number; of a word the names that contain it, then those that a few slips
/// turn into it.
fn nearest(word: &str) -> Vec<&'static Reason> {
    let mut near: Vec<_> = match word.parse::<u16>() {
        Ok(number) => all()
            .map(|reason| (usize::from(reason.code.abs_diff(number)), reason))
            .filter(|(far, _)| *far < NEAR_NUMBERS)
            .collect(),
        Err(_) => all().filter_map(|reason| Some((slips(word, reason.name)?, reason))).collect(),
    };
    near.sort_by_key(|(far, reason)| (*far, reason.code));
    near.into_iter().map(|(_, reason)| reason).take(MOST_NEAREST).collect()
}

/// How many letters a name is away from a word, if that is few.
fn slips(word: &str, name: &str) -> Option<usize> {
    let name = folded(name);
    if word.len() >= LEAST_PART && name.contains(word) {
        return Some(0);
    }
    let slips = strsim::damerau_levenshtein(word, &name);
    (slips <= name.len() / LETTERS_A_SLIP).then_some(slips)
}

/// Names that are told of at most: a line or two of a terminal.
const MOST_NEAREST: usize = 8;

/// Numbers this far apart are of other rules: the tens are families.
const NEAR_NUMBERS: usize = 10;

/// Letters from which on a word may be a part of a name: `use`, `key`.
const LEAST_PART: usize = 3;

/// Letters of a name for each slip that is forgiven.
const LETTERS_A_SLIP: usize = 3;
