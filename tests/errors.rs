//! What errors say to people, and what secrets and ids show: a line each, none like another.

use std::{collections::BTreeSet, error::Error, fmt::Debug};

use keyward::{
    Denial, OpeningKey, Refusal, SealingKey, Signature, SignatureFault, SigningKey,
    denial::Place,
    id::{CardVersion, Counter, DomainId, LinkId, LockId},
    key::{BadSignature, KeyError},
    limits::MAX_TOKEN,
    receipt::ReceiptFault,
    role,
    seal::SealFault,
    secret::DeviceSecret,
    text::TextError,
    token::{LinkFault, TokenError},
    unsigned::SignError,
    wire::{DecodeError, EncodeError, Part},
};

/// Each of an enum's errors has a line of its own, which is no sentence.
fn lines<E: Error + Debug>(errors: &[E]) {
    let lines: BTreeSet<String> = errors.iter().map(E::to_string).collect();
    assert_eq!(lines.len(), errors.len(), "{errors:?}");
    for line in &lines {
        assert!(!line.is_empty() && !line.ends_with('.') && !line.contains('\n'), "{line:?}");
    }
}

const DECODE: [DecodeError; 16] = [
    DecodeError::Truncated,
    DecodeError::TrailingBytes(3),
    DecodeError::OverlongInteger,
    DecodeError::IntegerOverflow,
    DecodeError::WrongVersion(9),
    DecodeError::WrongKind(9),
    DecodeError::OverLimit(Part::Links),
    DecodeError::Empty(Part::Links),
    DecodeError::Unsorted(Part::Links),
    DecodeError::Doubled(Part::Links),
    DecodeError::OutOfRange(Part::Links),
    DecodeError::UnknownCaveat(31),
    DecodeError::MissingCaveat(1),
    DecodeError::WeakKey,
    DecodeError::NonCanonicalKey,
    DecodeError::ListInPresentation,
];
const ENCODE: [EncodeError; 9] = [
    EncodeError::TooLong(MAX_TOKEN),
    EncodeError::CaveatTwice(1),
    EncodeError::NoDepthLeft,
    EncodeError::WrongKey,
    EncodeError::KeyTwice,
    EncodeError::SignedAlready,
    EncodeError::Mismatch,
    EncodeError::NoSealingKey,
    EncodeError::Invalid(DecodeError::Truncated),
];
const MISMATCH: SignatureFault = SignatureFault::Mismatch;

#[test]
fn bytes_and_objects() {
    lines(&DECODE);
    lines(&ENCODE);
    assert_eq!(DecodeError::WrongVersion(9).to_string(), "format version 9, not 1");
    assert_eq!(ENCODE[8].to_string(), DECODE[0].to_string());
}

#[test]
fn keys_and_signatures() {
    lines(&[KeyError::NonCanonical, KeyError::Weak]);
    lines(&[BadSignature(MISMATCH), BadSignature(SignatureFault::WeakKey)]);
    lines(&[SignError::Bad(BadSignature(MISMATCH)), SignError::Encode(EncodeError::WrongKey)]);
    let fault = LinkFault { link: 2, fault: MISMATCH };
    lines(&[TokenError::OtherOrigin, TokenError::Link(fault)]);
    assert!(TokenError::Link(fault).to_string().contains("link 2"));
    lines(&[ReceiptFault::Signature(MISMATCH), ReceiptFault::OtherRequest]);
}

#[test]
fn texts_and_seals() {
    let key = TextError::Key(KeyError::Weak);
    let (prefix, kind, base) = (TextError::Prefix, TextError::Kind, TextError::Base64);
    lines(&[prefix, kind, base, key, TextError::BufferTooSmall]);
    let seals = [
        SealFault::Malformed(DecodeError::Truncated),
        SealFault::NoKey,
        SealFault::Size,
        SealFault::NotOpened,
        SealFault::Padding,
        SealFault::OtherKind,
    ];
    lines(&seals);
    let names: Vec<_> = seals.iter().map(SealFault::name).collect();
    assert_eq!(names, ["Malformed", "NoKey", "Size", "NotOpened", "Padding", "OtherKind"]);
}

#[test]
fn verdicts_begin_with_their_code() {
    for denial in [Denial::StoreFailed, Denial::NotReleased] {
        assert_eq!(denial.to_string(), format!("{} {}", denial.code(), denial.name()));
    }
    for refusal in [Refusal::OtherDomain, Refusal::StoreFailed] {
        assert_eq!(refusal.to_string(), format!("{} {}", refusal.code(), refusal.name()));
    }
    let verdicts = [Denial::from(EncodeError::WrongKey), Denial::from(DecodeError::Truncated)];
    assert_eq!(verdicts, [Denial::StoreFailed, Denial::Malformed(DecodeError::Truncated)]);
    assert_eq!(Refusal::from(EncodeError::WrongKey), Refusal::StoreFailed);
    assert_eq!(
        [Place::Issuer, Place::Link(1)].map(|place| place.to_string()),
        ["the issuer", "link 1"]
    );
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!(
        "{:?} {:?} {:?}",
        SigningKey::<role::Holder>::from_secret(&[0xab; 32]),
        OpeningKey::from_secret(&[0xab; 32]),
        DeviceSecret::new([0xab; 32]),
    );
    assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
}

#[test]
fn ids_are_hexadecimal_and_numbers_decimal() {
    assert_eq!(LockId([0x0a; 8]).to_string(), "0a0a0a0a0a0a0a0a");
    assert_eq!(format!("{:?}", LockId([0x0a; 8])), "LockId(0a0a0a0a0a0a0a0a)");
    assert_eq!(DomainId([7; 32]).as_bytes(), &[7; 32]);
    assert_eq!(LinkId([7; 16]).as_bytes(), &[7; 16]);
    assert_eq!((Counter(12).to_string(), CardVersion(3).to_string()), ("12".into(), "3".into()));
    assert_eq!(format!("{:?}", Signature::from_bytes([0x0f; 64])), "0f".repeat(64));
    let key = SealingKey::from_bytes([0x0f; 32]);
    assert_eq!(format!("{key:?}"), format!("sealing key {}", "0f".repeat(32)));
}
