//! `keyward lock`: a lock in software, in a directory (SPEC.md sections 14, 18, 22 and 24).

mod claim;
mod end;
mod log;
mod new;
mod open;
mod phone;
mod show;
mod statements;
mod telling;

use clap::Subcommand;

use crate::{app::App, fail::Result};

/// Is a lock: a directory that is drawn, claimed, opened and released as hardware is
///
/// Each command is a start: what a kill cut off is ended, and a door that may be open is secured
/// before all else, which is told on standard error. One process at a time has a lock; another one
/// waits for it, 5 seconds at most.
#[derive(Subcommand, Debug)]
pub(crate) enum LockCommand {
    /// Draws a new lock into DIR, and shows what its card is made of
    New(new::New),
    /// Lets a domain take the lock, by the key from its box, with the card of NAME
    Claim(claim::Claim),
    /// Gives a challenge, takes what a phone brings, and opens if the lock agrees
    ///
    /// The challenge is the first line of the output. What a phone brings is read from standard
    /// input, an object a line, until a request was decided: statements are taken in before it.
    /// Exit code 0 says that it was done, 1 that it was denied.
    Open(open::Open),
    /// Takes in what is new in the domain's file, as any phone may bring it
    Sync(statements::Sync),
    /// Throws the bolt; it needs no token
    Secure(end::Secure),
    /// Ends the lock's life for its owner's token with the right `release`; it is a new lock then
    Release(open::Release),
    /// Ends the lock's life by hand, whatever its store holds
    Reset(end::Reset),
    /// Shows what the lock trusts and remembers, and never moves the bolt
    Show(show::Show),
    /// Hands out the lock's log, sealed to its owner
    Log(log::Log),
}

impl LockCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::New(command) => command.run(app),
            Self::Claim(command) => command.run(app),
            Self::Open(command) => command.run(app),
            Self::Sync(command) => command.run(app),
            Self::Secure(command) => command.run(app),
            Self::Release(command) => command.run(app),
            Self::Reset(command) => command.run(app),
            Self::Show(command) => command.run(app),
            Self::Log(command) => command.run(app),
        }
    }
}
