use std::sync::LazyLock;

use chacha20::ChaCha20Rng;
use keyward::{
    Scope,
    id::{DomainId, Nonce},
};
use keyward_testkit::{
    random::Dice,
    scene::{Attested, LOCK, Link, Mode, Prepared, Scene, WITNESS},
    vectors,
};
use rand_core::SeedableRng;

const OTHER_NONCE: Nonce = Nonce(*b"another-session.");

/// A scene that is accepted, its lock and its presentation.
struct Accepting {
    challenged: bool,
    lock: Prepared<'static>,
    presentation: Vec<u8>,
}

static ACCEPTING: LazyLock<Vec<Accepting>> =
    LazyLock::new(|| scenes().into_iter().map(Accepting::new).collect());

impl Accepting {
    fn new(scene: Scene) -> Self {
        let scene: &'static Scene = Box::leak(Box::new(scene));
        drop(scene.verdict().expect("a scene that is accepted"));
        let challenged = matches!(scene.mode, Mode::Challenged { .. });
        Self { challenged, lock: scene.prepare(), presentation: scene.presentation() }
    }
}

/// Accepted scenes that bring no witness and no status that nobody demands: what nobody demands
/// can be left out, and the request stays the same.
fn scenes() -> Vec<Scene> {
    let mut scenes: Vec<_> = vectors::accepting().into_iter().map(|(_, scene)| scene).collect();
    scenes.push(Scene::with(|scene| {
        scene.links[0].witness = Some((2, vec![WITNESS, WITNESS + 1]));
        scene.witnesses = vec![WITNESS, WITNESS + 1];
    }));
    scenes.push(Scene::with(|scene| {
        let time = scene.lo - 20;
        scene.mode = Mode::Unchallenged { counter: 5, time, expires: time + 100 };
        scene.accepts_unchallenged = true;
    }));
    scenes.push(Scene::with(|scene| {
        scene.links = vec![Link { app: Some((7, b"data".to_vec())), ..Link::grant(0) }];
        scene.app = Some(keyward::policy::AppVerdict::Holds);
        scene.status = Some(Attested { over_nonce: true, ..Attested::new(scene.lo - 10) });
    }));
    for scene in &mut scenes {
        if scene.status.is_some() {
            scene.links[0].fresh = Some(600);
        }
    }
    scenes
}

/// The first byte picks an accepted scene, the rest edits its presentation: only the bytes as they
/// were are accepted, and in their own session alone.
pub fn verify_mutated(data: &[u8]) {
    let Some((pick, edits)) = data.split_first() else { return };
    let case = &ACCEPTING[usize::from(*pick) % ACCEPTING.len()];
    let bytes = edited(&case.presentation, edits);
    // Pieces of another scene's presentation may add up to it, and this lock may accept it too.
    if bytes != case.presentation && ACCEPTING.iter().any(|other| other.presentation == bytes) {
        return;
    }
    let verdict = case.lock.judge(&bytes);
    assert_eq!(verdict.is_ok(), bytes == case.presentation, "{verdict:?}");
    // The verdict is of the bytes and the view alone.
    assert_eq!(case.lock.judge(&bytes).err(), verdict.err());
    let elsewhere = case.lock.judge_at(&bytes, LOCK, Scene::scope(), OTHER_NONCE);
    let unbound = !case.challenged && bytes == case.presentation;
    assert_eq!(elsewhere.is_ok(), unbound, "{elsewhere:?}");
}

fn edited(original: &[u8], edits: &[u8]) -> Vec<u8> {
    let others: Vec<_> = ACCEPTING.iter().map(|other| other.presentation.as_slice()).collect();
    edited_among(&others, original, edits)
}

/// Carries out edits of five bytes each: what, where (two bytes), and two operands.
pub(crate) fn edited_among(others: &[&[u8]], original: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let (edits, _) = edits.as_chunks::<5>();
    for [what, high, low, first, second] in edits.iter().take(16) {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (bytes.len() + 1);
        let length = usize::from(*second).min(bytes.len() - at);
        match what % 8 {
            0 if at < bytes.len() => bytes[at] = *first,
            1 if at < bytes.len() => bytes[at] ^= first,
            2 if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(*first),
            3 => drop(bytes.splice(at..at, std::iter::repeat_n(*first, usize::from(second % 70)))),
            4 => drop(bytes.drain(at..at + length)),
            5 => bytes.truncate(at),
            // A piece of another over this one, or into it.
            6 | 7 => {
                let other = others[usize::from(*first) % others.len()];
                let from = at.min(other.len());
                let piece = &other[from..(from + usize::from(*second)).min(other.len())];
                let over = if what % 8 == 6 { piece.len().min(bytes.len() - at) } else { 0 };
                drop(bytes.splice(at..at + over, piece.iter().copied()));
            }
            _ => {}
        }
    }
    bytes
}

static RANDOM: LazyLock<Vec<Prepared<'static>>> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut dice = Dice(&mut rng);
    let mut random = Vec::new();
    while random.len() < 256 {
        let scene: &'static Scene = Box::leak(Box::new(dice.scene()));
        // A history names links by a token that must exist.
        if scene.token().is_ok() {
            random.push(scene.prepare());
        }
    }
    random
});

/// The first byte picks what a lock trusts, the rest is presented: nothing is ever accepted.
///
/// The lock is in a domain that nobody has signed for, so that genuine presentations of the
/// testkit's domain may be among the seeds.
pub fn verify_bytes(data: &[u8]) {
    let Some((pick, bytes)) = data.split_first() else { return };
    let lock = &RANDOM[usize::from(*pick)];
    let scope = Scope { domain: DomainId([0xd1; 32]), ..Scene::scope() };
    let nonce = keyward_testkit::scene::NONCE;
    assert!(lock.judge_at(bytes, LOCK, scope, nonce).is_err());
}
