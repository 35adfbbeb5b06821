//! Writes a log anew without the private parts of some entries: what the lock signed still holds.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, Write},
};

use keyward::{
    Time,
    id::{KeyName, Sequence},
    receipt::{About, Disclosed, Entry, Log},
    wire::Kind,
};

use crate::line::{Buffer, MAX_LINE, Text, decode, encode, read_lines, split};

/// Whose private parts are left out: of an entry that any of these names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Entries by their number.
    pub numbers: BTreeSet<(Log, Sequence)>,
    /// Those that name one of these holders; an entry of denials goes as a whole.
    pub holders: BTreeSet<KeyName>,
    /// Those that may have been before this instant: whose lower bound is.
    pub before: Option<Time>,
}

/// What an erasure did, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries whose private part was left out.
    pub erased: u64,
    /// Lines that stay as they were.
    pub kept: u64,
    /// Lines that could not be read and were left out: nobody knows whom they name.
    pub unreadable: u64,
}

impl Erasure {
    /// Writes a text anew, line by line. All readable lines but those entries stay as they are:
    /// tokens and recordings name persons too, and are another file's.
    ///
    /// Where holders are named, a private part that is not its entry's goes too: nobody can tell
    /// whom it names.
    ///
    /// # Errors
    /// The reader's and the writer's.
    pub fn write(&self, reader: impl BufRead, mut out: impl Write) -> io::Result<Erased> {
        let (mut done, mut failed) = (Erased::default(), Ok(()));
        let mut buffer: Buffer = [0; MAX_LINE];
        read_lines(reader, |_, text| {
            let Some(line) = self.line(text, &mut buffer) else {
                done.unreadable += 1;
                return;
            };
            let bytes = match &line {
                Line::Kept(bytes) => {
                    done.kept += 1;
                    bytes
                }
                Line::Erased(text) => {
                    done.erased += 1;
                    text.as_bytes()
                }
            };
            if failed.is_ok() {
                failed = out.write_all(bytes).and_then(|()| out.write_all(b"\n"));
            }
        })?;
        failed?;
        out.flush()?;
        Ok(done)
    }

    fn line<'l>(&self, text: Text<'l>, buffer: &mut Buffer) -> Option<Line<'l>> {
        let Text::Whole(text) = text else { return None };
        let (kind, base64) = split(text).ok()?;
        let object = decode(kind, base64, buffer).ok()?;
        if kind != Kind::Entry {
            return Some(Line::Kept(text));
        }
        let entry = Entry::decode(object).ok()?;
        if !self.names(&entry) {
            return Some(Line::Kept(text));
        }
        Some(Line::Erased(encode(kind, entry.erased().ok()?.as_bytes())))
    }

    fn names(&self, entry: &Entry<'_>) -> bool {
        let public = entry.receipt.unverified();
        let about = match entry.disclosed() {
            Ok(Disclosed::Told(private)) => Some(private.about),
            Ok(Disclosed::Nothing | Disclosed::Erased) => return false,
            // Nobody can tell whom it names.
            Err(_) if !self.holders.is_empty() => return true,
            Err(_) => None,
        };
        let holder = match about {
            Some(About::Opening(opening)) => self.holders.contains(&opening.holder),
            Some(About::Denials(rows)) => {
                let holders = rows.rows().filter_map(|row| row.holder);
                holders.into_iter().any(|holder| self.holders.contains(&holder))
            }
            None => false,
        };
        holder
            || self.numbers.contains(&(public.log(), public.sequence))
            || self.before.is_some_and(|before| public.time.lo() < before)
    }
}

enum Line<'l> {
    Kept(&'l [u8]),
    Erased(String),
}
