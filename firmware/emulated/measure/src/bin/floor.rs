//! The floor: the bare signatures, each by `from_bytes` and `verify_strict`.
#![no_std]
#![no_main]

use ed25519_dalek::{Signature, VerifyingKey};
use measure::{MOST, Parts, each};

board::start!(run);

fn run() {
    let _closed = each(&mut [0; MOST], all_hold);
}

/// Whether all signatures hold: key, signature and message of each.
#[inline(never)]
fn all_hold(mut parts: Parts<'_>) -> Option<()> {
    while let Some(key) = parts.array() {
        let signature = Signature::from_bytes(parts.array()?);
        let key = VerifyingKey::from_bytes(key).ok()?;
        key.verify_strict(parts.next()?, &signature).ok()?;
    }
    Some(())
}
