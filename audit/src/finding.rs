//! What an audit finds, by number (SPEC.md section 24.8).

use std::fmt;

use keyward::{SignatureFault, id::Sequence, receipt::Log};

use crate::{archive::Carried, line::Line};

/// One thing that was found in a log. Each is one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Nothing is missing, added or changed from one entry to the last.
    Whole {
        /// The log.
        log: Log,
        /// The first entry of those: 0, or the first that the lock still held.
        from: Sequence,
        /// The last.
        until: Sequence,
    },
    /// Entries are missing, with entries behind them.
    Gap {
        /// The log.
        log: Log,
        /// The first that is missing.
        from: Sequence,
        /// The last that is missing.
        until: Sequence,
        /// Who is to answer for it.
        why: Missing,
    },
    /// The lock has two histories: it has signed two entries of one number.
    Fork {
        /// The log.
        log: Log,
        /// The number.
        number: Sequence,
        /// Where the one is.
        one: Seen,
        /// Where the other is.
        other: Seen,
    },
    /// The lock hasn't said this.
    Tamper {
        /// The log.
        log: Log,
        /// The number that it claims.
        number: Sequence,
        /// Where it is.
        line: Line,
        /// How it came.
        carried: Carried,
        /// What is wrong.
        what: Tampering,
    },
    /// The end of the log is missing.
    Truncation {
        /// The log.
        log: Log,
        /// The last entry that the lock has signed; none where there is no such entry.
        last: Option<Sequence>,
        /// The number of an entry that there was.
        known: Sequence,
        /// Who says so.
        by: Seen,
    },
    /// An entry's private part was erased; who it was nobody can tell any more.
    Erased {
        /// The log.
        log: Log,
        /// The number.
        number: Sequence,
        /// Where it is.
        line: Line,
    },
}

/// Why entries are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The lock says that it no longer held them.
    Dropped,
    /// The lock still held them: whoever carried the log left them out.
    Withheld,
}

/// Where an entry was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// On this line.
    Line(Line, Carried),
    /// Nowhere, but the next entry, on this line, hangs from it.
    NamedBy(Line, Carried),
    /// Nowhere, but the auditor knows its hash.
    KnownHead,
}

/// Why an entry is not the lock's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// The lock hasn't signed it, nor an entry that hangs from it.
    Unsigned,
    /// Its own signature is broken, though it is what the entry behind hangs from. Only the
    /// thorough mode looks.
    Signature(SignatureFault),
    /// Its private part is not the one that it names.
    Private,
    /// It changes the device key, and not both keys have signed that, or the old one is not the one
    /// in force.
    Change,
}

impl Finding {
    /// The log that it is of.
    pub const fn log(&self) -> Log {
        match self {
            Self::Whole { log, .. }
            | Self::Gap { log, .. }
            | Self::Fork { log, .. }
            | Self::Tamper { log, .. }
            | Self::Truncation { log, .. }
            | Self::Erased { log, .. } => *log,
        }
    }

    /// The number that it is of, or the first of those.
    pub const fn number(&self) -> Sequence {
        match self {
            Self::Whole { from, .. } | Self::Gap { from, .. } => *from,
            Self::Truncation { known, .. } => *known,
            Self::Fork { number, .. }
            | Self::Tamper { number, .. }
            | Self::Erased { number, .. } => *number,
        }
    }

    /// Whether somebody is to answer for it: all but a whole log, erased parts and what the lock
    /// itself had no more room for.
    pub const fn is_fault(&self) -> bool {
        !matches!(
            self,
            Self::Whole { .. } | Self::Erased { .. } | Self::Gap { why: Missing::Dropped, .. }
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = log_name(self.log());
        match self {
            Self::Whole { from, until, .. } => {
                write!(f, "whole: {name} {from} to {until} follow one another to a signed end.")
            }
            Self::Gap { from, until, why, .. } => {
                write!(f, "gap: {name} {from} to {until} are missing, {why}.")
            }
            Self::Fork { number, one, other, .. } => {
                write!(
                    f,
                    "fork: the lock has signed two {name} of number {number}, {one}, {other}."
                )
            }
            Self::Tamper { number, line, carried, what, .. } => {
                let carried = match carried {
                    Carried::Entry => "entry",
                    Carried::Receipt => "receipt",
                };
                write!(
                    f,
                    "tamper: the {carried} that claims number {number} of {name}, on {line}, {what}."
                )
            }
            Self::Truncation { last: Some(last), known, by, .. } => {
                write!(f, "truncation: {name} end at {last}, and there was a number {known}, {by}.")
            }
            Self::Truncation { last: None, known, by, .. } => {
                write!(f, "truncation: there are no {name}, and there was a number {known}, {by}.")
            }
            Self::Erased { number, line, .. } => {
                write!(f, "erased: the private part of number {number} of {name}, on {line}.")
            }
        }
    }
}

/// The log's name, as sentences and exports have it.
pub(crate) const fn log_name(log: Log) -> &'static str {
    match log {
        Log::Events => "events",
        Log::Denials => "denials",
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropped => "dropped by the lock, which no longer held them",
            Self::Withheld => "withheld by whoever carried the log, for the lock still held them",
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line, Carried::Entry) => write!(f, "one on {line}"),
            Self::Line(line, Carried::Receipt) => write!(f, "one by the receipt on {line}"),
            Self::NamedBy(line, _) => write!(f, "one from which {line} hangs"),
            Self::KnownHead => f.write_str("one by the head that the auditor knows"),
        }
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("is neither signed by the lock nor covered by its chain"),
            Self::Signature(fault) => {
                write!(f, "is covered by the chain and bears a broken signature ({fault:?})")
            }
            Self::Change => f.write_str("changes the device key without the word of both keys"),
            Self::Private => f.write_str("has another private part than the one that it names"),
        }
    }
}
