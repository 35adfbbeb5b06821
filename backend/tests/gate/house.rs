//! A house whose door servers guard, and a phone.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Card, Channel, Domain, Grant, Now, Origin, Request, Right, Rights, Seconds, Target, Time,
    Token, Trust, Valid,
    id::{Counter, LockId, Nonce},
};
use keyward_backend::{
    gate::{Admitted, FleetKey, FleetKeys, Gate, Refusal, Visit},
    state::{Millis, State, clock::HandClock},
};
use keyward_testkit::world::{Capability, Door, Holder, Owner, START, Settings};
use rand_core::SeedableRng;

pub const FRONT: LockId = LockId(*b"front-01");
pub const BACK: LockId = LockId(*b"back--01");

pub struct House {
    pub rng: ChaCha20Rng,
    pub owner: Owner,
    pub phone: Holder,
    pub clock: HandClock,
    pub domain: Domain,
}

impl House {
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut owner = Owner::new(START, &mut rng);
        let mut door = |id| {
            let settings = Settings { groups: Vec::new(), unchallenged: true };
            Door::claimed(id, &mut owner, settings, Now::exactly(START), &mut rng)
        };
        door(FRONT);
        door(BACK);
        let (phone, domain) = (Holder::new(&mut rng), owner.held());
        // The store is born before the story: what is made in it is new.
        let clock = HandClock::at(Millis::of(START).before(1000));
        Self { rng, owner, phone, clock, domain }
    }

    /// A token of the phone's for the front door, for an hour from the start, with one caveat more.
    pub fn token(&mut self, more: impl FnOnce(Grant) -> Grant) -> Capability {
        let valid = Valid { from: START, lasts: Seconds(3600) };
        let rights = Rights::of(Right::UNLOCK).and(Right::LOCK);
        let grant = Grant::grant(rights, &[Target::Lock(FRONT)], valid).unwrap();
        let phone = self.phone.public();
        self.owner.grant(&phone, 0, &more(grant))
    }

    /// What a door trusts.
    pub fn trusted<T>(&self, lock: LockId, then: impl FnOnce(&Trust<'_>) -> T) -> T {
        let card = Card::decode(&self.owner.library.cards[&lock]).unwrap();
        let card = self.domain.check_card(&card).unwrap();
        then(&self.domain.trust(&card).unwrap())
    }

    pub fn challenge<S: State>(&self, gate: &Gate<S, HandClock>, channel: Channel) -> Vec<u8> {
        let challenge = self.trusted(FRONT, |trust| gate.challenge(trust, channel).unwrap());
        challenge.encode().unwrap().as_bytes().to_vec()
    }

    /// A presentation of a token in answer to a challenge.
    pub fn answer(&mut self, token: &Capability, challenge: &[u8], right: Right) -> Vec<u8> {
        let ask = Ask { lock: FRONT, right, parameter: &[] };
        let request = self.phone.request(token, ask, challenge, Channel::Remote, &mut self.rng);
        self.phone.present(&request, &[], None)
    }

    /// A presentation of a token that answers nothing.
    pub fn unasked(&self, token: &Capability, counter: u64, time: Time) -> Vec<u8> {
        let origin = Origin::decode(&token.origin).unwrap();
        let token = Token::decode(&token.token).unwrap();
        let ask = Ask { lock: FRONT, right: Right::UNLOCK, parameter: &[] };
        let (counter, expires) = (Counter(counter), time.after(60));
        let request = Request::unchallenged(&origin, &token, ask, counter, time, expires).unwrap();
        let draft = request.present(&[], None).unwrap();
        draft.sign(&self.phone.key).unwrap().as_bytes().to_vec()
    }

    pub async fn admit<S: State>(
        &self,
        gate: &Gate<S, HandClock>,
        nonce: Option<Nonce>,
        bytes: &[u8],
    ) -> Result<Admitted, Refusal> {
        let card = Card::decode(&self.owner.library.cards[&FRONT]).unwrap();
        let card = self.domain.check_card(&card).unwrap();
        let trust = self.domain.trust(&card).unwrap();
        gate.admit_bytes(&visit(&trust, nonce), bytes).await
    }
}

pub fn visit<'v>(trust: &'v Trust<'v>, nonce: Option<Nonce>) -> Visit<'v> {
    Visit { trust, channel: Channel::Remote, nonce, app: None, chains: None }
}

/// A node of the fleet with this key.
pub fn node<S: State + Clone>(house: &House, store: &S, key: u8) -> Gate<S, HandClock> {
    let keys = FleetKeys::new(FleetKey::new([key; 32]));
    Gate::new(keys, store.clone(), house.clock.clone())
}

/// The nonce of a challenge.
pub fn nonce(challenge: &[u8]) -> Option<Nonce> {
    Some(keyward::Challenge::decode(challenge).unwrap().nonce)
}
