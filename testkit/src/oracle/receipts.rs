//! Receipts, entries and recordings, by the oracle.

use serde::{Deserialize, Serialize};

use super::{Object, Signature, decode, is_key, is_time};

/// Whether the bytes are a receipt.
pub fn decodes_receipt(bytes: &[u8]) -> bool {
    decode::<Receipt>(bytes).is_some()
}

/// Whether the bytes are an entry.
pub fn decodes_entry(bytes: &[u8]) -> bool {
    decode::<Entry>(bytes).is_some()
}

/// Whether the bytes are a witness's word on its recording.
pub fn decodes_recording(bytes: &[u8]) -> bool {
    decode::<Recording>(bytes).is_some()
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 24.2")]
pub struct Receipt {
    pub lock: [u8; 8],
    pub epoch: u64,
    pub sequence: u64,
    pub before: [u8; 32],
    pub oldest: u64,
    pub starts: u64,
    pub lo: u64,
    pub hi: Option<u64>,
    pub quality: u8,
    pub private: Option<[u8; 32]>,
    pub event: Event,
    pub signature: Signature,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the events of SPEC.md section 24.2")]
pub enum Event {
    Opening { core: [u8; 32], right: u8, outcome: u8 },
    Statement { kind: u8, hash: [u8; 32] },
    Device { old: [u8; 32], new: [u8; 32], by_old: Signature, by_new: Signature },
    Denials { count: u32 },
}

/// A receipt and its private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 24.3")]
pub struct Entry {
    pub receipt: Receipt,
    pub private: Option<Private>,
}

/// A private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 24.3")]
pub struct Private {
    pub salt: [u8; 16],
    pub about: About,
}

/// What a private part tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 24.3")]
pub enum About {
    Opening {
        issuer: [u8; 8],
        holder: [u8; 16],
        links: Vec<[u8; 16]>,
        witnesses: Vec<([u8; 16], [u8; 16])>,
    },
    Denials(Vec<Denied>),
}

/// Denials of one kind and person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 24.3")]
pub struct Denied {
    pub code: u16,
    pub holder: Option<[u8; 16]>,
    pub count: u32,
    pub first: u64,
    pub last: u64,
}

/// A witness's word on its recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 24.7")]
pub struct Recording {
    pub key: [u8; 32],
    pub core: [u8; 32],
    pub evidence: [u8; 16],
    pub hash: [u8; 32],
    pub from: u64,
    pub until: u64,
    pub signature: Signature,
}

impl Event {
    /// Whether there is more to tell of it.
    pub const fn has_private(&self) -> bool {
        matches!(self, Self::Opening { .. } | Self::Denials { .. })
    }

    fn keeps_the_rules(&self) -> bool {
        match self {
            Self::Opening { right, outcome, .. } => *right < 32 && *outcome < 5,
            Self::Statement { kind, .. } => [3, 9, 10, 11].contains(kind),
            Self::Device { old, new, .. } => is_key(old) && is_key(new),
            Self::Denials { count } => *count > 0,
        }
    }
}

impl About {
    fn keeps_the_rules(&self) -> bool {
        match self {
            Self::Opening { links, witnesses, .. } => {
                (1..=4).contains(&links.len()) && witnesses.len() <= 2
            }
            Self::Denials(rows) => {
                (1..=4).contains(&rows.len()) && rows.iter().all(|row| row.count > 0)
            }
        }
    }
}

impl Object for Receipt {
    const KIND: u8 = 16;
    const LIMIT: usize = 362;
    fn keeps_the_rules(&self) -> bool {
        self.oldest <= self.sequence
            && self.hi.is_none_or(|hi| hi >= self.lo)
            && self.quality < 3
            && self.event.keeps_the_rules()
            && (self.private.is_none() || self.event.has_private())
    }
}

impl Object for Entry {
    const KIND: u8 = 17;
    const LIMIT: usize = 408;
    fn keeps_the_rules(&self) -> bool {
        let named = self.receipt.private.is_some();
        self.receipt.keeps_the_rules()
            && self.private.as_ref().is_none_or(|told| named && told.about.keeps_the_rules())
    }
}

impl Object for Recording {
    const KIND: u8 = 18;
    const LIMIT: usize = 190;
    fn keeps_the_rules(&self) -> bool {
        is_key(&self.key) && is_time(self.from) && is_time(self.until) && self.until >= self.from
    }
}
