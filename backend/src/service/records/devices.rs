//! Which device keys sign a lock's log, and up to which entry (SPEC.md section 24.6).

use keyward::{
    PublicKey, SignatureFault,
    id::DomainId,
    receipt::{Log, Receipt},
    role,
};

/// A lock's key.
pub(super) type Device = PublicKey<role::Device>;

/// A change of the key, which both keys have signed for its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The number of its entry.
    pub(super) number: u64,
    /// The key that signs up to there.
    pub(super) old: Device,
    /// The key that signs from there on.
    pub(super) new: Device,
}

/// The keys of a lock's life that are known, as they came into force; never none.
pub(super) struct Keys(Vec<Held>);

struct Held {
    key: Device,
    /// The first entry that it signs; 0 also where nobody knows.
    since: u64,
    /// The last: the one that changes it.
    last: u64,
}

impl Keys {
    /// The keys by which an entry is judged: all that follow from the card's, in both directions.
    /// The changes that are held are in the order of their numbers. None where the entry would
    /// change a key that isn't the one in force.
    pub(super) fn judging(card: Device, held: &[Change], coming: Option<Change>) -> Option<Self> {
        let Some(coming) = coming.filter(|coming| !held.contains(coming)) else {
            return Some(Self::follow(card, held));
        };
        // What is held in its place is another history's, and is told by the chain.
        let others = held.iter().filter(|change| change.number != coming.number);
        let mut keys = Self::follow(card, &others.copied().collect::<Vec<_>>());
        (keys.go_on(&coming) || keys.go_back(&coming)).then_some(keys)
    }

    fn follow(card: Device, changes: &[Change]) -> Self {
        let mut keys = Self(vec![Held { key: card, since: 0, last: u64::MAX }]);
        for change in changes.iter().rev() {
            keys.go_back(change);
        }
        for change in changes {
            keys.go_on(change);
        }
        keys
    }

    /// Follows a change of the newest key.
    fn go_on(&mut self, change: &Change) -> bool {
        let newest = self.0.last_mut();
        let newest = newest.filter(|held| held.key == change.old && held.since <= change.number);
        let Some(newest) = newest else { return false };
        newest.last = change.number;
        let since = change.number.saturating_add(1);
        self.0.push(Held { key: change.new, since, last: u64::MAX });
        true
    }

    /// Follows the change by which the oldest key came into force.
    fn go_back(&mut self, change: &Change) -> bool {
        let oldest = self.0.first_mut();
        let oldest = oldest
            .filter(|held| held.key == change.new && held.since == 0 && held.last > change.number);
        let Some(oldest) = oldest else { return false };
        oldest.since = change.number.saturating_add(1);
        self.0.insert(0, Held { key: change.old, since: 0, last: change.number });
        true
    }

    /// Whether the key in force at its number has signed a receipt, or one that came later. The log
    /// of denials has numbers of its own: there any key of the life signs.
    pub(super) fn verify(
        &self,
        domain: &DomainId,
        receipt: &Receipt<'_>,
    ) -> Result<(), SignatureFault> {
        let public = receipt.unverified();
        let may_sign =
            |held: &&Held| public.log() == Log::Denials || held.last >= public.sequence.0;
        let mut signed = Err(SignatureFault::Mismatch);
        for held in self.0.iter().rev().filter(may_sign) {
            signed = receipt.verify(domain, &held.key).map(drop);
            if signed.is_ok() {
                break;
            }
        }
        signed
    }
}
