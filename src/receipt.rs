//! What a lock says afterwards: receipts, chained and signed (SPEC.md section 24).
//!
//! A receipt is the public part of an entry of a lock's log, with the lock's signature. It names the
//! hash of the entry before, so the signature on the last one covers all; and the hash of its
//! private part (who, by whose authority, with which witness), which can be erased while the chain
//! still holds.

mod private;
mod public;

use core::fmt;

use rand_core::CryptoRng;

pub use private::{About, Denied, DeniedRows, Opening, Private, WitnessName};
pub use public::{Event, Log, Public, Rotation, StatementKind};

pub(crate) use private::{
    hash, private_denials, private_opening, put_denied, put_opening, read_denied, read_opening,
};
pub(crate) use public::Place;

use crate::{
    card::{Card, CheckedCard},
    crypto::{self, SignatureFault},
    epoch::Epoch,
    id::{self, DomainId, Sequence},
    key::{PublicKey, role},
    keyset::Keyset,
    ledger::Outcome,
    limits::{MAX_ENTRY, MAX_PRIVATE, MAX_PUBLIC, MAX_RECEIPT, MAX_SEALED},
    preimage::{BodyHash, Core, Label, Message, Scope},
    seal::{Context, SealingKey, seal},
    status::Status,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader},
};

/// An entry's public part and the lock's signature, read and nothing more.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    public: Public<'a>,
    /// The bytes of the public part.
    body: &'a [u8],
    signature: &'a [u8; 64],
    /// The bytes behind version and kind.
    bytes: &'a [u8],
}

impl<'a> Receipt<'a> {
    /// Reads a receipt.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 24.2.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Receipt, MAX_RECEIPT, Self::read)
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((public, body, signature), bytes) = reader.span(|reader| {
            let (public, body) = reader.span(Public::read)?;
            Some((public, body, reader.array()?))
        })?;
        Some(Self { public, body, signature, bytes })
    }

    /// What the receipt says, if nobody but the lock can have said it. The keys that sign for a
    /// lock, and from which entry on, say its card and its log (SPEC.md section 24.6).
    ///
    /// # Errors
    /// [`SignatureFault`].
    pub fn verify(
        &self,
        domain: &DomainId,
        device: &PublicKey<role::Device>,
    ) -> Result<&Public<'a>, SignatureFault> {
        let scope = Scope { domain: *domain, epoch: self.public.epoch };
        let signed = self.hash().signed(&scope);
        let message = [Label::RECEIPT_SIGN.bytes(), &signed];
        let _genuine = crypto::verify(device.as_bytes(), &message, self.signature)?;
        Ok(&self.public)
    }

    /// The change of the device key that this entry is, if it is one and both keys have signed it
    /// for this place: the key before and the key behind.
    ///
    /// # Errors
    /// [`SignatureFault`] of one of the two.
    pub fn rotation(
        &self,
        domain: &DomainId,
    ) -> Result<Option<[PublicKey<role::Device>; 2]>, SignatureFault> {
        let Event::Device(rotation) = self.public.event else { return Ok(None) };
        let Public { lock, epoch, sequence, before, .. } = self.public;
        let scope = Scope { domain: *domain, epoch };
        rotation.verify(&Place { scope, lock, sequence, before: *before })?;
        let key = |bytes| PublicKey::from_bytes(bytes).map_err(|_| SignatureFault::WeakKey);
        Ok(Some([key(rotation.old)?, key(rotation.new)?]))
    }

    /// What became of a request, for the phone that has just made it: nothing else tells it whether
    /// the bolt has moved. The card is that of the lock which was asked.
    ///
    /// # Errors
    /// [`ReceiptFault`].
    pub fn outcome_of(&self, core: &Core, card: &CheckedCard<'_>) -> Result<Outcome, ReceiptFault> {
        let fault = |_| ReceiptFault::Signature(SignatureFault::WeakKey);
        let device = card.device().map_err(fault)?;
        let public = self.verify(&card.domain(), &device).map_err(ReceiptFault::Signature)?;
        match public.event {
            Event::Opening { core: receipt, outcome, .. } if receipt == core.as_bytes() => {
                Ok(outcome)
            }
            _ => Err(ReceiptFault::OtherRequest),
        }
    }

    /// What the receipt says, whoever says it: for inspectors, and for auditors who verify a whole
    /// log by the signature on its head.
    pub const fn unverified(&self) -> &Public<'a> {
        &self.public
    }

    /// What names the entry in the chain.
    pub fn hash(&self) -> BodyHash {
        BodyHash::new(Label::RECEIPT, self.body)
    }

    /// The device's signature, 64 bytes, and what it is over, behind the label.
    #[doc(hidden)]
    pub fn signed(&self, domain: &DomainId) -> (&'a [u8; 64], [u8; 88]) {
        let scope = Scope { domain: *domain, epoch: self.public.epoch };
        let signed = self.hash().signed(&scope);
        (self.signature, crate::preimage::joined(&[Label::RECEIPT_SIGN.bytes(), &signed]))
    }
}

/// Why a receipt tells a phone nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptFault {
    /// The lock didn't sign it.
    Signature(SignatureFault),
    /// It is not over the core of the request that was made.
    OtherRequest,
}

impl fmt::Display for ReceiptFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(fault) => write!(f, "the receipt is not the lock's: {fault:?}"),
            Self::OtherRequest => f.write_str("the receipt is another request's"),
        }
    }
}

impl core::error::Error for ReceiptFault {}

/// The end of a log: what its next entry must hang from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number that the next entry has: how many there were.
    pub next: Sequence,
    /// The hash of the last entry; zeros before the first.
    pub hash: [u8; 32],
}

impl Head {
    /// The end of a log without entries.
    pub const START: Self = Self { next: Sequence(0), hash: [0; 32] };

    /// The end of a log whose last entry this is.
    pub fn behind(receipt: &Receipt<'_>) -> Self {
        let next = Sequence(receipt.public.sequence.0.saturating_add(1));
        Self { next, hash: receipt.hash().0 }
    }

    /// One step along the chain: hashes the entry, and says nothing of its signature.
    ///
    /// # Errors
    /// [`Break`]: the entry doesn't hang from this head.
    pub fn step(&self, receipt: &Receipt<'_>) -> Result<Self, Break> {
        let sequence = receipt.public.sequence;
        if sequence > self.next {
            return Err(Break::Gap);
        }
        if sequence < self.next {
            return Err(Break::Behind);
        }
        if receipt.public.before != &self.hash {
            return Err(Break::Hash);
        }
        Ok(Self::behind(receipt))
    }

    /// The parameter of a `read log` request that acknowledges all up to here: number and hash, 40
    /// bytes.
    pub fn acknowledgement(&self) -> [u8; 40] {
        crate::preimage::joined(&[&self.next.to_le_bytes(), &self.hash])
    }

    pub(crate) fn acknowledged(parameter: &[u8]) -> Option<Self> {
        let (next, hash) = parameter.split_first_chunk()?;
        let next = Sequence(u64::from_le_bytes(*next));
        Some(Self { next, hash: hash.try_into().ok()? })
    }
}

/// Why an entry doesn't follow a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Entries between are missing.
    Gap,
    /// Its number was there already.
    Behind,
    /// It hangs from another entry.
    Hash,
}

/// An entry of a lock's log: its receipt, and its private part unless that was erased.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The receipt.
    pub receipt: Receipt<'a>,
    private: Option<Private<'a>>,
}

impl<'a> Entry<'a> {
    /// Reads an entry.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 24.3.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Entry, MAX_ENTRY, |reader| {
            let receipt = Receipt::read(reader)?;
            let private = reader.optional(Private::read)?;
            if private.is_some() && receipt.public.private.is_none() {
                return reader.refuse(DecodeError::OutOfRange(Part::Private));
            }
            Some(Self { receipt, private })
        })
    }

    /// The private part, if the public part says that it is this one.
    ///
    /// # Errors
    /// [`OtherPrivate`].
    pub fn disclosed(&self) -> Result<Disclosed<'a>, OtherPrivate> {
        match (self.receipt.public.private, &self.private) {
            (None, _) => Ok(Disclosed::Nothing),
            (Some(_), None) => Ok(Disclosed::Erased),
            (Some(hash), Some(private)) if private.hash() == *hash => {
                match (self.receipt.public.event, &private.about) {
                    (Event::Opening { .. }, About::Opening(_))
                    | (Event::Denials { .. }, About::Denials(_)) => Ok(Disclosed::Told(*private)),
                    _ => Err(OtherPrivate),
                }
            }
            _ => Err(OtherPrivate),
        }
    }

    /// The entry without its private part: no personal byte is left, and the chain still holds.
    ///
    /// # Errors
    /// None: it is shorter than what was read.
    pub fn erased(&self) -> Result<Encoded<MAX_ENTRY>, EncodeError> {
        entry(self.receipt.bytes, None)
    }
}

/// What an entry tells beside its public part.
#[derive(Clone, Copy, Debug)]
pub enum Disclosed<'a> {
    /// There is nothing more to tell.
    Nothing,
    /// There was more, and it was erased.
    Erased,
    /// This, as the lock wrote it.
    Told(Private<'a>),
}

/// The private part is not the one that the public part names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherPrivate;

/// An entry as a lock makes it, to be signed by its device key.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    pub(crate) domain: DomainId,
    pub(crate) epoch: id::Epoch,
    pub(crate) device: PublicKey<role::Device>,
    /// The lock's life: a word to read another's log is worth nothing here.
    pub(crate) life: id::ClaimNonce,
    /// The key of the keyset's that entries are sealed to.
    pub(crate) log_to: Option<SealingKey>,
    pub(crate) body: Encoded<MAX_PUBLIC>,
    pub(crate) private: Encoded<MAX_PRIVATE>,
}

impl Draft {
    /// The receipt, for the device key to sign.
    ///
    /// # Errors
    /// None: its parts have room.
    pub fn receipt(&self) -> Result<Unsigned<role::Device, MAX_RECEIPT>, EncodeError> {
        let out = Encoded::object(Kind::Receipt, &|out| out.raw(self.body.as_bytes()))?;
        let scope = Scope { domain: self.domain, epoch: self.epoch };
        let signed = BodyHash::new(Label::RECEIPT, self.body.as_bytes()).signed(&scope);
        Ok(Unsigned::new(out, Message::new(Label::RECEIPT_SIGN, &[&signed]), self.device))
    }

    /// The entry: the signed receipt and the private part. It is for whoever may read the log.
    ///
    /// # Errors
    /// [`EncodeError::Mismatch`] for another entry's receipt, [`EncodeError::Invalid`] for none.
    pub(crate) fn whole(&self, receipt: &[u8]) -> Result<Encoded<MAX_ENTRY>, EncodeError> {
        let receipt = Receipt::decode(receipt)?;
        if receipt.body != self.body.as_bytes() {
            return Err(EncodeError::Mismatch);
        }
        let private = self.private.as_bytes();
        entry(receipt.bytes, Some(private).filter(|private| !private.is_empty()))
    }

    /// The entry sealed to the keyset's `log_to`, for anybody to carry.
    ///
    /// # Errors
    /// [`EncodeError::Mismatch`] for another entry's receipt, and where the keyset names no key;
    /// [`EncodeError::Invalid`] for no receipt, and for a key of small order.
    pub fn seal(
        &self,
        receipt: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Encoded<MAX_SEALED>, EncodeError> {
        let log_to = self.log_to.ok_or(EncodeError::Mismatch)?;
        let lock = Public::whole(self.body.as_bytes())?.lock;
        seal(&log_to, &Context::entry(lock), self.whole(receipt)?.as_bytes(), rng)
    }

    /// The end of the log with this entry.
    ///
    /// # Errors
    /// None: it was encoded.
    pub fn head(&self) -> Result<(Log, Head), EncodeError> {
        let public = Public::whole(self.body.as_bytes())?;
        let next = Sequence(public.sequence.0.saturating_add(1));
        Ok((public.log(), Head { next, hash: entry_hash(self.body.as_bytes()) }))
    }
}

/// Shows nobody's name.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("body", &self.body).finish_non_exhaustive()
    }
}

/// The hash of an entry by its public part.
pub(crate) fn entry_hash(public: &[u8]) -> [u8; 32] {
    BodyHash::new(Label::RECEIPT, public).0
}

/// What an entry names of a statement: its kind, and the hash of its body or, of a list, of its
/// status.
pub(crate) fn stated(object: &[u8]) -> Result<(StatementKind, [u8; 32]), DecodeError> {
    let kind = object.get(1).copied().ok_or(DecodeError::Truncated)?;
    Ok(match StatementKind::of_byte(kind)? {
        kind @ StatementKind::Epoch => (kind, Epoch::decode(object)?.body_hash().0),
        kind @ StatementKind::Keyset => (kind, Keyset::decode(object)?.body_hash().0),
        kind @ StatementKind::Card => (kind, Card::decode(object)?.body_hash().0),
        kind @ StatementKind::List => {
            let status = Status::decode(object)?;
            (kind, crypto::hash(&[Label::STATUS_HASH.bytes(), status.unsigned()]))
        }
    })
}

fn entry(receipt: &[u8], private: Option<&[u8]>) -> Result<Encoded<MAX_ENTRY>, EncodeError> {
    Encoded::object(Kind::Entry, &|out| {
        out.raw(receipt);
        out.optional(private);
    })
}
