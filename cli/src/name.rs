//! Names of locks and groups: 8 bytes, which people write as text.

use keyward::{
    Target,
    caveat::{Channel, Right},
    id::{GroupId, LockId},
};

use crate::{
    fail::{Failure, Result},
    out::hex,
};

/// Reads the name of a lock: up to 8 letters, digits, `-`, `_` or `.`, or 16 hexadecimal digits
/// behind `0x`.
pub(crate) fn lock(text: &str) -> Result<LockId> {
    bytes(text).map(LockId)
}

/// Reads the name of a group, in the same form.
pub(crate) fn group(text: &str) -> Result<GroupId> {
    bytes(text).map(GroupId)
}

fn bytes(text: &str) -> Result<[u8; 8]> {
    let bad = || {
        Failure::input(format!(
            "{text}: not a name; locks and groups have 1 to 8 letters, digits, -, _ or ., \
             or 0x and 16 hexadecimal digits"
        ))
    };
    if let Some(digits) = text.strip_prefix("0x") {
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 16);
        let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return number.filter(|_| plain).map(u64::to_be_bytes).ok_or_else(bad);
    }
    let mut bytes = [0; 8];
    let room = bytes.get_mut(..text.len()).filter(|room| !room.is_empty()).ok_or_else(bad)?;
    room.copy_from_slice(text.as_bytes());
    if text.bytes().all(is_plain) { Ok(bytes) } else { Err(bad()) }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

/// A lock's name, as [`lock`] reads it.
pub(crate) fn lock_name(LockId(bytes): &LockId) -> String {
    told(bytes)
}

/// A group's name, as [`group`] reads it.
pub(crate) fn group_name(GroupId(bytes): &GroupId) -> String {
    told(bytes)
}

/// A lock or a group.
pub(crate) fn target_name(target: &Target) -> String {
    match target {
        Target::Lock(lock) => format!("lock {}", lock_name(lock)),
        Target::Group(group) => format!("group {}", group_name(group)),
    }
}

fn told(bytes: &[u8; 8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..end).unwrap_or_default();
    let is_name = !text.is_empty() && text.iter().all(|byte| is_plain(*byte));
    match std::str::from_utf8(text) {
        Ok(text) if is_name && !text.starts_with("0x") => text.to_owned(),
        _ => format!("0x{}", hex(bytes)),
    }
}

/// Reads a right: `unlock`, `lock`, `hold open`, `status`, `read log`, `release`, or the number of
/// one of the embedder's own, 16 to 31. `-` and `_` stand for a space.
pub(crate) fn right(text: &str) -> Result<Right> {
    let plain = text.trim().to_lowercase().replace(['-', '_'], " ");
    let number = plain.parse().ok().filter(|number| (16..=31).contains(number));
    let named = (0..=31).filter_map(Right::new).find(|right| right.name() == Some(plain.as_str()));
    named.or_else(|| number.and_then(Right::new)).ok_or_else(|| {
        let known: Vec<_> = (0..=31).filter_map(Right::new).filter_map(Right::name).collect();
        let known = known.join(", ");
        Failure::input(format!(
            "{text}: no such right; there are {known}, and 16 to 31 of your own"
        ))
    })
}

/// A right, as [`right`] reads it.
pub(crate) fn right_name(right: Right) -> String {
    right.name().map_or_else(|| right.bit().to_string(), str::to_owned)
}

/// The channels, by the names that people write.
pub(crate) const CHANNELS: [(Channel, &str); 4] = [
    (Channel::Remote, "remote"),
    (Channel::Radio, "radio"),
    (Channel::Contact, "contact"),
    (Channel::Ranged, "ranged"),
];

/// Reads a channel.
pub(crate) fn channel(text: &str) -> Result<Channel> {
    let found = CHANNELS.iter().find(|(_, name)| *name == text).map(|(channel, _)| *channel);
    found.ok_or_else(|| {
        Failure::input(format!("{text}: no such channel; there are remote, radio, contact, ranged"))
    })
}

/// A channel's name.
pub(crate) fn channel_name(channel: Channel) -> &'static str {
    let found = CHANNELS.iter().find(|(known, _)| *known == channel);
    found.map_or("another channel", |(_, name)| *name)
}
