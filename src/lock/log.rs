//! Reading a lock's logs, and acknowledging them (SPEC.md section 24.4).

use super::{
    Acted, Identity, Lock, MayRead,
    chain::{Finished, Walk},
    journal::{self, Pending, Writing, opened},
    record::{self, Record, Short},
};
use crate::{
    denial::Denial,
    id::ClaimNonce,
    limits::{MAX_PRIVATE, MAX_PUBLIC, MAX_RECORD},
    receipt::{Draft, Head, Log, Public},
    seal::SealingKey,
    secret::Tag,
    store::{AsyncStore, Cursor, Store},
    tables::Capacity,
    time::Now,
    wire::Encoded,
};

/// Reads the entries that a lock holds, of both logs, each log from its oldest on. A copy gives the
/// same entries once more.
#[derive(Clone)]
pub struct LogReader {
    walk: Walk,
    at: Cursor,
    tag: Tag,
    /// The life and the log that is read.
    of: (ClaimNonce, u64),
}

/// Reads records until one ends an entry; `await` behind each, or nothing.
macro_rules! next_entry {
    ($lock:ident, $reader:ident $(, $wait:tt)?) => {{
        let mut buffer = [0; MAX_RECORD];
        loop {
            $lock.still_reads($reader)?;
            let read = $lock.journal.store.read($reader.at, &mut buffer)$(.$wait)??;
            let Some((length, next)) = read else { return Ok(None) };
            $reader.at = next;
            let record = buffer.get(..length).ok_or(Denial::StoreFailed)?;
            match $lock.entry($reader, record) {
                Ok(None) => {}
                entry => return entry,
            }
        }
    }};
}

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Starts to read the logs. Denials that were counted are written down before if they are due;
    /// whoever reads for the owner [writes them](Self::write_denials) first.
    ///
    /// # Errors
    /// [`Denial::StoreFailed`], [`Denial::Unclaimed`], or that of a [`Fault`](super::Fault).
    pub fn read_log(&mut self, now: Now) -> Result<LogReader, Denial>
    where
        S: Store,
    {
        if self.denied.falls_due(&now) {
            self.write_denials(now)?;
        }
        if let Some((journal, writing)) = self.settling()? {
            journal::write(journal, writing)?;
        }
        Ok(self.log_reader())
    }

    /// [`read_log`](Self::read_log) for hosts that await.
    ///
    /// # Errors
    /// Those of `read_log`.
    pub async fn read_log_async(&mut self, now: Now) -> Result<LogReader, Denial>
    where
        S: AsyncStore,
    {
        if self.denied.falls_due(&now) {
            self.write_denials_async(now).await?;
        }
        if let Some((journal, writing)) = self.settling()? {
            journal::write_async(journal, writing).await?;
        }
        Ok(self.log_reader())
    }

    /// The next entry, or `None` at the end. An entry is drafted: its receipt is signed by the device
    /// key, then it is handed out, sealed to anybody, in the clear to whom the log may be read.
    ///
    /// # Errors
    /// [`Denial::Changed`] when a new log has taken the place of the one that was read, which then
    /// is to be read anew; [`Denial::StoreFailed`].
    pub fn next_entry(&mut self, reader: &mut LogReader) -> Result<Option<Draft>, Denial>
    where
        S: Store,
    {
        next_entry!(self, reader)
    }

    /// [`next_entry`](Self::next_entry) for hosts that await.
    ///
    /// # Errors
    /// Those of `next_entry`.
    pub async fn next_entry_async(
        &mut self,
        reader: &mut LogReader,
    ) -> Result<Option<Draft>, Denial>
    where
        S: AsyncStore,
    {
        next_entry!(self, reader, await)
    }

    /// The key that entries are sealed to for anybody to carry, if the lock's keyset names one.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`], or that of a [`Fault`](super::Fault).
    pub fn log_to(&self) -> Result<Option<SealingKey>, Denial> {
        let log_to = self.life()?.domain.keyset()?.log_to;
        Ok(log_to.copied().map(SealingKey::from_bytes))
    }

    /// Takes the owner's word that he has the log, if the request that was recorded gives it.
    pub(super) fn acknowledge(&mut self, acted: &Acted) -> bool
    where
        S: Store,
    {
        acted.head.is_some_and(|head| self.acknowledged(&head) == Ok(true))
    }

    pub(super) async fn acknowledge_async(&mut self, acted: &Acted) -> bool
    where
        S: AsyncStore,
    {
        match &acted.head {
            Some(head) => self.acknowledged_async(head).await == Ok(true),
            None => false,
        }
    }

    #[inline(never)]
    fn acknowledged(&mut self, head: &Head) -> Result<bool, Denial>
    where
        S: Store,
    {
        if head.next.0 <= self.journal.chain.acknowledged {
            return Ok(false);
        }
        let mut reader = self.log_reader();
        while let Some(entry) = self.next_entry(&mut reader)? {
            if let Some(body) = acknowledgement(&entry, head)? {
                let _no_entry = self.write(body.as_bytes(), &Now::UNTOLD)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn acknowledged_async(&mut self, head: &Head) -> Result<bool, Denial>
    where
        S: AsyncStore,
    {
        if head.next.0 <= self.journal.chain.acknowledged {
            return Ok(false);
        }
        let mut reader = self.log_reader();
        while let Some(entry) = self.next_entry_async(&mut reader).await? {
            if let Some(body) = acknowledgement(&entry, head)? {
                let _no_entry = self.write_async(body.as_bytes(), &Now::UNTOLD).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A new log, where the store may hold what the lock doesn't know of: nobody may read an entry
    /// that comes to be another one.
    fn settling(&mut self) -> Result<Option<Pending<'_, S, T>>, Denial> {
        let _life = self.life()?;
        if !self.journal.is_unsettled() {
            return Ok(None);
        }
        let Self { identity, state, secret, journal, .. } = self;
        let snapshot = state.snapshot(identity);
        Ok(Some((journal, Writing::log(secret, snapshot))))
    }

    fn log_reader(&self) -> LogReader {
        LogReader {
            walk: Walk::unread(),
            at: Cursor::START,
            tag: [0; 16],
            of: (self.identity.nonce, self.journal.replaced),
        }
    }

    /// Whether the log that is read is still there.
    fn still_reads(&self, reader: &LogReader) -> Result<(), Denial> {
        let _life = self.life()?;
        let is_same = reader.of == (self.identity.nonce, self.journal.replaced);
        if is_same && !self.journal.is_unsettled() { Ok(()) } else { Err(Denial::Changed) }
    }

    /// Reads a record, and drafts the entry that it ends.
    #[inline(never)]
    fn entry(&self, reader: &mut LogReader, record: &[u8]) -> Result<Option<Draft>, Denial> {
        match &self.ended(reader, record) {
            Ok(Some(Finished { public, private })) => self.draft(public, private).map(Some),
            Ok(None) => Ok(None),
            Err(denial) => Err(*denial),
        }
    }

    /// Reads a record, and makes the entry that it ends.
    #[inline(never)]
    fn ended(&self, reader: &mut LogReader, record: &[u8]) -> Result<Option<Finished>, Denial> {
        let body = opened(&self.secret, &mut reader.tag, record).ok_or(Denial::StoreFailed)?;
        match &Record::read(body) {
            Ok(record) => reader.walk.take(&self.secret, record).map_err(|_| Denial::StoreFailed),
            Err(error) => Err((*error).into()),
        }
    }

    /// Makes a draft of an entry's parts.
    pub(super) fn draft(
        &self,
        body: &Encoded<MAX_PUBLIC>,
        private: &Encoded<MAX_PRIVATE>,
    ) -> Result<Draft, Denial> {
        let domain = self.life()?.scope()?.domain;
        let epoch = Public::whole(body.as_bytes())?.epoch;
        let Identity { device, nonce: life, .. } = self.identity;
        let log_to = self.log_to()?;
        let (body, private) = (body.clone(), private.clone());
        Ok(Draft { domain, epoch, device, life, log_to, body, private })
    }
}

/// What of an entry's being the last one that the owner has is to be made durable, if it is.
fn acknowledgement(entry: &Draft, head: &Head) -> Result<Option<Short>, Denial> {
    match entry.head()? {
        (Log::Events, own) if own == *head => Ok(Some(record::acknowledged(head.next.0)?)),
        _ => Ok(None),
    }
}

impl Draft {
    /// The entry in the clear: the signed receipt and the private part.
    ///
    /// # Errors
    /// [`EncodeError::Mismatch`](crate::EncodeError::Mismatch) for another entry's receipt, and for
    /// a word that was given for another lock's log, or another life's;
    /// [`EncodeError::Invalid`](crate::EncodeError::Invalid) for none.
    pub fn entry(
        &self,
        receipt: &[u8],
        MayRead(life): &MayRead,
    ) -> Result<Encoded<{ crate::limits::MAX_ENTRY }>, crate::EncodeError> {
        if *life != self.life {
            return Err(crate::EncodeError::Mismatch);
        }
        self.whole(receipt)
    }
}
