//! Whatever a phone brings: one call that verifies, commits, acts and records (SPEC.md section
//! 14.1).

use super::{Acted, Lock, Order, Permit, Recorded, Session, Update, Verified};
use crate::{
    card::Card,
    challenge::Answer,
    denial::Denial,
    domain::{Change, Taken},
    epoch::Epoch,
    keyset::Keyset,
    ledger::Outcome,
    refusal::Refusal,
    request::Presentation,
    status::Status,
    store::{AsyncStore, Store},
    tables::Capacity,
    time::Now,
    wire::Kind,
};

/// What became of a message.
#[derive(Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "no heap to put a receipt on")]
pub enum Handled {
    /// A request was granted, committed, acted on and recorded.
    Recorded(Recorded),
    /// A request was granted, committed and acted on, and the store didn't confirm the outcome: it
    /// may be [recorded](Lock::record) once more; the next start closes the decision as interrupted.
    Unrecorded(Acted),
    /// A release was granted and done: the host draws the next life's identity and hands both to
    /// [`Lock::release`].
    Released(Acted),
    /// A statement was taken in, or was held already.
    Taken(Taken),
    /// An epoch was walked to; it is taken in with its keyset.
    Walked,
}

/// Why a message changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A request was denied.
    Denial(Denial),
    /// A statement was refused.
    Refusal(Refusal),
}

impl Handled {
    /// The coarse answer for the wire.
    pub const fn answer(&self) -> Answer {
        match self {
            Self::Recorded(recorded) => recorded.answer(),
            Self::Unrecorded(acted) | Self::Released(acted) => acted.answer(),
            Self::Taken(_) | Self::Walked => Answer::Applied,
        }
    }
}

impl Rejected {
    /// The coarse answer for the wire.
    pub fn answer(&self) -> Answer {
        match self {
            Self::Denial(denial) => denial.answer(),
            Self::Refusal(refusal) => refusal.answer(),
        }
    }
}

impl<'t, S, T: Capacity> Lock<'t, S, T> {
    /// Takes one message of a link session: a presentation, sealed or not, an epoch, a keyset, a
    /// card, a status with a list or without. A sealed one is opened in place. Epochs come one by one and are taken in with the keyset of the last.
    ///
    /// `clock` is asked anew before each step. A claim is not carried by sessions, see
    /// [`verify_claim`](Self::verify_claim).
    ///
    /// # Errors
    /// Why the request was denied or the statement refused; of an object of another kind the
    /// denial is [`Denial::Malformed`].
    pub fn handle(
        &mut self,
        session: &mut Session,
        message: &mut [u8],
        mut clock: impl FnMut() -> Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, Rejected>
    where
        S: Store,
    {
        match Message::of(message) {
            Message::Presentation(bytes) => {
                self.presented(Some(session), bytes, &mut clock, actuator)
            }
            statement => Ok(match self.stated(session, statement, clock())? {
                Some(taken) => Handled::Taken(taken),
                None => Handled::Walked,
            }),
        }
    }

    /// [`handle`](Self::handle) for hosts that await.
    ///
    /// # Errors
    /// Those of `handle`.
    pub async fn handle_async(
        &mut self,
        session: &mut Session,
        message: &mut [u8],
        mut clock: impl FnMut() -> Now,
        actuator: impl AsyncFnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, Rejected>
    where
        S: AsyncStore,
    {
        match Message::of(message) {
            Message::Presentation(bytes) => {
                Ok(self.presented_async(Some(session), bytes, &mut clock, actuator).await?)
            }
            statement => match self.statement(session, statement, clock())? {
                Some(update) => Ok(Handled::Taken(update.commit_async().await?)),
                None => Ok(Handled::Walked),
            },
        }
    }

    /// Takes a presentation that came without a challenge, sealed or not: a QR code, a gateway's
    /// queue. A sealed one is opened in place.
    ///
    /// # Errors
    /// Why the request was denied.
    pub fn handle_unchallenged(
        &mut self,
        message: &mut [u8],
        mut clock: impl FnMut() -> Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, Denial>
    where
        S: Store,
    {
        self.presented(None, message, &mut clock, actuator)
    }

    /// [`handle_unchallenged`](Self::handle_unchallenged) for hosts that await.
    ///
    /// # Errors
    /// Why the request was denied.
    pub async fn handle_unchallenged_async(
        &mut self,
        message: &mut [u8],
        mut clock: impl FnMut() -> Now,
        actuator: impl AsyncFnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, Denial>
    where
        S: AsyncStore,
    {
        self.presented_async(None, message, &mut clock, actuator).await
    }

    /// Grants a presentation, of a session or unchallenged, or writes down that it was denied, when
    /// that is due.
    #[inline(never)]
    fn presented<E: From<Denial>>(
        &mut self,
        session: Option<&mut Session>,
        bytes: &mut [u8],
        clock: &mut impl FnMut() -> Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, E>
    where
        S: Store,
    {
        let handled = match self.granted(session, bytes, clock) {
            Ok(permit) => self.carry_on(permit, clock(), actuator),
            Err(denial) => Err(denial.into()),
        };
        if handled.is_err() && self.denied.falls_due(&clock()) {
            let _kept_in_memory = self.write_denials(clock());
        }
        handled
    }

    async fn presented_async(
        &mut self,
        session: Option<&mut Session>,
        bytes: &mut [u8],
        clock: &mut impl FnMut() -> Now,
        actuator: impl AsyncFnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, Denial>
    where
        S: AsyncStore,
    {
        let permit = match self.verified(session, bytes, clock) {
            Ok(verified) => verified.commit_async(clock()).await,
            Err(denial) => Err(denial),
        };
        let handled = match permit {
            Ok(permit) => self.carry_on_async(permit, clock(), actuator).await,
            Err(denial) => Err(denial),
        };
        if handled.is_err() && self.denied.falls_due(&clock()) {
            let _kept_in_memory = self.write_denials_async(clock()).await;
        }
        handled
    }

    /// Verifies a presentation, of a session or unchallenged, and makes its use durable.
    #[inline(never)]
    fn granted(
        &mut self,
        session: Option<&mut Session>,
        bytes: &mut [u8],
        clock: &mut impl FnMut() -> Now,
    ) -> Result<Permit, Denial>
    where
        S: Store,
    {
        self.verified(session, bytes, clock)?.commit(clock())
    }

    /// Reads and verifies a presentation, of a session or unchallenged.
    #[inline(never)]
    fn verified(
        &mut self,
        session: Option<&mut Session>,
        bytes: &mut [u8],
        clock: &mut impl FnMut() -> Now,
    ) -> Result<Verified<'_, 't, S, T>, Denial> {
        match &self.decoded(session.as_deref(), bytes, clock()) {
            Ok(presentation) => self.verify_in(session, presentation, clock()),
            Err(denial) => Err(*denial),
        }
    }

    /// Reads a presentation, sealed or not, and counts what is none.
    #[inline(never)]
    fn decoded<'b>(
        &mut self,
        session: Option<&Session>,
        bytes: &'b mut [u8],
        now: Now,
    ) -> Result<Presentation<'b>, Denial> {
        let read = self.read(session, bytes);
        read.inspect_err(|denial| self.note(denial, None, &now))
    }

    #[inline(never)]
    fn carry_on<E: From<Denial>>(
        &mut self,
        permit: Permit,
        now: Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, E>
    where
        S: Store,
    {
        let acted = self.act(permit, now, actuator)?;
        let closed = self.close(&acted);
        handled(acted, closed)
    }

    async fn carry_on_async(
        &mut self,
        permit: Permit,
        now: Now,
        actuator: impl AsyncFnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Handled, Denial>
    where
        S: AsyncStore,
    {
        let acted = self.act_async(permit, now, actuator).await?;
        let closed = self.close_async(&acted).await;
        handled(acted, closed)
    }

    /// Takes a statement in; `None` for an epoch that was walked to.
    #[inline(never)]
    fn stated(
        &mut self,
        session: &mut Session,
        message: Message<'_>,
        now: Now,
    ) -> Result<Option<Taken>, Refusal>
    where
        S: Store,
    {
        match self.statement(session, message, now) {
            Ok(Some(update)) => update.commit().map(Some),
            Ok(None) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Verifies a statement; `None` for an epoch that was walked to.
    // Apart from what presentations take of the stack.
    #[inline(never)]
    fn statement<'b>(
        &mut self,
        session: &mut Session,
        message: Message<'b>,
        now: Now,
    ) -> Result<Option<Update<'_, 'b, 't, S, T>>, Refusal> {
        let _alive = self.alive()?;
        let change = match message {
            Message::Epoch(bytes) => return self.walk_on(session, bytes).map(|()| None),
            Message::Keyset(bytes) => self.check_keyset(session, bytes),
            Message::Card(bytes) => self.check_card(&Card::decode(bytes)?),
            Message::Status(bytes) | Message::Presentation(bytes) => {
                self.check_status(&Status::decode(bytes)?, Some(session), &now)
            }
        };
        Ok(Some(Update { change: change?, lock: self, now }))
    }

    /// Walks to the next epoch, from the one that is held or from where the session is.
    #[inline(never)]
    fn walk_on(&self, session: &mut Session, bytes: &[u8]) -> Result<(), Refusal> {
        let domain = &self.alive()?.domain;
        let epoch = Epoch::decode(bytes)?;
        // Another session may have taken in what this one walked to.
        if !session.walk.as_ref().is_some_and(|walk| domain.starts(walk)) {
            session.walk = Some(domain.walk()?);
        }
        session.walk.as_mut().map_or(Ok(()), |walk| walk.step(&epoch))
    }

    /// Checks a keyset, of the epoch that is held or of that to which the session has walked.
    #[inline(never)]
    fn check_keyset<'b>(&self, session: &Session, bytes: &'b [u8]) -> Result<Change<'b>, Refusal> {
        let domain = &self.alive()?.domain;
        let keyset = Keyset::decode(bytes)?;
        let is_ahead = domain.epoch().is_ok_and(|held| keyset.epoch > held.number);
        match session.walk.as_ref().filter(|walk| is_ahead && domain.starts(walk)) {
            // It stays: what the store didn't confirm may come again.
            Some(walk) => domain.check_epoch(walk.clone(), &keyset),
            None => domain.check_keyset(&keyset),
        }
    }
}

/// What became of a request that was acted on.
fn handled<E: From<Denial>>(acted: Acted, closed: Result<Recorded, Denial>) -> Result<Handled, E> {
    match closed {
        Ok(recorded) => Ok(Handled::Recorded(recorded)),
        Err(Denial::StoreFailed) => Ok(Handled::Unrecorded(acted)),
        Err(Denial::ReleaseDue) => Ok(Handled::Released(acted)),
        Err(denial) => Err(denial.into()),
    }
}

/// A message by its kind; what is no statement must be a presentation, sealed or not.
enum Message<'b> {
    Epoch(&'b mut [u8]),
    Keyset(&'b mut [u8]),
    Card(&'b mut [u8]),
    Status(&'b mut [u8]),
    Presentation(&'b mut [u8]),
}

impl<'b> Message<'b> {
    fn of(bytes: &'b mut [u8]) -> Self {
        let byte = bytes.get(1).copied();
        let has = |kind: Kind| byte == Some(kind.byte());
        match bytes {
            bytes if has(Kind::Epoch) => Self::Epoch(bytes),
            bytes if has(Kind::Keyset) => Self::Keyset(bytes),
            bytes if has(Kind::Card) => Self::Card(bytes),
            bytes if has(Kind::Status) => Self::Status(bytes),
            bytes => Self::Presentation(bytes),
        }
    }
}

impl From<Denial> for Rejected {
    fn from(denial: Denial) -> Self {
        Self::Denial(denial)
    }
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}
