//! What is written to a terminal or a pipe: nothing that steers it, and no end of the program where
//! nobody reads it any more. A lock goes on to secure its door.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    sync::OnceLock,
};

use serde_json::Value;

/// Why standard output wasn't written, the first time.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes to standard output. What gets lost is told at the end, by [`lost`].
pub(crate) fn line(text: &str) {
    write(text);
    write("\n");
}

/// Writes a part of a line.
pub(crate) fn write(text: &str) {
    if let Err(error) = io::stdout().write_all(text.as_bytes()) {
        lose(error);
    }
}

/// Writes to standard error, which nobody must read.
pub(crate) fn aside(text: &str) {
    let _unread = writeln!(io::stderr(), "{text}");
}

/// Takes note that standard output wasn't written.
pub(crate) fn lose(error: io::Error) {
    let _first = LOST.set(error);
}

/// Why standard output wasn't written, if it wasn't.
pub(crate) fn lost() -> Option<&'static io::Error> {
    if let Err(error) = io::stdout().flush() {
        lose(error);
    }
    LOST.get()
}

/// Text that came from elsewhere, with nothing in it that a terminal obeys.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match obeyed(letter) {
            true => out.extend(letter.escape_unicode()),
            false => out.push(letter),
        }
    }
    out
}

/// The same for text of several lines, be they ended as Windows does it.
pub(crate) fn plain_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push('\n'),
            '\r' | '\t' => out.push(' '),
            letter if obeyed(letter) => out.extend(letter.escape_unicode()),
            letter => out.push(letter),
        }
    }
    out
}

/// JSON in one line, with the same letters escaped: they stand in strings alone.
pub(crate) fn plain_json(json: &Value) -> String {
    let text = json.to_string();
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match obeyed(letter) {
            true => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(letter));
            }
            false => out.push(letter),
        }
    }
    out
}

fn obeyed(letter: char) -> bool {
    // Marks of direction are no control characters by name, and turn a line around.
    let turns = matches!(letter, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    letter.is_control() || turns || matches!(letter, '\u{2066}'..='\u{2069}')
}
