//! An audit that has ended: what it found, and the entries that the lock has said.

use keyward::{
    id::{DomainId, LockId, Sequence},
    receipt::{Entry, Log},
};

use crate::{
    archive::{Archive, Carried},
    collect::Counts,
    finding::Finding,
    join::Material,
    line::{Buffer, Line, MAX_LINE, Unreadable},
    record::{Record, Records, Shown},
};

/// What an audit of one lock's logs found.
#[derive(Debug)]
pub struct Audited<'t> {
    pub(crate) lock: LockId,
    pub(crate) domain: DomainId,
    pub(crate) findings: Vec<Finding>,
    pub(crate) counts: Counts,
    pub(crate) unreadable: Vec<(Line, Unreadable)>,
    pub(crate) logs: [Records; 2],
    pub(crate) archive: Archive<'t>,
    pub(crate) material: Material,
}

/// The end of a log, to be known by the next audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The number of the last entry.
    pub number: Sequence,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Audited<'_> {
    /// The lock.
    pub const fn lock(&self) -> LockId {
        self.lock
    }

    /// The domain.
    pub const fn domain(&self) -> DomainId {
        self.domain
    }

    /// The findings, those of events first, each log's by number.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether somebody is to answer for a finding.
    pub fn has_faults(&self) -> bool {
        self.findings.iter().any(Finding::is_fault)
    }

    /// What was read, in numbers.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The first lines of which nothing was taken, and why; [`Counts::unreadable`] counts all.
    pub fn unreadable(&self) -> &[(Line, Unreadable)] {
        &self.unreadable
    }

    /// The end of a log, if the lock has said anything in it.
    pub fn head(&self, log: Log) -> Option<LogHead> {
        let said = |record: &&Record| record.genuine && record.carried == Carried::Entry;
        let last = self.records(log).iter().rfind(said)?;
        Some(LogHead { number: Sequence(last.number), hash: last.hash })
    }

    /// Every entry of a log that the lock has said, by number, once each: of several copies the
    /// one that tells most. Of a forked number there are several.
    ///
    /// # Errors
    /// The visitor's.
    pub fn entries<E>(
        &self,
        log: Log,
        mut visit: impl FnMut(Line, &Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut buffer: Buffer = [0; MAX_LINE];
        for copies in self.records(log).chunk_by(|a, b| (a.number, a.hash) == (b.number, b.hash)) {
            let of_the_log = |copy: &&Record| copy.genuine && copy.carried == Carried::Entry;
            let Some(best) = copies.iter().filter(of_the_log).min_by_key(|copy| tells(copy)) else {
                continue;
            };
            if let Some(entry) = self.archive.entry(&best.place, &mut buffer) {
                visit(best.line, &entry)?;
            }
        }
        Ok(())
    }

    fn records(&self, log: Log) -> &[Record] {
        let [events, denials] = &self.logs;
        match log {
            Log::Events => &events.all,
            Log::Denials => &denials.all,
        }
    }
}

/// First what tells most.
const fn tells(record: &Record) -> u8 {
    match record.private {
        Shown::Told => 0,
        Shown::Nothing | Shown::Erased => 1,
        Shown::Other => 2,
    }
}
