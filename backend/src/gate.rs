//! Admits each request once, in the place of a lock: challenge, verify, mark.
//!
//! A [`Gate`] is one node of a fleet. All nodes share a key, by which each knows the challenges of
//! all, and a [`State`], by which a request that one has admitted is refused by all. Nothing else
//! has to be shared: a phone may get its challenge here and answer it there.
//!
//! | step | what is durable |
//! | --- | --- |
//! | [`Gate::challenge`] | nothing |
//! | [`Gate::admit`]: read, and verify against what the store holds | nothing |
//! | [`Gate::admit`]: mark nonce, links and counter | all of it, or nothing |
//! | act by [`Admitted`] | - |
//!
//! It is the commit of a lock (SPEC.md section 14), with two differences that shut doors and open
//! none: a count that another node has changed meanwhile is read and judged anew, and what a store
//! has forgotten is refused.
//!
//! # When the store fails
//!
//! Nothing is admitted without its mark. A mark whose answer is lost may have been made: the caller
//! gets [`Refusal::Store`], and whoever brings the same request again may find it
//! [`Refusal::Replayed`]; a phone then asks for a new challenge. A counted use may be lost by that,
//! as when a lock loses power between commit and act; none is ever regained.

mod door;
mod memory;
mod nonce;

use std::{
    fmt,
    time::{Duration, Instant},
};

use keyward::{
    Challenge, Channel, Denial, Now, Presentation, Trust,
    id::{LinkId, Nonce},
    ledger::Memory,
    limits::ACT_WITHIN,
    policy::AppCheck,
    replay::CounterFault,
    seal::{self, Context, OpeningKeys},
    time::{Interval, Uptime},
    verify::{self, Accepted, Chains, OpenChallenge, View},
    wire::DecodeError,
};

use crate::state::{
    Mark, Millis, State, StateError, Verdict,
    clock::{Clock, HostClock, Present},
};
use door::Door;
use memory::{Guesses, Snapshot};
pub use nonce::{FleetKey, FleetKeys};

/// One node that admits requests.
pub struct Gate<S, C = HostClock> {
    keys: FleetKeys,
    state: S,
    clock: C,
    guesses: Guesses,
}

/// A request that has come to a door: what the caller knows of it, beside the presentation.
#[derive(Clone, Copy)]
pub struct Visit<'v> {
    /// What the door's lock would trust. The caller picks it by the door that he knows the request
    /// came for: a route, an account; never by what the request says.
    pub trust: &'v Trust<'v>,
    /// The channel that it came by.
    pub channel: Channel,
    /// The nonce of the challenge that it answers, as the phone hands it back; none where it
    /// answers none.
    pub nonce: Option<Nonce>,
    /// The service's own conditions, if it has any.
    pub app: Option<&'v (dyn AppCheck + Sync)>,
    /// Chains that were verified before, if they are remembered.
    pub chains: Option<&'v (dyn Chains + Sync)>,
}

/// A request that was admitted: verified, and marked in the store. Made by [`Gate::admit`] alone,
/// once for each request in the life of the fleet.
///
/// ```compile_fail,E0451
/// # fn f(accepted: keyward::verify::Accepted, until: std::time::Instant) {
/// let forged = keyward_backend::gate::Admitted { accepted, until }; // not without a mark
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # fn f(admitted: keyward_backend::gate::Admitted) {
/// let twice = admitted.clone(); // not twice
/// # }
/// ```
#[derive(Debug)]
#[must_use = "its use is spent, and nothing is done yet"]
pub struct Admitted {
    accepted: Accepted,
    until: Instant,
}

impl Admitted {
    /// What was granted, to whom, by which links and witnesses.
    pub const fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// Takes what was granted, to act on it; none when it is too late for that: more than 20
    /// seconds after it was verified (SPEC.md section 14.1).
    pub fn act(self) -> Option<Accepted> {
        (Instant::now() < self.until).then_some(self.accepted)
    }
}

/// Why a request isn't admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are no presentation.
    Malformed(DecodeError),
    /// A rule of the core is broken. From code 400 on, its challenge is spent.
    Denied(Denial),
    /// It was admitted before, or denied with a code of 400 or more; or its counter was seen.
    Replayed,
    /// It was made before the store's memory begins: nobody knows whether it is new. A new
    /// challenge, or a request made now, helps.
    TooOld,
    /// The uses of this link may have been lost: they count as spent, until it is issued anew.
    CountLost(LinkId),
    /// Others used the same links at the same time, again and again. Nothing was changed: the same
    /// request may be tried again while its challenge lives.
    Contended,
    /// The store doesn't answer, or is refused. It may have made the mark.
    Store(StateError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "no presentation: {error}"),
            Self::Denied(denial) => write!(f, "denied: {denial}"),
            Self::Replayed => f.write_str("it was used before"),
            Self::TooOld => f.write_str("older than what is remembered"),
            Self::CountLost(link) => write!(f, "the uses of link {link} may have been lost"),
            Self::Contended => f.write_str("others use the same links at this moment"),
            Self::Store(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Self::Store(error)
    }
}

impl<S: State, C: Clock> Gate<S, C> {
    /// A node that shares these keys and this store with its fleet.
    pub fn new(keys: FleetKeys, state: S, clock: C) -> Self {
        Self { keys, state, clock, guesses: Guesses::default() }
    }

    /// The store.
    pub const fn state(&self) -> &S {
        &self.state
    }

    /// A challenge of this door, for whoever asks. It lives for 30 seconds, less what clocks differ
    /// by, and leaves no trace in the store before it is answered.
    ///
    /// # Errors
    /// [`StateError::Unavailable`] when the system gives no random bytes.
    pub fn challenge(&self, trust: &Trust<'_>, channel: Channel) -> Result<Challenge, StateError> {
        let (scope, at) = (trust.scope(), self.clock.present().at);
        let nonce = self.keys.nonce(&Door::of(trust), channel, at)?;
        Ok(Challenge {
            lock: trust.lock(),
            nonce,
            epoch: scope.epoch,
            keyset: trust.keyset(),
            list: trust.list(),
            card: trust.card(),
        })
    }

    /// Decodes a presentation that came in the clear, and admits it.
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub async fn admit_bytes(&self, visit: &Visit<'_>, bytes: &[u8]) -> Result<Admitted, Refusal> {
        let presentation = Presentation::decode(bytes).map_err(Refusal::Malformed)?;
        self.admit(visit, &presentation).await
    }

    /// Opens a presentation that came sealed, in place, and admits it.
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub async fn admit_sealed(
        &self,
        visit: &Visit<'_>,
        keys: &OpeningKeys,
        sealed: &mut [u8],
    ) -> Result<Admitted, Refusal> {
        let context = Context::presentation(visit.trust.lock(), visit.nonce.as_ref());
        let opened = seal::open(keys, &context, sealed)
            .map_err(|fault| Refusal::Denied(Denial::NotOpened(fault)))?;
        let presentation = Presentation::unsealed(&opened).map_err(Refusal::Malformed)?;
        self.admit(visit, &presentation).await
    }

    /// Verifies a request against what the fleet remembers, and marks it.
    ///
    /// The future may be dropped at any await: the mark is then made or not, and nothing admitted.
    /// Verifying is done in place, some 100 µs of computing between two awaits.
    ///
    /// # Errors
    /// Any [`Refusal`] but `Malformed`.
    pub async fn admit(
        &self,
        visit: &Visit<'_>,
        presentation: &Presentation<'_>,
    ) -> Result<Admitted, Refusal> {
        let door = Door::of(visit.trust);
        let present = self.clock.present();
        // A nonce that isn't the fleet's, or another door's, is none.
        let given = visit.nonce.and_then(|nonce| {
            let at = self.keys.given(&door, visit.channel, nonce, present.at)?;
            Some((nonce, at))
        });
        let mut snapshot = Snapshot::new(&door, &self.guesses);
        for _ in 0..ROUNDS {
            let until = Instant::now() + Duration::from_secs(ACT_WITHIN);
            let present = self.clock.present();
            let verified = verified(presentation, visit, given, &snapshot, &present);
            let accepted = match verified {
                Ok(accepted) => accepted,
                // What was denied by a guess is judged by what the store holds.
                Err(_) if snapshot.is_guessed() => {
                    let names = snapshot.asked();
                    snapshot.learn(&names, self.state.read(&names).await?);
                    continue;
                }
                Err(denial) => return Err(self.denied(&door, given, denial, &present).await),
            };
            let mark = door.mark(&accepted, presentation, given, &snapshot, &present)?;
            match self.state.mark(&mark).await? {
                Verdict::Marked => {
                    self.guesses.keep(&mark);
                    return Ok(Admitted { accepted, until });
                }
                Verdict::Spent => return Err(Refusal::Replayed),
                Verdict::Forgotten => return Err(Refusal::TooOld),
                Verdict::Changed(values) => {
                    let names: Vec<_> = mark.cells.iter().map(|cell| cell.name).collect();
                    snapshot.learn(&names, values);
                }
                Verdict::CellForgotten(place) => {
                    let link = accepted.changes().counted().nth(place).map(|counted| counted.link);
                    return Err(link.map_or(Refusal::TooOld, Refusal::CountLost));
                }
            }
        }
        Err(Refusal::Contended)
    }

    /// What follows from a denial: from code 400 on, the challenge is spent (SPEC.md section 13.6).
    async fn denied(
        &self,
        door: &Door,
        given: Option<(Nonce, Millis)>,
        denial: Denial,
        present: &Present,
    ) -> Refusal {
        let refusal = match denial {
            Denial::CounterRefused(CounterFault::Seen) => Refusal::Replayed,
            denial => Refusal::Denied(denial),
        };
        let Some((nonce, made)) = given.filter(|_| denial.code() >= SPENDS) else {
            return refusal;
        };
        let nonce = Some(door.spent(&nonce, made));
        let mark = Mark { now: present.lo(), made, nonce, cells: Vec::new() };
        match self.state.mark(&mark).await {
            Ok(Verdict::Marked) => refusal,
            Ok(Verdict::Spent) => Refusal::Replayed,
            Ok(_) => Refusal::TooOld,
            Err(error) => Refusal::Store(error),
        }
    }
}

/// Verifies against a snapshot of what the fleet remembers.
fn verified(
    presentation: &Presentation<'_>,
    visit: &Visit<'_>,
    given: Option<(Nonce, Millis)>,
    memory: &dyn Memory,
    present: &Present,
) -> Result<Accepted, Denial> {
    // Another node's clock may have been ahead when it gave the nonce, and this one behind now:
    // what both can be off by is taken off its life.
    let challenge = given.map(|(nonce, at)| OpenChallenge {
        nonce,
        channel: visit.channel,
        issued: Uptime(at.get()),
    });
    let uptime = present.after_all_shown();
    let time = Interval::between(present.lo().second(), present.hi().second());
    let now = Now { time, uptime: Uptime(uptime.get()), drift_ppm: 0 };
    let app = visit.app.map(|app| -> &dyn AppCheck { app });
    let view = View { trust: visit.trust, memory, now, challenge, app };
    match visit.chains {
        Some(chains) => verify::verify_with(presentation, &view, chains),
        None => verify::verify(presentation, &view),
    }
}

/// Verifications of one request at most, where others change the same counts meanwhile.
const ROUNDS: usize = 16;

/// Denials from this code on spend the challenge: all signatures have held.
const SPENDS: u16 = 400;
