//! Which device keys sign a lock's log, and up to which entry (SPEC.md section 24.6).

use keyward::{PublicKey, SignatureFault, id::DomainId, receipt::Receipt, role};

use crate::{
    archive::Archive,
    line::{Buffer, MAX_LINE},
    record::{Record, Signed},
};

type Device = PublicKey<role::Device>;

/// A device key that is believed.
#[derive(Clone, Copy, Debug)]
struct Held {
    key: Device,
    /// The first entry that it signs.
    since: u64,
    /// The last: the one that changes it.
    last: u64,
}

/// The device keys of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    domain: DomainId,
    held: Vec<Held>,
}

/// A change of the key, which both keys have signed.
#[derive(Clone, Copy)]
struct Change {
    number: u64,
    old: Device,
    new: Device,
}

impl Keys {
    /// The keys that cards name, in force from the first entry to the last.
    pub(crate) fn of_cards(domain: DomainId, cards: &[Device]) -> Self {
        let held = cards.iter().map(|key| Held { key: *key, since: 0, last: u64::MAX });
        let mut keys = Self { domain, held: held.collect() };
        keys.held.sort_by_key(|held| held.key);
        keys.held.dedup_by_key(|held| held.key);
        keys
    }

    /// Follows all changes from the keys of the cards, in both directions. The records are in the
    /// order of their numbers.
    pub(crate) fn follow(&mut self, records: &[Record], archive: &Archive<'_>) {
        let mut buffer: Buffer = [0; MAX_LINE];
        let mut changes: Vec<Change> = Vec::new();
        for record in records.iter().filter(|record| record.rotates) {
            let Some(receipt) = archive.receipt(&record.place, &mut buffer) else { continue };
            if let Ok(Some([old, new])) = receipt.rotation(&self.domain) {
                changes.push(Change { number: record.number, old, new });
            }
        }
        while changes.iter().fold(false, |news, change| self.take(change) | news) {}
        self.held.sort_by_key(|held| (held.since, held.key));
    }

    /// Takes a change that hangs from a key that is believed; whether it was new.
    fn take(&mut self, change: &Change) -> bool {
        let Change { number, old, new } = *change;
        let behind = number.saturating_add(1);
        let of = |held: &[Held], key| held.iter().find(|held| held.key == key).copied();
        // An old key that was changed before, or a new one that came another time, changes nothing.
        let ends = of(&self.held, old).map(|held| (held.since..=held.last).contains(&number));
        let begins = of(&self.held, new).map(|held| held.since == 0 || held.since == behind);
        if !matches!((ends, begins), (Some(true), Some(true) | None) | (None, Some(true))) {
            return false;
        }
        for key in [old, new] {
            if of(&self.held, key).is_none() {
                self.held.push(Held { key, since: 0, last: u64::MAX });
            }
        }
        let mut news = false;
        for held in &mut self.held {
            if held.key == old {
                news |= held.last != number;
                held.last = number;
            }
            if held.key == new {
                news |= held.since != behind;
                held.since = behind;
            }
        }
        news
    }

    /// Whether a change is one that both keys have signed, from the key that was in force.
    pub(crate) fn changes(&self, receipt: &Receipt<'_>) -> bool {
        let behind = receipt.unverified().sequence.0.saturating_add(1);
        let Ok(Some([old, new])) = receipt.rotation(&self.domain) else { return false };
        let ends = |held: &Held| held.key == old && held.last.saturating_add(1) == behind;
        let starts = |held: &Held| held.key == new && held.since == behind;
        self.held.iter().any(ends) && self.held.iter().any(starts)
    }

    /// Whether a receipt is signed by the key in force at its number, or one that came later.
    pub(crate) fn check(&self, receipt: &Receipt<'_>) -> Signed {
        let number = receipt.unverified().sequence.0;
        let mut fault = None;
        for held in self.held.iter().filter(|held| held.last >= number) {
            match receipt.verify(&self.domain, &held.key) {
                Ok(_) => return Signed::Holds,
                Err(found) => fault = fault.or(Some(found)),
            }
        }
        Signed::Broken(fault.unwrap_or(SignatureFault::Mismatch))
    }

    /// The same keys without an order: the log of denials counts by itself, and tells no changes.
    pub(crate) fn anytime(&self) -> Self {
        let mut keys = self.clone();
        keys.held.iter_mut().for_each(|held| held.last = u64::MAX);
        keys
    }
}
