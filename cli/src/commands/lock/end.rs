//! `keyward lock secure` and `keyward lock reset`: what needs no token.

use clap::Args;
use keyward::ledger::Outcome;
use serde_json::json;

use crate::{
    app::App,
    fail::{Failure, Result},
    lock::{Host, Which, outcome_name},
    object,
};

#[derive(Args, Debug)]
pub(crate) struct Secure {
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Debug)]
pub(crate) struct Reset {
    #[command(flatten)]
    which: Which,
    /// Says that it is meant: whoever owned the lock has it no more
    #[arg(long)]
    yes: bool,
}

impl Secure {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut host = Host::start(&self.which)?;
        let (lock, outcome) = (host.name(), host.secure());
        let told = outcome_name(outcome);
        app.say(&format!("{lock}: secured: {told}"), &json!({ "lock": lock, "secured": told }));
        ended(outcome)
    }
}

/// A bolt that doesn't report it done is the machine's trouble.
pub(super) fn ended(outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Done => Ok(()),
        outcome => Err(Failure::trouble(format!("the bolt: {}", outcome_name(outcome)))),
    }
}

impl Reset {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        if !self.yes {
            return Err(Failure::input(
                "--yes is missing: the lock forgets its owner, and all uses",
            ));
        }
        let mut host = Host::start_to_reset(&self.which)?;
        host.reset()?;
        told(app, &host)
    }
}

/// Tells that the lock is new.
pub(super) fn told(app: &App, host: &Host) -> Result<()> {
    let text = object::of(&host.kept.unclaimed()?)?;
    let lock = host.name();
    let json = json!({ "lock": lock, "unclaimed": text });
    app.say(&format!("{lock}: a new lock, which nobody owns\n{text}"), &json);
    Ok(())
}
