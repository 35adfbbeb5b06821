//! A verifier that remembers chains, beside one that doesn't (SPEC.md section 13.9).

use std::cell::{Cell, RefCell};

use chacha20::ChaCha20Rng;
use keyward::{
    Denial, Presentation,
    verify::{Accepted, ChainName, Chains, GenuineChain, verify, verify_with},
};
use keyward_testkit::{
    random::Dice,
    scene::{Link, Scene},
    vectors,
};
use rand_core::SeedableRng;

/// Remembers all, and counts what it found.
#[derive(Default)]
struct All {
    chains: RefCell<Vec<GenuineChain>>,
    found: Cell<usize>,
}

impl Chains for All {
    fn find(&self, name: &ChainName) -> Option<GenuineChain> {
        let found = self
            .chains
            .borrow()
            .iter()
            .find(|chain| chain.name().as_bytes() == name.as_bytes())
            .copied();
        self.found.set(self.found.get() + usize::from(found.is_some()));
        found
    }

    fn keep(&self, chain: GenuineChain) {
        self.chains.borrow_mut().push(chain);
    }
}

/// Finds any chain under every name.
struct Liar(GenuineChain);

impl Chains for Liar {
    fn find(&self, _: &ChainName) -> Option<GenuineChain> {
        Some(self.0)
    }

    fn keep(&self, _: GenuineChain) {}
}

/// All that a verdict says.
fn told(verdict: Result<Accepted, Denial>) -> String {
    format!("{verdict:?}")
}

fn recalled(scene: &Scene, bytes: &[u8], chains: &dyn Chains) -> String {
    let presentation = Presentation::decode(bytes).unwrap();
    scene.prepare().view(|view| told(verify_with(&presentation, view, chains))).unwrap()
}

fn verified(scene: &Scene, bytes: &[u8]) -> String {
    let presentation = Presentation::decode(bytes).unwrap();
    scene.prepare().view(|view| told(verify(&presentation, view))).unwrap()
}

#[test]
fn every_scene_has_one_verdict_the_first_time_and_again() {
    let all = All::default();
    let mut compared = 0;
    for (name, scene) in vectors::scenes() {
        let bytes = scene.presentation();
        if Presentation::decode(&bytes).is_err() {
            continue;
        }
        let verdict = verified(&scene, &bytes);
        assert_eq!(recalled(&scene, &bytes, &all), verdict, "{name}");
        assert_eq!(recalled(&scene, &bytes, &all), verdict, "{name}");
        compared += 1;
    }
    assert!(compared > 400, "{compared}");
    assert!(all.found.get() > compared, "found {} of {compared}", all.found.get());
}

/// A scene of two links.
fn two() -> Scene {
    Scene::with(|scene| scene.links = vec![Link::grant(1), Link::plain(0)])
}

#[test]
fn random_scenes_have_one_verdict_the_first_time_and_again() {
    let (all, mut rng) = (All::default(), ChaCha20Rng::seed_from_u64(12));
    for round in 0..2000 {
        let scene = Dice(&mut rng).scene();
        let bytes = scene.presentation();
        let verdict = verified(&scene, &bytes);
        for _time in 0..2 {
            assert_eq!(recalled(&scene, &bytes, &all), verdict, "round {round}");
        }
    }
    assert!(all.found.get() > 1000, "{}", all.found.get());
}

#[test]
fn every_changed_bit_has_the_verdict_of_one_who_remembers_nothing() {
    let (scene, all) = (two(), All::default());
    let bytes = scene.presentation();
    assert!(recalled(&scene, &bytes, &all).starts_with("Ok"));
    let mut compared = 0;
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if Presentation::decode(&changed).is_ok() {
            let verdict = verified(&scene, &changed);
            assert_eq!(recalled(&scene, &changed, &all), verdict, "bit {bit}");
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
    assert_eq!(all.chains.borrow().len(), 1);
}

#[test]
fn a_chain_that_was_remembered_is_denied_once_it_is_revoked() {
    let (mut scene, all) = (two(), All::default());
    let bytes = scene.presentation();
    assert!(recalled(&scene, &bytes, &all).starts_with("Ok"));
    scene.revoked = vec![scene.link_ids()[0].into()];
    assert!(recalled(&scene, &bytes, &all).contains("LinkRevoked(0)"));
    assert_eq!(all.found.get(), 1);
}

#[test]
fn what_is_found_under_another_name_counts_for_nothing() {
    let (scene, all) = (two(), All::default());
    let bytes = scene.presentation();
    assert!(recalled(&scene, &bytes, &all).starts_with("Ok"));
    let liar = Liar(all.chains.borrow()[0]);
    let mut links = 0;
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if Presentation::decode(&changed).is_ok() {
            let verdict = verified(&scene, &changed);
            links += usize::from(verdict.contains("LinkSignature"));
            assert_eq!(recalled(&scene, &changed, &liar), verdict, "bit {bit}");
        }
    }
    // The signatures of both links: what the holder signs doesn't cover them.
    assert!(links >= 2 * 512, "{links}");
}

#[test]
fn a_chain_with_a_bad_signature_is_not_remembered() {
    let (scene, all) = (two(), All::default());
    let mut bytes = scene.presentation();
    // Behind the last link's signature comes the holder's.
    let place = bytes.len() - 65;
    bytes[place] ^= 1;
    assert!(recalled(&scene, &bytes, &all).contains("LinkSignature"));
    assert!(all.chains.borrow().is_empty());
}
