//! A lock's host: radio, bolt, keys, and the lock itself.

use chacha20::ChaCha20Rng;
use keyward::{
    Card, Challenge, Channel, Claimed, Denial, Epoch, Keyset, Lock, Now, OpeningKey, OpeningKeys,
    Presentation, PublicKey, Refusal, Right, SigningKey, Status, Taken, Unclaimed, Walk,
    id::{ClaimNonce, LockId},
    ledger::Outcome,
    lock::{Anchor, Bundle, Home, Identity, Order, Recorded, Restored, Session},
    role,
    secret::DeviceSecret,
    store::{Ram, Store},
    tables::Capacity,
    wire::Kind,
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
    /// The seed of a device key that came after the first.
    rotated: Option<[u8; 32]>,
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
        let (session, walk, rotated, is_open) = (None, None, None, false);
        Self { lock, id, is_open, label, claim_key, session, walk, identity, rotated, rng }
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
        let Self { lock, id, is_open, label, claim_key, identity, rotated, rng, .. } = self;
        let store = store(lock.into_store());
        // The secret is that of the life, whatever the device key is now.
        let mut lock = Lock::new(identity, secret(&identity), store);
        let restored = lock.restore(anchor);
        let (session, walk) = (None, None);
        let door =
            Self { lock, id, is_open, label, claim_key, session, walk, identity, rotated, rng };
        (door, restored)
    }

    /// The host draws an opening key, and the owner's next card names it: sealed presentations are
    /// understood, or demanded. Where the lock had one already, both open until the overlap ends.
    pub fn open_sealed(&mut self, owner: &mut Owner, only: bool, now: Now) {
        let next = OpeningKey::generate(&mut self.rng);
        let key = next.public();
        let keys = match self.lock.take_opening_keys() {
            Some(keys) => keys.rotated(next),
            None => OpeningKeys::new(next),
        };
        self.lock.set_opening_keys(keys);
        owner.seal(self.id, key, only, now.time.lo().max(START));
        assert_eq!(self.deliver(&owner.library.cards[&self.id], now), Ok(Taken::Card));
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
        let answer = verdict.as_ref().map_or_else(Denial::answer, Recorded::answer);
        (answer.encode().to_vec(), verdict)
    }

    fn decide(&mut self, presentation: &[u8], now: Now) -> Verdict {
        let session = self.session.as_mut().ok_or(Denial::NoChallenge)?;
        let mut bytes = presentation.to_vec();
        let presentation = match bytes.get(1) == Some(&Kind::Sealed.byte()) {
            true => self.lock.unseal(Some(session), &mut bytes)?,
            false => Presentation::decode(&bytes)?,
        };
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
            (self.identity, self.session, self.rotated) = (identity, None, None);
            return Ok(released);
        }
        self.lock.record(acted)
    }

    /// The key that signs for the lock.
    pub fn device_key(&self) -> SigningKey<role::Device> {
        match self.rotated {
            Some(seed) => SigningKey::from_secret(&seed),
            None => device_key(&self.identity.nonce),
        }
    }

    /// The host signs an entry: the receipt that the presenting phone gets.
    pub fn receipt(&self, recorded: &Recorded) -> Vec<u8> {
        recorded.receipt().unwrap().sign(&self.device_key()).unwrap().as_bytes().to_vec()
    }

    /// All entries that the lock holds, as the owner gets to read them.
    pub fn log(&mut self, now: Now) -> Vec<Vec<u8>> {
        let key = self.device_key();
        self.lock.write_denials(now).unwrap();
        let mut reader = self.lock.read_log(now).unwrap();
        let mut entries = Vec::new();
        while let Some(draft) = self.lock.next_entry(&mut reader).unwrap() {
            let receipt = draft.receipt().unwrap().sign(&key).unwrap();
            let entry = keyward::seam::whole_entry(&draft, receipt.as_bytes()).unwrap();
            entries.push(entry.as_bytes().to_vec());
        }
        entries
    }

    /// All entries that the lock holds, sealed to its owner, as any phone carries them.
    pub fn sealed_log(&mut self, now: Now) -> Vec<Vec<u8>> {
        let key = self.device_key();
        let mut reader = self.lock.read_log(now).unwrap();
        let mut entries = Vec::new();
        while let Some(draft) = self.lock.next_entry(&mut reader).unwrap() {
            let receipt = draft.receipt().unwrap().sign(&key).unwrap();
            let sealed = draft.seal(receipt.as_bytes(), &mut self.rng).unwrap();
            entries.push(sealed.as_bytes().to_vec());
        }
        entries
    }

    /// The host draws a new device key, and the lock takes it.
    pub fn rotate(&mut self, now: Now) -> Result<Vec<u8>, Denial> {
        let (old, mut seed) = (self.device_key(), [0; 32]);
        self.rng.fill_bytes(&mut seed);
        let new = SigningKey::from_secret(&seed);
        let [by_old, by_new] = self.lock.rotation(&new.public())?;
        let signatures = [by_old.sign(&old).unwrap(), by_new.sign(&new).unwrap()];
        let draft = self.lock.rotate(&new.public(), &signatures, now)?;
        (self.rotated, self.identity.device) = (Some(seed), new.public());
        Ok(draft.receipt().unwrap().sign(&new).unwrap().as_bytes().to_vec())
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
        (self.session, self.walk, self.rotated) = (None, None, None);
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

/// The secret of an identity, which follows from its life: for tests alone.
pub fn secret(identity: &Identity) -> DeviceSecret {
    DeviceSecret::new(secret_bytes(identity))
}

/// Its bytes.
pub fn secret_bytes(identity: &Identity) -> [u8; 32] {
    doubled(&identity.nonce.0, 0x55)
}

/// The device key that a life begins with, which follows from it: for tests alone.
pub fn device_key(nonce: &ClaimNonce) -> SigningKey<role::Device> {
    SigningKey::from_secret(&doubled(&nonce.0, 0xaa))
}

fn doubled(nonce: &[u8; 16], mask: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(nonce);
    bytes[16..].copy_from_slice(&nonce.map(|byte| byte ^ mask));
    bytes
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

/// What a lock draws at its reset.
pub fn drawn(claim_key: &PublicKey<role::Claim>, rng: &mut ChaCha20Rng) -> Identity {
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let nonce = ClaimNonce(nonce);
    Identity { device: device_key(&nonce).public(), nonce, claim_key: Some(*claim_key) }
}
