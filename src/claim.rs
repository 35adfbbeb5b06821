//! How a lock finds its owner: what it shows, what the box's key says, what it answers (SPEC.md
//! section 18.1).

use crate::{
    card::{Card, CheckedCard},
    crypto,
    domain::Domain,
    epoch::Epoch,
    id::{ClaimNonce, DomainId},
    key::{PublicKey, public_key, read_key, role},
    limits::{MAX_CLAIM, MAX_CLAIMED, MAX_UNCLAIMED},
    preimage::{BodyHash, Label, Message, joined},
    refusal::Refusal,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Reader},
};

/// What an unclaimed lock shows: its key and its life, both drawn at its reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclaimed {
    /// The lock's own key.
    pub device: PublicKey<role::Device>,
    /// Names this life of the lock.
    pub nonce: ClaimNonce,
}

impl Unclaimed {
    /// The bytes of the object.
    ///
    /// # Errors
    /// None: it has one length.
    pub fn encode(&self) -> Result<Encoded<MAX_UNCLAIMED>, EncodeError> {
        Encoded::object(Kind::Unclaimed, &|out| {
            out.raw(self.device.as_bytes());
            out.raw(&self.nonce.0);
        })
    }

    /// Reads the object.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame or a key.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Unclaimed, MAX_UNCLAIMED, |reader| {
            let device = public_key(reader.array()?);
            let device = reader.checked(device)?;
            Some(Self { device, nonce: ClaimNonce(*reader.array()?) })
        })
    }

    /// Drafts the claim of this lock for a domain in its current epoch, with the lock's card; for
    /// the key from the lock's box to sign.
    ///
    /// # Errors
    /// None: it has one length.
    pub fn claim(
        &self,
        domain: DomainId,
        epoch: &Epoch<'_>,
        card: &Card<'_>,
        key: &PublicKey<role::Claim>,
    ) -> Result<Unsigned<role::Claim, MAX_CLAIM>, EncodeError> {
        let out = Encoded::object(Kind::Claim, &|out| out.put(&(domain.0, true)))?;
        let signed = self.claimed_for(domain, epoch, card);
        Ok(Unsigned::new(out, Message::new(Label::CLAIM, &[&signed]), *key))
    }

    /// The claim of a lock that came without a claim key, and believes contact.
    ///
    /// # Errors
    /// None: it has one length.
    pub fn claim_by_contact(domain: DomainId) -> Result<Encoded<MAX_CLAIM>, EncodeError> {
        Encoded::object(Kind::Claim, &|out| out.put(&(domain.0, false)))
    }

    fn claimed_for(&self, domain: DomainId, epoch: &Epoch<'_>, card: &Card<'_>) -> [u8; 144] {
        let (epoch, card) = (epoch.body_hash().0, card.body_hash().0);
        joined(&[self.device.as_bytes(), &self.nonce.0, &domain.0, &epoch, &card])
    }

    /// Drafts the lock's answer, over all that it holds; for the key that is printed on it.
    pub(crate) fn claimed(
        &self,
        domain: &Domain,
        card: &BodyHash,
        label: &PublicKey<role::Label>,
    ) -> Result<Unsigned<role::Label, MAX_CLAIMED>, EncodeError> {
        let out = Encoded::object(Kind::Claimed, &|out| {
            out.raw(self.device.as_bytes());
            out.raw(&self.nonce.0);
        })?;
        let signed = answered(self.device.as_bytes(), &self.nonce, domain, card)?;
        Ok(Unsigned::new(out, Message::new(Label::LABEL, &[&signed]), *label))
    }
}

/// The word on which a lock takes a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    pub(crate) domain: DomainId,
    pub(crate) signature: Option<&'a [u8; 64]>,
}

impl<'a> Claim<'a> {
    /// Reads a claim.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame or a flag.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Claim, MAX_CLAIM, |reader| {
            let domain = DomainId(*reader.array()?);
            Some(Self { domain, signature: reader.optional(Reader::array)? })
        })
    }

    /// Checks that the key from the box says so or, where there is none, that the host was touched.
    pub(crate) fn verify(
        &self,
        lock: &Unclaimed,
        key: Option<&PublicKey<role::Claim>>,
        contact: bool,
        epoch: &Epoch<'_>,
        card: &Card<'_>,
    ) -> Result<(), Refusal> {
        match (key, self.signature) {
            (Some(_), None) => Err(Refusal::ClaimUnsigned),
            (None, Some(_)) => Err(Refusal::ClaimSignature(crypto::SignatureFault::Mismatch)),
            (None, None) if contact => Ok(()),
            (None, None) => Err(Refusal::NotInContact),
            (Some(key), Some(signature)) => {
                let signed = lock.claimed_for(self.domain, epoch, card);
                let message = [Label::CLAIM.bytes(), &signed];
                let genuine = crypto::verify(key.as_bytes(), &message, signature);
                genuine.map(drop).map_err(Refusal::ClaimSignature)
            }
        }
    }
}

/// A lock's answer to its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed<'a> {
    pub(crate) device: &'a [u8; 32],
    pub(crate) nonce: ClaimNonce,
    signature: &'a [u8; 64],
}

impl<'a> Claimed<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame or a key.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Claimed, MAX_CLAIMED, |reader| {
            let device = read_key(reader)?;
            let (nonce, signature) = (ClaimNonce(*reader.array()?), reader.array()?);
            Some(Self { device, nonce, signature })
        })
    }

    /// Checks that the lock with this label holds this card and this domain's epoch, keyset and
    /// list: that no box stood in the middle, and that the lock is the one that was unpacked.
    ///
    /// # Errors
    /// [`Refusal::OtherDomain`] for a card that was checked elsewhere; [`Refusal::OtherDevice`],
    /// [`Refusal::OtherLife`] when card and answer differ; [`Refusal::StatementSignature`].
    pub fn verify(
        &self,
        domain: &Domain,
        card: &CheckedCard<'_>,
        label: &PublicKey<role::Label>,
    ) -> Result<(), Refusal> {
        let card = card.card_in(&domain.scope()?)?;
        if self.device != card.device {
            return Err(Refusal::OtherDevice);
        }
        if self.nonce != card.nonce {
            return Err(Refusal::OtherLife);
        }
        let signed = answered(self.device, &self.nonce, domain, &card.body_hash())?;
        let genuine =
            crypto::verify(label.as_bytes(), &[Label::LABEL.bytes(), &signed], self.signature);
        genuine.map(drop).map_err(|fault| Refusal::StatementSignature { signer: 0, fault })
    }
}

fn answered(
    device: &[u8; 32],
    nonce: &ClaimNonce,
    domain: &Domain,
    card: &BodyHash,
) -> Result<[u8; 208], DecodeError> {
    let (epoch, keyset) = (domain.epoch()?.body_hash(), domain.keyset()?.body_hash());
    let list =
        domain.list()?.map(|list| crypto::hash(&[Label::STATUS_HASH.bytes(), list.unsigned()]));
    let (name, list) = (domain.scope()?.domain, list.unwrap_or([0; 32]));
    Ok(joined(&[device, &nonce.0, &name.0, &epoch.0, &card.0, &keyset.0, &list]))
}
