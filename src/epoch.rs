//! The epoch: who signs keysets, and who may sign the next epoch (SPEC.md section 16.1).

use crate::{
    cosign::{Quorum, Signatures, Threshold, all_differ},
    crypto::{self, Genuine},
    id::{DomainId, Epoch as Number},
    key::{PublicKey, Signature, SigningKey, read_key, role},
    limits::MAX_EPOCH,
    preimage::{BodyHash, Label, Message, Scope},
    refusal::Refusal,
    time::Time,
    unsigned::SignError,
    wire::{DecodeError, EncodeError, Encoded, Kind, Reader},
};

/// The hash of the keys and threshold that the next epoch must reveal: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

impl Commitment {
    /// Commits to cold keys, 1 to 4 in ascending order, and their threshold.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] for more than 4 keys, [`EncodeError::Invalid`] for keys out of
    /// order or a threshold that they can't meet.
    pub fn new(cold: &Threshold<'_, role::Cold>) -> Result<Self, EncodeError> {
        let out = Encoded::<130>::written(&|out| cold.write(out))?;
        Ok(Self::of(&Reader::whole(out.as_bytes(), Quorum::read)?))
    }

    pub(crate) fn of(cold: &Quorum<'_>) -> Self {
        Self(crypto::hash(&[Label::COLD.bytes(), cold.bytes]))
    }
}

/// What an epoch says, for whoever drafts one.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The epoch's number; the first is 0.
    pub number: Number,
    /// When it was drafted; a lock's time starts from here, even if it fell.
    pub issued_at: Time,
    /// Who signs keysets.
    pub roots: Threshold<'a, role::Root>,
    /// The key of break-glass tokens.
    pub emergency: Option<PublicKey<role::Emergency>>,
    /// The commitment to the cold keys of the next epoch.
    pub next: Commitment,
    /// Who signs this epoch, once in their life.
    pub cold: Threshold<'a, role::Cold>,
}

impl Draft<'_> {
    /// The epoch without signatures, for [`Epoch::cosign`].
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for keys out of order or over their limit, a threshold that the
    /// keys can't meet, or a time out of range; [`EncodeError::KeyTwice`] for a key in two classes,
    /// or cold keys that commit to themselves.
    pub fn encode(&self) -> Result<Encoded<MAX_EPOCH>, EncodeError> {
        let out = Encoded::object(Kind::Epoch, &|out| {
            out.put(&(self.number.0, self.issued_at.0));
            self.roots.write(out);
            out.put(&self.emergency.as_ref().map(PublicKey::as_bytes));
            out.put(&self.next.0);
            self.cold.write(out);
            out.raw(&[0]);
        })?;
        Epoch::decode(out.as_bytes())?.worth_signing()?;
        Ok(out)
    }
}

/// An epoch that was read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch<'a> {
    pub(crate) number: Number,
    pub(crate) issued_at: Time,
    pub(crate) roots: Quorum<'a>,
    pub(crate) emergency: Option<&'a [u8; 32]>,
    pub(crate) next: Commitment,
    pub(crate) cold: Quorum<'a>,
    pub(crate) signatures: Signatures<'a>,
    pub(crate) body: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Epoch<'a> {
    /// Reads an epoch, with all its signatures, some or none.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 16.1.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Epoch, MAX_EPOCH, |reader| {
            let (epoch, body) = reader.span(|reader| {
                Some(Self {
                    number: Number(reader.u64()?),
                    issued_at: Time::read(reader)?,
                    roots: Quorum::read(reader)?,
                    emergency: reader.optional(read_key)?,
                    next: Commitment(*reader.array()?),
                    cold: Quorum::read(reader)?,
                    signatures: Signatures::default(),
                    body: &[],
                    bytes,
                })
            })?;
            Some(Self { body, signatures: Signatures::read(reader)?, ..epoch })
        })
    }

    /// What the cold keys sign; `domain` is the domain's id, or its own for an epoch 0.
    pub fn to_sign(&self, domain: DomainId) -> Message {
        let scope = Scope { domain, epoch: self.number };
        Message::new(Label::EPOCH_SIGN, &[&self.body_hash().signed(&scope)])
    }

    /// The epoch with one more signature, which was made elsewhere and is verified here.
    ///
    /// # Errors
    /// [`SignError::Bad`]; [`EncodeError::KeyTwice`] as in [`Draft::encode`];
    /// [`EncodeError::WrongKey`] for a key that isn't among the cold keys,
    /// [`EncodeError::SignedAlready`] for one that has signed, or one too many.
    pub fn with_signature(
        &self,
        domain: DomainId,
        key: &PublicKey<role::Cold>,
        signature: &Signature,
    ) -> Result<Encoded<MAX_EPOCH>, SignError> {
        self.worth_signing()?;
        let unsigned = (Kind::Epoch, self.body);
        self.signatures.with(unsigned, &self.cold, &self.to_sign(domain), key, signature)
    }

    /// The epoch with one more signature, by a cold key in memory.
    ///
    /// # Errors
    /// Those of [`with_signature`](Self::with_signature).
    pub fn cosign(
        &self,
        domain: DomainId,
        key: &SigningKey<role::Cold>,
    ) -> Result<Encoded<MAX_EPOCH>, SignError> {
        self.with_signature(domain, &key.public(), &key.sign(&self.to_sign(domain)))
    }

    /// The name of the domain whose epoch 0 this is.
    pub fn domain(&self) -> Option<DomainId> {
        (self.number.0 == 0).then(|| DomainId(self.body_hash().0))
    }

    /// What binds the epoch's body.
    pub fn body_hash(&self) -> BodyHash {
        BodyHash::new(Label::EPOCH_HASH, self.body)
    }

    /// Which number the epoch claims; unverified.
    pub const fn unverified_number(&self) -> Number {
        self.number
    }

    /// Checks what an epoch shows by itself: it commits to other cold keys, and its own have signed.
    pub(crate) fn verify(&self, domain: DomainId) -> Result<Genuine, Refusal> {
        if Commitment::of(&self.cold) == self.next {
            return Err(Refusal::ColdKeysReused);
        }
        self.verify_signatures(domain)
    }

    pub(crate) fn verify_signatures(&self, domain: DomainId) -> Result<Genuine, Refusal> {
        let scope = Scope { domain, epoch: self.number };
        let signed = self.body_hash().signed(&scope);
        self.signatures.verify(&self.cold, Label::EPOCH_SIGN, &signed)
    }

    /// Refuses an epoch that no lock takes, whose cold keys would be spent on it.
    fn worth_signing(&self) -> Result<(), EncodeError> {
        if Commitment::of(&self.cold) == self.next || !all_differ(self.keys()) {
            return Err(EncodeError::KeyTwice);
        }
        Ok(())
    }

    /// All keys that the epoch names.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a [u8; 32]> + Clone {
        self.roots.keys.iter().chain(self.cold.keys).chain(self.emergency)
    }
}
