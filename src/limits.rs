//! Every limit of the format, with its unit and its reason (SPEC.md section 3).
//!
//! A limit bounds work and memory on the smallest lock. All of them are part of the format: an
//! object over a limit does not decode, on any machine.

/// Links in a token: owner's service, company, sub-contractor, person.
pub const MAX_LINKS: usize = 4;

/// Bytes of an encoded token: four links with their usual caveats, in a QR code of version 20 as
/// bytes (23 as text), and a twentieth of the RAM of a lock with 16 KiB.
pub const MAX_TOKEN: usize = 768;

/// Bytes of an encoded presentation: a full token, two witnesses, a status.
pub const MAX_PRESENTATION: usize = 1536;

/// Bytes that a presentation is filled up to before it is sealed: one link, with or without a status;
/// a chain with a witness; the longest with its mark. Its size tells no more than which of the three.
pub const SEALED_PRESENTATION: [usize; 3] = [512, 1024, MAX_PRESENTATION + 1];

/// Bytes that a private log entry is filled up to before it is sealed: all have one size.
pub const SEALED_ENTRY: usize = 448;

/// Bytes of a sealed object: version and kind, the sender's key, the largest text, the tag.
pub const MAX_SEALED: usize = 2 + 32 + MAX_PRESENTATION + 1 + 16;

/// Bytes of an encoded request for a witness: a full token and the fields of the request.
pub const MAX_REQUEST: usize = 1024;

/// Bytes of the encoded caveats of one link: the bitmap and every body at its largest.
pub const MAX_CAVEATS: usize = 456;

/// Entries in a `Target` caveat: the doors of one visit.
pub const MAX_TARGETS: usize = 8;

/// Keys in a `Witness` caveat: the cameras and persons that may agree.
pub const MAX_WITNESS_KEYS: usize = 4;

/// Witness statements in one presentation; each costs the lock one signature.
pub const MAX_WITNESSES: usize = 2;

/// Weekly windows in a `Schedule` caveat.
pub const MAX_WINDOWS: usize = 8;

/// Ranges of excepted dates in a `Schedule` caveat.
pub const MAX_EXCEPTIONS: usize = 16;

/// Bytes of data in an `App` caveat.
pub const MAX_APP_DATA: usize = 32;

/// Bytes of the parameter of a request.
pub const MAX_PARAMETER: usize = 64;

/// Entries of a revocation list: every lock holds a full one (SPEC.md section 8).
pub const MAX_REVOCATIONS: usize = 64;

/// Serial floors of a revocation list: one for each issuer of a keyset.
pub const MAX_FLOORS: usize = 8;

/// Issuers of a keyset: bounds a lock's memory.
pub const MAX_ISSUERS: usize = 8;

/// Roots and cold keys of an epoch, each: k of n persons, each a signature to verify.
pub const MAX_KEYS: usize = 4;

/// Groups of a card: as many as targets of a link.
pub const MAX_GROUPS: usize = 8;

/// Zones of a keyset: a domain's time zones.
pub const MAX_ZONES: usize = 4;

/// Transitions of a zone: eight years of summer time.
pub const MAX_TRANSITIONS: usize = 16;

/// Minutes between local time and UTC, either way, at most: less than a day.
pub const MAX_OFFSET: u16 = 1439;

/// Epochs that are walked in one step: a lock that slept for years; bounds its work.
pub const MAX_EPOCHS: usize = 16;

/// Bytes of an encoded epoch (the sum of its fields).
pub const MAX_EPOCH: usize = 604;

/// Bytes of an encoded keyset: eight issuers and a zone, four signatures; a page of a small flash.
pub const MAX_KEYSET: usize = 1024;

/// Bytes of an encoded card (the sum of its fields).
pub const MAX_CARD: usize = 267;

/// Bytes of what an unclaimed lock shows (the sum of its fields).
pub const MAX_UNCLAIMED: usize = 50;

/// Bytes of an encoded claim (the sum of its fields).
pub const MAX_CLAIM: usize = 99;

/// Bytes of a lock's answer to its claim (the sum of its fields).
pub const MAX_CLAIMED: usize = 114;

/// Bytes of an encoded status with a full revocation list (the sum of its fields).
pub const MAX_STATUS: usize = 780;

/// Bytes of an encoded status header, as a presentation carries it (the sum of its fields).
pub const MAX_STATUS_HEADER: usize = 122;

/// Bytes of an entry's public part: of a change of the device key (the sum of its fields).
pub const MAX_PUBLIC: usize = 8 + 10 + 10 + 32 + 10 + 10 + 22 + 1 + 193;

/// Bytes of an entry's private part: salt, tag and the rows of denials at their largest.
pub const MAX_PRIVATE: usize = 16 + 1 + 1 + MAX_DENIED * 45;

/// Rows of an entry of denials: a kind of stranger, two kinds and persons, and all others.
pub const MAX_DENIED: usize = 4;

/// Bytes of an encoded receipt (the sum of its fields).
pub const MAX_RECEIPT: usize = 2 + MAX_PUBLIC + 64;

/// Bytes of an encoded entry: the receipt of an opening, and who opened, each at its largest. No
/// other entry is longer.
pub const MAX_ENTRY: usize = MAX_RECEIPT - 193 + 35 + 32 + 1 + 171;

/// Bytes of a witness's word on its recording (the sum of its fields).
pub const MAX_RECORDING: usize = 2 + 32 + 32 + 16 + 32 + 6 + 6 + 64;

/// Bytes of a record in a lock's journal: a keyset, its kind, when it was taken in, and its tag.
pub const MAX_RECORD: usize = 1 + 22 + MAX_KEYSET + 16;

/// Bytes of an anchor (the sum of its fields).
pub const MAX_ANCHOR: usize = 101;

/// Bytes of an encoded challenge (the sum of its fields).
pub const MAX_CHALLENGE: usize = 86;

/// Bytes of an encoded witness statement (the sum of its fields).
pub const MAX_WITNESS: usize = 114;

/// Bytes of an encoded origin (the sum of its fields).
pub const MAX_ORIGIN: usize = 76;

/// Bytes of an encoded answer.
pub const ANSWER_LENGTH: usize = 3;

/// Bytes of the longest message that a key of this crate signs: label, the fields in front of a
/// link 0, grantee, depth and caveats.
pub const MAX_TO_SIGN: usize = 16 + 80 + 32 + 1 + MAX_CAVEATS;

/// The greatest time, in Unix seconds (the year 36 812): sums of a time and a duration then stay
/// far from the end of a `u64`.
pub const MAX_TIME: u64 = (1 << 40) - 1;

/// Seconds between two entries of denials, at least: whoever is denied wears out no flash.
pub const DENIALS_EVERY: u64 = 900;

/// Seconds that a challenge lives: a phone answers within two; the rest is for a camera's reply.
pub const CHALLENGE_LIFETIME: u64 = 30;

/// Seconds that may pass between the start of a request's verification and its act: eight
/// signatures on the slowest lock.
pub const ACT_WITHIN: u64 = 20;

/// Seconds that an unchallenged presentation may be late by: a lane of the replay window must
/// remember for as long.
pub const UNCHALLENGED_HORIZON: u64 = 900;

/// Seconds that `[lo, hi]` may span for a `Schedule` to be judged: beyond a day the local time is
/// unknown in all but name, and the work stays bounded.
pub const MAX_SCHEDULE_SPAN: u64 = 86_400;

/// Every n-th week of a `Schedule` window, at most: once a year.
pub const MAX_EVERY_WEEKS: u8 = 52;

/// Days in one range of excepted dates, at most: a leap year.
pub const MAX_EXCEPTION_DAYS: u16 = 366;

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec::Vec};

    use super::*;
    use crate::{text::MAX_TEXT, zone::MAX_ZONE};

    const SPEC: &str = include_str!("../SPEC.md");

    /// The value that the specification's table of limits has for a name.
    fn specified(name: &str) -> Option<String> {
        let (name, rows) = (format!("`{name}`"), SPEC.lines().filter(|row| row.starts_with("| `")));
        let mut rows = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        rows.find_map(|row| {
            let at = row.get(1)?.split(", ").position(|other| other == name)?;
            // An array stands in a row of its own.
            let alone = !row[1].contains(", ");
            let value = if alone { row[2] } else { row.get(2)?.split(", ").nth(at)? };
            Some(value.replace(' ', ""))
        })
    }

    macro_rules! assert_specified {
        ($($name:ident)*) => {
            $(assert_eq!(
                specified(stringify!($name)).as_deref(),
                Some(format!("{:?}", $name).replace(' ', "").trim_matches(['[', ']'])),
                stringify!($name),
            );)*
        };
    }

    #[test]
    fn limits_are_those_of_the_specification() {
        assert_specified!(
            MAX_LINKS MAX_TOKEN MAX_PRESENTATION SEALED_PRESENTATION SEALED_ENTRY MAX_SEALED
            MAX_REQUEST MAX_CAVEATS MAX_TARGETS MAX_WITNESS_KEYS MAX_WITNESSES MAX_WINDOWS
            MAX_EXCEPTIONS MAX_APP_DATA MAX_PARAMETER MAX_REVOCATIONS MAX_FLOORS MAX_ISSUERS
            MAX_KEYS MAX_GROUPS MAX_ZONES MAX_TRANSITIONS MAX_OFFSET MAX_EPOCHS MAX_EPOCH
            MAX_KEYSET MAX_CARD MAX_UNCLAIMED MAX_CLAIM MAX_CLAIMED MAX_STATUS MAX_STATUS_HEADER
            MAX_PUBLIC MAX_PRIVATE MAX_DENIED MAX_RECEIPT MAX_ENTRY MAX_RECORDING MAX_RECORD
            MAX_ANCHOR MAX_CHALLENGE MAX_WITNESS MAX_ORIGIN ANSWER_LENGTH MAX_TO_SIGN
            DENIALS_EVERY CHALLENGE_LIFETIME ACT_WITHIN UNCHALLENGED_HORIZON MAX_SCHEDULE_SPAN
            MAX_EVERY_WEEKS MAX_EXCEPTION_DAYS MAX_ZONE MAX_TEXT
        );
        assert_eq!(specified("MAX_TIME").as_deref(), Some("2^40-1"));
        assert_eq!(MAX_TIME, 2_u64.pow(40) - 1);
    }
}
