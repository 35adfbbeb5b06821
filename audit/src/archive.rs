//! Where the texts of entries lie: where they were, if that is in memory; otherwise in chunks of
//! their own.

use std::borrow::Cow;

use keyward::{receipt::Entry, receipt::Receipt, wire::Kind};

use crate::line::{Buffer, decode};

/// Bytes of a chunk of copied texts.
const CHUNK: usize = 1 << 20;

/// Texts that were read.
#[derive(Debug, Default)]
pub(crate) struct Archive<'t> {
    chunks: Vec<Cow<'t, [u8]>>,
}

/// Where one text lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    offset: u64,
    chunk: u32,
    length: u16,
    kind: Carried,
}

/// How an entry came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// In the log, as an entry.
    Entry,
    /// As a receipt, from elsewhere.
    Receipt,
}

impl Carried {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Entry => Kind::Entry,
            Self::Receipt => Kind::Receipt,
        }
    }
}

impl<'t> Archive<'t> {
    /// Takes a whole text as it lies in memory; returns its chunk.
    pub(crate) fn borrow(&mut self, text: &'t [u8]) -> u32 {
        self.chunks.push(Cow::Borrowed(text));
        self.newest()
    }

    /// The place of a part of a borrowed chunk, by its offset.
    pub(crate) fn within(chunk: u32, offset: usize, length: usize, kind: Carried) -> Option<Place> {
        let (offset, length) = (u64::try_from(offset).ok()?, u16::try_from(length).ok()?);
        Some(Place { offset, chunk, length, kind })
    }

    /// Copies a text.
    pub(crate) fn copy(&mut self, base64: &[u8], kind: Carried) -> Option<Place> {
        let room = match self.chunks.last() {
            Some(Cow::Owned(last)) => last.capacity().saturating_sub(last.len()),
            _ => 0,
        };
        if room < base64.len() {
            self.chunks.push(Cow::Owned(Vec::with_capacity(CHUNK)));
        }
        let chunk = self.newest();
        let Some(Cow::Owned(last)) = self.chunks.last_mut() else { return None };
        let offset = last.len();
        last.extend_from_slice(base64);
        Self::within(chunk, offset, base64.len(), kind)
    }

    fn newest(&self) -> u32 {
        u32::try_from(self.chunks.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The bytes of an object whose text was taken, and so once more.
    fn object<'b>(&self, place: &Place, buffer: &'b mut Buffer) -> Option<&'b [u8]> {
        let chunk = self.chunks.get(usize::try_from(place.chunk).ok()?)?;
        let offset = usize::try_from(place.offset).ok()?;
        let text = chunk.get(offset..offset.checked_add(place.length.into())?)?;
        decode(place.kind.kind(), text, buffer).ok()
    }

    /// The receipt that lies there, alone or in its entry.
    pub(crate) fn receipt<'b>(&self, place: &Place, buffer: &'b mut Buffer) -> Option<Receipt<'b>> {
        let object = self.object(place, buffer)?;
        match place.kind {
            Carried::Entry => Entry::decode(object).ok().map(|entry| entry.receipt),
            Carried::Receipt => Receipt::decode(object).ok(),
        }
    }

    /// The entry that lies there; none for a receipt.
    pub(crate) fn entry<'b>(&self, place: &Place, buffer: &'b mut Buffer) -> Option<Entry<'b>> {
        match place.kind {
            Carried::Entry => Entry::decode(self.object(place, buffer)?).ok(),
            Carried::Receipt => None,
        }
    }
}
