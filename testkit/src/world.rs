//! The actors of an in-home delivery, in a world with one clock and one source of randomness.
//!
//! Actors exchange nothing but bytes. What an actor knows of another is in those bytes, or was
//! given to it when the world was made.

use chacha20::ChaCha20Rng;
use ed25519_dalek::Signer;
use keyward::{
    Answer, Ask, Challenge, Channel, Denial, Grant, Lock, Narrowing, Now, Origin, Presentation,
    PublicKey, Request, Right, Scope, SigningKey, State, Status, Time, Token, WitnessStatement,
    id::{
        DomainId, Epoch, EvidenceId, Fresh, GroupId, KeysetVersion, ListNumber, LockId, Nonce,
        Serial,
    },
    ledger::{Outcome, RamLedger},
    limits::MAX_PRESENTATION,
    lock::{Order, Recorded, Session},
    role,
    trust::{Issuer, Roles, Trust},
    unsigned::Unsigned,
    zone::Zone,
};
use rand_core::{Rng, SeedableRng};

use crate::zones;

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

/// The owner's back end: issues tokens, attests the state of the domain.
#[derive(Debug)]
pub struct Owner {
    /// The domain and epoch that it speaks for.
    pub scope: Scope,
    /// Signs tokens.
    pub issuer: SigningKey<role::Issuer>,
    /// Signs statuses: another key, so that a token can demand a second opinion.
    pub attester: SigningKey<role::Issuer>,
    /// Signs break-glass tokens.
    pub emergency: SigningKey<role::Emergency>,
    /// The newest keyset and list.
    pub keyset: KeysetVersion,
    /// The newest revocation list.
    pub list: ListNumber,
    next_serial: u64,
}

impl Owner {
    /// An owner of a domain of its own, whose first serial is 1 000 000.
    pub fn new(rng: &mut ChaCha20Rng) -> Self {
        let mut domain = [0; 32];
        rng.fill_bytes(&mut domain);
        Self {
            scope: Scope { domain: DomainId(domain), epoch: Epoch(1) },
            issuer: SigningKey::generate(rng),
            attester: SigningKey::generate(rng),
            emergency: SigningKey::generate(rng),
            keyset: KeysetVersion(3),
            list: ListNumber(7),
            next_serial: 1_000_000,
        }
    }

    /// What all tokens of the owner start from.
    pub fn origin(&self) -> Origin {
        Origin::new(self.scope, &self.issuer.public())
    }

    /// Grants a token of one link.
    pub fn grant(&mut self, to: &PublicKey<role::Holder>, depth: u8, grant: &Grant) -> Capability {
        let serial = Serial(self.next_serial);
        self.next_serial += 1;
        let issuer = self.issuer.public();
        let draft = Token::issue(self.scope, &issuer, serial, to, depth, grant).unwrap();
        let token = draft.sign(&self.issuer).unwrap();
        let origin = self.origin().encode().unwrap();
        Capability { origin: origin.as_bytes().to_vec(), token: token.as_bytes().to_vec() }
    }

    /// Attests the state of the domain, over a lock's nonce or over none.
    pub fn attest(&self, at: Time, nonce: Option<&Nonce>) -> Vec<u8> {
        let state = State { keyset: self.keyset, list: self.list, at };
        let draft = Status::attest(self.scope, &self.attester.public(), state, nonce).unwrap();
        draft.sign(&self.attester).unwrap().as_bytes().to_vec()
    }

    /// What a lock of the owner trusts.
    ///
    /// Worlds live as long as the process, and so do the tables of their locks.
    pub fn trust(&self, lock: LockId, groups: &[GroupId]) -> Trust<'static> {
        let (from, until) = (Time(START.0 - 86_400), Time(START.0 + 400 * 86_400));
        let issuer = Issuer::new(self.issuer.public(), Roles::ISSUE, from, until);
        let attester = Issuer::new(self.attester.public(), Roles::ATTEST, from, until);
        let transitions = zones::transitions("Europe/Berlin", from, until);
        Trust {
            scope: self.scope,
            lock,
            groups: groups.to_vec().leak(),
            keyset: self.keyset,
            issuers: vec![issuer, attester].leak(),
            emergency: Some(self.emergency.public()),
            list: self.list,
            revoked: &[],
            floors: &[],
            zone: Some(Zone { transitions: transitions.leak(), end: until }),
            accepts_unchallenged: false,
        }
    }
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

/// A lock's host: radio, bolt and the lock itself.
pub struct Door {
    /// The lock.
    pub lock: Lock<'static, RamLedger<64, 16>>,
    /// Whether the bolt is drawn.
    pub is_open: bool,
    session: Option<Session>,
    rng: ChaCha20Rng,
}

/// What a door decided, as its log has it; the wire tells less.
pub type Verdict = Result<Recorded, Denial>;

impl Door {
    /// A locked door.
    pub fn new(trust: Trust<'static>, rng: &mut ChaCha20Rng) -> Self {
        let rng = ChaCha20Rng::from_rng(rng);
        Self { lock: Lock::new(trust, RamLedger::new()), is_open: false, session: None, rng }
    }

    /// The lock's name.
    pub fn id(&self) -> LockId {
        self.lock.trust().lock
    }

    /// A phone connects: the lock sends its challenge.
    pub fn connect(&mut self, channel: Channel, now: Now) -> Vec<u8> {
        let mut nonce = [0; 16];
        self.rng.fill_bytes(&mut nonce);
        let session = self.lock.challenge(Nonce(nonce), channel, now);
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        self.session = Some(session);
        challenge
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
        let permit = self.lock.verify(session, &presentation, now)?.commit()?;
        let is_open = &mut self.is_open;
        let acted = permit.act(|order: &Order<'_>| {
            *is_open |= order.right() == Right::UNLOCK;
            Outcome::Done
        });
        self.lock.record(acted)
    }

    /// The door closes: the bolt is thrown, no token asked for.
    pub fn secure(&mut self) {
        self.is_open = false;
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
        let owner = Owner::new(&mut rng);
        let flat = LockId(*b"flat-12a");
        Self {
            now: START,
            company: Holder::new(&mut rng),
            courier: Holder::new(&mut rng),
            camera: Camera::new(flat, &mut rng),
            flat: Door::new(owner.trust(flat, &[WAY_IN]), &mut rng),
            street: Door::new(owner.trust(LockId(*b"street-1"), &[WAY_IN]), &mut rng),
            cellar: Door::new(owner.trust(LockId(*b"cellar-1"), &[]), &mut rng),
            owner,
            rng,
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
