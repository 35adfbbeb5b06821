//! What holds of every scene: the verifier equals the naive model, attenuation never widens, and
//! no mutation of an accepted presentation is accepted.

use chacha20::ChaCha20Rng;
use keyward::{
    Channel, Denial, Interval, Scope, Seconds,
    id::{DomainId, Epoch, Nonce},
    verify::Accepted,
};
use keyward_testkit::{
    model,
    random::Dice,
    scene::{Attested, EMERGENCY, LOCK, Link, Mode, OTHER_LOCK, Scene, WITNESS},
    world::START,
};
use proptest::prelude::*;
use rand_core::SeedableRng;

const SCENES: u64 = 12_000;

fn scenes(seed: u64) -> impl Iterator<Item = Scene> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..SCENES).map(move |_| Dice(&mut rng).scene())
}

fn code(verdict: &Result<Accepted, Denial>) -> Result<(), u16> {
    verdict.as_ref().map(drop).map_err(Denial::code)
}

#[test]
fn the_verifier_equals_the_naive_model() {
    let (mut opens, mut codes) = (0, std::collections::BTreeMap::<u16, u32>::new());
    for scene in scenes(1) {
        let verdict = scene.verdict();
        assert_eq!(code(&verdict), model::judge(&scene), "{scene:#?}\n{verdict:?}");
        match code(&verdict) {
            Ok(()) => opens += 1,
            Err(code) => *codes.entry(code).or_default() += 1,
        }
    }
    println!("{SCENES} scenes, {opens} open, denials by code: {codes:?}");
    assert!(opens > SCENES / 10, "{opens} open: too few to mean anything");
    assert!(codes.len() > 30, "only {} denials were reached", codes.len());
}

/// For how many seconds the door may stay open.
fn open(accepted: &Accepted) -> u32 {
    accepted.relock_within().map_or(u32::MAX, |Seconds(within)| within)
}

#[test]
fn a_link_never_widens() {
    let mut judged = 0;
    let mut obliged = 0_u64;
    for scene in scenes(2).filter(|scene| scene.links.len() > 1) {
        let Ok(child) = scene.verdict() else { continue };
        let mut parent = scene.clone();
        parent.links.pop();
        let parent = parent.verdict().expect("what the longer chain permits, the shorter does");
        assert!(open(&child) <= open(&parent), "and for as long");
        judged += 1;
        obliged += u64::from(parent.relock_within().is_some());
    }
    assert!(judged > SCENES / 20, "{judged} chains");
    assert!(obliged > SCENES / 200, "{obliged} chains whose parent has an obligation");
}

#[test]
fn a_caveat_never_widens() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut judged = 0;
    for scene in scenes(3) {
        let Ok(strict) = scene.verdict() else { continue };
        // Drop one caveat of one link that link 0 needn't have.
        let mut looser = scene.clone();
        let index = usize::try_from(Dice(&mut rng).below(looser.links.len() as u64)).unwrap();
        let link = &mut looser.links[index];
        match Dice(&mut rng).below(10) {
            0 if index > 0 => link.rights = None,
            1 if index > 0 => link.targets = None,
            2 if index > 0 => link.valid = None,
            3 => link.uses = None,
            4 => link.witness = None,
            5 => link.max_open = None,
            6 => link.fresh = None,
            7 => link.schedule = None,
            8 => link.first_use = None,
            9 => link.channels = None,
            _ => link.app = None,
        }
        let looser = looser.verdict().expect("with fewer caveats, what was permitted is");
        assert!(open(&strict) <= open(&looser), "and for as long");
        judged += 1;
    }
    assert!(judged > SCENES / 10, "{judged} scenes");
}

#[test]
fn a_narrower_clock_never_denies_what_a_vaguer_one_permits() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    // Unchallenged requests are left out, for a better clock may prove one to be from the future;
    // and statuses over the nonce, for they are a clock that the "better" one may contradict.
    let challenged = scenes(4).filter(|scene| {
        matches!(scene.mode, Mode::Challenged { .. })
            && scene.status.as_ref().is_none_or(|status| !status.over_nonce)
    });
    let vague = challenged.filter(|scene| scene.hi.is_some_and(|hi| hi > scene.lo));
    let mut judged = 0;
    for scene in vague.filter(|scene| scene.verdict().is_ok()) {
        let mut exact = scene.clone();
        let hi = exact.hi.expect("filtered");
        exact.lo += Dice(&mut rng).below(hi - exact.lo + 1);
        exact.hi = Some(exact.lo + Dice(&mut rng).below(hi - exact.lo + 1));
        drop(exact.verdict().expect("whatever the vaguer clock proved still holds"));
        judged += 1;
    }
    assert!(judged > 500, "{judged} scenes");
}

/// Accepting scenes of every shape.
fn accepting() -> Vec<(&'static str, Scene)> {
    let unchallenged = Scene::with(|scene| {
        scene.accepts_unchallenged = true;
        scene.mode = Mode::Unchallenged { counter: 9, time: START.0, expires: START.0 + 100 };
    });
    let four = Scene::with(|scene| {
        scene.links = vec![Link::grant(3), Link::plain(2), Link::plain(1), Link::plain(0)];
        scene.parameter = b"parcel 17".to_vec();
    });
    let two_witnesses = Scene::with(|scene| {
        scene.links[0].witness = Some((2, vec![WITNESS, WITNESS + 1]));
        scene.witnesses = vec![WITNESS, WITNESS + 1];
        scene.status = Some(Attested { over_nonce: true, ..Attested::new(START.0 + 59) });
    });
    let scenes = vec![
        ("one link", Scene::default()),
        ("three links, witness, status", Scene::full()),
        ("four links, parameter", four),
        ("two witnesses, status over the nonce", two_witnesses),
        ("unchallenged", unchallenged),
        ("break-glass", Scene::with(|scene| scene.issuer = EMERGENCY)),
    ];
    for (name, scene) in &scenes {
        drop(scene.verdict().expect(name));
    }
    scenes
}

#[test]
fn every_single_bit_flip_is_denied() {
    for (name, scene) in accepting() {
        let bytes = scene.presentation();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let accepted = scene.judge(&flipped).is_ok();
            assert!(!accepted, "{name}: bit {bit} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn every_truncation_and_extension_is_denied() {
    for (name, scene) in accepting() {
        let bytes = scene.presentation();
        for length in 0..bytes.len() {
            let denial = scene.judge(&bytes[..length]).expect_err(name);
            assert_eq!(denial.code(), 100, "{name}: {length} bytes");
        }
        for byte in 0..=u8::MAX {
            let longer = [bytes.as_slice(), &[byte]].concat();
            assert_eq!(scene.judge(&longer).expect_err(name).code(), 100, "{name}");
        }
    }
}

#[test]
fn every_byte_left_out_or_doubled_is_denied() {
    for (name, scene) in accepting() {
        let bytes = scene.presentation();
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let shorter = [head, &tail[1..]].concat();
            assert!(scene.judge(&shorter).is_err_and(|_| true), "{name}: without byte {at}");
            let longer = [head, &tail[..1], tail].concat();
            assert!(scene.judge(&longer).is_err_and(|_| true), "{name}: byte {at} doubled");
        }
    }
}

/// The lengths of a scene's links on the wire, signature included.
fn link_lengths(scene: &Scene) -> Vec<usize> {
    let length = |links: usize| {
        let mut shorter = scene.clone();
        shorter.links.truncate(links);
        shorter.token().unwrap().len()
    };
    let header = 2 + 8 + 3 + 1;
    (1..=scene.links.len())
        .map(
            |links| if links == 1 { length(1) - header } else { length(links) - length(links - 1) },
        )
        .collect()
}

fn split_links<'b>(scene: &Scene, presentation: &'b [u8]) -> (&'b [u8], Vec<&'b [u8]>, &'b [u8]) {
    let lengths = link_lengths(scene);
    let (body, signature) = presentation.split_at(presentation.len() - 64);
    let (head, mut rest) = body.split_at(body.len() - lengths.iter().sum::<usize>());
    let links = lengths.iter().map(|length| {
        let (link, tail) = rest.split_at(*length);
        rest = tail;
        link
    });
    (head, links.collect(), signature)
}

#[test]
fn every_link_swap_and_splice_is_denied() {
    for (name, scene) in accepting() {
        let mut sibling = scene.clone();
        sibling.serial += 1;
        let (mine, theirs) = (scene.presentation(), sibling.presentation());
        let (head, links, signature) = split_links(&scene, &mine);
        let (_, others, _) = split_links(&sibling, &theirs);
        for i in 0..links.len() {
            for j in (0..links.len()).filter(|j| *j != i) {
                let mut swapped = links.clone();
                swapped.swap(i, j);
                let bytes = [head, &swapped.concat(), signature].concat();
                assert!(scene.judge(&bytes).is_err_and(|_| true), "{name}: {i} and {j} swapped");
                let mut doubled = links.clone();
                doubled[i] = links[j];
                let bytes = [head, &doubled.concat(), signature].concat();
                assert!(scene.judge(&bytes).is_err_and(|_| true), "{name}: {j} in place of {i}");
            }
            // A link of another token of the same parties, with the same caveats.
            let mut spliced = links.clone();
            spliced[i] = others[i];
            let bytes = [head, &spliced.concat(), signature].concat();
            let denial = scene.judge(&bytes).expect_err(name);
            assert!((300..400).contains(&denial.code()), "{name}: splice at {i}: {denial}");
        }
    }
}

#[test]
fn another_lock_domain_epoch_or_session_denies() {
    let (scope, nonce) = (Scene::scope(), Nonce(*b"nonce-of-session"));
    let other_domain = Scope { domain: DomainId([0xd1; 32]), ..scope };
    let other_epoch = Scope { epoch: Epoch(2), ..scope };
    for (name, scene) in accepting() {
        let bytes = scene.presentation();
        drop(scene.judge_at(&bytes, LOCK, scope, nonce).expect(name));
        let holder = |verdict: Result<Accepted, Denial>| {
            let code = verdict.expect_err(name).code();
            assert!(code == 300 || code == 230, "{name}: {code}");
        };
        holder(scene.judge_at(&bytes, OTHER_LOCK, scope, nonce));
        holder(scene.judge_at(&bytes, LOCK, other_domain, nonce));
        holder(scene.judge_at(&bytes, LOCK, other_epoch, nonce));
        if let Mode::Challenged { age, .. } = scene.mode {
            holder(scene.judge_at(&bytes, LOCK, scope, Nonce([0; 16])));
            for channel in [Channel::Remote, Channel::Contact, Channel::Ranged] {
                let mut moved = scene.clone();
                moved.mode = Mode::Challenged { age, channel };
                holder(moved.judge(&bytes));
            }
        }
    }
}

#[test]
fn no_signature_serves_another_purpose() {
    // Every signature of one presentation in the place of every other: none is good twice.
    let scene = Scene::full();
    let bytes = scene.presentation();
    let mut ends: Vec<usize> = Vec::new();
    let (head, links, _) = split_links(&scene, &bytes);
    let witness = 2 + 1 + 16 + 1 + 1 + 1 + 32 + 16 + 64;
    ends.push(witness);
    ends.push(witness + 1 + (8 + 1 + 1 + 2 + 5 + 1 + 1) + 64);
    let mut at = head.len();
    for link in &links {
        at += link.len();
        ends.push(at);
    }
    ends.push(bytes.len());
    for from in &ends {
        for to in ends.iter().filter(|to| *to != from) {
            let mut moved = bytes.clone();
            moved.copy_within(from - 64..*from, to - 64);
            let code = scene.judge(&moved).expect_err("moved").code();
            assert!((300..304).contains(&code), "from {from} to {to}: {code}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn verify_never_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..1600)) {
        drop(Scene::default().judge(&bytes));
        let mut framed = vec![1, 7];
        framed.extend(&bytes);
        drop(Scene::default().judge(&framed));
    }

    #[test]
    fn verify_never_panics_on_mutated_presentations(
        which in 0..6_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (_, scene) = accepting().swap_remove(which);
        let original = scene.presentation();
        let mut bytes = original.clone();
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        let verdict = scene.judge(&bytes);
        prop_assert!(bytes == original || verdict.is_err());
    }

    #[test]
    fn lo_and_hi_never_cross(lo in any::<u64>(), hi in any::<u64>()) {
        let interval = Interval::between(keyward::Time(lo), keyward::Time(hi));
        prop_assert!(interval.hi().is_some_and(|hi| interval.lo() <= hi));
    }
}
