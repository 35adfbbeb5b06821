//! Lives of a whole lock, on flash that tears, that bytes choose: the seeds of the fuzz target of
//! this name, and some more.

use std::fs;

use chacha20::ChaCha20Rng;
use keyward_testkit::interleave::life::{Summary, live};
use rand_core::{Rng, SeedableRng};

#[test]
fn a_lock_holds_and_says_what_the_model_does_whatever_comes_and_wherever_power_fails() {
    let mut all = Summary::default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/lock_life");
    let mut seeds: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(seeds.len() > 20);
    for seed in seeds {
        match live(&fs::read(&seed).unwrap()) {
            Ok(summary) => all.add(&summary),
            Err(what) => panic!("{}:\n  {what}", seed.display()),
        }
    }
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    for number in 0..LIVES {
        let mut bytes = [0; 200];
        rng.fill_bytes(&mut bytes);
        match live(&bytes) {
            Ok(summary) => all.add(&summary),
            Err(what) => panic!("life {number}:\n  {what}"),
        }
    }
    assert!(all.cuts > 50 && all.acted > 50 && all.taken > 300 && all.starts > 300);
    // Requests denied at each stage, and statements refused.
    for code in [0, 190, 210, 211, 300, 303, 401, 421, 430, 451, 470, 500, 501, 502, 505, 611, 690]
    {
        assert!(all.codes.contains_key(&code), "{code} was never said");
    }
}

#[test]
fn a_life_is_the_same_each_time() {
    let bytes: Vec<u8> = (0..=255).collect();
    let codes = |bytes| live(bytes).unwrap().codes;
    assert_eq!(codes(&bytes), codes(&bytes));
}

/// Random lives beside the seeds.
const LIVES: u32 = 300;
