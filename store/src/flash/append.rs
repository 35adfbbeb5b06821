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

    /// Reads the whole half: where its log ends.
    ///
    /// A record without its mark is the end where it isn't whole: then it was torn. Where it is
    /// whole, power failed before it was marked, or while; or its mark was damaged. It stays, but
    /// may read differently the next time, unless a record behind it has a mark: then a session
    /// took it for whole and went on from there.
    pub(super) async fn scan(&mut self, half: Half, snapshot: usize) -> Result<End, StoreError> {
        let mut at = Layout::<F, HALF>::HEADER;
        while at < snapshot {
            let length = self.check(half, at, Sink::Nowhere).await;
            let length = length.ok().flatten().ok_or(StoreError::Corrupt)?;
            at = Layout::<F, HALF>::behind(at, length);
        }
        if at != snapshot {
            return Err(StoreError::Corrupt);
        }
        let mut firm = at;
        while Layout::<F, HALF>::room(at, 1).is_some() {
            let mark = at.saturating_add(Layout::<F, HALF>::TAKEN);
            let mark = self.mark(half, mark).await;
            match (mark, self.check(half, at, Sink::Nowhere).await) {
                (Mark::Programmed | Mark::Unreadable, Ok(Some(length))) => {
                    at = Layout::<F, HALF>::behind(at, length);
                    firm = at;
                }
                (Mark::Blank, Ok(Some(length))) => at = Layout::<F, HALF>::behind(at, length),
                (Mark::Blank, Ok(None)) if self.is_torn(half, at).await => break,
                (Mark::Blank, Err(_)) => break,
                (Mark::Blank | Mark::Programmed, _) | (Mark::Unreadable, Ok(None)) => {
                    return Err(StoreError::Corrupt);
                }
                (Mark::Unreadable, Err(error)) => return Err(error),
            }
        }
        Ok(End { at, firm, dirty: !self.blank_from(half, at).await })
    }

    /// Whether a record that isn't whole can have been torn: its mark is untouched, for that comes
    /// last; and where not even its head is whole, so is all behind, for that comes first. Or there
    /// never was one, and erased cells have lost a few bits.
    async fn is_torn(&mut self, half: Half, at: usize) -> bool {
        if self.is_dust_from(half, at).await {
            return true;
        }
        let mark = at.saturating_add(Layout::<F, HALF>::TAKEN);
        let body = at.saturating_add(Layout::<F, HALF>::BEFORE_BODY);
        let behind = body.saturating_add(Layout::<F, HALF>::body(0));
        self.is_blank(half, mark, body).await
            && (self.has_head(half, at).await || self.blank_from(half, behind).await)
    }
}

/// Where a log ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Behind the last record.
    pub(super) at: usize,
    /// Behind the last record that reads as it does for good.
    pub(super) firm: usize,
    /// Whether something other than erased cells may lie behind the last record.
    pub(super) dirty: bool,
}
