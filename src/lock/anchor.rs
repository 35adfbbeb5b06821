//! Break-glass when the store is dead (SPEC.md section 18.3).

use crate::{
    caveat::Channel,
    denial::Denial,
    id::{Counter, KeyName, LinkId, LockId, Nonce},
    key::{PublicKey, role},
    ledger::{Memory, Outcome, Uses},
    lock::{Door, Order, Session},
    preimage::Scope,
    replay::{CounterFault, Unseen},
    request::Presentation,
    time::Now,
    trust::Trust,
    verify::{OpenChallenge, View, verify},
};

/// What a host keeps apart from the lock's store, and writes anew only at a claim, an epoch and a
/// release: enough to open for the emergency key, and for nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The domain and its epoch.
    pub scope: Scope,
    /// The lock.
    pub lock: LockId,
    /// The epoch's emergency key.
    pub emergency: Option<PublicKey<role::Emergency>>,
    /// Whether the card demands sealed presentations.
    pub sealed_only: bool,
}

impl Anchor {
    /// Opens a link session. With a dead store the nonce rests on the random generator alone. An
    /// anchor knows of no restart: the host drops its sessions when its ticks start anew or stood
    /// still.
    pub fn challenge(&self, nonce: Nonce, channel: Channel, now: Now) -> Session {
        let open = OpenChallenge { nonce, channel, issued: now.uptime };
        Session::new(self.door(), &self.trust(), open)
    }

    /// Verifies an emergency token's presentation and acts on it. There is nothing to commit: such
    /// a token counts nothing. The challenge is spent once all signatures hold.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 13.
    pub fn open(
        &self,
        session: &mut Session,
        presentation: &Presentation<'_>,
        now: Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Outcome, Denial> {
        let challenge = session.open(&self.door());
        let (trust, memory) = (self.trust(), &Nothing);
        let verdict =
            verify(presentation, &View { trust: &trust, memory, now, challenge, app: None });
        if verdict.as_ref().map_or_else(Denial::is_evidence, |_accepted| true) {
            session.open = None;
        }
        Ok(actuator(&Order::of(&verdict?)))
    }

    fn trust(&self) -> Trust<'static> {
        Trust::anchor(self.scope, self.lock, self.emergency, self.sealed_only)
    }

    const fn door(&self) -> Door {
        Door { scope: self.scope, lock: self.lock, run: None }
    }
}

/// The memory of a lock that has none: nobody's counter is new.
struct Nothing;

impl Memory for Nothing {
    fn uses(&self, _link: &LinkId) -> Uses {
        Uses { spent: u32::MAX, first: None }
    }

    fn counter(&self, _holder: &KeyName, _counter: Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::TooOld)
    }
}
