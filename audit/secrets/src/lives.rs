//! A process in which one secret lives and dies. Its memory is then read by the process that
//! started it, which alone knows what to look for.

use std::{
    fs::File,
    hint::black_box,
    io::{Read, Write, stdin, stdout},
    mem,
};

use curve25519_dalek::{Scalar, scalar::clamp_integer};
use hmac::{Hmac, KeyInit};
use keyward::{
    Lock, OpeningKey, OpeningKeys, SealingKey, SigningKey,
    id::{ClaimNonce, LockId},
    key::role,
    lock::Identity,
    seal::{Context, open, seal},
    seam,
    secret::DeviceSecret,
    store::Ram,
    tables::Tables,
    text,
};
use sha2::{Digest, Sha512};
use zeroize::Zeroize;

use crate::{draw::Draw, scan::needles};

/// What becomes of a life's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is forgotten, and must be found in these forms.
    Forgotten(&'static [&'static str]),
    /// It is dropped where it was made, and must be gone.
    Dropped,
    /// It was moved before: what the compiler copied, nobody can zero.
    Moved,
}

/// It is found as it is.
const ITSELF: End = End::Forgotten(&[needles::SECRET]);

/// What happens to a secret.
type Life = fn(&mut [u8; 32]);

/// Each life's name, its end, and what happens in it.
pub const LIVES: &[(&str, End, Life)] = &[
    ("a signing key that is forgotten", ITSELF, |secret| {
        mem::forget(black_box(SigningKey::<role::Holder>::from_secret(secret)));
    }),
    ("a device secret that is forgotten", ITSELF, |secret| {
        mem::forget(black_box(DeviceSecret::new(*secret)));
    }),
    ("an opening key that is forgotten", ITSELF, |secret| {
        mem::forget(black_box(OpeningKey::from_secret(secret)));
    }),
    // What the crates make of a secret, kept as they keep it: that its form is known.
    ("a hash", End::Forgotten(&[needles::FIRST, needles::PREFIX]), |secret| {
        kept(Sha512::digest(*secret));
    }),
    ("a scalar", End::Forgotten(&[needles::REDUCED]), |secret| kept(scalar(secret))),
    ("a scalar at work", End::Forgotten(&[needles::LIMBS]), |secret| {
        let scalar = scalar(secret);
        kept(black_box(scalar) * black_box(scalar));
    }),
    ("a key of HMAC", End::Forgotten(&[needles::INNER, needles::OUTER]), |secret| {
        kept(Hmac::<Sha512>::new_from_slice(&*secret));
    }),
    ("a signing key", End::Dropped, signing),
    ("a signing key, written as text", End::Dropped, written),
    ("a device secret", End::Dropped, device),
    ("an opening key", End::Dropped, opening),
    ("a signing key, read from text", End::Moved, read),
    ("an opening key, rotated", End::Moved, rotated),
    ("a signing key, moved to the heap", End::Moved, |secret| {
        drop(black_box(Box::new(SigningKey::<role::Holder>::from_secret(secret))));
    }),
    ("a device secret, moved to the heap", End::Moved, |secret| {
        drop(black_box(Box::new(DeviceSecret::new(*secret))));
    }),
    // A lock takes its secret with it: what it was made from is the host's.
    ("a device secret, and its lock", End::Moved, |secret| {
        let device = SigningKey::<role::Device>::from_secret(&[2; 32]);
        let nonce = ClaimNonce([1; 16]);
        let identity = Identity { device: device.public(), nonce, claim_key: None };
        let secret = DeviceSecret::new(*secret);
        let mut lock = Lock::<_, Tables<4, 4>>::new(identity, secret, Ram::<8192>::new());
        black_box(lock.restore(None)).expect("an empty store");
        drop(black_box(lock));
    }),
    ("an opening key, moved to the heap", End::Moved, |secret| {
        drop(black_box(Box::new(OpeningKey::from_secret(secret))));
    }),
];

/// Leaves a value where it is.
fn kept<T>(value: T) {
    mem::forget(black_box(Box::new(value)));
}

/// The scalar of a signing key (RFC 8032, section 5.1.5).
fn scalar(secret: &[u8; 32]) -> Scalar {
    let hash = Sha512::digest(secret);
    let half = hash.first_chunk().expect("64 bytes");
    Scalar::from_bytes_mod_order(clamp_integer(*half))
}

/// Lives one of [`LIVES`]: the secret comes on the standard input, and behind what is to be opened
/// with it. It ends when the input does.
pub fn live(name: &str) -> Result<(), String> {
    let (.., life) = LIVES.iter().find(|(life, ..)| *life == name).ok_or("no such life")?;
    lived(*life)?;
    println!("done");
    stdout().flush().map_err(|error| error.to_string())?;
    let mut end = [0; 1];
    stdin().read(&mut end).map(drop).map_err(|error| error.to_string())
}

/// Apart, so that what is left of its stack lies below whatever waits.
#[inline(never)]
fn lived(life: Life) -> Result<(), String> {
    let mut secret = [0; 32];
    // Without the buffer of the standard input, which would keep a copy.
    let mut input = File::open("/dev/stdin").map_err(|error| error.to_string())?;
    input.read_exact(&mut secret).map_err(|error| error.to_string())?;
    life(black_box(&mut secret));
    secret.zeroize();
    Ok(())
}

fn signing(secret: &mut [u8; 32]) {
    let key = SigningKey::<role::Holder>::from_secret(secret);
    secret.zeroize();
    black_box(key.public());
    black_box(seam::sign(&key, b"what a holder signs"));
}

fn written(secret: &mut [u8; 32]) {
    let key = SigningKey::<role::Holder>::from_secret(secret);
    secret.zeroize();
    let mut buffer = [0; 80];
    black_box(text::encode_secret(&key, &mut buffer)).expect("room");
    buffer.zeroize();
}

fn read(secret: &mut [u8; 32]) {
    let key = SigningKey::<role::Holder>::from_secret(secret);
    secret.zeroize();
    let mut buffer = [0; 80];
    let text = text::encode_secret(&key, &mut buffer).expect("room");
    black_box(text::decode_secret::<role::Holder>(text)).expect("the same key");
    buffer.zeroize();
}

fn device(secret: &mut [u8; 32]) {
    let device = DeviceSecret::new(*secret);
    secret.zeroize();
    let [_nonce, _salt, record, anchor] = black_box(seam::derived(&device, &[1; 32]));
    black_box(seam::tags_hold(&device, &[1; 32], [&record, &anchor]));
}

fn opening(secret: &mut [u8; 32]) {
    let keys = OpeningKeys::new(OpeningKey::from_secret(secret));
    secret.zeroize();
    opened(&keys, &keys.public());
}

fn rotated(secret: &mut [u8; 32]) {
    let keys = OpeningKeys::new(OpeningKey::from_secret(secret));
    secret.zeroize();
    let before = keys.public();
    let keys = keys.rotated(OpeningKey::from_secret(&[3; 32]));
    opened(&keys, &before);
    black_box(keys.without_before().public());
}

fn opened(keys: &OpeningKeys, to: &SealingKey) {
    let context = Context::presentation(LockId([1; 8]), None);
    let sealed = seal(to, &context, &[1, 7, 1], &mut Draw(|| [9; 32])).expect("sealed");
    let mut sealed = sealed.as_bytes().to_vec();
    black_box(open(keys, &context, &mut sealed)).expect("opened");
}
