//! A service's doors, the companies that have grants for them, and their couriers, who come with
//! chains of any length: what a back end sees by the thousand.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Card, Caveats, Challenge, Channel, Domain, Now, Right, Rights, Seconds, SigningKey,
    Target, Time, Unclaimed, Valid,
    id::{ClaimNonce, LockId, Nonce},
    time::Uptime,
    verify::OpenChallenge,
};
use rand_core::{Rng, SeedableRng};

use crate::world::{Capability, Holder, Owner, START, Settings, WAY_IN};

/// A minute after the start: when the couriers come.
pub const NOON: Time = Time(START.0 + 60);

/// The owner, and who works for it.
pub struct Fleet {
    /// The owner's back end, which has enrolled all doors in one group.
    pub owner: Owner,
    /// The doors.
    pub doors: Vec<LockId>,
    /// The companies, each with a grant for all doors that it may pass on three times.
    pub companies: Vec<(Holder, Capability)>,
    rng: ChaCha20Rng,
}

/// One presentation, and the challenge that it answers.
#[derive(Clone, Debug)]
pub struct Visit {
    /// At which door.
    pub door: LockId,
    /// What the door gave.
    pub nonce: Nonce,
    /// The courier's answer.
    pub presentation: Vec<u8>,
}

impl Fleet {
    /// The same fleet for the same seed.
    pub fn new(seed: u64, doors: u32, companies: u32) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut owner = Owner::new(START, &mut rng);
        let doors: Vec<_> = (0..doors).map(|number| enrolled(&mut owner, number)).collect();
        let valid = Valid { from: START, lasts: Seconds(900) };
        let grant = Caveats::grant(Rights(1), &[Target::Group(WAY_IN)], valid).unwrap();
        let mut company = || {
            let holder = Holder::new(&mut rng);
            let held = owner.grant(&holder.public(), 3, &grant);
            (holder, held)
        };
        let companies = (0..companies).map(|_| company()).collect();
        Self { owner, doors, companies, rng }
    }

    /// What a server holds of the domain.
    pub fn domain(&self) -> Domain {
        self.owner.held()
    }

    /// A visit by somebody new, to a door and by a company of this number, with a chain of 1 to 4
    /// links: the company's own grant, then one for each that it is passed on to, all with the same
    /// right and time, the last of several for one use.
    pub fn visit(&mut self, number: usize, links: u8) -> Visit {
        let (company, held) = &self.companies[number % self.companies.len()];
        let key = SigningKey::from_secret(company.key.expose_secret());
        let (mut holder, mut held) = (Holder { key }, held.clone());
        let valid = Valid { from: START, lasts: Seconds(900) };
        for depth in (0..links.max(1) - 1).rev() {
            let next = Holder::new(&mut self.rng);
            let mut narrower =
                Caveats::narrowing().rights(Rights(1)).unwrap().valid(valid).unwrap();
            if depth == 0 {
                narrower = narrower.uses(1).unwrap();
            }
            held = holder.delegate(&held, &next.public(), depth, &narrower);
            holder = next;
        }
        self.present(&holder, &held, number)
    }

    /// The presentation of a holder at the door of this number.
    pub fn present(&mut self, holder: &Holder, held: &Capability, number: usize) -> Visit {
        let door = self.doors[number % self.doors.len()];
        let mut nonce = [0; 16];
        self.rng.fill_bytes(&mut nonce);
        let nonce = Nonce(nonce);
        let challenge = self.challenge(door, nonce).encode().unwrap();
        let ask = Ask { lock: door, right: Right::UNLOCK, parameter: &[] };
        let (bytes, channel) = (challenge.as_bytes(), Channel::Radio);
        let request = holder.request(held, ask, bytes, channel, &mut self.rng);
        Visit { door, nonce, presentation: holder.present(&request, &[], None) }
    }

    fn challenge(&self, lock: LockId, nonce: Nonce) -> Challenge {
        let state = self.owner.state(START);
        let card = Card::decode(&self.owner.library.cards[&lock]).unwrap().unverified_order();
        let (epoch, keyset, list) = (self.owner.scope().epoch, state.keyset, state.list);
        Challenge { lock, nonce, epoch, keyset, list, card }
    }
}

impl Visit {
    /// The challenge as the server has it.
    pub const fn open(&self) -> OpenChallenge {
        let issued = Uptime(NOON.0 * 1000);
        OpenChallenge { nonce: self.nonce, channel: Channel::Radio, issued }
    }

    /// The present.
    pub fn now() -> Now {
        Now::exactly(NOON)
    }
}

fn enrolled(owner: &mut Owner, number: u32) -> LockId {
    let mut name = *b"door0000";
    name[4..].copy_from_slice(&number.to_be_bytes());
    let (lock, mut nonce) = (LockId(name), [0; 16]);
    nonce[..8].copy_from_slice(&name);
    let nonce = ClaimNonce(nonce);
    let device = crate::world::device_key(&nonce).public();
    let settings = Settings { groups: vec![WAY_IN], unchallenged: false };
    owner.enrol(Unclaimed { device, nonce }, lock, settings, START);
    lock
}
