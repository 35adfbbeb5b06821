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
    counts: Vec<(Prefix, u32, u64)>,
    lanes: Vec<([u8; 8], u64, u64, Vec<u64>)>,
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

/// All entries that a lock holds, both logs in one: number and hash, and the outcome of an
/// opening. Each hangs from the one before, and the last is where the log ends.
///
/// # Errors
/// What of that isn't so.
pub fn told<S: Store>(lock: &mut Lock<'static, S, Small>) -> Result<Told, String> {
    let mut told = Told::default();
    if lock.trust().is_err() {
        return Ok(told);
    }
    let mut reader = lock.read_log(now()).map_err(|denial| denial.to_string())?;
    let mut heads = BTreeMap::new();
    while let Some(draft) = lock.next_entry(&mut reader).map_err(|denial| denial.to_string())? {
        let bytes = draft.receipt().unwrap().unsigned_bytes().to_vec();
        let receipt = [&bytes[..], &[0; 64]].concat();
        let receipt = Receipt::decode(&receipt).unwrap();
        let public = receipt.unverified();
        let (log, number) = (public.log(), public.sequence.0);
        let first = Head { next: public.sequence, hash: *public.before };
        let head = *heads.entry(log).or_insert(first);
        let head = head.step(&receipt).map_err(|fault| format!("{log:?} {number}: {fault:?}"))?;
        heads.insert(log, head);
        let outcome = match public.event {
            Event::Opening { outcome, .. } => Some(outcome),
            _ => None,
        };
        told.entries.insert((log, number), (*receipt.hash().as_bytes(), outcome));
    }
    for log in [keyward::receipt::Log::Events, keyward::receipt::Log::Denials] {
        let end = lock.head(log);
        if heads.get(&log).copied().unwrap_or(end) != end {
            return Err(format!("{log:?} doesn't end where it does"));
        }
        told.next.insert(log, end.next.0);
    }
    Ok(told)
}
