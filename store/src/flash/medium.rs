//! Reading, programming and erasing within a half.

use embedded_storage_async::nor_flash::NorFlash;
use keyward::store::StoreError;

use super::{
    FlashLog,
    layout::{CHUNK, Half, Layout, MAX_UNIT},
};

/// Bits that erased cells may have lost, in a half: fewer than any record programs.
const DUST: u32 = 4;

/// What a mark reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Less than half of its bits are programmed.
    Blank,
    /// At least half of its bits are programmed.
    Programmed,
    /// The flash can't read it: it was torn, or the flash fails.
    Unreadable,
}

impl<F: NorFlash, const HALF: usize> FlashLog<F, HALF> {
    pub(super) async fn get(
        &mut self,
        half: Half,
        at: usize,
        out: &mut [u8],
    ) -> Result<(), StoreError> {
        let offset = offset::<HALF>(half, at)?;
        self.flash.read(offset, out).await.map_err(|_| StoreError::Failed)
    }

    pub(super) async fn put(
        &mut self,
        half: Half,
        at: usize,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let offset = offset::<HALF>(half, at)?;
        self.flash.write(offset, bytes).await.map_err(|_| StoreError::Failed)
    }

    pub(super) async fn erase(&mut self, half: Half) -> Result<(), StoreError> {
        let (from, to) = (offset::<HALF>(half, 0)?, offset::<HALF>(half, HALF)?);
        self.flash.erase(from, to).await.map_err(|_| StoreError::Failed)
    }

    /// Programs so many zeros, a mark's worth at most.
    pub(super) async fn put_zeros(
        &mut self,
        half: Half,
        at: usize,
        length: usize,
    ) -> Result<(), StoreError> {
        let zeros = [0; MAX_UNIT];
        self.put(half, at, zeros.get(..length).ok_or(StoreError::Failed)?).await
    }

    pub(super) async fn mark(&mut self, half: Half, at: usize) -> Mark {
        let mut bytes = [0; MAX_UNIT];
        let Some(bytes) = bytes.get_mut(..Layout::<F, HALF>::MARK) else {
            return Mark::Unreadable;
        };
        if self.get(half, at, bytes).await.is_err() {
            return Mark::Unreadable;
        }
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        let zeros: u32 = bytes.iter().map(|byte| byte.count_zeros()).sum();
        if zeros >= ones { Mark::Programmed } else { Mark::Blank }
    }

    /// Whether every cell from here to the end of the half reads erased.
    pub(super) async fn blank_from(&mut self, half: Half, at: usize) -> bool {
        self.is_blank(half, at, HALF).await
    }

    /// Whether all cells from here to the end of the half read erased, but for less than any record
    /// leaves behind.
    pub(super) async fn is_dust_from(&mut self, half: Half, mut at: usize) -> bool {
        let mut bytes = [0; CHUNK];
        let mut programmed = 0_u32;
        while at < HALF && programmed <= DUST {
            let length = CHUNK.min(HALF.saturating_sub(at));
            let Some(bytes) = bytes.get_mut(..length) else { return false };
            if self.get(half, at, bytes).await.is_err() {
                return false;
            }
            let zeros = bytes.iter().map(|byte| byte.count_zeros());
            programmed = programmed.saturating_add(zeros.sum());
            at = at.saturating_add(length);
        }
        programmed <= DUST
    }

    /// Whether every cell between reads erased.
    pub(super) async fn is_blank(&mut self, half: Half, at: usize, end: usize) -> bool {
        self.is_all(0xff, half, at, end).await
    }

    /// Whether every cell between reads programmed.
    pub(super) async fn is_zeros(&mut self, half: Half, at: usize, end: usize) -> bool {
        self.is_all(0, half, at, end).await
    }

    async fn is_all(&mut self, what: u8, half: Half, mut at: usize, end: usize) -> bool {
        let mut bytes = [0; CHUNK];
        while at < end {
            let length = CHUNK.min(end.saturating_sub(at));
            let Some(bytes) = bytes.get_mut(..length) else { return false };
            let read = self.get(half, at, bytes).await;
            if read.is_err() || bytes.iter().any(|byte| *byte != what) {
                return false;
            }
            at = at.saturating_add(length);
        }
        true
    }
}

fn offset<const HALF: usize>(half: Half, at: usize) -> Result<u32, StoreError> {
    u32::try_from(half.start(HALF).saturating_add(at)).map_err(|_| StoreError::Failed)
}
