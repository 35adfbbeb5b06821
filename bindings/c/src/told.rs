//! What a lock tells its host of what was done.

use keyward::{
    Answer, Taken,
    lock::{Handled, Recorded},
};

use crate::host::outcome_number;

/// A request was granted, committed, acted on and recorded.
pub const KW_RECORDED: u32 = 1;
/// The same, and the store didn't confirm the outcome: `kw_lock_record` tries once more, and the
/// next start closes the decision as interrupted.
pub const KW_UNRECORDED: u32 = 2;
/// A release was granted and done: the host draws the next life, for `kw_lock_release`.
pub const KW_RELEASED: u32 = 3;
/// A statement was taken in, or was held already.
pub const KW_TAKEN: u32 = 4;
/// An epoch was walked to; it is taken in with its keyset.
pub const KW_WALKED: u32 = 5;

/// Nothing was taken in: it was held already.
pub const KW_UNCHANGED: u32 = 0;
/// A claim was.
pub const KW_CLAIM: u32 = 1;
/// An epoch was, with its keyset.
pub const KW_EPOCH: u32 = 2;
/// A keyset was.
pub const KW_KEYSET: u32 = 3;
/// A revocation list was.
pub const KW_LIST: u32 = 4;
/// A card was.
pub const KW_CARD: u32 = 5;
/// A status's time was.
pub const KW_TIME: u32 = 6;

/// What became of a message.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_handled {
    /// The number of the log's entry, where one was recorded.
    pub sequence: u64,
    /// `KW_RECORDED` to `KW_WALKED`, or 0 where nothing was done.
    pub what: u32,
    /// `KW_UNCHANGED` to `KW_TIME`, of `KW_TAKEN`.
    pub taken: u32,
    /// `KW_DONE` to `KW_INTERRUPTED`, of a request that was acted on.
    pub outcome: i32,
    /// Whether the session may read the log in the clear from now on.
    pub may_read: u8,
    /// Whether the owner has acknowledged the log by this request.
    pub acknowledged: u8,
    /// The coarse answer for the wire; it says no more than a stranger may know. To be sent
    /// whatever the status was.
    pub answer: [u8; 3],
}

impl kw_handled {
    pub(crate) fn answered(answer: Answer) -> Self {
        Self { answer: answer.encode(), ..Self::default() }
    }

    pub(crate) fn of(handled: &Handled) -> Self {
        let answered = Self::answered(handled.answer());
        match handled {
            Handled::Recorded(recorded) => Self::recorded(recorded),
            Handled::Unrecorded(acted) => {
                let outcome = outcome_number(acted.outcome());
                Self { what: KW_UNRECORDED, outcome, ..answered }
            }
            Handled::Released(acted) => {
                let outcome = outcome_number(acted.outcome());
                Self { what: KW_RELEASED, outcome, ..answered }
            }
            Handled::Taken(taken) => {
                Self { what: KW_TAKEN, taken: taken_number(*taken), ..answered }
            }
            Handled::Walked => Self { what: KW_WALKED, ..answered },
            _ => answered,
        }
    }

    pub(crate) fn recorded(recorded: &Recorded) -> Self {
        Self {
            sequence: recorded.sequence.0,
            what: KW_RECORDED,
            outcome: outcome_number(recorded.outcome),
            may_read: recorded.may_read().is_some().into(),
            acknowledged: recorded.acknowledged().into(),
            ..Self::answered(recorded.answer())
        }
    }
}

/// A statement's number.
pub(crate) fn taken_number(taken: Taken) -> u32 {
    match taken {
        Taken::Claim => KW_CLAIM,
        Taken::Epoch => KW_EPOCH,
        Taken::Keyset => KW_KEYSET,
        Taken::List => KW_LIST,
        Taken::Card => KW_CARD,
        Taken::Time => KW_TIME,
        _ => KW_UNCHANGED,
    }
}
