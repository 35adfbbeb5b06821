//! Stands in for `hmac` in the link proof: the calls that keyward makes, and no tag.
#![no_std]
#![forbid(unsafe_code)]

use core::{hint::black_box, marker::PhantomData};

/// Starts from a block of key bytes.
pub trait KeyInit {
    /// Starts.
    fn new(key: &[u8; 128]) -> Self;
}

/// The calls of `hmac::Mac` that keyward makes.
pub trait Mac {
    /// Takes bytes in.
    fn update(&mut self, data: &[u8]);
    /// Ends.
    fn finalize(self) -> Output;
    /// Ends, and compares.
    ///
    /// # Errors
    /// That they differ.
    fn verify_truncated_left(self, tag: &[u8]) -> Result<(), Differs>;
}

/// Another tag.
#[derive(Debug)]
pub struct Differs;

/// No tag.
pub struct Output([u8; 64]);

impl Output {
    /// The bytes.
    pub fn into_bytes(self) -> [u8; 64] {
        self.0
    }
}

/// No HMAC.
pub struct Hmac<D>([u8; 64], PhantomData<D>);

impl<D> KeyInit for Hmac<D> {
    fn new(key: &[u8; 128]) -> Self {
        black_box(key);
        Self(black_box([0; 64]), PhantomData)
    }
}

impl<D> Mac for Hmac<D> {
    fn update(&mut self, data: &[u8]) {
        black_box(data);
        self.0 = black_box(self.0);
    }

    fn finalize(self) -> Output {
        Output(black_box(self.0))
    }

    fn verify_truncated_left(self, tag: &[u8]) -> Result<(), Differs> {
        black_box((self.0, tag));
        black_box(Err(Differs))
    }
}
