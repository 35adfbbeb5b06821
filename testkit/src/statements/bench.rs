//! A lock on the bench: it is dealt deeds, and shows what it holds.

use keyward::{
    Card, Channel, Epoch, Interval, Keyset, Lock, Now, Refusal, Scope, SigningKey, Status, Taken,
    Time,
    card::CardOrder,
    id::{KeysetVersion, Nonce},
    lock::{Bundle, Identity},
    role, seam,
    status::ListOrder,
    store::Store,
    time::Uptime,
};
use sha2::{Digest, Sha512};

use crate::{
    statements::{Deed, Verdict},
    world::door::{Memory, fresh, secret},
};

/// A lock, and the hashes of what it has taken in.
pub struct Bench<S = Memory> {
    /// The lock.
    pub lock: Lock<'static, S>,
    identity: Identity,
    bodies: Bodies,
}

/// What binds the statements that a lock holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bodies {
    /// The body hash of the epoch.
    pub epoch: [u8; 32],
    /// The body hash of the keyset.
    pub keyset: [u8; 32],
    /// The body hash of the card.
    pub card: [u8; 32],
    /// The hash of the list.
    pub list: Option<[u8; 32]>,
}

/// All that a claimed lock shows of its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The domain and epoch.
    pub scope: Scope,
    /// The keyset's version.
    pub keyset: KeysetVersion,
    /// The list's order.
    pub list: ListOrder,
    /// The card's order.
    pub card: CardOrder,
    /// What the lock knows of the present by itself.
    pub present: Interval,
    /// The challenge over a fixed nonce.
    pub challenge: Vec<u8>,
    /// What the lock answers to its claim, which binds the card.
    pub claimed: Vec<u8>,
}

/// The host's clock: it knows what has passed, and its ticks stand still.
fn now(lo: u64) -> Now {
    Now { time: Interval::not_before(Time(lo)), ..Now::ticks(Uptime(1_000), 0) }
}

impl Bench {
    /// A lock that nobody has claimed.
    pub fn new(identity: Identity) -> Self {
        Self::over(identity, Memory::new())
    }
}

impl<S: Store> Bench<S> {
    /// A lock that nobody has claimed, over a store of one's own.
    pub fn over(identity: Identity, store: S) -> Self {
        Self { lock: fresh(identity, store), identity, bodies: Bodies::default() }
    }

    /// Deals a deed.
    ///
    /// # Errors
    /// The refusal.
    pub fn play(&mut self, deed: &Deed) -> Verdict {
        if let Deed::Release(identity) = deed {
            // A reset by hand ends a life as a release does; the key in the box stays what it was.
            let identity = Identity { claim_key: self.identity.claim_key, ..*identity };
            self.lock.reset(identity, secret(&identity)).unwrap();
            self.identity = identity;
            return Ok("release");
        }
        let taken = self.statement(deed)?;
        self.remember(deed, taken);
        Ok(match taken {
            Taken::Claim => "claim",
            Taken::Epoch => "epoch",
            Taken::Keyset => "keyset",
            Taken::List => "list",
            Taken::Card => "card",
            Taken::Time => "time",
            _ => "unchanged",
        })
    }

    fn statement(&mut self, deed: &Deed) -> Result<Taken, Refusal> {
        let lock = &mut self.lock;
        if let Deed::Claim { claim, epoch, keyset, card, list, contact } = deed {
            let bundle = Bundle { claim, epoch, keyset, card, list: list.as_deref() };
            return lock.verify_claim(&bundle, *contact, now(0))?.commit();
        }
        // That it is claimed comes before what the bytes are.
        let mut walk = lock.walk()?;
        match deed {
            Deed::Epochs { epochs, keyset } => {
                epochs.iter().try_for_each(|epoch| walk.step(&Epoch::decode(epoch)?))?;
                lock.verify_epoch(walk, &Keyset::decode(keyset)?, now(0))?.commit()
            }
            Deed::Keyset(bytes) => lock.verify_keyset(&Keyset::decode(bytes)?, now(0))?.commit(),
            Deed::Card(bytes) => lock.verify_card(&Card::decode(bytes)?, now(0))?.commit(),
            Deed::Status { bytes, nonce, lo } => {
                let status = Status::decode(bytes)?;
                let open = |nonce| {
                    seam::challenge_over(lock, Nonce(nonce), Channel::Radio, now(0)).unwrap()
                };
                let session = nonce.map(open);
                lock.verify_status(&status, session.as_ref(), now(*lo))?.commit()
            }
            Deed::Claim { .. } | Deed::Release(_) => unreachable!("dealt with above"),
        }
    }

    fn remember(&mut self, deed: &Deed, taken: Taken) {
        let epoch = |bytes: &[u8]| *Epoch::decode(bytes).unwrap().body_hash().as_bytes();
        let keyset = |bytes: &[u8]| *Keyset::decode(bytes).unwrap().body_hash().as_bytes();
        let card = |bytes: &[u8]| *Card::decode(bytes).unwrap().body_hash().as_bytes();
        let held = &mut self.bodies;
        match (taken, deed) {
            (Taken::Claim, Deed::Claim { epoch: first, keyset: keys, card: own, list, .. }) => {
                let list = list.as_deref().map(list_hash);
                *held = Bodies { epoch: epoch(first), keyset: keyset(keys), card: card(own), list };
            }
            (Taken::Epoch, Deed::Epochs { epochs, keyset: keys }) => {
                held.epoch = epoch(epochs.last().unwrap());
                (held.keyset, held.list) = (keyset(keys), None);
            }
            (Taken::Keyset, Deed::Keyset(keys) | Deed::Epochs { keyset: keys, .. }) => {
                held.keyset = keyset(keys);
            }
            (Taken::Card, Deed::Card(own)) => held.card = card(own),
            (Taken::List, Deed::Status { bytes, .. }) => held.list = Some(list_hash(bytes)),
            _ => {}
        }
    }

    /// What the lock holds, if anybody has claimed it.
    pub fn view(&self) -> Option<View> {
        let trust = self.lock.trust().ok()?;
        let session =
            seam::challenge_over(&self.lock, Nonce([7; 16]), Channel::Radio, now(0)).ok()?;
        let label = SigningKey::<role::Label>::from_secret(&[1; 32]).public();
        let claimed = self.lock.claimed(&label).ok()?;
        Some(View {
            scope: trust.scope(),
            keyset: trust.keyset(),
            list: trust.list(),
            card: trust.card(),
            present: self.present(0)?,
            challenge: session.challenge().encode().unwrap().as_bytes().to_vec(),
            claimed: claimed.to_sign().as_bytes().to_vec(),
        })
    }

    /// The present, where the host knows that `lo` has passed.
    pub fn present(&self, lo: u64) -> Option<Interval> {
        self.lock.present(now(lo)).ok()
    }

    /// The hashes of what the lock holds.
    pub const fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    /// What the lock is, in its present life.
    pub const fn identity(&self) -> Identity {
        self.identity
    }
}

/// The hash of a status's list (SPEC.md section 5.6).
pub fn list_hash(status: &[u8]) -> [u8; 32] {
    // Behind version, kind and issuer: five integers and two flags, then the list.
    let mut at = 10;
    for _ in 0..5 {
        at += 1 + status[at..].iter().take_while(|byte| **byte >= 0x80).count();
    }
    let list = &status[at + 2..status.len() - 64];
    let hash = Sha512::new().chain_update(b"keyward-1/list#\0").chain_update(list).finalize();
    hash[..32].try_into().unwrap()
}
