//! Nothing that a lock or an app does allocates: every path under an allocator that counts.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use keyward::{
    Ask, Card, Caveats, Challenge, Channel, Domain, Encoded, Epoch, Issuer, Keyset, Lock, Now,
    OpeningKey, OpeningKeys, Origin, Presentation, Request, Right, Rights, Roles, Scope, Seconds,
    SigningKey, State, Status, Taken, Target, Threshold, Time, Token, Unclaimed, Valid, Walk,
    WitnessStatement,
    card::{self, CardOrder},
    epoch::{self, Commitment},
    id::{self, CardVersion, ClaimNonce, EvidenceId, Fresh, KeysetVersion, LockId, Serial},
    keyset,
    ledger::Outcome,
    limits::{MAX_CARD, MAX_SEALED},
    lock::{Bundle, Identity, Restored},
    receipt::{Entry, Receipt},
    role,
    seal::{Context, open, seal},
    secret::DeviceSecret,
    status::ListOrder,
    store::Ram,
    tables::Tables,
    text,
};
use keyward_testkit::seal::Once;

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
    let lock_id = LockId(*b"the door");
    let (mut lock, domain, card) = claimed(lock_id);
    let scope = domain.scope().unwrap();
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

    let now = Now::exactly(Time(1100));
    let mut session = lock.challenge([7; 16], Channel::Radio, now).unwrap();
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
    let state = State { keyset: KeysetVersion(1), list: ListOrder::NONE, at: Time(1090) };
    let status = Status::attest(scope, &attester.public(), state, None).unwrap();
    let status = status.sign(&attester).unwrap();
    let status = Status::decode(status.as_bytes()).unwrap();
    let presentation = request.present(&[agreed], Some(&status)).unwrap().sign(&courier).unwrap();

    assert!(Presentation::decode(presentation.as_bytes()).is_ok());

    let (opening, context) =
        (OpeningKey::from_secret(&[6; 32]), Context::presentation(lock_id, Some(&challenge.nonce)));
    let (sealing, mut rng) = (opening.public(), Once::new([7; 32]));
    lock.set_opening_keys(OpeningKeys::new(OpeningKey::from_secret(&[5; 32])).with_before(opening));
    let sealed = seal(&sealing, &context, presentation.as_bytes(), &mut rng).unwrap();
    let mut received = [0; MAX_SEALED];
    let received = &mut received[..sealed.as_bytes().len()];
    received.copy_from_slice(sealed.as_bytes());
    let presentation = lock.unseal(Some(&session), received).unwrap();
    let permit = lock.verify(&mut session, &presentation, now).unwrap().commit(now).unwrap();
    let acted = lock.act(permit, now, |order| {
        assert_eq!((order.right(), order.parameter()), (Right::UNLOCK, b"parcel".as_slice()));
        Outcome::Done
    });
    let device = SigningKey::<role::Device>::from_secret(&[16; 32]);
    let recorded = acted.and_then(|acted| lock.record(acted)).unwrap();
    let receipt = recorded.receipt().unwrap().sign(&device).unwrap();
    let told = Receipt::decode(receipt.as_bytes()).unwrap();
    let core = request.core().unwrap();
    let card = Card::decode(card.as_bytes()).unwrap();
    let outcome = told.outcome_of(&core, &domain.check_card(&card).unwrap());
    assert_eq!(outcome, Ok(Outcome::Done));
    assert!(
        lock.verify(&mut session, &presentation, now).is_err_and(|denial| denial.code() == 210)
    );

    lock.write_denials(now).unwrap();
    let mut reader = lock.read_log(now).unwrap();
    let mut told = 0;
    while let Some(entry) = lock.next_entry(&mut reader).unwrap() {
        let receipt = entry.receipt().unwrap().sign(&device).unwrap();
        let sealed = entry.seal(receipt.as_bytes(), &mut Once::new([8; 32])).unwrap();
        let received = &mut [0; MAX_SEALED][..sealed.as_bytes().len()];
        received.copy_from_slice(sealed.as_bytes());
        let keys = OpeningKeys::new(OpeningKey::from_secret(&[6; 32]));
        let opened = open(&keys, &Context::entry(lock_id), received).unwrap();
        assert!(Entry::decode(opened.bytes()).unwrap().disclosed().is_ok());
        told += 1;
    }
    assert_eq!(told, 5, "epoch, keyset, card, an opening, a denial");
}

/// An owner's first epoch, keyset and card, and a lock that was claimed by them.
fn claimed(id: LockId) -> (Lock<'static, Ram<9000>, Tables<16, 4>>, Domain, Encoded<MAX_CARD>) {
    let cold = SigningKey::<role::Cold>::from_secret(&[11; 32]);
    let next = SigningKey::<role::Cold>::from_secret(&[12; 32]);
    let root = SigningKey::<role::Root>::from_secret(&[13; 32]);
    let enroller = SigningKey::<role::Issuer>::from_secret(&[14; 32]);
    let box_key = SigningKey::<role::Claim>::from_secret(&[15; 32]);
    let device = SigningKey::<role::Device>::from_secret(&[16; 32]).public();
    let nonce = ClaimNonce([17; 16]);

    let next = Threshold { needed: 1, keys: &[next.public()] };
    let draft = epoch::Draft {
        number: id::Epoch(0),
        issued_at: Time(1000),
        roots: Threshold { needed: 1, keys: &[root.public()] },
        emergency: None,
        next: Commitment::new(&next).unwrap(),
        cold: Threshold { needed: 1, keys: &[cold.public()] },
    };
    let epoch = draft.encode().unwrap();
    let epoch = Epoch::decode(epoch.as_bytes()).unwrap();
    let domain = epoch.domain().unwrap();
    let signed = epoch.cosign(domain, &cold).unwrap();
    let epoch = Epoch::decode(signed.as_bytes()).unwrap();
    let scope = Scope { domain, epoch: id::Epoch(0) };

    let keys = [1, 2].map(|seed| SigningKey::<role::Issuer>::from_secret(&[seed; 32]).public());
    let keys = [keys[0], keys[1], enroller.public()];
    let entry = |key, roles| Issuer::new(key, roles, Time(0), Seconds(5000));
    let mut issuers = [
        (keys[0], entry(&keys[0], Roles::ISSUE)),
        (keys[1], entry(&keys[1], Roles::ATTEST)),
        (keys[2], entry(&keys[2], Roles::ENROL)),
    ];
    issuers.sort_unstable_by_key(|(key, _)| *key);
    let issuers = issuers.map(|(_, issuer)| issuer);
    let (version, issued_at) = (KeysetVersion(1), Time(1000));
    let draft = keyset::Draft {
        epoch: id::Epoch(0),
        version,
        issued_at,
        log_to: Some(OpeningKey::from_secret(&[6; 32]).public()),
        issuers: &issuers,
        zones: &[],
    };
    let keyset = draft.encode().unwrap();
    let keyset = Keyset::decode(keyset.as_bytes()).unwrap().cosign(&scope, &epoch, &root).unwrap();

    let order = CardOrder { keyset: version, version: CardVersion(1) };
    let draft = card::Draft {
        scope,
        order,
        at: Time(1000),
        lock: id,
        groups: &[],
        device,
        sealing: None,
        sealed_only: false,
        unchallenged: false,
        zone: None,
        nonce,
    };
    let card = draft.by(&enroller.public()).unwrap().sign(&enroller).unwrap();
    let decoded = Card::decode(card.as_bytes()).unwrap();
    let shown = Unclaimed { device, nonce };
    let claim = shown.claim(domain, &epoch, &decoded, &box_key.public()).unwrap();
    let claim = claim.sign(&box_key).unwrap();
    let bundle = Bundle {
        claim: claim.as_bytes(),
        epoch: signed.as_bytes(),
        keyset: keyset.as_bytes(),
        card: card.as_bytes(),
        list: None,
    };
    let identity = Identity { device, nonce, claim_key: Some(box_key.public()) };
    let mut lock = Lock::new(identity, DeviceSecret::new([18; 32]), Ram::new());
    assert_eq!(lock.restore(None), Ok(Restored::Unclaimed));
    let now = Now::exactly(Time(1050));
    assert_eq!(lock.verify_claim(&bundle, false, now).unwrap().commit(), Ok(Taken::Claim));
    let walk = Walk::from_first(domain, &epoch).unwrap();
    let keyset = Keyset::decode(keyset.as_bytes()).unwrap();
    (lock, Domain::found(walk, &keyset).unwrap(), card)
}
