//! A short life of a log, cut at every byte step, and cut again in every recovery.

use keyward::store::{Store, StoreError};

use super::{
    Behaviour, Flash, Random,
    model::{Act, Allowed, Records, read_all},
};
use crate::flash::BlockingFlashLog;

/// A store over a simulated flash.
pub trait Logged<const WRITE: usize, const ERASE: usize>: Store + Clone {
    /// Opens the log on a flash.
    ///
    /// # Errors
    /// Those of the store, with the flash as the opening left it.
    fn open(flash: Flash<WRITE, ERASE>) -> Result<Self, Failure<WRITE, ERASE>>;

    /// The flash below.
    fn flash(&mut self) -> &mut Flash<WRITE, ERASE>;
}

/// Why a log wasn't opened, and the flash.
pub type Failure<const WRITE: usize, const ERASE: usize> = (StoreError, Box<Flash<WRITE, ERASE>>);

impl<const WRITE: usize, const ERASE: usize, const HALF: usize> Logged<WRITE, ERASE>
    for BlockingFlashLog<Flash<WRITE, ERASE>, HALF>
{
    fn open(flash: Flash<WRITE, ERASE>) -> Result<Self, Failure<WRITE, ERASE>> {
        Self::open_or_return(flash).map_err(|(error, flash)| (error, Box::new(flash)))
    }

    fn flash(&mut self) -> &mut Flash<WRITE, ERASE> {
        self.flash()
    }
}

/// What a run of cuts found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Places at which power was cut once.
    pub cut_points: u64,
    /// Cuts of recoveries beside.
    pub nested: u64,
    /// Write units that were programmed again with zeros.
    pub programmed_again: u64,
    /// What was found that the contract rules out, the first hundred: none in a good store.
    pub violations: Vec<String>,
}

impl Report {
    /// Adds another run's findings.
    pub fn add(&mut self, other: Self) {
        self.cut_points += other.cut_points;
        self.nested += other.nested;
        self.programmed_again += other.programmed_again;
        self.violations.extend(other.violations);
    }

    pub(super) fn fault(&mut self, fault: String) {
        if self.violations.len() < 100 {
            self.violations.push(fault);
        }
    }

    pub(super) fn close<const WRITE: usize, const ERASE: usize>(
        &mut self,
        flash: &Flash<WRITE, ERASE>,
        tale: &impl Fn() -> String,
    ) {
        self.programmed_again += u64::from(flash.programmed_again());
        if flash.violations() > 0 {
            self.fault(format!("{} units programmed twice: {}", flash.violations(), tale()));
        }
    }
}

/// Cuts power at every `stride`-th byte step of a short life, and at every `nested`-th of each
/// recovery (0: at none), on a flash of so many pages. A recovery is the opening and one append.
pub fn power_cuts<S: Logged<WRITE, ERASE>, const WRITE: usize, const ERASE: usize>(
    pages: usize,
    behaviour: Behaviour,
    seed: u64,
    stride: usize,
    nested: usize,
) -> Report {
    let mut report = Report::default();
    let mut random = Random::new(seed);
    let flash = Flash::new(pages, behaviour, random.number());
    let Ok(mut store) = S::open(flash) else {
        report.fault("an erased flash doesn't open".into());
        return report;
    };
    let mut log = Records::new();
    for act in life(&mut random) {
        let mut done = store.clone();
        let before = done.flash().steps();
        if let Err(error) = act.run(&mut done) {
            report.fault(format!("{act:?} fails with power on: {error:?}"));
            return report;
        }
        let steps = done.flash().steps() - before;
        let mut allowed = Allowed::only(log.clone());
        allowed.also(act.on(&log));
        for cut in (random.number() % stride as u64..steps).step_by(stride) {
            report.cut_points += 1;
            let mut torn = store.clone();
            torn.flash().reseed(random.number());
            torn.flash().cut_after(cut);
            let result = act.run(&mut torn);
            let mut flash = torn.flash().clone();
            let tale = || format!("{act:?} at step {cut} of {steps}, {behaviour:?}, seed {seed}");
            let mut allowed = allowed.clone();
            if result.is_ok() {
                // The cut came while the bytes of the log before an empty one were erased.
                allowed = Allowed::only(act.on(&log));
            }
            if !flash.is_off() {
                report.fault(format!("power didn't fail: {}", tale()));
            }
            flash.power_on();
            let recovery = recover::<S, WRITE, ERASE>(&flash, &allowed, &mut report, &tale);
            if nested == 0 {
                continue;
            }
            for second in (random.number() % nested as u64..recovery).step_by(nested) {
                report.nested += 1;
                let mut flash = flash.clone();
                flash.reseed(random.number());
                let mut allowed = allowed.clone();
                let tale = || format!("{}, then at {second} of {recovery}", tale());
                flash.cut_after(second);
                let mut flash = session::<S, WRITE, ERASE>(flash, &mut allowed, &mut report, &tale);
                flash.power_on();
                recover::<S, WRITE, ERASE>(&flash, &allowed, &mut report, &tale);
            }
        }
        store = done;
        log = act.on(&log);
    }
    report.close(store.flash(), &|| format!("{behaviour:?}, seed {seed}"));
    report
}

/// Recovers with power on, twice: what the first did is durable. Returns the first one's steps.
fn recover<S: Logged<WRITE, ERASE>, const WRITE: usize, const ERASE: usize>(
    flash: &Flash<WRITE, ERASE>,
    allowed: &Allowed,
    report: &mut Report,
    tale: &impl Fn() -> String,
) -> u64 {
    let mut allowed = allowed.clone();
    let before = flash.steps();
    let flash = session::<S, WRITE, ERASE>(flash.clone(), &mut allowed, report, tale);
    let steps = flash.steps() - before;
    let flash = session::<S, WRITE, ERASE>(flash, &mut allowed, report, tale);
    report.close(&flash, tale);
    steps
}

/// Opens, reads all and appends a record, on a flash that may be cut meanwhile.
fn session<S: Logged<WRITE, ERASE>, const WRITE: usize, const ERASE: usize>(
    flash: Flash<WRITE, ERASE>,
    allowed: &mut Allowed,
    report: &mut Report,
    tale: &impl Fn() -> String,
) -> Flash<WRITE, ERASE> {
    let mut store = match S::open(flash) {
        Ok(store) => store,
        Err((error, flash)) => {
            if !flash.is_off() {
                report.fault(format!("opening fails with {error:?}: {}", tale()));
            }
            return *flash;
        }
    };
    let log = match read_all(&mut store) {
        Ok(log) => log,
        Err(error) => {
            report.fault(format!("reading fails with {error:?}: {}", tale()));
            return store.flash().clone();
        }
    };
    if !allowed.has(&log) {
        report.fault(format!("found {log:?}, allowed {allowed:?}: {}", tale()));
    }
    let boot = Act::Append(b"boot".to_vec());
    let after = boot.on(&log);
    match boot.run(&mut store) {
        Ok(()) => *allowed = Allowed::only(after),
        Err(_) if store.flash().is_off() => allowed.also(after),
        Err(error) => report.fault(format!("append fails with {error:?}: {}", tale())),
    }
    store.flash().clone()
}

/// Three publications of three to five records, ten appends behind each, and an empty one.
fn life(random: &mut Random) -> Vec<Act> {
    let mut acts = vec![Act::Append(record(random))];
    for _ in 0..3 {
        let count = 3 + random.below(3);
        acts.push(Act::Replace((0..count).map(|_| record(random)).collect()));
        acts.extend((0..10).map(|_| Act::Append(record(random))));
    }
    acts.push(Act::Replace(Records::new()));
    acts
}

pub(super) fn record(random: &mut Random) -> Vec<u8> {
    let length = 1 + random.below(12);
    random.bytes(length)
}
