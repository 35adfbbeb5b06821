//! A verifying core for sealed presentations, that signs what it has accepted by its own key.
#![no_std]
#![no_main]

use ed25519_dalek::{Signer, SigningKey};
use keyward::{
    OpeningKey, OpeningKeys, Presentation,
    id::{LockId, Nonce},
    seal::{Context, open},
};
use measure::{MOST, Parts, each, lock::verified};

board::start!(run);

fn run() {
    let _closed = each(&mut [0; MOST], opened);
}

/// Opens a presentation by the key, the lock and the nonce in front of it, then verifies it.
fn opened(mut parts: Parts<'_>) -> Option<()> {
    let keys = OpeningKeys::new(OpeningKey::from_secret(parts.array()?));
    let context = Context::presentation(LockId(*parts.array()?), Some(&Nonce(*parts.array()?)));
    let opened = open(&keys, &context, parts.next()?).ok()?;
    let verdict = verified(&Presentation::unsealed(&opened).ok()?, &mut parts);
    let accepted = verdict.as_ref().ok()?;
    let own = SigningKey::from_bytes(parts.array()?);
    core::hint::black_box(own.sign(accepted.core().as_bytes()));
    Some(())
}
