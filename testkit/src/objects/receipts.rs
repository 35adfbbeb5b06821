//! Receipts, entries and recordings, drawn at random.

use super::Draw;
use crate::oracle::receipts::{About, Denied, Entry, Event, Private, Receipt, Recording};

impl Draw<'_> {
    /// A receipt.
    pub fn receipt(&mut self) -> Receipt {
        let (lo, sequence) = (self.number(), self.number());
        let known = self.below(2) == 1;
        let hi = known.then(|| if self.strays() { self.number() } else { lo.max(self.number()) });
        let (oldest, event) = (self.number(), self.event());
        let has_private = event.has_private() || self.strays();
        Receipt {
            lock: self.bytes(),
            epoch: self.number(),
            sequence,
            before: self.bytes(),
            oldest: if self.strays() { oldest } else { oldest.min(sequence) },
            starts: self.number(),
            lo,
            hi,
            quality: if self.strays() { self.below(255) } else { self.below(3) },
            private: (has_private && self.below(4) > 0).then(|| self.bytes()),
            event,
            signature: self.signature(),
        }
    }

    fn event(&mut self) -> Event {
        match self.below(4) {
            0 => Event::Opening {
                core: self.bytes(),
                right: if self.strays() { self.below(255) } else { self.below(32) },
                outcome: if self.strays() { self.below(255) } else { self.below(5) },
            },
            1 => {
                let known = [3, 9, 10, 11][usize::from(self.below(4))];
                let kind = if self.strays() { self.below(20) } else { known };
                Event::Statement { kind, hash: self.bytes() }
            }
            2 => Event::Device {
                old: self.key(),
                new: self.key(),
                by_old: self.signature(),
                by_new: self.signature(),
            },
            _ => Event::Denials { count: self.at_least_1() },
        }
    }

    /// An entry.
    pub fn entry(&mut self) -> Entry {
        let receipt = self.receipt();
        let named = receipt.private.is_some() || self.strays();
        let private = (named && self.below(4) > 0).then(|| self.private());
        Entry { receipt, private }
    }

    fn private(&mut self) -> Private {
        let about = if self.below(2) == 0 {
            let (links, witnesses) = (self.count(1, 4), self.count(0, 2));
            About::Opening {
                issuer: self.bytes(),
                holder: self.bytes(),
                links: (0..links).map(|_| self.bytes()).collect(),
                witnesses: (0..witnesses).map(|_| (self.bytes(), self.bytes())).collect(),
            }
        } else {
            let rows = self.count(1, 4);
            About::Denials((0..rows).map(|_| self.denied()).collect())
        };
        Private { salt: self.bytes(), about }
    }

    fn denied(&mut self) -> Denied {
        Denied {
            code: u16::from(self.below(255)) * 3,
            holder: (self.below(2) == 1).then(|| self.bytes()),
            count: self.at_least_1(),
            first: self.number(),
            last: self.number(),
        }
    }

    /// A witness's word on its recording.
    pub fn recording(&mut self) -> Recording {
        let from = self.time();
        let until = self.time();
        Recording {
            key: self.key(),
            core: self.bytes(),
            evidence: self.bytes(),
            hash: self.bytes(),
            from,
            until: if self.strays() { until } else { until.max(from) },
            signature: self.signature(),
        }
    }
}
