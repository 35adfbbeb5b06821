//! What becomes of a message that a phone brings.

use std::cell::Cell;

use keyward::{
    Channel, Denial, Presentation, Refusal, Right, Seconds, SigningKey, Taken,
    id::Nonce,
    ledger::Outcome,
    lock::{Anchor, Handled, MayRead, Order, Recorded, Rejected, Session},
    role,
    seal::SealFault,
    wire::Kind,
};
use rand_core::Rng;

use super::{Host, denied};
use crate::{
    app::random,
    fail::{Failure, Result},
};

/// What became of a message.
pub(crate) enum Became {
    /// A statement was taken in; `None` for an epoch that waits for its keyset.
    Taken(Option<Taken>),
    Refused(Refusal),
    Denied(Denial),
    Decided(Decision),
}

/// A request that was granted, and what came of it.
pub(crate) struct Decision {
    /// `None` where the bolt was not asked.
    pub(crate) right: Option<Right>,
    pub(crate) outcome: Outcome,
    /// Number and receipt of the entry; break-glass has none.
    pub(crate) entry: Option<(u64, Vec<u8>)>,
    pub(crate) reads: Option<MayRead>,
    pub(crate) acknowledged: bool,
    pub(crate) released: bool,
    /// By when the door must be secured.
    pub(crate) relock_within: Option<Seconds>,
}

impl Host {
    /// Opens a link session; with a dead store, for break-glass alone.
    pub(crate) fn challenge(&mut self, channel: Channel) -> Result<Session> {
        let (mut random, now, mut bytes) = (random(), self.now(), [0; 16]);
        random.fill_bytes(&mut bytes);
        match self.broken() {
            Some(anchor) => Ok(anchor.challenge(Nonce(bytes), channel, now)),
            None => self.lock.challenge(bytes, channel, now).map_err(denied),
        }
    }

    /// Takes a message of a session, or without one a presentation without a challenge.
    pub(crate) fn message(
        &mut self,
        session: Option<&mut Session>,
        bytes: &mut [u8],
    ) -> Result<Became> {
        let (asked, bolt) = (Cell::new(None), &self.bolt);
        let act = |order: &Order<'_>| {
            asked.set(Some((order.right(), order.relock_within())));
            bolt.moved(order.right(), order.parameter())
        };
        let clock = self.clock();
        let handled = match (session, self.broken()) {
            (Some(session), Some(anchor)) => {
                let opened = self.break_glass(&anchor, session, bytes, act);
                self.glass_within = asked.get().and_then(|(_, within)| within);
                return Ok(opened.map_or_else(Became::Denied, |outcome| {
                    Became::Decided(Decision::unrecorded(asked.get(), outcome))
                }));
            }
            (Some(session), None) => self.lock.handle(session, bytes, clock, act),
            (None, _) => {
                let handled = self.lock.handle_unchallenged(bytes, clock, act);
                handled.map_err(Rejected::Denial)
            }
        };
        let became = match handled {
            Ok(Handled::Recorded(recorded)) => self.decided(recorded, asked.get())?,
            Ok(Handled::Unrecorded(acted)) => {
                // Once more; then the next start closes the decision.
                let recorded = self.lock.record(acted).map_err(denied)?;
                self.decided(recorded, asked.get())?
            }
            Ok(Handled::Released(acted)) => {
                let (recorded, before) = self.new_life(Some(acted))?;
                let recorded = recorded.ok_or_else(|| Failure::trouble("nothing was recorded"))?;
                let decision = Decision::of(recorded, asked.get(), before.device())?;
                Became::Decided(Decision { released: true, relock_within: None, ..decision })
            }
            Ok(Handled::Taken(taken)) => Became::Taken(Some(taken)),
            Ok(Handled::Walked) => Became::Taken(None),
            Err(Rejected::Denial(denial)) => Became::Denied(denial),
            Err(Rejected::Refusal(refusal)) => Became::Refused(refusal),
            Ok(_) => return Err(Failure::trouble("the lock did what this host doesn't know")),
        };
        self.keep_anchor()?;
        Ok(became)
    }

    fn decided(&self, recorded: Recorded, asked: Asked) -> Result<Became> {
        let decision = Decision::of(recorded, asked, self.device())?;
        let relock_within = self.lock.relock_within(self.now());
        Ok(Became::Decided(Decision { relock_within, ..decision }))
    }

    /// Opens by the anchor, sealed or not. It keeps no duty to relock, so that the order's is kept
    /// by this host, and after a kill by the next start of a lock that does nothing.
    fn break_glass(
        &self,
        anchor: &Anchor,
        session: &mut Session,
        bytes: &mut [u8],
        act: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> std::result::Result<Outcome, Denial> {
        let presentation = if bytes.get(1) == Some(&Kind::Sealed.byte()) {
            let keys = self.kept.opening_keys().ok_or(SealFault::NoKey)?;
            anchor.unseal(&keys, session, bytes)?
        } else {
            Presentation::decode(bytes)?
        };
        anchor.open(session, &presentation, self.now(), act)
    }
}

/// What the bolt was asked for.
type Asked = Option<(Right, Option<Seconds>)>;

impl Decision {
    fn of(recorded: Recorded, asked: Asked, device: &SigningKey<role::Device>) -> Result<Self> {
        let receipt = recorded.receipt()?.sign(device)?.as_bytes().to_vec();
        Ok(Self {
            entry: Some((recorded.sequence.0, receipt)),
            reads: recorded.may_read(),
            acknowledged: recorded.acknowledged(),
            ..Self::unrecorded(asked, recorded.outcome)
        })
    }

    fn unrecorded(asked: Asked, outcome: Outcome) -> Self {
        let (right, relock_within) = (asked.map(|(right, _)| right), asked.and_then(|it| it.1));
        let (entry, reads, acknowledged, released) = (None, None, false, false);
        Self { right, outcome, entry, reads, acknowledged, released, relock_within }
    }
}
