//! What is tried with tokens and their bytes.

use std::cell::RefCell;

use keyward::{
    DecodeError, Denial, Presentation, Right, Roles, SignatureFault, Time, Token,
    caveat::CaveatKind,
    denial::Place,
    id::{DomainId, Epoch, Nonce},
    schedule::{Weekdays, Window},
    status::Revoked,
    token::{LinkFault, TokenError},
    verify::{ChainName, Chains, GenuineChain, verify_with},
};
use keyward_testkit::{
    catalogue, malformed,
    scene::{Attested, EMERGENCY, LOCK, Link, OTHER_LOCK, Scene, minute},
    world::START,
    zones,
};

use crate::common::denied;

/// For each code, all scenes of the catalogue that are denied with it, and accepted when mended.
fn denied_by(codes: impl IntoIterator<Item = u16>) {
    let cases = catalogue::cases();
    for code in codes {
        let mut of = cases.iter().filter(|case| case.denial.code() == code).peekable();
        assert!(of.peek().is_some(), "{code} has no scene");
        of.for_each(|case| denied(&[case.name]));
    }
}

/// Three links: the owner's service, the company, the courier.
fn three() -> Scene {
    Scene::with(|scene| {
        scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)];
    })
}

#[test]
fn a18_no_signature_stands_in_for_a_role() {
    denied(&["issuer_without_the_role", "unknown_issuer", "status_of_one_who_does_not_attest"]);
    // Whatever roles a key has: it grants by one of them, states the time by another, and neither
    // by the others. What it signs of lists and cards is tried by `tests/trust.rs`.
    let every = [Roles::ISSUE, Roles::ATTEST, Roles::REVOKE, Roles::ENROL];
    let none = Scene::default().entries[0].roles;
    for roles in 1..1_u8 << every.len() {
        let of = every.into_iter().filter(|role| roles & role.bits() != 0).reduce(Roles::and);
        let of = of.unwrap_or(none);
        for right in (0..6).map(|bit| Right::new(bit).unwrap()) {
            let granting = Scene::with(|scene| {
                scene.links = vec![Link { rights: Some(1 << right.bit()), ..Link::grant(0) }];
                (scene.right, scene.entries[0].roles) = (right, of);
            });
            assert_eq!(granting.verdict().is_ok(), of.has(Roles::ISSUE), "{of:?}, {right:?}");
            let emergency = Scene::with(|scene| {
                scene.links = vec![Link { rights: Some(1 << right.bit()), ..Link::grant(0) }];
                (scene.issuer, scene.emergency, scene.right) = (EMERGENCY, true, right);
                scene.entries[0].roles = of;
            });
            assert_eq!(emergency.verdict().is_ok(), right == Right::UNLOCK, "{right:?}");
        }
        let stating = Scene::with(|scene| {
            scene.links = vec![Link { fresh: Some(60), ..Link::grant(0) }];
            scene.status = Some(Attested::new(START.0 + 30));
            scene.entries[1].roles = of;
        });
        assert_eq!(stating.verdict().is_ok(), of.has(Roles::ATTEST), "{of:?}");
    }
    // Each rule of admission is broken by a scene that is accepted without.
    denied_by((200..=202).chain(210..=214).chain(220..=223).chain(230..=234));
}

#[test]
fn a19_nothing_that_the_lock_judges_can_be_stripped_or_altered() {
    let scene = three();
    let bytes = scene.presentation();
    assert!(scene.judge(&bytes).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        // It is unreadable, or names what isn't there, or a signature doesn't hold.
        let code = scene.judge(&altered).unwrap_err().code();
        assert!((100..400).contains(&code), "bit {bit}: {code}");
    }
    for version in (0..=u8::MAX).filter(|version| *version != 1) {
        let downgraded = [&[version], &bytes[1..]].concat();
        assert_eq!(scene.judge(&downgraded).unwrap_err().code(), 100);
    }
}

#[test]
fn a23_nothing_is_negotiated() {
    let bytes = Scene::default().presentation();
    for kind in (0..=u8::MAX).filter(|kind| *kind != bytes[1]) {
        let other = [&[bytes[0], kind], &bytes[2..]].concat();
        assert_eq!(Presentation::decode(&other).err(), Some(DecodeError::WrongKind(kind)));
    }
    denied(&["clear_where_the_card_demands_a_seal"]);
}

#[test]
fn a24_a_link_that_grants_more_grants_nothing() {
    let wider = Link {
        rights: Some(0b11_1111),
        valid: Some((START.0 - 3600, 7200)),
        uses: Some(1_000),
        ..Link::plain(0)
    };
    let scene = |right: Right| {
        Scene::with(|scene| {
            scene.links = vec![Link { uses: Some(1), ..Link::grant(1) }, wider.clone()];
            scene.right = right;
        })
    };
    assert!(scene(Right::UNLOCK).verdict().is_ok());
    let denied = scene(Right::LOCK).verdict().unwrap_err();
    assert_eq!(denied, Denial::RightNotGranted(Place::Link(0)));
    let mut late = scene(Right::UNLOCK);
    (late.lo, late.hi) = (START.0 + 900, Some(START.0 + 900));
    assert_eq!(late.verdict().unwrap_err().code(), 421);
    // A link of another token of the same parties fits nowhere.
    let (one, mut other) = (three(), three());
    other.serial += 1;
    let mut shorter = three();
    shorter.links.pop();
    let last = shorter.token().unwrap().len();
    let (bytes, others) = (one.token().unwrap(), other.token().unwrap());
    let spliced = [&bytes[..last], &others[last..]].concat();
    let token = Token::decode(&spliced).unwrap();
    let fault = LinkFault { link: 2, fault: SignatureFault::Mismatch };
    assert_eq!(token.check(&one.origin()).err(), Some(TokenError::Link(fault)));
}

#[test]
fn a25_a_revoked_middleman_takes_all_below_along() {
    let scene = three();
    for (place, id) in (0..).zip(scene.link_ids()) {
        let mut revoked = scene.clone();
        revoked.revoked = vec![Revoked::from(id)];
        assert_eq!(revoked.verdict().unwrap_err(), Denial::LinkRevoked(place));
        revoked.links.truncate(place.into());
        assert!(place == 0 || revoked.verdict().is_ok(), "those above live on");
        // Another child of the same parent, or another token of the same issuer.
        let mut sibling = scene.clone();
        sibling.links[usize::from(place)].uses = Some(5);
        sibling.revoked = vec![Revoked::from(id)];
        assert!(sibling.verdict().is_ok(), "and so do those beside {place}");
    }
}

/// Remembers the chain that it saw last.
struct Last(RefCell<Option<GenuineChain>>);

impl Chains for Last {
    fn find(&self, _name: &ChainName) -> Option<GenuineChain> {
        *self.0.borrow()
    }
    fn keep(&self, chain: GenuineChain) {
        *self.0.borrow_mut() = Some(chain);
    }
}

#[test]
fn a26_a_chain_that_is_remembered_outlives_no_grant() {
    let (scene, last) = (three(), Last(RefCell::new(None)));
    let bytes = scene.presentation();
    let presentation = Presentation::decode(&bytes).unwrap();
    let verdict = |scene: &Scene| {
        let judge = |view: &keyward::verify::View<'_>| verify_with(&presentation, view, &last);
        scene.prepare().view(judge).unwrap().map_or_else(|denial| denial.code(), |_| 0)
    };
    assert_eq!(verdict(&scene), 0);
    assert_eq!(verdict(&scene), 0, "by its remembered chain");
    let (mut late, mut revoked, mut floored) = (scene.clone(), scene.clone(), scene.clone());
    (late.lo, late.hi) = (START.0 + 900, Some(START.0 + 900));
    assert_eq!(verdict(&late), 421);
    revoked.revoked = vec![Revoked::from(scene.link_ids()[1])];
    assert_eq!(verdict(&revoked), 401);
    let mut dropped = scene.clone();
    dropped.entries[0].key = keyward_testkit::scene::STRANGER;
    assert_eq!(verdict(&dropped), 200);
    let issuer = keyward_testkit::scene::issuer_id(keyward_testkit::scene::ISSUER);
    let first = keyward::id::Serial(scene.serial + 1);
    floored.floors = vec![keyward::status::SerialFloor { issuer, first }];
    assert_eq!(verdict(&floored), 400);
    let other = Scene::with(|scene| scene.links = vec![Link::grant(0)]);
    assert!(other.judge(&bytes).is_ok(), "as long as all is as it was");
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
        scene.verdict().is_ok()
    };
    let minutes = |midnight_utc: u64| (0..180).filter(|m| opens(midnight_utc + m * 60)).count();
    assert_eq!(minutes(1_806_192_000 - 86_400 * 7), 60, "any Sunday");
    assert_eq!(minutes(1_806_192_000), 0, "2027-03-28: clocks skip that hour");
    assert_eq!(minutes(1_824_940_800), 120, "2027-10-31: they show it twice");
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
        CaveatKind::MaxOpen => vec![],
        CaveatKind::Fresh => vec![450, 451, 452, 453],
        CaveatKind::Schedule => vec![423, 424, 425, 426],
        CaveatKind::FirstUse => vec![431, 432],
        CaveatKind::Channel => vec![440],
        CaveatKind::App => vec![460, 461],
        unknown => panic!("{unknown:?} has no denial here"),
    };
    denied_by(CaveatKind::ALL.into_iter().flat_map(own));
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
