//! A life of a whole lock that bytes choose, on flash that tears, against a naive model of it.
//!
//! Every few bytes are a step: a claim, a statement, a walk to an epoch, a request of some kind, a
//! jump of the clock, a reset, a start. Power may be cut at any byte that a step writes. After each
//! step the lock holds and says what the model does, verdict and code; behind a cut it holds what
//! the step had made of it or what was before, and has lost nothing that it told.

mod bytes;
mod host;
mod model;
mod pool;
mod power;
mod requests;
mod steps;

use std::collections::BTreeMap;

use chacha20::ChaCha20Rng;
use keyward::{Lock, Now, time::Uptime};
use keyward_store::{
    flash::BlockingFlashLog,
    sim::{Flash, Shared},
};
use rand_core::{Rng, SeedableRng};

use crate::{
    interleave::{Mode, naive::Host, same, story::Story},
    lives::{HALF, PAGE, Small, Told, cut::behaviours},
    world::START,
};
use bytes::Choices;
use host::{Held, Seat, Sent};
use model::Model;
use pool::Pool;

/// Steps after which a life is mended, whatever bytes are left.
const MOST_STEPS: u64 = 64;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Steps that were taken.
    pub steps: u64,
    /// Statements that changed the lock.
    pub taken: u64,
    /// Requests that moved its bolt.
    pub acted: u64,
    /// Cuts of power within a write, those of starts included.
    pub cuts: u64,
    /// Starts over what is durable.
    pub starts: u64,
    /// How often each code was said; 0 is that of a yes.
    pub codes: BTreeMap<u16, u64>,
}

impl Summary {
    /// Adds another life's.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.taken += other.taken;
        self.acted += other.acted;
        self.cuts += other.cuts;
        self.starts += other.starts;
        for (code, times) in &other.codes {
            *self.codes.entry(*code).or_default() += times;
        }
    }
}

/// Lives the life that the bytes choose; the same for the same bytes.
///
/// # Errors
/// Where lock and model part, behind the steps until then.
pub fn live(bytes: &[u8]) -> Result<Summary, String> {
    let mut life = Life::new(bytes, None);
    let Err(what) = life.run() else { return Ok(life.summary) };
    // Only a life that fails is told step by step.
    let mut again = Life::new(bytes, Some(Vec::new()));
    assert_eq!(again.run().as_ref(), Err(&what), "the same life");
    let steps = again.log.unwrap_or_default().join("\n  ");
    Err(format!("{steps}\n  {what}"))
}

/// Bytes of lives that say, together, nearly all that can be said: each says what none before it
/// did. They are the same in every run.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (mut seeds, mut said) = (Vec::new(), BTreeMap::new());
    for _ in 0..SEED_LIVES {
        let mut bytes = vec![0; SEED_BYTES];
        rng.fill_bytes(&mut bytes);
        let Ok(summary) = live(&bytes) else { continue };
        let before = said.len();
        said.extend(summary.codes);
        if said.len() > before {
            seeds.push(bytes);
        }
    }
    seeds
}

/// How many lives are tried for a place among the seeds, and their length: about 20 steps.
const SEED_LIVES: usize = 2000;
const SEED_BYTES: usize = 160;

type Medium = Shared<4, PAGE>;
type Store = BlockingFlashLog<Medium, HALF>;
type FlashLock = Lock<'static, Store, Small>;

struct Life<'b> {
    pool: &'static Pool,
    choices: Choices<'b>,
    flash: Medium,
    /// None while power is off.
    lock: Option<FlashLock>,
    seats: [Seat; 2],
    /// The seat whose phone speaks.
    seat: usize,
    model: Model,
    /// What else the lock may hold behind a cut.
    may: Option<Model>,
    /// What its log said last, and in which life.
    told: (usize, Told),
    /// A permit that was not acted on yet.
    held: Option<Held>,
    /// Presentations of before.
    sent: Vec<Sent>,
    mode: Mode,
    /// The present, in milliseconds.
    real: u64,
    uptime: u64,
    drift: u32,
    rng: ChaCha20Rng,
    summary: Summary,
    log: Option<Vec<String>>,
}

impl<'b> Life<'b> {
    fn new(bytes: &'b [u8], log: Option<Vec<String>>) -> Self {
        let (pool, mut choices) = (Pool::shared(), Choices(bytes));
        let ways = behaviours();
        let behaviour = ways[choices.below(ways.len())];
        let flash = Flash::new(2 * HALF / PAGE, behaviour, u64::from(choices.byte()));
        let end = pool.stories[0].end;
        let starts = [end, START.0 + 10 * super::story::DAY, end - super::story::DAY];
        let real = choices.pick(&starts) * 1000;
        let drift = choices.pick(&[0, 100, 20_000]);
        Self {
            pool,
            choices,
            flash: Shared::new(flash),
            lock: None,
            seats: [Seat::default(), Seat::default()],
            seat: 0,
            model: Model::new(),
            may: None,
            told: Default::default(),
            held: None,
            sent: Vec::new(),
            mode: Mode::Off(0, 0),
            real,
            uptime: 1_000_000,
            drift,
            rng: ChaCha20Rng::seed_from_u64(1),
            summary: Summary::default(),
            log,
        }
    }

    fn run(&mut self) -> Result<(), String> {
        self.starts(false)?;
        while !self.choices.is_over() && self.summary.steps < MOST_STEPS {
            self.summary.steps += 1;
            self.perhaps_cut(6);
            self.step()?;
            if self.flash.flash().is_off() {
                self.starts(true)?;
            }
            self.flash.flash().power_on();
            self.may = None;
            self.holds(&self.model)?;
        }
        self.mended()
    }

    fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.log.is_some() {
            let what = what(self);
            self.log.iter_mut().for_each(|log| log.push(what.clone()));
        }
    }

    fn story(&self) -> &'static Story {
        let pool = self.pool;
        &pool.stories[self.model.life.min(pool.stories.len() - 1)]
    }

    /// The epoch that is held, or the first.
    fn epoch(&self) -> u64 {
        self.model.trust.as_ref().map_or(0, |trust| trust.epoch)
    }

    fn host(&self) -> Host {
        Host { time: self.mode.says(self.real), uptime: self.uptime, drift: self.drift }
    }

    fn now(&self) -> Now {
        self.host().now()
    }

    fn lock(&mut self) -> &mut FlashLock {
        self.lock.as_mut().unwrap()
    }

    /// The lock holds what a model holds.
    fn holds(&self, model: &Model) -> Result<(), String> {
        let (story, lock) = (self.story(), self.lock.as_ref().unwrap());
        let (shown, identity) = (lock.unclaimed().nonce, self.pool.identities[model.life].nonce);
        same("the life", &shown, &identity)?;
        let silent = lock.trust().err().map(|denial| denial.code());
        same("the silence", &silent, &model.silent().map(|(code, _)| code))?;
        let (Ok(trust), Some(naive)) = (lock.trust(), &model.trust) else { return Ok(()) };
        // Before its first tick a lock knows no more than its floor.
        let floor = lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo();
        let (list, card) = (trust.list(), trust.card());
        let now = (
            trust.scope().epoch.0,
            trust.keyset().0,
            (list.keyset.0, list.number.0),
            (card.keyset.0, card.version.0),
            floor.0,
        );
        let (list, card) = (naive.list_order(story), naive.card_order(story));
        same("the state", &now, &(naive.epoch, naive.version(story), list, card, naive.floor))?;
        let present = lock.present(self.now()).unwrap();
        let present = (present.lo().0, present.hi().map(|hi| hi.0));
        same("the present", &present, &naive.refined(&self.host()))?;
        let relock = lock.relock_within(self.now()).is_some();
        same("whether the door is due", &relock, &model.relock)?;
        same("whether one is open", &lock.has_open_decision(), &model.open.is_some())?;
        let counts: BTreeMap<_, _> = keyward::tables::Capacity::counts(lock.memory(), floor)
            .map(|count| (count.link.0, (count.spent.get(), count.first.0)))
            .collect();
        let live = model.counts.iter().filter(|(_, count)| floor.0 < count.until);
        let expected = live.map(|(link, count)| (half(link), (count.spent, count.first))).collect();
        same("the counts", &counts, &expected)?;
        let lanes: BTreeMap<_, _> = keyward::tables::Capacity::lanes(lock.memory(), floor)
            .map(|lane| (lane.holder.0, (lane.latest.0, lane.seen.collect::<Vec<_>>())))
            .collect();
        let live = model.lanes.iter().filter(|(_, lane)| floor.0 <= lane.latest + 900);
        let expected = live
            .map(|(holder, lane)| (half(holder), (lane.latest, lane.window.words().collect())))
            .collect();
        same("the lanes", &lanes, &expected)
    }
}

/// What tables know a name by.
fn half(name: &[u8; 16]) -> [u8; 8] {
    *name.first_chunk().expect("8 bytes")
}
