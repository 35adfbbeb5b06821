//! A revocation on its way: folded, signed, taken in by servers at once, and by locks that hear of
//! it from whoever comes next.
//!
//! The locks are simulated, as many as there are companies: each is offline, and the next phone
//! comes to it within an exponential time, 6 hours on average, and brings the newest list. That the
//! lock binds it is no simulation: it takes the list in, its signature is verified, and a courier
//! of a revoked company is denied.

use std::time::{Duration, Instant};

use chacha20::ChaCha20Rng;
use keyward::{
    Card, Presentation, SigningKey, Status, role,
    status::Revoked,
    verify::{View, verify},
};
use keyward_backend::{
    chains::KnownChains,
    fold::Denied,
    issuer::{Local, Revoker},
    state::{clock::HostClock, redb::Redb},
};
use keyward_testkit::{
    fleet::{Fleet, Visit},
    world::START,
};
use rand_core::{Rng, SeedableRng};

use crate::work::{Doors, Nothing};

/// How it spread.
pub struct Spread {
    /// From the decision to the signed list.
    pub signed: Duration,
    /// From then until a server had taken it in, and denied.
    pub served: Duration,
    /// Hours after which so many of a hundred locks bound it.
    pub curve: Vec<(f64, usize)>,
    /// Lists that one core verified, took in and judged a visit by, a second.
    pub binds_per_s: f64,
}

impl Spread {
    /// Hours until so many of a hundred locks bound it.
    pub fn hours(&self, percent: usize) -> f64 {
        self.curve.iter().find(|(_, bound)| *bound == percent).map_or(0.0, |(hours, _)| *hours)
    }
}

/// Revokes sixty companies, the first among them, and waits for all locks.
pub fn revoke(fleet: &Fleet, visit: &Visit, locks: usize) -> Result<Spread, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let store = Redb::open(folder.path().join("numbers"), HostClock::default());
    let store = store.map_err(|error| error.to_string())?;
    let key = SigningKey::<role::Issuer>::from_secret(fleet.owner.revoker.expose_secret());
    let revoker = Revoker::new(fleet.owner.scope(), Local::new(key), store, Vec::new());
    let denied = || {
        let revoked = fleet.companies.iter().take(REVOKED);
        let entry = |name| Denied { entry: Revoked::from(name), token: None };
        (revoked.map(|(company, _)| entry(company.public().name())).collect(), Vec::new())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let (keyset, began) = (fleet.owner.state(START).keyset, Instant::now());
    let published = runtime.block_on(revoker.publish(keyset, START, denied));
    let published = published.map_err(|error| error.to_string())?;
    let signed = began.elapsed();
    let served = served(fleet, visit, &published.list)?;
    println!("revoked: {REVOKED} companies, signed after {signed:?}, served after {served:?}");

    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let mut hours: Vec<f64> = (0..locks)
        .map(|_| {
            let part = (f64::from(rng.next_u32()) + 1.0) / (f64::from(u32::MAX) + 2.0);
            -part.ln() * HOURS_BETWEEN_VISITS
        })
        .collect();
    hours.sort_by(f64::total_cmp);
    let before = fleet.domain();
    if !opens(&before, fleet, visit) {
        return Err("the courier isn't let in before the revocation".into());
    }
    let (began, mut curve) = (Instant::now(), Vec::new());
    for (bound, hours) in (1..).zip(&hours) {
        let mut lock = before.clone();
        let list = Status::decode(&published.list).map_err(|error| format!("{error:?}"))?;
        lock.take_list(&list).map_err(|error| format!("{error:?}"))?;
        if opens(&lock, fleet, visit) {
            return Err("a lock has the list and lets a revoked company in".into());
        }
        while curve.len() < bound * 100 / locks {
            curve.push((*hours, curve.len() + 1));
        }
    }
    let binds_per_s = locks as f64 / began.elapsed().as_secs_f64();
    let spread = Spread { signed, served, curve, binds_per_s };
    println!("hours_to_bind_99_percent: {:.1} (half {:.1})", spread.hours(99), spread.hours(50));
    println!("binds_per_s: {binds_per_s:.0}");
    Ok(spread)
}

/// A server takes the list in, and denies the next request.
fn served(fleet: &Fleet, visit: &Visit, list: &[u8]) -> Result<Duration, String> {
    let doors = Doors::new(fleet)?;
    let before = doors.judge(visit, &KnownChains::within(0));
    before.map(drop).map_err(|denial| denial.to_string())?;
    let began = Instant::now();
    doors.take_list(list)?;
    match doors.judge(visit, &KnownChains::within(0)) {
        Ok(_) => Err("a server has the list and lets a revoked company in".into()),
        Err(_) => Ok(began.elapsed()),
    }
}

fn opens(domain: &keyward::Domain, fleet: &Fleet, visit: &Visit) -> bool {
    let card = Card::decode(&fleet.owner.library.cards[&visit.door]).expect("a card");
    let card = domain.check_card(&card).expect("a card of the domain");
    let trust = domain.trust(&card).expect("trust");
    let (now, challenge) = (Visit::now(), Some(visit.open()));
    let view = View { trust: &trust, memory: &Nothing, now, challenge, app: None };
    let presentation = Presentation::decode(&visit.presentation).expect("a presentation");
    verify(&presentation, &view).is_ok()
}

/// Companies that are revoked at once: a list has room for 64.
const REVOKED: usize = 60;

/// Mean hours from one visit to the next.
pub const HOURS_BETWEEN_VISITS: f64 = 6.0;
