//! Epochs, keysets, cards and claims, by the oracle.

use serde::{Deserialize, Serialize};

use super::{Object, Signature, ascend, decode, is_key, is_time};

/// Whether the bytes are an epoch.
pub fn decodes_epoch(bytes: &[u8]) -> bool {
    decode::<Epoch>(bytes).is_some()
}

/// Whether the bytes are a keyset.
pub fn decodes_keyset(bytes: &[u8]) -> bool {
    decode::<Keyset>(bytes).is_some()
}

/// Whether the bytes are a card.
pub fn decodes_card(bytes: &[u8]) -> bool {
    decode::<Card>(bytes).is_some()
}

/// Whether the bytes are what an unclaimed lock shows.
pub fn decodes_unclaimed(bytes: &[u8]) -> bool {
    decode::<Unclaimed>(bytes).is_some()
}

/// Whether the bytes are a claim.
pub fn decodes_claim(bytes: &[u8]) -> bool {
    decode::<Claim>(bytes).is_some()
}

/// Whether the bytes are a lock's answer to its claim.
pub fn decodes_claimed(bytes: &[u8]) -> bool {
    decode::<Claimed>(bytes).is_some()
}

/// Whether the bytes are a sealed object, which ends where it ends.
pub fn decodes_sealed(bytes: &[u8]) -> bool {
    matches!(bytes, [1, 15, rest @ ..] if (32 + 16..=1585).contains(&rest.len()))
}

/// An epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 16.1")]
pub struct Epoch {
    pub number: u64,
    pub issued_at: u64,
    pub roots: Keys,
    pub emergency: Option<[u8; 32]>,
    pub next: [u8; 32],
    pub cold: Keys,
    pub signatures: Signatures,
}

/// Keys and how many of them must sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 16.1")]
pub struct Keys {
    pub threshold: u8,
    pub keys: Vec<[u8; 32]>,
}

/// The index of each signer among the keys, and the signature.
pub type Signatures = Vec<(u8, Signature)>;

/// A keyset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 16.2")]
pub struct Keyset {
    pub epoch: u64,
    pub version: u64,
    pub issued_at: u64,
    pub log_to: Option<[u8; 32]>,
    pub issuers: Vec<Issuer>,
    pub zones: Vec<Zone>,
    pub signatures: Signatures,
}

/// An issuer of a keyset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 16.2")]
pub struct Issuer {
    pub key: [u8; 32],
    pub roles: u8,
    pub from: u64,
    pub lasts: u32,
    pub limits: Vec<u8>,
}

/// A zone of a keyset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 16.2")]
pub struct Zone {
    pub id: u8,
    pub end: u32,
    /// Minutes, and offsets from there on.
    pub transitions: Vec<(u32, i16)>,
}

/// A card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 16.3")]
pub struct Card {
    pub issuer: [u8; 8],
    pub epoch: u64,
    pub keyset: u64,
    pub version: u64,
    pub at: u64,
    pub lock: [u8; 8],
    pub groups: Vec<[u8; 8]>,
    pub device: [u8; 32],
    pub sealing: Option<[u8; 32]>,
    pub flags: u8,
    pub zone: Option<u8>,
    pub nonce: [u8; 16],
    pub signature: Signature,
}

/// What an unclaimed lock shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 18.1")]
pub struct Unclaimed {
    pub device: [u8; 32],
    pub nonce: [u8; 16],
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 18.1")]
pub struct Claim {
    pub domain: [u8; 32],
    pub signature: Option<Signature>,
}

/// A lock's answer to its claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 18.1")]
pub struct Claimed {
    pub device: [u8; 32],
    pub nonce: [u8; 16],
    pub signature: Signature,
}

impl Keys {
    fn keep_the_rules(&self) -> bool {
        (1..=4).contains(&self.keys.len())
            && (1..=self.keys.len()).contains(&self.threshold.into())
            && ascend(self.keys.iter().copied())
            && self.keys.iter().all(is_key)
    }
}

impl Issuer {
    fn keeps_the_rules(&self) -> bool {
        // What the limits say is nobody's business here.
        is_key(&self.key)
            && (1..16).contains(&self.roles)
            && is_time(self.from)
            && self.lasts > 0
            && self.limits.len() <= 456
    }
}

impl Zone {
    fn keeps_the_rules(&self) -> bool {
        (1..=16).contains(&self.transitions.len())
            && ascend(self.transitions.iter().map(|(at, _)| *at))
            && self.transitions.iter().all(|(_, offset)| (-1439..=1439).contains(offset))
    }
}

fn signatures_keep_the_rules(signatures: &Signatures) -> bool {
    // Four indices that ascend are four at most.
    ascend(signatures.iter().map(|(signer, _)| *signer))
        && signatures.iter().all(|(signer, _)| *signer < 4)
}

impl Object for Epoch {
    const KIND: u8 = 9;
    const LIMIT: usize = 604;
    fn keeps_the_rules(&self) -> bool {
        is_time(self.issued_at)
            && self.roots.keep_the_rules()
            && self.emergency.as_ref().is_none_or(is_key)
            && self.cold.keep_the_rules()
            && signatures_keep_the_rules(&self.signatures)
    }
}

impl Object for Keyset {
    const KIND: u8 = 10;
    const LIMIT: usize = 1024;
    fn keeps_the_rules(&self) -> bool {
        is_time(self.issued_at)
            && self.issuers.len() <= 8
            && ascend(self.issuers.iter().map(|issuer| issuer.key))
            && self.issuers.iter().all(Issuer::keeps_the_rules)
            && self.zones.len() <= 4
            && ascend(self.zones.iter().map(|zone| zone.id))
            && self.zones.iter().all(Zone::keeps_the_rules)
            && signatures_keep_the_rules(&self.signatures)
    }
}

impl Object for Card {
    const KIND: u8 = 11;
    const LIMIT: usize = 267;
    fn keeps_the_rules(&self) -> bool {
        let sealed_only = self.flags % 2 == 1;
        is_time(self.at)
            && self.version > 0
            && self.groups.len() <= 8
            && ascend(self.groups.iter().copied())
            && is_key(&self.device)
            && self.flags < 4
            && (self.sealing.is_some() || !sealed_only)
    }
}

impl Object for Unclaimed {
    const KIND: u8 = 12;
    const LIMIT: usize = 50;
    fn keeps_the_rules(&self) -> bool {
        is_key(&self.device)
    }
}

impl Object for Claim {
    const KIND: u8 = 13;
    const LIMIT: usize = 99;
    fn keeps_the_rules(&self) -> bool {
        true
    }
}

impl Object for Claimed {
    const KIND: u8 = 14;
    const LIMIT: usize = 114;
    fn keeps_the_rules(&self) -> bool {
        is_key(&self.device)
    }
}
