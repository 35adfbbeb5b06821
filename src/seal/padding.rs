//! How an object is filled up before it is sealed (SPEC.md section 23.3): its bytes, `0x80`, then
//! zeros up to the least size of its kind that holds both.

use super::Content;
use crate::{
    limits::{SEALED_ENTRY, SEALED_PRESENTATION},
    wire::Writer,
};

/// Whether text of a kind may have this size.
pub(super) fn is_size(content: Content, size: usize) -> bool {
    sizes(content).contains(&size)
}

/// Writes an object, filled up to this size.
pub(super) fn write(out: &mut Writer<'_>, object: &[u8], size: usize) {
    out.raw(object);
    out.raw(&[MARK]);
    (object.len().saturating_add(1)..size).for_each(|_| out.raw(&[0]));
}

/// The object within its text, if it is filled up as [`write`] does it.
pub(super) fn stripped(content: Content, text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    while let [head @ .., last] = rest {
        match *last {
            0 => rest = head,
            MARK => return Some(head).filter(|_| size(content, head.len()) == Some(text.len())),
            _ => return None,
        }
    }
    None
}

/// The least size that holds an object of this length and its mark.
pub(super) fn size(content: Content, length: usize) -> Option<usize> {
    sizes(content).iter().copied().find(|size| length < *size)
}

const fn sizes(content: Content) -> &'static [usize] {
    match content {
        Content::Presentation => &SEALED_PRESENTATION,
        Content::Entry => &[SEALED_ENTRY],
    }
}

/// Ends the object.
const MARK: u8 = 0x80;
