//! The actors of an in-home delivery, in a world with one clock and one source of randomness.
//!
//! Actors exchange nothing but bytes. What an actor knows of another is in those bytes, or was
//! given to it when the world was made.

pub mod door;
mod owner;

use chacha20::ChaCha20Rng;
use ed25519_dalek::Signer;
use keyward::{
    Ask, Card, Challenge, Channel, Narrowing, Now, Origin, PublicKey, Request, SigningKey, Status,
    Time, Token, WitnessStatement,
    id::{EvidenceId, Fresh, GroupId, LockId},
    limits::MAX_PRESENTATION,
    role,
    unsigned::Unsigned,
};
use rand_core::{Rng, SeedableRng};

pub use door::{Door, Verdict, bundle, device_key, drawn, secret};
pub use owner::{Clerk, Library, Owner, Settings, ZONE, sorted};

/// 2026-11-24T09:00:00Z, a Tuesday: when the story begins.
pub const START: Time = Time(1_795_510_800);

/// A token as it is handed on: with the origin that its next holder must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The encoded origin.
    pub origin: Vec<u8>,
    /// The encoded token.
    pub token: Vec<u8>,
}

/// Somebody who holds tokens: a company's back end, a courier's phone, a guest's.
#[derive(Debug)]
pub struct Holder {
    /// The holder's key.
    pub key: SigningKey<role::Holder>,
}

impl Holder {
    /// A holder with a new key.
    pub fn new(rng: &mut ChaCha20Rng) -> Self {
        Self { key: SigningKey::generate(rng) }
    }

    /// The public half of the key.
    pub fn public(&self) -> PublicKey<role::Holder> {
        self.key.public()
    }

    /// Hands a token on, narrowed, after checking that it is genuine.
    pub fn delegate(
        &self,
        held: &Capability,
        to: &PublicKey<role::Holder>,
        depth: u8,
        caveats: &Narrowing,
    ) -> Capability {
        let origin = Origin::decode(&held.origin).unwrap();
        let token = Token::decode(&held.token).unwrap();
        token.check(&origin).unwrap();
        let draft = token.attenuate(&origin, to, depth, caveats).unwrap();
        let token = draft.sign(&self.key).unwrap();
        Capability { origin: held.origin.clone(), token: token.as_bytes().to_vec() }
    }

    /// Makes a request in answer to a challenge; returns its bytes.
    pub fn request(
        &self,
        held: &Capability,
        ask: Ask<'_>,
        challenge: &[u8],
        channel: Channel,
        rng: &mut ChaCha20Rng,
    ) -> Vec<u8> {
        let origin = Origin::decode(&held.origin).unwrap();
        let token = Token::decode(&held.token).unwrap();
        let challenge = Challenge::decode(challenge).unwrap();
        let mut fresh = [0; 16];
        rng.fill_bytes(&mut fresh);
        let request =
            Request::challenged(&origin, &token, ask, &challenge, channel, Fresh(fresh)).unwrap();
        request.encode().unwrap().as_bytes().to_vec()
    }

    /// Signs the presentation of a request, with what the token demands beside it.
    pub fn present(&self, request: &[u8], witnesses: &[Vec<u8>], status: Option<&[u8]>) -> Vec<u8> {
        let draft = draft(request, witnesses, status);
        draft.sign(&self.key).unwrap().as_bytes().to_vec()
    }

    /// Seals the presentation of a request to the lock, by the card that its owner has published.
    pub fn seal(
        &self,
        request: &[u8],
        presentation: &[u8],
        owner: &Owner,
        rng: &mut ChaCha20Rng,
    ) -> Vec<u8> {
        let (request, domain) = (Request::decode(request).unwrap(), owner.held());
        let card = Card::decode(&owner.library.cards[&request.ask().lock]).unwrap();
        let card = domain.check_card(&card).unwrap();
        request.seal(presentation, &card, rng).unwrap().as_bytes().to_vec()
    }

    /// Signs somebody else's presentation with a key of one's own, as a thief must.
    pub fn forge(&self, request: &[u8], witnesses: &[Vec<u8>], status: Option<&[u8]>) -> Vec<u8> {
        let draft = draft(request, witnesses, status);
        let thief = ed25519_dalek::SigningKey::from_bytes(self.key.expose_secret());
        let signature = thief.sign(draft.to_sign().as_bytes()).to_bytes();
        [draft.unsigned_bytes(), &signature].concat()
    }
}

fn draft(
    request: &[u8],
    witnesses: &[Vec<u8>],
    status: Option<&[u8]>,
) -> Unsigned<role::Holder, MAX_PRESENTATION> {
    let request = Request::decode(request).unwrap();
    let witnesses: Vec<_> =
        witnesses.iter().map(|bytes| WitnessStatement::decode(bytes).unwrap()).collect();
    let status = status.map(|bytes| Status::decode(bytes).unwrap());
    request.present(&witnesses, status.as_ref()).unwrap()
}

/// A camera that agrees to requests for the door that it watches, while it records.
#[derive(Debug)]
pub struct Camera {
    /// The camera's key.
    pub key: SigningKey<role::Witness>,
    /// The door in its picture.
    pub watches: LockId,
    /// Whether pictures arrive.
    pub recording: bool,
    next_recording: u64,
}

impl Camera {
    /// A recording camera.
    pub fn new(watches: LockId, rng: &mut ChaCha20Rng) -> Self {
        Self { key: SigningKey::generate(rng), watches, recording: true, next_recording: 1 }
    }

    /// Agrees to a request and names its recording, or keeps silent.
    pub fn agree(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let request = Request::decode(request).ok()?;
        let origin = *request.origin();
        if !self.recording || request.ask().lock != self.watches {
            return None;
        }
        request.token().check(&origin).ok()?;
        let mut evidence = *b"recording-......";
        evidence[10..].copy_from_slice(&self.next_recording.to_be_bytes()[2..]);
        self.next_recording += 1;
        let draft = request.agree(EvidenceId(evidence), &self.key.public()).ok()?;
        Some(draft.sign(&self.key).ok()?.as_bytes().to_vec())
    }
}

/// Everybody, and the time.
pub struct World {
    /// The present, by every clock.
    pub now: Time,
    /// Randomness, the same in every run with one seed.
    pub rng: ChaCha20Rng,
    /// The owner's back end.
    pub owner: Owner,
    /// The delivery company.
    pub company: Holder,
    /// Its courier's phone.
    pub courier: Holder,
    /// The camera in the hall.
    pub camera: Camera,
    /// The flat's door.
    pub flat: Door,
    /// The street door of the house.
    pub street: Door,
    /// Another door of the owner's, which nobody here may open.
    pub cellar: Door,
}

/// The group of the doors on the way to the flat.
pub const WAY_IN: GroupId = GroupId(*b"way-in..");

impl World {
    /// The same world for the same seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut owner = Owner::new(START, &mut rng);
        let flat = LockId(*b"flat-12a");
        let mut door = |id: &[u8; 8], groups: &[GroupId]| {
            let settings = Settings { groups: groups.to_vec(), unchallenged: false };
            let now = Now::exactly(START);
            Door::claimed(LockId(*id), &mut owner, settings, now, &mut rng)
        };
        let (flat_door, street) = (door(&flat.0, &[WAY_IN]), door(b"street-1", &[WAY_IN]));
        let cellar = door(b"cellar-1", &[]);
        Self {
            now: START,
            company: Holder::new(&mut rng),
            courier: Holder::new(&mut rng),
            camera: Camera::new(flat, &mut rng),
            flat: flat_door,
            street,
            cellar,
            owner,
            rng,
        }
    }

    /// All doors get opening keys, and cards that demand sealed presentations.
    pub fn seal_doors(&mut self) {
        let now = self.now();
        for door in [&mut self.flat, &mut self.street, &mut self.cellar] {
            door.open_sealed(&mut self.owner, true, now);
        }
    }

    /// What a host with a trusted clock says.
    pub fn now(&self) -> Now {
        Now::exactly(self.now)
    }

    /// Time passes.
    pub fn wait(&mut self, seconds: u64) {
        self.now = self.now.after(seconds);
    }
}
