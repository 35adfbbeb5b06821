//! Why bytes are no object, and why a value can't become one (SPEC.md section 3.4).

use core::fmt;

use super::VERSION;

/// What of an object is over a limit, empty, out of order or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each names a field of SPEC.md")]
pub enum Part {
    Object,
    Links,
    Depth,
    Rights,
    Right,
    Parameter,
    Targets,
    Time,
    Duration,
    Uses,
    WitnessKeys,
    WitnessCount,
    Windows,
    Window,
    Exceptions,
    Exception,
    Channels,
    Channel,
    AppData,
    Witnesses,
    Revocations,
    Floors,
    Tag,
    Answer,
    Keys,
    Threshold,
    Issuers,
    Roles,
    Limits,
    Zones,
    Transitions,
    Offset,
    Groups,
    Flags,
    Signatures,
    Signer,
    ListKeyset,
    ListNumber,
    CardVersion,
    Sequence,
    Private,
    Outcome,
    Count,
    Rows,
}

/// Why bytes are not an object: the first rule of SPEC.md section 3, 6 or 7 that they break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field.
    Truncated,
    /// Bytes follow the object.
    TrailingBytes(usize),
    /// An integer has more bytes than it needs.
    OverlongInteger,
    /// An integer doesn't fit its type.
    IntegerOverflow,
    /// The format version is not [`VERSION`].
    WrongVersion(u8),
    /// The object is of another kind.
    WrongKind(u8),
    /// More of something than its limit.
    OverLimit(Part),
    /// None of something that must have one.
    Empty(Part),
    /// List entries that don't ascend.
    Unsorted(Part),
    /// A list entry that stands twice.
    Doubled(Part),
    /// A value that its field doesn't admit.
    OutOfRange(Part),
    /// A presence bit that names no caveat of this version.
    UnknownCaveat(u8),
    /// Link 0 lacks `Rights`, `Target` or `Valid`, by its bit.
    MissingCaveat(u8),
    /// A public key of small order.
    WeakKey,
    /// A public key that is not in its canonical encoding.
    NonCanonicalKey,
    /// A status within a presentation carries a revocation list.
    ListInPresentation,
}

/// Why a value can't be built: it would not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The object would be longer than its limit, in bytes.
    TooLong(usize),
    /// A caveat of this bit was given twice.
    CaveatTwice(u8),
    /// The parent's depth admits no further link, or not one of this depth.
    NoDepthLeft,
    /// The key is not one that the object must be signed by.
    WrongKey,
    /// One key has two places, of which it may have one.
    KeyTwice,
    /// The key has signed already, or as many as must have.
    SignedAlready,
    /// The lock, scope or token of the one is not that of the other.
    Mismatch,
    /// The card names no key to seal to.
    NoSealingKey,
    /// The object would not decode.
    Invalid(DecodeError),
}

impl From<DecodeError> for EncodeError {
    fn from(error: DecodeError) -> Self {
        Self::Invalid(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bytes end within a field"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes follow the object"),
            Self::OverlongInteger => f.write_str("an integer has more bytes than it needs"),
            Self::IntegerOverflow => f.write_str("an integer doesn't fit its type"),
            Self::WrongVersion(got) => write!(f, "format version {got}, not {VERSION}"),
            Self::WrongKind(got) => write!(f, "an object of another kind ({got})"),
            Self::OverLimit(part) => write!(f, "{part:?} over the limit"),
            Self::Empty(part) => write!(f, "{part:?} empty"),
            Self::Unsorted(part) => write!(f, "{part:?} not in ascending order"),
            Self::Doubled(part) => write!(f, "{part:?} with an entry twice"),
            Self::OutOfRange(part) => write!(f, "{part:?} out of range"),
            Self::UnknownCaveat(bit) => write!(f, "caveat of bit {bit}, unknown to this version"),
            Self::MissingCaveat(bit) => write!(f, "link 0 lacks the caveat of bit {bit}"),
            Self::WeakKey => f.write_str("a public key of small order"),
            Self::NonCanonicalKey => f.write_str("a public key not in its canonical encoding"),
            Self::ListInPresentation => f.write_str("a presentation carries a revocation list"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "longer than its limit of {limit} bytes"),
            Self::CaveatTwice(bit) => write!(f, "the caveat of bit {bit} given twice"),
            Self::NoDepthLeft => f.write_str("the depth admits no such further link"),
            Self::WrongKey => f.write_str("not the key that must sign this"),
            Self::KeyTwice => f.write_str("one key has two places, of which it may have one"),
            Self::SignedAlready => f.write_str("signed already"),
            Self::Mismatch => f.write_str("lock, scope or token of another"),
            Self::NoSealingKey => f.write_str("the card names no key to seal to"),
            Self::Invalid(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for EncodeError {}
