//! `keyward present`: what a phone does at a door (SPEC.md sections 11 and 12).

use std::path::{Path, PathBuf};

use clap::Args;
use keyward::{
    Ask, Challenge, Entry, Origin, Request, Right, SigningKey, Status, Time, Token,
    WitnessStatement,
    id::{Counter, Fresh},
    receipt::{Head, Log},
    role,
    wire::Kind,
};
use rand_core::Rng;
use serde_json::json;

use crate::{
    app::{App, random},
    caveats::unhex,
    fail::{Failure, Result},
    files, key, name,
    object::{self, Capability},
    out::Out,
    when,
};

/// Presents a token to a lock: answers its challenge, or makes a code for one that takes codes
///
/// Where witnesses are needed, `--request-only` makes the request that they agree to, and
/// `--request` presents that very one.
#[derive(Args, Debug)]
pub(crate) struct PresentCommand {
    /// The token, with its origin
    #[arg(required_unless_present = "request", value_name = "TOKEN")]
    token: Option<String>,
    /// The holder's key
    #[arg(long, value_name = "FILE", required_unless_present = "request_only")]
    key: Option<PathBuf>,
    /// The lock's challenge
    #[arg(long, value_name = "OBJECT")]
    challenge: Option<String>,
    /// Without a challenge, for this lock: a code that it takes once
    #[arg(long, value_name = "LOCK", conflicts_with = "challenge")]
    unchallenged: Option<String>,
    /// How long the code is good
    #[arg(long, value_name = "DURATION", default_value = "5min", conflicts_with = "challenge")]
    lasts: String,
    /// What the lock is asked to do
    #[arg(long, value_name = "RIGHT", default_value = "unlock")]
    right: String,
    /// A parameter for the lock's host, up to 64 bytes
    #[arg(long, value_name = "TEXT", default_value = "")]
    parameter: String,
    /// The same, as hexadecimal digits
    #[arg(long, value_name = "HEX", conflicts_with = "parameter")]
    parameter_hex: Option<String>,
    /// With `--right read-log`: says that all entries in this file are kept, so that the lock may
    /// drop them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["parameter", "parameter_hex"])]
    acknowledge: Option<String>,
    /// Over which channel the phone sees the lock
    #[arg(long, value_name = "CHANNEL", default_value = "radio", conflicts_with = "unchallenged")]
    channel: String,
    /// The request that witnesses have agreed to, which says what is asked
    #[arg(long, value_name = "OBJECT", conflicts_with_all = ASKS)]
    request: Option<String>,
    /// Makes the request alone, for witnesses to agree to
    #[arg(long, conflicts_with_all = ["request", "witnesses", "status", "seal"])]
    request_only: bool,
    /// A witness's agreement
    #[arg(long = "witness", value_name = "OBJECT")]
    witnesses: Vec<String>,
    /// The domain's status
    #[arg(long, value_name = "OBJECT")]
    status: Option<String>,
    /// Seals it to the lock, by the card in the domain's file
    #[arg(long)]
    seal: bool,
    #[command(flatten)]
    out: Out,
}

/// What makes a request.
const ASKS: [&str; 9] = [
    "token",
    "challenge",
    "unchallenged",
    "lasts",
    "right",
    "parameter",
    "parameter_hex",
    "acknowledge",
    "channel",
];

impl PresentCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let key = match &self.key {
            Some(path) => Some(key::signing::<role::Holder>(app, path)?),
            None => None,
        };
        let bytes = match &self.request {
            Some(argument) => object::one(argument, Kind::Request)?,
            None => self.request(app, key.as_ref())?,
        };
        let request = Request::decode(&bytes)?;
        if self.request_only {
            let sentence = "the request, for witnesses to agree to";
            return self.out.objects(app, &[&bytes], sentence, json!({}));
        }
        let key = key.ok_or_else(|| Failure::input("--key is missing"))?;
        self.present(app, &request, &key)
    }

    fn request(&self, app: &App, key: Option<&SigningKey<role::Holder>>) -> Result<Vec<u8>> {
        let held = Capability::read(self.token.as_deref().unwrap_or_default())?;
        let (origin, token) = (Origin::decode(&held.origin)?, Token::decode(&held.token)?);
        let right = name::right(&self.right)?;
        if self.acknowledge.is_some() && right != Right::READ_LOG {
            return Err(Failure::input(
                "--acknowledge: it goes with --right read-log, and another right would be asked for",
            ));
        }
        let parameter = self.parameter()?;
        let parameter = parameter.as_slice();
        let request = match (&self.challenge, &self.unchallenged) {
            (Some(argument), _) => {
                let challenge = Challenge::decode(&object::one(argument, Kind::Challenge)?)?;
                if challenge.epoch != origin.scope.epoch {
                    return Err(Failure::no(format!(
                        "the lock is in epoch {}, the token of epoch {}",
                        challenge.epoch, origin.scope.epoch
                    )));
                }
                let mut fresh = [0; 16];
                random().fill_bytes(&mut fresh);
                let ask = Ask { lock: challenge.lock, right, parameter };
                let channel = name::channel(&self.channel)?;
                Request::challenged(&origin, &token, ask, &challenge, channel, Fresh(fresh))?
            }
            (None, Some(lock)) => {
                let ask = Ask { lock: name::lock(lock)?, right, parameter };
                let holder = token.unverified_grantee()?;
                if key.is_none_or(|key| key.public() != holder) {
                    return Err(Failure::input(
                        "--key: a code is counted by the token's own holder",
                    ));
                }
                let now = app.now();
                let counter = next_counter(self.key.as_deref(), now)?;
                let expires = now.plus(when::duration(&self.lasts)?);
                Request::unchallenged(&origin, &token, ask, counter, now, expires)?
            }
            (None, None) => {
                return Err(Failure::input(
                    "--challenge is missing; without one, --unchallenged LOCK",
                ));
            }
        };
        Ok(request.encode()?.as_bytes().to_vec())
    }

    fn parameter(&self) -> Result<Vec<u8>> {
        if let Some(file) = &self.acknowledge {
            return Ok(acknowledged(file)?.acknowledgement().to_vec());
        }
        match &self.parameter_hex {
            Some(digits) => unhex(digits).ok_or_else(|| {
                Failure::input(format!("--parameter-hex {digits}: not hexadecimal digits"))
            }),
            None => Ok(self.parameter.as_bytes().to_vec()),
        }
    }

    fn present(
        &self,
        app: &App,
        request: &Request<'_>,
        key: &SigningKey<role::Holder>,
    ) -> Result<()> {
        let witnesses = self.witnesses.iter().map(|argument| object::one(argument, Kind::Witness));
        let witnesses = witnesses.collect::<Result<Vec<_>>>()?;
        let witnesses = witnesses.iter().map(|bytes| WitnessStatement::decode(bytes));
        let witnesses = witnesses.collect::<std::result::Result<Vec<_>, _>>()?;
        let status = match &self.status {
            Some(argument) => Some(object::one(argument, Kind::Status)?),
            None => None,
        };
        let status = status.as_deref().map(Status::decode).transpose()?;
        let signed = request.present(&witnesses, status.as_ref())?.sign(key)?;
        let (lock, right) = (request.ask().lock, request.ask().right);
        let (lock_name, right) = (name::lock_name(&lock), name::right_name(right));
        let json = json!({ "lock": lock_name, "right": right });
        if !self.seal {
            let sentence = format!("a presentation to {lock_name}: {right}");
            return self.out.objects(app, &[signed.as_bytes()], &sentence, json);
        }
        let file = app.domain()?;
        let card = file.checked_card(lock)?;
        let sealed = request.seal(signed.as_bytes(), &card, &mut random())?;
        let sentence = format!("a presentation that only {lock_name} can read: {right}");
        self.out.objects(app, &[sealed.as_bytes()], &sentence, json)
    }
}

/// The end of the log of events, by a file of its entries. That nothing is missing before is not
/// looked at: `keyward receipts audit` does.
fn acknowledged(file: &str) -> Result<Head> {
    let mut newest: Option<Head> = None;
    for object in object::read(file)?.iter().filter(|object| object.kind == Kind::Entry) {
        let receipt = Entry::decode(&object.bytes)?.receipt;
        let head = Head::behind(&receipt);
        if receipt.unverified().log() == Log::Events
            && newest.is_none_or(|known| known.next < head.next)
        {
            newest = Some(head);
        }
    }
    newest.ok_or_else(|| Failure::input(format!("{file}: no entry of the log of events in it")))
}

/// A holder's next counter: higher than all before, and by the clock, so that a key that is
/// restored from a copy is not locked out (SPEC.md section 11.1). It lies beside the key.
fn next_counter(key: Option<&Path>, now: Time) -> Result<Counter> {
    let Some(path) = key.filter(|path| *path != Path::new("-")) else {
        return Err(Failure::input(
            "a code is counted, and the counter lies beside the key's file: name that by --key",
        ));
    };
    let _alone = files::exclusive(path)?;
    let path = files::beside(path, "counter");
    let last = match path.exists() {
        false => 0,
        true => {
            let text = files::read(&path)?;
            let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
            number
                .filter(|last: &u64| *last < u64::MAX - 1)
                .ok_or_else(|| Failure::trouble(format!("{}: not a counter", path.display())))?
        }
    };
    let next = now.0.max(last.saturating_add(1));
    files::replace_private(&path, format!("{next}\n").as_bytes())?;
    Ok(Counter(next))
}
