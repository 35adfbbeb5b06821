//! Everything that a lock does with keyward, from the bytes to the record.
//!
//! Each input passes through `black_box`, so that the compiler knows neither its bytes nor its
//! length, and each result too, so that nothing is left out.

use core::hint::black_box;

use keyward::{
    Answer, Card, Challenge, Channel, Denial, Epoch, Interval, Keyset, Now, OpeningKey, OpeningKeys,
    Presentation, PublicKey, Refusal, Request, Right, Signature, Status, Time, Token,
    WitnessStatement,
    caveat::App,
    id::{ClaimNonce, Nonce},
    key::role,
    ledger::Outcome,
    lock::{Acted, Anchor, Bundle, Identity, Lock, Order, Session, Sessions, Update},
    policy::{AppCheck, AppVerdict},
    secret::DeviceSecret,
    store::{Cursor, Store, StoreError},
    tables::Tables,
    time::Uptime,
    unsigned::Unsigned,
};

/// Decodes every kind of object, claims the lock, takes every statement in, opens the door with a
/// challenge, without one and with a dead store, and gives the lock up. The actuator is the end of
/// the way: code in it is kept only when all that leads to it is.
pub fn run(actuator: Actuator) {
    black_box(Token::decode(input()).is_ok());
    black_box(Status::decode(input()).is_ok());
    black_box(Challenge::decode(input()).is_ok());
    black_box(Request::decode(input()).is_ok());
    black_box(WitnessStatement::decode(input()).is_ok());
    black_box(Answer::decode(input()).is_ok());

    let (Ok(one), Ok(next)) = (identity(), identity()) else {
        return;
    };
    let mut lock: Door<'_> = Lock::new(one, secret(), Flash).with_app(&Checker).with_opening_keys(opening());
    let anchor = black_box(Anchor::decode(input(), &secret()));
    black_box(lock.restore(anchor.as_ref()).is_ok());
    black_box(claim(&mut lock).is_ok());
    black_box(statements(&mut lock).is_ok());
    black_box(challenged(&mut lock, actuator).is_ok());
    black_box(unchallenged(&mut lock, actuator).is_ok());
    black_box(anchored(&lock, actuator).is_ok());
    black_box(handled(&mut lock, actuator).is_ok());
    black_box(told(&mut lock).is_ok());
    black_box(rotated(&mut lock).is_ok());
    black_box(lock.relock_within(now()));
    black_box(lock.secure(|| black_box(Outcome::Done)));
    black_box(release(&mut lock, actuator, next).is_ok());
}

fn identity() -> Result<Identity, keyward::key::KeyError> {
    let (device, claim_key) = (key()?, black_box(Some(key()?)));
    Ok(Identity { device, nonce: ClaimNonce(bytes()), claim_key })
}

fn claim(lock: &mut Door<'_>) -> Result<(), Refusal> {
    if let Ok(shown) = lock.unclaimed().encode() {
        black_box(shown.as_bytes());
    }
    let list = black_box(Some(input()));
    let bundle = Bundle { claim: input(), epoch: input(), keyset: input(), card: input(), list };
    black_box(lock.verify_claim(&bundle, black_box(true), now()).and_then(Update::commit)?);
    Ok(())
}

fn statements(lock: &mut Door<'_>) -> Result<(), Refusal> {
    let mut walk = lock.walk()?;
    walk.step(&Epoch::decode(input())?)?;
    let keyset = Keyset::decode(input())?;
    black_box(lock.verify_epoch(walk, &keyset, now()).and_then(Update::commit)?);
    black_box(lock.verify_keyset(&keyset, now()).and_then(Update::commit)?);
    black_box(lock.verify_card(&Card::decode(input())?, now()).and_then(Update::commit)?);
    let session: Option<Session> =
        lock.challenge(bytes(), black_box(Channel::Radio), now()).ok();
    let status = Status::decode(input())?;
    let update = lock.verify_status(&status, black_box(session.as_ref()), now());
    black_box(update.and_then(Update::commit)?);
    lock.restart();
    Ok(())
}

fn anchored(lock: &Door<'_>, actuator: Actuator) -> Result<(), Denial> {
    let anchor = black_box(lock.anchor()?);
    if let Ok(kept) = anchor.encode(&secret()) {
        black_box(kept.as_bytes());
    }
    let mut session = anchor.challenge(Nonce(bytes()), black_box(Channel::Radio), now());
    let presentation = anchor.unseal(&opening(), &session, message())?;
    black_box(anchor.open(&mut session, &presentation, now(), actuator)?);
    Ok(())
}

fn handled(lock: &mut Door<'_>, actuator: Actuator) -> Result<(), Answer> {
    let mut sessions = Sessions::<2>::new();
    let (id, challenge) = sessions.open(lock, bytes(), black_box(Channel::Radio), now())?;
    black_box(challenge);
    let session = sessions.session(id).ok_or(Answer::Busy)?;
    let handled = lock.handle(session, message(), now, actuator);
    black_box(handled.map_err(|rejected| rejected.answer())?.answer());
    Ok(())
}

/// Reads the log, signs elsewhere, and seals each entry for anybody to carry.
fn told(lock: &mut Door<'_>) -> Result<(), Denial> {
    black_box(lock.write_denials(now())?);
    let mut reader = lock.read_log(now())?;
    while let Some(entry) = lock.next_entry(&mut reader)? {
        let receipt = entry.receipt()?;
        black_box(receipt.to_sign().as_bytes());
        if let Ok(receipt) = receipt.with_signature(&signature()) {
            let sealed = entry.seal(receipt.as_bytes(), &mut Noise)?;
            black_box(sealed.as_bytes());
        }
    }
    Ok(())
}

fn rotated(lock: &mut Door<'_>) -> Result<(), Denial> {
    let Ok(new) = key() else { return Ok(()) };
    let [by_old, by_new] = lock.rotation(&new)?;
    let signed = |unsigned: Unsigned<role::Device, 64>| unsigned.with_signature(&signature());
    if let (Ok(by_old), Ok(by_new)) = (signed(by_old), signed(by_new)) {
        black_box(lock.rotate(&new, &[by_old, by_new], now())?);
    }
    Ok(())
}

fn signature() -> Signature {
    Signature::from_bytes(bytes())
}

/// Randomness of which nothing is known.
struct Noise;

impl rand_core::TryRng for Noise {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(black_box(0))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(black_box(0))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        black_box(out);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Noise {}

fn release(lock: &mut Door<'_>, actuator: Actuator, next: Identity) -> Result<(), Denial> {
    let presentation = Presentation::decode(input())?;
    let permit = lock.verify_unchallenged(&presentation, now())?.commit(now())?;
    let acted = lock.act(permit, now(), actuator)?;
    black_box(lock.release(acted, next, secret())?);
    Ok(())
}

type Actuator = fn(&Order<'_>) -> Outcome;

type Door<'t> = Lock<'t, Flash, Tables<16, 4>>;

/// A store of which nothing is known.
struct Flash;

impl Store for Flash {
    const CAPACITY: usize = 8192;
    const OVERHEAD: usize = 16;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        black_box((at, out));
        black_box(Err(StoreError::Failed))
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        black_box(record);
        black_box(Err(StoreError::Full))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        black_box(Err(StoreError::Failed))
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        black_box(record);
        black_box(Err(StoreError::Failed))
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        black_box(Err(StoreError::Failed))
    }
}

fn challenged(lock: &mut Door<'_>, actuator: Actuator) -> Result<(), Denial> {
    let mut session = lock.challenge(bytes(), black_box(Channel::Radio), now())?;
    if let Ok(sent) = session.challenge().encode() {
        black_box(sent.as_bytes());
    }
    let presentation = Presentation::decode(input())?;
    let permit = lock.verify(&mut session, &presentation, now())?.commit(now())?;
    let acted = lock.act(permit, now(), actuator)?;
    finish(lock, acted)
}

fn unchallenged(lock: &mut Door<'_>, actuator: Actuator) -> Result<(), Denial> {
    let presentation = Presentation::decode(input())?;
    let permit = lock.verify_unchallenged(&presentation, now())?.commit(now())?;
    let acted = lock.act(permit, now(), actuator)?;
    finish(lock, acted)
}

fn finish(lock: &mut Door<'_>, acted: Acted) -> Result<(), Denial> {
    black_box(lock.record(acted)?);
    black_box(black_box(Answer::Done).encode());
    Ok(())
}

struct Checker;

impl AppCheck for Checker {
    fn check(&self, app: &App<'_>, right: Right, parameter: &[u8]) -> AppVerdict {
        black_box((app, right, parameter));
        black_box(AppVerdict::Holds)
    }
}

fn input() -> &'static [u8] {
    black_box(&[0])
}

fn message() -> &'static mut [u8] {
    black_box(&mut [])
}

fn bytes<const N: usize>() -> [u8; N] {
    black_box([0; N])
}

fn number() -> u64 {
    black_box(0)
}

fn time() -> Time {
    Time(number())
}

fn now() -> Now {
    let time = black_box(Interval::between(time(), time()));
    Now { time, uptime: Uptime(number()), drift_ppm: black_box(100) }
}

fn key<R: role::Role>() -> Result<PublicKey<R>, keyward::key::KeyError> {
    PublicKey::from_bytes(black_box(&[0; 32]))
}

fn opening() -> OpeningKeys {
    let keys = OpeningKeys::new(OpeningKey::from_secret(&bytes()));
    black_box(keys).rotated(OpeningKey::from_secret(&bytes()))
}

fn secret() -> DeviceSecret {
    DeviceSecret::new(bytes())
}
