//! Sentences on a lock, and their JSON.

use keyward::{Answer, Taken, id::ListNumber, lock::Session};
use serde_json::{Value, json};

use crate::{
    app::App,
    fail::Result,
    lock::{Became, Decision, Host, denied, outcome_name},
    name::right_name,
    object,
    out::with,
};

/// The versions of what the lock holds.
pub(super) fn held(host: &Host) -> Result<String> {
    let trust = host.lock.trust().map_err(denied)?;
    let (list, card) = (trust.list(), trust.card());
    let list = match list.number {
        ListNumber(0) => "no list".to_owned(),
        ListNumber(number) => format!("list {number} under keyset {}", list.keyset),
    };
    Ok(format!(
        "epoch {}, keyset {}, {list}, card {}",
        trust.scope().epoch,
        trust.keyset(),
        card.version
    ))
}

/// The challenge, as the first line.
pub(super) fn challenge(app: &App, session: &Session) -> Result<String> {
    let text = object::of(session.challenge().encode()?.as_bytes())?;
    app.say(&text, &json!({ "challenge": text }));
    Ok(text)
}

/// What became of a message.
pub(super) fn message(app: &App, lock: &str, became: &Became) -> Result<()> {
    match became {
        Became::Taken(taken) => {
            let taken = taken_name(*taken);
            let line = match taken {
                "held" => format!("{lock}: held already"),
                "walked" => format!("{lock}: an epoch, which waits for its keyset"),
                taken => format!("{lock}: taken: {taken}"),
            };
            app.say(&line, &json!({ "lock": lock, "taken": taken }));
        }
        Became::Refused(refusal) => {
            let (name, code) = (refusal.name(), refusal.code());
            let json = json!({ "lock": lock, "refused": name, "code": code });
            app.say(&format!("{lock}: refused: {name} ({code})"), &json);
        }
        Became::Denied(denial) => {
            let (name, code, told) = (denial.name(), denial.code(), answer_name(denial.answer()));
            let json = json!({ "lock": lock, "denied": name, "code": code, "told": told });
            let line = format!("{lock}: denied: {name} ({code})\nthe phone is told: {told}");
            app.say(&line, &json);
        }
        Became::Decided(decision) => decided(app, lock, decision)?,
    }
    Ok(())
}

fn decided(app: &App, lock: &str, decision: &Decision) -> Result<()> {
    let (outcome, told) = (outcome_name(decision.outcome), answer_name(Answer::Done));
    let right = decision.right.map(right_name);
    let entry = match &decision.entry {
        Some((number, _)) => format!("entry {number}"),
        None => "break-glass, no entry".to_owned(),
    };
    let asked = right.as_deref().map_or_else(String::new, |right| format!("{right}, "));
    let mut line = format!("{lock}: {asked}{entry}, {outcome}\nthe phone is told: {told}");
    let mut json = json!({
        "lock": lock, "right": right, "outcome": outcome, "told": told,
        "entry": decision.entry.as_ref().map(|(number, _)| number),
        "acknowledged": decision.acknowledged, "released": decision.released,
        "relock_within": decision.relock_within.map(|within| within.0),
    });
    if let Some((_, receipt)) = &decision.entry {
        let receipt = object::of(receipt)?;
        line = format!("{line}\n{receipt}");
        json = with(json, "receipt", Value::from(receipt));
    }
    if decision.acknowledged {
        line.push_str("\nthe log up to there is acknowledged");
    }
    app.say(&line, &json);
    Ok(())
}

/// What was taken in, in one word.
pub(super) const fn taken_name(taken: Option<Taken>) -> &'static str {
    match taken {
        None => "walked",
        Some(Taken::Claim) => "claim",
        Some(Taken::Epoch) => "epoch",
        Some(Taken::Keyset) => "keyset",
        Some(Taken::List) => "list",
        Some(Taken::Card) => "card",
        Some(Taken::Time) => "time",
        Some(_) => "held",
    }
}

/// What a phone is told, in one word or two.
const fn answer_name(answer: Answer) -> &'static str {
    match answer {
        Answer::Done => "done",
        Answer::Applied => "applied",
        Answer::NeedTime => "need time",
        Answer::NeedStatus => "need status",
        Answer::NeedKeyset => "need keyset",
        Answer::NeedWitness => "need witness",
        Answer::Busy => "busy",
        _ => "denied",
    }
}
