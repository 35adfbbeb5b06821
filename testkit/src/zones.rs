//! Offset tables of the zones that the tests live in.

use keyward::{Time, zone::Transition};

/// The offsets of an IANA zone in `[from, to)`: the one in force at `from`, then each change.
pub fn transitions(zone: &str, from: Time, to: Time) -> Vec<Transition> {
    keyward_backend::zones::transitions(zone, from, to).unwrap()
}
