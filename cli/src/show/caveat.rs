//! One caveat as a sentence, and as JSON (SPEC.md section 7).

use keyward::{
    PublicKey, Target,
    caveat::{Caveat, Witnesses},
    role,
    schedule::{Dates, Schedule, Window},
};
use serde_json::{Value, json};

use super::words::{self, Words};
use crate::{
    name::{group_name, lock_name, target_name},
    out::{hex, with},
    when::{tell_dates, tell_duration, tell_window},
};

/// A caveat in words.
pub(super) fn sentence(caveat: &Caveat<'_>, words: &Words<'_>) -> String {
    match caveat {
        Caveat::Rights(rights) => format!("for {}", words::either(&words::rights(*rights))),
        Caveat::Target(targets) => {
            let names: Vec<_> = targets.iter().map(|target| target_name(&target)).collect();
            format!("at {}", words::either(&names))
        }
        Caveat::Valid(valid) => words.span(valid.from, valid.until()),
        Caveat::Uses(uses) => format!("{} at each lock", words::times((*uses).into())),
        Caveat::Witness(witnesses) => witness(witnesses, words),
        Caveat::MaxOpen(seconds) => format!("the door relocks after {}", tell_duration(*seconds)),
        Caveat::Fresh(seconds) => {
            format!("with a status no older than {}", tell_duration(*seconds))
        }
        Caveat::Schedule(schedule) => hours(schedule, words),
        Caveat::FirstUse(first) => format!(
            "first used before {}, and for {} from then on, at each lock",
            words.instant_from_now(first.by),
            tell_duration(first.lasts)
        ),
        Caveat::Channel(channels) => {
            let names = words::channels(*channels).into_iter().map(str::to_owned);
            format!("only over {}", words::either(&names.collect::<Vec<_>>()))
        }
        Caveat::App(app) => {
            let data = words::bytes(app.data);
            format!("if the lock's host agrees to condition {}, data {data}", app.tag)
        }
        _ => "of a kind that this version doesn't know".into(),
    }
}

fn witness(witnesses: &Witnesses<'_>, words: &Words<'_>) -> String {
    let names: Vec<_> = keys(witnesses).map(|key| words.key(&key)).collect();
    match (witnesses.of(), names.as_slice()) {
        (_, [only]) => format!("only if this witness agrees: {only}"),
        (of, all) if usize::from(of) == all.len() => {
            format!("only if both of these agree: {}", all.join(", "))
        }
        (1, all) => format!("only if 1 of these agrees: {}", all.join(", ")),
        (of, all) => format!("only if {of} of these agree: {}", all.join(", ")),
    }
}

/// The keys that a caveat names.
pub(super) fn keys<'a>(
    witnesses: &Witnesses<'a>,
) -> impl Iterator<Item = PublicKey<role::Witness>> + use<'a> {
    witnesses.keys().iter().filter_map(|bytes| PublicKey::from_bytes(bytes).ok())
}

fn hours(schedule: &Schedule<'_>, words: &Words<'_>) -> String {
    let windows: Vec<_> =
        schedule.windows().map(|window| tell_window(&window, words.clock)).collect();
    let except: Vec<_> = schedule.exceptions().map(|dates| tell_dates(&dates)).collect();
    let windows = words::either(&windows);
    match except.as_slice() {
        [] => format!("{windows} by the lock's own clock"),
        except => format!("{windows} by the lock's own clock, not on {}", words::either(except)),
    }
}

/// A caveat's kind, its fields, and the sentence.
pub(super) fn json(caveat: &Caveat<'_>, words: &Words<'_>) -> Value {
    let fields = match caveat {
        Caveat::Rights(rights) => json!({ "kind": "rights", "rights": words::rights(*rights) }),
        Caveat::Target(targets) => {
            let (mut locks, mut groups) = (Vec::new(), Vec::new());
            for target in targets.iter() {
                match target {
                    Target::Lock(lock) => locks.push(lock_name(&lock)),
                    Target::Group(group) => groups.push(group_name(&group)),
                }
            }
            json!({ "kind": "target", "locks": locks, "groups": groups })
        }
        Caveat::Valid(valid) => {
            json!({ "kind": "valid", "from": valid.from.0, "until": valid.until().0 })
        }
        Caveat::Uses(uses) => json!({ "kind": "uses", "uses": uses }),
        Caveat::Witness(witnesses) => {
            let keys: Vec<_> = keys(witnesses).map(|key| words.key_json(&key)).collect();
            json!({ "kind": "witness", "of": witnesses.of(), "keys": keys })
        }
        Caveat::MaxOpen(seconds) => json!({ "kind": "max_open", "seconds": seconds.0 }),
        Caveat::Fresh(seconds) => json!({ "kind": "fresh", "seconds": seconds.0 }),
        Caveat::Schedule(schedule) => {
            let windows: Vec<_> = schedule.windows().map(|one| window(&one, words)).collect();
            let except: Vec<_> = schedule.exceptions().map(|one| dates(&one)).collect();
            json!({ "kind": "schedule", "windows": windows, "except": except })
        }
        Caveat::FirstUse(first) => {
            json!({ "kind": "first_use", "by": first.by.0, "lasts": first.lasts.0 })
        }
        Caveat::Channel(channels) => {
            json!({ "kind": "channel", "channels": words::channels(*channels) })
        }
        Caveat::App(app) => json!({ "kind": "app", "tag": app.tag, "data": hex(app.data) }),
        _ => json!({ "kind": "unknown" }),
    };
    with(fields, "text", words::plain(&sentence(caveat, words)).into())
}

/// Days by their bits, Monday first; start and length in seconds of the wall clock.
fn window(window: &Window, words: &Words<'_>) -> Value {
    let Window { days, start, length, every, phase } = window;
    json!({
        "days": days.0,
        "start": u32::from(*start) * 60,
        "length": u32::from(*length) * 60,
        "every_weeks": every,
        "phase": phase,
        "text": tell_window(window, words.clock),
    })
}

fn dates(dates: &Dates) -> Value {
    json!({ "first_day": dates.first, "days": dates.days, "text": tell_dates(dates) })
}
