//! Appending, and finding the end of what was appended.

use embedded_storage_async::nor_flash::NorFlash;
use keyward::store::StoreError;

use super::{
    FlashLog, Log,
    layout::{Half, Layout},
    medium::Mark,
    record::Sink,
};

impl<F: NorFlash, const HALF: usize> FlashLog<F, HALF> {
    pub(super) async fn append_record(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let at = self.log.map_or(Layout::<F, HALF>::HEADER, |log| log.end);
        let end = Layout::<F, HALF>::room(at, record.len()).ok_or(StoreError::Full)?;
        let log = self.format().await?;
        self.settle().await?;
        if log.dirty {
            self.move_log().await?;
        }
        let log = self.log.ok_or(StoreError::Failed)?;
        self.log = Some(Log { dirty: true, ..log });
        // The first unit that a cut may leave half programmed yet reading erased is a mark of
        // zeros, which the next start may program again: a body never goes over anything.
        self.put_zeros(log.half, at, Layout::<F, HALF>::TAKEN).await?;
        self.put_body(log.half, at, record).await?;
        let whole = at.saturating_add(Layout::<F, HALF>::TAKEN);
        self.put_zeros(log.half, whole, Layout::<F, HALF>::MARK).await?;
        self.log = Some(Log { dirty: false, end, ..log });
        Ok(())
    }

    /// Reads the whole half: where its log ends, and whether anything lies behind.
    ///
    /// A record without its mark is the end, unless a record behind it has one: then its mark was
    /// torn, a session took it for whole and went on from there.
    pub(super) async fn scan(
        &mut self,
        half: Half,
        snapshot: usize,
    ) -> Result<(usize, bool), StoreError> {
        let mut at = Layout::<F, HALF>::HEADER;
        while at < snapshot {
            let length = self.check(half, at, Sink::Nowhere).await;
            let length = length.ok().flatten().ok_or(StoreError::Corrupt)?;
            at = Layout::<F, HALF>::behind(at, length);
        }
        if at != snapshot {
            return Err(StoreError::Corrupt);
        }
        let mut end = at;
        while Layout::<F, HALF>::room(at, 1).is_some() {
            let mark = at.saturating_add(Layout::<F, HALF>::TAKEN);
            let mark = self.mark(half, mark).await;
            match (mark, self.check(half, at, Sink::Nowhere).await) {
                (Mark::Programmed | Mark::Unreadable, Ok(Some(length))) => {
                    at = Layout::<F, HALF>::behind(at, length);
                    end = at;
                }
                (Mark::Blank, Ok(Some(length))) => at = Layout::<F, HALF>::behind(at, length),
                // Whatever ails the body, its mark was never programmed.
                (Mark::Blank, _) => break,
                (Mark::Programmed, _) | (Mark::Unreadable, Ok(None)) => {
                    return Err(StoreError::Corrupt);
                }
                (Mark::Unreadable, Err(error)) => return Err(error),
            }
        }
        Ok((end, !self.blank_from(half, end).await))
    }
}
