//! What was not understood.

use std::fmt;

/// Why a text is no time, in one line: what was not understood, why not, and what would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    /// The option and the text, in quotation marks; where only a part of it was not understood,
    /// that part first.
    pub(crate) what: String,
    /// What is wrong with it.
    pub(crate) why: String,
    /// What to write instead.
    pub(crate) example: &'static str,
}

impl Misread {
    pub(super) fn new(part: &str, why: impl Into<String>, example: &'static str) -> Self {
        Self { what: quoted(part), why: why.into(), example }
    }

    /// Says where the part stands, unless it is all there is, or nothing.
    pub(super) fn within(mut self, whole: &str) -> Self {
        let whole = quoted(whole);
        self.what = if self.what == quoted("") || self.what.eq_ignore_ascii_case(&whole) {
            whole
        } else {
            format!("{} in {whole}", self.what)
        };
        self
    }

    /// Puts the option before it that the text was given for, such as `--until`.
    #[must_use]
    pub(crate) fn of(mut self, option: &str) -> Self {
        self.what = format!("{option} {}", self.what);
        self
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; write {}", self.what, self.why, self.example)
    }
}

impl std::error::Error for Misread {}

/// The text in quotation marks, on one line and not much longer than one.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("{:?}", format!("{start}…")),
        None => format!("{text:?}"),
    }
}

/// Characters of a text that a complaint repeats: more than any time has.
const MAX_QUOTED: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_one_line_of_printable_characters() {
        let hostile = format!("a\nb\u{202e}c\u{1b}[2J{}", "d".repeat(1000));
        let told = Misread::new(&hostile, "no", "yes").to_string();
        assert!(told.starts_with(r#""a\nb\u{202e}c\u{1b}[2Jd"#), "{told}");
        assert!(told.ends_with("d…\": no; write yes") && told.len() < 120, "{told}");
    }

    #[test]
    fn a_part_is_named_with_its_whole_and_a_whole_once() {
        let part = Misread::new("25:00", "no", "yes").within("Fri 25:00").of("--from");
        assert_eq!(part.to_string(), r#"--from "25:00" in "Fri 25:00": no; write yes"#);
        let whole = Misread::new("fri", "no", "yes").within("Fri");
        assert_eq!(whole.to_string(), r#""Fri": no; write yes"#);
        let nothing = Misread::new("", "no", "yes").within("fri,");
        assert_eq!(nothing.to_string(), r#""fri,": no; write yes"#);
    }
}
