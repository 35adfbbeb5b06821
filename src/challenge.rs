//! What a lock says to a stranger: its challenge, and a coarse answer (SPEC.md section 10).

use crate::{
    card::CardOrder,
    id::{CardVersion, Epoch, KeysetVersion, ListNumber, LockId, Nonce},
    limits::{ANSWER_LENGTH, MAX_CHALLENGE},
    status::ListOrder,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader},
};

/// The lock's nonce and the versions that it holds. Unsigned: an app believes nothing of it that
/// matters, and only opens the lock that it means to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The lock that claims to ask.
    pub lock: LockId,
    /// The nonce of this link session.
    pub nonce: Nonce,
    /// The epoch that the lock is in.
    pub epoch: Epoch,
    /// The keyset that it holds.
    pub keyset: KeysetVersion,
    /// The place of the revocation list that it holds.
    pub list: ListOrder,
    /// The place of the card that it holds in this epoch.
    pub card: CardOrder,
}

impl Challenge {
    /// The bytes of the challenge.
    ///
    /// # Errors
    /// None: a challenge of any values fits.
    pub fn encode(&self) -> Result<Encoded<MAX_CHALLENGE>, EncodeError> {
        Encoded::object(Kind::Challenge, &|out| {
            out.raw(&self.lock.0);
            out.raw(&self.nonce.0);
            out.integer(self.epoch.0);
            out.integer(self.keyset.0);
            out.integer(self.list.keyset.0);
            out.integer(self.list.number.0);
            out.integer(self.card.keyset.0);
            out.integer(self.card.version.0);
        })
    }

    /// Reads a challenge.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame or an integer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Challenge, MAX_CHALLENGE, |reader| {
            Some(Self {
                lock: LockId(*reader.array()?),
                nonce: Nonce(*reader.array()?),
                epoch: Epoch(reader.u64()?),
                keyset: KeysetVersion(reader.u64()?),
                list: ListOrder {
                    keyset: KeysetVersion(reader.u64()?),
                    number: ListNumber(reader.u64()?),
                },
                card: CardOrder {
                    keyset: KeysetVersion(reader.u64()?),
                    version: CardVersion(reader.u64()?),
                },
            })
        })
    }
}

/// All that a lock tells: enough for an honest phone to bring what is missing, nothing for a
/// stranger to learn from. The exact reason is in the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The request was granted, committed and acted on; what the actuator did is in the receipt.
    Done = 0,
    /// A statement was taken into the lock's state.
    Applied = 1,
    /// No.
    Denied = 2,
    /// The lock can't tell the time well enough: bring a status over its nonce.
    NeedTime = 3,
    /// The token demands a status, or a newer one.
    NeedStatus = 4,
    /// The lock holds no such issuer, or an older keyset or list: bring the newest.
    NeedKeyset = 5,
    /// The token demands a witness.
    NeedWitness = 6,
    /// All sessions are taken: come again.
    Busy = 7,
}

impl Answer {
    const ALL: [Self; 8] = [
        Self::Done,
        Self::Applied,
        Self::Denied,
        Self::NeedTime,
        Self::NeedStatus,
        Self::NeedKeyset,
        Self::NeedWitness,
        Self::Busy,
    ];

    /// The answer's number.
    pub const fn byte(self) -> u8 {
        #[expect(clippy::as_conversions, reason = "a field-less enum's discriminant below 256")]
        {
            self as u8
        }
    }

    /// The bytes of the answer.
    pub const fn encode(self) -> [u8; ANSWER_LENGTH] {
        [crate::wire::VERSION, Kind::Answer.byte(), self.byte()]
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame, [`DecodeError::OutOfRange`] for an unknown answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Answer, ANSWER_LENGTH, |reader| {
            let byte = reader.u8()?;
            let answer = Self::ALL.into_iter().find(|answer| answer.byte() == byte);
            answer.or_else(|| reader.refuse(DecodeError::OutOfRange(Part::Answer)))
        })
    }
}
