//! What can't be drafted: each error of what makes objects, by its name (SPEC.md sections 6 to 8, 11,
//! 12 and 24).

use keyward::{
    Caveats, EncodeError, Right, Rights, Scope, Seconds, SigningKey, State, Status, Target, Time,
    Token, Valid,
    id::{DomainId, EvidenceId, KeyId, KeysetVersion, ListNumber, Serial},
    limits::{MAX_FLOORS, MAX_REVOCATIONS, MAX_TARGETS, MAX_TIME, MAX_TOKEN},
    receipt::Receipt,
    recording::Closed,
    role, seam,
    status::{ListOrder, Revoked, SerialFloor},
    token::Origin,
    wire::{DecodeError, Part},
    zone::{Transition, Zone, ZoneId},
};
use keyward_testkit::world::{START, World};

fn over(part: Part) -> EncodeError {
    EncodeError::Invalid(DecodeError::OverLimit(part))
}

fn out(part: Part) -> EncodeError {
    EncodeError::Invalid(DecodeError::OutOfRange(part))
}

#[test]
fn a_recording() {
    let witness = SigningKey::<role::Witness>::from_secret(&[1; 32]).public();
    let whole = Closed {
        core: [1; 32],
        evidence: EvidenceId([2; 16]),
        hash: [3; 32],
        from: Time(5),
        until: Time(5),
    };
    assert!(whole.draft(&witness).is_ok());
    for (from, until) in [(Time(6), Time(5)), (Time(5), Time(MAX_TIME + 1))] {
        let drafted = Closed { from, until, ..whole }.draft(&witness);
        assert_eq!(drafted.map(drop), Err(out(Part::Time)));
    }
    let last = Closed { from: Time(MAX_TIME), until: Time(MAX_TIME), ..whole };
    assert!(last.draft(&witness).is_ok());
}

#[test]
fn a_status_and_its_list() {
    let issuer = SigningKey::<role::Issuer>::from_secret(&[1; 32]).public();
    let scope = Scope { domain: DomainId([1; 32]), epoch: keyward::id::Epoch(0) };
    let order = ListOrder { keyset: KeysetVersion(2), number: ListNumber(1) };
    let state = State { keyset: KeysetVersion(2), list: order, at: START };
    let floor = |index: usize| SerialFloor {
        issuer: KeyId([u8::try_from(index).unwrap(); 8]),
        first: Serial(1),
    };
    let entry = |index: usize| Revoked([u8::try_from(index).unwrap(); 16]);
    let draft = |state, entries: usize, floors: usize| {
        let entries: Vec<_> = (0..entries).map(entry).collect();
        let floors: Vec<_> = (0..floors).map(floor).collect();
        Status::revoke(scope, &issuer, state, &entries, &floors, None).map(drop)
    };
    assert_eq!(draft(state, MAX_REVOCATIONS, MAX_FLOORS), Ok(()));
    assert_eq!(draft(state, MAX_REVOCATIONS + 1, 0), Err(over(Part::Revocations)));
    assert_eq!(draft(state, 0, MAX_FLOORS + 1), Err(over(Part::Floors)));
    let late = State { at: Time(MAX_TIME + 1), ..state };
    assert_eq!(draft(late, 0, 0), Err(out(Part::Time)));
    let of = |keyset, number| {
        let list = ListOrder { keyset: KeysetVersion(keyset), number: ListNumber(number) };
        State { list, ..state }
    };
    assert_eq!(draft(of(2, 0), 0, 0), Err(out(Part::ListNumber)));
    for keyset in [1, 3] {
        assert_eq!(draft(of(keyset, 1), 0, 0), Err(out(Part::ListKeyset)));
    }
    // A status without a list may name an older one, or none, and none of a keyset to come.
    let attest = |state| Status::attest(scope, &issuer, state, None).map(drop);
    assert_eq!((attest(of(2, 0)), attest(of(1, 7))), (Ok(()), Ok(())));
    assert_eq!(attest(of(3, 1)), Err(out(Part::ListKeyset)));
}

#[test]
fn a_zone() {
    let steps = |count: u32| -> Vec<_> {
        (0..count).map(|at| Transition { at: at * 10, offset: 60 }).collect()
    };
    assert!(Zone::encode(ZoneId(1), &steps(16), 1000).is_ok());
    let many = Zone::encode(ZoneId(1), &steps(17), 1000);
    assert_eq!(many.map(drop), Err(over(Part::Transitions)));
    let none = Zone::encode(ZoneId(1), &[], 1000);
    assert_eq!(none.map(drop), Err(EncodeError::Invalid(DecodeError::Empty(Part::Transitions))));
}

#[test]
fn a_token() {
    let issuer = SigningKey::<role::Issuer>::from_secret(&[1; 32]);
    let [first, second, third] =
        [2, 3, 4].map(|seed| SigningKey::<role::Holder>::from_secret(&[seed; 32]));
    let scope = Scope { domain: DomainId([1; 32]), epoch: keyward::id::Epoch(0) };
    let origin = Origin::new(scope, &issuer.public());
    let targets: Vec<_> = (0..MAX_TARGETS)
        .map(|index| Target::Lock(keyward::id::LockId([u8::try_from(index).unwrap(); 8])))
        .collect();
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let issue =
        |depth| Token::issue(scope, &issuer.public(), Serial(1), &first.public(), depth, &grant);
    assert_eq!(issue(4).map(drop), Err(EncodeError::NoDepthLeft));
    let token = issue(1).unwrap().sign(&issuer).unwrap();
    let token = Token::decode(token.as_bytes()).unwrap();
    let narrower = Caveats::narrowing();
    let pass = |token: &Token<'_>, origin: &Origin, to: &SigningKey<role::Holder>, depth| {
        token.attenuate(origin, &to.public(), depth, &narrower)
    };
    assert_eq!(pass(&token, &origin, &second, 1).map(drop), Err(EncodeError::NoDepthLeft));
    let elsewhere = SigningKey::<role::Issuer>::from_secret(&[9; 32]).public();
    let other = Origin::new(scope, &elsewhere);
    assert_eq!(pass(&token, &other, &second, 0).map(drop), Err(EncodeError::WrongKey));
    let passed = pass(&token, &origin, &second, 0).unwrap().sign(&first).unwrap();
    let passed = Token::decode(passed.as_bytes()).unwrap();
    assert_eq!(pass(&passed, &origin, &third, 0).map(drop), Err(EncodeError::NoDepthLeft));
    // Four links of eight targets and a schedule each are longer than a token may be.
    let windows: Vec<_> = (0..8)
        .map(|day: u16| keyward::schedule::Window::weekly(keyward::schedule::Weekdays::ALL, day, 1))
        .collect();
    let dates: Vec<_> = (0..16).map(|first| keyward::schedule::Dates { first, days: 1 }).collect();
    let wide = Caveats::narrowing().targets(&targets).unwrap();
    let wide = wide.schedule(&windows, &dates).unwrap();
    let holders = [&first, &second, &third];
    let mut bytes = issue(3).unwrap().sign(&issuer).unwrap();
    let mut last = None;
    for (index, pair) in holders.windows(2).enumerate() {
        let token = Token::decode(bytes.as_bytes()).unwrap();
        let depth = 2 - u8::try_from(index).unwrap();
        match token.attenuate(&origin, &pair[1].public(), depth, &wide) {
            Ok(draft) => bytes = draft.sign(pair[0]).unwrap(),
            Err(error) => last = Some(error),
        }
    }
    let token = Token::decode(bytes.as_bytes()).unwrap();
    let end = token.attenuate(&origin, &first.public(), 0, &wide).map(drop);
    assert_eq!(last.map_or(end, Err), Err(EncodeError::TooLong(MAX_TOKEN)));
}

#[test]
fn an_entry_for_another_receipt_or_a_log_that_nobody_opens() {
    let mut world = World::new(5);
    let now = world.now();
    let key = world.flat.device_key();
    let mut drafts = Vec::new();
    let mut reader = world.flat.lock.read_log(now).unwrap();
    while let Some(draft) = world.flat.lock.next_entry(&mut reader).unwrap() {
        drafts.push(draft);
    }
    let [one, other, ..] = &drafts[..] else { panic!("a claim makes entries") };
    let receipt = other.receipt().unwrap().sign(&key).unwrap();
    let mixed = seam::whole_entry(one, receipt.as_bytes()).map(drop);
    assert_eq!(mixed, Err(EncodeError::Mismatch));
    let none = seam::whole_entry(one, &[]).map(drop);
    assert_eq!(none, Err(EncodeError::Invalid(DecodeError::Truncated)));
    assert_eq!(one.seal(receipt.as_bytes(), &mut world.rng).map(drop), Err(EncodeError::Mismatch));
    // What a receipt is signed over is what its device key has signed.
    let told = Receipt::decode(receipt.as_bytes()).unwrap();
    let (signature, signed) = told.signed(&world.owner.domain);
    let draft = other.receipt().unwrap();
    assert_eq!(draft.to_sign().as_bytes(), signed);
    assert_eq!(&receipt.as_bytes()[receipt.as_bytes().len() - 64..], signature);
    assert!(format!("{one:?}").starts_with("Draft"));
}
