//! `keyward lock show`: what a lock trusts and remembers, and nothing secret.

use clap::Args;
use keyward::{receipt::Log, tables::Capacity};
use serde_json::{Value, json};

use super::telling;
use crate::{
    app::App,
    fail::Result,
    lock::{Host, Which, denied},
    name::lock_name,
    object,
    out::{hex, with},
};

#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
}

impl Show {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let host = Host::start_to_show(&self.which)?;
        let directory = host.place.path().display().to_string();
        let bolt = host.bolt_stands().unwrap_or("unknown");
        let relock = host.lock.relock_within(host.now()).is_some();
        let json = json!({ "directory": directory, "bolt": bolt, "relock_due": relock });
        let (mut told, json) = match (&host.fault, host.is_unclaimed()) {
            (Some(fault), _) => {
                let (name, code) = (fault.name(), fault.code());
                let line = format!("does nothing: {name} ({code}); `keyward why {code}` explains");
                let json = with(json, "state", "fault".into());
                (vec![line], with(json, "fault", json!({ "name": name, "code": code })))
            }
            (None, true) => {
                let text = object::of(&host.kept.unclaimed()?)?;
                let line = "unclaimed; this is what its card is made of:".to_owned();
                let json = with(json, "state", "unclaimed".into());
                (vec![line, text.clone()], with(json, "unclaimed", text.into()))
            }
            (None, false) => claimed(&host, json)?,
        };
        told.push(format!("bolt: {bolt}"));
        if relock {
            told.push("the door is to be secured: the next command does so first".to_owned());
        }
        app.say(&told.join("\n"), &json);
        Ok(())
    }
}

/// What a claimed lock holds.
fn claimed(host: &Host, json: Value) -> Result<(Vec<String>, Value)> {
    let trust = host.lock.trust().map_err(denied)?;
    let floor = host.lock.present(host.now()).map_err(denied)?.lo();
    let memory = host.lock.memory();
    let (counts, lanes) = (memory.counts(floor).count(), memory.lanes(floor).count());
    let [all_counts, all_lanes] = capacity(memory);
    let (scope, list, card) = (trust.scope(), trust.list(), trust.card());
    let (events, denials) = (host.lock.head(Log::Events), host.lock.head(Log::Denials));
    let told = vec![
        format!("claimed, the lock {} of the domain {}", lock_name(&trust.lock()), scope.domain),
        format!("holds {}", telling::held(host)?),
        format!("log of events: {} entries, head {}", events.next, hex(&events.hash)),
        format!("log of denials: {} entries, head {}", denials.next, hex(&denials.hash)),
        format!(
            "remembers {counts} of {all_counts} counted links, {lanes} of {all_lanes} code holders"
        ),
    ];
    let head =
        |head: keyward::receipt::Head| json!({ "next": head.next.0, "hash": hex(&head.hash) });
    let more = json!({
        "lock": lock_name(&trust.lock()), "domain": scope.domain.to_string(),
        "epoch": scope.epoch.0, "keyset": trust.keyset().0,
        "list": { "keyset": list.keyset.0, "number": list.number.0 },
        "card": { "keyset": card.keyset.0, "version": card.version.0 },
        "events": head(events), "denials": head(denials),
        "counts": counts, "lanes": lanes, "state": "claimed",
    });
    let more = more.as_object().cloned().unwrap_or_default();
    Ok((told, more.into_iter().fold(json, |json, (name, value)| with(json, &name, value))))
}

/// How many counted links and holders a lock can remember.
const fn capacity<T: Capacity>(_: &T) -> [usize; 2] {
    [T::COUNTS, T::LANES]
}
