//! What is tried with tokens and their bytes.

use std::cell::Cell;

use keyward::{
    Caveats, DecodeError, Denial, Now, Origin, Presentation, Right, Rights, Roles, Seconds,
    SignatureFault, SigningKey, Target, Time, Valid,
    caveat::CaveatKind,
    denial::Place,
    id::{DomainId, Epoch, LockId, Nonce},
    limits::MAX_PRESENTATION,
    schedule::{Weekdays, Window},
    status::Revoked,
    token::LinkFault,
    verify::{ChainName, Chains, GenuineChain, verify_with},
    wire::Part,
};
use keyward_testkit::{
    catalogue, malformed,
    scene::{
        ATTESTER, Attested, EMERGENCY, ISSUER, LOCK, Link, OTHER_LOCK, STRANGER, Scene, minute,
    },
    world::{Capability, Clerk, Door, Holder, START, WAY_IN, World},
    zones,
};

use crate::common::{DAY, denied, judged, orders, three, uncounted, unlocking, visit};

/// For each code, all scenes of the catalogue that are denied with it, and accepted when mended.
fn denied_by(codes: impl IntoIterator<Item = u16>) {
    let cases = catalogue::cases();
    for code in codes {
        let mut of = cases.iter().filter(|case| case.denial.code() == code).peekable();
        assert!(of.peek().is_some(), "{code} has no scene");
        of.for_each(|case| denied(&[case.name]));
    }
}

#[test]
fn a18_no_signature_stands_in_for_a_role() {
    denied(&["issuer_without_the_role", "unknown_issuer", "status_of_one_who_does_not_attest"]);
    // Whatever roles a key has: it grants by one of them, states the time by another, and neither
    // by the others. What it signs of lists and cards is tried by `tests/trust.rs`.
    let every = [Roles::ISSUE, Roles::ATTEST, Roles::REVOKE, Roles::ENROL];
    for roles in 1..1_u8 << every.len() {
        let of = every.into_iter().filter(|role| roles & role.bits() != 0).reduce(Roles::and);
        let of = of.unwrap();
        for right in (0..6).map(|bit| Right::new(bit).unwrap()) {
            let granting = Scene::with(|scene| {
                scene.links = vec![Link { rights: Some(1 << right.bit()), ..Link::grant(0) }];
                (scene.right, scene.entries[0].roles) = (right, of);
            });
            let expected = if of.has(Roles::ISSUE) { 0 } else { 201 };
            assert_eq!(judged(&granting), expected, "{of:?}, {right:?}");
        }
        let stating = Scene::with(|scene| {
            scene.links = vec![Link { fresh: Some(60), ..Link::grant(0) }];
            scene.status = Some(Attested::new(START.0 + 30));
            scene.entries[1].roles = of;
        });
        assert_eq!(judged(&stating), if of.has(Roles::ATTEST) { 0 } else { 232 }, "{of:?}");
    }
    // Each right, by each signer, for each request.
    let bits = (0..6).flat_map(|granted| (0..6).map(move |asked| (granted, asked)));
    for (granted, asked) in bits {
        let own = if granted == asked { 0 } else { 410 };
        let emergency = if asked == Right::UNLOCK.bit() { own } else { 221 };
        let signers = [(ISSUER, own), (EMERGENCY, emergency), (ATTESTER, 201), (STRANGER, 200)];
        for (issuer, expected) in signers {
            let scene = Scene::with(|scene| {
                scene.links = vec![Link { rights: Some(1 << granted), ..Link::grant(0) }];
                (scene.issuer, scene.right) = (issuer, Right::new(asked).unwrap());
            });
            assert_eq!(judged(&scene), expected, "{issuer}: {granted} granted, {asked} asked");
        }
    }
    // Each rule of admission is broken by a scene that is accepted without.
    denied_by((200..=202).chain(210..=214).chain(220..=223).chain(230..=234));
}

#[test]
fn a23_nothing_is_negotiated() {
    let bytes = Scene::default().presentation();
    for kind in (0..=u8::MAX).filter(|kind| *kind != bytes[1]) {
        let other = [&[bytes[0], kind], &bytes[2..]].concat();
        assert_eq!(Presentation::decode(&other).err(), Some(DecodeError::WrongKind(kind)));
    }
    for version in (0..=u8::MAX).filter(|version| *version != bytes[0]) {
        let other = [&[version], &bytes[1..]].concat();
        assert_eq!(Presentation::decode(&other).err(), Some(DecodeError::WrongVersion(version)));
    }
    // No object of another kind is read as one that opens.
    let valid = malformed::cases().into_iter().filter(|case| case.name.ends_with("/valid"));
    for case in valid.filter(|case| case.kind != "presentation") {
        let read = Presentation::decode(&case.bytes).err();
        let fault = match case.bytes.len() {
            ..=MAX_PRESENTATION => DecodeError::WrongKind(case.bytes[1]),
            _ => DecodeError::OverLimit(Part::Object),
        };
        assert_eq!(read, Some(fault), "{}", case.name);
    }
    // Nor does a request choose how much it proves: the lock's card does.
    denied(&["clear_where_the_card_demands_a_seal", "unchallenged_where_the_card_refuses"]);
}

/// Remembers the chain that it saw last, and how many it was shown.
struct Last(Cell<Option<GenuineChain>>, Cell<u32>);

impl Chains for Last {
    fn find(&self, _name: &ChainName) -> Option<GenuineChain> {
        self.0.get()
    }
    fn keep(&self, chain: GenuineChain) {
        self.0.set(Some(chain));
        self.1.set(self.1.get() + 1);
    }
}

#[test]
fn a26_a_chain_that_is_remembered_outlives_no_grant() {
    let (scene, last) = (three(), Last(Cell::new(None), Cell::new(0)));
    let bytes = scene.presentation();
    let of = |bytes: &[u8], scene: &Scene| {
        let presentation = Presentation::decode(bytes).unwrap();
        let judge = |view: &keyward::verify::View<'_>| verify_with(&presentation, view, &last);
        scene.prepare().view(judge).unwrap().map_or_else(|denial| denial.code(), |_| 0)
    };
    let verdict = |scene: &Scene| of(&bytes, scene);
    assert_eq!(verdict(&scene), 0);
    assert_eq!(verdict(&scene), 0, "by its remembered chain");
    let (mut late, mut revoked, mut floored) = (scene.clone(), scene.clone(), scene.clone());
    (late.lo, late.hi) = (START.0 + 900, Some(START.0 + 900));
    assert_eq!(verdict(&late), 421);
    revoked.revoked = vec![Revoked::from(scene.link_ids()[1])];
    assert_eq!(verdict(&revoked), 401);
    let mut dropped = scene.clone();
    dropped.entries[0].key = STRANGER;
    assert_eq!(verdict(&dropped), 200);
    let issuer = keyward_testkit::scene::issuer_id(ISSUER);
    let first = keyward::id::Serial(scene.serial + 1);
    floored.floors = vec![keyward::status::SerialFloor { issuer, first }];
    assert_eq!(verdict(&floored), 400);
    // The chain of another signature is another chain: its last link's ends before the holder's.
    let mut forged = bytes.clone();
    forged[bytes.len() - 64 - 20] ^= 1;
    assert_eq!(of(&forged, &scene), 301);
    assert_eq!(verdict(&scene), 0, "as long as all is as it was");
    assert_eq!(last.1.get(), 1, "by the chain that was remembered at first");
}

#[test]
fn a27_a_presentation_is_for_one_lock_of_one_domain_in_one_epoch() {
    let (scope, nonce) = (Scene::scope(), Nonce(*b"nonce-of-session"));
    let scene = three();
    let bytes = scene.presentation();
    let code = |lock, scope| {
        let verdict = scene.judge_at(&bytes, lock, scope, nonce);
        verdict.map_or_else(|denial| denial.code(), |_| 0)
    };
    assert_eq!(code(LOCK, scope), 0);
    assert_eq!(code(OTHER_LOCK, scope), 300);
    let domain = DomainId([0xd1; 32]);
    assert_eq!(code(LOCK, keyward::Scope { domain, ..scope }), 300);
    assert_eq!(code(LOCK, keyward::Scope { epoch: Epoch(2), ..scope }), 300);
}

#[test]
fn a27_its_holder_asks_the_neighbours_locks_in_vain() {
    let mut world = World::new(127);
    let held = uncounted(&mut world);
    let valid = Valid { from: DAY.0, lasts: DAY.1 };
    let group = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Group(WAY_IN)], valid).unwrap();
    let grouped = world.owner.grant(&world.courier.public(), 0, &group);
    let now = world.now();
    let World { flat, street, cellar, courier, owner, rng, .. } = &mut world;
    let mut opens = |door: &mut Door, held: &Capability| {
        visit(door, (held, courier), Right::UNLOCK, now, rng).map(drop)
    };
    let other = Err(Denial::OtherTarget(Place::Link(0)));
    assert_eq!(
        [&mut *flat, &mut *street, &mut *cellar].map(|door| opens(door, &held)),
        [Ok(()), other, other]
    );
    let by_group = [flat, street, cellar].map(|door| opens(door, &grouped));
    assert_eq!(by_group, [Ok(()), Ok(()), other]);
    // A lock of the same name, in another domain: it knows no such issuer.
    let mut next = World::new(227);
    assert_eq!(next.flat.id, LockId(*b"flat-12a"));
    let issuer = owner.issuer.public();
    assert_eq!(opens(&mut next.flat, &held), Err(Denial::UnknownIssuer(issuer.id())));
    // Or it does, for both have the same company issue: then the domain is in what was signed, by
    // the holder, and by the issuer where the holder says that the token starts from this domain.
    let key = SigningKey::from_secret(owner.issuer.expose_secret());
    let valid = (Time(START.0 - 86_400), Seconds::days(300));
    next.owner.others.push(Clerk { key, roles: Roles::ISSUE, valid });
    next.owner.publish_keyset(next.now);
    next.flat.visit(&next.owner.library, now);
    let fault = SignatureFault::Mismatch;
    assert_eq!(opens(&mut next.flat, &held), Err(Denial::HolderSignature(fault)));
    let origin = Origin::new(next.owner.scope(), &issuer).encode().unwrap().as_bytes().to_vec();
    let moved = Capability { origin, ..held };
    let denied = Denial::LinkSignature(LinkFault { link: 0, fault });
    assert_eq!(opens(&mut next.flat, &moved), Err(denied));
}

#[test]
fn a28_a_night_without_an_hour_and_one_with_an_hour_twice() {
    // Sundays from 02:00 to 03:00 in Berlin, by the lock's own table.
    let window = Window::weekly(Weekdays::day(6), 120, 60);
    let opens = |at: u64| {
        let (from, until) = (Time(at - 200 * 86_400), Time(at + 200 * 86_400));
        let transitions = zones::transitions("Europe/Berlin", from, until);
        let scene = Scene::with(|scene| {
            let valid = Some((at - 86_400, 2 * 86_400));
            let schedule = Some((vec![window], Vec::new()));
            scene.links = vec![Link { valid, schedule, ..Link::grant(0) }];
            scene.zone = Some((transitions, minute(until.0)));
            (scene.lo, scene.hi) = (at, Some(at));
            scene
                .entries
                .iter_mut()
                .for_each(|entry| (entry.from, entry.until) = (from.0, until.0));
        });
        match scene.verdict() {
            Ok(_) => true,
            Err(Denial::OutsideSchedule(Place::Link(0))) => false,
            Err(denial) => panic!("{denial} at {at}"),
        }
    };
    // The first and the last minute after midnight UTC that open, and how many.
    let minutes = |midnight_utc: u64| {
        let open: Vec<u64> = (0..180).filter(|m| opens(midnight_utc + m * 60)).collect();
        (open.first().copied(), open.last().copied(), open.len())
    };
    let sunday = minutes(1_806_192_000 - 86_400 * 7);
    assert_eq!(sunday, (Some(60), Some(119), 60), "2027-03-21: an hour ahead of UTC");
    assert_eq!(minutes(1_806_192_000), (None, None, 0), "2027-03-28: clocks skip that hour");
    let twice = minutes(1_824_940_800);
    assert_eq!(twice, (Some(0), Some(119), 120), "2027-10-31: they show it twice");
    let sunday = minutes(1_824_940_800 + 86_400 * 7);
    assert_eq!(sunday, (Some(60), Some(119), 60), "2027-11-07");
}

#[test]
fn a29_a_condition_that_is_unknown_or_not_met_denies() {
    // A bit that this version does not know makes the token unreadable.
    let unknown = malformed::cases().into_iter().filter(|case| case.name.contains("unknown"));
    let unknown: Vec<_> = unknown.filter(|case| case.kind == "token").collect();
    assert!(!unknown.is_empty());
    for case in unknown {
        let error = malformed::decode(case.kind, &case.bytes);
        assert!(error.is_some() && error == case.error, "{}: {error:?}", case.name);
    }
    // And each kind that it knows has a scene that it alone denies.
    let own = |kind: CaveatKind| match kind {
        CaveatKind::Rights => vec![410],
        CaveatKind::Target => vec![411],
        CaveatKind::Valid => vec![420, 421, 422],
        CaveatKind::Uses => vec![430],
        CaveatKind::Witness => vec![441, 442],
        // It denies nobody: it binds the lock, as below.
        CaveatKind::MaxOpen => vec![],
        CaveatKind::Fresh => vec![450, 451, 452, 453],
        CaveatKind::Schedule => vec![423, 424, 425, 426],
        CaveatKind::FirstUse => vec![431, 432],
        CaveatKind::Channel => vec![440],
        CaveatKind::App => vec![460, 461],
        unknown => panic!("{unknown:?} has no denial here"),
    };
    denied_by(CaveatKind::ALL.into_iter().flat_map(own));
    // The door may stay open as long as the strictest link says, whichever that is.
    for order in orders(3) {
        let scene = Scene::with(|scene| {
            scene.links = three().links;
            for (link, seconds) in scene.links.iter_mut().zip(order) {
                link.max_open = [Some(10), Some(40), None][seconds];
            }
        });
        assert_eq!(scene.verdict().unwrap().relock_within(), Some(Seconds(10)));
    }
    assert_eq!(three().verdict().unwrap().relock_within(), None);
    let mut world = World::new(129);
    let grant = unlocking(&world).max_open(Seconds(40)).unwrap();
    let held = world.owner.grant(&world.courier.public(), 1, &grant);
    let narrower = Caveats::narrowing().max_open(Seconds(10)).unwrap();
    let guest = Holder::new(&mut world.rng);
    let held = world.courier.delegate(&held, &guest.public(), 0, &narrower);
    let now = world.now();
    let World { flat, rng, .. } = &mut world;
    visit(flat, (&held, &guest), Right::UNLOCK, now, rng).unwrap();
    let due = [0, 1, 9, 10, 3_600].map(|later| {
        let now = Now::exactly(START.after(later));
        flat.lock.relock_within(now).map(|Seconds(left)| left)
    });
    assert_eq!(due, [Some(10), Some(9), Some(1), Some(0), Some(0)]);
    flat.secure();
    assert_eq!(flat.lock.relock_within(now), None);
}

#[test]
fn a30_bytes_have_one_reading_or_none() {
    let mut refused = 0;
    for case in malformed::cases() {
        assert_eq!(malformed::decode(case.kind, &case.bytes), case.error, "{}", case.name);
        refused += usize::from(case.error.is_some());
    }
    assert!(refused > 200, "{refused}");
    let bytes = three().presentation();
    for length in 0..bytes.len() {
        let cut = Presentation::decode(&bytes[..length]).err();
        assert_eq!(cut, Some(DecodeError::Truncated), "at {length}");
    }
    let longer = Presentation::decode(&[&bytes[..], &[0]].concat()).err();
    assert_eq!(longer, Some(DecodeError::TrailingBytes(1)));
}

#[test]
fn a37_a_signature_has_one_form() {
    // S + L is the same number to a careless verifier, and another string of bytes.
    let scene = Scene::default();
    let bytes = scene.presentation();
    let (rest, s) = bytes.split_at(bytes.len() - 32);
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0_u16;
    let sum: Vec<_> = s
        .iter()
        .zip(order)
        .map(|(s, order)| {
            carry = u16::from(*s) + order + (carry >> 8);
            carry.to_le_bytes()[0]
        })
        .collect();
    let denied = scene.judge(&[rest, &sum].concat()).unwrap_err();
    assert_eq!(denied, Denial::HolderSignature(SignatureFault::NonCanonicalScalar));
    // A fault of the processor in the middle of a verdict is out of scope: SECURITY.md says so.
}
