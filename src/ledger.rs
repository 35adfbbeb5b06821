//! What a lock remembers, and what an accepted request changes in it (SPEC.md section 14).

use crate::{
    id::{Counter, KeyId, KeyName, LinkId},
    limits::MAX_LINKS,
    replay::{CounterFault, Unseen},
    time::{Time, Uptime},
    wire::{DecodeError, Part, Reader},
};

/// What `verify` asks of a lock's memory; it changes nothing.
pub trait Memory {
    /// How a link was used at this lock.
    fn uses(&self, link: &LinkId) -> Uses;

    /// Whether a holder's counter is new.
    ///
    /// # Errors
    /// Any [`CounterFault`].
    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault>;
}

/// How often a link was used at a lock, and when first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The number of uses.
    pub spent: u32,
    /// The lower bound of the time at the first use.
    pub first: Option<Time>,
}

/// Why changes were not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitError {
    /// The tables have no room for another counted link or holder.
    Full,
    /// The memory is not the one that was verified against.
    Changed,
}

/// What the actuator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// What was asked for.
    Done,
    /// The bolt or motor jammed; the use is spent all the same.
    Jammed,
    /// Nothing that it reports.
    Unknown,
    /// It was never asked: the permit came too late.
    Lapsed,
    /// Power failed before the lock knew; it closes such a decision at its next start.
    Interrupted,
}

impl Outcome {
    /// As an actuator may report it: what only the lock knows is nothing that it knows.
    pub(crate) const fn reported(self) -> Self {
        match self {
            Self::Done | Self::Jammed => self,
            Self::Unknown | Self::Lapsed | Self::Interrupted => Self::Unknown,
        }
    }

    /// The outcomes by their bytes.
    const ALL: [Self; 5] =
        [Self::Done, Self::Jammed, Self::Unknown, Self::Lapsed, Self::Interrupted];

    pub(crate) fn byte(self) -> u8 {
        let place = Self::ALL.iter().zip(0..).find(|(outcome, _)| **outcome == self);
        place.map_or(u8::MAX, |(_, byte)| byte)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let outcome = Self::ALL.get(usize::from(reader.u8()?)).copied();
        outcome.or_else(|| reader.refuse(DecodeError::OutOfRange(Part::Outcome)))
    }

    /// An outcome that was recorded; that power failed is never.
    pub(crate) fn of_byte(byte: u8) -> Option<Self> {
        let outcome = Self::ALL.get(usize::from(byte)).copied();
        outcome.filter(|outcome| *outcome != Self::Interrupted)
    }
}

/// What an accepted request changes in a lock's memory: made by `verify`, applied by `commit`.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The issuer of the token, for quotas.
    pub(crate) issuer: KeyId,
    pub(crate) holder: KeyName,
    /// The links that the request stands on, from the issuer's on.
    pub(crate) links: [Option<LinkId>; MAX_LINKS],
    /// What is spent of each.
    pub(crate) spent: [Option<Spent>; MAX_LINKS],
    /// The counter that is spent, and the time that the request names.
    pub(crate) lane: Option<(Counter, Time)>,
    pub(crate) heard: Option<Heard>,
}

/// One use of one link, without what follows from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// How often it was used before.
    pub(crate) before: u32,
    /// The lower bound of the time at the first use: that of this one, if it is the first.
    pub(crate) first: Time,
    pub(crate) keep_until: Time,
}

impl Spent {
    /// One more use, at a time of this lower bound.
    pub(crate) fn once_more(before: &Uses, lo: Time, keep_until: Time) -> Self {
        Self { before: before.spent, first: before.first.unwrap_or(lo), keep_until }
    }

    fn before(&self) -> Uses {
        Uses { spent: self.before, first: Some(self.first).filter(|_| self.before > 0) }
    }

    fn after(&self) -> Uses {
        Uses { spent: self.before.saturating_add(1), first: Some(self.first) }
    }
}

impl Changes {
    /// The links whose use is counted.
    pub fn counted(&self) -> impl Iterator<Item = Counted> {
        self.by_link().filter_map(|(_link, counted)| counted)
    }

    /// All links, and what is counted of each.
    pub(crate) fn by_link(&self) -> impl Iterator<Item = (LinkId, Option<Counted>)> {
        let links = self.links.iter().copied().zip(&self.spent);
        links.filter_map(|(link, spent)| Some((link?, self.use_of(link?, spent.as_ref()))))
    }

    fn use_of(&self, link: LinkId, spent: Option<&Spent>) -> Option<Counted> {
        let (root, issuer) = (self.root(), self.issuer);
        let (before, after, keep_until) = (spent?.before(), spent?.after(), spent?.keep_until);
        Some(Counted { link, root, issuer, before, after, keep_until })
    }

    /// Link 0 of the token, for quotas.
    fn root(&self) -> LinkId {
        let [root, ..] = self.links;
        root.unwrap_or(LinkId([0; 16]))
    }

    /// The counter that an unchallenged request spends.
    pub fn lane(&self) -> Option<Lane> {
        let (root, issuer, holder) = (self.root(), self.issuer, self.holder);
        self.lane.map(|(counter, time)| Lane { holder, root, issuer, counter, time })
    }

    /// The time that an attester signed, to which the durable floor rises.
    pub const fn heard(&self) -> Option<Heard> {
        self.heard
    }
}

/// A time that an attester signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The time.
    pub at: Time,
    /// When the challenge was given, if the status is over it: the present was at most a second
    /// after `at` then.
    pub issued: Option<Uptime>,
}

/// One use of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The link.
    pub link: LinkId,
    /// Link 0 of its token, for quotas.
    pub root: LinkId,
    /// The issuer of its token, for quotas.
    pub issuer: KeyId,
    /// What `verify` found; `commit` refuses when it finds otherwise.
    pub before: Uses,
    /// What the link's uses are from now on.
    pub after: Uses,
    /// The entry may go when the durable floor has passed this instant, never before.
    pub keep_until: Time,
}

/// One counter of one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The holder.
    pub holder: KeyName,
    /// Link 0 of its token, for quotas.
    pub root: LinkId,
    /// The issuer of its token, for quotas.
    pub issuer: KeyId,
    /// The counter.
    pub counter: Counter,
    /// The time that the request names.
    pub time: Time,
}
