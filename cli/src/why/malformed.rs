//! Why bytes can't be read, in words (SPEC.md section 3.4).

use keyward::wire::{DecodeError, Kind, Part, VERSION};

/// Says why bytes are not the object that they should be: a clause without a full stop, to stand
/// behind a colon.
pub(crate) fn malformed(error: DecodeError) -> String {
    match error {
        DecodeError::Truncated => "the object is cut off".into(),
        DecodeError::TrailingBytes(1) => "a byte too many follows the object".into(),
        DecodeError::TrailingBytes(count) => format!("{count} bytes too many follow the object"),
        DecodeError::OverlongInteger => "a number takes more bytes than it needs".into(),
        DecodeError::IntegerOverflow => "a number is too large for its field".into(),
        DecodeError::WrongVersion(got) => {
            format!("the object is of format version {got}, and only {VERSION} can be read")
        }
        DecodeError::WrongKind(byte) => match kind(byte) {
            Some(name) => format!("the object is of kind {name}, which doesn't belong here"),
            None => format!("the bytes are no object of keyward's: there is no kind {byte}"),
        },
        DecodeError::OverLimit(part) => format!("{}: above the limit", noun(part)),
        DecodeError::Empty(part) => format!("{}: none, and there must be one", noun(part)),
        DecodeError::Unsorted(part) => format!("{}: not in ascending order", noun(part)),
        DecodeError::Doubled(part) => format!("{}: one of them stands there twice", noun(part)),
        DecodeError::OutOfRange(part) => format!("{}: a value that is not allowed", noun(part)),
        DecodeError::UnknownCaveat(bit) => {
            format!("there is a caveat of a later version (bit {bit}), which can't be read")
        }
        DecodeError::MissingCaveat(bit) => format!("the token's link 0 {}", lacks(bit)),
        DecodeError::WeakKey => "a public key is a weak one, for which anybody could sign".into(),
        DecodeError::NonCanonicalKey => "a public key isn't written in its only valid form".into(),
        DecodeError::ListInPresentation => {
            "the status in the presentation carries a revocation list, which is to come alone"
                .into()
        }
        error => error.to_string(),
    }
}

fn kind(byte: u8) -> Option<&'static str> {
    Kind::ALL.iter().find(|(kind, _)| kind.byte() == byte).map(|(_, name)| *name)
}

fn lacks(bit: u8) -> String {
    match bit {
        0 => "doesn't say what it grants (Rights)".into(),
        1 => "doesn't say for which doors (Target)".into(),
        2 => "doesn't say for which time (Valid)".into(),
        bit => format!("lacks the caveat of bit {bit}"),
    }
}

/// What of an object it is, so that any of the errors can be said of it.
const fn noun(part: Part) -> &'static str {
    match part {
        Part::Object => "the bytes of the whole object",
        Part::Links => "the links of the token",
        Part::Depth => "how often a link may be passed on",
        Part::Rights => "the rights of a link",
        Part::Right => "the right that is asked for",
        Part::Parameter => "the parameter of the request",
        Part::Targets => "the targets of a link",
        Part::Time => "a time",
        Part::Duration => "a duration",
        Part::Uses => "the number of uses",
        Part::WitnessKeys => "the keys of the witnesses that a caveat names",
        Part::WitnessCount => "how many witnesses must agree",
        Part::Windows => "the windows of a schedule",
        Part::Window => "a window of a schedule",
        Part::Exceptions => "the excepted dates of a schedule",
        Part::Exception => "a range of excepted dates",
        Part::Channels => "the channels that a caveat admits",
        Part::Channel => "the channel of the request",
        Part::AppData => "the data of an own condition",
        Part::Witnesses => "the statements of witnesses",
        Part::Revocations => "the entries of the revocation list",
        Part::Floors => "the floors of serials in the revocation list",
        Part::Tag => "a byte that says what follows",
        Part::Answer => "the lock's answer",
        Part::Keys => "the roots or cold keys",
        Part::Threshold => "how many of the keys must sign",
        Part::Issuers => "the issuers of the keyset",
        Part::Roles => "the roles of an issuer",
        Part::Limits => "the limits of an issuer",
        Part::Zones => "the zones of the keyset",
        Part::Transitions => "the clock changes of a zone",
        Part::Offset => "how far a zone is from UTC",
        Part::Groups => "the groups of the card",
        Part::Flags => "the settings of the card",
        Part::Signatures => "the signatures",
        Part::Signer => "the number of a signer",
        Part::ListKeyset => "the keyset that the revocation list names",
        Part::ListNumber => "the number of the revocation list",
        Part::CardVersion => "the version of the card",
        Part::Sequence => "the number of the oldest entry that the lock holds",
        Part::Private => "the private part of the entry",
        Part::Outcome => "the outcome of the opening",
        Part::Count => "the number of denials",
        Part::Rows => "the rows of denials",
        _ => "a part of the object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = include_str!("../../../src/wire/error.rs");

    /// The variants of an enum, as its source has them.
    fn variants(of: &str) -> Vec<&'static str> {
        let (_, body) = SOURCE.split_once(&format!("pub enum {of} {{\n")).unwrap();
        let (body, _) = body.split_once("\n}\n").unwrap();
        let lines = body.lines().map(str::trim).filter(|line| !line.starts_with('/'));
        lines.map(|line| line.split(['(', ',']).next().unwrap()).collect()
    }

    #[rustfmt::skip]
    const PARTS: &[Part] = &[
        Part::Object, Part::Links, Part::Depth, Part::Rights, Part::Right, Part::Parameter,
        Part::Targets, Part::Time, Part::Duration, Part::Uses, Part::WitnessKeys,
        Part::WitnessCount, Part::Windows, Part::Window, Part::Exceptions, Part::Exception,
        Part::Channels, Part::Channel, Part::AppData, Part::Witnesses, Part::Revocations,
        Part::Floors, Part::Tag, Part::Answer, Part::Keys, Part::Threshold, Part::Issuers,
        Part::Roles, Part::Limits, Part::Zones, Part::Transitions, Part::Offset, Part::Groups,
        Part::Flags, Part::Signatures, Part::Signer, Part::ListKeyset, Part::ListNumber,
        Part::CardVersion, Part::Sequence, Part::Private, Part::Outcome, Part::Count, Part::Rows,
    ];

    fn errors() -> Vec<DecodeError> {
        vec![
            DecodeError::Truncated,
            DecodeError::TrailingBytes(7),
            DecodeError::OverlongInteger,
            DecodeError::IntegerOverflow,
            DecodeError::WrongVersion(9),
            DecodeError::WrongKind(Kind::Token.byte()),
            DecodeError::OverLimit(Part::Links),
            DecodeError::Empty(Part::Links),
            DecodeError::Unsorted(Part::Targets),
            DecodeError::Doubled(Part::Targets),
            DecodeError::OutOfRange(Part::Time),
            DecodeError::UnknownCaveat(11),
            DecodeError::MissingCaveat(2),
            DecodeError::WeakKey,
            DecodeError::NonCanonicalKey,
            DecodeError::ListInPresentation,
        ]
    }

    fn name(value: impl std::fmt::Debug) -> String {
        format!("{value:?}").split('(').next().unwrap().to_owned()
    }

    #[test]
    fn every_decode_error_has_a_clause_of_its_own() {
        let errors = errors();
        assert_eq!(errors.iter().map(name).collect::<Vec<_>>(), variants("DecodeError"));
        for (index, error) in errors.iter().enumerate() {
            let clause = malformed(*error);
            assert_ne!(clause, error.to_string(), "{error:?} falls through");
            assert!(!clause.ends_with('.') && clause.len() < 100, "{clause}");
            for other in &errors[..index] {
                assert_ne!(clause, malformed(*other), "{error:?}, {other:?}");
            }
        }
    }

    #[test]
    fn every_part_has_a_noun_of_its_own() {
        assert_eq!(PARTS.iter().map(name).collect::<Vec<_>>(), variants("Part"));
        for (index, part) in PARTS.iter().enumerate() {
            assert_ne!(noun(*part), "a part of the object", "{part:?} falls through");
            for other in &PARTS[..index] {
                assert_ne!(noun(*part), noun(*other), "{part:?}, {other:?}");
            }
        }
    }

    #[test]
    fn a_wrong_kind_is_called_by_its_name() {
        let clause = malformed(DecodeError::WrongKind(Kind::Token.byte()));
        assert_eq!(clause, "the object is of kind token, which doesn't belong here");
        let clause = malformed(DecodeError::WrongKind(0x7b));
        assert_eq!(clause, "the bytes are no object of keyward's: there is no kind 123");
    }

    #[test]
    fn what_link_0_lacks_is_said_by_the_caveat() {
        for (bit, caveat) in [(0, "(Rights)"), (1, "(Target)"), (2, "(Valid)")] {
            assert!(malformed(DecodeError::MissingCaveat(bit)).ends_with(caveat), "{bit}");
        }
    }
}
