//! Logs whose tags are right and which hold something that no lock writes (SPEC.md section 22): a
//! start refuses them, or finds a state that the next start finds again.

use std::collections::BTreeMap;

use keyward::{Denial, Lock, lock::Restored};
use keyward_testkit::{
    journal::{body, records, tagged, write},
    lives::{Script, told},
    vectors::journal,
    world::{
        World,
        door::{Memory, secret, secret_bytes},
    },
};

/// A log, and the place of one of its records.
type Place = (Vec<Vec<u8>>, usize);

/// A record of each schema, kind and length that the vectors have among what starts a lock.
fn places() -> Vec<Place> {
    let vectors = journal();
    let mut places = BTreeMap::<_, Place>::new();
    for vector in vectors["vectors"].as_array().unwrap() {
        if vector["result"]["restored"] != "claimed" {
            continue;
        }
        let records = vector["records"].as_array().unwrap().iter();
        let bodies: Vec<_> = records.map(|record| body(&unhex(record.as_str().unwrap()))).collect();
        for (place, record) in bodies.iter().enumerate() {
            let kind = (bodies[0][1], record[0], record.len());
            places.entry(kind).or_insert_with(|| (bodies.clone(), place));
        }
    }
    places.into_values().collect()
}

/// What a lock makes of a log: it doesn't panic over it, then or when it is asked to tell its log,
/// and says the same again.
fn start(script: &Script, secret: &[u8; 32], bodies: &[Vec<u8>]) -> bool {
    let mut store = Memory::new();
    write(&mut store, &tagged(secret, bodies.to_vec()));
    let (mut lock, found) = script.start(store, None);
    match found {
        Ok(before) => {
            let told = told(&mut lock);
            let (mut lock, after) = script.start(lock.into_store(), None);
            assert_eq!(after, Ok(before));
            assert_eq!(self::told(&mut lock), told);
            true
        }
        Err(Denial::StateCorrupt | Denial::StateTooNew | Denial::Releasing) => false,
        Err(denial) => panic!("{denial:?}"),
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[test]
fn a_record_that_ends_early_or_differs_by_a_byte_is_refused_or_taken_for_good() {
    let script = Script::new(3, 20);
    let secret = secret_bytes(&script.identity);
    let (mut refused, mut taken) = (0, 0);
    for (bodies, place) in places() {
        let record = bodies[place].clone();
        let mut edited = bodies;
        for at in 0..record.len() {
            edited[place] = record[..at].to_vec();
            let is_taken = start(&script, &secret, &edited);
            // Counts and lanes may be any number, and nothing may be told of an open entry.
            assert!(
                !is_taken || matches!(record[0], 5 | 6 | 15),
                "{place} cut at {at}: {record:?}"
            );
            for bits in [0x01, 0x80] {
                edited[place] = record.clone();
                edited[place][at] ^= bits;
                match start(&script, &secret, &edited) {
                    true => taken += 1,
                    false => refused += 1,
                }
            }
        }
        edited[place] = [&record[..], &[0]].concat();
        assert!(!start(&script, &secret, &edited), "{place} with a byte more: {record:?}");
    }
    assert!(refused > 2000 && taken > 2000, "{refused} {taken}");
}

#[test]
fn a_change_of_the_device_key_that_ends_early_is_refused() {
    let mut world = World::new(3);
    let now = world.now();
    world.flat.rotate(now).unwrap();
    let identity = world.flat.identity();
    let mut store = world.flat.lock.store().clone();
    let bodies: Vec<_> = records(&mut store).iter().map(|record| body(record)).collect();
    let start = |bodies: &[Vec<u8>]| {
        let mut store = Memory::new();
        write(&mut store, &tagged(&secret_bytes(&identity), bodies.to_vec()));
        let mut lock: Lock<'static, Memory> = Lock::new(identity, secret(&identity), store);
        lock.restore(None)
    };
    assert_eq!(start(&bodies), Ok(Restored::Claimed { interrupted: None }));
    let (change, before) = bodies.split_last().unwrap();
    for at in 0..change.len() {
        let cut = [before, &[change[..at].to_vec()]].concat();
        assert_eq!(start(&cut), Err(Denial::StateCorrupt), "{at}");
    }
    let longer = [before, &[[&change[..], &[0]].concat()]].concat();
    assert_eq!(start(&longer), Err(Denial::StateCorrupt));
}
