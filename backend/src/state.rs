//! What verifiers in the place of locks remember, in a store that several of them may share.
//!
//! A lock forgets nothing between two requests; a fleet of servers must act like one lock at each
//! door. Its whole memory is two kinds of thing:
//!
//! * *nonces*: that a challenge was spent;
//! * *cells*: a few bytes by name, which change from what was found to what holds from now on. The
//!   uses of a counted link are one, and so is the replay window of a holder.
//!
//! A request is verified against what was read, then [`State::mark`] checks and changes all of it
//! in one step that is durable before it answers. Whoever comes second finds the nonce spent or a
//! cell changed, whatever node he asks. There is no other write, and none before: a challenge that
//! is only given leaves no trace.
//!
//! # What is forgotten is refused
//!
//! A store drops what nothing can be accepted by any more. It raises a *floor* first, in the same
//! step, and refuses all that lies at or below it: dropping early, by a wrong clock, shuts doors
//! and opens none. A store that may have lost marks raises floors too, by itself:
//!
//! | floor | what is refused | raised when |
//! | --- | --- | --- |
//! | `lost` | requests made at or before it | marks may have been lost; at the store's birth |
//! | `counts` | cells that began at or before it | counts may have been lost |
//! | `nonces` | challenges given at or before it | spent nonces are dropped |
//! | `cells` | changes that could be asked for until then, or less long | cells are dropped |
//!
//! # Which store
//!
//! | module, and feature | nodes | what it is |
//! | --- | --- | --- |
//! | `redb`, on by default | one | a file; no set-up |
//! | `valkey` | many | a server whose settings are looked at, and refused |
//! | `postgres` | many | the same |
//! | `ram`, with the feature `kit` | one | for tests |
//!
//! Any other can be run through the module `kit` (feature `kit`).

pub mod clock;
#[cfg(feature = "kit")]
pub mod kit;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "kit")]
pub mod ram;
#[cfg(feature = "redb")]
pub mod redb;
// Each store uses some of them.
#[cfg_attr(not(all(feature = "redb", feature = "valkey")), allow(dead_code))]
mod rules;
#[cfg(feature = "valkey")]
pub mod valkey;

use std::{fmt, future::Future, sync::Arc};

use keyward::{Time, limits::MAX_TIME};

/// Milliseconds since 1970-01-01 00:00 UTC, at most [`Millis::LAST`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

impl Millis {
    /// The end of time; far enough below 2^53 for stores that count in floating point.
    pub const LAST: Self = Self(MAX_TIME * 1000);

    /// An instant; all beyond the last is the last.
    pub const fn new(millis: u64) -> Self {
        if millis < Self::LAST.0 { Self(millis) } else { Self::LAST }
    }

    /// The start of a second.
    pub const fn of(time: Time) -> Self {
        Self::new(time.0.saturating_mul(1000))
    }

    /// The milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The second that it lies in.
    pub const fn second(self) -> Time {
        Time(self.0 / 1000)
    }

    /// The instant some milliseconds later.
    #[must_use]
    pub const fn after(self, millis: u64) -> Self {
        Self::new(self.0.saturating_add(millis))
    }

    /// The instant some milliseconds before, or the first.
    #[must_use]
    pub const fn before(self, millis: u64) -> Self {
        Self(self.0.saturating_sub(millis))
    }
}

/// Names a nonce or a cell in a store: 16 bytes of a hash over all that it depends on, its door
/// included. Two doors share nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub [u8; 16]);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a cell holds: at most [`Value::MAX`] bytes, and none where there is no such cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Value(Vec<u8>);

impl Value {
    /// The most bytes that a cell holds.
    pub const MAX: usize = 32;

    /// A value; what is over the limit is none.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        Some(Self(bytes.into())).filter(|value| value.0.len() <= Self::MAX)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// All that one request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What the marking node is sure has passed: what may be dropped is judged by it.
    pub now: Millis,
    /// When the request was made, the earliest of all that says so: the challenge, or the time that
    /// an unchallenged one names.
    pub made: Millis,
    /// The nonce that it spends.
    pub nonce: Option<Spent>,
    /// The cells that it changes, at most [`MAX_CELLS`], each once.
    pub cells: Vec<Cell>,
}

/// A nonce that is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Which.
    pub name: Name,
    /// When it was given: one name always comes with one instant.
    pub given: Millis,
}

/// The change of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which.
    pub name: Name,
    /// Nothing can have changed it before this instant. [`Millis::LAST`] where `made` alone tells
    /// what may have been lost.
    pub began: Millis,
    /// The request that asks for this change can't be accepted from this instant on, by any node's
    /// clock; at most `keep_until`. A store that has dropped what was kept until then, or longer,
    /// can't tell any more whether it was there before.
    pub good_until: Millis,
    /// No request that this cell speaks of can be accepted from this instant on: the latest of all
    /// that were `good_until`. It never comes to lie earlier.
    pub keep_until: Millis,
    /// What must be found.
    pub before: Value,
    /// What holds from now on; never none.
    pub after: Value,
}

/// Cells that one request can change: its links, and its holder's replay window.
pub const MAX_CELLS: usize = keyward::limits::MAX_LINKS + 1;

/// What a store says to a mark. All but `Marked` changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a request is accepted once it is marked, and not before"]
pub enum Verdict {
    /// All is marked, and durable.
    Marked,
    /// The nonce was spent.
    Spent,
    /// The store may have known what it was made by, and has forgotten it.
    Forgotten,
    /// A cell is not as it was found; the cells as they are, in the order of the mark.
    Changed(Vec<Value>),
    /// The store may have known more of the cell at this place, and has forgotten it.
    CellForgotten(usize),
}

/// A memory that nodes share.
///
/// A mark is checked and applied in one step, as if no other ran at the time, and durable before it
/// answers. Whether one that fails has been applied nobody knows: nothing is accepted by it, and
/// whoever tries the same again may find it spent.
pub trait State: Send + Sync {
    /// What these cells hold, in their order.
    fn read(&self, names: &[Name]) -> impl Future<Output = Result<Vec<Value>, StateError>> + Send;

    /// Checks, and marks if all is as it should be.
    fn mark(&self, mark: &Mark) -> impl Future<Output = Result<Verdict, StateError>> + Send;
}

impl<S: State> State for Arc<S> {
    fn read(&self, names: &[Name]) -> impl Future<Output = Result<Vec<Value>, StateError>> + Send {
        S::read(self, names)
    }

    fn mark(&self, mark: &Mark) -> impl Future<Output = Result<Verdict, StateError>> + Send {
        S::mark(self, mark)
    }
}

/// Why a store doesn't answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// It can't be reached, or not in time. Nothing is known to be marked; a later call tries anew.
    Unavailable(String),
    /// It is set up so that it could lose what it has confirmed. It is looked at again at the next
    /// call.
    Unfit(String),
    /// It holds what nobody can have written.
    Corrupt(String),
    /// More is asked than a call may ask: cells, values or serials.
    TooMuch,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the store can't be reached: {why}"),
            Self::Unfit(why) => write!(f, "the store could lose what it confirms: {why}"),
            Self::Corrupt(what) => write!(f, "the store is damaged: {what}"),
            Self::TooMuch => f.write_str("more than one call may ask"),
        }
    }
}

impl std::error::Error for StateError {}
