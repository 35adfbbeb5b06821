//! The sizes of the usual objects, beside what they must not exceed.

use chacha20::ChaCha20Rng;
use keyward_testkit::{
    scene::{Link, Scene},
    world::{Owner, START},
};
use rand_core::SeedableRng;

/// Prints the sizes of a fixture's objects; fails when one is over its limit.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    println!("Fixture: serial 1 000 000, from 2026-11-24T09:00:00Z, all validities 15 minutes,");
    println!("right unlock, one lock, Uses(1) on link 0; later links with rights and validity.");
    println!(
        "Epoch: 2 roots, 2 cold keys, an emergency key. Keyset: 4 issuers, a zone for 400 days.\n"
    );
    let mut one = Scene::full();
    one.links = vec![Link { uses: Some(1), ..Link::grant(0) }];
    let mut three = Scene::full();
    three.links[0].witness = None;
    three.witnesses.clear();
    three.status = None;
    let full = Scene::full();
    for scene in [&three, &full] {
        drop(scene.verdict().map_err(|denial| format!("the fixture is denied: {denial}"))?);
    }
    let library = Owner::new(START, &mut ChaCha20Rng::seed_from_u64(1)).library;
    let token = |scene: &Scene| scene.token().map(|token| token.len()).map_err(|e| e.to_string());
    let figures = [
        ("token_1_link_bytes", token(&one)?, 136),
        ("token_3_links_bytes", token(&three)?, 352),
        ("presentation_3_links_bytes", three.presentation().len(), 448),
        ("presentation_full_bytes", full.presentation().len(), 672),
        ("epoch_bytes", library.epochs[0].len(), 384),
        ("keyset_bytes", library.keyset.len(), 512),
    ];
    let mut over = Vec::new();
    for (name, bytes, limit) in figures {
        println!("{name}: {bytes}");
        if bytes > limit {
            over.push(format!("{name} is over {limit}"));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(over.join(", ")) }
}
