//! Which half holds the log.
//!
//! A new log N is staged in the spare half while C holds the log; N's first header mark publishes
//! it. A cut within that mark leaves it unsettled, and the session that reads it one way needs to
//! make that way final before it acts: it can't unprogram the mark, and erasing N takes time and
//! can be cut as well. So N and C outbid each other with header marks of their own. N's header
//! says how many of C's marks were used when N was staged (`base`); N's mark i bids 2i + 1, C's
//! mark `base` + i bids 2i + 2, and the highest bid that reads programmed wins (none: C).
//!
//! Before the winner acts it becomes *firm*: it programs its highest mark once more with zeros,
//! which makes that solid, and then the mark behind it. Why this settles it, whatever unsettled
//! marks read as, and however often it is cut:
//! - Nobody programs bid j + 2 before bid j is solid. So where j reads as the highest, no bid above
//!   j + 2 was ever touched: otherwise j + 1 or a higher one would be solid and read as such.
//! - Hence, once j + 2 is solid too, no bid above it can appear: the winner wins for good.
//! - Only then is the loser erased, and its header first: many a flash programs cells before it
//!   erases them, and zeros are marks. The winner wins with that header and without it; once it is
//!   zeros, what the erase makes of the marks bids nothing. The winner's marks aren't in it.
//! - C's marks from `base` on were never touched when N was staged: for the same reason no mark but
//!   one behind C's highest can have been, and where it isn't known, `base` leaves that one out.
//!   (Then C makes the mark in front of `base` solid before it bids, so that this stays so.)
//! - N's first mark is touched only when N's header and records are solid. So N can win only whole.
//! - A header that was torn, and so may come and go, has no mark touched: C wins with it and
//!   without it.
//!
//! With [`MARKS`] used up the last mark is programmed again and again, and only the unluckiest
//! readings of unsettled cells can deceive.

use embedded_storage_async::nor_flash::NorFlash;
use keyward::store::StoreError;

use super::{
    FlashLog, Log, Spare,
    append::End,
    layout::{CHUNK, CRC, Half, Layout, MARKS},
    medium::Mark,
};

/// The generation of a flash's first log, which is empty.
const FIRST: u64 = 1;

/// A header's numbers.
#[derive(Clone, Copy, Debug)]
struct Header {
    generation: u64,
    snapshot: usize,
    base: usize,
}

impl<F: NorFlash, const HALF: usize> FlashLog<F, HALF> {
    /// Finds the log, and ends a contest.
    pub(super) async fn find(&mut self) -> Result<(), StoreError> {
        let a = self.header(Half::A).await;
        let b = self.header(Half::B).await;
        if let (Err(error), Err(_)) = (a, b) {
            return Err(error);
        }
        let (half, header, marks, contested) = match (a.ok().flatten(), b.ok().flatten()) {
            (None, None) => {
                // A half that was published and holds something was a log; one that holds nothing
                // was empty, and so is what is found.
                let lost = self.lost(Half::A).await || self.lost(Half::B).await;
                return if lost { Err(StoreError::Corrupt) } else { Ok(()) };
            }
            (Some(a), None) => (Half::A, a, self.top(Half::A).await, None),
            (None, Some(b)) => (Half::B, b, self.top(Half::B).await, None),
            (Some(a), Some(b)) => {
                let (half, header, marks, base) =
                    self.winner(a, b).await.ok_or(StoreError::Corrupt)?;
                (half, header, marks, Some(base))
            }
        };
        let first = header.generation == FIRST && contested.is_none();
        if marks == 0 {
            // Alone and not published: the first log of all, which is empty as the flash was.
            return if first { Ok(()) } else { Err(StoreError::Corrupt) };
        }
        let End { at: end, firm, dirty } = self.scan(half, header.snapshot).await?;
        // The first log stands against nothing, which can't be told from a first mark that reads
        // differently each time: it becomes firm before it holds a record.
        let bare = first && end == Layout::<F, HALF>::HEADER;
        let next = match contested {
            Some(bids_from) => marks.max(bids_from),
            None if bare => marks,
            None => marks.saturating_add(1),
        };
        let (generation, unsettled) = (header.generation, bare || contested.is_some());
        self.log = Some(Log { half, generation, end, dirty, next, contested: unsettled });
        if contested.is_some() {
            self.settle().await?;
        }
        // Beside an empty log no old bytes stay, though their header be gone.
        let empty = end == Layout::<F, HALF>::HEADER;
        if contested.is_some() || (empty && !self.blank_from(half.other(), 0).await) {
            self.retire(half.other()).await?;
            self.spare = Spare::Erased;
        }
        if firm < end {
            match self.move_log().await {
                // The last record read differently this time: it was torn.
                Err(StoreError::Corrupt) => {
                    let log = self.log.ok_or(StoreError::Corrupt)?;
                    self.log = Some(Log { end: firm, dirty: true, ..log });
                }
                moved => return moved,
            }
        }
        Ok(())
    }

    /// Makes the log firm, if the other half could win.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        let Some(log) = self.log.filter(|log| log.contested) else { return Ok(()) };
        let last = MARKS.saturating_sub(1);
        let next = log.next.min(last);
        if let Some(highest) = next.checked_sub(1) {
            // A flash that refuses to program a mark twice keeps it as it is.
            let _ = self.put_mark(log.half, highest).await;
        }
        let mut result = Err(StoreError::Failed);
        for mark in next..=last {
            // Likewise; then the mark behind it has to do.
            result = self.put_mark(log.half, mark).await;
            if result.is_ok() {
                let next = mark.saturating_add(1);
                self.log = Some(Log { next, contested: false, ..log });
                break;
            }
        }
        result
    }

    /// Erases a half that holds no log any more, or never held one.
    pub(super) async fn retire(&mut self, half: Half) -> Result<(), StoreError> {
        for copy in copies::<F, HALF>() {
            // A flash that refuses to program what is programmed erases it as it stands.
            let _ = self.put_zeros(half, copy, Layout::<F, HALF>::COPY).await;
        }
        self.erase(half).await
    }

    /// Programs one of a header's marks.
    pub(super) async fn put_mark(&mut self, half: Half, index: usize) -> Result<(), StoreError> {
        self.put_zeros(half, Layout::<F, HALF>::mark(index), Layout::<F, HALF>::MARK).await
    }

    /// Programs a header's numbers, twice.
    pub(super) async fn put_header(
        &mut self,
        half: Half,
        generation: u64,
        snapshot: usize,
        base: usize,
    ) -> Result<(), StoreError> {
        let narrow = |number| u32::try_from(number).map_err(|_| StoreError::Failed);
        let mut numbers = [0xff; CHUNK];
        let bytes = numbers.get_mut(..Layout::<F, HALF>::COPY).ok_or(StoreError::Failed)?;
        let fields = generation.to_le_bytes().into_iter();
        let fields = fields.chain(narrow(snapshot)?.to_le_bytes());
        let fields = fields.chain(narrow(base)?.to_le_bytes());
        let mut digest = CRC.digest();
        bytes.iter_mut().zip(fields).for_each(|(to, from)| {
            *to = from;
            digest.update(&[from]);
        });
        let check = digest.finalize().to_le_bytes();
        bytes.iter_mut().skip(16).zip(check).for_each(|(to, from)| *to = from);
        for copy in copies::<F, HALF>() {
            self.put(half, copy, bytes).await?;
        }
        Ok(())
    }

    /// Reads a header: `None` where neither copy is one.
    async fn header(&mut self, half: Half) -> Result<Option<Header>, StoreError> {
        let mut bytes = [0; CHUNK];
        let bytes = bytes.get_mut(..Layout::<F, HALF>::COPY).ok_or(StoreError::Failed)?;
        let mut answer = Err(StoreError::Failed);
        for copy in copies::<F, HALF>() {
            if self.get(half, copy, bytes).await.is_ok() {
                answer = Ok(parse::<F, HALF>(bytes));
            }
            if let Ok(Some(_)) = answer {
                break;
            }
        }
        answer
    }

    /// The half that wins, its marks, and the mark from which on it bids. Each mark is read once:
    /// another reading may differ.
    async fn winner(&mut self, a: Header, b: Header) -> Option<(Half, Header, usize, usize)> {
        let (marks_a, marks_b) = (self.top(Half::A).await, self.top(Half::B).await);
        let (a, b) = ((Half::A, a, marks_a), (Half::B, b, marks_b));
        let (older, newer) = if a.1.generation < b.1.generation { (a, b) } else { (b, a) };
        let base = newer.1.base;
        let next = newer.1.generation.checked_sub(1) == Some(older.1.generation);
        let newer_wins = newer.2 > older.2.saturating_sub(base);
        let (winner, base) = if newer_wins { (newer, 0) } else { (older, base) };
        next.then_some((winner.0, winner.1, winner.2, base))
    }

    /// How many of a header's marks are used: up to the last that reads programmed. One that can't
    /// be read isn't: where power failed while it was erased, it was never programmed.
    async fn top(&mut self, half: Half) -> usize {
        for used in (1..=MARKS).rev() {
            let at = Layout::<F, HALF>::mark(used.saturating_sub(1));
            if self.mark(half, at).await == Mark::Programmed {
                return used;
            }
        }
        0
    }

    /// Whether a half without a header was a log with records. Marks that can't be read don't say
    /// so: an erase that was cut leaves such. Nor do those beside a header of zeros, which is how an
    /// erase begins.
    async fn lost(&mut self, half: Half) -> bool {
        let [header, end] = [Layout::<F, HALF>::mark(MARKS), Layout::<F, HALF>::HEADER];
        if self.is_zeros(half, header, end).await {
            return false;
        }
        let mut published = false;
        for index in 0..MARKS {
            let mark = self.mark(half, Layout::<F, HALF>::mark(index)).await;
            published |= mark == Mark::Programmed;
        }
        published && !self.blank_from(half, Layout::<F, HALF>::HEADER).await
    }

    /// Starts the first log of a flash, which is empty.
    pub(super) async fn format(&mut self) -> Result<Log, StoreError> {
        if let Some(log) = self.log {
            return Ok(log);
        }
        let (half, end) = (Half::A, Layout::<F, HALF>::HEADER);
        self.spare = Spare::Used;
        self.retire(half).await?;
        self.put_header(half, FIRST, end, 0).await?;
        self.put_mark(half, 0).await?;
        let log = Log { half, generation: FIRST, end, dirty: false, next: 1, contested: false };
        self.log = Some(log);
        Ok(log)
    }
}

/// Where the two copies of a header's numbers are.
fn copies<F: NorFlash, const HALF: usize>() -> [usize; 2] {
    let first = Layout::<F, HALF>::mark(MARKS);
    [first, first.saturating_add(Layout::<F, HALF>::COPY)]
}

/// A header's numbers, if they are one's. Their range is a check too: the check of 32 set bits and
/// 96 that aren't is 32 set bits again, and a program that was torn may leave just that.
fn parse<F: NorFlash, const HALF: usize>(bytes: &[u8]) -> Option<Header> {
    let (numbers, rest) = bytes.split_at_checked(16)?;
    let check = u32::from_le_bytes(*rest.first_chunk()?);
    let (generation, rest) = numbers.split_first_chunk()?;
    let (snapshot, rest) = rest.split_first_chunk()?;
    let base = u32::from_le_bytes(*rest.first_chunk()?);
    let header = Header {
        generation: u64::from_le_bytes(*generation),
        snapshot: usize::try_from(u32::from_le_bytes(*snapshot)).ok()?,
        base: usize::try_from(base).ok()?,
    };
    let is_one = (Layout::<F, HALF>::HEADER..=HALF).contains(&header.snapshot)
        && (FIRST..).contains(&header.generation)
        && header.base <= MARKS;
    (is_one && CRC.checksum(numbers) == check).then_some(header)
}
