//! A new log in the spare half.

use embedded_storage_async::nor_flash::NorFlash;
use keyward::store::StoreError;

use super::{FlashLog, Log, Spare, layout::Layout, record::Sink};

impl<F: NorFlash, const HALF: usize> FlashLog<F, HALF> {
    pub(super) async fn begin_log(&mut self) -> Result<(), StoreError> {
        self.format().await?;
        self.settle().await?;
        let start = Layout::<F, HALF>::HEADER;
        let log = self.log.ok_or(StoreError::Failed)?;
        if self.spare != Spare::Erased && self.spare != Spare::Staging(start) {
            self.spare = Spare::Used;
            self.retire(log.half.other()).await?;
        }
        self.spare = Spare::Staging(start);
        Ok(())
    }

    pub(super) async fn stage_record(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let (Spare::Staging(at), Some(log)) = (self.spare, self.log) else {
            return Err(StoreError::Failed);
        };
        let end = Layout::<F, HALF>::room(at, record.len()).ok_or(StoreError::Full)?;
        self.spare = Spare::Used;
        self.put_body(log.half.other(), at, record).await?;
        self.spare = Spare::Staging(end);
        Ok(())
    }

    pub(super) async fn publish_log(&mut self) -> Result<(), StoreError> {
        let (Spare::Staging(end), Some(log)) = (self.spare, self.log) else {
            return Err(StoreError::Failed);
        };
        let half = log.half.other();
        let generation = log.generation.checked_add(1).ok_or(StoreError::Full)?;
        self.spare = Spare::Used;
        self.put_header(half, generation, end, log.next).await?;
        self.log = Some(Log { contested: true, ..log });
        self.put_mark(half, 0).await?;
        self.log = Some(Log { half, generation, end, dirty: false, next: 1, contested: false });
        if end == Layout::<F, HALF>::HEADER && self.retire(log.half).await.is_ok() {
            self.spare = Spare::Erased;
        }
        Ok(())
    }

    /// Moves the log to the other half, record by record to the same places: behind its end lies
    /// something that can't be programmed over.
    pub(super) async fn move_log(&mut self) -> Result<(), StoreError> {
        self.begin_log().await?;
        let log = self.log.ok_or(StoreError::Failed)?;
        let mut at = Layout::<F, HALF>::HEADER;
        self.spare = Spare::Used;
        while at < log.end {
            let length = self.check(log.half, at, Sink::OtherHalf).await?;
            at = Layout::<F, HALF>::behind(at, length.ok_or(StoreError::Corrupt)?);
        }
        self.spare = Spare::Staging(log.end);
        self.publish_log().await
    }
}
