//! Power is cut at any byte of a life, and again in the recovery.

use keyward::{Denial, ledger::Outcome, receipt::Log, store::StoreError};
use keyward_store::sim::{Behaviour, Erasing};

use super::{Came, Found, HALF, Medium, PAGE, Script, Step, Told, Until, View};

/// What was cut, and what was found to be wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Places at which power was cut once.
    pub cut_points: u64,
    /// Cuts of recoveries beside.
    pub nested: u64,
    /// Entries that were read behind cuts.
    pub told: u64,
    /// Of all, those behind which tokens were presented, too.
    pub presented: u64,
    /// What was found that must not be, the first of them.
    pub violations: Vec<String>,
}

impl Report {
    /// Adds another's findings.
    pub fn add(&mut self, other: Self) {
        self.cut_points += other.cut_points;
        self.nested += other.nested;
        self.presented += other.presented;
        self.told += other.told;
        self.violations.extend(other.violations);
    }
}

/// Where power is cut.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    /// Every so many bytes, from `from` on.
    pub stride: u64,
    /// The first byte.
    pub from: u64,
    /// Recoveries are cut every so many bytes, if they are.
    pub nested: Option<u64>,
    /// Tokens are presented behind every so many cuts.
    pub present: u64,
}

/// All ways in which a flash behaves.
pub fn behaviours() -> Vec<Behaviour> {
    let marginal = [false, true].into_iter();
    marginal
        .flat_map(|marginal| {
            let each = Erasing::ALL.into_iter();
            each.map(move |erasing| Behaviour { marginal, ..Behaviour::of(erasing) })
        })
        .collect()
}

/// Runs a script on flash, cut in every step.
pub fn run<const WRITE: usize>(script: &Script, behaviour: Behaviour, cuts: Cuts) -> Report {
    let mut report = Report::default();
    let mut flash = Medium::<WRITE>::new(2 * HALF / PAGE, behaviour, 1);
    for (index, step) in script.steps.iter().enumerate() {
        flash = Scene::new(script, step, &flash).cut(index, cuts, &mut report);
    }
    report
}

/// Flips each bit of the newest bytes of both halves, behind each step of a script: the lock knows
/// what it knew, or that it doesn't. Returns the number of flips, and what was wrong.
pub fn rot<const WRITE: usize>(script: &Script, behaviour: Behaviour) -> (u64, Vec<String>) {
    let (mut flips, mut wrong) = (0, Vec::new());
    let mut flash = Medium::<WRITE>::new(2 * HALF / PAGE, behaviour, 1);
    for (index, step) in script.steps.iter().enumerate() {
        let (mut lock, _) = script.power_up(flash).unwrap();
        assert_eq!(script.take(&mut lock, step, Until::End), Came::Through);
        flash = lock.into_store().into_inner();
        let known = script.power_up(flash.clone()).unwrap().1;
        for half in [0, HALF] {
            let bytes = &flash.image()[half..half + HALF];
            let end = bytes.iter().rposition(|byte| *byte != 0xff).map_or(0, |last| last + 1);
            for at in end.saturating_sub(NEWEST)..end {
                for bit in 0..8 {
                    let mut rotten = flash.clone();
                    rotten.rot(half + at, bit);
                    flips += 1;
                    match script.power_up(rotten) {
                        Err((StoreError::Corrupt, _)) | Ok((_, Err(Denial::StateCorrupt))) => {}
                        Ok((_, found)) if found == known => {}
                        Ok((_, found)) => {
                            wrong.push(format!("step {index}, {at}.{bit}: {found:?}"))
                        }
                        Err((error, _)) => {
                            wrong.push(format!("step {index}, {at}.{bit}: {error:?}"))
                        }
                    }
                }
            }
        }
    }
    (flips, wrong)
}

/// Bytes at the end of a half that rot: two short records, or a part of a long one.
const NEWEST: usize = 80;

/// One step on one flash.
struct Scene<'s, const WRITE: usize> {
    script: &'s Script,
    step: &'s Step,
    flash: &'s Medium<WRITE>,
    before: Option<View>,
    committed: Option<View>,
    after: Option<View>,
    /// What the logs said before, and behind a start at which nothing was cut.
    told: Told,
}

impl<'s, const WRITE: usize> Scene<'s, WRITE> {
    fn new(script: &'s Script, step: &'s Step, flash: &'s Medium<WRITE>) -> Self {
        let behind = |until: Option<Until>| {
            let (mut lock, _) = script.power_up(flash.clone()).unwrap();
            if let Some(until) = until {
                script.take(&mut lock, step, until);
            }
            let flash = lock.into_store().into_inner();
            script.power_up(flash).unwrap().1.unwrap()
        };
        let (before, committed) = (behind(None), behind(Some(Until::Commit)));
        let after = behind(Some(Until::End));
        assert_ne!(before, after, "a step changes something");
        let (mut lock, _) = script.power_up(flash.clone()).unwrap();
        let told = super::told(&mut lock).unwrap();
        Self { script, step, flash, before, committed, after, told }
    }

    /// Cuts the start and the step everywhere; returns the flash behind the step.
    fn cut(&self, index: usize, cuts: Cuts, report: &mut Report) -> Medium<WRITE> {
        for at in (cuts.from % cuts.stride..).step_by(usize::try_from(cuts.stride).unwrap()) {
            let mut flash = self.flash.clone();
            flash.reseed(at ^ (index as u64) << 32);
            flash.cut_after(at);
            let (flash, came) = self.play(flash);
            if !flash.is_off() {
                assert_eq!(came, Came::Through);
                break;
            }
            report.cut_points += 1;
            let place = format!("step {index}, byte {at}");
            let present = report.cut_points.is_multiple_of(cuts.present);
            self.recover(flash.clone(), came, &place, present, report);
            if let Some(stride) = cuts.nested {
                self.nested(&flash, came, (index, at), stride, report);
            }
        }
        self.play(self.flash.clone()).0
    }

    /// Starts, and takes the step, until power fails.
    fn play(&self, flash: Medium<WRITE>) -> (Medium<WRITE>, Came) {
        let (mut lock, found) = match self.script.power_up(flash) {
            Ok(started) => started,
            Err((_, flash)) => return (*flash, Came::Nowhere),
        };
        let came = match found {
            Ok(_) => self.script.take(&mut lock, self.step, Until::End),
            Err(_) => Came::Nowhere,
        };
        let flash = lock.into_store().into_inner();
        // Whether it was made durable that the door was secured, the lock doesn't tell.
        let is_told = !matches!(self.step, Step::Secure) || !flash.is_off();
        (flash, if is_told { came } else { Came::Nowhere })
    }

    /// Power comes back: the lock knows what it may know, and serves.
    fn recover(
        &self,
        mut flash: Medium<WRITE>,
        came: Came,
        place: &str,
        present: bool,
        report: &mut Report,
    ) {
        flash.power_on();
        let mut wrong = |what: String| {
            if report.violations.len() < 100 {
                report.violations.push(format!("{place}: {what}"));
            }
        };
        let (mut lock, found) = match self.script.power_up(flash) {
            Ok(started) => started,
            Err((error, _)) => return wrong(format!("the store says {error:?}")),
        };
        let view = match self.may_be(&found, came) {
            Ok(view) => view,
            Err(what) => return wrong(what),
        };
        // What was told is told; what was committed and never recorded is told once, as that.
        let told = match super::told(&mut lock) {
            Ok(told) => told,
            Err(what) => return wrong(what),
        };
        report.told += told.entries.len() as u64;
        if let Err(what) = told.follows(&self.told).and_then(|()| self.is_told(&told, came)) {
            return wrong(what);
        }
        // What was found once is found again.
        let flash = lock.into_store().into_inner();
        let (mut lock, again) = match self.script.power_up(flash) {
            Ok(started) => started,
            Err((error, _)) => return wrong(format!("at the second start: {error:?}")),
        };
        if again != found {
            return wrong("the second start found another state".into());
        }
        match super::told(&mut lock) {
            Ok(again) if again.follows(&told) == Ok(()) && again.next == told.next => {}
            other => return wrong(format!("the second start tells something else: {other:?}")),
        }
        let Some(view) = view.filter(|_| present) else { return };
        report.presented += 1;
        if let Step::Ask(held, holder, right) = self.step
            && *right == keyward::Right::UNLOCK
        {
            // Who was let in by his only use is not let in again; who wasn't, is.
            let is_in = self.script.is_let_in(&mut lock, (held, holder));
            if self.script.is_single(held) && is_in != (Some(view) == self.before.as_ref()) {
                wrong(format!("{came:?}, and is let in: {is_in}"));
            }
        }
        if !self.script.visits(&mut lock, view.epoch()) {
            wrong("the next lawful visitor stands outside".into());
        }
    }

    /// Whether the entry of an opening that came so far is there, once.
    fn is_told(&self, told: &Told, came: Came) -> Result<(), String> {
        let next = self.told.next.get(&Log::Events).copied().unwrap_or(0);
        let new = told.entries.range((Log::Events, next)..(Log::Denials, 0));
        let outcomes: Vec<_> = new.filter_map(|(_, (_, outcome))| *outcome).collect();
        let may_be: &[&[Outcome]] = match came {
            Came::Nowhere => &[&[], &[Outcome::Interrupted], &[Outcome::Done]],
            Came::Permitted => &[&[Outcome::Interrupted], &[Outcome::Done]],
            Came::Through if self.is_opening() => &[&[Outcome::Done]],
            Came::Through => &[&[]],
        };
        match may_be.contains(&outcomes.as_slice()) {
            true => Ok(()),
            false => Err(format!("{came:?}, and what is told is {outcomes:?}")),
        }
    }

    const fn is_opening(&self) -> bool {
        matches!(self.step, Step::Ask(..) | Step::Unchallenged(_) | Step::Acknowledge(..))
    }

    /// Whether a start may find this behind a step that came so far.
    fn may_be<'f>(&self, found: &'f Found, came: Came) -> Result<Option<&'f View>, String> {
        let found = found.as_ref().map_err(|denial| format!("the lock says {denial}"))?;
        let states = [&self.before, &self.committed, &self.after];
        let from = match came {
            Came::Nowhere => 0,
            Came::Permitted => 1,
            Came::Through => 2,
        };
        match states[from..].contains(&found) {
            true => Ok(found.as_ref()),
            false => Err(format!("{came:?}, and then {found:?}")),
        }
    }

    /// Cuts the recovery, too.
    fn nested(
        &self,
        flash: &Medium<WRITE>,
        came: Came,
        (index, at): (usize, u64),
        stride: u64,
        report: &mut Report,
    ) {
        for again in (at % stride..).step_by(usize::try_from(stride).unwrap()) {
            let mut flash = flash.clone();
            flash.power_on();
            flash.reseed(again ^ at << 20 ^ (index as u64) << 40);
            flash.cut_after(again);
            let flash = match self.script.power_up(flash) {
                Ok((lock, _)) => lock.into_store().into_inner(),
                Err((StoreError::Failed, flash)) => *flash,
                Err((error, _)) => {
                    report.violations.push(format!("step {index}, {at}, {again}: {error:?}"));
                    return;
                }
            };
            if !flash.is_off() {
                return;
            }
            report.nested += 1;
            let place = format!("step {index}, byte {at}, then {again}");
            self.recover(flash, came, &place, false, report);
        }
    }
}
