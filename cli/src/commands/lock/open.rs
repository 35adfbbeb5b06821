//! `keyward lock open` and `keyward lock release`: a link session (SPEC.md sections 10 and 14).

use std::{
    io::{self, BufReader},
    path::{Path, PathBuf},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use clap::Args;
use keyward::{
    limits::CHALLENGE_LIFETIME,
    lock::Session,
    text::{self, MAX_TEXT},
};
use serde_json::json;

use super::{end, log, phone, telling};
use crate::{
    app::{App, line},
    fail::{Failure, Result},
    files,
    lock::{Became, Decision, Host, Which, denied, outcome_name},
    name, object,
};

#[derive(Args, Debug)]
pub(crate) struct Open {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    phone: Phone,
    /// Takes a presentation without a challenge instead, if the lock's card admits it: a code
    #[arg(long, value_name = "OBJECT", conflicts_with_all = ["command", "channel"])]
    code: Option<String>,
    /// Returns at once where the door must be secured in time, and leaves that to the next command,
    /// which secures it before all else, whenever that is [default: stays until then]
    #[arg(long)]
    no_wait: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Release {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    phone: Phone,
}

/// Over what the phone comes, and where to what it gets.
#[derive(Args, Debug)]
struct Phone {
    /// Runs a shell command as the phone: it gets the challenge on its standard input, and its
    /// output is what the phone brings; as 'keyward present t.token --key t.key --challenge -'
    #[arg(long = "phone", value_name = "COMMAND")]
    command: Option<String>,
    /// Over which channel the lock sees the phone
    #[arg(long, value_name = "CHANNEL", default_value = "radio")]
    channel: String,
    /// Writes the receipt to this file too
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Writes the entries that a request of the right `read log` gets to this file, for this user
    /// alone [default: standard output]
    #[arg(long, value_name = "FILE")]
    entries: Option<PathBuf>,
}

impl Open {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut host = Host::start(&self.which)?;
        let visited = self.visited(app, &mut host);
        let relocked = relocked(app, &mut host, self.no_wait);
        let decision = visited?;
        if decision.released {
            end::told(app, &host)?;
        }
        end::ended(decision.outcome)?;
        relocked
    }

    fn visited(&self, app: &App, host: &mut Host) -> Result<Decision> {
        let Some(argument) = &self.code else { return self.phone.visited(app, host) };
        let objects = object::read(argument)?;
        let first = objects.into_iter().next();
        let mut bytes = first.map(|object| object.bytes).unwrap_or_default();
        let lock = host.name();
        let became = host.message(None, &mut bytes)?;
        telling::message(app, &lock, &became)?;
        let decision = ended(became)?.ok_or_else(|| Failure::input("no presentation"))?;
        self.phone.hand_out(app, host, &decision)?;
        Ok(decision)
    }
}

impl Release {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let mut host = Host::start(&self.which)?;
        let visited = self.phone.visited(app, &mut host);
        let relocked = relocked(app, &mut host, false);
        let decision = visited?;
        if !decision.released {
            end::ended(decision.outcome)?;
            relocked?;
            let asked = decision.right.map(name::right_name).unwrap_or_default();
            return Err(Failure::no(format!(
                "not released: the phone asked for {asked}, and got it"
            )));
        }
        end::told(app, &host)
    }
}

/// Secures the door in time, also where the rest of the visit has failed: by then the bolt may have
/// moved.
fn relocked(app: &App, host: &mut Host, is_left: bool) -> Result<()> {
    let Some(within) = host.relock_within() else { return Ok(()) };
    let lock = host.name();
    let line = format!("{lock}: to be secured within {} s", within.0);
    app.say(&line, &json!({ "lock": lock, "relock_within": within.0 }));
    if is_left {
        return Ok(());
    }
    let outcome = host.secure_in_time(within);
    let told = outcome_name(outcome);
    app.say(&format!("{lock}: secured: {told}"), &json!({ "lock": lock, "secured": told }));
    end::ended(outcome)
}

/// What is left to do after a message; an error where that is nothing.
fn ended(became: Became) -> Result<Option<Decision>> {
    match became {
        Became::Decided(decision) => Ok(Some(decision)),
        Became::Denied(denial) => Err(denied(denial)),
        Became::Taken(_) | Became::Refused(_) => Ok(None),
    }
}

impl Phone {
    /// Serves one phone, and gives it what it gets.
    fn visited(&self, app: &App, host: &mut Host) -> Result<Decision> {
        let decision = self.served(app, host)?;
        self.hand_out(app, host, &decision)?;
        Ok(decision)
    }

    /// Serves one phone, until a request of it was decided.
    fn served(&self, app: &App, host: &mut Host) -> Result<Decision> {
        let mut session = host.challenge(name::channel(&self.channel)?)?;
        let Some(command) = &self.command else {
            telling::challenge(app, &session)?;
            let lines = phone::lines_of(BufReader::new(io::stdin()));
            return listened(app, host, &mut session, &lines)?.ok_or_else(nothing);
        };
        let text = object::of(session.challenge().encode()?.as_bytes())?;
        let (mut child, output) = phone::started(command, &text)?;
        let decision = listened(app, host, &mut session, &phone::lines_of(output));
        let ended = phone::ended_soon(&mut child)?;
        match decision? {
            Some(decision) => Ok(decision),
            None if ended.is_none_or(|ended| ended.success()) => Err(nothing()),
            None => Err(Failure::input("the phone brought no presentation: its command failed")),
        }
    }

    /// Gives out the receipt, and the log where the request may read it.
    fn hand_out(&self, app: &App, host: &mut Host, decision: &Decision) -> Result<()> {
        // The receipt stands on standard output already.
        let out = self.out.as_deref().filter(|path| *path != Path::new("-"));
        if let (Some(path), Some((_, receipt))) = (out, &decision.entry) {
            files::replace(path, format!("{}\n", object::of(receipt)?).as_bytes())?;
        }
        let Some(may_read) = &decision.reads else { return Ok(()) };
        let entries = log::entries(host, Some(may_read))?;
        let texts = entries.iter().map(|bytes| object::of(bytes)).collect::<Result<Vec<_>>>()?;
        let lock = host.name();
        match self.entries.as_deref().filter(|path| *path != Path::new("-")) {
            Some(path) => {
                files::replace_private(path, format!("{}\n", texts.join("\n")).as_bytes())?;
                let (path, count) = (path.display().to_string(), texts.len());
                let json = json!({ "lock": lock, "file": path, "entries": count });
                app.say(&format!("{path}: {count} entries of {lock}"), &json);
            }
            None if app.json => line(&json!({ "lock": lock, "entries": texts }).to_string()),
            None => texts.iter().for_each(|text| line(text)),
        }
        Ok(())
    }
}

fn nothing() -> Failure {
    Failure::no(format!("no presentation came within {CHALLENGE_LIFETIME} s"))
}

/// Takes messages, a line each, until a request was decided, or nobody can answer the challenge
/// any more.
fn listened(
    app: &App,
    host: &mut Host,
    session: &mut Session,
    lines: &Receiver<Vec<u8>>,
) -> Result<Option<Decision>> {
    let lock = host.name();
    let end = Instant::now() + Duration::from_secs(CHALLENGE_LIFETIME);
    let mut buffer = [0; MAX_TEXT];
    loop {
        let Ok(text) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&text);
        let text = text.trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match text::decode(text, &mut buffer) {
            Err(why) => {
                let json = json!({ "lock": lock, "unreadable": why.to_string() });
                app.say(&format!("{lock}: not an object: {why}"), &json);
            }
            Ok(bytes) => {
                let became = host.message(Some(&mut *session), &mut bytes.to_vec())?;
                telling::message(app, &lock, &became)?;
                if let Some(decision) = ended(became)? {
                    return Ok(Some(decision));
                }
            }
        }
    }
}
