//! Why a door stays shut: one variant a rule, with a number that never changes (SPEC.md section
//! 15).

use core::fmt;

use crate::{
    challenge::Answer,
    crypto::SignatureFault,
    id::{Epoch, KeyId, Serial},
    ledger::CommitError,
    lock::Fault,
    replay::CounterFault,
    seal::SealFault,
    store::StoreError,
    time::Time,
    token::LinkFault,
    wire::{DecodeError, EncodeError},
};

/// Whose caveat denied: a link's, or the limits of the issuer's keyset entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The issuer's validity or limits.
    Issuer,
    /// The link of this number.
    Link(u8),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer => f.write_str("the issuer"),
            Self::Link(index) => write!(f, "link {index}"),
        }
    }
}

/// An enum whose variants have numbers that never change.
macro_rules! numbered {
    (
        $(#[$meta:meta])* $enum:ident;
        $($(#[$doc:meta])* $code:literal $name:ident $(($($field:ty),*))? $({$($(#[$fdoc:meta])* $fname:ident: $ftype:ty),* $(,)?})?,)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$doc])* $name $(($($field),*))? $({$($(#[$fdoc])* $fname: $ftype),*})?,)*
        }

        impl $enum {
            /// The number: stable, in receipts and in SPEC.md.
            pub const fn code(&self) -> u16 {
                match self {
                    $($crate::denial::numbered!(@pattern $name $(($($field),*))? $({$($fname),*})?) => $code,)*
                }
            }

            /// The name, as vectors and reports have it.
            pub const fn name(&self) -> &'static str {
                match self {
                    $($crate::denial::numbered!(@pattern $name $(($($field),*))? $({$($fname),*})?) => stringify!($name),)*
                }
            }

            /// All numbers and names.
            pub const ALL: &[(u16, &'static str)] = &[$(($code, stringify!($name))),*];
        }

        impl core::fmt::Display for $enum {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{} {:?}", self.code(), self)
            }
        }

        impl core::error::Error for $enum {}

        impl From<DecodeError> for $enum {
            fn from(error: DecodeError) -> Self {
                Self::Malformed(error)
            }
        }
    };
    (@pattern $name:ident) => { Self::$name };
    (@pattern $name:ident ($($field:ty),*)) => { Self::$name(..) };
    (@pattern $name:ident {$($fname:ident),*}) => { Self::$name { .. } };
}
pub(crate) use numbered;

numbered! {
    /// Why a request is denied: the first rule, in SPEC.md's order, that it breaks.
    Denial;

    /// The bytes are no presentation.
    100 Malformed(DecodeError),
    /// The lock is claimed by nobody.
    190 Unclaimed,
    /// The lock hasn't read its store since it started.
    191 NotRestored,
    /// The store holds a newer firmware's state.
    192 StateTooNew,
    /// The store's state is damaged, or another lock's.
    193 StateCorrupt,
    /// The store's state is older than the lock's last.
    194 StateRolledBack,
    /// The lock was given up, and its state is still to be erased.
    195 Releasing,

    /// The lock holds no such issuer.
    200 UnknownIssuer(KeyId),
    /// The issuer doesn't issue tokens.
    201 NotAnIssuer(KeyId),
    /// The issuer's limits hold a caveat that the lock doesn't know, or that counts.
    202 IssuerDisabled(KeyId),
    /// A challenged presentation, and no challenge of this session is open.
    210 NoChallenge,
    /// The session's challenge is older than it lives.
    211 ChallengeExpired,
    /// An unchallenged presentation, which the lock's card doesn't admit.
    212 UnchallengedRefused,
    /// An unchallenged presentation for another right than `unlock`.
    213 UnchallengedRight,
    /// A presentation in the clear, where the lock's card demands sealed ones.
    214 SealedOnly,
    /// A sealed presentation that the lock can't open.
    215 NotOpened(SealFault),
    /// An emergency token that may be passed on, or was.
    220 EmergencyDepth,
    /// An emergency token for another right than `unlock`.
    221 EmergencyRight,
    /// An emergency token in an unchallenged presentation.
    222 EmergencyUnchallenged,
    /// An emergency token with a caveat that counts uses.
    223 EmergencyCounted,
    /// The status is of another epoch.
    230 StatusOtherEpoch {
        /// The lock's.
        held: Epoch,
        /// The status's.
        got: Epoch,
    },
    /// The lock holds no issuer by which the status is signed.
    231 StatusUnknownIssuer(KeyId),
    /// The status is signed by an issuer that doesn't attest.
    232 StatusNotAttested(KeyId),
    /// The status is over a nonce, and the presentation unchallenged.
    233 StatusNonceUnchallenged,
    /// The status is signed by an issuer whose limits the lock doesn't know, or that count.
    234 StatusIssuerDisabled(KeyId),

    /// The holder's signature doesn't hold.
    300 HolderSignature(SignatureFault),
    /// A link's signature doesn't hold.
    301 LinkSignature(LinkFault),
    /// A witness's signature doesn't hold.
    302 WitnessSignature {
        /// The witness, from 0.
        witness: u8,
        /// What is wrong.
        fault: SignatureFault,
    },
    /// The status's signature doesn't hold.
    303 StatusSignature(SignatureFault),

    /// The token's serial is below the issuer's floor.
    400 SerialRevoked {
        /// The token's.
        serial: Serial,
        /// The first that holds.
        floor: Serial,
    },
    /// A link is revoked, and with it all below.
    401 LinkRevoked(u8),
    /// A grantee's key is revoked.
    402 KeyRevoked(u8),
    /// A witness that a caveat names is revoked.
    403 WitnessRevoked(u8),
    /// The right isn't passed on.
    410 RightNotGranted(Place),
    /// The lock isn't among the targets.
    411 OtherTarget(Place),
    /// It is not proven that the validity has begun.
    420 TooEarly {
        /// Whose validity.
        place: Place,
        /// The earliest that it can be.
        lo: Time,
        /// The latest that it can be, where that is known.
        hi: Option<Time>,
        /// When it begins.
        from: Time,
    },
    /// The validity has ended.
    421 Expired {
        /// Whose validity.
        place: Place,
        /// The earliest that it can be.
        lo: Time,
        /// When it ended.
        until: Time,
    },
    /// It is not proven that the validity hasn't ended.
    422 MayHaveExpired {
        /// Whose validity.
        place: Place,
        /// The latest that it can be, where that is known.
        hi: Option<Time>,
        /// When it ends.
        until: Time,
    },
    /// Some minute of the present lies in no window of the schedule.
    423 OutsideSchedule(Place),
    /// Some minute of the present lies on an excepted date.
    424 ExceptedDate(Place),
    /// The lock's offset table says nothing of the present.
    425 ZoneUnknown(Place),
    /// The present isn't known to within a day, as a schedule demands.
    426 ScheduleTimeUnknown(Place),
    /// The link's uses are spent.
    430 UsesSpent {
        /// The link.
        link: u8,
        /// How often it was used.
        spent: u32,
        /// How often it may be.
        limit: u32,
    },
    /// It is not proven that the first use comes in time.
    431 FirstUseTooLate {
        /// The link.
        link: u8,
        /// The latest that it can be, where that is known.
        hi: Option<Time>,
        /// When the first use is due.
        by: Time,
    },
    /// It is not proven that the time since the first use isn't over.
    432 FirstUseOver {
        /// The link.
        link: u8,
        /// The latest that it can be, where that is known.
        hi: Option<Time>,
        /// The last instant of use.
        until: Time,
    },
    /// The request came over a channel that isn't admitted.
    440 ChannelRefused(Place),
    /// Too few of the named witnesses agree.
    441 WitnessMissing {
        /// Whose caveat.
        place: Place,
        /// How many must.
        needed: u8,
        /// How many do.
        counted: u8,
    },
    /// A witness is demanded, and the presentation unchallenged.
    442 WitnessUnchallenged(Place),
    /// A status is demanded, and none came.
    450 StatusMissing(Place),
    /// It is not proven that the status is new enough.
    451 StatusStale {
        /// Whose caveat.
        place: Place,
        /// The latest that it can be, where that is known.
        hi: Option<Time>,
        /// When the status was signed.
        at: Time,
    },
    /// The status is signed by the key that signed link 0.
    452 StatusSelfAttested(Place),
    /// The status names a keyset or list that the lock doesn't hold yet.
    453 StatusAhead(Place),
    /// The status's time is outside its signer's validity.
    454 StatusTime {
        /// When the status was signed.
        at: Time,
    },
    /// No checker for the embedder's caveat.
    460 AppUnchecked {
        /// Whose caveat.
        place: Place,
        /// The caveat's tag.
        tag: u32,
    },
    /// The embedder's checker said no.
    461 AppRefused {
        /// Whose caveat.
        place: Place,
        /// The caveat's tag.
        tag: u32,
    },
    /// The counter of an unchallenged request is spent.
    470 CounterRefused(CounterFault),
    /// An unchallenged request from the future, or the lock can't tell.
    471 RequestFromFuture {
        /// The latest that it can be, where that is known.
        hi: Option<Time>,
        /// When the request was made.
        time: Time,
    },
    /// An unchallenged request that may be late by more than the horizon.
    472 RequestLate {
        /// The latest that it can be.
        hi: Time,
        /// When the request was made.
        time: Time,
    },
    /// An unchallenged request that may have expired.
    473 RequestExpired {
        /// The latest that it can be.
        hi: Time,
        /// When it expires.
        expires: Time,
    },

    /// The tables have no room to count another link or holder.
    500 TableFull,
    /// The lock's memory changed between verify and commit.
    501 Changed,
    /// The store did not confirm.
    502 StoreFailed,
    /// What was done is not a release, or not done.
    503 NotReleased,
    /// The new device key or claim nonce is the old one.
    504 SameLife,
    /// More time has passed since the request's verification than an act may wait.
    505 TooLate,
    /// A release that was done is closed by erasing, not by its record.
    506 ReleaseDue,
    /// A change of the device key that one of the two keys hasn't signed for this place.
    507 DeviceSignature(SignatureFault),
}

impl Denial {
    /// Whether all signatures held before the request was denied: then its receipt is evidence
    /// against the holder, and the session's challenge is spent.
    pub const fn is_evidence(&self) -> bool {
        self.code() >= 400
    }

    /// The coarse answer for the wire.
    pub fn answer(&self) -> Answer {
        match self {
            Self::UnknownIssuer(_)
            | Self::StatusUnknownIssuer(_)
            | Self::StatusAhead(_)
            | Self::ZoneUnknown(_) => Answer::NeedKeyset,
            Self::TooEarly { hi: Some(hi), from, .. } if hi < from => Answer::Denied,
            Self::TooEarly { .. }
            | Self::MayHaveExpired { .. }
            | Self::ScheduleTimeUnknown(_)
            | Self::FirstUseTooLate { hi: None, .. }
            | Self::FirstUseOver { hi: None, .. }
            | Self::StatusStale { hi: None, .. }
            | Self::RequestFromFuture { hi: None, .. } => Answer::NeedTime,
            Self::StatusMissing(_) | Self::StatusStale { .. } | Self::StatusSelfAttested(_) => {
                Answer::NeedStatus
            }
            Self::WitnessMissing { .. } => Answer::NeedWitness,
            _ => Answer::Denied,
        }
    }
}

impl From<CommitError> for Denial {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::TableFull,
            CommitError::Changed => Self::Changed,
        }
    }
}

impl From<SealFault> for Denial {
    fn from(fault: SealFault) -> Self {
        Self::NotOpened(fault)
    }
}

impl From<StoreError> for Denial {
    fn from(_error: StoreError) -> Self {
        Self::StoreFailed
    }
}

impl From<EncodeError> for Denial {
    fn from(_error: EncodeError) -> Self {
        Self::StoreFailed
    }
}

impl From<Fault> for Denial {
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
