//! What may happen.

use crate::{bench::Mood, life::LIST};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The lock gives a new challenge.
    Connect,
    /// The holder of a token answers it, and the lock acts, unless power fails.
    Present(usize, Power),
    /// The same with an attester's status.
    Attested(Said),
    /// What was presented last is presented again.
    Again,
    /// The unchallenged presentation.
    Unchallenged(Power),
    /// Somebody delivers a statement.
    Deliver(usize, Power),
    /// Somebody delivers the next epoch with its keyset.
    Walk(Power),
    /// Power fails while nothing is written.
    Cut,
    /// The host's clock shows so many years behind the present, or before it; or the present; or
    /// the host has none.
    Clock(Option<i64>),
    /// So many seconds pass.
    Wait(u64),
}

/// Which status comes with a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// That of before the list.
    Earlier,
    /// That of behind it.
    Later,
    /// One of now, over the session's nonce.
    OverNonce,
}

/// When power fails in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// It doesn't.
    Stays,
    /// Before the step's write.
    Before,
    /// Behind it, unconfirmed.
    Behind,
    /// Behind the commit, before the act.
    Committed,
}

/// All that may happen; or few of it, which suffice for the planted faults.
pub fn all(few: bool) -> Vec<Step> {
    let powers = [Power::Stays, Power::Before, Power::Behind];
    let mut steps = vec![Step::Connect, Step::Again, Step::Cut, Step::Wait(31)];
    steps.extend((0..4).map(|which| Step::Present(which, Power::Stays)));
    steps.extend([Said::Earlier, Said::Later, Said::OverNonce].map(Step::Attested));
    steps.extend([Power::Before, Power::Behind, Power::Committed].map(|p| Step::Present(0, p)));
    steps.extend(powers.map(Step::Unchallenged));
    steps.extend((0..6).map(|which| Step::Deliver(which, Power::Stays)));
    steps.extend([Power::Before, Power::Behind].map(|power| Step::Deliver(0, power)));
    steps.extend(powers.map(Step::Walk));
    steps.extend([None, Some(-10), Some(0), Some(10)].map(Step::Clock));
    steps.retain(|step| !few || step.is_plain());
    steps
}

impl Step {
    /// The same with its write confirmed before power fails.
    pub fn confirmed(self) -> Vec<Self> {
        match self {
            Self::Present(which, _) => vec![Self::Present(which, Power::Committed)],
            Self::Unchallenged(_) => vec![Self::Unchallenged(Power::Committed)],
            Self::Deliver(which, _) => vec![Self::Deliver(which, Power::Stays), Self::Cut],
            Self::Walk(_) => vec![Self::Walk(Power::Stays), Self::Cut],
            other => vec![other],
        }
    }

    /// Whether no power fails within it but behind the list, and nothing else is delivered.
    fn is_plain(&self) -> bool {
        match self {
            Self::Present(_, power) | Self::Unchallenged(power) => *power == Power::Stays,
            Self::Deliver(which, power) => *which == LIST && *power != Power::Before,
            Self::Walk(_) => false,
            _ => true,
        }
    }
}

impl Power {
    /// How a store answers in such a step, if it answers so at `rest`.
    pub fn mood(self, rest: Mood) -> Mood {
        match self {
            Self::Before => Mood::CutBefore,
            // What follows a record that isn't there is not written either.
            Self::Behind if rest == Mood::Forgets => Mood::CutBefore,
            Self::Behind => Mood::CutBehind,
            Self::Stays | Self::Committed => rest,
        }
    }
}
