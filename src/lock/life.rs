//! A lock's life: claim, statements, restart, release (SPEC.md sections 17 and 18).

use crate::{
    card::Card,
    caveat::Right,
    claim::{Claim, Unclaimed},
    clock::Clock,
    denial::Denial,
    domain::{Change, Domain, Taken, Walk},
    epoch::Epoch,
    id::{ClaimNonce, LockId},
    key::{PublicKey, role},
    keyset::Keyset,
    ledger::{Heard, Ledger, Outcome},
    limits::{CHALLENGE_LIFETIME, MAX_CARD, MAX_CLAIMED},
    lock::{Acted, Anchor, Lock, Recorded, Session},
    preimage::Scope,
    refusal::Refusal,
    status::Status,
    time::{Now, Time},
    trust::Trust,
    unsigned::Unsigned,
    verify::OpenChallenge,
    wire::{EncodeError, Encoded},
};

/// What a lock is, of itself, in one of its lives. Its secret keys are the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The public half of the lock's own key, drawn anew at each reset.
    pub device: PublicKey<role::Device>,
    /// Names this life, drawn anew at each reset.
    pub nonce: ClaimNonce,
    /// The public half of the key in the lock's box; without one the host's contact claims.
    pub claim_key: Option<PublicKey<role::Claim>>,
}

/// All that a claim needs, as bytes, taken in by one write.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'b> {
    /// The claim key's word.
    pub claim: &'b [u8],
    /// The current epoch.
    pub epoch: &'b [u8],
    /// Its keyset.
    pub keyset: &'b [u8],
    /// The lock's card.
    pub card: &'b [u8],
    /// The newest list, if there is one.
    pub list: Option<&'b [u8]>,
}

/// What a claimed lock holds.
#[derive(Debug)]
pub(super) struct Life {
    domain: Domain,
    card: Encoded<MAX_CARD>,
    pub(super) clock: Clock,
}

impl Life {
    pub(super) fn trust(&self) -> Result<Trust<'_>, Denial> {
        Ok(self.domain.trust_by(&self.card()?)?)
    }

    pub(super) fn scope(&self) -> Result<Scope, Denial> {
        Ok(self.domain.scope()?)
    }

    pub(super) fn lock(&self) -> Result<LockId, Denial> {
        Ok(self.card()?.lock)
    }

    pub(super) fn heard(&mut self, heard: Heard, now: &Now) {
        self.clock.heard(heard.at, now);
        if let Some(issued) = heard.issued {
            self.clock.bounded(heard.at, issued);
        }
    }

    fn card(&self) -> Result<Card<'_>, crate::DecodeError> {
        Card::decode(self.card.as_bytes())
    }

    /// Applies a change that is durable.
    fn apply(&mut self, change: &Change<'_>, now: &Now) -> Result<Taken, Refusal> {
        let taken = self.domain.apply(change);
        match change {
            Change::Epoch { .. } => {
                let issued_at = self.domain.epoch()?.issued_at;
                self.clock.reset(issued_at.max(self.domain.keyset()?.issued_at), now);
            }
            Change::Keyset(_) => {
                self.clock.heard(self.domain.keyset()?.issued_at, now);
                self.clock.unbounded();
            }
            Change::List(_) => {
                if let Some(list) = self.domain.list()? {
                    self.clock.heard(list.state.at, now);
                }
            }
            Change::Time { at, issued } => self.heard(Heard { at: *at, issued: *issued }, now),
            Change::Card(card) => self.card = Encoded::copy_of(card),
            Change::Claim { .. } | Change::Release | Change::Unchanged => {}
        }
        Ok(taken)
    }
}

/// A statement that was verified against a lock, which it holds until it is committed or dropped.
#[must_use = "a verified statement changes nothing before it is committed"]
pub struct Update<'l, 'b, 't, L> {
    lock: &'l mut Lock<'t, L>,
    change: Change<'b>,
    now: Now,
}

impl<L: Ledger> Update<'_, '_, '_, L> {
    /// Makes the statement durable, and only then trusts it. Returns what was taken in.
    ///
    /// # Errors
    /// [`Refusal::StoreFailed`]; the lock is as it was.
    pub fn commit(self) -> Result<Taken, Refusal> {
        let Self { lock, change, now } = self;
        match &change {
            Change::Unchanged => return Ok(Taken::Unchanged),
            // Nothing durable changes: whoever repeats a status doesn't wear the flash out.
            Change::Time { at, issued } if lock.floor().is_some_and(|floor| *at <= floor) => {
                let life = lock.life.as_mut().ok_or(Refusal::Unclaimed)?;
                life.heard(Heard { at: *at, issued: *issued }, &now);
                let bounded = issued.is_some();
                return Ok(if bounded { Taken::Time } else { Taken::Unchanged });
            }
            Change::Claim { .. } => {
                let life = claimed(&change, &now)?;
                lock.ledger.keep(&change)?;
                lock.life = Some(life);
                return Ok(Taken::Claim);
            }
            _ => {}
        }
        lock.ledger.keep(&change)?;
        lock.life.as_mut().ok_or(Refusal::Unclaimed)?.apply(&change, &now)
    }
}

impl<L> core::fmt::Debug for Update<'_, '_, '_, L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Update").field(&self.change).finish()
    }
}

impl<'t, L: Ledger> Lock<'t, L> {
    /// What an unclaimed lock shows.
    pub const fn unclaimed(&self) -> Unclaimed {
        Unclaimed { device: self.identity.device, nonce: self.identity.nonce }
    }

    /// Verifies a claim. `contact` is what the host asserts.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 18.1.
    pub fn verify_claim<'b>(
        &mut self,
        bundle: &Bundle<'b>,
        contact: bool,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, L>, Refusal> {
        if self.life.is_some() {
            return Err(Refusal::AlreadyClaimed);
        }
        let claim = Claim::decode(bundle.claim)?;
        let epoch = Epoch::decode(bundle.epoch)?;
        let keyset = Keyset::decode(bundle.keyset)?;
        let card = Card::decode(bundle.card)?;
        let list = bundle.list.map(Status::decode).transpose()?;
        self.fits(&card)?;
        claim.verify(
            &self.unclaimed(),
            self.identity.claim_key.as_ref(),
            contact,
            &epoch,
            &card,
        )?;
        let domain = Domain::found(Walk::from_claimed(claim.domain, &epoch)?, &keyset)?;
        let _checked = domain.check_card(&card)?;
        if let Some(list) = &list {
            domain.check_list(list)?;
        }
        let Bundle { epoch, keyset, card, list, .. } = *bundle;
        let change = Change::Claim { domain: claim.domain, epoch, keyset, card, list };
        Ok(Update { lock: self, change, now })
    }

    /// Drafts the answer to a claim, over all that is held; for the label key to sign.
    ///
    /// # Errors
    /// [`Refusal::Unclaimed`].
    pub fn claimed(
        &self,
        label: &PublicKey<role::Label>,
    ) -> Result<Unsigned<role::Label, MAX_CLAIMED>, Refusal> {
        let life = self.alive()?;
        let draft = self.unclaimed().claimed(&life.domain, &life.card()?.body_hash(), label);
        draft.map_err(|_: EncodeError| Refusal::Unclaimed)
    }

    /// Starts a walk to a later epoch.
    ///
    /// # Errors
    /// [`Refusal::Unclaimed`].
    pub fn walk(&self) -> Result<Walk, Refusal> {
        Ok(self.alive()?.domain.walk()?)
    }

    /// Verifies the keyset of the epoch that was walked to.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 17.4.
    pub fn verify_epoch<'b>(
        &mut self,
        walk: Walk,
        keyset: &Keyset<'b>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, L>, Refusal> {
        let change = self.alive()?.domain.check_epoch(walk, keyset)?;
        Ok(Update { lock: self, change, now })
    }

    /// Verifies a keyset.
    ///
    /// ```compile_fail,E0499
    /// # use keyward::{lock::*, ledger::*, time::*, request::Presentation, Keyset};
    /// # fn f(lock: &mut Lock<'static, RamLedger<4, 4>>, session: &mut Session,
    /// #      presentation: &Presentation<'_>, now: Now, keyset: &Keyset<'_>) {
    /// let verified = lock.verify(session, presentation, now).unwrap();
    /// lock.verify_keyset(keyset, now).unwrap().commit(); // not between verify and commit
    /// verified.commit();
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 17.3.
    pub fn verify_keyset<'b>(
        &mut self,
        keyset: &Keyset<'b>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, L>, Refusal> {
        let change = self.alive()?.domain.check_keyset(keyset)?;
        Ok(Update { lock: self, change, now })
    }

    /// Verifies a status that comes by itself: with a list to replace the one that is held, without
    /// to tell the time. One over a nonce needs the session; its challenge is not spent.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 17.5.
    pub fn verify_status<'b>(
        &mut self,
        status: &Status<'b>,
        session: Option<&Session>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, L>, Refusal> {
        let life = self.alive()?;
        let door = self.door().map_err(|_| Refusal::Unclaimed)?;
        let alive = |open: &OpenChallenge| {
            matches!(now.most_since(open.issued), Some(..=CHALLENGE_LIFETIME))
        };
        let open = session.and_then(|session| session.open(&door)).filter(alive);
        let lo = life.clock.refine(now).time.lo();
        let change = life.domain.check_status(status, open.as_ref(), lo)?;
        Ok(Update { lock: self, change, now })
    }

    /// Verifies a card.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 17.6.
    pub fn verify_card<'b>(
        &mut self,
        card: &Card<'b>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, L>, Refusal> {
        let life = self.alive()?;
        life.domain.fits_card(card)?;
        let held = life.card()?;
        let current = held.epoch == card.epoch;
        if current && card.order < held.order {
            return Err(Refusal::Older);
        }
        let same = current && card.body == held.body;
        if !same {
            if card.lock != held.lock {
                return Err(Refusal::OtherLock);
            }
            self.fits(card)?;
            let _checked = life.domain.check_card(card)?;
            if current && card.order == held.order {
                return Err(Refusal::Fork);
            }
        }
        let change = if same { Change::Unchanged } else { Change::Card(card.bytes) };
        Ok(Update { lock: self, change, now })
    }

    /// The host's clock started anew, or its ticks stood still: forgets what rests on them, and
    /// ends all sessions.
    pub fn restart(&mut self) {
        self.run = self.run.wrapping_add(1);
        if let Some(life) = &mut self.life {
            life.clock.restart();
        }
    }

    /// What the host keeps apart from the store, for break-glass.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`].
    pub fn anchor(&self) -> Result<Anchor, Denial> {
        let trust = self.trust()?;
        let Trust { scope, lock, emergency, sealed_only, .. } = trust;
        Ok(Anchor { scope, lock, emergency, sealed_only })
    }

    /// Ends this life after a release that was acted on: erases what is trusted and remembered, and
    /// is a new lock by a new identity.
    ///
    /// # Errors
    /// [`Denial::NotReleased`] unless the act was a release and the actuator reports it done;
    /// [`Denial::Changed`] for another lock's act; [`Denial::SameLife`], [`Denial::StoreFailed`].
    pub fn release(&mut self, acted: Acted, identity: Identity) -> Result<Recorded, Denial> {
        if acted.door != self.door()? {
            return Err(Denial::Changed);
        }
        if acted.right != Right::RELEASE || acted.outcome != Outcome::Done {
            return Err(Denial::NotReleased);
        }
        self.reset(identity)?;
        Ok(Recorded { sequence: acted.sequence, outcome: acted.outcome })
    }

    /// Ends this life by hand: by the button within the housing, which its host asserts. The
    /// identity is drawn anew; a host that finds the lock unclaimed after a cut draws it again.
    ///
    /// # Errors
    /// [`Denial::SameLife`], [`Denial::StoreFailed`]; the lock is as it was.
    pub fn reset(&mut self, identity: Identity) -> Result<(), Denial> {
        if identity.device == self.identity.device || identity.nonce == self.identity.nonce {
            return Err(Denial::SameLife);
        }
        self.ledger.keep(&Change::Release)?;
        self.restart();
        self.life = None;
        self.identity = identity;
        Ok(())
    }

    fn floor(&self) -> Option<Time> {
        self.life.as_ref().map(|life| life.clock.floor())
    }

    fn alive(&self) -> Result<&Life, Refusal> {
        self.life.as_ref().ok_or(Refusal::Unclaimed)
    }

    /// Whether a card is of this lock in this life.
    fn fits(&self, card: &Card<'_>) -> Result<(), Refusal> {
        if card.nonce != self.identity.nonce {
            return Err(Refusal::OtherLife);
        }
        if card.device != self.identity.device.as_bytes() {
            return Err(Refusal::OtherDevice);
        }
        Ok(())
    }
}

/// The first state of a life, from a claim that was verified.
fn claimed(change: &Change<'_>, now: &Now) -> Result<Life, Refusal> {
    let Change::Claim { domain, epoch, keyset, card, list } = change else {
        return Err(Refusal::Unclaimed);
    };
    let (epoch, keyset) = (Epoch::decode(epoch)?, Keyset::decode(keyset)?);
    let list = list.map(Status::decode).transpose()?;
    let domain = Domain::of(*domain, &epoch, &keyset, list.as_ref());
    let floor = epoch.issued_at.max(keyset.issued_at);
    let floor = floor.max(list.map_or(Time(0), |list| list.state.at));
    let mut clock = Clock::new(floor);
    clock.reset(floor, now);
    Ok(Life { domain, card: Encoded::copy_of(card), clock })
}
