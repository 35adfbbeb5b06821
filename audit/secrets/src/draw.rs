//! A generator that gives what it is told to.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// Gives 32 bytes at a time, for a key.
pub struct Draw(pub fn() -> [u8; 32]);

impl TryRng for Draw {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("keys are drawn as bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("keys are drawn as bytes")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0());
        Ok(())
    }
}

impl TryCryptoRng for Draw {}
