//! Reads an object's fields one by one up to a fault (SPEC.md section 3), to tell what stands
//! before it. The core's own decoder says where the fault is, and nothing here is ever believed.

use keyward::{
    PublicKey, Rights, Time,
    caveat::{CaveatKind, CaveatSet},
    id::{GroupId, LockId},
    role,
};

use super::{caveat, words::Words};
use crate::{
    name::{group_name, lock_name},
    out::hex,
};

/// A way over bytes that ends at the first field which isn't whole before the fault.
pub(super) struct Way<'a> {
    bytes: &'a [u8],
    at: usize,
    /// No field that reaches beyond is told.
    end: usize,
    words: &'a Words<'a>,
    /// In front of each field's name.
    within: String,
    /// What was read: names and values.
    pub(super) told: Vec<(String, String)>,
    /// The field that isn't told.
    pub(super) stopped: Option<(String, usize)>,
}

/// Whether the way goes on.
pub(super) type Step<T = ()> = Option<T>;

impl<'a> Way<'a> {
    /// A way from behind version and kind up to the fault.
    pub(super) fn new(bytes: &'a [u8], end: usize, words: &'a Words<'a>) -> Self {
        let (within, told) = (String::new(), Vec::new());
        Self { bytes, at: 2, end: end.min(bytes.len()), words, within, told, stopped: None }
    }

    fn take(&mut self, name: &str, length: usize) -> Step<&'a [u8]> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.end);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        match taken {
            Some(_) => self.at = end.unwrap_or(self.at),
            None => self.stopped = Some((self.named(name), self.at)),
        }
        taken
    }

    fn named(&self, name: &str) -> String {
        format!("{}{name}", self.within)
    }

    fn tell(&mut self, name: &str, value: String) {
        let name = self.named(name);
        self.told.push((name, value));
    }

    pub(super) fn hex(&mut self, name: &str, length: usize) -> Step {
        let bytes = self.take(name, length)?;
        self.tell(name, hex(bytes));
        Some(())
    }

    /// A signature, which says nothing to people.
    pub(super) fn signature(&mut self) -> Step {
        self.take("signature", 64).map(drop)
    }

    pub(super) fn key(&mut self, name: &str) -> Step {
        let bytes: &[u8; 32] = self.take(name, 32)?.first_chunk()?;
        let key = PublicKey::<role::Holder>::from_bytes(bytes);
        let told = key.map_or_else(|_| hex(bytes), |key| self.words.key(&key));
        self.tell(name, told);
        Some(())
    }

    pub(super) fn lock(&mut self, name: &str) -> Step {
        let bytes: &[u8; 8] = self.take(name, 8)?.first_chunk()?;
        self.tell(name, lock_name(&LockId(*bytes)));
        Some(())
    }

    pub(super) fn group(&mut self, name: &str) -> Step {
        let bytes: &[u8; 8] = self.take(name, 8)?.first_chunk()?;
        self.tell(name, group_name(&GroupId(*bytes)));
        Some(())
    }

    pub(super) fn byte(&mut self, name: &str) -> Step<u8> {
        let byte = *self.take(name, 1)?.first()?;
        self.tell(name, byte.to_string());
        Some(byte)
    }

    pub(super) fn right(&mut self) -> Step {
        let byte = *self.take("right", 1)?.first()?;
        let rights = super::words::rights(Rights(1_u32.checked_shl(byte.into()).unwrap_or(0)));
        self.tell("right", rights.first().cloned().unwrap_or_else(|| byte.to_string()));
        Some(())
    }

    /// A byte that says whether, or of which of two kinds, something follows.
    pub(super) fn flag(&mut self, name: &str) -> Step<bool> {
        Some(*self.take(name, 1)?.first()? != 0)
    }

    /// An integer, 7 bits a byte, least first.
    fn integer(&mut self, name: &str) -> Step<u64> {
        let start = self.at;
        let (mut value, mut shift) = (0_u64, 0_u32);
        loop {
            let Some(byte) = self.take(name, 1).and_then(<[u8]>::first) else {
                self.stopped = Some((self.named(name), start));
                return None;
            };
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift = shift.saturating_add(7);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Step<u64> {
        let number = self.integer(name)?;
        self.tell(name, number.to_string());
        Some(number)
    }

    pub(super) fn time(&mut self, name: &str) -> Step {
        let time = self.integer(name)?;
        self.tell(name, self.words.instant(Time(time)));
        Some(())
    }

    /// A count, and as many entries, each with its place in front of its fields' names.
    pub(super) fn list(&mut self, name: &str, each: impl Fn(&mut Self) -> Step) -> Step {
        let count = self.integer(&format!("{name}_count"))?;
        for index in 0..count {
            let outer = self.within.clone();
            self.within = format!("{outer}{name}_{index}_");
            each(self)?;
            self.within = outer;
        }
        Some(())
    }

    /// Bytes behind their length.
    pub(super) fn sized(&mut self, name: &str) -> Step {
        let length = self.integer(name)?;
        self.hex(name, usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// All that is left, which ends with a tag of 16 bytes.
    pub(super) fn rest(&mut self, name: &str) -> Step {
        let length = self.end.saturating_sub(self.at).max(16);
        self.hex(name, length)
    }

    /// A link's caveats: the bitmap, then each body that the core can read.
    pub(super) fn caveats(&mut self) -> Step {
        let present = self.bitmap()?;
        for kind in CaveatKind::ALL.into_iter().filter(|kind| present >> kind.bit() & 1 == 1) {
            let name = format!("{kind:?}").to_lowercase();
            let start = self.at;
            let rest = self.bytes.get(start..self.end).unwrap_or_default();
            // Each body alone, as a set of one: the shortest that reads is the whole.
            let bit = 1_u16.checked_shl(kind.bit().into()).unwrap_or(0);
            let head = match bit {
                0..128 => vec![u8::try_from(bit).unwrap_or(0)],
                bit => vec![
                    u8::try_from(bit & 0x7f).unwrap_or(0) | 0x80,
                    u8::try_from(bit >> 7).unwrap_or(0),
                ],
            };
            let body = (1..=rest.len()).find_map(|length| {
                let set = [&head, rest.get(..length)?].concat();
                let set = CaveatSet::decode(&set).ok()?;
                let caveat = set.caveats().flatten().next()?;
                Some((length, caveat::sentence(&caveat, self.words)))
            });
            let Some((length, sentence)) = body else {
                self.stopped = Some((self.named(&name), start));
                return None;
            };
            self.at = start.saturating_add(length);
            self.tell(&name, sentence);
        }
        if present >> KNOWN != 0 {
            self.stopped = Some((self.named("caveats"), self.at));
            return None;
        }
        Some(())
    }

    /// Which caveats follow. The core stops at a bitmap with an unknown bit, though the bodies that
    /// it knows stand in front of the unknown one.
    fn bitmap(&mut self) -> Step<u64> {
        let (start, end) = (self.at, self.end);
        self.end = self.bytes.len();
        let present = self.integer("caveats").filter(|present| u16::try_from(*present).is_ok());
        match present {
            Some(present) if present >> KNOWN != 0 => Some(present),
            _ => {
                (self.at, self.end) = (start, end);
                self.integer("caveats")
            }
        }
    }
}

/// Bits of the caveats that this version knows.
const KNOWN: u32 = 11;
