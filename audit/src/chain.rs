//! Walks a log down from its end: what the lock has said, and what it hasn't (SPEC.md section
//! 24.8).
//!
//! An entry is *genuine* if the entry behind it is and hangs from it, if the auditor knows its
//! hash, or if its own signature holds. Only where neither of the first two is so a signature is
//! looked at, so a whole log costs one. A log *ends* at its last genuine entry.

use keyward::{id::Sequence, receipt::Log};

use crate::{
    archive::{Archive, Carried},
    collect::Mode,
    finding::{Finding, Missing, Seen, Tampering},
    keys::Keys,
    line::{Buffer, Line, MAX_LINE},
    record::{Hangs, Record, Records, Shown, Signed},
    signatures::check,
};

/// A hash that an entry must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownHead {
    pub(crate) log: Log,
    pub(crate) number: u64,
    pub(crate) hash: [u8; 32],
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) findings: Vec<Finding>,
    pub(crate) doubled: u64,
    pub(crate) witnessed: u64,
}

pub(crate) fn walk(
    records: &mut Records,
    archive: &Archive<'_>,
    keys: &Keys,
    heads: &[KnownHead],
    mode: Mode,
) -> Walked {
    let log = records.log;
    let heads: Vec<_> = heads.iter().filter(|head| head.log == log).copied().collect();
    let mut walk = Walk {
        log,
        archive,
        keys,
        buffer: [0; MAX_LINE],
        heads,
        named: Vec::new(),
        next_named: Vec::new(),
        genuine: Vec::new(),
        thorough: mode == Mode::Thorough,
        below: None,
        forked_above: false,
        lowest: None,
        run: None,
        last: None,
        oldest: 0,
        beyond: None,
        faulty: false,
        found: Walked::default(),
    };
    records.down(|records, hangs| walk.number(records, hangs));
    walk.end()
}

/// A walk down, at some number.
struct Walk<'w> {
    log: Log,
    archive: &'w Archive<'w>,
    keys: &'w Keys,
    thorough: bool,
    buffer: Buffer,
    heads: Vec<KnownHead>,
    /// The hashes from which genuine entries of the number above hang, and where those are.
    named: Vec<([u8; 32], Seen)>,
    next_named: Vec<([u8; 32], Seen)>,
    /// The genuine entries of the present number.
    genuine: Vec<(Line, Carried)>,
    /// The number to which the hashes belong.
    below: Option<u64>,
    /// Whether the number above was forked.
    forked_above: bool,
    /// The lowest number of an entry so far, genuine or not.
    lowest: Option<u64>,
    /// Where the unbroken run up to the end begins, while it goes on.
    run: Option<(u64, bool)>,
    /// The last genuine entry.
    last: Option<u64>,
    /// The oldest entry that the lock still held, by all genuine ones so far.
    oldest: u64,
    /// The highest genuine receipt behind the log's end.
    beyond: Option<(u64, Seen)>,
    faulty: bool,
    found: Walked,
}

impl Walk<'_> {
    fn number(&mut self, records: &mut [Record], hangs: Hangs<'_>) {
        if let ([record], Hangs::From(before)) = (&mut *records, hangs)
            && self.is_plain(record)
        {
            self.plain(record, before);
            return;
        }
        let Some(number) = records.first().map(|record| record.number) else { return };
        if self.below != Some(number) {
            self.named.clear();
            self.forked_above = false;
        }
        self.genuine.clear();
        let (mut entry, mut genuine_entry) = (false, false);
        let heads = self.heads.iter().filter(|head| head.number == number);
        let mut unmet: Vec<[u8; 32]> = heads.map(|head| head.hash).collect();
        self.next_named.clear();
        let (mut oldest, mut place) = (self.oldest, 0_usize);
        for copies in records.chunk_by_mut(|a, b| a.hash == b.hash) {
            let Some(first) = copies.first() else { continue };
            let (hash, before, of_this) = (first.hash, hangs.before(place), first.oldest);
            place = place.saturating_add(copies.len());
            let has_entry = copies.iter().any(|copy| copy.carried == Carried::Entry);
            entry |= has_entry;
            if !self.is_genuine(copies, &unmet) {
                self.forged(number, copies);
                continue;
            }
            unmet.retain(|known| *known != hash);
            self.named.retain(|(named, _)| *named != hash);
            for copy in copies.iter_mut() {
                copy.genuine = true;
            }
            self.copies(number, copies);
            let (line, carried) = seen(copies);
            self.next_named.push((before, Seen::NamedBy(line, carried)));
            self.genuine.push((line, carried));
            oldest = oldest.max(of_this);
            genuine_entry |= has_entry;
        }
        self.genuine.sort_unstable();
        let one = self.genuine.first().map(|(line, carried)| Seen::Line(*line, *carried));
        if let Some(one) = one {
            self.forks(number, one, unmet.len());
        }
        self.missing(number, entry, genuine_entry, one);
        self.oldest = oldest;
        std::mem::swap(&mut self.named, &mut self.next_named);
        (self.below, self.forked_above) = (number.checked_sub(1), self.genuine.len() > 1);
    }

    /// Whether this is all that there is of its number, and the one genuine entry behind hangs from
    /// it: of a whole log nearly every entry, and nothing else is to be asked of it.
    fn is_plain(&self, record: &Record) -> bool {
        let named = match self.named.as_slice() {
            [(named, _)] => *named == record.hash && self.below == Some(record.number),
            _ => false,
        };
        let bare = matches!(record.private, Shown::Nothing | Shown::Told) && !record.rotates;
        let signed = !self.thorough || record.signature == Signed::Holds;
        named
            && bare
            && signed
            && record.carried == Carried::Entry
            && self.last.is_some()
            && self.heads.is_empty()
    }

    fn plain(&mut self, record: &mut Record, before: [u8; 32]) {
        record.genuine = true;
        self.missing(record.number, true, true, None);
        self.oldest = self.oldest.max(record.oldest);
        self.named.clear();
        self.named.push((before, Seen::NamedBy(record.line, record.carried)));
        (self.below, self.forked_above) = (record.number.checked_sub(1), false);
    }

    /// What else the lock has said of this number.
    fn forks(&mut self, number: u64, one: Seen, unmet_heads: usize) {
        for place in 1..self.genuine.len() {
            if let Some((line, carried)) = self.genuine.get(place).copied() {
                self.fork(number, one, Seen::Line(line, carried));
            }
        }
        if unmet_heads > 0 {
            self.fork(number, one, Seen::KnownHead);
        }
        // Two histories above hang from two entries here; the fork is told up there.
        if !self.forked_above
            && let Some((_, other)) = self.named.first().copied()
        {
            self.fork(number, one, other);
        }
    }

    /// Whether the lock has said what these copies say.
    fn is_genuine(&mut self, copies: &mut [Record], heads: &[[u8; 32]]) -> bool {
        let Some(hash) = copies.first().map(|copy| copy.hash) else { return false };
        if heads.contains(&hash) || self.named.iter().any(|(named, _)| *named == hash) {
            return true;
        }
        copies.iter_mut().any(|copy| {
            if copy.signature == Signed::Unchecked {
                copy.signature = check(copy, self.archive, self.keys, &mut self.buffer);
            }
            copy.signature == Signed::Holds
        })
    }

    /// What the lock hasn't said.
    fn forged(&mut self, number: u64, copies: &[Record]) {
        for copy in copies {
            self.tamper(number, copy, Tampering::Unsigned);
        }
    }

    /// Copies of one genuine entry.
    fn copies(&mut self, number: u64, copies: &[Record]) {
        let of = |carried| move |copy: &&Record| copy.carried == carried;
        let entries = count(copies.iter().filter(of(Carried::Entry)));
        if entries > 0 {
            self.found.doubled += entries.saturating_sub(1);
            self.found.witnessed += count(copies.iter().filter(of(Carried::Receipt)));
        }
        for copy in copies {
            if let (Signed::Broken(fault), true) = (copy.signature, self.thorough) {
                self.tamper(number, copy, Tampering::Signature(fault));
            }
            if copy.private == Shown::Other {
                self.tamper(number, copy, Tampering::Private);
            }
        }
        if let Some(changing) = copies.iter().find(|copy| copy.rotates)
            && let Some(receipt) = self.archive.receipt(&changing.place, &mut self.buffer)
            && !self.keys.changes(&receipt)
        {
            self.tamper(number, changing, Tampering::Change);
        }
        let erased = copies.iter().find(|copy| copy.private == Shown::Erased);
        if let Some(erased) = erased.filter(|_| copies.iter().all(|c| c.private != Shown::Told)) {
            let (log, number) = (self.log, Sequence(number));
            self.found.findings.push(Finding::Erased { log, number, line: erased.line });
        }
    }

    fn tamper(&mut self, number: u64, copy: &Record, what: Tampering) {
        // Anybody can bring a receipt that the lock never signed; the log is none the worse.
        self.faulty |= copy.carried == Carried::Entry || what != Tampering::Unsigned;
        let Record { line, carried, .. } = *copy;
        let (log, number) = (self.log, Sequence(number));
        self.found.findings.push(Finding::Tamper { log, number, line, carried, what });
    }

    fn fork(&mut self, number: u64, one: Seen, other: Seen) {
        self.faulty = true;
        let (log, number) = (self.log, Sequence(number));
        self.found.findings.push(Finding::Fork { log, number, one, other });
    }

    /// Where the log ends, and what is missing in front of what is there.
    fn missing(&mut self, number: u64, entry: bool, genuine_entry: bool, genuine: Option<Seen>) {
        if self.last.is_none() {
            if !genuine_entry {
                self.beyond = self.beyond.or(genuine.map(|seen| (number, seen)));
                return;
            }
            self.last = Some(number);
            self.lowest = Some(number);
            self.run = Some((number, true));
            return;
        }
        if entry && let Some(lowest) = self.lowest.replace(number) {
            self.gap(number.saturating_add(1), lowest);
        }
    }

    /// Entries from this number on are missing in front of that one.
    fn gap(&mut self, from: u64, behind: u64) {
        if let Some((start, unbroken)) = &mut self.run {
            *unbroken &= from >= behind;
            if *unbroken {
                *start = from.saturating_sub(1);
            }
        }
        let held = self.oldest.clamp(from.min(behind), behind);
        for (from, end, why) in [(from, held, Missing::Dropped), (held, behind, Missing::Withheld)]
        {
            if from < end {
                self.faulty |= why == Missing::Withheld;
                let (from, until) = (Sequence(from), Sequence(end.saturating_sub(1)));
                self.found.findings.push(Finding::Gap { log: self.log, from, until, why });
            }
        }
    }

    fn end(mut self) -> Walked {
        if let Some(lowest) = self.lowest.filter(|lowest| *lowest > 0) {
            let run = self.run;
            self.gap(0, lowest);
            self.run = run;
        }
        let head = self.heads.iter().max_by_key(|head| head.number);
        let known = head.map(|head| (head.number, Seen::KnownHead));
        let known = known
            .into_iter()
            .chain(self.beyond)
            .max_by_key(|(number, seen)| (*number, matches!(seen, Seen::KnownHead)));
        let log = self.log;
        if let Some((known, by)) = known.filter(|(known, _)| Some(*known) > self.last) {
            self.faulty = true;
            let (last, known) = (self.last.map(Sequence), Sequence(known));
            self.found.findings.push(Finding::Truncation { log, last, known, by });
        }
        if let (Some((from, _)), Some(until), false) = (self.run, self.last, self.faulty) {
            let (from, until) = (Sequence(from), Sequence(until));
            self.found.findings.push(Finding::Whole { log, from, until });
        }
        self.found.findings.sort_by_key(Finding::number);
        self.found
    }
}

/// The first of the copies, that of the log if one is.
fn seen(copies: &[Record]) -> (Line, Carried) {
    let entry = copies.iter().find(|copy| copy.carried == Carried::Entry).or(copies.first());
    let none = (Line { input: 0, number: 0 }, Carried::Receipt);
    entry.map_or(none, |copy| (copy.line, copy.carried))
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}
