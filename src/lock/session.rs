//! Link sessions: one challenge each, and no more of them than a lock has memory for (SPEC.md
//! section 10.1).

use super::{Door, Lock};
use crate::{
    caveat::Channel,
    challenge::{Answer, Challenge},
    denial::Denial,
    domain::Walk,
    id::Nonce,
    limits::CHALLENGE_LIFETIME,
    tables::Capacity,
    time::Now,
    trust::Trust,
    verify::OpenChallenge,
};

/// One link session: a challenge that is spent at most once, at the lock, in the epoch, that gave
/// it; and the walk over epochs that its phone is on.
#[derive(Debug)]
pub struct Session {
    door: Door,
    challenge: Challenge,
    open: Option<OpenChallenge>,
    pub(super) walk: Option<Walk>,
}

impl Session {
    pub(super) fn new(door: Door, trust: &Trust<'_>, open: OpenChallenge) -> Self {
        let challenge = Challenge {
            lock: trust.lock(),
            nonce: open.nonce,
            epoch: trust.scope().epoch,
            keyset: trust.keyset(),
            list: trust.list(),
            card: trust.card(),
        };
        Self { door, challenge, open: Some(open), walk: None }
    }

    /// What the lock sends.
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    pub(super) fn open(&self, door: &Door) -> Option<OpenChallenge> {
        self.open.filter(|_| self.door == *door)
    }

    pub(super) const fn spend(&mut self) {
        self.open = None;
    }

    /// Whether the challenge can still be answered.
    pub(super) fn lives(&self, now: &Now) -> bool {
        let lives = |open: &OpenChallenge| {
            matches!(now.most_since(open.issued), Some(..=CHALLENGE_LIFETIME))
        };
        self.open.as_ref().is_some_and(lives)
    }
}

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Opens a link session with a challenge. `random` is fresh from the host's generator; where
    /// that is weak, the nonce still never comes twice. `channel` is what the host observes of the
    /// link.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`], or that of a [`Fault`](super::Fault).
    pub fn challenge(
        &mut self,
        random: [u8; 16],
        channel: Channel,
        now: Now,
    ) -> Result<Session, Denial> {
        let nonce = self.secret.nonce(self.journal.chain.starts, self.challenges, &random);
        // A nonce that would come again is none.
        self.challenges = self.challenges.checked_add(1).ok_or(Denial::NoChallenge)?;
        self.challenge_over(nonce, channel, now)
    }

    pub(crate) fn challenge_over(
        &self,
        nonce: Nonce,
        channel: Channel,
        now: Now,
    ) -> Result<Session, Denial> {
        let trust = self.trust()?;
        let open = OpenChallenge { nonce, channel, issued: now.uptime };
        Ok(Session::new(self.door()?, &trust, open))
    }
}

/// The link sessions of one lock, `N` at most: two by default, so that one phone can come while
/// another is served.
///
/// No session takes another's place: a full set answers [`Answer::Busy`] until one is closed, or
/// its challenge is spent, dead, or of before a restart, an epoch or a release.
#[derive(Debug)]
pub struct Sessions<const N: usize = 2> {
    seats: [Option<Session>; N],
    /// The one that was served last.
    last: usize,
}

/// Names an open session of [`Sessions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId(usize, Nonce);

impl<const N: usize> Sessions<N> {
    /// No sessions.
    pub const fn new() -> Self {
        Self { seats: [const { None }; N], last: 0 }
    }

    /// Opens a session with a challenge, see [`Lock::challenge`].
    ///
    /// # Errors
    /// The answer to what [`Lock::challenge`] denies; [`Answer::Busy`].
    pub fn open<S, T: Capacity>(
        &mut self,
        lock: &mut Lock<'_, S, T>,
        random: [u8; 16],
        channel: Channel,
        now: Now,
    ) -> Result<(SessionId, Challenge), Answer> {
        let door = lock.door().map_err(|denial| denial.answer())?;
        // What a restart, an epoch or a release has ended takes no seat.
        let is_taken = |held: &Session| held.lives(&now) && held.open(&door).is_some();
        let is_free = |seat: &Option<Session>| !seat.as_ref().is_some_and(is_taken);
        let place = self.seats.iter().position(is_free).ok_or(Answer::Busy)?;
        let seat = self.seats.get_mut(place).ok_or(Answer::Busy)?;
        let session = lock.challenge(random, channel, now).map_err(|denial| denial.answer())?;
        let challenge = *session.challenge();
        *seat = Some(session);
        Ok((SessionId(place, challenge.nonce), challenge))
    }

    /// The session, while it is open.
    pub fn session(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.seats.get_mut(id.0)?.as_mut()?;
        Some(session).filter(|session| session.challenge.nonce == id.1)
    }

    /// Closes a session: its link is gone.
    pub fn close(&mut self, id: SessionId) {
        if self.session(id).is_some() {
            self.seats.iter_mut().skip(id.0).take(1).for_each(|seat| *seat = None);
        }
    }

    /// Whose turn it is among the sessions that have sent something: each waits for at most one
    /// message of each other.
    pub fn turn(&mut self, waiting: impl Fn(SessionId) -> bool) -> Option<SessionId> {
        let seats = self
            .seats
            .iter()
            .enumerate()
            .filter_map(|(place, seat)| Some(SessionId(place, seat.as_ref()?.challenge.nonce)));
        let (last, waits) = (self.last, seats.filter(|id| waiting(*id)));
        let next = waits.min_by_key(|SessionId(place, _)| (*place <= last, *place))?;
        self.last = next.0;
        Some(next)
    }
}

impl<const N: usize> Default for Sessions<N> {
    fn default() -> Self {
        Self::new()
    }
}
