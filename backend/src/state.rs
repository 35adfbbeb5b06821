//! Placeholder of the stores' error, until the stores come.

use std::fmt;

/// Why a store doesn't answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// It can't be reached, or not in time. Nothing is known to be marked; a later call tries anew.
    Unavailable(String),
    /// It is set up so that it could lose what it has confirmed.
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
