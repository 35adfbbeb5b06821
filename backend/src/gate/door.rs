//! What a door's requests are named by in the store.

use keyward::{
    Denial, Presentation, Time, Trust,
    caveat::Caveat,
    id::{KeyName, LinkId, Nonce},
    limits::UNCHALLENGED_HORIZON,
    verify::Accepted,
};
use sha2::{Digest, Sha256};

use super::{
    Refusal,
    memory::{self, Snapshot},
};
use crate::state::{Cell, Mark, Millis, Name, Spent, clock::Present};

/// A door: a lock of a domain, in an epoch. A lock that enters a new epoch starts to count anew,
/// and nothing that was signed before is good there; so the epoch is part of the name.
pub(super) struct Door([u8; 48]);

impl Door {
    pub(super) fn of(trust: &Trust<'_>) -> Self {
        let (scope, mut bytes) = (trust.scope(), [0; 48]);
        bytes[..32].copy_from_slice(&scope.domain.0);
        bytes[32..40].copy_from_slice(&scope.epoch.to_le_bytes());
        bytes[40..].copy_from_slice(&trust.lock().0);
        Self(bytes)
    }

    pub(super) const fn bytes(&self) -> &[u8; 48] {
        &self.0
    }

    pub(super) fn spent(&self, nonce: &Nonce, given: Millis) -> Spent {
        Spent { name: self.name(0, &nonce.0), given }
    }

    pub(super) fn link(&self, link: &LinkId) -> Name {
        self.name(1, &link.0)
    }

    pub(super) fn holder(&self, holder: &KeyName) -> Name {
        self.name(2, &holder.0)
    }

    fn name(&self, kind: u8, id: &[u8; 16]) -> Name {
        let mut hash = Sha256::new_with_prefix(b"keyward state v1");
        hash.update(self.0);
        hash.update([kind]);
        hash.update(id);
        let mut name = [0; 16];
        name.copy_from_slice(&hash.finalize()[..16]);
        Name(name)
    }

    /// All that an accepted request changes: its counted links in their order, then its lane.
    pub(super) fn mark(
        &self,
        accepted: &Accepted,
        presentation: &Presentation<'_>,
        given: Option<(Nonce, Millis)>,
        snapshot: &Snapshot<'_>,
        present: &Present,
    ) -> Result<Mark, Refusal> {
        let mut made = given.map_or(Millis::LAST, |(_, at)| at);
        let mut cells = Vec::new();
        for counted in accepted.changes().counted() {
            let place = accepted.links().position(|link| link == counted.link).unwrap_or(0);
            let until = Millis::of(counted.keep_until);
            cells.push(Cell {
                name: self.link(&counted.link),
                began: began(presentation, place),
                good_until: until,
                keep_until: until,
                before: memory::of_uses(&counted.before),
                after: memory::of_uses(&counted.after),
            });
        }
        if let Some(lane) = accepted.changes().lane() {
            made = made.min(Millis::of(lane.time));
            let name = self.holder(&lane.holder);
            let before = snapshot.value(&name);
            let changed = memory::seen(&before, lane.counter, lane.time);
            let (after, latest) =
                changed.map_err(|fault| Refusal::Denied(Denial::CounterRefused(fault)))?;
            // What it has seen lives as long as the latest of it; the request itself no longer than
            // by its own time: a window that was dropped may have seen it, whatever this one says.
            let [good_until, keep_until] = [lane.time, latest]
                .map(|time| Millis::of(time.after(UNCHALLENGED_HORIZON + LANE_MARGIN)));
            let began = Millis::LAST;
            cells.push(Cell { name, began, good_until, keep_until, before, after });
        }
        let nonce = given.map(|(nonce, at)| self.spent(&nonce, at));
        Ok(Mark { now: present.lo(), made, nonce, cells })
    }
}

/// The earliest use that a link can have had: no sooner than it, and all before it, became valid.
/// The bytes are those that were verified.
fn began(presentation: &Presentation<'_>, place: usize) -> Millis {
    let links = presentation.unverified_token().unverified_links().take(place + 1);
    let from = links.flatten().filter_map(|link| {
        link.caveats.caveats().find_map(|caveat| match caveat {
            Ok(Caveat::Valid(valid)) => Some(valid.from),
            _ => None,
        })
    });
    Millis::of(from.max().unwrap_or(Time(0)))
}

/// Seconds that a lane is kept beyond the latest request that it could refuse: clocks differ.
const LANE_MARGIN: u64 = 60;
