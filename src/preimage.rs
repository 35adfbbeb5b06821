//! What is hashed and signed, byte by byte (SPEC.md section 5).
//!
//! Every preimage is a 16-byte label, then fields of fixed width, then at most one field of any
//! length, last. Labels have one length and differ, so no message of one purpose is a message of
//! another, and within a purpose two different contents never give the same bytes.

use crate::{
    caveat::Right,
    crypto,
    id::{DomainId, Epoch, EvidenceId, LockId, Serial},
    limits::MAX_TO_SIGN,
    request::Moment,
};

/// Says what a hash or signature is for: 16 bytes in front of every preimage.
#[derive(Clone, Copy)]
pub(crate) struct Label(&'static [u8; 16]);

impl Label {
    pub(crate) const KEY: Self = Self(b"keyward-1/key\0\0\0");
    pub(crate) const GRANT_HASH: Self = Self(b"keyward-1/grant#");
    pub(crate) const GRANT_SIGN: Self = Self(b"keyward-1/grant\0");
    pub(crate) const LINK_HASH: Self = Self(b"keyward-1/link#\0");
    pub(crate) const LINK_SIGN: Self = Self(b"keyward-1/link\0\0");
    pub(crate) const CHAIN: Self = Self(b"keyward-1/chain#");
    pub(crate) const CORE: Self = Self(b"keyward-1/core#\0");
    pub(crate) const PRESENT: Self = Self(b"keyward-1/holds\0");
    pub(crate) const WITNESS: Self = Self(b"keyward-1/agree\0");
    pub(crate) const STATUS: Self = Self(b"keyward-1/status");
    pub(crate) const LIST: Self = Self(b"keyward-1/list#\0");
    pub(crate) const STATUS_HASH: Self = Self(b"keyward-1/state#");
    pub(crate) const EPOCH_HASH: Self = Self(b"keyward-1/epoch#");
    pub(crate) const EPOCH_SIGN: Self = Self(b"keyward-1/epoch\0");
    pub(crate) const COLD: Self = Self(b"keyward-1/cold#\0");
    pub(crate) const KEYSET_HASH: Self = Self(b"keyward-1/keys#\0");
    pub(crate) const KEYSET_SIGN: Self = Self(b"keyward-1/keys\0\0");
    pub(crate) const CARD_HASH: Self = Self(b"keyward-1/card#\0");
    pub(crate) const CARD_SIGN: Self = Self(b"keyward-1/card\0\0");
    pub(crate) const CLAIM: Self = Self(b"keyward-1/claim\0");
    pub(crate) const NONCE: Self = Self(b"keyward-1/nonce\0");
    pub(crate) const JOURNAL: Self = Self(b"keyward-1/log\0\0\0");
    pub(crate) const ANCHOR: Self = Self(b"keyward-1/anchor");
    pub(crate) const RECEIPT: Self = Self(b"keyward-1/entry#");
    pub(crate) const RECEIPT_SIGN: Self = Self(b"keyward-1/entry\0");
    pub(crate) const PRIVATE: Self = Self(b"keyward-1/priv#\0");
    pub(crate) const SALT: Self = Self(b"keyward-1/salt\0\0");
    pub(crate) const DEVICE: Self = Self(b"keyward-1/device");
    pub(crate) const RECORDING: Self = Self(b"keyward-1/film\0\0");
    pub(crate) const LABEL: Self = Self(b"keyward-1/label\0");
    pub(crate) const SEAL: Self = Self(b"keyward-1/seal\0\0");

    pub(crate) const fn bytes(self) -> &'static [u8] {
        self.0
    }
}

/// The domain and its epoch: what every signature of a token is bound to, and no token carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The domain.
    pub domain: DomainId,
    /// The epoch that the token was issued in; no token outlives its epoch.
    pub epoch: Epoch,
}

/// Binds a link and, through it, all links before: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainHash(pub(crate) [u8; 32]);

/// The fixed fields in front of a link's body: what the link hangs from.
#[derive(Clone, Copy)]
pub(crate) struct LinkContext {
    bytes: [u8; 80],
    length: usize,
    hash: Label,
    pub(crate) sign: Label,
}

impl LinkContext {
    /// What a link hangs from: the link before it, or its issuer's key and serial.
    // Apart, since it is made more than once: what it takes is given back.
    #[inline(never)]
    pub(crate) fn of(
        scope: &Scope,
        issuer: &[u8; 32],
        serial: Serial,
        parent: Option<&ChainHash>,
    ) -> Self {
        match parent {
            Some(parent) => Self::link(scope, parent),
            None => Self::grant(scope, issuer, serial),
        }
    }

    /// Link 0 hangs from its issuer's key and serial.
    pub(crate) fn grant(scope: &Scope, issuer: &[u8; 32], serial: Serial) -> Self {
        Self {
            bytes: joined(&[&scope_bytes(scope), issuer, &serial.to_le_bytes()]),
            length: 80,
            hash: Label::GRANT_HASH,
            sign: Label::GRANT_SIGN,
        }
    }

    /// A later link hangs from the link before it.
    pub(crate) fn link(scope: &Scope, parent: &ChainHash) -> Self {
        Self {
            bytes: joined(&[&scope_bytes(scope), &parent.0]),
            length: 72,
            hash: Label::LINK_HASH,
            sign: Label::LINK_SIGN,
        }
    }

    pub(crate) fn fields(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }

    /// The chain hash of a link with this body.
    pub(crate) fn chain(&self, body: &[u8]) -> ChainHash {
        ChainHash(crypto::hash(&[self.hash.bytes(), self.fields(), body]))
    }
}

/// Binds one request: who asks, by which chain, which lock, for what, and when. 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core(pub(crate) [u8; 32]);

impl Core {
    pub(crate) fn new(
        scope: &Scope,
        lock: &LockId,
        moment: &Moment,
        leaf: &ChainHash,
        right: Right,
        parameter: &[u8],
    ) -> Self {
        let (mode, moment): (u8, [u8; 33]) = match moment {
            Moment::Challenged { nonce, channel, fresh } => {
                (0, joined(&[&nonce.0, &[channel.byte()], &fresh.0]))
            }
            Moment::Unchallenged { counter, time, expires } => {
                (1, joined(&[&counter.to_le_bytes(), &time.to_le_bytes(), &expires.to_le_bytes()]))
            }
        };
        let fixed: [u8; 115] =
            joined(&[&scope_bytes(scope), &lock.0, &[mode], &moment, &leaf.0, &[right.bit()]]);
        Self(crypto::hash(&[Label::CORE.bytes(), &fixed, parameter]))
    }

    /// The 32 bytes that bind the request.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What a witness signs: the core, then what it names as evidence.
    pub(crate) fn witnessed(&self, evidence: &EvidenceId) -> [u8; 48] {
        joined(&[&self.0, &evidence.0])
    }
}

/// The bytes that a key is asked to sign: at most [`MAX_TO_SIGN`].
#[derive(Clone)]
pub struct Message {
    bytes: [u8; MAX_TO_SIGN],
    length: usize,
}

impl Message {
    pub(crate) fn new(label: Label, parts: &[&[u8]]) -> Self {
        let mut message = Self { bytes: [0; MAX_TO_SIGN], length: 0 };
        let bytes = core::iter::once(label.bytes()).chain(parts.iter().copied()).flatten();
        for (to, from) in message.bytes.iter_mut().zip(bytes) {
            *to = *from;
            message.length = message.length.saturating_add(1);
        }
        message
    }

    /// The bytes, exactly as a foreign signer must sign them (pure Ed25519, no pre-hash).
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}

impl core::fmt::Debug for Message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// What binds the body of an epoch, keyset or card: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHash(pub(crate) [u8; 32]);

impl BodyHash {
    pub(crate) fn new(label: Label, body: &[u8]) -> Self {
        Self(crypto::hash(&[label.bytes(), body]))
    }

    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the signers of the body sign behind their label.
    pub(crate) fn signed(&self, scope: &Scope) -> [u8; 72] {
        joined(&[&scope_bytes(scope), &self.0])
    }
}

/// What binds a sealed object, behind its label: the kind within, the lock, the moment.
pub(crate) fn sealed_bytes(kind: u8, lock: &LockId, moment: &[u8; 16]) -> [u8; 25] {
    joined(&[&[kind], &lock.0, moment])
}

pub(crate) fn scope_bytes(scope: &Scope) -> [u8; 40] {
    joined(&[&scope.domain.0, &scope.epoch.to_le_bytes()])
}

/// Puts fields of fixed width together; what is left of the array stays zero.
pub(crate) fn joined<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    join(&mut out, parts);
    out
}

fn join(out: &mut [u8], parts: &[&[u8]]) {
    for (to, from) in out.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
    }
}
