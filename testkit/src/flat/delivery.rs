//! A delivery at a lock of this crate, which writes down all that goes in and all that comes out: a
//! lock of the binding must say the same, byte for byte.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Card, Caveats, Challenge, Channel, Epoch, Lock, Now, Right, Rights, Seconds, SigningKey,
    Target, Time, Valid,
    id::{ClaimNonce, LockId},
    ledger::Outcome,
    lock::{Acted, Bundle, Handled, Identity, MayRead, Restored, Session},
    role,
    store::Ram,
    tables::Tables,
};
use rand_core::{Rng, SeedableRng};

use super::{CAPACITY, Out};
use crate::world::{
    Camera, Capability, Holder, Owner, START, Settings,
    door::{device_key, secret, secret_bytes},
};

/// What is done, by its byte.
const CLAIM: u64 = 1;
const CONNECT: u64 = 2;
const MESSAGE: u64 = 3;
const SECURE: u64 = 4;
const POWER_FAILS: u64 = 5;
const LOG: u64 = 6;
const READ_LOG: u64 = 7;
const RELEASE: u64 = 8;
const END: u64 = 0;

const DOOR: LockId = LockId(*b"flat-12a");
const LIFE: ClaimNonce = ClaimNonce([0x11; 16]);
const NEXT_LIFE: ClaimNonce = ClaimNonce([0x22; 16]);

type Small = Tables<{ CAPACITY.0 }, { CAPACITY.1 }>;
type Memory = Ram<20_000>;

/// The whole delivery.
pub(super) fn body() -> Out {
    let mut rng = ChaCha20Rng::seed_from_u64(2026);
    let claim_key = SigningKey::<role::Claim>::generate(&mut rng);
    let device = device_key(&LIFE).public();
    let identity = Identity { device, nonce: LIFE, claim_key: Some(claim_key.public()) };
    let mut out = Out::default();
    out.0.extend(device_key(&LIFE).expose_secret());
    out.0.extend(LIFE.0);
    out.0.extend(secret_bytes(&identity));
    out.0.extend(claim_key.public().as_bytes());
    let owner = Owner::new(START, &mut rng);
    let (company, courier) = (Holder::new(&mut rng), Holder::new(&mut rng));
    let camera = Camera::new(DOOR, &mut rng);
    let mut lock = Lock::new(identity, secret(&identity), Memory::new());
    lock.restore(None).unwrap();
    let (session, now) = (None, START);
    let (may_read, acted) = (None, None);
    let mut story = Story {
        out,
        rng,
        identity,
        lock,
        session,
        may_read,
        acted,
        now,
        owner,
        company,
        courier,
        camera,
    };
    story.tell(&claim_key);
    story.out
}

struct Story {
    out: Out,
    rng: ChaCha20Rng,
    identity: Identity,
    lock: Lock<'static, Memory, Small>,
    session: Option<Session>,
    /// Lets the session read the log in the clear.
    may_read: Option<MayRead>,
    /// A release that was done.
    acted: Option<Acted>,
    now: Time,
    owner: Owner,
    company: Holder,
    courier: Holder,
    camera: Camera,
}

impl Story {
    fn tell(&mut self, claim_key: &SigningKey<role::Claim>) {
        self.claim(claim_key);
        let company = self.grants();
        let parcel = self.parcel(&company);
        self.now = self.now.after(240);
        self.opens(&parcel, true);
        self.secures();
        self.opens(&parcel, true);
        let other = self.parcel(&company);
        self.opens(&other, false);
        self.opens(&other, true);
        self.power_fails();
        self.secures();
        self.owner.revoke([self.company.public().name().into()], self.now);
        self.visits();
        let parcel = self.parcel(&company);
        self.opens(&parcel, true);
        self.log();
        self.reads();
        self.releases();
        self.claim(claim_key);
        self.asks(Right::UNLOCK);
        self.out.u8(END);
    }

    fn step(&mut self, what: u64) -> Now {
        self.now = self.now.after(1);
        self.out.u8(what);
        self.out.u64(self.now.0);
        Now::exactly(self.now)
    }

    fn claim(&mut self, key: &SigningKey<role::Claim>) {
        let now = self.step(CLAIM);
        let shown = self.lock.unclaimed();
        self.out.bytes(shown.encode().unwrap().as_bytes());
        self.owner.enrol(shown, DOOR, Settings::default(), self.now);
        let library = &self.owner.library;
        let (epoch, card) = (&library.epochs[0], &library.cards[&DOOR]);
        let (read, named) = (Epoch::decode(epoch).unwrap(), Card::decode(card).unwrap());
        let claim = shown.claim(self.owner.domain, &read, &named, &key.public()).unwrap();
        let claim = claim.sign(key).unwrap();
        let (claim, keyset) = (claim.as_bytes(), &library.keyset);
        let bundle = Bundle { claim, epoch, keyset, card, list: None };
        self.lock.verify_claim(&bundle, false, now).unwrap().commit().unwrap();
        [claim, epoch, keyset, card].iter().for_each(|part| self.out.bytes(part));
        let label = SigningKey::<role::Label>::from_secret(&[0x1a; 32]);
        let answer = self.lock.claimed(&label.public()).unwrap().sign(&label).unwrap();
        self.out.0.extend(label.expose_secret());
        self.out.0.extend(label.public().as_bytes());
        self.out.bytes(answer.as_bytes());
    }

    fn grants(&mut self) -> Capability {
        let year = Valid { from: START, lasts: Seconds::days(365) };
        let camera = self.camera.key.public();
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(DOOR)], year)
            .and_then(|grant| grant.witness(1, &[camera])?.fresh(Seconds::minutes(5)))
            .and_then(|grant| grant.max_open(Seconds(30)))
            .unwrap();
        self.owner.grant(&self.company.public(), 1, &grant)
    }

    fn parcel(&self, company: &Capability) -> Capability {
        let window = Valid { from: self.now, lasts: Seconds::minutes(15) };
        let once = Caveats::narrowing().valid(window).and_then(|caveats| caveats.uses(1));
        self.company.delegate(company, &self.courier.public(), 0, &once.unwrap())
    }

    /// A phone connects, and gets a challenge.
    fn connect(&mut self) -> Vec<u8> {
        let now = self.step(CONNECT);
        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        let session = self.lock.challenge(random, Channel::Radio, now).unwrap();
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        self.session = Some(session);
        self.out.0.extend(random);
        self.out.bytes(&challenge);
        challenge
    }

    fn opens(&mut self, held: &Capability, recording: bool) {
        let challenge = self.connect();
        let ask = Ask { lock: DOOR, right: Right::UNLOCK, parameter: b"" };
        let request = self.courier.request(held, ask, &challenge, Channel::Radio, &mut self.rng);
        self.camera.recording = recording;
        let witness: Vec<_> = self.camera.agree(&request).into_iter().collect();
        let status = self.owner.attest(Time(self.now.0 - 60), None);
        let presentation = self.courier.present(&request, &witness, Some(&status));
        self.message(presentation);
    }

    /// What a phone brings, what becomes of it, and the receipt.
    fn message(&mut self, mut message: Vec<u8>) {
        let now = self.step(MESSAGE);
        self.out.bytes(&message);
        let session = self.session.as_mut().unwrap();
        let handled = self.lock.handle(session, &mut message, || now, |_order| Outcome::Done);
        let (status, answer, receipt) = match handled {
            Ok(Handled::Released(acted)) => {
                self.acted = Some(acted);
                (0, keyward::Answer::Done, Vec::new())
            }
            Ok(handled) => {
                let receipt = match &handled {
                    Handled::Recorded(recorded) => {
                        self.may_read = recorded.may_read();
                        let receipt =
                            recorded.receipt().unwrap().sign(&device_key(&self.identity.nonce));
                        receipt.unwrap().as_bytes().to_vec()
                    }
                    _ => Vec::new(),
                };
                (0, handled.answer(), receipt)
            }
            Err(rejected) => {
                let code = match rejected {
                    keyward::lock::Rejected::Denial(denial) => denial.code(),
                    keyward::lock::Rejected::Refusal(refusal) => refusal.code(),
                };
                (code, rejected.answer(), Vec::new())
            }
        };
        self.out.u32(status.into());
        self.out.0.extend(answer.encode());
        self.out.bytes(&receipt);
    }

    /// The owner's courier may read the log, and does.
    fn reads(&mut self) {
        self.asks(Right::READ_LOG);
        let now = self.step(READ_LOG);
        let may_read = self.may_read.take().unwrap();
        self.lock.write_denials(now).unwrap();
        let mut reader = self.lock.read_log(now).unwrap();
        while let Some(draft) = self.lock.next_entry(&mut reader).unwrap() {
            let receipt = draft.receipt().unwrap().sign(&device_key(&self.identity.nonce)).unwrap();
            self.out.bytes(draft.entry(receipt.as_bytes(), &may_read).unwrap().as_bytes());
        }
        self.out.bytes(&[]);
    }

    /// The owner's courier asks for a right by a token of its own.
    fn asks(&mut self, right: Right) {
        let year = Valid { from: START, lasts: Seconds::days(365) };
        let grant = Caveats::grant(Rights::of(right), &[Target::Lock(DOOR)], year).unwrap();
        let held = self.owner.grant(&self.courier.public(), 0, &grant);
        let challenge = self.connect();
        let ask = Ask { lock: DOOR, right, parameter: b"" };
        let request = self.courier.request(&held, ask, &challenge, Channel::Radio, &mut self.rng);
        let presentation = self.courier.present(&request, &[], None);
        self.message(presentation);
    }

    /// The lock is given up, and begins its next life.
    fn releases(&mut self) {
        self.asks(Right::RELEASE);
        let _now = self.step(RELEASE);
        let device = device_key(&NEXT_LIFE).public();
        let next = Identity { device, nonce: NEXT_LIFE, ..self.identity };
        let recorded = self.lock.release(self.acted.take().unwrap(), next, secret(&next)).unwrap();
        let receipt = recorded.receipt().unwrap().sign(&device_key(&LIFE)).unwrap();
        self.out.0.extend(device_key(&NEXT_LIFE).expose_secret());
        self.out.0.extend(NEXT_LIFE.0);
        self.out.0.extend(secret_bytes(&next));
        self.out.bytes(receipt.as_bytes());
        self.identity = next;
    }

    /// A visitor's phone brings what the owner has published.
    fn visits(&mut self) {
        let challenge = self.connect();
        let challenge = Challenge::decode(&challenge).unwrap();
        for statement in self.owner.library.missing(&challenge) {
            self.message(statement);
        }
    }

    fn secures(&mut self) {
        let _now = self.step(SECURE);
        self.lock.secure(|| Outcome::Done);
    }

    /// The lock starts anew over what is durable, and is due to be secured.
    fn power_fails(&mut self) {
        let now = self.step(POWER_FAILS);
        let lock = std::mem::replace(
            &mut self.lock,
            Lock::new(self.identity, secret(&self.identity), Memory::new()),
        );
        self.lock = Lock::new(self.identity, secret(&self.identity), lock.into_store());
        let restored = self.lock.restore(None).unwrap();
        assert_eq!(restored, Restored::Claimed { interrupted: None });
        assert_eq!(self.lock.relock_within(now), Some(Seconds(0)));
        self.session = None;
    }

    /// How many entries the log has, and its heads.
    fn log(&mut self) {
        let now = self.step(LOG);
        let mut reader = self.lock.read_log(now).unwrap();
        let mut held = 0;
        while self.lock.next_entry(&mut reader).unwrap().is_some() {
            held += 1;
        }
        self.out.u32(held);
        for log in [keyward::receipt::Log::Events, keyward::receipt::Log::Denials] {
            let head = self.lock.head(log);
            self.out.u64(head.next.0);
            self.out.0.extend(head.hash);
        }
    }
}
