//! What can't be drafted: each error of what makes objects, by its name (SPEC.md sections 6 to 8, 11,
//! 12 and 24).

use keyward::{
    Ask, Card, Caveats, Channel, Claimed, EncodeError, Interval, Refusal, Request, Right, Rights,
    Scope, Seconds, SignatureFault, SigningKey, State, Status, Target, Time, Token, Unclaimed,
    Valid, WitnessStatement,
    id::{
        ClaimNonce, DomainId, EvidenceId, KeyId, KeyName, KeysetVersion, LinkId, ListNumber,
        LockId, Sequence, Serial,
    },
    ledger::Outcome,
    limits::{MAX_FLOORS, MAX_REVOCATIONS, MAX_TARGETS, MAX_TIME, MAX_TOKEN},
    receipt::{Denied, Disclosed, Entry, Event, OtherPrivate, Public, Receipt},
    recording::Closed,
    role,
    schedule::{Dates, Weekdays, Window},
    seam,
    status::{ListOrder, Revoked, SerialFloor},
    token::Origin,
    wire::{DecodeError, Part},
    zone::{Transition, Zone, ZoneId},
};
use keyward_testkit::world::{START, Settings, World};

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
    let entry = |index: usize| Revoked([u8::try_from(index).unwrap(); 8]);
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
        .map(|index| Target::Lock(LockId([u8::try_from(index).unwrap(); 8])))
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
    // A link that would leave no room for its signature, and one that has no room itself.
    let windows: Vec<_> = (0..8).map(|at| Window::weekly(Weekdays::ALL, at, 1)).collect();
    let long = |dates: u32| {
        let first = |index: u32| Dates { first: (index + 1) << 20, days: 1 };
        let dates: Vec<_> = (0..dates).map(first).collect();
        let link = Caveats::narrowing().targets(&targets).unwrap();
        link.schedule(&windows, &dates).and_then(|link| link.app(1, &[0; 32])).unwrap()
    };
    let token = issue(3).unwrap().sign(&issuer).unwrap();
    let token = Token::decode(token.as_bytes()).unwrap();
    let draft = token.attenuate(&origin, &second.public(), 2, &long(8)).unwrap();
    let token = draft.sign(&first).unwrap();
    let read = Token::decode(token.as_bytes()).unwrap();
    let ends: Vec<_> = (0..=16)
        .map(|dates| read.attenuate(&origin, &third.public(), 0, &long(dates)).map(drop))
        .collect();
    assert_eq!(
        ends.first().zip(ends.last()),
        Some((&Ok(()), &Err(EncodeError::TooLong(MAX_TOKEN))))
    );
    assert!(ends.iter().all(|end| matches!(end, Ok(()) | Err(EncodeError::TooLong(MAX_TOKEN)))));
}

#[test]
fn a_grant() {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let target = |index: usize| Target::Lock(LockId([u8::try_from(index).unwrap(); 8]));
    let targets: Vec<_> = (0..=MAX_TARGETS).map(target).collect();
    let grant =
        |rights, targets: &[Target], valid| Caveats::grant(rights, targets, valid).map(drop);
    let unlock = Rights::of(Right::UNLOCK);
    let one = &targets[..1];
    assert_eq!(grant(unlock, &targets[..MAX_TARGETS], valid), Ok(()));
    assert_eq!(
        grant(Rights(0), one, valid),
        Err(EncodeError::Invalid(DecodeError::Empty(Part::Rights)))
    );
    assert_eq!(
        grant(unlock, &[], valid),
        Err(EncodeError::Invalid(DecodeError::Empty(Part::Targets)))
    );
    assert_eq!(grant(unlock, &targets, valid), Err(over(Part::Targets)));
    let late = Valid { from: Time(MAX_TIME + 1), ..valid };
    assert_eq!(grant(unlock, one, late), Err(out(Part::Time)));
    let witness = |seed| SigningKey::<role::Witness>::from_secret(&[seed; 32]).public();
    let five = [1, 2, 3, 4, 5].map(witness);
    let narrowing = Caveats::narrowing;
    assert_eq!(narrowing().witness(1, &five).map(drop), Err(over(Part::WitnessKeys)));
    assert_eq!(narrowing().witness(3, &five[..4]).map(drop), Err(out(Part::WitnessCount)));
    let windows: Vec<_> = (0..9).map(|at| Window::weekly(Weekdays::ALL, at, 1)).collect();
    let dates: Vec<_> = (0..17).map(|first| Dates { first, days: 1 }).collect();
    let often = narrowing().schedule(&windows, &[]).map(drop);
    assert_eq!(often, Err(over(Part::Windows)));
    let many = narrowing().schedule(&windows[..1], &dates).map(drop);
    assert_eq!(many, Err(over(Part::Exceptions)));
    assert_eq!(narrowing().uses(0).map(drop), Err(out(Part::Uses)));
}

#[test]
fn a_presentation() {
    let mut world = World::new(6);
    let targets = [Target::Lock(world.flat.id)];
    let valid = Valid { from: world.now, lasts: Seconds::minutes(15) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let held = world.owner.grant(&world.courier.public(), 0, &grant);
    let challenge = world.flat.connect(Channel::Radio, world.now());
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
    let courier = &world.courier;
    let request = courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let request = Request::decode(&request).unwrap();
    world.owner.revoke([], world.now);
    let list = world.owner.library.list.as_ref().unwrap();
    let status = Status::decode(list).unwrap();
    let listed = request.present(&[], Some(&status)).map(drop);
    assert_eq!(listed, Err(EncodeError::Invalid(DecodeError::ListInPresentation)));
    let agreed = [1, 2, 3].map(|seed| {
        let witness = SigningKey::<role::Witness>::from_secret(&[seed; 32]);
        request.agree(EvidenceId([seed; 16]), &witness.public()).unwrap().sign(&witness).unwrap()
    });
    let agreed: Vec<_> =
        agreed.iter().map(|bytes| WitnessStatement::decode(bytes.as_bytes()).unwrap()).collect();
    assert!(request.present(&agreed[..2], None).is_ok());
    assert_eq!(request.present(&agreed, None).map(drop), Err(over(Part::Witnesses)));
    let twice = request.present(&[agreed[0], agreed[0]], None).map(drop);
    assert_eq!(twice, Err(EncodeError::Invalid(DecodeError::Doubled(Part::Witnesses))));
}

#[test]
fn an_answer_to_a_claim_of_another_life() {
    let mut world = World::new(7);
    let label = &world.flat.label;
    let answer = world.flat.lock.claimed(&label.public()).unwrap().sign(label).unwrap();
    let answer = Claimed::decode(answer.as_bytes()).unwrap();
    let check = |world: &World, label: &SigningKey<role::Label>| {
        let domain = world.owner.held();
        let card = Card::decode(&world.owner.library.cards[&world.flat.id]).unwrap();
        answer.verify(&domain, &domain.check_card(&card).unwrap(), &label.public())
    };
    assert_eq!(check(&world, label), Ok(()));
    let fault = SignatureFault::Mismatch;
    let other = SigningKey::from_secret(&[1; 32]);
    assert_eq!(check(&world, &other), Err(Refusal::StatementSignature { signer: 0, fault }));
    let (id, now, settings) = (world.flat.id, world.now, Settings::default());
    let Unclaimed { device, nonce } = world.flat.unclaimed();
    world.owner.enrol(Unclaimed { device, nonce: ClaimNonce([9; 16]) }, id, settings.clone(), now);
    assert_eq!(check(&world, &world.flat.label), Err(Refusal::OtherLife));
    let device = SigningKey::from_secret(&[9; 32]).public();
    world.owner.enrol(Unclaimed { device, nonce }, id, settings.clone(), now);
    assert_eq!(check(&world, &world.flat.label), Err(Refusal::OtherDevice));
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
    world.owner.keep_log(world.now, &mut world.rng);
    let keyset = world.owner.library.keyset.clone();
    world.flat.deliver(&keyset, now).unwrap();
    let mut reader = world.flat.lock.read_log(now).unwrap();
    let told = world.flat.lock.next_entry(&mut reader).unwrap().unwrap();
    assert_eq!(told.seal(receipt.as_bytes(), &mut world.rng).map(drop), Err(EncodeError::Mismatch));
    // What a receipt is signed over is what its device key has signed.
    let told = Receipt::decode(receipt.as_bytes()).unwrap();
    let (signature, signed) = told.signed(&world.owner.domain);
    let draft = other.receipt().unwrap();
    assert_eq!(draft.to_sign().as_bytes(), signed);
    assert_eq!(&receipt.as_bytes()[receipt.as_bytes().len() - 64..], signature);
    assert!(format!("{one:?}").starts_with("Draft"));
}

#[test]
fn an_entry_whose_private_part_is_of_something_else() {
    let world = World::new(8);
    let key = world.flat.device_key();
    let (core, salt) = ([1; 32], [2; 16]);
    let opening = Event::Opening { core: &core, right: Right::UNLOCK, outcome: Outcome::Done };
    let denials = Event::Denials { count: 1 };
    let of_opening =
        seam::private_opening(&salt, KeyId([3; 8]), KeyName([4; 16]), &[LinkId([5; 16])], &[]);
    let row = Denied { code: 300, holder: None, count: 1, first: START, last: START };
    let of_denials = seam::private_denials(&salt, &[row]);
    let (of_opening, of_denials) = (of_opening.unwrap(), of_denials.unwrap());
    let disclosed = |event, private: &[u8]| {
        let public = Public {
            lock: world.flat.id,
            epoch: keyward::id::Epoch(0),
            sequence: Sequence(0),
            before: &[0; 32],
            oldest: Sequence(0),
            starts: 1,
            time: Interval::exactly(START),
            private: None,
            event,
        };
        let draft = seam::draft(world.owner.domain, key.public(), &public, private).unwrap();
        let receipt = draft.receipt().unwrap().sign(&key).unwrap();
        let entry = seam::whole_entry(&draft, receipt.as_bytes()).unwrap();
        let entry = Entry::decode(entry.as_bytes()).unwrap();
        entry.disclosed().map(|told| matches!(told, Disclosed::Told(_)))
    };
    assert_eq!(disclosed(opening, of_opening.as_bytes()), Ok(true));
    assert_eq!(disclosed(denials, of_denials.as_bytes()), Ok(true));
    assert_eq!(disclosed(opening, of_denials.as_bytes()), Err(OtherPrivate));
    assert_eq!(disclosed(denials, of_opening.as_bytes()), Err(OtherPrivate));
}
