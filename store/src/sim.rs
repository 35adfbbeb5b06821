//! A NOR flash in memory, for tests: power cuts at every byte, rot, and cells that read differently
//! each time.
//!
//! Everything is drawn from a seed. [`power_cuts`] and [`storm`] run a flash log through cuts.

mod cuts;
mod model;
mod shared;
mod storm;
mod yielding;

use core::ops::Range;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

pub use crate::random::Random;
pub use cuts::{Failure, Logged, Report, power_cuts};
pub use shared::Shared;
pub use storm::storm;
pub use yielding::Yielding;

/// The order in which the bits of a range turn to ones while it is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasing {
    /// Byte by byte from the start.
    Upward,
    /// Byte by byte from the end.
    Downward,
    /// Byte by byte in random order.
    Shuffled,
    /// Bit by bit in random order, eight at a step.
    Bits,
    /// Byte by byte, once all bytes were programmed to zeros.
    Zeroed,
}

impl Erasing {
    /// Every model.
    pub const ALL: [Self; 5] =
        [Self::Upward, Self::Downward, Self::Shuffled, Self::Bits, Self::Zeroed];
}

/// How a flash behaves.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// How an erase proceeds.
    pub erasing: Erasing,
    /// Whether all write units of one program are in flight at once, not one behind the other.
    pub paged: bool,
    /// Whether bits in flight at a power cut read differently each time, until they are programmed
    /// or erased.
    pub marginal: bool,
    /// Whether a write unit that was torn gives an error when it is read.
    pub ecc: bool,
}

impl Behaviour {
    /// A flash that erases so, and reads what it holds. One that erases in no order programs in none.
    pub const fn of(erasing: Erasing) -> Self {
        let paged = matches!(erasing, Erasing::Bits | Erasing::Zeroed);
        Self { erasing, paged, marginal: false, ecc: false }
    }
}

/// A NOR flash in memory with write units of `WRITE` bytes and pages of `ERASE` bytes.
#[derive(Clone, Debug)]
pub struct Flash<const WRITE: usize, const ERASE: usize> {
    bytes: Vec<u8>,
    /// Bits that read differently each time.
    shaky: Vec<u8>,
    /// For each write unit: how often it was programmed since it was erased.
    programmed: Vec<u32>,
    /// For each write unit: whether it was torn.
    torn: Vec<bool>,
    erases: Vec<u32>,
    behaviour: Behaviour,
    random: Random,
    steps: u64,
    budget: Option<u64>,
    on: bool,
    violations: u32,
    again: u32,
}

impl<const WRITE: usize, const ERASE: usize> Flash<WRITE, ERASE> {
    /// An erased flash of so many pages.
    pub fn new(pages: usize, behaviour: Behaviour, seed: u64) -> Self {
        let size = pages * ERASE;
        Self {
            bytes: vec![0xff; size],
            shaky: vec![0; size],
            programmed: vec![0; size / WRITE],
            torn: vec![false; size / WRITE],
            erases: vec![0; pages],
            behaviour,
            random: Random::new(seed),
            steps: 0,
            budget: None,
            on: true,
            violations: 0,
            again: 0,
        }
    }

    /// Lets power fail within the byte step behind this many more: each byte that is programmed or
    /// erased is a step.
    pub fn cut_after(&mut self, steps: u64) {
        self.budget = Some(steps);
    }

    /// Powers the flash on, without a cut to come.
    pub fn power_on(&mut self) {
        self.on = true;
        self.budget = None;
    }

    /// Whether power has failed.
    pub fn is_off(&self) -> bool {
        !self.on
    }

    /// Byte steps that were made.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Write units that were programmed twice since they were erased, other than with zeros.
    pub fn violations(&self) -> u32 {
        self.violations
    }

    /// Write units that were programmed again with zeros.
    pub fn programmed_again(&self) -> u32 {
        self.again
    }

    /// How often each page was erased.
    pub fn erases(&self) -> &[u32] {
        &self.erases
    }

    /// What the flash holds, unsettled bits as they were before they were in flight.
    pub fn image(&self) -> &[u8] {
        &self.bytes
    }

    /// Flips a bit.
    pub fn rot(&mut self, offset: usize, bit: u8) {
        self.bytes[offset] ^= 1 << (bit % 8);
    }

    /// Writes whatever it is told to, as no flash does.
    pub fn corrupt(&mut self, offset: usize, byte: u8) {
        self.bytes[offset] = byte;
    }

    /// Seeds what is random from here on.
    pub fn reseed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Counts a step; `false` is the one in which power fails.
    fn step(&mut self) -> bool {
        self.steps += 1;
        match &mut self.budget {
            Some(0) => {
                self.on = false;
                false
            }
            Some(budget) => {
                *budget -= 1;
                true
            }
            None => true,
        }
    }

    /// Bits in flight end where they were, where they were to go, or nowhere.
    fn tear(&mut self, at: usize, mask: u8, to: u8) {
        if mask == 0 {
            return;
        }
        let fate = self.random.byte();
        self.bytes[at] = (self.bytes[at] & !(mask & fate)) | (to & mask & fate);
        if self.behaviour.marginal {
            self.shaky[at] |= match self.random.below(4) {
                0 => 0,
                1 => mask & self.random.byte(),
                _ => mask,
            };
        }
        self.torn[at / WRITE] = true;
    }

    /// Of all units that one program was given, each is as it was, done, or torn.
    fn tear_page(&mut self, start: usize, before: &[u8], bytes: &[u8]) {
        for (unit, (before, bytes)) in before.chunks(WRITE).zip(bytes.chunks(WRITE)).enumerate() {
            let fate = self.random.below(3);
            for (index, (before, byte)) in before.iter().zip(bytes).enumerate() {
                let at = start + unit * WRITE + index;
                match fate {
                    0 => self.bytes[at] = *before,
                    1 => self.set(at, !byte, 0),
                    _ => {
                        self.bytes[at] = *before;
                        self.tear(at, !byte & (before | self.shaky[at]), 0);
                    }
                }
            }
        }
    }

    fn set(&mut self, at: usize, mask: u8, to: u8) {
        self.bytes[at] = (self.bytes[at] & !mask) | (to & mask);
        self.shaky[at] &= !mask;
    }

    fn erase_whole(&mut self, range: Range<usize>) {
        self.bytes[range.clone()].fill(0xff);
        self.shaky[range.clone()].fill(0);
        self.programmed[range.start / WRITE..range.end / WRITE].fill(0);
        self.torn[range.start / WRITE..range.end / WRITE].fill(false);
    }

    /// Makes steps of an erase until power fails.
    fn erase_part(&mut self, range: Range<usize>, whole_steps: usize) {
        if self.behaviour.erasing == Erasing::Bits {
            let mut bits: Vec<usize> = (range.start * 8..range.end * 8).collect();
            self.random.shuffle(&mut bits);
            let (done, rest) = bits.split_at(whole_steps * 8);
            for bit in done {
                self.set(bit / 8, 1 << (bit % 8), 0xff);
            }
            for bit in &rest[..8] {
                let mask = (1 << (bit % 8)) & (!self.bytes[bit / 8] | self.shaky[bit / 8]);
                self.tear(bit / 8, mask, 0xff);
            }
            for at in range {
                self.torn[at / WRITE] |= self.bytes[at] != 0xff;
            }
            return;
        }
        if self.behaviour.erasing == Erasing::Zeroed {
            // Two bytes a step: half of the steps program, the other half erase.
            let to = if whole_steps < ERASE / 2 { 0 } else { 0xff };
            if to == 0xff {
                range.clone().for_each(|at| self.set(at, 0xff, 0));
            }
            let done = range.start + 2 * (whole_steps % (ERASE / 2));
            (range.start..done).for_each(|at| self.set(at, 0xff, to));
            for at in (done..range.end).take(2) {
                self.tear(at, (self.bytes[at] ^ to) | self.shaky[at], to);
            }
            for at in range {
                self.torn[at / WRITE] |= self.bytes[at] != 0xff;
            }
            return;
        }
        let mut order: Vec<usize> = range.collect();
        match self.behaviour.erasing {
            Erasing::Downward => order.reverse(),
            Erasing::Shuffled => self.random.shuffle(&mut order),
            Erasing::Upward | Erasing::Bits | Erasing::Zeroed => {}
        }
        for at in &order[..whole_steps] {
            self.torn[at / WRITE] = self.bytes[*at] != 0xff || self.torn[at / WRITE];
            self.set(*at, 0xff, 0xff);
        }
        if let Some(at) = order.get(whole_steps) {
            let mask = !self.bytes[*at] | self.shaky[*at];
            self.tear(*at, mask, 0xff);
        }
    }

    fn check_power(&self) -> Result<(), NorFlashErrorKind> {
        if self.on { Ok(()) } else { Err(NorFlashErrorKind::Other) }
    }
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for Flash<WRITE, ERASE> {
    type Error = NorFlashErrorKind;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for Flash<WRITE, ERASE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.check_power()?;
        check_read(self, offset, bytes.len())?;
        let start = offset as usize;
        let units = start / WRITE..(start + bytes.len()).div_ceil(WRITE);
        if self.behaviour.ecc && self.torn[units].contains(&true) {
            return Err(NorFlashErrorKind::Other);
        }
        // All low, all high and anything between are readings that deceive in different ways.
        let mood = self.random.below(3);
        for (out, at) in bytes.iter_mut().zip(start..) {
            let shaky = self.shaky[at];
            let reading = match (shaky, mood) {
                (0, _) | (_, 0) => 0,
                (_, 1) => 0xff,
                _ => self.random.byte(),
            };
            *out = (self.bytes[at] & !shaky) | (shaky & reading);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for Flash<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.check_power()?;
        check_erase(self, from, to)?;
        let range = from as usize..to as usize;
        for page in range.start / ERASE..range.end / ERASE {
            self.erases[page] += 1;
        }
        for page in range.step_by(ERASE) {
            for step in 0..ERASE {
                if !self.step() {
                    self.erase_part(page..page + ERASE, step);
                    return Err(NorFlashErrorKind::Other);
                }
            }
            self.erase_whole(page..page + ERASE);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.check_power()?;
        check_write(self, offset, bytes.len())?;
        let start = offset as usize;
        let before = self.bytes[start..start + bytes.len()].to_vec();
        let whole = bytes;
        for (unit, bytes) in (start / WRITE..).zip(bytes.chunks(WRITE)) {
            let zeros = bytes.iter().all(|byte| *byte == 0);
            if self.programmed[unit] > 0 {
                if zeros { self.again += 1 } else { self.violations += 1 }
            }
            self.programmed[unit] += 1;
            for (index, byte) in bytes.iter().enumerate() {
                let at = unit * WRITE + index;
                if !self.step() && self.behaviour.paged {
                    self.tear_page(start, &before, whole);
                    return Err(NorFlashErrorKind::Other);
                }
                if !self.on {
                    // The whole unit is in flight; what was reached of it may be done.
                    for (at, byte) in (at..).zip(&bytes[index..]) {
                        let mask = !byte & (self.bytes[at] | self.shaky[at]);
                        self.tear(at, mask, 0);
                    }
                    return Err(NorFlashErrorKind::Other);
                }
                self.set(at, !byte, 0);
            }
            if zeros {
                self.torn[unit] = false;
            }
        }
        Ok(())
    }
}
