//! Why a lock doesn't take a statement: one variant a rule, with a number that never changes
//! (SPEC.md section 19).

use crate::{
    challenge::Answer,
    crypto::SignatureFault,
    denial::numbered,
    id::{Epoch, KeyId, KeysetVersion},
    lock::Fault,
    store::StoreError,
    time::Time,
    wire::{DecodeError, EncodeError},
};

numbered! {
    /// Why an epoch, keyset, card, status, list or claim is not taken in: the first rule, in
    /// SPEC.md's order, that it breaks. The state is as it was.
    Refusal;

    /// The bytes are not the object.
    600 Malformed(DecodeError),
    /// The lock is claimed by nobody.
    601 Unclaimed,
    /// The lock is claimed.
    602 AlreadyClaimed,
    /// The lock hasn't read its store since it started.
    603 NotRestored,
    /// The store holds a newer firmware's state.
    604 StateTooNew,
    /// The store's state is damaged, or another lock's.
    605 StateCorrupt,
    /// The store's state is older than the lock's last.
    606 StateRolledBack,
    /// The lock was given up, and its state is still to be erased.
    607 Releasing,
    /// The statement is of another epoch.
    610 OtherEpoch {
        /// The lock's.
        held: Epoch,
        /// The statement's.
        got: Epoch,
    },
    /// A newer one is held.
    611 Older,
    /// Another of the same order is held, and both are signed: evidence against the signers.
    612 Fork,
    /// Epochs between are missing.
    613 EpochSkipped {
        /// The last before.
        held: Epoch,
        /// The epoch's.
        got: Epoch,
    },
    /// The statement names a keyset that isn't held yet.
    614 KeysetAhead {
        /// The lock's.
        held: KeysetVersion,
        /// The statement's.
        got: KeysetVersion,
    },
    /// More epochs than are walked in one step.
    615 TooManyEpochs,
    /// Not exactly as many signatures as the threshold.
    620 SignatureCount {
        /// The threshold.
        needed: u8,
        /// The signatures.
        got: u8,
    },
    /// No key has the signature's index.
    621 UnknownSigner(u8),
    /// A signature doesn't hold.
    622 StatementSignature {
        /// The signer's index.
        signer: u8,
        /// What is wrong.
        fault: SignatureFault,
    },
    /// The cold keys are not those that the epoch before committed to.
    623 NotCommitted,
    /// The epoch commits to the cold keys that sign it.
    624 ColdKeysReused,
    /// The keyset has no such issuer.
    630 UnknownIssuer(KeyId),
    /// The issuer hasn't the role for it.
    631 WrongRole(KeyId),
    /// The issuer's limits hold a caveat that the lock doesn't know, or that counts.
    632 IssuerDisabled(KeyId),
    /// The statement's time is outside its signer's validity.
    633 TimeOutside {
        /// The statement's.
        at: Time,
    },
    /// One key is of two classes.
    640 KeyInTwoClasses,
    /// Two keys have `KeyId`s that begin with the same 4 bytes.
    641 EqualKeyIds,
    /// The card is of another lock.
    650 OtherLock,
    /// The card is of another life of the lock.
    651 OtherLife,
    /// The card names another device key.
    652 OtherDevice,
    /// The card names a sealing key that the lock can't open with.
    653 OtherSealing,
    /// The epoch is not of the domain.
    660 OtherDomain,
    /// The claim's signature doesn't hold.
    661 ClaimSignature(SignatureFault),
    /// The claim lacks the claim key's signature.
    662 ClaimUnsigned,
    /// The lock has no claim key, and the host asserts no contact.
    663 NotInContact,
    /// A status without a list, where a list must be.
    664 NotAList,
    /// The store did not confirm.
    690 StoreFailed,
}

impl Refusal {
    /// The coarse answer for the wire.
    pub fn answer(&self) -> Answer {
        match self {
            Self::OtherEpoch { held, got } if got > held => Answer::NeedKeyset,
            Self::EpochSkipped { .. } | Self::KeysetAhead { .. } | Self::UnknownIssuer(_) => {
                Answer::NeedKeyset
            }
            _ => Answer::Denied,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(_error: StoreError) -> Self {
        Self::StoreFailed
    }
}

impl From<EncodeError> for Refusal {
    fn from(_error: EncodeError) -> Self {
        Self::StoreFailed
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotRestored => Self::NotRestored,
            Fault::TooNew => Self::StateTooNew,
            Fault::Corrupt => Self::StateCorrupt,
            Fault::RolledBack => Self::StateRolledBack,
            Fault::Releasing => Self::Releasing,
        }
    }
}
