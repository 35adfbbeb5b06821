//! Issuing, narrowing, verifying and reading receipts, on so many cores.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use keyward::{
    Caveats, Denial, Rights, Scope, Seconds, SigningKey, Target, Valid,
    id::{DomainId, Epoch, KeyName, LinkId, LockId},
    ledger::{Memory, Outcome, Uses},
    replay::{CounterFault, Unseen},
    role,
    verify::Accepted,
};
use keyward_audit::{Audit, Finding, LockTrust, Mode};
use keyward_backend::{
    chains::KnownChains,
    directory::{Directory, Door},
    issuer::{Delegate, Issuer, Local, Order, Pass},
    many::{Item, Verifiers},
    serials::Ahead,
    state::{clock::HostClock, redb::Redb},
};
use keyward_testkit::{
    fleet::{Fleet, Visit},
    logs::{Scribe, Who, text},
    world::{START, WAY_IN},
};

/// Tokens issued to companies, each narrowed to a courier.
pub struct Issued {
    /// On so many cores.
    pub cores: usize,
    /// Grants with their narrowings, two signatures and one check of a chain each.
    pub per_s: f64,
}

/// Presentations verified: read, the door's trust looked up, all signatures and rules checked;
/// nothing is marked.
pub struct Verified {
    /// On so many cores.
    pub cores: usize,
    /// Presentations of a hundred whose chains were seen before.
    pub hit_rate: usize,
    /// Presentations.
    pub per_s: f64,
    /// Half of them took at most so long, then 99 and 99.9 of a hundred.
    pub percentiles: [Duration; 3],
}

/// Issues a token to each company, counted in a file, and has the company narrow it.
pub fn issue_and_narrow(
    fleet: &Fleet,
    companies: usize,
    cores: NonZeroUsize,
) -> Result<Issued, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let store = Redb::open(folder.path().join("serials"), HostClock::default());
    let store = Arc::new(store.map_err(|error| error.to_string())?);
    let key = SigningKey::<role::Issuer>::from_secret(fleet.owner.issuer.expose_secret());
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(cores.get()).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let valid = Valid { from: START, lasts: Seconds(900) };
    let grant = Caveats::grant(Rights(1), &[Target::Group(WAY_IN)], valid).expect("a grant");
    let narrower = Caveats::narrowing().rights(Rights(1)).and_then(|caveats| caveats.uses(1));
    let narrower = narrower.expect("a narrowing");
    let keys: Vec<_> = fleet.companies.iter().map(|(company, _)| &company.key).collect();
    let per_s = runtime.block_on(async {
        let issuer = Issuer::new(fleet.owner.scope(), Local::new(key), store, Ahead::default());
        let began = Instant::now();
        let parts = keys.chunks(companies.div_ceil(cores.get() * 8)).map(|keys| {
            let keys: Vec<_> =
                keys.iter().map(|key| SigningKey::from_secret(key.expose_secret())).collect();
            let (issuer, grant, caveats) = (issuer.clone(), grant.clone(), narrower.clone());
            tokio::spawn(async move {
                for key in keys {
                    let grantee = key.public();
                    let order = Order { grantee, depth: 1, grant: grant.clone() };
                    let issued = issuer.issue(&order).await.map_err(|error| error.to_string())?;
                    let company = Delegate::new(Local::<role::Holder>::new(key));
                    let held = company.hold(issuer.origin(), &issued.token);
                    let held = held.map_err(|error| error.to_string())?;
                    // Any key will do for the courier.
                    let pass = Pass { grantee, depth: 0, caveats: caveats.clone() };
                    company.pass(&held, &pass).await.map_err(|error| error.to_string())?;
                }
                Ok::<_, String>(())
            })
        });
        for part in parts.collect::<Vec<_>>() {
            part.await.map_err(|error| error.to_string())??;
        }
        Ok::<_, String>(companies as f64 / began.elapsed().as_secs_f64())
    })?;
    println!("issue_and_narrow_per_s: {per_s:.0} (cores {cores})");
    Ok(Issued { cores: cores.get(), per_s })
}

/// Verifies all visits several times; the median round counts.
pub fn verify(
    fleet: &Fleet,
    visits: &[Visit],
    cores: NonZeroUsize,
    hit_rate: usize,
) -> Result<Verified, String> {
    let verifiers = Verifiers::new(cores, 0).map_err(|error| error.to_string())?;
    let doors = Doors::new(fleet)?;
    let (mut rates, mut times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let chains = KnownChains::within(64 << 20);
        // Spread evenly: of each hundred, so many are known.
        let known: Vec<_> = (0..).zip(visits).filter(|(n, _)| n * 37 % 100 < hit_rate).collect();
        verifiers.map(&known, |(_, visit)| doors.judge(visit, &chains));
        let before = chains.tally();
        let began = Instant::now();
        let taken = verifiers.map(visits, |visit| {
            let began = Instant::now();
            doors.judge(visit, &chains).map(|_| began.elapsed())
        });
        rates.push(visits.len() as f64 / began.elapsed().as_secs_f64());
        for took in taken {
            let took = took.map_err(|error| error.to_string())?;
            times.push(took.map_err(|denial| denial.to_string())?);
        }
        let hits = (chains.tally().hits - before.hits) as usize * 100;
        if hits.abs_diff(hit_rate * visits.len()) > 2 * visits.len() {
            return Err(format!("{} of {} chains were known", hits / 100, visits.len()));
        }
    }
    rates.sort_by(f64::total_cmp);
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1000];
    let (per_s, percentiles) = (rates[rates.len() / 2], [at(500), at(990), at(999)]);
    let [p50, p99, p999] = percentiles;
    println!(
        "verifies_per_s: {per_s:.0} (cores {cores}, hit rate {hit_rate} %; p50 {p50:?}, p99 \
         {p99:?}, p999 {p999:?})"
    );
    Ok(Verified { cores: cores.get(), hit_rate, per_s, percentiles })
}

/// What all doors trust.
pub struct Doors {
    directory: Directory,
    domain: DomainId,
}

impl Doors {
    /// The doors of a fleet.
    pub fn new(fleet: &Fleet) -> Result<Self, String> {
        let directory = Directory::new();
        let cards: Vec<_> = fleet.owner.library.cards.values().map(Vec::as_slice).collect();
        directory.hold(&fleet.domain(), &cards).map_err(|error| error.to_string())?;
        Ok(Self { directory, domain: fleet.owner.scope().domain })
    }

    /// Takes a revocation list in.
    pub fn take_list(&self, list: &[u8]) -> Result<(), String> {
        let taken = self.directory.take_list(&self.domain, list);
        taken.map(drop).map_err(|error| error.to_string())
    }

    /// Judges a visit.
    pub fn judge(&self, visit: &Visit, chains: &KnownChains) -> Result<Accepted, Denial> {
        let door = Door { domain: self.domain, lock: visit.door };
        let door = self.directory.trust(&door).expect("a known door");
        let item = Item {
            presentation: &visit.presentation,
            trust: &door.trust().expect("what is held"),
            memory: &Nothing,
            now: Visit::now(),
            challenge: Some(visit.open()),
            app: None,
        };
        item.verify(chains)
    }
}

/// A lock that remembers nothing, so that the same visits can come again.
pub struct Nothing;

impl Memory for Nothing {
    fn uses(&self, _: &LinkId) -> Uses {
        Uses::default()
    }

    fn counter(&self, _: &KeyName, _: keyward::id::Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::Seen)
    }
}

/// Reads a log of receipts, chained and each signed, and checks all of it, on all cores.
pub fn ingest(count: usize) -> Result<f64, String> {
    let device = SigningKey::<role::Device>::from_secret(&[9; 32]);
    let (domain, lock) = (DomainId([7; 32]), LockId(*b"flat-12a"));
    let trust = LockTrust::pinned(domain, lock, device.public());
    let mut scribe = Scribe::new(Scope { domain, epoch: Epoch(0) }, lock, device);
    scribe.signs = true;
    let mut lines = String::new();
    for number in 0..count as u64 {
        scribe.wait(60);
        let mut core = [1; 32];
        core[..8].copy_from_slice(&number.to_le_bytes());
        let entry = scribe.opening(&core, Outcome::Done, &Who::number(number % 1000));
        lines.push_str(&text(&entry));
        lines.push('\n');
    }
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut audit = Audit::new(trust.clone());
        audit.read_text(lines.as_bytes(), &mut ());
        let audited = audit.finish(Mode::Thorough, &mut ());
        let [Finding::Whole { until, .. }] = audited.findings() else {
            return Err(format!("{} findings in a whole log", audited.findings().len()));
        };
        if until.0 + 1 != count as u64 {
            return Err(format!("whole until {} only", until.0));
        }
        rates.push(count as f64 / began.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let rate = rates[rates.len() / 2];
    println!("receipts_per_s: {rate:.0}");
    Ok(rate)
}

/// Rounds of each measurement.
const ROUNDS: usize = 5;
