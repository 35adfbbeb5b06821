//! Faults that are planted, and the rule that each must be seen to break.

use crate::rule;

/// What is wrong with a lock or its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store forgets decisions that it has confirmed: no store may.
    Forgets,
    /// The store goes back to where it began, where power fails behind a write: no store may.
    Reverts,
    /// The lock is told the time of the start, for ever.
    Clock,
    /// The lock is told that no ticks run.
    Ticks,
    /// The list is not delivered, though somebody says so.
    List,
}

/// A fault, and the one rule that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    pub name: &'static str,
    pub fault: Fault,
    pub breaks: &'static str,
}

/// All of them.
pub const CONTROLS: [Control; 12] = [
    Control { name: "forgets_uses", fault: Fault::Forgets, breaks: rule::USES },
    Control { name: "forgets_twice", fault: Fault::Forgets, breaks: rule::TWICE },
    Control { name: "forgets_durable", fault: Fault::Forgets, breaks: rule::DURABLE },
    Control { name: "forgets_start", fault: Fault::Forgets, breaks: rule::START },
    Control { name: "reverts_start", fault: Fault::Reverts, breaks: rule::START },
    Control { name: "clock_present", fault: Fault::Clock, breaks: rule::PRESENT },
    Control { name: "clock_term", fault: Fault::Clock, breaks: rule::TERM },
    Control { name: "clock_expires", fault: Fault::Clock, breaks: rule::EXPIRES },
    Control { name: "clock_status", fault: Fault::Clock, breaks: rule::STATUS },
    Control { name: "ticks_present", fault: Fault::Ticks, breaks: rule::PRESENT },
    Control { name: "ticks_challenge", fault: Fault::Ticks, breaks: rule::CHALLENGE },
    Control { name: "list_revoked", fault: Fault::List, breaks: rule::REVOKED },
];
