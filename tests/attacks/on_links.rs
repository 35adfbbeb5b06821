//! What is tried with the links of a token: to strip, to alter, to move, to widen them.

use std::ops::Range;

use keyward::{
    DecodeError, Denial, Presentation, Right, SignatureFault, Target, Token,
    denial::Place,
    schedule::{Weekdays, Window},
    status::Revoked,
    token::{LinkFault, TokenError},
    wire::{Kind, Part},
};
use keyward_testkit::{
    scene::{GROUP, HOLDER, LOCK, Link, Scene, WITNESS, key},
    world::{Holder, START},
};

use crate::common::three;

/// Where the links of a scene's token lie in its bytes, each with its signature.
fn places(scene: &Scene) -> Vec<Range<usize>> {
    let end = |links: usize| {
        let mut shorter = scene.clone();
        shorter.links.truncate(links);
        shorter.token().unwrap().len()
    };
    // Version and kind, the issuer, three bytes of serial, the number of links.
    let ends = [2 + 8 + 3 + 1].into_iter().chain((1..=scene.links.len()).map(end));
    let ends: Vec<_> = ends.collect();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// The lock's word on a token that was tampered with, which its last holder presents by his own key.
fn presented(scene: &Scene, token: &[u8]) -> Result<(), Denial> {
    let token = Token::decode(token)?;
    let request = scene.request(&token).encode().unwrap();
    let last = Holder { key: key(HOLDER + u8::try_from(scene.links.len()).unwrap() - 1) };
    scene.judge(&last.forge(request.as_bytes(), &[], None)).map(drop)
}

/// The denial where the signature of this link doesn't hold.
fn unsigned(link: u8) -> Result<(), Denial> {
    Err(Denial::LinkSignature(LinkFault { link, fault: SignatureFault::Mismatch }))
}

/// Each caveat that a link may have, and a wider one in its place.
fn caveats() -> [(Link, Link); 11] {
    let with = |change: &dyn Fn(&mut Link)| {
        let mut link = Link::plain(1);
        change(&mut link);
        link
    };
    let pair = |narrow: &dyn Fn(&mut Link), wide: &dyn Fn(&mut Link)| (with(narrow), with(wide));
    let window = |length| Some((vec![Window::weekly(Weekdays::ALL, 0, length)], Vec::new()));
    let groups = vec![Target::Lock(LOCK), Target::Group(GROUP)];
    [
        pair(&|link| link.rights = Some(1), &|link| link.rights = Some(3)),
        pair(&|link| link.targets = Some(vec![Target::Lock(LOCK)]), &|link| {
            link.targets = Some(groups.clone());
        }),
        pair(&|link| link.valid = Some((START.0, 60)), &|link| link.valid = Some((START.0, 900))),
        pair(&|link| link.uses = Some(1), &|link| link.uses = Some(2)),
        pair(&|link| link.witness = Some((1, vec![WITNESS])), &|link| {
            link.witness = Some((1, vec![WITNESS + 1]));
        }),
        pair(&|link| link.max_open = Some(5), &|link| link.max_open = Some(500)),
        pair(&|link| link.fresh = Some(60), &|link| link.fresh = Some(6_000)),
        pair(&|link| link.schedule = window(1), &|link| link.schedule = window(1_440)),
        pair(&|link| link.first_use = Some((START.0 + 60, 9)), &|link| {
            link.first_use = Some((START.0 + 900, 9));
        }),
        pair(&|link| link.channels = Some(1), &|link| link.channels = Some(0b1111)),
        pair(&|link| link.app = Some((7, vec![1])), &|link| link.app = Some((7, vec![2]))),
    ]
}

#[test]
fn a19_nothing_that_the_lock_judges_can_be_stripped_or_altered() {
    let scene = three();
    let (bytes, token) = (scene.presentation(), scene.token().unwrap());
    assert_eq!(presented(&scene, &token), Ok(()));
    // The token lies before the holder's signature, without its version and kind.
    let before = bytes.len() - 64 - token.len();
    let (issuer, links) = (before + 2..before + 10, places(&scene));
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let of_link = |link: &Range<usize>| (link.end - 64..link.end).contains(&(bit / 8 - before));
        // It is unreadable, or names what isn't there, or a signature doesn't hold.
        let expected = match Presentation::decode(&altered) {
            // This lock opens nothing that is sealed.
            Err(DecodeError::WrongKind(sealed)) if sealed == Kind::Sealed.byte() => 215,
            Err(_) => 100,
            Ok(_) if issuer.contains(&(bit / 8)) => 200,
            Ok(_) if bit / 8 >= before && links.iter().any(of_link) => 301,
            Ok(_) => 300,
        };
        assert_eq!(scene.judge(&altered).unwrap_err().code(), expected, "bit {bit}");
    }
    for version in (0..=u8::MAX).filter(|version| *version != 1) {
        let downgraded = [&[version], &bytes[1..]].concat();
        let denied = Denial::Malformed(DecodeError::WrongVersion(version));
        assert_eq!(scene.judge(&downgraded).unwrap_err(), denied);
    }
}

#[test]
fn a19_a_holder_who_strips_or_alters_a_caveat_above_him_has_no_token() {
    for (narrow, wide) in caveats() {
        let mut scene = three();
        scene.links[1] = narrow;
        let (token, place) = (scene.token().unwrap(), places(&scene)[1].clone());
        let (head, rest) = token.split_at(place.start);
        let (link, tail) = rest.split_at(place.len());
        let signature = &link[link.len() - 64..];
        for other in [Link::plain(1), wide] {
            let mut forged = scene.clone();
            forged.links[1] = other;
            let bytes = forged.token().unwrap();
            let body = &bytes[place.start..places(&forged)[1].end - 64];
            assert_ne!(body, &link[..link.len() - 64]);
            let spliced = [head, body, signature, tail].concat();
            assert_eq!(presented(&scene, &spliced), unsigned(1), "{:?}", forged.links[1]);
        }
    }
}

#[test]
fn a19_links_that_are_left_out_moved_or_another_tokens_are_no_token() {
    let mut scene = three();
    // The company says again what the owner says, so that its link could be the first.
    scene.links[1] = Link::grant(1);
    let mut other = scene.clone();
    other.serial += 1;
    let (token, others, places) = (scene.token().unwrap(), other.token().unwrap(), places(&scene));
    let links: Vec<_> = places.iter().map(|place| &token[place.clone()]).collect();
    let head = &token[..places[0].start - 1];
    let of = |links: &[&[u8]]| {
        let count = [u8::try_from(links.len()).unwrap()];
        presented(&scene, &[head, &count, &links.concat()].concat())
    };
    assert_eq!(of(&links), Ok(()));
    assert_eq!(of(&[links[0], links[2]]), unsigned(1), "without the company's");
    assert_eq!(of(&[links[1], links[2]]), unsigned(0), "without the owner's");
    let holder = Err(Denial::HolderSignature(SignatureFault::Mismatch));
    assert_eq!(of(&links[..2]), holder, "without his own");
    // Two that stand in each other's place: their depths don't fall.
    let depth = Err(Denial::Malformed(DecodeError::OutOfRange(Part::Depth)));
    assert_eq!(of(&[links[0], links[2], links[1]]), depth);
    assert_eq!(of(&[links[1], links[0], links[2]]), depth);
    // One of the same parties' other token, in each place.
    for (place, link) in (0..).zip(&places) {
        let mut spliced = links.clone();
        spliced[usize::from(place)] = &others[link.clone()];
        assert_eq!(of(&spliced), unsigned(place));
    }
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
