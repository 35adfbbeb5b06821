//! Everything that a lock does with keyward, from the bytes to the record.
//!
//! Each input passes through `black_box`, so that the compiler knows neither its bytes nor its
//! length, and each result too, so that nothing is left out.

use core::hint::black_box;

use keyward::{
    Answer, Challenge, Channel, Denial, Interval, Lock, Now, Presentation, PublicKey, Request,
    Right, Scope, Status, Time, Token, WitnessStatement,
    caveat::App,
    id::{DomainId, Epoch, KeyId, KeysetVersion, ListNumber, LockId, Nonce, Serial},
    key::role,
    ledger::{Outcome, RamLedger},
    lock::{Acted, Order, Verified},
    policy::{AppCheck, AppVerdict},
    status::{Revoked, SerialFloor},
    time::Uptime,
    trust::{Issuer, Roles, Trust},
    zone::{Transition, Zone},
};

/// Decodes every kind of object, then opens the door once with a challenge and once without. The
/// actuator is the end of the way: code in it is kept only when all that leads to it is.
pub fn run(actuator: Actuator) {
    black_box(Token::decode(input()).is_ok());
    black_box(Status::decode(input()).is_ok());
    black_box(Challenge::decode(input()).is_ok());
    black_box(Request::decode(input()).is_ok());
    black_box(WitnessStatement::decode(input()).is_ok());
    black_box(Answer::decode(input()).is_ok());

    let (Ok(issuer), Ok(emergency)) = (key(), key()) else {
        return;
    };
    let issuers = [black_box(
        Issuer::new(issuer, black_box(Roles::ISSUE), time(), time()).with_limits(input()),
    )];
    let trust = Trust {
        scope: Scope { domain: DomainId(bytes()), epoch: Epoch(number()) },
        lock: LockId(bytes()),
        groups: black_box(&[]),
        keyset: KeysetVersion(number()),
        issuers: black_box(&issuers),
        emergency: black_box(Some(emergency)),
        list: ListNumber(number()),
        revoked: black_box(&[Revoked([0; 16])]),
        floors: black_box(&[SerialFloor { issuer: KeyId([0; 8]), first: Serial(1) }]),
        zone: black_box(Some(Zone { transitions: transitions(), end: time() })),
        accepts_unchallenged: black_box(true),
    };
    let mut lock = Lock::new(black_box(trust), RamLedger::<4, 4>::new()).with_app(&Checker);
    black_box(challenged(&mut lock, actuator).is_ok());
    black_box(unchallenged(&mut lock, actuator).is_ok());
}

type Actuator = fn(&Order<'_>) -> Outcome;

type Door<'t> = Lock<'t, RamLedger<4, 4>>;

fn challenged(lock: &mut Door<'_>, actuator: Actuator) -> Result<(), Denial> {
    let mut session = lock.challenge(Nonce(bytes()), black_box(Channel::Radio), now());
    if let Ok(sent) = session.challenge().encode() {
        black_box(sent.as_bytes());
    }
    let presentation = Presentation::decode(input())?;
    let permit = lock.verify(&mut session, &presentation, now()).and_then(Verified::commit)?;
    finish(lock, permit.act(actuator))
}

fn unchallenged(lock: &mut Door<'_>, actuator: Actuator) -> Result<(), Denial> {
    let presentation = Presentation::decode(input())?;
    let permit = lock.verify_unchallenged(&presentation, now()).and_then(Verified::commit)?;
    finish(lock, permit.act(actuator))
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

fn transitions() -> &'static [Transition] {
    black_box(&[Transition { at: Time(0), offset: 0 }])
}
