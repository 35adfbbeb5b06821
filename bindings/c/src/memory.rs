//! Memory of the caller's: checked, then lent for one call.

use core::{ptr::NonNull, slice};

use crate::status::{Fault, KW_MISALIGNED, KW_NULL, KW_OVERLAPPING, KW_RANGE, KW_SHORT};

/// Where bytes of the caller's lie.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: usize,
    length: usize,
}

impl Span {
    /// Bytes that are there by NULL's absence; none for NULL.
    pub(crate) fn of<T>(pointer: *const T, count: usize) -> Self {
        let length = if pointer.is_null() { 0 } else { count.saturating_mul(size_of::<T>()) };
        Self { start: pointer.addr(), length }
    }

    fn meets(self, other: Self) -> bool {
        let ends = |span: Self| span.start.saturating_add(span.length);
        let is_empty = self.length == 0 || other.length == 0;
        !is_empty && self.start < ends(other) && other.start < ends(self)
    }
}

/// That no two of these share a byte.
pub(crate) fn apart(spans: &[Span]) -> Result<(), Fault> {
    let meets =
        |(at, span): (usize, &Span)| spans.iter().skip(at + 1).any(|other| span.meets(*other));
    if spans.iter().enumerate().any(meets) { Err(Fault(KW_OVERLAPPING)) } else { Ok(()) }
}

/// Of two that may share bytes with each other, that neither does with those that are written.
pub(crate) fn apart_from(written: &[Span], read: &[Span]) -> Result<(), Fault> {
    apart(written)?;
    let meets = |span: &Span| written.iter().any(|other| span.meets(*other));
    if read.iter().any(meets) { Err(Fault(KW_OVERLAPPING)) } else { Ok(()) }
}

/// A thing of the caller's: not NULL, and aligned.
pub(crate) fn object<T>(pointer: *mut T) -> Result<NonNull<T>, Fault> {
    let thing = NonNull::new(pointer).ok_or(Fault(KW_NULL))?;
    if thing.is_aligned() { Ok(thing) } else { Err(Fault(KW_MISALIGNED)) }
}

/// A thing that is only read.
pub(crate) fn read_only<T>(pointer: *const T) -> Result<NonNull<T>, Fault> {
    object(pointer.cast_mut())
}

/// Bytes that are only read; none may be NULL.
///
/// # Safety
/// Unless it is NULL, `length` bytes at `data` are readable, and nobody writes them before `'a`
/// ends.
pub(crate) unsafe fn bytes<'a>(data: *const u8, length: usize) -> Result<&'a [u8], Fault> {
    if length == 0 {
        return Ok(&[]);
    }
    let data = fitting(data.cast_mut(), length)?;
    // SAFETY: not NULL, no longer than memory can be; the rest is the caller's word.
    Ok(unsafe { slice::from_raw_parts(data.as_ptr(), length) })
}

/// Bytes that are read and written; none may be NULL.
///
/// # Safety
/// Unless it is NULL, `length` bytes at `data` are initialised and the caller's alone until `'a`
/// ends.
pub(crate) unsafe fn bytes_mut<'a>(data: *mut u8, length: usize) -> Result<&'a mut [u8], Fault> {
    if length == 0 {
        return Ok(&mut []);
    }
    let data = fitting(data, length)?;
    // SAFETY: not NULL, no longer than memory can be; the rest is the caller's word.
    Ok(unsafe { slice::from_raw_parts_mut(data.as_ptr(), length) })
}

/// So many bytes, or `None` for NULL.
///
/// # Safety
/// Unless it is NULL, `N` bytes at `data` are readable.
pub(crate) unsafe fn array<const N: usize>(data: *const u8) -> Option<[u8; N]> {
    let data = NonNull::new(data.cast_mut())?;
    // SAFETY: not NULL, and an array of bytes needs no alignment; the rest is the caller's word.
    Some(unsafe { data.cast::<[u8; N]>().read() })
}

fn fitting(data: *mut u8, length: usize) -> Result<NonNull<u8>, Fault> {
    let data = NonNull::new(data).ok_or(Fault(KW_NULL))?;
    let ends = data.addr().get().checked_add(length);
    let is_memory = isize::try_from(length).is_ok() && ends.is_some();
    if is_memory { Ok(data) } else { Err(Fault(KW_RANGE)) }
}

/// A buffer of the caller's to write into, with room for the most that can come.
pub(crate) struct Out {
    data: NonNull<u8>,
    size: usize,
    length: NonNull<usize>,
}

impl Out {
    /// Checks it: `most` bytes have room.
    pub(crate) fn new(
        data: *mut u8,
        size: usize,
        length: *mut usize,
        most: usize,
    ) -> Result<Self, Fault> {
        let (length, data) = (object(length)?, NonNull::new(data).ok_or(Fault(KW_NULL))?);
        match size {
            _ if size < most => Err(Fault(KW_SHORT)),
            _ => Ok(Self { data: fitting(data.as_ptr(), size)?, size, length }),
        }
    }

    /// Where it lies, and where its length does.
    pub(crate) fn spans(&self) -> [Span; 2] {
        [Span::of(self.data.as_ptr(), self.size), Span::of(self.length.as_ptr(), 1)]
    }

    /// Says that nothing was written.
    ///
    /// # Safety
    /// As `write`.
    pub(crate) unsafe fn clear(&mut self) {
        // SAFETY: not NULL, aligned; the rest is the caller's word.
        unsafe { self.length.write(0) };
    }

    /// Writes bytes, no more than there is room for, and their number.
    ///
    /// # Safety
    /// Buffer and length are the caller's and writable, `bytes` lie elsewhere.
    pub(crate) unsafe fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.len() > self.size {
            return Err(Fault(KW_SHORT));
        }
        // SAFETY: `size` bytes are writable by the caller's word, and `bytes` are no more.
        unsafe { self.data.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        // SAFETY: not NULL, aligned; the rest is the caller's word.
        unsafe { self.length.write(bytes.len()) };
        Ok(())
    }
}
