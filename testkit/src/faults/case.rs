//! One fault at one call of one step.

use super::*;

/// One plan at one step.
pub(super) struct Case<'l> {
    pub(super) life: &'l Life,
    pub(super) index: usize,
    pub(super) plan: Plan,
    pub(super) goes_on: bool,
}

impl Case<'_> {
    pub(super) fn play(&self, image: Faulty, mut known: Known, report: &mut Report) {
        report.cases += 1;
        let played = self.played(image, &mut known, report);
        if let Err(what) = played
            && report.violations.len() < 100
        {
            let Self { index, plan, goes_on, .. } = self;
            report.violations.push(format!("step {index}, {plan:?}, goes on {goes_on}: {what}"));
        }
    }

    pub(super) fn played(
        &self,
        image: Faulty,
        known: &mut Known,
        report: &mut Report,
    ) -> Result<(), String> {
        let life = self.life;
        let (mut lock, restored) = life.start(known, image);
        restored.map_err(|denial| format!("at the start: {denial}"))?;
        let mut steps = life.steps[self.index..].iter();
        let step = steps.next();
        let mut attempt = 0;
        while let Some(step) = step
            && let Err(Stop::Store) = life.take(&mut lock, known, step, attempt)
            && self.goes_on
            && !known.released
            && attempt < 5
        {
            attempt += 1;
        }
        if self.goes_on && !known.released {
            life.check(&mut lock, known, report).map_err(|what| format!("before: {what}"))?;
            for step in steps.by_ref().take(3) {
                if matches!(step, Step::Release(..)) {
                    break;
                }
                let _refused = life.take(&mut lock, known, step, 7);
            }
            life.check(&mut lock, known, report).map_err(|what| format!("then: {what}"))?;
        }
        let open = lock.has_open_decision();
        let next = lock.head(Log::Events).next.0;
        let (mut lock, restored) = life.start(known, lock.into_store().powered(None));
        match restored {
            Err(Denial::Releasing) if known.released => return Ok(()),
            Ok(_) => {}
            Err(denial) => return Err(format!("at the next start: {denial}")),
        }
        // What is interrupted is told once, and what the store had beside at most.
        let more = lock.head(Log::Events).next.0.saturating_sub(next);
        if self.goes_on && lock.trust().is_ok() && more != u64::from(open) && !known.released {
            return Err(format!("{more} entries more, and a decision was open: {open}"));
        }
        life.check(&mut lock, known, report).map_err(|what| format!("behind: {what}"))?;
        if lock.trust().is_err() {
            return Ok(());
        }
        life.visited(&mut lock, known)?;
        let (mut lock, restored) = life.start(known, lock.into_store().powered(None));
        restored.map_err(|denial| format!("at the last start: {denial}"))?;
        life.check(&mut lock, known, report).map_err(|what| format!("at last: {what}"))
    }
}
