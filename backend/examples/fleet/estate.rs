//! A domain with doors, a company, and its couriers: the same for the same seed, in every process.

use std::sync::Arc;

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Origin, Request, Right, Rights, Seconds, Target, Time, Token, Unclaimed,
    Valid,
    id::{ClaimNonce, Counter, DomainId, LockId},
};
use keyward_backend::{
    directory::{Directory, Door, DoorTrust},
    state::{
        Millis,
        clock::{Clock, HostClock, Present},
    },
};
use keyward_testkit::world::{Capability, Holder, Owner, START, Settings, WAY_IN, device_key};
use rand_core::SeedableRng;

/// Doors of the domain.
pub const DOORS: u32 = 64;

/// Uses of a link that several presentations share.
pub const SHARED_USES: u32 = 3;

/// Long enough for any run.
const VALID: Valid = Valid { from: START, lasts: Seconds(24 * 3600) };

/// The owner's side, as all nodes have it and whoever makes presentations.
pub struct Estate {
    domain: DomainId,
    directory: Directory,
    /// The doors, by their numbers.
    pub doors: Vec<LockId>,
    company: Holder,
    held: Capability,
}

impl Estate {
    /// The estate of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut owner = Owner::new(START, &mut rng);
        let doors = (0..DOORS).map(|number| enrolled(&mut owner, number)).collect();
        let company = Holder::new(&mut rng);
        let grant = Caveats::grant(Rights(1), &[Target::Group(WAY_IN)], VALID).unwrap();
        let held = owner.grant(&company.public(), 1, &grant);
        let directory = Directory::new();
        let cards: Vec<_> = owner.library.cards.values().map(Vec::as_slice).collect();
        directory.hold(&owner.held(), &cards).unwrap();
        Self { domain: owner.scope().domain, directory, doors, company, held }
    }

    /// What the door of this number trusts.
    pub fn trust(&self, door: u32) -> Option<DoorTrust> {
        let lock = *self.doors.get(usize::try_from(door).ok()?)?;
        self.directory.trust(&Door { domain: self.domain, lock })
    }

    /// The company passes its grant on to a courier: for all doors, or for so many uses of one.
    fn pass_on(
        &self,
        courier: &Holder,
        valid: Valid,
        counted: Option<(LockId, u32)>,
    ) -> Capability {
        let narrower = Caveats::narrowing().rights(Rights(1)).unwrap().valid(valid).unwrap();
        let narrower = match counted {
            Some((lock, uses)) => {
                narrower.targets(&[Target::Lock(lock)]).unwrap().uses(uses).unwrap()
            }
            None => narrower,
        };
        // Its own grant is known to be genuine.
        let origin = Origin::decode(&self.held.origin).unwrap();
        let token = Token::decode(&self.held.token).unwrap();
        let draft = token.attenuate(&origin, &courier.public(), 0, &narrower).unwrap();
        let token = draft.sign(&self.company.key).unwrap().as_bytes().to_vec();
        Capability { origin: self.held.origin.clone(), token }
    }
}

/// A courier, with a token of his own that may be used any number of times.
pub struct Courier {
    holder: Arc<Holder>,
    /// His token.
    pub held: Capability,
    next_counter: u64,
    counted: u32,
    rng: ChaCha20Rng,
}

impl Courier {
    /// The courier of this number.
    pub fn new(estate: &Estate, seed: u64, number: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ (number + 1).wrapping_mul(0x9e37_79b9));
        let holder = Arc::new(Holder::new(&mut rng));
        let held = estate.pass_on(&holder, VALID, None);
        Self { holder, held, next_counter: 1, counted: 0, rng }
    }

    /// Another token of his for so many uses of a door, which counts them for itself. Two tokens
    /// that say the same are one: each ends at a time of its own.
    pub fn counted(&mut self, estate: &Estate, lock: LockId, uses: u32) -> Capability {
        self.counted += 1;
        let valid = Valid { lasts: Seconds(VALID.lasts.0 - self.counted), ..VALID };
        estate.pass_on(&self.holder, valid, Some((lock, uses)))
    }

    /// His keys.
    pub fn holder(&self) -> Arc<Holder> {
        Arc::clone(&self.holder)
    }

    /// His presentation of a token in answer to a challenge.
    pub fn answer(&mut self, held: &Capability, lock: LockId, challenge: &[u8]) -> Vec<u8> {
        answer(&self.holder, held, lock, challenge, &mut self.rng)
    }

    /// A presentation of his own token that answers nothing, under his next counter.
    pub fn unasked(&mut self, lock: LockId, now: Time) -> Vec<u8> {
        let origin = Origin::decode(&self.held.origin).unwrap();
        let token = Token::decode(&self.held.token).unwrap();
        let ask = Ask { lock, right: Right::UNLOCK, parameter: &[] };
        let counter = Counter(self.next_counter);
        self.next_counter += 1;
        let expires = now.after(60);
        let request = Request::unchallenged(&origin, &token, ask, counter, now, expires).unwrap();
        let draft = request.present(&[], None).unwrap();
        draft.sign(&self.holder.key).unwrap().as_bytes().to_vec()
    }
}

/// A holder's presentation of a token in answer to a challenge.
pub fn answer(
    holder: &Holder,
    held: &Capability,
    lock: LockId,
    challenge: &[u8],
    rng: &mut ChaCha20Rng,
) -> Vec<u8> {
    let ask = Ask { lock, right: Right::UNLOCK, parameter: &[] };
    let request = holder.request(held, ask, challenge, Channel::Remote, rng);
    holder.present(&request, &[], None)
}

/// The time of the story, which runs with the host's clock from the start of the run on.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    began: Millis,
}

impl Story {
    /// A story that begins now, so that all tokens are surely valid.
    pub fn begins() -> Self {
        Self { began: HostClock::default().present().at }
    }

    /// One that began at this moment by the host's clock.
    pub const fn of(began: Millis) -> Self {
        Self { began }
    }

    /// When it began by the host's clock.
    pub const fn began(self) -> Millis {
        self.began
    }
}

impl Clock for Story {
    fn present(&self) -> Present {
        let host = HostClock::default().present();
        let since = host.at.get().saturating_sub(self.began.get());
        Present { at: Millis::of(START).after(since + 10_000), ..host }
    }
}

fn enrolled(owner: &mut Owner, number: u32) -> LockId {
    let mut name = *b"door0000";
    name[4..].copy_from_slice(&number.to_be_bytes());
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&name);
    let (lock, nonce) = (LockId(name), ClaimNonce(nonce));
    let device = device_key(&nonce).public();
    let settings = Settings { groups: vec![WAY_IN], unchallenged: true };
    owner.enrol(Unclaimed { device, nonce }, lock, settings, START);
    lock
}
