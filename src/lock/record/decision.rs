//! Decisions: what a request spends, and what is told of it.

use super::{DECISION, record};
use crate::{
    caveat::Right,
    id::{Counter, LinkId},
    ledger::{Changes, Counted, Heard, Lane, Spent},
    limits::{MAX_LINKS, MAX_PRIVATE},
    lock::chain::Opened,
    receipt,
    secret::DeviceSecret,
    time::{Interval, Seconds, Time},
    verify::Accepted,
    wire::{DecodeError, EncodeError, Encoded, Part, Reader},
};

/// Bytes of a decision and of its outcome at their largest.
pub(in crate::lock) const OPENING_BYTES: usize = DECISION_BYTES + 2;
const DECISION_BYTES: usize = 1 + 32 + 1 + 22 + 6 + 8 + 16 + 1 + 64 + 1 + 64 + 4 * 26 + 28;

/// A decision without its tag.
pub(in crate::lock) type Decided = Encoded<DECISION_BYTES>;

/// What of a decision changes the state, and what is told of it.
pub(in crate::lock) struct Decision<'a> {
    core: &'a [u8; 32],
    pub(in crate::lock) right: Right,
    time: Interval,
    pub(in crate::lock) relock: Option<Seconds>,
    /// Who opened, as the private part has it.
    persons: &'a [u8],
    pub(in crate::lock) changes: Changes,
}

impl<'a> Decision<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (core, right, time) = (reader.array()?, Right::read(reader)?, Interval::read(reader)?);
        let relock = reader.optional(Reader::u32)?.map(Seconds);
        let ((issuer, holder, links), persons) = reader.span(|reader| {
            let opening = receipt::read_opening(reader)?;
            Some((opening.issuer, opening.holder, opening.links_raw()))
        })?;
        let (mut named, mut spent) = ([None; MAX_LINKS], [None; MAX_LINKS]);
        for ((link, name), slot) in links.iter().zip(&mut named).zip(&mut spent) {
            *name = Some(LinkId(*link));
            if reader.flag()? {
                let Some(before) = reader.u32()?.checked_sub(1) else {
                    return reader.refuse(DecodeError::OutOfRange(Part::Uses));
                };
                let (first, keep_until) = (Time(reader.u64()?), Time(reader.u64()?));
                *slot = Some(Spent { before, first, keep_until });
            }
        }
        let lane = reader.optional(|reader| Some((Counter(reader.u64()?), Time::read(reader)?)))?;
        let heard = reader.optional(Time::read)?;
        let heard = heard.map(|at| Heard { at, issued: None });
        let changes = Changes { issuer, holder, links: named, spent, lane, heard };
        Some(Self { core, right, time, relock, persons, changes })
    }

    pub(in crate::lock) fn write(accepted: &Accepted) -> Result<Decided, EncodeError> {
        let changes = accepted.changes();
        record(DECISION, &|out| {
            out.raw(&accepted.core().0);
            out.raw(&[accepted.right().bit()]);
            accepted.time().write(out);
            out.optional_integer(accepted.relock_within().map(|Seconds(within)| within.into()));
            let (issuer, holder) = (accepted.issuer(), accepted.holder());
            receipt::put_opening(out, issuer, holder, accepted.links(), accepted.witnesses());
            for (_link, counted) in changes.by_link() {
                out.flag(counted.is_some());
                if let Some(Counted { after, keep_until, .. }) = counted {
                    out.integer(after.spent.into());
                    out.integer(after.first.unwrap_or(Time(0)).0);
                    out.integer(keep_until.0);
                }
            }
            out.flag(changes.lane.is_some());
            if let Some(Lane { counter, time, .. }) = changes.lane() {
                out.integer(counter.0);
                out.integer(time.0);
            }
            out.optional_integer(changes.heard().map(|heard| heard.at.0));
        })
    }

    /// The private part of the entry that the decision becomes.
    pub(in crate::lock) fn private(
        &self,
        secret: &DeviceSecret,
    ) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
        receipt::private_opening(&secret.salt(self.core), &|out| out.raw(self.persons))
    }

    /// What the entry is made of once the outcome is known.
    pub(in crate::lock) fn opened(&self, number: u64, private: &[u8]) -> Opened {
        Opened::of(number, self.core, self.right, self.time, private)
    }
}
