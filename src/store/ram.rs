//! A store in memory, for tests and for locks that may forget.

use super::{Cursor, Store, StoreError};
use crate::limits::MAX_RECORD;

/// A store of two logs of `N` bytes in memory. It forgets all when power fails.
#[derive(Clone, Debug)]
pub struct Ram<const N: usize> {
    log: Log<N>,
    next: Log<N>,
}

#[derive(Clone, Debug)]
struct Log<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> Log<N> {
    const EMPTY: Self = Self { bytes: [0; N], used: 0 };

    /// Puts a record behind its length, or leaves the log as it was.
    fn put(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let length = u16::try_from(record.len()).map_err(|_| StoreError::Full)?;
        let tail = self.bytes.get_mut(self.used..).ok_or(StoreError::Full)?;
        let (head, tail) = tail.split_first_chunk_mut().ok_or(StoreError::Full)?;
        tail.get_mut(..record.len()).ok_or(StoreError::Full)?.copy_from_slice(record);
        *head = length.to_le_bytes();
        self.used = self.used.saturating_add(record.len()).saturating_add(Ram::<N>::OVERHEAD);
        Ok(())
    }

    fn get(&self, at: usize) -> Option<&[u8]> {
        let (head, tail) = self.bytes.get(at..self.used)?.split_first_chunk()?;
        tail.get(..u16::from_le_bytes(*head).into())
    }
}

impl<const N: usize> Ram<N> {
    /// An empty store.
    pub const fn new() -> Self {
        Self { log: Log::EMPTY, next: Log::EMPTY }
    }
}

impl<const N: usize> Default for Ram<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Store for Ram<N> {
    const CAPACITY: usize = N;
    const OVERHEAD: usize = 2;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        let Some(record) = self.log.get(usize::try_from(at.0).unwrap_or(usize::MAX)) else {
            return Ok(None);
        };
        let length = record.len();
        out.get_mut(..length).ok_or(StoreError::Corrupt)?.copy_from_slice(record);
        let step = u32::try_from(length.saturating_add(Self::OVERHEAD)).unwrap_or(u32::MAX);
        Ok(Some((length, Cursor(at.0.saturating_add(step)))))
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        match record.len() {
            1..=MAX_RECORD => self.log.put(record),
            _ => Err(StoreError::Full),
        }
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.next.used = 0;
        Ok(())
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        match record.len() {
            1..=MAX_RECORD => self.next.put(record),
            _ => Err(StoreError::Full),
        }
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        core::mem::swap(&mut self.log, &mut self.next);
        self.next.used = 0;
        Ok(())
    }
}
