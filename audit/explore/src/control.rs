//! Faults that are planted, and the rule that each must be seen to break.

use crate::rule;

/// What is wrong with a lock or its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store forgets decisions that it has confirmed: no store may.
    Forgets,
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
pub const CONTROLS: [Control; 8] = [
    Control { name: "forgets_uses", fault: Fault::Forgets, breaks: rule::USES },
    Control { name: "clock_present", fault: Fault::Clock, breaks: rule::PRESENT },
    Control { name: "clock_term", fault: Fault::Clock, breaks: rule::TERM },
    Control { name: "clock_expires", fault: Fault::Clock, breaks: rule::EXPIRES },
    Control { name: "clock_status", fault: Fault::Clock, breaks: rule::STATUS },
    Control { name: "ticks_present", fault: Fault::Ticks, breaks: rule::PRESENT },
    Control { name: "ticks_challenge", fault: Fault::Ticks, breaks: rule::CHALLENGE },
    Control { name: "list_revoked", fault: Fault::List, breaks: rule::REVOKED },
];
