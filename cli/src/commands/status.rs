//! `keyward status`: attests the domain's state now (SPEC.md section 8).

use std::path::PathBuf;

use clap::Args;
use keyward::{Challenge, Roles, State, Status, status::ListOrder, wire::Kind};
use serde_json::json;

use crate::{app::App, domain::DomainFile, fail::Result, issuer, object, out::Out};

/// Attests what the domain's newest keyset and list are now
#[derive(Args, Debug)]
pub(crate) struct StatusCommand {
    /// An issuer that may attest; for tokens with --fresh another than the one that issued them
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Over a lock's challenge: it then tells the time to a lock without a clock
    #[arg(long, value_name = "OBJECT")]
    challenge: Option<String>,
    #[command(flatten)]
    out: Out,
}

impl StatusCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let file = app.domain()?;
        let attester = issuer::read(app, &file, &self.key, Roles::ATTEST, "attest")?;
        let challenge = match &self.challenge {
            Some(argument) => Some(Challenge::decode(&object::one(argument, Kind::Challenge)?)?),
            None => None,
        };
        let nonce = challenge.map(|challenge| challenge.nonce);
        let state = state(app, &file)?;
        let draft = Status::attest(file.scope()?, &attester.public(), state, nonce.as_ref())?;
        let status = draft.sign(&attester)?;
        let sentence = "the domain's state now, for whom a token wants it fresh";
        self.out.objects(app, &[status.as_bytes()], sentence, json!({ "at": state.at.0 }))
    }
}

/// What the domain has said last.
pub(crate) fn state(app: &App, file: &DomainFile) -> Result<State> {
    let domain = file.domain()?;
    let list = domain.list()?.map_or(ListOrder::NONE, |list| list.unverified_state().list);
    Ok(State { keyset: domain.keyset()?.unverified_version(), list, at: app.now() })
}
