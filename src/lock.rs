//! The door: verify, commit, act, record, in this order and no other (SPEC.md section 14).
//!
//! Each step returns what the next one needs and can't be made otherwise, so that code which has
//! not committed can't get at the value that moves the bolt.
//!
//! What is never inlined here is so for the stack: the room that a step takes is given back before
//! the next one begins.

mod anchor;
mod chain;
mod denied;
mod end;
mod event;
mod handle;
mod journal;
mod keep;
mod life;
mod log;
mod permit;
mod record;
mod restore;
mod rotate;
mod seal;
mod session;
mod state;
mod update;
mod verified;

use crate::{
    caveat::Right,
    denial::Denial,
    id::{ClaimNonce, LockId},
    ledger::Outcome,
    policy::AppCheck,
    preimage::Scope,
    receipt::{Head, Log, Public},
    request::Presentation,
    seal::OpeningKeys,
    secret::DeviceSecret,
    store::{AsyncStore, Store},
    tables::{Capacity, Tables},
    time::{Interval, Now, Seconds},
    trust::Trust,
    verify::{Accepted, OpenChallenge, View, verify},
};

pub use anchor::Anchor;
pub use handle::{Handled, Rejected};
pub use life::{Bundle, Identity};
pub use log::LogReader;
pub use permit::{Acted, MayRead, Order, Permit, Recorded};
pub use restore::{Fault, Restored, least_capacity};
pub use rotate::LoneSignature;
pub use session::{Session, SessionId, Sessions};
pub use update::Update;
pub use verified::Verified;

use chain::Finished;
use denied::Tally;
use journal::Journal;
use life::Life;
use record::Short;
use state::{Relock, State};

/// The tables of a lock for a home: 64 counted links, 16 holders of unchallenged requests. They need
/// a store of 12 KiB.
pub type Home = Tables<64, 16>;

/// One lock of one domain: what it trusts and what it remembers, over a store.
///
/// It is made in place, so that a small host can keep it in a `static`, and does nothing before it
/// has [restored](Self::restore) what its store holds.
pub struct Lock<'t, S, T = Home> {
    identity: Identity,
    secret: DeviceSecret,
    journal: Journal<S>,
    state: State<T>,
    /// Why the lock does nothing.
    fault: Option<Fault>,
    app: Option<&'t (dyn AppCheck + Sync)>,
    opening: Option<OpeningKeys>,
    /// Counts the restarts of the host's clock: what was given before one is worth nothing after.
    run: u64,
    /// Counts the challenges since the start.
    challenges: u64,
    /// Counts how often the door was secured since the start.
    secured: u64,
    /// The denials that no log has yet.
    denied: Tally,
}

impl<'t, S, T: Capacity> Lock<'t, S, T> {
    /// A lock that has not read its store yet. The secret is of this identity's life.
    pub const fn new(identity: Identity, secret: DeviceSecret, store: S) -> Self {
        Self {
            identity,
            secret,
            journal: Journal::new(store),
            // Not by a call, which would make it elsewhere first.
            state: State { life: None, tables: T::EMPTY, relock: Some(Relock::DUE) },
            fault: Some(Fault::NotRestored),
            app: None,
            opening: None,
            run: 0,
            challenges: 0,
            secured: 0,
            denied: Tally::empty(),
        }
    }

    /// The lock with a checker for the embedder's `App` caveats.
    #[must_use]
    pub fn with_app(mut self, app: &'t (dyn AppCheck + Sync)) -> Self {
        self.app = Some(app);
        self
    }

    /// What the lock trusts.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`], or that of a [`Fault`].
    pub fn trust(&self) -> Result<Trust<'_>, Denial> {
        Ok(self.life()?.trust()?)
    }

    /// The present, as far as host and lock together know it (SPEC.md section 9.2).
    ///
    /// # Errors
    /// [`Denial::Unclaimed`], or that of a [`Fault`].
    pub fn present(&self, now: Now) -> Result<Interval, Denial> {
        Ok(self.life()?.clock.refine(now).time)
    }

    /// What the lock remembers of links and holders.
    pub const fn memory(&self) -> &T {
        &self.state.tables
    }

    /// Whether there is a decision whose outcome isn't recorded yet.
    pub const fn has_open_decision(&self) -> bool {
        self.journal.chain.open.is_some()
    }

    /// The end of one of the lock's logs.
    pub const fn head(&self, log: Log) -> Head {
        self.journal.chain.end(log).head
    }

    /// The lock's store.
    pub const fn store(&self) -> &S {
        &self.journal.store
    }

    /// Gives the store back; what is durable there is all that the lock knows.
    pub fn into_store(self) -> S {
        self.journal.store
    }

    /// Verifies a presentation that came over a link session. It changes nothing but the
    /// session's challenge, which is spent as soon as all signatures hold: a stranger can't spend
    /// it, and a holder can't try twice.
    ///
    /// The result holds the lock as a map's vacant entry holds the map: nothing can come between
    /// verify and commit.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 13.
    pub fn verify(
        &mut self,
        session: &mut Session,
        presentation: &Presentation<'_>,
        now: Now,
    ) -> Result<Verified<'_, 't, S, T>, Denial> {
        self.verify_in(Some(session), presentation, now)
    }

    /// Verifies a presentation that came without a challenge, for locks whose card admits it.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 13.
    pub fn verify_unchallenged(
        &mut self,
        presentation: &Presentation<'_>,
        now: Now,
    ) -> Result<Verified<'_, 't, S, T>, Denial> {
        self.verify_in(None, presentation, now)
    }

    /// Verifies a presentation that came over a session, or without one.
    fn verify_in(
        &mut self,
        session: Option<&mut Session>,
        presentation: &Presentation<'_>,
        now: Now,
    ) -> Result<Verified<'_, 't, S, T>, Denial> {
        let challenge = self.challenged_in(session.as_deref())?;
        let refined = self.life()?.clock.refine(now);
        let verdict = self.judged(presentation, challenge, refined);
        if let Some(session) = session
            && verdict.as_ref().map_or_else(Denial::is_evidence, |_accepted| true)
        {
            session.spend();
        }
        if let Err(denial) = &verdict {
            self.note(denial, Some(presentation), &refined);
        }
        Ok(Verified { accepted: verdict?, lock: self, now })
    }

    /// The challenge that is open in a session, if it is of this lock as it is.
    #[inline(never)]
    fn challenged_in(&self, session: Option<&Session>) -> Result<Option<OpenChallenge>, Denial> {
        let door = self.door()?;
        Ok(session.and_then(|session| session.open(&door)))
    }

    #[inline(never)]
    fn judged(
        &self,
        presentation: &Presentation<'_>,
        challenge: Option<OpenChallenge>,
        now: Now,
    ) -> Result<Accepted, Denial> {
        match &self.life()?.trust() {
            Ok(trust) => verify(presentation, &self.view(trust, challenge, now)),
            Err(error) => Err((*error).into()),
        }
    }

    /// Hands a permit's order to the actuator, and keeps what it reports. A permit that comes more
    /// than 20 seconds after its verification moves nothing, and its outcome is
    /// [`Outcome::Lapsed`].
    ///
    /// # Errors
    /// [`Denial::Changed`] for another lock's permit, one from before a restart, and one behind
    /// which another decision was committed or the door was secured.
    pub fn act(
        &self,
        permit: Permit,
        now: Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Acted, Denial> {
        let order = self.order(&permit)?;
        let outcome = match permit.lapsed(&now) {
            true => Outcome::Lapsed,
            false => actuator(&order).reported(),
        };
        Ok(permit.acted(outcome))
    }

    /// [`act`](Self::act) for an actuator that is awaited.
    ///
    /// # Errors
    /// Those of `act`.
    pub async fn act_async(
        &self,
        permit: Permit,
        now: Now,
        actuator: impl AsyncFnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Acted, Denial> {
        let order = self.order(&permit)?;
        let outcome = match permit.lapsed(&now) {
            true => Outcome::Lapsed,
            false => actuator(&order).await.reported(),
        };
        Ok(permit.acted(outcome))
    }

    /// How long the door may still stay open, where it must be secured: by then, network or none.
    /// Nothing is left as long as the lock can't tell: after each start.
    pub fn relock_within(&self, now: Now) -> Option<Seconds> {
        self.state.relock.map(|relock| relock.left(&now))
    }

    fn order<'p>(&self, permit: &'p Permit) -> Result<Order<'p>, Denial> {
        let is_last = self.open_number() == Some(permit.number);
        if permit.door != self.door()? || permit.secured != self.secured || !is_last {
            return Err(Denial::Changed);
        }
        Ok(Order::of(&permit.accepted))
    }

    fn open_number(&self) -> Option<u64> {
        self.journal.chain.open.as_ref().map(|open| open.number)
    }

    fn life(&self) -> Result<&Life, Denial> {
        self.healthy()?;
        self.state.life.as_ref().ok_or(Denial::Unclaimed)
    }

    fn healthy(&self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)
    }

    fn door(&self) -> Result<Door, Denial> {
        let life = self.life()?;
        let run = Some((self.identity.nonce, self.journal.chain.starts, self.run));
        Ok(Door { scope: life.scope()?, lock: life.lock()?, run })
    }

    fn view<'v>(
        &'v self,
        trust: &'v Trust<'v>,
        challenge: Option<OpenChallenge>,
        now: Now,
    ) -> View<'v> {
        let app = self.app.map(|app| -> &dyn AppCheck { app });
        View { trust, memory: &self.state.tables, now, challenge, app }
    }
}

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Secures the door: for the button, the timer, the door's sensor. It needs no token and no
    /// claim, and is never a use. What the door was obliged to is over when the actuator reports
    /// it done; where the store doesn't confirm that, the next start secures it once more.
    pub fn secure(&mut self, actuator: impl FnOnce() -> Outcome) -> Outcome
    where
        S: Store,
    {
        let outcome = actuator().reported();
        if let Some(body) = self.has_secured(outcome) {
            let _next_start_secures_again = self.write(body.as_bytes(), &Now::UNTOLD);
        }
        outcome
    }

    /// [`secure`](Self::secure) for hosts that await.
    pub async fn secure_async(&mut self, actuator: impl AsyncFnOnce() -> Outcome) -> Outcome
    where
        S: AsyncStore,
    {
        let outcome = actuator().await.reported();
        if let Some(body) = self.has_secured(outcome) {
            let _next_start_secures_again = self.write_async(body.as_bytes(), &Now::UNTOLD).await;
        }
        outcome
    }

    /// Ends the duty to secure the door; what of that is to be made durable.
    fn has_secured(&mut self, outcome: Outcome) -> Option<Short> {
        if outcome == Outcome::Done {
            // A permit of before would open a door that nobody closes.
            self.secured = self.secured.wrapping_add(1);
        }
        let relock = self.state.relock.take_if(|_| outcome == Outcome::Done);
        // A store that can't be read is left alone.
        let is_own = matches!(self.fault, None | Some(Fault::Releasing));
        relock.filter(|_| is_own && self.state.life.is_some())?;
        record::secured().ok()
    }

    /// Closes a decision with what the actuator did: one act, one record.
    ///
    /// ```compile_fail,E0382
    /// # use keyward::{lock::*, store::Ram};
    /// # fn f(lock: &mut Lock<'static, Ram<9000>>, acted: Acted) {
    /// lock.record(acted);
    /// lock.record(acted); // not twice
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Denial::StoreFailed`]: the decision stays open, and a restart closes it;
    /// [`Denial::Changed`] for another lock's act, one of before a start, and one behind which
    /// another decision was committed;
    /// [`Denial::ReleaseDue`] for a release that was done.
    pub fn record(&mut self, acted: Acted) -> Result<Recorded, Denial>
    where
        S: Store,
    {
        self.close(&acted)
    }

    /// [`record`](Self::record) for hosts that await.
    ///
    /// # Errors
    /// Those of `record`.
    pub async fn record_async(&mut self, acted: Acted) -> Result<Recorded, Denial>
    where
        S: AsyncStore,
    {
        self.close_async(&acted).await
    }

    #[inline(never)]
    fn close(&mut self, acted: &Acted) -> Result<Recorded, Denial>
    where
        S: Store,
    {
        let mut recorded = match &self.told(acted) {
            Ok(entry) => self.recorded(acted, entry.as_ref()),
            Err(denial) => Err(*denial),
        };
        if let Ok(recorded) = &mut recorded {
            recorded.acknowledged = self.acknowledge(acted);
        }
        recorded
    }

    /// Makes an act's outcome durable; the entry that it ends.
    #[inline(never)]
    fn told(&mut self, acted: &Acted) -> Result<Option<Finished>, Denial>
    where
        S: Store,
    {
        let body = self.outcome(acted)?;
        Ok(self.write(body.as_bytes(), &Now::UNTOLD)?)
    }

    async fn close_async(&mut self, acted: &Acted) -> Result<Recorded, Denial>
    where
        S: AsyncStore,
    {
        let body = self.outcome(acted)?;
        let entry = self.write_async(body.as_bytes(), &Now::UNTOLD).await?;
        let mut recorded = self.recorded(acted, entry.as_ref())?;
        recorded.acknowledged = self.acknowledge_async(acted).await;
        Ok(recorded)
    }

    #[inline(never)]
    fn outcome(&self, acted: &Acted) -> Result<Short, Denial> {
        self.is_last(acted)?;
        if acted.right == Right::RELEASE && acted.outcome == Outcome::Done {
            return Err(Denial::ReleaseDue);
        }
        Ok(record::outcome(acted.outcome)?)
    }

    /// The entry that an act has ended.
    #[inline(never)]
    fn recorded(&self, acted: &Acted, entry: Option<&Finished>) -> Result<Recorded, Denial> {
        let Finished { public, private } = entry.ok_or(Denial::Changed)?;
        let sequence = Public::whole(public.as_bytes())?.sequence;
        let (outcome, life) = (acted.outcome, self.identity.nonce);
        let reads = (acted.right == Right::READ_LOG && outcome == Outcome::Done).then_some(life);
        let entry = self.draft(public, private)?;
        Ok(Recorded { sequence, outcome, reads, acknowledged: false, entry })
    }

    /// What was done stays true over a restart of the clock and an epoch.
    fn is_last(&self, acted: &Acted) -> Result<(), Denial> {
        let is_last = self.open_number() == Some(acted.number);
        if acted.door.is_since(&self.door()?) && is_last { Ok(()) } else { Err(Denial::Changed) }
    }
}

/// Which lock, in which epoch, in which life and since which restart; an anchor knows no life. Two
/// locks over copies of one store would be one: a store is one lock's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Door {
    scope: Scope,
    lock: LockId,
    run: Option<(ClaimNonce, u64, u64)>,
}

impl Door {
    /// Whether both are of one lock, in one life, since one start.
    fn is_since(&self, other: &Self) -> bool {
        let start = |door: &Self| door.run.map(|(life, starts, _)| (life, starts));
        self.lock == other.lock && start(self) == start(other)
    }
}
