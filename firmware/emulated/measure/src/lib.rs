//! What the images that measure have in common.
#![no_std]

pub mod lock;

use board::{
    mark::{mark_begin, mark_end},
    pipe::{Broken, Pipe},
    stack,
};

/// What to work on.
pub const INPUT: u8 = b'I';
/// What came of it: whether it held, and how deep the stack got.
pub const RESULT: u8 = b'R';
/// Bytes of an input, at most.
pub const MOST: usize = 2048;

/// Does a job on each input, measured, and tells what came of it, until the pipe closes.
pub fn each(buffer: &mut [u8; MOST], job: impl Fn(Parts<'_>) -> Option<()>) -> Result<(), Broken> {
    let mut pipe = Pipe::open()?;
    loop {
        let (_input, body) = pipe.receive(buffer)?;
        let stack = stack::paint();
        mark_begin();
        let held = job(Parts(body));
        mark_end();
        let peak = u32::try_from(stack.peak()).unwrap_or(u32::MAX);
        pipe.send(RESULT, &[&[u8::from(held.is_some())], &peak.to_le_bytes()])?;
    }
}

/// The parts of an input, each behind its length of two bytes.
pub struct Parts<'i>(&'i mut [u8]);

impl<'i> Parts<'i> {
    /// The next part.
    pub fn next(&mut self) -> Option<&'i mut [u8]> {
        let (length, rest) = core::mem::take(&mut self.0).split_first_chunk_mut()?;
        let (part, rest) = rest.split_at_mut_checked(usize::from(u16::from_le_bytes(*length)))?;
        self.0 = rest;
        Some(part)
    }

    /// The next part, of a known length.
    pub fn array<const N: usize>(&mut self) -> Option<&'i [u8; N]> {
        self.next().and_then(|part| (&*part).try_into().ok())
    }

    /// The next part, as a number.
    pub fn number(&mut self) -> Option<u64> {
        self.array().copied().map(u64::from_le_bytes)
    }
}
