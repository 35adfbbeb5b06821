//! A lock's life: claim, statements, restart, release (SPEC.md sections 17 and 18).

use super::{
    Anchor, Lock, Session, Update,
    state::{Relock, Statements},
};
use crate::{
    card::Card,
    claim::{Claim, Unclaimed},
    clock::Clock,
    denial::Denial,
    domain::{Change, Domain, Held, Walk},
    epoch::Epoch,
    id::{ClaimNonce, DomainId, LockId},
    key::{PublicKey, role},
    keyset::Keyset,
    ledger::Heard,
    limits::{MAX_CARD, MAX_CLAIMED},
    preimage::Scope,
    refusal::Refusal,
    status::Status,
    tables::Capacity,
    time::{Now, Time},
    trust::Trust,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded},
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
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) domain: Domain,
    card: Encoded<MAX_CARD>,
    pub(super) clock: Clock,
}

impl Life {
    /// A life whose statements are still to be read from a journal.
    pub(super) const fn blank(domain: DomainId, floor: Time) -> Self {
        let (domain, card) = (Domain::blank(domain), Encoded::empty());
        Self { domain, card, clock: Clock::new(floor) }
    }

    /// All that it holds, as it is written.
    pub(super) fn statements(&self) -> Statements<'_> {
        let (domain, card, floor) = (self.domain.id(), self.card.as_bytes(), self.clock.floor());
        let (epoch, keyset, list) = self.domain.bytes();
        Statements { domain, epoch, keyset, list, card, floor }
    }

    #[inline(never)]
    pub(super) fn trust(&self) -> Result<Trust<'_>, DecodeError> {
        self.domain.trust_by(&self.card()?)
    }

    pub(super) fn scope(&self) -> Result<Scope, DecodeError> {
        self.domain.scope()
    }

    pub(super) fn lock(&self) -> Result<LockId, DecodeError> {
        Ok(self.card()?.lock)
    }

    /// An attester's time was heard.
    pub(super) fn heard(&mut self, heard: Heard, now: &Now) {
        self.clock.heard(heard.at, now);
        self.bounded(heard);
    }

    /// Adds what no record tells of a time that was heard, since it rests on this start's ticks.
    pub(super) fn bounded(&mut self, heard: Heard) {
        if let Some(issued) = heard.issued {
            self.clock.bounded(heard.at, issued);
        }
    }

    fn card(&self) -> Result<Card<'_>, DecodeError> {
        Card::decode(self.card.as_bytes())
    }

    /// Applies a change that is durable.
    pub(super) fn apply(&mut self, change: &Change<'_>, now: &Now) -> Result<(), DecodeError> {
        let _taken = self.domain.apply(change);
        match change {
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
            Change::Card(card) => self.card.hold(card),
            Change::Claim { .. } | Change::Epoch { .. } | Change::Unchanged => {}
        }
        Ok(())
    }

    /// Begins anew with a claim or an epoch that is durable.
    pub(super) fn begin(&mut self, change: &Change<'_>, floor: Time, now: &Now) {
        let _taken = self.domain.apply(change);
        if let Change::Claim { card, .. } = change {
            self.card.hold(card);
        }
        self.clock.reset(floor, now);
    }
}

impl<'t, S, T: Capacity> Lock<'t, S, T> {
    /// What an unclaimed lock shows.
    pub const fn unclaimed(&self) -> Unclaimed {
        Unclaimed { device: self.identity.device, nonce: self.identity.nonce }
    }

    /// Verifies a claim. `contact` is what the host asserts.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 18.1.
    #[inline(never)]
    pub fn verify_claim<'b>(
        &mut self,
        bundle: &Bundle<'b>,
        contact: bool,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, S, T>, Refusal> {
        self.healthy()?;
        if self.state.life.is_some() {
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
        let _genuine = Walk::check_claimed(claim.domain, &epoch)?;
        let held = Held::found(claim.domain, &epoch, &keyset)?;
        let _checked = held.check_card(&card)?;
        if let Some(list) = &list {
            held.check_list(list, None)?;
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
    #[inline(never)]
    pub fn verify_epoch<'b>(
        &mut self,
        walk: Walk,
        keyset: &Keyset<'b>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, S, T>, Refusal> {
        let change = self.alive()?.domain.check_epoch(walk, keyset)?;
        Ok(Update { lock: self, change, now })
    }

    /// Verifies a keyset.
    ///
    /// ```compile_fail,E0499
    /// # use keyward::{lock::*, store::Ram, time::*, request::Presentation, Keyset};
    /// # fn f(lock: &mut Lock<'static, Ram<9000>>, session: &mut Session,
    /// #      presentation: &Presentation<'_>, now: Now, keyset: &Keyset<'_>) {
    /// let verified = lock.verify(session, presentation, now).unwrap();
    /// lock.verify_keyset(keyset, now).unwrap().commit(); // not between verify and commit
    /// verified.commit(now);
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 17.3.
    #[inline(never)]
    pub fn verify_keyset<'b>(
        &mut self,
        keyset: &Keyset<'b>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, S, T>, Refusal> {
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
    ) -> Result<Update<'_, 'b, 't, S, T>, Refusal> {
        let change = self.check_status(status, session, &now)?;
        Ok(Update { lock: self, change, now })
    }

    #[inline(never)]
    pub(super) fn check_status<'b>(
        &self,
        status: &Status<'b>,
        session: Option<&Session>,
        now: &Now,
    ) -> Result<Change<'b>, Refusal> {
        let life = self.alive()?;
        let door = self.door().map_err(|_| Refusal::Unclaimed)?;
        let open = session.filter(|session| session.lives(now));
        let open = open.and_then(|session| session.open(&door));
        let lo = life.clock.refine(*now).time.lo();
        life.domain.check_status(status, open.as_ref(), lo)
    }

    /// Verifies a card.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 17.6.
    pub fn verify_card<'b>(
        &mut self,
        card: &Card<'b>,
        now: Now,
    ) -> Result<Update<'_, 'b, 't, S, T>, Refusal> {
        let change = self.check_card(card)?;
        Ok(Update { lock: self, change, now })
    }

    #[inline(never)]
    pub(super) fn check_card<'b>(&self, card: &Card<'b>) -> Result<Change<'b>, Refusal> {
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
        Ok(if same { Change::Unchanged } else { Change::Card(card.bytes) })
    }

    /// The host's clock started anew, or its ticks stood still: forgets what rests on them, and
    /// ends all sessions.
    pub fn restart(&mut self) {
        self.run = self.run.wrapping_add(1);
        self.denied.restart();
        if let Some(relock) = &mut self.state.relock {
            *relock = Relock::DUE;
        }
        if let Some(life) = &mut self.state.life {
            life.clock.restart();
        }
    }

    /// What the host keeps apart from the store, for break-glass: to be kept anew when a claim, an
    /// epoch or a card was taken in, after it.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`], or that of a [`Fault`](super::Fault).
    pub fn anchor(&self) -> Result<Anchor, Denial> {
        let trust = self.trust()?;
        let Trust { scope, lock, emergency, sealed_only, .. } = trust;
        Ok(Anchor { scope, lock, emergency, sealed_only })
    }

    pub(super) fn alive(&self) -> Result<&Life, Refusal> {
        self.healthy()?;
        self.state.life.as_ref().ok_or(Refusal::Unclaimed)
    }

    /// Whether a card is of this lock in this life.
    fn fits(&self, card: &Card<'_>) -> Result<(), Refusal> {
        if card.nonce != self.identity.nonce {
            return Err(Refusal::OtherLife);
        }
        if card.device != self.identity.device.as_bytes() {
            return Err(Refusal::OtherDevice);
        }
        if !self.opens_for(card) {
            return Err(Refusal::OtherSealing);
        }
        Ok(())
    }
}
