//! All that handles a secret, with the secret's bytes marked.
//!
//! What leaves is marked as public where it leaves, with the reason. Before that it must bear the
//! secret's mark: if the marks were lost on the way, no report would mean nothing.

mod keys;
mod objects;
mod sealed;

use std::hint::black_box;

use keyward::{seam, secret::DeviceSecret};

use crate::taint;

/// Runs all, under valgrind; prints each job's name when it is done.
pub fn all() -> Result<(), String> {
    watched()?;
    for (name, job) in JOBS {
        job();
        println!("{name}");
    }
    Ok(())
}

/// Runs a comparison that ends at the first byte that differs, and looks into a table by a secret;
/// both must be found.
pub fn planted() -> Result<(), String> {
    watched()?;
    black_box(planted_branch(&secret_bytes(1), &black_box([0; 32])));
    black_box(planted_address(&secret_bytes(1), &black_box([7; 256])));
    Ok(())
}

/// Each job's name, and what runs it.
pub const JOBS: &[(&str, fn())] = &[
    ("a key of each class from its bytes", keys::derive),
    ("a key that is drawn", keys::draw),
    ("a key as text, both ways", keys::text),
    ("an opening key as text, both ways", keys::opening_text),
    ("one step: token, narrowing, presentation", objects::tokens),
    ("one step: witness, recording, status, card, claim, receipt", objects::statements),
    ("two steps: epoch, keyset, and each other class", objects::elsewhere),
    ("the device secret: nonce, salt, tags, equality", device_secret),
    ("an opening key's public half", sealed::public_half),
    ("opened, and not opened", sealed::open),
    ("sealed by a one-time key", sealed::seal),
];

fn device_secret() {
    let secret = DeviceSecret::new(secret_bytes(3));
    let fields = black_box([0x5a; 32]);
    let derived = seam::derived(&secret, &fields);
    // A nonce goes out in a challenge, a salt in the private part of an entry; tags lie in the
    // store, which whoever reads may know.
    let [_nonce, _salt, record, anchor] = derived.map(|derived| leaves(&derived));
    let held = seam::tags_hold(&secret, &fields, [&record, &anchor]);
    assert_eq!(held.map(told), [true; 2]);
    let other = black_box([0x33; 16]);
    assert_eq!(seam::tags_hold(&secret, &fields, [&other, &other]).map(told), [false; 2]);
    assert!(told(secret == DeviceSecret::new(secret_bytes(3))));
    assert!(!told(secret == DeviceSecret::new(secret_bytes(4))));
}

/// An outcome, which whoever asks is told.
fn told(holds: bool) -> bool {
    taint::published(&[u8::from(holds)]) == [1]
}

#[inline(never)]
fn planted_branch(secret: &[u8; 32], guess: &[u8; 32]) -> bool {
    for (a, b) in secret.iter().zip(guess) {
        if black_box(*a) != *b {
            return false;
        }
    }
    true
}

#[inline(never)]
fn planted_address(secret: &[u8; 32], table: &[u8; 256]) -> u8 {
    table[usize::from(black_box(secret)[0])]
}

/// Secret bytes, which the compiler doesn't know.
fn secret_bytes(number: u8) -> [u8; 32] {
    let bytes = black_box([number; 32]);
    taint::secret(&bytes);
    *black_box(&bytes)
}

/// What is published, and must depend on a secret up to here.
fn leaves<const N: usize>(bytes: &[u8; N]) -> [u8; N] {
    assert!(taint::is_secret(bytes), "the marks were lost on the way");
    taint::published(bytes)
}

fn watched() -> Result<(), String> {
    if taint::is_watched() { Ok(()) } else { Err("only valgrind sees anything".into()) }
}
