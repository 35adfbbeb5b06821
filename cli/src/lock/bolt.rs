//! What a lock moves: a file that says where the bolt stands, or whatever a command moves.

use std::{
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use keyward::{Right, ledger::Outcome};

use crate::{fail::Result, files, name::right_name, out::hex};

/// A bolt.
#[derive(Debug)]
pub(crate) struct Bolt {
    file: PathBuf,
    command: Option<String>,
}

impl Bolt {
    /// A bolt whose place the file tells, and that the command moves, if there is one.
    pub(crate) fn new(file: PathBuf, command: Option<String>) -> Self {
        Self { file, command }
    }

    /// Where it stands; nobody knows at a lock that has lost the file.
    pub(crate) fn stands(&self) -> Option<&'static str> {
        let held = files::read(&self.file).ok()?;
        [OPEN, LOCKED].into_iter().find(|word| held.trim_ascii() == word.as_bytes())
    }

    /// Writes down that the bolt of a new lock is thrown.
    pub(crate) fn begin(&self) -> Result<()> {
        self.write(LOCKED)
    }

    /// Throws the bolt.
    pub(crate) fn secured(&self) -> Outcome {
        self.moved(Right::LOCK, b"")
    }

    /// Does what a right permits. It is called once for a request that is committed.
    pub(crate) fn moved(&self, right: Right, parameter: &[u8]) -> Outcome {
        let to = match right {
            Right::UNLOCK | Right::HOLD_OPEN => Some(OPEN),
            Right::LOCK | Right::RELEASE => Some(LOCKED),
            // What the host then tells is all that is asked for.
            Right::STATUS | Right::READ_LOG => return Outcome::Done,
            _ => None,
        };
        let Some(command) = &self.command else {
            return match to.map(|to| self.write(to)) {
                Some(Ok(())) => Outcome::Done,
                Some(Err(_)) => Outcome::Jammed,
                // This bolt can do no more.
                None => Outcome::Unknown,
            };
        };
        let outcome = commanded(command, right, parameter);
        if let Some(to) = to.filter(|_| outcome == Outcome::Done) {
            // The bolt has moved, whether the file says so or not.
            let _told_by_the_command = self.write(to);
        }
        outcome
    }

    fn write(&self, place: &str) -> Result<()> {
        files::replace(&self.file, format!("{place}\n").as_bytes())
    }
}

const OPEN: &str = "open";
const LOCKED: &str = "locked";

/// What the command prints goes to standard error, beside what the lock tells.
fn commanded(command: &str, right: Right, parameter: &[u8]) -> Outcome {
    let ended = Command::new("sh")
        .args(["-c", command])
        .env("KEYWARD_RIGHT", right_name(right))
        .env("KEYWARD_PARAMETER", hex(parameter))
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status();
    match ended {
        Ok(status) if status.success() => Outcome::Done,
        _ => Outcome::Jammed,
    }
}

/// An outcome in one word.
pub(crate) const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Jammed => "jammed",
        Outcome::Lapsed => "lapsed",
        Outcome::Interrupted => "interrupted",
        _ => "unknown",
    }
}
