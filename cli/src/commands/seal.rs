//! `keyward seal` and `keyward open`: what only one reader can read (SPEC.md section 23).

use std::path::PathBuf;

use clap::Args;
use keyward::{
    Challenge, OpeningKeys, Request,
    id::Nonce,
    seal::{self, Context},
    wire::Kind,
};
use serde_json::json;

use crate::{
    app::{App, random},
    fail::{Failure, Result},
    key, name, object,
    out::Out,
};

/// Seals a presentation to its lock, by the card in the domain's file
#[derive(Args, Debug)]
pub(crate) struct SealCommand {
    /// The presentation
    presentation: String,
    /// Its request
    #[arg(long, value_name = "OBJECT")]
    request: String,
    #[command(flatten)]
    out: Out,
}

/// Opens what is sealed: a lock's log at its owner, or a presentation at a lock
///
/// A line that doesn't open is told, and the exit code is then 1.
#[derive(Args, Debug)]
pub(crate) struct OpenCommand {
    /// A file of sealed objects; - is standard input
    sealed: String,
    /// The key of the class sealing
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key before that, while both are in use
    #[arg(long, value_name = "FILE")]
    key_before: Option<PathBuf>,
    /// The lock whose log it is, or to which it was sealed
    #[arg(long, value_name = "NAME")]
    lock: String,
    /// It is a presentation, in answer to this challenge
    #[arg(long, value_name = "OBJECT")]
    challenge: Option<String>,
    /// It is a presentation without a challenge
    #[arg(long, conflicts_with = "challenge")]
    unchallenged: bool,
    #[command(flatten)]
    out: Out,
}

impl SealCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let bytes = object::one(&self.request, Kind::Request)?;
        let request = Request::decode(&bytes)?;
        let presentation = object::one(&self.presentation, Kind::Presentation)?;
        let file = app.domain()?;
        let card = file.checked_card(request.ask().lock)?;
        let sealed = request.seal(&presentation, &card, &mut random())?;
        let lock = name::lock_name(&request.ask().lock);
        let sentence = format!("a presentation that only {lock} can read");
        self.out.objects(app, &[sealed.as_bytes()], &sentence, json!({ "lock": lock }))
    }
}

impl OpenCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut keys = OpeningKeys::new(key::opening(app, &self.key)?);
        if let Some(before) = &self.key_before {
            keys = keys.with_before(key::opening(app, before)?);
        }
        let lock = name::lock(&self.lock)?;
        let context = match (&self.challenge, self.unchallenged) {
            (Some(argument), _) => {
                let challenge = Challenge::decode(&object::one(argument, Kind::Challenge)?)?;
                Context::presentation(lock, Some(&challenge.nonce))
            }
            (None, true) => Context::presentation(lock, None::<&Nonce>),
            (None, false) => Context::entry(lock),
        };
        let mut opened = Vec::new();
        let (mut failed, mut why) = (0_u64, String::new());
        for sealed in object::read(&self.sealed)? {
            if sealed.kind != Kind::Sealed {
                continue;
            }
            let mut bytes = sealed.bytes;
            match seal::open(&keys, &context, &mut bytes) {
                Ok(inner) => opened.push(inner.bytes().to_vec()),
                Err(fault) => {
                    failed += 1;
                    why = fault.to_string();
                }
            }
        }
        if opened.is_empty() {
            return Err(Failure::no(format!(
                "{}: nothing opened ({failed} did not: {why})",
                self.sealed
            )));
        }
        let listed: Vec<&[u8]> = opened.iter().map(Vec::as_slice).collect();
        let sentence = format!("{} opened, {failed} did not", opened.len());
        let json = json!({ "opened": opened.len(), "failed": failed });
        self.out.private_objects(app, &listed, &sentence, json)?;
        match failed {
            0 => Ok(()),
            _ => Err(Failure::no(format!("{}: {failed} did not open: {why}", self.sealed))),
        }
    }
}
