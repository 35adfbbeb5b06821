//! Fits any number of revocations into the list that every lock holds (SPEC.md section 8.4).
//!
//! A list has 64 entries. Where more must be revoked, an issuer's oldest tokens are given up
//! together: a serial floor revokes all below it, the revoked and the honest. What dies without
//! guilt is returned, to be issued anew. Nothing that was to be denied is admitted:
//! `denied(fold(L)) ⊇ denied(L)`.

use std::{collections::BTreeMap, fmt};

use keyward::{
    id::{KeyId, Serial},
    limits::{MAX_FLOORS, MAX_REVOCATIONS},
    status::{Revoked, SerialFloor},
};

/// One thing that must be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// The link or key, as lists name it.
    pub entry: Revoked,
    /// For a link: issuer and serial of the token that it is in, by which it can be folded. A key
    /// may stand in tokens that the issuer never saw, and has none.
    pub token: Option<(KeyId, Serial)>,
}

/// A token that is in use and must not be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Live {
    /// Its issuer.
    pub issuer: KeyId,
    /// Its serial.
    pub serial: Serial,
}

/// A list that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The entries, ascending, at most 64.
    pub entries: Vec<Revoked>,
    /// The floors, ascending by issuer, at most 8; none below those that were given.
    pub floors: Vec<SerialFloor>,
    /// The honest tokens that the new floors kill: each must be issued anew.
    pub casualties: Vec<Live>,
}

/// Why nothing fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoldError {
    /// More than 64 entries can't be folded: the keys among them, and links of unknown tokens. An
    /// epoch ends them all.
    TooManyKeys,
    /// More than 8 issuers would need a floor.
    TooManyIssuers,
}

/// Fits what must be denied into one list, at the price of as few honest tokens as a simple rule
/// finds: step by step it raises the floor that kills the fewest for each entry that it saves.
///
/// # Errors
/// Any [`FoldError`].
pub fn fold(denied: &[Denied], floors: &[SerialFloor], live: &[Live]) -> Result<Folded, FoldError> {
    let mut first: BTreeMap<KeyId, Serial> =
        floors.iter().map(|floor| (floor.issuer, floor.first)).collect();
    let below = |first: &BTreeMap<KeyId, Serial>, issuer: KeyId, serial: Serial| {
        first.get(&issuer).is_some_and(|first| serial < *first)
    };
    let mut left: Vec<Denied> = denied.to_vec();
    let covered = |first: &BTreeMap<KeyId, Serial>, one: &Denied| {
        one.token.is_some_and(|(issuer, serial)| below(first, issuer, serial))
    };
    left.retain(|one| !covered(&first, one));
    left.sort_by_key(|one| one.entry);
    left.dedup_by_key(|one| one.entry);
    let mut alive: Vec<Live> = live.to_vec();
    alive.retain(|one| !below(&first, one.issuer, one.serial));
    let mut casualties = Vec::new();
    while left.len() > MAX_REVOCATIONS {
        let surplus = left.len() - MAX_REVOCATIONS;
        let best = steps(&left, &alive).into_iter().min_by(|one, other| {
            // Deaths for each entry that is saved, of those that are needed.
            let price = |step: &Step, against: &Step| step.deaths * against.saves.min(surplus);
            price(one, other).cmp(&price(other, one)).then(one.deaths.cmp(&other.deaths))
        });
        let step = best.ok_or(FoldError::TooManyKeys)?;
        first.insert(step.issuer, step.first);
        if first.len() > MAX_FLOORS {
            return Err(FoldError::TooManyIssuers);
        }
        left.retain(|one| !covered(&first, one));
        let (dead, still): (Vec<_>, Vec<_>) =
            alive.into_iter().partition(|one| below(&first, one.issuer, one.serial));
        casualties.extend(dead);
        alive = still;
    }
    casualties.sort_unstable();
    Ok(Folded {
        entries: left.iter().map(|one| one.entry).collect(),
        floors: first.into_iter().map(|(issuer, first)| SerialFloor { issuer, first }).collect(),
        casualties,
    })
}

/// One floor that might be set.
struct Step {
    issuer: KeyId,
    first: Serial,
    /// Entries that it makes needless.
    saves: usize,
    /// Honest tokens that it kills.
    deaths: usize,
}

/// A floor just above each token that can be folded.
fn steps(left: &[Denied], alive: &[Live]) -> Vec<Step> {
    let mut guilty: BTreeMap<KeyId, Vec<u64>> = BTreeMap::new();
    for (issuer, serial) in left.iter().filter_map(|one| one.token) {
        guilty.entry(issuer).or_default().push(serial.0);
    }
    let mut steps = Vec::new();
    for (issuer, mut serials) in guilty {
        serials.sort_unstable();
        let mut honest: Vec<_> =
            alive.iter().filter(|one| one.issuer == issuer).map(|one| one.serial.0).collect();
        honest.sort_unstable();
        for serial in serials.iter().filter(|serial| **serial < u64::MAX) {
            let first = serial + 1;
            let saves = serials.partition_point(|other| *other < first);
            let deaths = honest.partition_point(|other| *other < first);
            steps.push(Step { issuer, first: Serial(first), saves, deaths });
        }
    }
    steps
}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyKeys => "more than 64 revocations that no serial floor can replace",
            Self::TooManyIssuers => "more than 8 issuers would need a serial floor",
        })
    }
}

impl std::error::Error for FoldError {}
