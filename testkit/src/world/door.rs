//! A lock's host: radio, bolt, keys, and the lock itself.

use chacha20::ChaCha20Rng;
use keyward::{
    Answer, Card, Challenge, Channel, Claimed, Denial, Epoch, Keyset, Lock, Now, Presentation,
    PublicKey, Refusal, Right, SigningKey, Status, Taken, Unclaimed, Walk,
    id::{ClaimNonce, LockId},
    ledger::Outcome,
    lock::{Anchor, Bundle, Home, Identity, Order, Recorded, Restored, Session},
    role,
    secret::DeviceSecret,
    store::{Ram, Store},
    tables::Capacity,
};
use rand_core::{Rng, SeedableRng};

use crate::world::{Library, Owner, START, Settings};

/// The store of a door.
pub type Memory = Ram<20_000>;

/// A lock's host.
pub struct Door<S = Memory, T = Home> {
    /// The lock.
    pub lock: Lock<'static, S, T>,
    /// The name that its owner gave it.
    pub id: LockId,
    /// Whether the bolt is drawn.
    pub is_open: bool,
    /// The key that is printed on the lock.
    pub label: SigningKey<role::Label>,
    /// The key that lies in its box.
    pub claim_key: SigningKey<role::Claim>,
    session: Option<Session>,
    walk: Option<Walk>,
    identity: Identity,
    rng: ChaCha20Rng,
}

/// What a door decided, as its log has it; the wire tells less.
pub type Verdict = Result<Recorded, Denial>;

impl Door {
    /// A locked door that nobody has claimed.
    pub fn new(id: LockId, rng: &mut ChaCha20Rng) -> Self {
        Self::over(id, Memory::new(), rng)
    }

    /// A door that its owner has unpacked, enrolled and claimed.
    pub fn claimed(
        id: LockId,
        owner: &mut Owner,
        settings: Settings,
        now: Now,
        rng: &mut ChaCha20Rng,
    ) -> Self {
        let mut door = Self::new(id, rng);
        door.move_in(owner, settings, now);
        door
    }
}

impl<S: Store, T: Capacity> Door<S, T> {
    /// A locked door that nobody has claimed, over a store of one's own.
    pub fn over(id: LockId, store: S, rng: &mut ChaCha20Rng) -> Self {
        let mut rng = ChaCha20Rng::from_rng(rng);
        let (label, claim_key) = (SigningKey::generate(&mut rng), SigningKey::generate(&mut rng));
        let identity = drawn(&claim_key.public(), &mut rng);
        let lock = fresh(identity, store);
        let (session, walk, is_open) = (None, None, false);
        Self { lock, id, is_open, label, claim_key, session, walk, identity, rng }
    }

    /// Power fails and comes back: all that is left is in the store, which may be another by then.
    ///
    /// # Errors
    /// What the lock says of the state.
    pub fn restarted(
        self,
        anchor: Option<&Anchor>,
        store: impl FnOnce(S) -> S,
    ) -> (Self, Result<Restored, Denial>) {
        let Self { lock, id, is_open, label, claim_key, identity, rng, .. } = self;
        let store = store(lock.into_store());
        let mut lock = Lock::new(identity, secret(&identity), store);
        let restored = lock.restore(anchor);
        let (session, walk) = (None, None);
        (Self { lock, id, is_open, label, claim_key, session, walk, identity, rng }, restored)
    }

    /// The lock's name.
    pub const fn id(&self) -> LockId {
        self.id
    }

    /// The owner enrols and claims the lock, and checks by its label that it is this one.
    pub fn move_in(&mut self, owner: &mut Owner, settings: Settings, now: Now) {
        // The owner's clock is right where the door has none.
        let at = now.time.lo().max(START);
        owner.enrol(self.lock.unclaimed(), self.id, settings, at);
        let claim = self.claim(owner);
        let bundle = bundle(&owner.library, self.id, &claim);
        let taken = self.lock.verify_claim(&bundle, false, now).and_then(|update| update.commit());
        assert_eq!(taken, Ok(Taken::Claim));
        let answer = self.lock.claimed(&self.label.public()).unwrap().sign(&self.label).unwrap();
        let card = Card::decode(bundle.card).unwrap();
        let answer = Claimed::decode(answer.as_bytes()).unwrap();
        let domain = owner.held();
        let card = domain.check_card(&card).unwrap();
        answer.verify(&domain, &card, &self.label.public()).unwrap();
    }

    /// The claim of this lock for an owner, by the key from its box.
    pub fn claim(&self, owner: &Owner) -> Vec<u8> {
        let epoch = Epoch::decode(owner.library.epochs.last().unwrap()).unwrap();
        let card = Card::decode(&owner.library.cards[&self.id]).unwrap();
        let key = self.claim_key.public();
        let draft = self.lock.unclaimed().claim(owner.domain, &epoch, &card, &key).unwrap();
        draft.sign(&self.claim_key).unwrap().as_bytes().to_vec()
    }

    /// A lock with the same identity, claimed in the same way, over a store of one's own.
    pub fn twin<R: Store, U: Capacity>(
        &self,
        owner: &Owner,
        store: R,
        now: Now,
    ) -> Lock<'static, R, U> {
        let mut lock = fresh(self.identity, store);
        let claim = self.claim(owner);
        let bundle = bundle(&owner.library, self.id, &claim);
        lock.verify_claim(&bundle, false, now).unwrap().commit().unwrap();
        lock
    }

    /// A phone connects: the lock sends its challenge.
    pub fn connect(&mut self, channel: Channel, now: Now) -> Vec<u8> {
        let mut nonce = [0; 16];
        self.rng.fill_bytes(&mut nonce);
        let session = self.lock.challenge(nonce, channel, now).unwrap();
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        (self.session, self.walk) = (Some(session), None);
        challenge
    }

    /// A phone connects and brings what the lock lacks; returns what was taken in, and the
    /// challenge that the lock gives then.
    pub fn visit(&mut self, library: &Library, now: Now) -> (Vec<Taken>, Vec<u8>) {
        let challenge = self.connect(Channel::Radio, now);
        let missing = library.missing(&Challenge::decode(&challenge).unwrap());
        let taken = missing.iter().filter_map(|statement| self.deliver(statement, now).ok());
        let taken = taken.collect();
        (taken, self.connect(Channel::Radio, now))
    }

    /// The phone delivers a statement of any kind.
    ///
    /// # Errors
    /// The refusal.
    pub fn deliver(&mut self, statement: &[u8], now: Now) -> Result<Taken, Refusal> {
        if self.lock.trust().is_err() {
            return Err(Refusal::Unclaimed);
        }
        match statement {
            [_, 9, ..] => {
                let epoch = Epoch::decode(statement)?;
                let walk = self.walk.get_or_insert(self.lock.walk()?);
                // It is taken in when its keyset comes.
                walk.step(&epoch).map(|()| Taken::Unchanged)
            }
            [_, 10, ..] => {
                let keyset = Keyset::decode(statement)?;
                match self.walk.take() {
                    Some(walk) => self.lock.verify_epoch(walk, &keyset, now)?.commit(),
                    None => self.lock.verify_keyset(&keyset, now)?.commit(),
                }
            }
            [_, 11, ..] => self.lock.verify_card(&Card::decode(statement)?, now)?.commit(),
            _ => {
                let (status, session) = (Status::decode(statement)?, self.session.as_ref());
                self.lock.verify_status(&status, session, now)?.commit()
            }
        }
    }

    /// The phone presents: the lock decides, acts and answers.
    pub fn present(&mut self, presentation: &[u8], now: Now) -> (Vec<u8>, Verdict) {
        let verdict = self.decide(presentation, now);
        let answer = verdict.as_ref().map_or_else(Denial::answer, |_recorded| Answer::Done);
        (answer.encode().to_vec(), verdict)
    }

    fn decide(&mut self, presentation: &[u8], now: Now) -> Verdict {
        let presentation = Presentation::decode(presentation)?;
        let session = self.session.as_mut().ok_or(Denial::NoChallenge)?;
        let permit = self.lock.verify(session, &presentation, now)?.commit(now)?;
        let is_open = &mut self.is_open;
        let acted = self.lock.act(permit, now, |order: &Order<'_>| {
            *is_open = match order.right() {
                Right::UNLOCK | Right::HOLD_OPEN => true,
                Right::LOCK | Right::RELEASE => false,
                _ => *is_open,
            };
            Outcome::Done
        })?;
        if acted.right() == Right::RELEASE {
            let identity = drawn(&self.claim_key.public(), &mut self.rng);
            let released = self.lock.release(acted, identity, secret(&identity))?;
            (self.identity, self.session) = (identity, None);
            return Ok(released);
        }
        self.lock.record(acted)
    }

    /// The door closes: the bolt is thrown, no token asked for.
    pub fn secure(&mut self) {
        let is_open = &mut self.is_open;
        let secured = self.lock.secure(|| {
            *is_open = false;
            Outcome::Done
        });
        assert_eq!(secured, Outcome::Done);
    }

    /// A reset by hand, by the button within the housing: nobody owns the lock.
    pub fn reset(&mut self) {
        self.identity = drawn(&self.claim_key.public(), &mut self.rng);
        self.lock.reset(self.identity, secret(&self.identity)).unwrap();
        (self.session, self.walk) = (None, None);
    }

    /// What the lock is, of itself.
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// What the lock shows while nobody owns it.
    pub const fn unclaimed(&self) -> Unclaimed {
        self.lock.unclaimed()
    }
}

/// A lock that has read its store, by an identity from which its secret follows: for tests alone.
pub fn fresh<S: Store, T: Capacity>(identity: Identity, store: S) -> Lock<'static, S, T> {
    let mut lock = Lock::new(identity, secret(&identity), store);
    lock.restore(None).unwrap();
    lock
}

/// The secret of an identity: for tests alone.
pub fn secret(identity: &Identity) -> DeviceSecret {
    DeviceSecret::new(*identity.device.as_bytes())
}

/// The statements that claim a lock.
pub fn bundle<'a>(library: &'a Library, lock: LockId, claim: &'a [u8]) -> Bundle<'a> {
    Bundle {
        claim,
        epoch: library.epochs.last().unwrap(),
        keyset: &library.keyset,
        card: &library.cards[&lock],
        list: library.list.as_deref(),
    }
}

/// What a lock draws at its reset. The host keeps the secret half; nothing here signs by it yet.
pub fn drawn(claim_key: &PublicKey<role::Claim>, rng: &mut ChaCha20Rng) -> Identity {
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let device = SigningKey::generate(rng).public();
    Identity { device, nonce: ClaimNonce(nonce), claim_key: Some(*claim_key) }
}
