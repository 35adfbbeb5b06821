//! The format once more, by serde derive and the `postcard` crate: the oracle of the decoders.
//!
//! Every object is an owned value here, its rules are checked after it was read, and nothing is
//! shared with the crate: not a limit, not an order. What is read must also be what is written, or
//! it was not the only encoding.

pub mod receipts;
pub mod statements;

use std::{collections::BTreeSet, fmt};

use curve25519_dalek::edwards::CompressedEdwardsY;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error, SeqAccess, Visitor},
    ser::SerializeTuple,
};

/// An object behind its version and kind.
pub trait Object: Serialize + DeserializeOwned {
    /// The kind's byte.
    const KIND: u8;
    /// The most bytes.
    const LIMIT: usize;
    /// Whether the value keeps every rule that its bytes alone can't break.
    fn keeps_the_rules(&self) -> bool;
}

/// The bytes of an object, whether it keeps the rules or not.
pub fn encode<T: Object>(object: &T) -> Vec<u8> {
    postcard::to_allocvec(&(1_u8, T::KIND, object)).unwrap()
}

/// Reads an object that keeps all rules.
pub fn decode<T: Object>(bytes: &[u8]) -> Option<T> {
    if bytes.len() > T::LIMIT {
        return None;
    }
    let (framed, rest) = postcard::take_from_bytes::<(u8, u8, T)>(bytes).ok()?;
    let (version, kind, object) = framed;
    let only_encoding = rest.is_empty() && encode(&object) == bytes;
    let fits = (version, kind) == (1, T::KIND);
    (fits && only_encoding && object.keeps_the_rules()).then_some(object)
}

/// Whether the bytes are a token.
pub fn decodes_token(bytes: &[u8]) -> bool {
    decode::<Token>(bytes).is_some()
}

/// Whether the bytes are an origin.
pub fn decodes_origin(bytes: &[u8]) -> bool {
    decode::<Origin>(bytes).is_some()
}

/// Whether the bytes are a status, with its list or without.
pub fn decodes_status(bytes: &[u8]) -> bool {
    decode::<Status>(bytes).is_some()
}

/// Whether the bytes are a challenge.
pub fn decodes_challenge(bytes: &[u8]) -> bool {
    decode::<Challenge>(bytes).is_some()
}

/// Whether the bytes are a request.
pub fn decodes_request(bytes: &[u8]) -> bool {
    decode::<Request>(bytes).is_some()
}

/// Whether the bytes are a witness's statement.
pub fn decodes_witness(bytes: &[u8]) -> bool {
    decode::<Witness>(bytes).is_some()
}

/// Whether the bytes are a presentation.
pub fn decodes_presentation(bytes: &[u8]) -> bool {
    decode::<Presentation>(bytes).is_some()
}

/// Whether the bytes are an answer.
pub fn decodes_answer(bytes: &[u8]) -> bool {
    decode::<Answer>(bytes).is_some()
}

/// Whether the bytes are a link's caveats, standing alone.
pub fn decodes_caveats(bytes: &[u8]) -> bool {
    caveats(bytes).is_some()
}

/// Reads caveats that stand alone.
pub fn caveats(bytes: &[u8]) -> Option<Caveats> {
    let (caveats, rest) = postcard::take_from_bytes::<Caveats>(bytes).ok()?;
    let only_encoding = rest.is_empty() && postcard::to_allocvec(&caveats).unwrap() == bytes;
    (only_encoding && caveats.keep_the_rules()).then_some(caveats)
}

/// R and S.
pub type Signature = ([u8; 32], [u8; 32]);

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 6")]
pub struct Token {
    pub issuer: [u8; 8],
    pub serial: u64,
    pub links: Vec<Link>,
}

/// A link of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 6")]
pub struct Link {
    pub grantee: [u8; 32],
    pub depth: u8,
    pub caveats: Caveats,
    pub signature: Signature,
}

/// An origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 6.5")]
pub struct Origin {
    pub domain: [u8; 32],
    pub epoch: u64,
    pub issuer: [u8; 32],
}

/// A status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 8")]
pub struct Status {
    pub issuer: [u8; 8],
    pub epoch: u64,
    pub keyset: u64,
    pub list_keyset: u64,
    pub number: u64,
    pub at: u64,
    pub over_nonce: bool,
    pub list: Option<List>,
    pub signature: Signature,
}

/// A revocation list: entries, then serial floors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 8")]
pub struct List {
    pub entries: Vec<[u8; 8]>,
    pub floors: Vec<([u8; 8], u64)>,
}

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 10.1")]
pub struct Challenge {
    pub lock: [u8; 8],
    pub nonce: [u8; 16],
    pub epoch: u64,
    pub keyset: u64,
    pub list: (u64, u64),
    pub card: (u64, u64),
}

/// A request for a witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 11")]
pub struct Request {
    pub origin: Origin,
    pub lock: [u8; 8],
    pub moment: Moment,
    pub right: u8,
    pub parameter: Vec<u8>,
    pub token: Token,
}

/// What ties a request to its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 11")]
pub enum Moment {
    Challenged { nonce: [u8; 16], channel: Channel, fresh: [u8; 16] },
    Unchallenged { counter: u64, time: u64, expires: u64 },
}

/// A channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the channels of SPEC.md section 7")]
pub enum Channel {
    Remote,
    Radio,
    Contact,
    Ranged,
}

/// A witness's statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 12.1")]
pub struct Witness {
    pub key: [u8; 32],
    pub evidence: [u8; 16],
    pub signature: Signature,
}

/// A presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 12.2")]
pub struct Presentation {
    pub mode: Mode,
    pub right: u8,
    pub parameter: Vec<u8>,
    pub witnesses: Vec<Witness>,
    pub status: Option<Status>,
    pub token: Token,
    pub signature: Signature,
}

/// What a presentation carries of its moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 12.2")]
pub enum Mode {
    Challenged { fresh: [u8; 16] },
    Unchallenged { counter: u64, time: u64, expires: u64 },
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the answers of SPEC.md section 10.2")]
pub enum Answer {
    Done,
    Applied,
    Denied,
    NeedTime,
    NeedStatus,
    NeedKeyset,
    NeedWitness,
    Busy,
}

/// The entry of a `Target` caveat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the entries of SPEC.md section 7.2")]
pub enum Target {
    Lock([u8; 8]),
    Group([u8; 8]),
}

/// The body of a `Schedule` caveat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 7.8")]
pub struct Schedule {
    pub windows: Vec<Window>,
    /// First days, and how many.
    pub exceptions: Vec<(u32, u16)>,
}

/// A weekly window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 7.8")]
pub struct Window {
    pub days: u8,
    pub start: u16,
    pub length: u16,
    pub every: u8,
    pub phase: u8,
}

macro_rules! caveats {
    ($($bit:literal $name:ident: $body:ty,)*) => {
        /// The caveats of a link, each at most once.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the kinds of SPEC.md section 7")]
        pub struct Caveats {
            $(pub $name: Option<$body>,)*
        }

        impl Serialize for Caveats {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut present = 0_u16;
                $(present |= u16::from(self.$name.is_some()) << $bit;)*
                let mut tuple = serializer.serialize_tuple(12)?;
                tuple.serialize_element(&present)?;
                $(if let Some(body) = &self.$name {
                    tuple.serialize_element(body)?;
                })*
                tuple.end()
            }
        }

        impl<'de> Visitor<'de> for Bodies {
            type Value = Caveats;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bitmap and the bodies that it announces")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Caveats, A::Error> {
                let present: u16 = next(&mut seq)?;
                if present >= 1 << 11 {
                    return Err(A::Error::custom("an unknown caveat"));
                }
                Ok(Caveats {
                    $($name: match present >> $bit & 1 {
                        0 => None,
                        _ => Some(next(&mut seq)?),
                    },)*
                })
            }
        }
    };
}

struct Bodies;

caveats! {
    0 rights: u32,
    1 targets: Vec<Target>,
    2 valid: (u64, u32),
    3 uses: u32,
    4 witness: (u8, Vec<[u8; 32]>),
    5 max_open: u32,
    6 fresh: u32,
    7 schedule: Schedule,
    8 first_use: (u64, u32),
    9 channels: u8,
    10 app: (u32, Vec<u8>),
}

impl<'de> Deserialize<'de> for Caveats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(12, Bodies)
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom("no body"))
}

impl Caveats {
    /// Whether every caveat keeps its rules.
    pub fn keep_the_rules(&self) -> bool {
        let span = |(from, lasts): (u64, u32)| is_time(from) && lasts > 0;
        self.rights.is_none_or(|rights| rights != 0)
            && self.targets.as_ref().is_none_or(|targets| {
                (1..=8).contains(&targets.len()) && ascend(targets.iter().copied())
            })
            && self.valid.is_none_or(span)
            && self.uses.is_none_or(|uses| uses > 0)
            && self.witness.as_ref().is_none_or(|(of, keys)| {
                (1..=4).contains(&keys.len())
                    && ascend(keys.iter().copied())
                    && keys.iter().all(is_key)
                    && (1..=2).contains(of)
                    && usize::from(*of) <= keys.len()
            })
            && self.max_open.is_none_or(|seconds| seconds > 0)
            && self.fresh.is_none_or(|seconds| seconds > 0)
            && self.schedule.as_ref().is_none_or(Schedule::keeps_the_rules)
            && self.first_use.is_none_or(span)
            && self.channels.is_none_or(|channels| (1..16).contains(&channels))
            && self.app.as_ref().is_none_or(|(_, data)| data.len() <= 32)
    }
}

impl Schedule {
    fn keeps_the_rules(&self) -> bool {
        let excepted = self.exceptions.iter().flat_map(|(first, days)| {
            (0..u64::from(*days)).map(move |day| u64::from(*first) + day)
        });
        (1..=8).contains(&self.windows.len())
            && ascend(self.windows.iter().copied())
            && self.windows.iter().all(|window| {
                (1..=127).contains(&window.days)
                    && window.start <= 1439
                    && (1..=1440).contains(&window.length)
                    && (1..=52).contains(&window.every)
                    && window.phase < window.every
            })
            && self.exceptions.len() <= 16
            && self.exceptions.iter().all(|(_, days)| (1..=366).contains(days))
            && ascend(excepted)
    }
}

impl Object for Token {
    const KIND: u8 = 1;
    const LIMIT: usize = 768;
    fn keeps_the_rules(&self) -> bool {
        let depths = self.links.iter().rev().map(|link| link.depth);
        (1..=4).contains(&self.links.len())
            && depths.clone().all(|depth| depth <= 3)
            && ascend(depths)
            && self.links.iter().all(|link| is_key(&link.grantee) && link.caveats.keep_the_rules())
            && self.links[0].caveats.rights.is_some()
            && self.links[0].caveats.targets.is_some()
            && self.links[0].caveats.valid.is_some()
            && encode(self).len() <= Self::LIMIT
    }
}

impl Object for Origin {
    const KIND: u8 = 2;
    const LIMIT: usize = 76;
    fn keeps_the_rules(&self) -> bool {
        is_key(&self.issuer)
    }
}

impl Object for Status {
    const KIND: u8 = 3;
    const LIMIT: usize = 780;
    fn keeps_the_rules(&self) -> bool {
        is_time(self.at)
            && self.list_keyset <= self.keyset
            && (self.list.is_none() || self.list_keyset == self.keyset && self.number > 0)
            && self.list.as_ref().is_none_or(|list| {
                list.entries.len() <= 64
                    && ascend(list.entries.iter().copied())
                    && list.floors.len() <= 8
                    && ascend(list.floors.iter().map(|(issuer, _)| *issuer))
                    && list.floors.iter().all(|(_, first)| *first > 0)
            })
    }
}

impl Object for Challenge {
    const KIND: u8 = 4;
    const LIMIT: usize = 86;
    fn keeps_the_rules(&self) -> bool {
        true
    }
}

impl Object for Request {
    const KIND: u8 = 5;
    const LIMIT: usize = 1024;
    fn keeps_the_rules(&self) -> bool {
        self.origin.keeps_the_rules()
            && match self.moment {
                Moment::Challenged { .. } => true,
                Moment::Unchallenged { time, expires, .. } => is_time(time) && is_time(expires),
            }
            && self.right < 32
            && self.parameter.len() <= 64
            && self.token.keeps_the_rules()
    }
}

impl Object for Witness {
    const KIND: u8 = 6;
    const LIMIT: usize = 114;
    fn keeps_the_rules(&self) -> bool {
        is_key(&self.key)
    }
}

impl Object for Presentation {
    const KIND: u8 = 7;
    const LIMIT: usize = 1536;
    fn keeps_the_rules(&self) -> bool {
        let status_keeps = |status: &Status| status.list.is_none() && status.keeps_the_rules();
        (match self.mode {
            Mode::Challenged { .. } => true,
            Mode::Unchallenged { time, expires, .. } => is_time(time) && is_time(expires),
        }) && self.right < 32
            && self.parameter.len() <= 64
            && self.witnesses.len() <= 2
            && ascend(self.witnesses.iter().map(|witness| witness.key))
            && self.witnesses.iter().all(Witness::keeps_the_rules)
            && self.status.as_ref().is_none_or(status_keeps)
            && self.token.keeps_the_rules()
    }
}

impl Object for Answer {
    const KIND: u8 = 8;
    const LIMIT: usize = 3;
    fn keeps_the_rules(&self) -> bool {
        true
    }
}

fn is_time(time: u64) -> bool {
    time < 1 << 40
}

/// Whether a list is what the set of its entries gives back.
fn ascend<T: Ord + Clone>(entries: impl Iterator<Item = T> + Clone) -> bool {
    entries.clone().eq(entries.collect::<BTreeSet<_>>())
}

/// Whether bytes are a canonical y, and no point of small order by the curve's own arithmetic.
fn is_key(bytes: &[u8; 32]) -> bool {
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0x7f, 0xed);
    let mut y = *bytes;
    y.reverse();
    y[0] &= 0x7f;
    let point = CompressedEdwardsY(*bytes).decompress();
    y < prime && !point.is_some_and(|point| point.is_small_order())
}
