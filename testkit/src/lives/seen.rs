//! What a lock knows, and what its logs say, to be compared over starts.

use super::*;

/// All that a lock knows, but for the number of its starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    scope: keyward::Scope,
    keyset: u64,
    list: ListOrder,
    card: keyward::card::CardOrder,
    floor: u64,
    counts: Vec<(LinkId, u32, u64)>,
    lanes: Vec<([u8; 16], u64, u64, Vec<u64>)>,
    next: u64,
    denials: u64,
    relock: bool,
}

impl View {
    /// The epoch.
    pub fn epoch(&self) -> usize {
        usize::try_from(self.scope.epoch.0).unwrap()
    }
}

/// What a lock's logs say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The entries that it holds: hash, and the outcome of an opening.
    pub entries: BTreeMap<(keyward::receipt::Log, u64), ([u8; 32], Option<Outcome>)>,
    /// The numbers of those that come next.
    pub next: BTreeMap<keyward::receipt::Log, u64>,
}

impl Told {
    /// Whether a lock that says this has once said that.
    ///
    /// # Errors
    /// What is another entry now, or gone though nothing behind it is.
    pub fn follows(&self, before: &Self) -> Result<(), String> {
        for ((log, number), (hash, _)) in &before.entries {
            match self.entries.get(&(*log, *number)) {
                Some((same, _)) if same == hash => {}
                Some(_) => return Err(format!("{log:?} {number} is another entry")),
                None => {
                    let mut own = self.entries.keys().filter(|(of, _)| of == log);
                    let is_dropped = own.next().is_some_and(|(_, first)| first > number);
                    if !is_dropped {
                        return Err(format!("{log:?} {number} is gone"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a lock knows that was claimed.
pub fn view<S: Store>(lock: &Lock<'static, S, Small>) -> View {
    let trust = lock.trust().unwrap();
    let floor = lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo();
    let tables = lock.memory();
    let mut counts: Vec<_> =
        tables.counts(floor).map(|count| (count.link, count.spent.get(), count.first.0)).collect();
    counts.sort_unstable();
    let mut lanes: Vec<_> = tables
        .lanes(floor)
        .map(|lane| (lane.holder.0, lane.latest.0, lane.highest.0, lane.seen.collect()))
        .collect();
    lanes.sort_unstable();
    View {
        scope: trust.scope(),
        keyset: trust.keyset().0,
        list: trust.list(),
        card: trust.card(),
        floor: floor.0,
        counts,
        lanes,
        next: lock.head(keyward::receipt::Log::Events).next.0 + u64::from(lock.has_open_decision()),
        denials: lock.head(keyward::receipt::Log::Denials).next.0,
        relock: lock.relock_within(now()).is_some(),
    }
}
