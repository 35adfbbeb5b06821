//! Receipts, entries of a log and recordings in words (SPEC.md section 24).

use keyward::{
    Entry, PublicKey, Receipt, Recording, Right,
    clock::Quality,
    ledger::Outcome,
    receipt::{About, Disclosed, Event, Log, Private, StatementKind},
    role,
    wire::Kind,
};
use serde_json::{Value, json};

use super::{
    account::{Account, Verdict},
    beside::Beside,
    status, words,
};
use crate::{
    name::{lock_name, right_name},
    out::hex,
    why,
};

pub(super) fn receipt(bytes: &[u8], receipt: &Receipt<'_>, beside: &Beside<'_>) -> Account {
    let mut account = Account::new(Kind::Receipt, bytes, judge(receipt, beside));
    public(&mut account, receipt, beside);
    account
}

pub(super) fn entry(bytes: &[u8], entry: &Entry<'_>, beside: &Beside<'_>) -> Account {
    let verdict = match entry.disclosed() {
        Ok(_) => judge(&entry.receipt, beside),
        Err(_) => Verdict::unsigned("its private part is not the one that the lock has signed for"),
    };
    let mut account = Account::new(Kind::Entry, bytes, verdict);
    public(&mut account, &entry.receipt, beside);
    match entry.disclosed() {
        Ok(Disclosed::Told(told)) => private(&mut account, &told, beside),
        Ok(Disclosed::Erased) => account.field("private", "erased", "erased"),
        Ok(Disclosed::Nothing) => account.field("private", "there is none", Value::Null),
        Err(_) => account.field("private", "another entry's", "other"),
    }
    account
}

/// Whether the lock has signed it, by the device key of its card.
fn judge(receipt: &Receipt<'_>, beside: &Beside<'_>) -> Verdict {
    let Some(file) = &beside.domain else { return Verdict::Not(beside.missing.clone()) };
    let lock = receipt.unverified().lock;
    let device: Option<PublicKey<role::Device>> =
        file.checked_card(lock).ok().and_then(|card| card.device().ok());
    let Some(device) = device else {
        let lock = lock_name(&lock);
        return Verdict::Not(format!(
            "the domain has no card of the lock {lock}, which names its key"
        ));
    };
    match receipt.verify(&file.id(), &device) {
        Ok(_) => beside.holds("signed by the lock"),
        Err(_) => Verdict::unsigned(
            "the device key on the lock's card hasn't signed it; if the lock has changed its key, \
             `keyward receipts audit` follows that",
        ),
    }
}

fn public(account: &mut Account, receipt: &Receipt<'_>, beside: &Beside<'_>) {
    let (words, public) = (&beside.words, receipt.unverified());
    account.field("lock", lock_name(&public.lock), lock_name(&public.lock));
    let log = match public.log() {
        Log::Events => "events",
        Log::Denials => "denials",
    };
    account.field("log", log, log);
    let oldest = public.oldest;
    account.field(
        "number",
        format!("{}; the lock held {oldest} and on", public.sequence),
        public.sequence.0,
    );
    account.field("oldest", oldest.to_string(), oldest.0);
    account.field("epoch", public.epoch.to_string(), public.epoch.0);
    account.field("starts", words::times(public.starts), public.starts);
    let (lo, hi) = (public.time.lo(), public.time.hi());
    let known = match public.time.quality() {
        Quality::Clock => "clock",
        Quality::Attested => "attested",
        Quality::Lower => "lower",
    };
    let told = match hi {
        Some(hi) if hi == lo => words.instant(lo),
        Some(hi) => format!("not before {}, not after {}", words.instant(lo), words.instant(hi)),
        None => format!("not before {}", words.instant(lo)),
    };
    let how = match public.time.quality() {
        Quality::Clock => "by the host's clock",
        Quality::Attested => "by a status",
        Quality::Lower => "no clock",
    };
    let json = json!({ "lo": lo.0, "hi": hi.map(|hi| hi.0), "quality": known });
    account.field("time", format!("{told}, {how}"), json);
    event(account, &public.event, beside);
    account.field("hash", hex(receipt.hash().as_bytes()), hex(receipt.hash().as_bytes()));
    account.field("before", hex(public.before), hex(public.before));
}

fn event(account: &mut Account, event: &Event<'_>, beside: &Beside<'_>) {
    match event {
        Event::Opening { core, right, outcome } => {
            let (outcome, told) = done(*right, *outcome);
            let line = format!("{} was granted: {told}", right_name(*right));
            let json = json!({
                "event": "opening", "right": right_name(*right), "outcome": outcome,
                "core": hex(*core),
            });
            account.lines("event", vec![line, format!("core {}", hex(*core))], json);
        }
        Event::Statement { kind, hash } => {
            let kind = match kind {
                StatementKind::Epoch => "epoch",
                StatementKind::Keyset => "keyset",
                StatementKind::List => "list",
                StatementKind::Card => "card",
            };
            let json = json!({ "event": "statement", "statement": kind, "hash": hex(*hash) });
            let lines = vec![format!("the lock took in: {kind}"), format!("hash {}", hex(*hash))];
            account.lines("event", lines, json);
        }
        Event::Device(change) => {
            let key = |bytes| PublicKey::<role::Device>::from_bytes(bytes).ok();
            let (old, new) = (key(change.old), key(change.new));
            let told = |key: &Option<PublicKey<role::Device>>| {
                key.as_ref().map_or_else(|| "a weak key".into(), |key| beside.words.key(key))
            };
            let lines = vec![
                "the lock changed its own key".into(),
                format!("from {}", told(&old)),
                format!("to {}", told(&new)),
            ];
            let json =
                |key: Option<PublicKey<role::Device>>| key.map(|key| beside.words.key_json(&key));
            account.lines(
                "event",
                lines,
                json!({ "event": "device", "old": json(old), "new": json(new) }),
            );
        }
        Event::Denials { count } => {
            let line = format!(
                "{} denied",
                words::count(
                    usize::try_from(*count).unwrap_or(usize::MAX),
                    "request was",
                    "requests were"
                )
            );
            account.field("event", line, json!({ "event": "denials", "count": count }));
        }
    }
}

fn done(right: Right, outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Done if right == Right::UNLOCK => ("done", "the door was opened"),
        Outcome::Done => ("done", "it was done"),
        Outcome::Jammed => ("jammed", "the bolt jammed"),
        Outcome::Lapsed => ("lapsed", "it came too late to be done"),
        Outcome::Interrupted => ("interrupted", "power failed before the lock knew"),
        _ => ("unknown", "what was done isn't known"),
    }
}

fn private(account: &mut Account, private: &Private<'_>, beside: &Beside<'_>) {
    let words = &beside.words;
    match private.about {
        About::Opening(opening) => {
            let mut lines = vec![
                format!("opened by {}", words.named(&opening.holder)),
                format!("by the authority of {}", beside.issuer(opening.issuer)),
            ];
            lines.extend(opening.links().map(|link| format!("link {link}")));
            let witnesses: Vec<_> = opening.witnesses().collect();
            lines.extend(witnesses.iter().map(|one| {
                let (witness, evidence) =
                    (words.named(&one.witness), words::bytes(&one.evidence.0));
                format!("witness {witness}, evidence {evidence}")
            }));
            let witnesses = witnesses.iter().map(|one| {
                let witness = words.name_json(&one.witness);
                json!({ "witness": witness, "evidence": one.evidence.to_string() })
            });
            let json = json!({
                "holder": words.name_json(&opening.holder),
                "issuer": opening.issuer.to_string(),
                "links": opening.links().map(|link| link.to_string()).collect::<Vec<_>>(),
                "witnesses": witnesses.collect::<Vec<_>>(),
            });
            account.lines("private", lines, json);
        }
        About::Denials(rows) => {
            let rows: Vec<_> = rows.rows().collect();
            let lines = rows.iter().map(|row| {
                let who = row
                    .holder
                    .map_or_else(|| "somebody unproven".into(), |name| words.named(&name));
                let why = match (row.code, why::of(row.code)) {
                    (0, _) => "for various reasons".into(),
                    (code, Some(reason)) => format!("{} ({code})", reason.name),
                    (code, None) => code.to_string(),
                };
                let often = words::times(row.count.into());
                let (first, last) = (words.instant(row.first), words.instant(row.last));
                format!("{who}, {often}: {why}; first {first}, last {last}")
            });
            let lines: Vec<_> = lines.collect();
            let rows = rows.iter().map(|row| {
                json!({
                    "code": row.code, "count": row.count, "first": row.first.0, "last": row.last.0,
                    "holder": row.holder.map(|name| words.name_json(&name)),
                })
            });
            account.lines("private", lines, json!({ "denials": rows.collect::<Vec<_>>() }));
        }
    }
}

pub(super) fn recording(bytes: &[u8], recording: &Recording<'_>, beside: &Beside<'_>) -> Account {
    let words = &beside.words;
    let verdict = closed(bytes, recording, beside);
    let mut account = Account::new(Kind::Recording, bytes, verdict);
    if let Ok(key) = recording.unverified_key() {
        account.field("witness", words.key(&key), words.key_json(&key));
    }
    let closed = recording.unverified();
    account.field("evidence", words::bytes(&closed.evidence.0), closed.evidence.to_string());
    account.field("core", hex(&closed.core), hex(&closed.core));
    account.field("hash", hex(&closed.hash), hex(&closed.hash));
    account.field("from", words.instant(closed.from), closed.from.0);
    let lasts = words::rough(closed.until.since(closed.from));
    account.field(
        "until",
        format!("{}, after {lasts}", words.instant(closed.until)),
        closed.until.0,
    );
    account
}

/// Whether its own key has signed it, and an entry beside it names that witness and evidence.
fn closed(bytes: &[u8], recording: &Recording<'_>, beside: &Beside<'_>) -> Verdict {
    let signed = || {
        let key = recording.unverified_key().ok()?;
        let draft = recording.unverified().draft(&key).ok()?;
        draft.with_signature(&status::signature(bytes)?).ok()
    };
    if signed().is_none_or(|signed| signed.as_bytes() != bytes) {
        return Verdict::unsigned("the witness's signature doesn't hold");
    }
    for entry in beside.all(Kind::Entry).filter_map(|bytes| Entry::decode(bytes).ok()) {
        let (Some(core), Ok(Disclosed::Told(told))) =
            (entry.receipt.unverified().core(), entry.disclosed())
        else {
            continue;
        };
        let About::Opening(opening) = told.about else { continue };
        if opening.witnesses().any(|agreed| recording.verify(&core, &agreed).is_ok()) {
            let number = entry.receipt.unverified().sequence;
            let by = format!("entry {number} beside it names this witness and this evidence");
            return match judge(&entry.receipt, beside) {
                Verdict::Verified(_) => {
                    Verdict::Verified(format!("signed by its witness, and {by}"))
                }
                other => Verdict::Genuine(format!(
                    "by its witness's own key; {by}, which is {}",
                    other.told()
                )),
            };
        }
    }
    Verdict::Genuine("by its witness's own key; no entry beside it names that witness".into())
}
