//! Keys, times and rights in words, and the same in JSON.

use keyward::{
    PublicKey, Right, Rights, SealingKey, Seconds, Time,
    caveat::{Channel, Channels},
    id::KeyName,
    role::Role,
};
use keyward_audit::Book;
use serde_json::{Value, json};

use crate::{
    name::{CHANNELS, channel_name, right_name},
    out::hex,
    when::{Clock, tell_duration, tell_moment},
};

pub(super) use crate::terminal::plain;

/// Who tells, and what is told of a moment is told as of when.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) book: &'a Book,
    pub(super) clock: &'a Clock,
    pub(super) now: Time,
}

impl Words<'_> {
    /// A key, by its label or by its name.
    pub(super) fn key<R: Role>(&self, key: &PublicKey<R>) -> String {
        self.named(&key.name())
    }

    /// A key of which the name alone is known.
    pub(super) fn named(&self, name: &KeyName) -> String {
        self.book.label(name).map_or_else(|| format!("key {name}"), plain)
    }

    /// A key: its bytes, its name, its label.
    pub(super) fn key_json<R: Role>(&self, key: &PublicKey<R>) -> Value {
        let label = self.book.label(&key.name()).map(plain);
        json!({ "key": hex(key.as_bytes()), "name": key.name().to_string(), "label": label })
    }

    /// A name: it, and its label.
    pub(super) fn name_json(&self, name: &KeyName) -> Value {
        json!({ "name": name.to_string(), "label": self.book.label(name).map(plain) })
    }

    /// An instant.
    pub(super) fn instant(&self, time: Time) -> String {
        tell_moment(time, self.clock)
    }

    /// An instant, and how far it is away.
    pub(super) fn instant_from_now(&self, time: Time) -> String {
        let away = match time.0.checked_sub(self.now.0) {
            Some(0) => "now".into(),
            Some(ahead) => format!("in {}", rough(ahead)),
            None => format!("{} ago", rough(self.now.since(time))),
        };
        format!("{}, {away}", self.instant(time))
    }

    /// A span, and what is left of it: the zone is named once.
    pub(super) fn span(&self, from: Time, until: Time) -> String {
        let (from_told, until_told) = (self.instant(from), self.instant(until));
        let zone = self.clock.now.time_zone().iana_name().map(|name| format!(" [{name}]"));
        let from_told = match zone {
            Some(zone) if until_told.contains(&zone) => from_told.replace(&zone, ""),
            _ => from_told,
        };
        format!("from {from_told} until {until_told}, {}", self.left(from, until))
    }

    /// What is left of a span.
    pub(super) fn left(&self, from: Time, until: Time) -> String {
        match self.now {
            now if now >= until => format!("ended {} ago", rough(now.since(until))),
            now if now < from => format!("begins in {}", rough(from.since(now))),
            now => format!("{} left", rough(until.since(now))),
        }
    }
}

/// A duration to its two largest units.
pub(super) fn rough(seconds: u64) -> String {
    match u32::try_from(seconds) {
        Ok(seconds) => {
            let told = tell_duration(Seconds(seconds));
            let words: Vec<_> = told.split(' ').take(4).collect();
            words.join(" ")
        }
        Err(_) => "over 136 years".into(),
    }
}

/// The rights of a set by their names.
pub(super) fn rights(set: Rights) -> Vec<String> {
    let known = (0..=31).filter_map(Right::new).filter(|right| set.has(*right));
    known.map(right_name).collect()
}

/// The channels of a set by their names.
pub(super) fn channels(set: Channels) -> Vec<&'static str> {
    let known = CHANNELS.iter().map(|(channel, _)| *channel);
    known.filter(|channel: &Channel| set.has(*channel)).map(channel_name).collect()
}

/// The key that something is sealed to.
pub(super) fn sealing(key: &SealingKey) -> String {
    hex(key.as_bytes())
}

/// `one`, or the number and `many`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// How often.
pub(super) fn times(number: u64) -> String {
    match number {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

/// The words one after the other, with `or` before the last.
pub(super) fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// Bytes as text where they are plain text, and in hexadecimal.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let digits = hex(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => {
            format!("\"{}\" ({digits})", plain(text))
        }
        _ if bytes.is_empty() => "none".into(),
        _ => digits,
    }
}
