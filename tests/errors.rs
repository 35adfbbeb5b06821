//! What errors say to people, and what secrets and ids show: a line each, none like another.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt::{Debug, Write},
};

use keyward::{
    Answer, Ask, Card, Caveats, Channel, Denial, OpeningKey, Presentation, Refusal, Right, Rights,
    SealingKey, Seconds, Signature, SignatureFault, SigningKey, Target, Valid,
    denial::Place,
    id::{CardVersion, Counter, DomainId, Epoch, KeyId, LinkId, LockId},
    key::{BadSignature, KeyError},
    limits::MAX_TOKEN,
    lock::Rejected,
    receipt::ReceiptFault,
    role,
    seal::SealFault,
    secret::DeviceSecret,
    text::TextError,
    token::{LinkFault, TokenError},
    unsigned::SignError,
    wire::{DecodeError, EncodeError, Part},
};
use keyward_testkit::world::World;

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
fn a_refusal_tells_a_phone_what_to_bring_and_nothing_else() {
    let (held, ahead) = (Epoch(3), Epoch(4));
    for (refusal, answer) in [
        (Refusal::OtherEpoch { held, got: ahead }, Answer::NeedKeyset),
        (Refusal::OtherEpoch { held, got: held }, Answer::Denied),
        (Refusal::OtherEpoch { held: ahead, got: held }, Answer::Denied),
        (Refusal::UnknownIssuer(KeyId([1; 8])), Answer::NeedKeyset),
        (Refusal::Older, Answer::Denied),
    ] {
        assert_eq!((refusal.answer(), Rejected::Refusal(refusal).answer()), (answer, answer));
    }
    let rejected = Rejected::from(Denial::StatusMissing(Place::Issuer));
    assert_eq!(rejected.answer(), Answer::NeedStatus);
}

#[test]
fn what_waits_for_its_commit_shows_what_it_is() {
    let mut world = World::new(9);
    let now = world.now();
    let card = world.owner.library.cards[&world.flat.id].clone();
    let update = world.flat.lock.verify_card(&Card::decode(&card).unwrap(), now).unwrap();
    assert_eq!(format!("{update:?}"), "Update(Unchanged)");
    let bytes = world.flat.lock.unclaimed().encode().unwrap();
    assert_eq!(format!("{bytes:?}").len(), 2 * bytes.as_ref().len());
    assert!(format!("{bytes:?}").starts_with("010c"));
    let valid = Valid { from: world.now, lasts: Seconds::minutes(15) };
    let targets = [Target::Lock(world.flat.id)];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let held = world.owner.grant(&world.courier.public(), 1, &grant);
    let mut session = world.flat.lock.challenge([1; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap();
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
    let courier = &world.courier;
    let request = courier.request(&held, ask, challenge.as_bytes(), Channel::Radio, &mut world.rng);
    let bytes = courier.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    let verified = world.flat.lock.verify(&mut session, &presentation, now).unwrap();
    assert!(format!("{verified:?}").starts_with("Verified(Accepted"));
}

/// Takes so many bytes, and no more.
struct Short(usize);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(std::fmt::Error)?;
        Ok(())
    }
}

#[test]
fn where_there_is_no_room_to_print_nothing_breaks() {
    let key = SigningKey::<role::Holder>::from_secret(&[1; 32]).public();
    let sealing = SealingKey::from_bytes([1; 32]);
    let shown: [&dyn Debug; 4] = [&LockId([1; 8]), &key, &sealing, &Signature::from_bytes([1; 64])];
    for shown in shown {
        let length = format!("{shown:?}").len();
        for room in 0..length {
            assert!(write!(Short(room), "{shown:?}").is_err(), "{room}");
        }
        assert!(write!(Short(length), "{shown:?}").is_ok());
    }
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
