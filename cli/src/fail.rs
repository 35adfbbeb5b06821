//! Why a command ends without having done what it was asked, and the exit code that says so.

use std::{fmt, io, path::Path};

use crate::{terminal::plain, when::Misread};

/// Exit codes, as `cli/README.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The answer is no: denied, refused, a finding, not genuine.
    No,
    /// What was given can't be read, or doesn't fit the command.
    Input,
    /// The machine: a file can't be written, a store is damaged or held by another process.
    Trouble,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::No => 1,
            Self::Input => 2,
            Self::Trouble => 3,
        }
    }
}

/// A failure in one line, with what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// The answer is no.
    pub(crate) fn no(message: impl Into<String>) -> Self {
        Self { exit: Exit::No, message: message.into() }
    }

    /// What was given is not good for it.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { exit: Exit::Input, message: message.into() }
    }

    /// The machine failed.
    pub(crate) fn trouble(message: impl Into<String>) -> Self {
        Self { exit: Exit::Trouble, message: message.into() }
    }

    /// A file that can't be read is bad input.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        Self::input(format!("{}: {error}", path.display()))
    }

    /// A file that can't be written is the machine's trouble.
    pub(crate) fn writing(path: &Path, error: &io::Error) -> Self {
        Self::trouble(format!("{}: {error}", path.display()))
    }
}

/// What the core refuses to encode was asked for on the command line.
impl From<keyward::EncodeError> for Failure {
    fn from(error: keyward::EncodeError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<keyward::unsigned::SignError> for Failure {
    fn from(error: keyward::unsigned::SignError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<keyward::Refusal> for Failure {
    fn from(refusal: keyward::Refusal) -> Self {
        let (name, code) = (refusal.name(), refusal.code());
        Self::no(format!("refused: {name} ({code}); `keyward why {code}` explains"))
    }
}

impl From<keyward::Denial> for Failure {
    fn from(denial: keyward::Denial) -> Self {
        let (name, code) = (denial.name(), denial.code());
        Self::no(format!("denied: {name} ({code}); `keyward why {code}` explains"))
    }
}

/// Of bytes that were read and decoded once already.
impl From<keyward::DecodeError> for Failure {
    fn from(error: keyward::DecodeError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<Misread> for Failure {
    fn from(misread: Misread) -> Self {
        Self::input(misread.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::trouble(error.to_string())
    }
}

impl fmt::Display for Failure {
    /// One line, whatever is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |c: char| if c.is_control() { ' ' } else { c };
        f.write_str(&plain(&self.message.chars().map(line).collect::<String>()))
    }
}
