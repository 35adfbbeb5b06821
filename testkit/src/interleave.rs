//! Random interleavings of all that can reach a lock, against a naive model of it.
//!
//! Statements and tokens of the owner, of thieves of every key and of strangers arrive in any
//! order, again and again, between jumps of the host's clock and restarts. After every step the
//! lock holds and says what the model does. At the end of each, what is honest mends the lock.

mod cast;
mod ends;
pub mod life;
mod naive;
mod rules;
mod steps;
mod story;

use std::collections::BTreeMap;

use chacha20::ChaCha20Rng;
use keyward::{Channel, Interval, Now, Time, ledger::Memory, time::Uptime};
use rand_core::SeedableRng;

use crate::{
    interleave::{
        naive::{Host, Naive},
        story::{Granted, Side, Story},
    },
    random::Dice,
    world::{Door, START},
};

/// How many interleavings share the signatures of one story.
const STORY: u64 = 250;
const TEN_YEARS: u64 = 3650 * story::DAY;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Interleavings that were run to their end.
    pub interleavings: u64,
    /// Messages, jumps and restarts within them.
    pub steps: u64,
    /// Statements that changed a lock.
    pub taken: u64,
    /// Requests that opened it.
    pub opened: u64,
    /// Sets of statements that were delivered in two orders.
    pub reordered: u64,
    /// Locks that a keyset mended, beside thieves of all issuers.
    pub mended_by_keyset: u64,
    /// Locks that an epoch mended, beside thieves of the roots.
    pub mended_by_epoch: u64,
    /// How often each code was said, to statements and requests; 0 is that of a yes.
    pub codes: BTreeMap<u16, u64>,
    /// Where lock and model part.
    pub violations: Vec<Violation>,
}

/// Where lock and model part.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The seed of the run.
    pub seed: u64,
    /// The interleaving's number in it.
    pub interleaving: u64,
    /// What was expected.
    pub what: String,
    /// What was done until then.
    pub steps: Vec<String>,
}

impl Report {
    /// Adds what another thread saw.
    pub fn add(&mut self, other: Self) {
        self.interleavings += other.interleavings;
        self.steps += other.steps;
        self.taken += other.taken;
        self.opened += other.opened;
        self.reordered += other.reordered;
        self.mended_by_keyset += other.mended_by_keyset;
        self.mended_by_epoch += other.mended_by_epoch;
        for (code, times) in other.codes {
            *self.codes.entry(code).or_default() += times;
        }
        self.violations.extend(other.violations);
    }
}

/// Runs the interleavings of these numbers; the same for the same seed, whatever the range.
pub fn run(seed: u64, numbers: std::ops::Range<u64>, mut progress: impl FnMut(u64)) -> Report {
    let mut report = Report::default();
    let mut story: Option<(u64, Story)> = None;
    for number in numbers {
        progress(number);
        let chapter = number / STORY;
        if story.as_ref().is_none_or(|(held, _)| *held != chapter) {
            story = Some((chapter, Story::new(mixed(seed, !chapter))));
        }
        let story = &story.as_ref().unwrap().1;
        let mut rng = ChaCha20Rng::seed_from_u64(mixed(seed, number));
        let mut run = Run::new(story, Dice(&mut rng));
        let outcome = run.all(&mut report);
        for (code, times) in std::mem::take(&mut run.codes) {
            *report.codes.entry(code).or_default() += times;
        }
        if let Err(what) = outcome {
            let steps = run.log;
            report.violations.push(Violation { seed, interleaving: number, what, steps });
        }
        report.interleavings += 1;
    }
    report
}

fn mixed(seed: u64, number: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95)
}

/// What the host's clock is like.
#[derive(Clone, Copy, Debug)]
enum Mode {
    None,
    /// So many seconds ahead, or behind, and so wide.
    Off(i64, u64),
}

impl Mode {
    /// What it says at this millisecond.
    fn says(self, real: u64) -> Option<(u64, u64)> {
        let Self::Off(off, wide) = self else { return None };
        let present = i64::try_from(real / 1000).unwrap();
        let lo = u64::try_from(present + off).unwrap();
        Some((lo, lo + wide))
    }
}

impl Host {
    /// What a lock is told.
    fn now(&self) -> Now {
        let between = |(lo, hi)| Interval::between(Time(lo), Time(hi));
        let time = self.time.map_or(Interval::UNKNOWN, between);
        Now { time, uptime: Uptime(self.uptime), drift_ppm: self.drift }
    }
}

struct Run<'s, 'r> {
    story: &'s Story,
    door: Door,
    naive: Naive,
    dice: Dice<'r>,
    /// The worst that takes part.
    side: Side,
    mode: Mode,
    /// The present, in milliseconds.
    real: u64,
    uptime: u64,
    drift: u32,
    challenge: Vec<u8>,
    before: (u64, u64, (u64, u64), (u64, u64), u64),
    /// The token that was presented last.
    again: Option<&'s Granted>,
    codes: BTreeMap<u16, u64>,
    log: Vec<String>,
}

impl<'s, 'r> Run<'s, 'r> {
    fn new(story: &'s Story, mut dice: Dice<'r>) -> Self {
        let way = dice.pick(&[0, 0, 0, 1, 2]);
        let side = dice.pick(&[Side::Honest, Side::Issuers, Side::Issuers, Side::Roots]);
        let real = (START.0 + dice.below(story.end - START.0 + 30 * story::DAY)) * 1000;
        let (mode, drift) = (Mode::None, dice.pick(&[0, 100, 20_000]));
        let uptime = dice.below(1_000_000);
        let host = Host { time: None, uptime, drift };
        let door = story.claimed(way, Now::ticks(Uptime(uptime), drift));
        let naive = Naive::claimed(story, way, &host);
        let before = (0, 0, (0, 0), (0, 0), 0);
        let log = vec![format!("claim {way}, thieves up to {side:?}, drift {drift}")];
        let (challenge, codes) = (Vec::new(), BTreeMap::new());
        Self {
            story,
            door,
            naive,
            dice,
            side,
            mode,
            real,
            uptime,
            drift,
            challenge,
            before,
            again: None,
            codes,
            log,
        }
    }

    fn all(&mut self, report: &mut Report) -> Result<(), String> {
        self.jump();
        self.connect();
        self.holds()?;
        for _ in 0..8 + self.dice.below(24) {
            report.steps += 1;
            match self.dice.below(100) {
                0..45 => report.taken += u64::from(self.statement()?),
                45..57 => report.taken += u64::from(self.walk()?),
                57..64 => report.taken += u64::from(self.attested()?),
                64..84 => report.opened += u64::from(self.presentation()?),
                84..89 => self.jump(),
                89..93 => self.wait(),
                93..96 => self.restart(),
                _ => self.garbage()?,
            }
            self.holds()?;
        }
        if self.dice.once_in(4) {
            report.reordered += 1;
            ends::any_order(self.story, &mut self.dice).inspect_err(|_| self.log.clear())?;
        }
        match self.mended()? {
            true => report.mended_by_epoch += 1,
            false => report.mended_by_keyset += 1,
        }
        Ok(())
    }

    fn host(&self) -> Host {
        Host { time: self.mode.says(self.real), uptime: self.uptime, drift: self.drift }
    }

    fn now(&self) -> Now {
        self.host().now()
    }

    fn connect(&mut self) {
        self.challenge = self.door.connect(Channel::Radio, self.now());
        self.naive.connect(&self.host());
    }

    /// Mostly a new session; sometimes one from before, whatever came since.
    fn perhaps_connect(&mut self) {
        if !self.dice.once_in(4) {
            self.connect();
        }
    }

    /// The host's clock is right, wrong by up to ten years, or none.
    fn jump(&mut self) {
        let wrong = i64::try_from(self.dice.below(2 * TEN_YEARS)).unwrap() - TEN_YEARS as i64;
        let wide = self.dice.pick(&[0, 0, 2, 600]);
        self.mode = self.dice.pick(&[Mode::None, Mode::Off(0, wide), Mode::Off(wrong, wide)]);
        self.log.push(format!("clock {:?}", self.mode));
    }

    fn wait(&mut self) {
        let (most, ms) = (self.dice.pick(&[20, 60, 7200, 90 * story::DAY]), self.dice.below(1000));
        let ticks = self.dice.below(most) * 1000 + ms;
        (self.real, self.uptime) = (self.real + ticks, self.uptime + ticks);
        self.log.push(format!("wait {ticks} ms"));
    }

    fn restart(&mut self) {
        self.uptime = self.dice.below(self.uptime + 1);
        self.door.lock.restart();
        self.naive.restart();
        self.log.push(format!("restart at {} ms", self.uptime));
    }

    /// The lock holds what the model holds, and nothing fell.
    fn holds(&mut self) -> Result<(), String> {
        let (naive, story, lock) = (&self.naive, self.story, &self.door.lock);
        let trust = lock.trust().unwrap();
        // Before its first tick a lock knows no more than its floor.
        let floor = lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo().0;
        let (list, card) = (trust.list(), trust.card());
        let now = (
            trust.scope().epoch.0,
            trust.keyset().0,
            (list.keyset.0, list.number.0),
            (card.keyset.0, card.version.0),
            floor,
        );
        let (order, of_card) = (naive.list_order(story), naive.card_order(story));
        let expected = (naive.epoch, naive.version(story), order, of_card, naive.floor);
        same("the state", &now, &expected)?;
        let then = std::mem::replace(&mut self.before, now);
        let kept = then.1 <= now.1 && then.2 <= now.2 && then.3 <= now.3 && then.4 <= now.4;
        if now.0 < then.0 || now.0 == then.0 && !kept {
            return Err(format!("{then:?} fell to {now:?}"));
        }
        let present = lock.present(self.now()).unwrap();
        let present = (present.lo().0, present.hi().map(|hi| hi.0));
        same("the present", &present, &naive.refined(&self.host()))?;
        for token in story.tokens.iter().filter(|token| token.uses.is_some()) {
            let uses = lock.memory().uses(&token.link);
            let expected = naive.uses.get(&token.link.0).copied().unwrap_or_default();
            // What no token can need again may be forgotten.
            if floor >= token.until && uses == keyward::ledger::Uses::default() {
                continue;
            }
            same("the uses", &(uses.spent, uses.first.map(|first| first.0)), &expected)?;
        }
        Ok(())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?}, not {expected:?}")) }
}
