//! A witness's word, after a visit, on what it has recorded (SPEC.md section 24.7).
//!
//! When it agreed to a request it named evidence that did not exist yet. Now it closes it: the hash
//! of the recording, from when until when.

use crate::{
    crypto::{self, SignatureFault},
    id::EvidenceId,
    key::{PublicKey, key_name, read_key, role},
    limits::MAX_RECORDING,
    preimage::{Core, Label, Message, joined},
    receipt::WitnessName,
    time::Time,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader},
};

/// What a witness says of its recording, read and nothing more.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'a> {
    pub(crate) key: &'a [u8; 32],
    closed: Closed,
    signature: &'a [u8; 64],
}

/// A recording that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The core of the request that was agreed to.
    pub core: [u8; 32],
    /// The evidence that was named then.
    pub evidence: EvidenceId,
    /// A hash of the recording, 32 bytes, of the witness's choice of function.
    pub hash: [u8; 32],
    /// When the recording begins.
    pub from: Time,
    /// When it ends, not before it begins.
    pub until: Time,
}

impl Closed {
    /// Drafts the statement.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] when it ends before it begins, or a time is out of range.
    pub fn draft(
        &self,
        witness: &PublicKey<role::Witness>,
    ) -> Result<Unsigned<role::Witness, MAX_RECORDING>, EncodeError> {
        if self.until < self.from || self.until.0 > crate::limits::MAX_TIME {
            return Err(DecodeError::OutOfRange(Part::Time).into());
        }
        let out = Encoded::object(Kind::Recording, &|out| {
            out.raw(witness.as_bytes());
            for field in [&self.core[..], &self.evidence.0, &self.hash] {
                out.raw(field);
            }
            out.put(&(self.from.0, self.until.0));
        })?;
        Ok(Unsigned::new(out, Message::new(Label::RECORDING, &[&self.signed()]), *witness))
    }

    fn signed(&self) -> [u8; 96] {
        let (from, until) = (self.from.to_le_bytes(), self.until.to_le_bytes());
        joined(&[&self.core, &self.evidence.0, &self.hash, &from, &until])
    }
}

impl<'a> Recording<'a> {
    /// Reads a statement.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame, a key or a time.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Recording, MAX_RECORDING, |reader| {
            let key = read_key(reader)?;
            let (core, evidence) = (*reader.array()?, EvidenceId(*reader.array()?));
            let hash = *reader.array()?;
            let (from, until) = (Time::read(reader)?, Time::read(reader)?);
            if until < from {
                return reader.refuse(DecodeError::OutOfRange(Part::Time));
            }
            let closed = Closed { core, evidence, hash, from, until };
            Some(Self { key, closed, signature: reader.array()? })
        })
    }

    /// What was recorded, if the witness that agreed to the request says so: the one that a receipt
    /// names, with the evidence that it names.
    ///
    /// # Errors
    /// [`RecordingFault`].
    pub fn verify(&self, core: &Core, agreed: &WitnessName) -> Result<&Closed, RecordingFault> {
        let closed = &self.closed;
        if closed.core != *core.as_bytes() || closed.evidence != agreed.evidence {
            return Err(RecordingFault::OtherEvidence);
        }
        if key_name(self.key) != agreed.witness {
            return Err(RecordingFault::OtherWitness);
        }
        let message = [Label::RECORDING.bytes(), &closed.signed()];
        let genuine = crypto::verify(self.key, &message, self.signature);
        let _genuine = genuine.map_err(RecordingFault::Signature)?;
        Ok(closed)
    }

    /// What the statement says, whoever says it: to find the receipt that it belongs to.
    pub const fn unverified(&self) -> &Closed {
        &self.closed
    }
}

/// Why a statement on a recording says nothing of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingFault {
    /// It is of another request, or of other evidence.
    OtherEvidence,
    /// Another witness agreed.
    OtherWitness,
    /// The witness didn't sign it.
    Signature(SignatureFault),
}
