//! One record: written, read, checked, moved.

use embedded_storage_async::nor_flash::NorFlash;
use keyward::{
    limits::MAX_RECORD,
    store::{Cursor, StoreError},
};

use super::{
    FlashLog,
    layout::{CHUNK, CRC, HEAD, Half, Layout},
};

/// Where a record's payload goes while it is checked.
pub(super) enum Sink<'a> {
    Nowhere,
    Buffer(&'a mut [u8]),
    /// To the same place in the other half, with its head.
    OtherHalf,
}

impl<F: NorFlash, const HALF: usize> FlashLog<F, HALF> {
    pub(super) async fn read_at(
        &mut self,
        at: Cursor,
        out: &mut [u8],
    ) -> Result<Option<(usize, Cursor)>, StoreError> {
        let Some(log) = self.log else { return Ok(None) };
        let at = match at {
            Cursor::START => Layout::<F, HALF>::HEADER,
            Cursor(at) => usize::try_from(at).map_err(|_| StoreError::Corrupt)?,
        };
        if at >= log.end {
            return Ok(None);
        }
        match self.check(log.half, at, Sink::Buffer(out)).await? {
            Some(length) => {
                let behind = Layout::<F, HALF>::behind(at, length);
                let behind = u32::try_from(behind).map_err(|_| StoreError::Corrupt)?;
                Ok(Some((length, Cursor(behind))))
            }
            None => Err(StoreError::Corrupt),
        }
    }

    /// Programs a record's body; its marks stay as they are.
    pub(super) async fn put_body(
        &mut self,
        half: Half,
        at: usize,
        record: &[u8],
    ) -> Result<(), StoreError> {
        let length = u16::try_from(record.len()).map_err(|_| StoreError::Full)?;
        let start = at.saturating_add(Layout::<F, HALF>::BEFORE_BODY);
        let body = Layout::<F, HALF>::body(record.len());
        let head = head(length, checksum(length, record));
        let mut bytes = head.iter().chain(record).copied();
        // The head by itself: a flash may program what it is given at once in any order, and behind
        // a head that isn't whole there must be nothing.
        let (mut done, mut most) = (0, Layout::<F, HALF>::body(0));
        while done < body {
            let mut chunk = [0xff; CHUNK];
            let piece = most.min(body.saturating_sub(done));
            let chunk = chunk.get_mut(..piece).ok_or(StoreError::Failed)?;
            chunk.iter_mut().zip(&mut bytes).for_each(|(to, from)| *to = from);
            self.put(half, start.saturating_add(done), chunk).await?;
            (done, most) = (done.saturating_add(piece), CHUNK);
        }
        Ok(())
    }

    /// Whether the head of a record can be read.
    pub(super) async fn has_head(&mut self, half: Half, at: usize) -> bool {
        let mut head = [0; HEAD];
        let start = at.saturating_add(Layout::<F, HALF>::BEFORE_BODY);
        self.get(half, start, &mut head).await.is_ok() && parse(&head).is_some()
    }

    /// Reads a record's body to its end: its length if it is whole.
    pub(super) async fn check(
        &mut self,
        half: Half,
        at: usize,
        mut sink: Sink<'_>,
    ) -> Result<Option<usize>, StoreError> {
        let start = at.saturating_add(Layout::<F, HALF>::BEFORE_BODY);
        if start.saturating_add(Layout::<F, HALF>::body(0)) > HALF || !aligned::<F>(at) {
            return Ok(None);
        }
        let mut chunk = [0; CHUNK];
        let first = chunk.get_mut(..Layout::<F, HALF>::body(0)).ok_or(StoreError::Failed)?;
        self.get(half, start, first).await?;
        let Some((length, check)) = parse(first) else { return Ok(None) };
        if Layout::<F, HALF>::behind(at, length.into()) > HALF {
            return Ok(None);
        }
        let total = HEAD.saturating_add(length.into());
        let mut digest = CRC.digest();
        digest.update(&length.to_le_bytes());
        let body = Layout::<F, HALF>::body(length.into());
        let mut done = 0;
        while done < body {
            let piece = CHUNK.min(body.saturating_sub(done));
            let chunk = chunk.get_mut(..piece).ok_or(StoreError::Failed)?;
            self.get(half, start.saturating_add(done), chunk).await?;
            // A head that was torn may read differently this time.
            if done == 0 && parse(chunk) != Some((length, check)) {
                return Ok(None);
            }
            if let Sink::OtherHalf = sink {
                self.put(half.other(), start.saturating_add(done), chunk).await?;
            }
            let from = if done == 0 { HEAD } else { 0 };
            let to = piece.min(total.saturating_sub(done));
            let payload = chunk.get(from..to).unwrap_or_default();
            digest.update(payload);
            if let Sink::Buffer(out) = &mut sink {
                let to = done.saturating_add(from).saturating_sub(HEAD);
                let out = out.get_mut(to..).and_then(|out| out.get_mut(..payload.len()));
                out.ok_or(StoreError::Corrupt)?.copy_from_slice(payload);
            }
            done = done.saturating_add(piece);
        }
        Ok((digest.finalize() == check).then_some(length.into()))
    }
}

fn aligned<F: NorFlash>(at: usize) -> bool {
    at.checked_rem(F::WRITE_SIZE) == Some(0)
}

fn checksum(length: u16, payload: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&length.to_le_bytes());
    digest.update(payload);
    digest.finalize()
}

fn head(length: u16, check: u32) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let (length, check) = (length.to_le_bytes(), check.to_le_bytes());
    let bytes = length.into_iter().chain(length.map(|byte| !byte)).chain(check);
    head.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    head
}

/// Length and check of a body, if the length is one.
fn parse(body: &[u8]) -> Option<(u16, u32)> {
    let ([a, b, c, d], rest) = body.split_first_chunk()?;
    let length = u16::from_le_bytes([*a, *b]);
    let whole = *c == !*a && *d == !*b && (1..=MAX_RECORD).contains(&usize::from(length));
    let check = u32::from_le_bytes(*rest.first_chunk()?);
    whole.then_some((length, check))
}
