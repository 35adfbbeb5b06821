//! Takes entries and receipts from lines, hashes each once, and puts the rest aside for the join.

use std::io::{self, BufRead};

use keyward::{
    id::{LockId, Sequence},
    receipt::{Disclosed, Entry, Event, Log, Receipt},
    wire::Kind,
};

use crate::{
    archive::{Archive, Carried, Place},
    audited::Audited,
    chain::{self, KnownHead},
    join::Material,
    keys::Keys,
    line::{Buffer, Line, MAX_LINE, Text, Unreadable, decode, lines, read_lines, split},
    progress::{Progress, Stage},
    record::{Record, Records, Shown, Signed},
    signatures,
    trust::LockTrust,
};

/// Unreadable lines that are kept with their place and reason; all others are only counted.
pub const MAX_NAMED_LINES: usize = 100;

/// Lines between two calls of the progress.
const LINES_A_STEP: u64 = 1 << 12;

/// How much of a log is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The signatures of what nothing signed covers: of a whole log, that of its last entry.
    Fast,
    /// Every signature, on all cores.
    Thorough,
}

/// What was read, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Lines that aren't empty.
    pub lines: u64,
    /// Entries of the lock, each as often as it came.
    pub entries: u64,
    /// Receipts of the lock from elsewhere.
    pub receipts: u64,
    /// Entries that came again, with whatever signature.
    pub doubled: u64,
    /// Receipts of entries that are in the log.
    pub witnessed: u64,
    /// Entries that came behind one of a higher number: any order will do, so that is no finding.
    pub reordered: u64,
    /// Tokens, origins and recordings, for the join.
    pub for_join: u64,
    /// Objects that an audit has no use for here; statements are for [`Statements`](crate::Statements).
    pub passed_over: u64,
    /// Lines of which nothing was taken.
    pub unreadable: u64,
}

/// An audit of one lock's logs that still reads.
#[derive(Debug)]
pub struct Audit<'t> {
    trust: LockTrust,
    archive: Archive<'t>,
    logs: [Records; 2],
    heads: Vec<KnownHead>,
    material: Material,
    counts: Counts,
    unreadable: Vec<(Line, Unreadable)>,
    inputs: u32,
    buffer: Box<Buffer>,
}

/// Where the base64 of a line comes from.
#[derive(Clone, Copy)]
enum From {
    /// A borrowed chunk of the archive, and where in memory that starts.
    Memory(u32, usize),
    /// A buffer that will be read into again.
    Reader,
}

impl<'t> Audit<'t> {
    /// Starts an audit of a lock.
    pub fn new(trust: LockTrust) -> Self {
        Self {
            trust,
            archive: Archive::default(),
            logs: [Records::new(Log::Events), Records::new(Log::Denials)],
            heads: Vec::new(),
            material: Material::default(),
            counts: Counts::default(),
            unreadable: Vec::new(),
            inputs: 0,
            buffer: Box::new([0; MAX_LINE]),
        }
    }

    /// Knows that there was an entry of this number and hash: the head of an earlier audit.
    pub fn know_head(&mut self, log: Log, number: Sequence, hash: [u8; 32]) {
        self.heads.push(KnownHead { log, number: number.0, hash });
    }

    /// Reads a text in memory, which stays where it is: nothing of it is copied. It is the next
    /// input, counted from 1.
    pub fn read_text(&mut self, text: &'t [u8], progress: &mut dyn Progress) {
        self.inputs = self.inputs.saturating_add(1);
        let from = From::Memory(self.archive.borrow(text), text.as_ptr().addr());
        lines(text, |number, line| self.line(number, line, from, progress));
    }

    /// Reads a reader's lines. The texts of entries are copied; of all else no more than a line is
    /// ever held. It is the next input, counted from 1.
    ///
    /// # Errors
    /// The reader's; what was read until then stays.
    pub fn read(&mut self, reader: impl BufRead, progress: &mut dyn Progress) -> io::Result<()> {
        self.inputs = self.inputs.saturating_add(1);
        read_lines(reader, |number, line| self.line(number, line, From::Reader, progress)).map(drop)
    }

    /// Ends the reading, and says what there is to say of the chain.
    pub fn finish(mut self, mode: Mode, progress: &mut dyn Progress) -> Audited<'t> {
        let mut events = Keys::of_cards(self.trust.domain, &self.trust.devices);
        let [changes, _] = &mut self.logs;
        changes.sort();
        events.follow(&changes.all, &self.archive);
        let denials = events.anytime();
        let mut findings = Vec::new();
        for (log, keys) in self.logs.iter_mut().zip([&events, &denials]) {
            log.sort();
            if mode == Mode::Thorough {
                signatures::check_all(&mut log.all, &self.archive, keys, progress);
            }
            let walked = chain::walk(log, &self.archive, keys, &self.heads, mode);
            findings.extend(walked.findings);
            self.counts.doubled += walked.doubled;
            self.counts.witnessed += walked.witnessed;
            self.counts.reordered += log.reordered;
        }
        progress.step(Stage::Done, self.counts.lines, Some(self.counts.lines));
        Audited {
            lock: self.trust.lock,
            domain: self.trust.domain,
            findings,
            counts: self.counts,
            unreadable: self.unreadable,
            logs: self.logs,
            archive: self.archive,
            material: self.material,
        }
    }

    fn line(&mut self, number: u64, text: Text<'_>, from: From, progress: &mut dyn Progress) {
        let line = Line { input: self.inputs, number };
        self.counts.lines += 1;
        if self.counts.lines.is_multiple_of(LINES_A_STEP) {
            progress.step(Stage::Reading, self.counts.lines, None);
        }
        let taken = match text {
            Text::Whole(text) => self.object(line, text, from),
            Text::TooLong => Err(Unreadable::TooLong),
        };
        if let Err(why) = taken {
            self.counts.unreadable += 1;
            if self.unreadable.len() < MAX_NAMED_LINES {
                self.unreadable.push((line, why));
            }
        }
    }

    fn object(&mut self, line: Line, text: &[u8], from: From) -> Result<(), Unreadable> {
        let (kind, base64) = split(text).map_err(Unreadable::Text)?;
        match kind {
            Kind::Entry => self.entry(line, base64, from),
            Kind::Receipt => self.receipt(line, base64, from),
            Kind::Token | Kind::Origin | Kind::Recording => {
                let object = decode(kind, base64, &mut self.buffer).map_err(Unreadable::Text)?;
                self.material.take(kind, line, object).map_err(Unreadable::Decode)?;
                self.counts.for_join += 1;
                Ok(())
            }
            _ => {
                decode(kind, base64, &mut self.buffer).map_err(Unreadable::Text)?;
                self.counts.passed_over += 1;
                Ok(())
            }
        }
    }

    fn entry(&mut self, line: Line, base64: &[u8], from: From) -> Result<(), Unreadable> {
        let object = decode(Kind::Entry, base64, &mut self.buffer).map_err(Unreadable::Text)?;
        // By reference: it has some hundred bytes, and there are millions of them.
        let read = Entry::decode(object);
        let entry = read.as_ref().map_err(|error| Unreadable::Decode(*error))?;
        let private = match entry.disclosed() {
            Ok(Disclosed::Nothing) => Shown::Nothing,
            Ok(Disclosed::Erased) => Shown::Erased,
            Ok(Disclosed::Told(_)) => Shown::Told,
            Err(_) => Shown::Other,
        };
        let new = New { line, base64, from, carried: Carried::Entry, private };
        record(&mut self.logs, &mut self.archive, self.trust.lock, &entry.receipt, &new)?;
        self.counts.entries += 1;
        Ok(())
    }

    fn receipt(&mut self, line: Line, base64: &[u8], from: From) -> Result<(), Unreadable> {
        let object = decode(Kind::Receipt, base64, &mut self.buffer).map_err(Unreadable::Text)?;
        let receipt = Receipt::decode(object).map_err(Unreadable::Decode)?;
        let (carried, private) = (Carried::Receipt, Shown::Nothing);
        let new = New { line, base64, from, carried, private };
        record(&mut self.logs, &mut self.archive, self.trust.lock, &receipt, &new)?;
        self.counts.receipts += 1;
        Ok(())
    }
}

/// What of a record doesn't stand in its receipt.
struct New<'l> {
    line: Line,
    base64: &'l [u8],
    from: From,
    carried: Carried,
    private: Shown,
}

impl New<'_> {
    fn place(&self, archive: &mut Archive<'_>) -> Option<Place> {
        match self.from {
            From::Memory(chunk, start) => {
                let offset = self.base64.as_ptr().addr().checked_sub(start)?;
                Archive::within(chunk, offset, self.base64.len(), self.carried)
            }
            From::Reader => archive.copy(self.base64, self.carried),
        }
    }
}

#[inline]
fn record(
    logs: &mut [Records; 2],
    archive: &mut Archive<'_>,
    lock: LockId,
    receipt: &Receipt<'_>,
    new: &New<'_>,
) -> Result<(), Unreadable> {
    let public = receipt.unverified();
    if public.lock != lock {
        return Err(Unreadable::OtherLock(public.lock));
    }
    let [events, denials] = logs;
    let log = match public.log() {
        Log::Events => events,
        Log::Denials => denials,
    };
    // A line is far shorter than a length may be.
    let place = new.place(archive).ok_or(Unreadable::TooLong)?;
    let record = Record {
        number: public.sequence.0,
        hash: *receipt.hash().as_bytes(),
        oldest: public.oldest.0,
        line: new.line,
        place,
        carried: new.carried,
        private: new.private,
        signature: Signed::Unchecked,
        rotates: matches!(public.event, Event::Device { .. }),
        genuine: false,
    };
    log.push(record, *public.before);
    Ok(())
}
