//! Keys: from bytes, drawn, as text.

use std::hint::black_box;

use keyward::{
    OpeningKey, SigningKey,
    key::role::{self, Role},
    text,
};

use super::{leaves, secret_bytes};
use crate::{draw::Draw, taint};

/// A key's public half, from secret bytes, in each class.
pub fn derive() {
    fn one<R: Role>() {
        let key = SigningKey::<R>::from_secret(&secret_bytes(1));
        assert!(taint::is_secret(key.expose_secret()));
        // The public half is what everybody gets.
        assert_eq!(leaves(key.public().as_bytes()), public_of_ones());
    }
    one::<role::Cold>();
    one::<role::Root>();
    one::<role::Emergency>();
    one::<role::Issuer>();
    one::<role::Holder>();
    one::<role::Witness>();
    one::<role::Device>();
    one::<role::Claim>();
    one::<role::Label>();
}

/// Keys from a generator of secret bytes.
pub fn draw() {
    let key = SigningKey::<role::Holder>::generate(&mut Draw(|| secret_bytes(1)));
    assert_eq!(leaves(key.public().as_bytes()), public_of_ones());
    let opening = OpeningKey::generate(&mut Draw(|| secret_bytes(1)));
    leaves(opening.public().as_bytes());
}

/// The text form of a secret key, written and read.
pub fn text() {
    let key = super::objects::held::<role::Issuer>(1);
    let mut buffer = [0; 80];
    let length = text::encode_secret(&key, &mut buffer).expect("room").len();
    let text = carried(&mut buffer[..length]);
    let read = text::decode_secret::<role::Issuer>(text).expect("the same key");
    assert_eq!(leaves(read.public().as_bytes()), public_of_ones());
}

/// The text form of a key that opens.
pub fn opening_text() {
    let key = OpeningKey::from_secret(&secret_bytes(1));
    let mut buffer = [0; 80];
    let length = text::encode_opening(&key, &mut buffer).expect("room").len();
    let text = carried(&mut buffer[..length]);
    let read = text::decode_opening(text).expect("the same key");
    assert_eq!(leaves(read.public().as_bytes()), leaves(key.public().as_bytes()));
}

/// The text that was written, to be read.
fn carried(buffer: &mut [u8]) -> &str {
    let from = buffer.len() - 43;
    assert!(taint::is_secret(&buffer[from..]));
    // What turns the bytes into a text here is this program, not keyward.
    taint::public(buffer);
    let text = std::str::from_utf8(black_box(buffer)).expect("ASCII");
    // Behind the class, which is public, the text is the secret.
    taint::secret(&text.as_bytes()[from..]);
    text
}

fn public_of_ones() -> [u8; 32] {
    *SigningKey::<role::Holder>::from_secret(&black_box([1; 32])).public().as_bytes()
}
