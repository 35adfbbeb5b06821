//! What clients were told and nodes have done, and how often that was more than once.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::wire::Outcome;

/// Every presentation by its name, which is its place, and every counted link.
#[derive(Default)]
pub struct Book {
    entries: Mutex<Vec<Entry>>,
    limits: Mutex<Vec<u32>>,
    /// Presentations that were refused when they were new, by what was said.
    refused: Mutex<BTreeMap<Outcome, u64>>,
    /// Further counts.
    pub counts: Counts,
}

/// A presentation.
#[derive(Clone, Copy, Default)]
struct Entry {
    link: Option<Link>,
    told: u32,
}

/// A counted link, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link(usize);

/// How often what came to pass.
#[derive(Default)]
pub struct Counts {
    /// Presentations that are done with: let in, or used up as they should be.
    pub done: AtomicU64,
    /// Presentations that were brought again, the same bytes.
    pub replayed: AtomicU64,
    /// Counted tokens that were brought again with a new challenge when they were used up.
    pub counted_again: AtomicU64,
    /// Accepted, as clients were told.
    pub accepted: AtomicU64,
    /// Presentations of which a client once didn't know.
    pub unknown: AtomicU64,
    /// Of those, found spent when they were tried again.
    pub spent_unsaid: AtomicU64,
    /// Counted uses that nobody was told of.
    pub uses_lost: AtomicU64,
    /// Clients who were not let in for good.
    pub shut_out: AtomicU64,
}

/// What the book says in the end.
pub struct Judgement {
    /// Acts above what was allowed: one for each presentation, and a counted link's uses.
    pub accepted_twice: u64,
    /// Acts whose answers were lost.
    pub unheard: u64,
    /// Clients who were told of an act that no node wrote down.
    pub untrue: u64,
}

impl Book {
    /// Enters a presentation.
    pub fn presentation(&self, link: Option<Link>) -> u64 {
        let mut entries = self.entries.lock().expect("whole");
        entries.push(Entry { link, told: 0 });
        entries.len() as u64 - 1
    }

    /// Enters a link that may be used so often.
    pub fn link(&self, uses: u32) -> Link {
        let mut limits = self.limits.lock().expect("whole");
        limits.push(uses);
        Link(limits.len() - 1)
    }

    /// A client was told that it is let in.
    pub fn accepted(&self, name: u64) {
        self.counts.accepted.fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock().expect("whole");
        entries[usize::try_from(name).expect("a place")].told += 1;
    }

    /// A new presentation was refused.
    pub fn refused(&self, outcome: Outcome) {
        *self.refused.lock().expect("whole").entry(outcome).or_default() += 1;
    }

    /// What new presentations were refused for.
    pub fn refusals(&self) -> BTreeMap<Outcome, u64> {
        self.refused.lock().expect("whole").clone()
    }

    /// Presentations that were made.
    pub fn made(&self) -> usize {
        self.entries.lock().expect("whole").len()
    }

    /// Compares what was told and what was done with what was allowed.
    ///
    /// # Errors
    /// When the nodes' files can't be read.
    pub fn judge<'p>(
        &self,
        acts: impl Iterator<Item = &'p Path>,
    ) -> Result<Judgement, std::io::Error> {
        let entries = self.entries.lock().expect("whole");
        let mut done = vec![0_u32; entries.len()];
        for file in acts {
            let bytes = fs::read(file)?;
            for name in bytes.as_chunks::<8>().0 {
                done[usize::try_from(u64::from_le_bytes(*name)).expect("a place")] += 1;
            }
        }
        let mut uses = vec![0_u32; self.limits.lock().expect("whole").len()];
        let mut judgement = Judgement { accepted_twice: 0, unheard: 0, untrue: 0 };
        for (entry, done) in entries.iter().zip(&done) {
            let times = entry.told.max(*done);
            judgement.accepted_twice += u64::from(times.saturating_sub(1));
            judgement.unheard += u64::from(done.saturating_sub(entry.told));
            judgement.untrue += u64::from(entry.told.saturating_sub(*done));
            if let Some(Link(link)) = entry.link {
                // The same presentation twice is counted above.
                uses[link] += times.min(1);
            }
        }
        for (uses, limit) in uses.iter().zip(&*self.limits.lock().expect("whole")) {
            judgement.accepted_twice += u64::from(uses.saturating_sub(*limit));
        }
        Ok(judgement)
    }
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
