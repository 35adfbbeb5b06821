//! Spans: a start and an end.

use keyward::{Seconds, Time, Valid};

use super::{
    Clock, lapse,
    misread::Misread,
    moment::{Edge, bound},
    read as lower, tell_instant, wall,
};

/// Reads a span from its start, its end and its length; see [`valid`](super::valid).
pub(super) fn read(
    from: Option<&str>,
    until: Option<&str>,
    lasts: Option<&str>,
    clock: &Clock,
) -> Result<Valid, Misread> {
    let from = match from {
        Some(text) => lower(text, |text| bound(text, clock, Edge::Start))
            .map_err(|misread| misread.of("--from"))?,
        None => wall::time("now", clock.now.timestamp())?,
    };
    let (option, text) = match (until, lasts) {
        (Some(text), None) => ("--until", text),
        (None, Some(text)) => ("--for", text),
        (None, None) => return Err(undecided("it has no end")),
        (Some(_), Some(_)) => return Err(undecided("it has two ends")),
    };
    let end = lower(text, |text| match option {
        "--until" => bound(text, clock, Edge::End),
        _ => after(from, text, clock),
    });
    end.and_then(|until| between(text, from, until, clock)).map_err(|misread| misread.of(option))
}

/// The instant so long after a start, by the calendar of the clock's zone.
fn after(from: Time, text: &str, clock: &Clock) -> Result<Time, Misread> {
    let lapse = lapse::read(text)?;
    let Some(start) = clock.at(from) else {
        return Err(Misread::new(text, "the calendar ends before the start", "--until @…"));
    };
    wall::time(text, lapse.after(&start)?.timestamp())
}

fn between(text: &str, from: Time, until: Time, clock: &Clock) -> Result<Valid, Misread> {
    let length = until.since(from);
    if length == 0 {
        let (from, until) = (tell_instant(from, clock), tell_instant(until, clock));
        let why = format!("that is {until}, not after the start, {from}");
        return Err(Misread::new(text, why, "a later end"));
    }
    let lasts = u32::try_from(length).map_err(|_| {
        Misread::new(text, "over 4294967295 s after the start, some 136 years", "an earlier end")
    })?;
    Ok(Valid { from, lasts: Seconds(lasts) })
}

fn undecided(why: &str) -> Misread {
    let what = String::from("the span");
    Misread { what, why: why.into(), example: "either --until fri or --for 2h" }
}
