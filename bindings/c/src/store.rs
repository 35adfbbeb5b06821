//! The journal's place: a log of the host's own, or a flash.

use core::ffi::c_void;

use keyward::store::{Cursor, Store, StoreError};

use crate::{
    capacity::{STORE_BYTES, STORE_OVERHEAD},
    flash::Flash,
    status::{Fault, KW_NULL},
};

/// Done.
pub const KW_STORE_OK: i32 = 0;
/// Of `read` alone: no record is behind this place.
pub const KW_STORE_END: i32 = 1;
/// This log has no room for the record; it is as it was, and a new one is written beside it. A new
/// log has room for all of `KW_STORE_BYTES`: where the medium has no room for that, it has failed.
pub const KW_STORE_FULL: i32 = 2;
/// The log was damaged after it was written: what it held can't be told.
pub const KW_STORE_CORRUPT: i32 = 3;
/// The medium failed; until power fails, the log is as it was. So is any number that is none of
/// these.
pub const KW_STORE_FAILED: i32 = 4;

/// A log of records of the host's own (SPEC.md section 22): durable, whole, honest and healing as
/// `keyward::store::Store` has it. A host with a bare NOR flash takes `kw_flash`, which is all
/// that.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_store {
    /// What each callback gets first; it stays the host's.
    pub context: *mut c_void,
    /// Reads the record behind a place: 0, or what `next` was before. Tells its length and the
    /// place behind it, or returns `KW_STORE_END`.
    pub read: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            at: u32,
            record: *mut u8,
            size: usize,
            length: *mut usize,
            next: *mut u32,
        ) -> i32,
    >,
    /// Appends a record; it is durable when this returns.
    pub append:
        Option<unsafe extern "C" fn(context: *mut c_void, record: *const u8, length: usize) -> i32>,
    /// Starts a new log beside the one that stands, and forgets one that was started before.
    pub begin: Option<unsafe extern "C" fn(context: *mut c_void) -> i32>,
    /// Puts a record into the new log. The old one can still be read.
    pub stage:
        Option<unsafe extern "C" fn(context: *mut c_void, record: *const u8, length: usize) -> i32>,
    /// Lets the new log take the place of the old, at one stroke.
    pub publish: Option<unsafe extern "C" fn(context: *mut c_void) -> i32>,
    /// Reads the hardware's monotonic counter. NULL where there is none.
    pub counter: Option<unsafe extern "C" fn(context: *mut c_void, value: *mut u64) -> i32>,
    /// Raises the counter to at least this value. NULL where there is none.
    pub advance: Option<unsafe extern "C" fn(context: *mut c_void, to: u64) -> i32>,
}

/// Where a lock's journal is.
pub(crate) enum Medium {
    Own(Own),
    Flash(Flash),
}

/// A log whose callbacks are there.
pub(crate) struct Own(kw_store);

impl Own {
    pub(crate) fn new(store: &kw_store) -> Result<Self, Fault> {
        let reads = store.read.is_some() && store.append.is_some() && store.begin.is_some();
        let writes = store.stage.is_some() && store.publish.is_some();
        let counts = store.counter.is_some() == store.advance.is_some();
        if reads && writes && counts { Ok(Self(*store)) } else { Err(Fault(KW_NULL)) }
    }

    fn read(&self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        let (context, data, size) = (self.0.context, out.as_mut_ptr(), out.len());
        let (mut length, mut next) = (0, 0);
        let (told, behind) = (&raw mut length, &raw mut next);
        let read = self.0.read.ok_or(StoreError::Failed)?;
        // SAFETY: the host's callback by its contract; the buffer is ours, `size` bytes long and
        // initialised, as are both numbers.
        match unsafe { read(context, at.0, data, size, told, behind) } {
            // A record that is none, or that would be read forever.
            KW_STORE_OK if length == 0 || length > size || next <= at.0 => Err(StoreError::Corrupt),
            KW_STORE_OK => Ok(Some((length, Cursor(next)))),
            KW_STORE_END => Ok(None),
            failed => done(failed).map(|()| None),
        }
    }

    fn put(
        &self,
        put: Option<unsafe extern "C" fn(*mut c_void, *const u8, usize) -> i32>,
        record: &[u8],
    ) -> Result<(), StoreError> {
        let (data, length) = (record.as_ptr(), record.len());
        // SAFETY: the host's callback by its contract; the record outlives the call.
        let put = put.map(|put| unsafe { put(self.0.context, data, length) });
        done(put.unwrap_or(KW_STORE_FAILED))
    }

    fn turn(
        &self,
        turn: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
    ) -> Result<(), StoreError> {
        // SAFETY: the host's callback by its contract.
        let turned = turn.map(|turn| unsafe { turn(self.0.context) });
        done(turned.unwrap_or(KW_STORE_FAILED))
    }

    fn counter(&self) -> Result<Option<u64>, StoreError> {
        let (Some(counter), mut value) = (self.0.counter, 0) else { return Ok(None) };
        // SAFETY: the host's callback by its contract; the number is ours.
        done(unsafe { counter(self.0.context, &raw mut value) }).map(|()| Some(value))
    }

    fn advance(&self, to: u64) -> Result<(), StoreError> {
        // SAFETY: the host's callback by its contract.
        self.0.advance.map_or(Ok(()), |advance| done(unsafe { advance(self.0.context, to) }))
    }
}

impl Store for Medium {
    const CAPACITY: usize = STORE_BYTES;
    const OVERHEAD: usize = STORE_OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        match self {
            Self::Own(own) => own.read(at, out),
            Self::Flash(flash) => flash.read(at, out),
        }
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Own(own) => own.put(own.0.append, record),
            Self::Flash(flash) => flash.append(record),
        }
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Own(own) => own.turn(own.0.begin),
            Self::Flash(flash) => flash.begin(),
        }
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Own(own) => own.put(own.0.stage, record),
            Self::Flash(flash) => flash.stage(record),
        }
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Own(own) => own.turn(own.0.publish),
            Self::Flash(flash) => flash.publish(),
        }
    }

    fn counter(&mut self) -> Result<Option<u64>, StoreError> {
        match self {
            Self::Own(own) => own.counter(),
            Self::Flash(flash) => flash.counter(),
        }
    }

    fn advance(&mut self, to: u64) -> Result<(), StoreError> {
        match self {
            Self::Own(own) => own.advance(to),
            Self::Flash(flash) => flash.advance(to),
        }
    }
}

fn done(answer: i32) -> Result<(), StoreError> {
    match answer {
        KW_STORE_OK => Ok(()),
        KW_STORE_FULL => Err(StoreError::Full),
        KW_STORE_CORRUPT => Err(StoreError::Corrupt),
        _ => Err(StoreError::Failed),
    }
}
