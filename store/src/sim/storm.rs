//! Lives in which power fails again and again, at random.

use keyward::store::StoreError;

use super::{
    Behaviour, Flash, Logged, Random, Report,
    cuts::record,
    model::{Act, Allowed, Records, read_all},
};

/// Lives so many random lives of so many sessions each, nearly all of them cut: soon, so that
/// recoveries are cut over and over, or late.
pub fn storm<S: Logged<WRITE, ERASE>, const WRITE: usize, const ERASE: usize>(
    pages: usize,
    behaviour: Behaviour,
    seed: u64,
    lives: usize,
    sessions: usize,
) -> Report {
    let mut report = Report::default();
    for life in 0..lives {
        let mut random = Random::new(seed.wrapping_add(life as u64));
        let mut flash = Flash::new(pages, behaviour, random.number());
        let mut allowed = Allowed::only(Records::new());
        let story = || format!("life {life} of seed {seed}, {behaviour:?}");
        for number in 0..sessions {
            flash.power_on();
            match random.below(8) {
                0..=2 => {}
                3 | 4 => flash.cut_after(random.number() % 32),
                5 => flash.cut_after(random.number() % 300),
                _ => flash.cut_after(random.number() % (3 * ERASE as u64)),
            }
            report.cut_points += 1;
            match session::<S, WRITE, ERASE>(flash, &mut allowed, &mut random) {
                Ok(after) => flash = after,
                Err(fault) => {
                    report.fault(format!("{fault}: session {number} of {}", story()));
                    return report;
                }
            }
        }
        report.close(&flash, &story);
    }
    report
}

fn session<S: Logged<WRITE, ERASE>, const WRITE: usize, const ERASE: usize>(
    flash: Flash<WRITE, ERASE>,
    allowed: &mut Allowed,
    random: &mut Random,
) -> Result<Flash<WRITE, ERASE>, String> {
    let mut store = match S::open(flash) {
        Ok(store) => store,
        Err((_, flash)) if flash.is_off() => return Ok(*flash),
        Err((error, _)) => return Err(format!("opening fails with {error:?}")),
    };
    let mut log = match read_all(&mut store) {
        Ok(log) => log,
        Err(error) => return Err(format!("reading fails with {error:?}")),
    };
    if !allowed.has(&log) {
        return Err(format!("found {log:?}, allowed {allowed:?}"));
    }
    for _ in 0..random.below(12) {
        let act = match random.below(6) {
            0 => Act::Replace((0..random.below(6)).map(|_| record(random)).collect()),
            _ => Act::Append(record(random)),
        };
        let after = act.on(&log);
        if random.below(3) == 0 {
            // The last steps of a call are its mark, where a cut says least of what was done.
            let mut trial = store.clone();
            let before = trial.flash().steps();
            if act.run(&mut trial).is_ok() {
                let steps = trial.flash().steps() - before;
                store.flash().cut_after(steps.saturating_sub(1 + random.number() % 10));
            }
        }
        match act.run(&mut store) {
            Ok(()) => {
                log = after;
                *allowed = Allowed::only(log.clone());
            }
            Err(_) if store.flash().is_off() => {
                allowed.also(after);
                break;
            }
            Err(StoreError::Full) => {}
            Err(error) => return Err(format!("{act:?} fails with {error:?}")),
        }
        if !matches!(read_all(&mut store), Ok(read) if read == log) {
            return Err(format!("{act:?} isn't read back"));
        }
    }
    Ok(store.flash().clone())
}
