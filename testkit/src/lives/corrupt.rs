//! A flash image that was damaged or doctored: what the lock makes of it.

use keyward::{
    Denial, Refusal,
    store::{Store, StoreError},
};
use keyward_store::sim::{Behaviour, Erasing, Logged, Random};

use super::{Came, HALF, Log, Medium, PAGE, Script, Small, Step, Until, View};
use crate::stores::Hardware;

/// What became of images.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Images that were damaged.
    pub images: u64,
    /// Those of which the lock says that they are damaged, or older than its last.
    pub refused: u64,
    /// Those that it takes for its own, and is right.
    pub unharmed: u64,
    /// Those in which it finds no owner.
    pub unclaimed: u64,
    /// What was accepted that the lock would have denied, the first of them.
    pub wrong: Vec<String>,
}

/// A life on flash, with an image behind each of its steps.
pub struct Images<const WRITE: usize> {
    script: Script,
    /// The flash, what the lock knows, and how many durable writes there were.
    images: Vec<(Medium<WRITE>, View, u64)>,
    random: Random,
}

impl<const WRITE: usize> Images<WRITE> {
    /// Lives a life.
    pub fn new(seed: u64) -> Self {
        let script = Script::new(seed, 30);
        let behaviour = Behaviour::of(Erasing::Upward);
        let mut flash = Medium::<WRITE>::new(2 * HALF / PAGE, behaviour, seed);
        let mut images = Vec::new();
        for step in &script.steps {
            let (mut lock, _) = script.power_up(flash).unwrap();
            assert_eq!(script.take(&mut lock, step, Until::End), Came::Through);
            flash = lock.into_store().into_inner();
            let store = <Log<WRITE> as Logged<WRITE, PAGE>>::open(flash).unwrap();
            let (lock, found) = script.start(Hardware { store, counter: 0 }, None);
            let Hardware { store, counter } = lock.into_store();
            flash = store.into_inner();
            images.push((flash.clone(), found.unwrap().unwrap(), counter));
        }
        Self { script, images, random: Random::new(seed) }
    }

    /// Damages so many images, and starts a lock over each.
    pub fn damage(&mut self, count: u64) -> Report {
        let mut report = Report::default();
        for _ in 0..count {
            report.images += 1;
            let index = self.random.below(self.images.len());
            let (image, view, _) = &self.images[index];
            let (mut flash, view) = (image.clone(), view.clone());
            let (what, is_counted) = self.doctor(&mut flash, index);
            self.judge(flash, index, &view, what, is_counted, &mut report);
        }
        report
    }

    /// Damages an image in one of many ways. What blanks a whole record, or puts an older image
    /// back, only a hardware counter tells: whether the lock needs one.
    fn doctor(&mut self, flash: &mut Medium<WRITE>, index: usize) -> (&'static str, bool) {
        let size = 2 * HALF;
        let at = self.random.below(size);
        let length = 1 + self.random.below(64);
        let put = |flash: &mut Medium<WRITE>, at: usize, byte: u8| {
            if at < size {
                flash.corrupt(at, byte);
            }
        };
        match self.random.below(8) {
            0 => {
                let bits = 1 + self.random.below(4);
                for _ in 0..bits {
                    let (at, bit) = (self.random.below(size), self.random.byte());
                    flash.rot(at, bit);
                }
                ("bits", false)
            }
            1 => {
                for offset in 0..length {
                    put(flash, at + offset, self.random.byte());
                }
                ("random bytes", false)
            }
            2 => {
                (0..length).for_each(|offset| put(flash, at + offset, 0));
                ("zeros", false)
            }
            3 => {
                (0..length.min(8)).for_each(|offset| put(flash, at + offset, 0xff));
                ("a blank unit", false)
            }
            4 => {
                let page = at / PAGE * PAGE;
                for offset in 0..PAGE {
                    put(flash, page + offset, self.random.byte());
                }
                ("a random page", false)
            }
            5 => {
                let page = at / PAGE * PAGE;
                (0..PAGE).for_each(|offset| put(flash, page + offset, 0xff));
                ("a blank page", true)
            }
            6 => {
                let (from, source) = (self.random.below(size), flash.image().to_vec());
                (0..length).for_each(|offset| {
                    put(flash, at + offset, source[(from + offset) % size]);
                });
                ("bytes from elsewhere", false)
            }
            _ => {
                let older = self.random.below(index + 1);
                let source = self.images[older].0.image().to_vec();
                let (from, until) = match self.random.below(3) {
                    0 => (0, size),
                    1 => (0, HALF),
                    _ => (HALF, size),
                };
                (from..until).for_each(|at| put(flash, at, source[at]));
                ("an older half or image", true)
            }
        }
    }

    fn judge(
        &self,
        flash: Medium<WRITE>,
        index: usize,
        view: &View,
        what: &str,
        is_counted: bool,
        report: &mut Report,
    ) {
        let store = match <Log<WRITE> as Logged<WRITE, PAGE>>::open(flash) {
            Ok(store) => store,
            Err((StoreError::Corrupt | StoreError::Failed, _)) => {
                report.refused += 1;
                return;
            }
            Err((other, _)) => return report.wrong.push(format!("{what}: {other:?}")),
        };
        if is_counted {
            // The number of the last write, by the log that was not doctored.
            let counter = self.images[index].2;
            self.start(Hardware { store, counter }, index, view, what, report);
        } else {
            self.start(store, index, view, what, report);
        }
    }

    fn start<S: Store>(
        &self,
        store: S,
        index: usize,
        view: &View,
        what: &str,
        report: &mut Report,
    ) {
        let (mut lock, found) = self.script.start(store, None);
        match found {
            Err(
                Denial::StateCorrupt
                | Denial::StateRolledBack
                | Denial::StateTooNew
                | Denial::StoreFailed,
            ) => report.refused += 1,
            Err(other) => report.wrong.push(format!("{what}: {other}")),
            // It lets nobody in, and only its claim key claims it.
            Ok(None) => {
                report.unclaimed += 1;
                let refused = lock.walk().err();
                if refused != Some(Refusal::Unclaimed) {
                    report.wrong.push(format!("{what}: {refused:?}"));
                }
            }
            Ok(Some(found)) if found == *view => report.unharmed += 1,
            Ok(Some(_)) => {
                let accepted = self.accepts(&mut lock, index);
                report.wrong.push(format!("{what}: another state, which accepts {accepted}"));
            }
        }
    }

    /// How many of the spent tokens of a life are let in.
    fn accepts<S: Store>(
        &self,
        lock: &mut keyward::Lock<'static, S, Small>,
        index: usize,
    ) -> usize {
        let spent = self.script.steps[..=index].iter().filter_map(|step| match step {
            Step::Ask(held, holder, _) if self.script.is_single(held) => Some((held, holder)),
            _ => None,
        });
        spent.filter(|(held, holder)| self.script.is_let_in(lock, (held, holder))).count()
    }
}
