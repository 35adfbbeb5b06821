//! Nothing that a lock or an app does allocates: every path under an allocator that counts.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use keyward::{
    Ask, Caveats, Challenge, Channel, Interval, Lock, Now, Origin, Presentation, Request, Right,
    Rights, Scope, Seconds, SigningKey, State, Status, Target, Time, Token, Valid,
    WitnessStatement,
    id::{DomainId, Epoch, EvidenceId, Fresh, KeysetVersion, ListNumber, LockId, Nonce, Serial},
    ledger::{Outcome, RamLedger},
    role, text,
    trust::{Issuer, Roles, Trust},
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn issuing_presenting_and_opening_allocate_nothing() {
    let before = ALLOCATIONS.get();
    delivery();
    assert_eq!(ALLOCATIONS.get() - before, 0);
    drop(Vec::<u8>::with_capacity(1));
    assert_eq!(ALLOCATIONS.get() - before, 1, "the counter counts");
}

fn delivery() {
    let scope = Scope { domain: DomainId([1; 32]), epoch: Epoch(1) };
    let lock_id = LockId(*b"the door");
    let issuer = SigningKey::<role::Issuer>::from_secret(&[1; 32]);
    let attester = SigningKey::<role::Issuer>::from_secret(&[2; 32]);
    let company = SigningKey::<role::Holder>::from_secret(&[3; 32]);
    let courier = SigningKey::<role::Holder>::from_secret(&[4; 32]);
    let camera = SigningKey::<role::Witness>::from_secret(&[5; 32]);

    let valid = Valid { from: Time(1000), lasts: Seconds(900) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(lock_id)], valid)
        .and_then(|grant| grant.uses(1)?.witness(1, &[camera.public()])?.fresh(Seconds(60)))
        .unwrap();
    let token =
        Token::issue(scope, &issuer.public(), Serial(1), &company.public(), 1, &grant).unwrap();
    let token = token.sign(&issuer).unwrap();
    let origin = Origin::new(scope, &issuer.public());
    let held = Token::decode(token.as_bytes()).unwrap();
    assert!(held.check(&origin).is_ok());
    let token = held.attenuate(&origin, &courier.public(), 0, &Caveats::narrowing()).unwrap();
    let token = token.sign(&company).unwrap();
    let mut buffer = [0; text::MAX_TEXT];
    assert!(text::encode(token.as_bytes(), &mut buffer).is_ok());

    let issuers = [
        Issuer::new(issuer.public(), Roles::ISSUE, Time(0), Time(5000)),
        Issuer::new(attester.public(), Roles::ATTEST, Time(0), Time(5000)),
    ];
    let trust = Trust {
        scope,
        lock: lock_id,
        groups: &[],
        keyset: KeysetVersion(1),
        issuers: &issuers,
        emergency: None,
        list: ListNumber(0),
        revoked: &[],
        floors: &[],
        zone: None,
        accepts_unchallenged: false,
    };
    let mut lock = Lock::new(trust, RamLedger::<16, 4>::new());
    let now = Now { time: Interval::exactly(Time(1100)), ..Now::exactly(Time(1100)) };
    let mut session = lock.challenge(Nonce([7; 16]), Channel::Radio, now);
    let challenge = Challenge::decode(session.challenge().encode().unwrap().as_bytes()).unwrap();

    let token = Token::decode(token.as_bytes()).unwrap();
    let ask = Ask { lock: lock_id, right: Right::UNLOCK, parameter: b"parcel" };
    let fresh = Fresh([8; 16]);
    let request =
        Request::challenged(&origin, &token, ask, &challenge, Channel::Radio, fresh).unwrap();
    let bytes = request.encode().unwrap();
    let seen = Request::decode(bytes.as_bytes()).unwrap();
    let agreed = seen.agree(EvidenceId([9; 16]), &camera.public()).unwrap().sign(&camera).unwrap();
    let agreed = WitnessStatement::decode(agreed.as_bytes()).unwrap();
    let state = State { keyset: KeysetVersion(1), list: ListNumber(0), at: Time(1090) };
    let status = Status::attest(scope, &attester.public(), state, None).unwrap();
    let status = status.sign(&attester).unwrap();
    let status = Status::decode(status.as_bytes()).unwrap();
    let presentation = request.present(&[agreed], Some(&status)).unwrap().sign(&courier).unwrap();

    let presentation = Presentation::decode(presentation.as_bytes()).unwrap();
    let permit = lock.verify(&mut session, &presentation, now).unwrap().commit().unwrap();
    let acted = permit.act(|order| {
        assert_eq!((order.right(), order.parameter()), (Right::UNLOCK, b"parcel".as_slice()));
        Outcome::Done
    });
    assert!(lock.record(acted).is_ok());
    assert!(
        lock.verify(&mut session, &presentation, now).is_err_and(|denial| denial.code() == 210)
    );
}
