//! Power: where it fails, and what a start may find behind that.

use keyward::{Ask, Denial, Lock, Right, ledger::Outcome, lock::Restored, receipt::Log};

use super::{Life, Store, model::Model, pool::LIVES};
use crate::{
    interleave::{
        Mode,
        cast::EPOCHS,
        story::{DAY, LOCK},
    },
    lives::{self, Told},
    world::door::secret,
};

/// Starts that may fail before one that doesn't.
const NESTED: usize = 2;

impl Life<'_> {
    /// Once in so many times power is to fail at some byte of what comes.
    pub(super) fn perhaps_cut(&mut self, once_in: usize) {
        if self.choices.once_in(once_in) {
            let within = self.choices.pick(&[64, 400, 2000, 16_000]);
            let at = self.choices.below(65_536) % within;
            self.flash.flash().cut_after(u64::try_from(at).unwrap());
            self.note(|_| format!("power fails {at} bytes on"));
        }
    }

    /// Power comes back; `cut` says whether it may fail again in the start.
    pub(super) fn starts(&mut self, cut: bool) -> Result<(), String> {
        self.uptime = self.choices.pick(&[self.uptime, 0, self.uptime / 2]);
        self.lock = None;
        self.summary.cuts += u64::from(cut);
        for nested in 0.. {
            self.flash.flash().power_on();
            if cut && nested < NESTED {
                self.perhaps_cut(4);
            }
            if self.start()? {
                break;
            }
            self.summary.cuts += 1;
        }
        self.flash.flash().power_on();
        self.summary.starts += 1;
        let mut wrong = Vec::new();
        for mut model in [Some(self.model.clone()), self.may.take()].into_iter().flatten() {
            model.starts();
            match self.holds(&model).and_then(|()| self.tells(&model)) {
                Ok(told) => {
                    self.note(|life| format!("started at {} ms", life.uptime));
                    (self.told, self.model) = ((model.life, told), model);
                    return Ok(());
                }
                Err(what) => wrong.push(what),
            }
        }
        Err(format!("a start finds neither what was before nor behind: {}", wrong.join("; or ")))
    }

    /// Whether a start came to its end.
    fn start(&mut self) -> Result<bool, String> {
        let is_off = |life: &Self| life.flash.flash().is_off();
        let store = match Store::open(self.flash.clone()) {
            Ok(store) => store,
            Err(_) if is_off(self) => return Ok(false),
            Err(error) => return Err(format!("the store says {error:?}")),
        };
        let mut lock = self.lock_over(self.model.life, store);
        let found = lock.restore(None);
        // A host whose reset may have been cut off is another lock by now.
        let next = self.may.as_ref().map_or(self.model.life, |may| may.life);
        if next != self.model.life && found == Ok(Restored::Unclaimed) {
            lock = self.lock_over(next, lock.into_store());
            super::same("the next life", &lock.restore(None), &Ok(Restored::Unclaimed))?;
        }
        match found {
            Err(Denial::StoreFailed) if is_off(self) => return Ok(false),
            Ok(_) | Err(Denial::Releasing) => {}
            Err(denial) => return Err(format!("the lock says {denial}")),
        }
        self.lock = Some(lock);
        Ok(true)
    }

    fn lock_over(&self, life: usize, store: Store) -> super::FlashLock {
        let identity = self.pool.identities[life];
        Lock::new(identity, secret(&identity), store)
    }

    /// What the lock's log says: all that it said before, and each decision's outcome, once.
    fn tells(&mut self, model: &Model) -> Result<Told, String> {
        let told = lives::told(self.lock())?;
        if model.silent().is_some() {
            return Ok(told);
        }
        if self.told.0 == model.life {
            told.follows(&self.told.1)?;
        }
        let events = told.entries.range((Log::Events, 0)..(Log::Denials, 0));
        let is_whole = events.clone().next().is_none_or(|((_, number), _)| *number == 0);
        let outcomes: Vec<_> = events.filter_map(|(_, (_, outcome))| *outcome).collect();
        let all = &model.outcomes;
        match all.ends_with(&outcomes) && (!is_whole || all.len() == outcomes.len()) {
            true => Ok(told),
            false => Err(format!("what is told is {outcomes:?}, not {all:?}")),
        }
    }

    /// Whatever has happened, one visit mends a lock that somebody owns: by a keyset where the
    /// roots are honest, otherwise by an epoch.
    pub(super) fn mended(&mut self) -> Result<(), String> {
        self.choices.0 = &[];
        self.starts(false)?;
        let Some(trust) = &self.model.trust else { return Ok(()) };
        if self.model.releasing || self.model.life == LIVES {
            return Ok(());
        }
        let epoch = if trust.rooted { EPOCHS } else { usize::try_from(trust.epoch).unwrap() };
        self.note(|_| format!("mended by what is of epoch {epoch}"));
        let rescue = &self.story().rescues[epoch];
        (self.mode, self.real) = (Mode::None, self.real.max((rescue.state.at.0 + DAY) * 1000));
        self.seat = 0;
        let mending = self.pool.mending[self.model.life][epoch];
        let walk: Vec<_> = (usize::try_from(self.epoch()).unwrap() + 1..=epoch).collect();
        if !walk.is_empty() {
            self.walks(&walk, mending[0])?;
        }
        for index in mending {
            self.connect()?;
            self.delivers(index, None)?;
        }
        self.connect()?;
        let token = self.pool.tokens[epoch].last().unwrap();
        let status = Some(self.attests(rescue.attester, self.real / 1000, None, true));
        let ask = Ask { lock: LOCK, right: Right::UNLOCK, parameter: b"" };
        let sent = self.challenged(token, (token.epoch, 0), ask, status);
        match self.presents(&sent, 0)? {
            Ok(held) => self.acts(held, Outcome::Done),
            // Its use may be spent, and tables may be full of others.
            Err(430 | 500) => Ok(()),
            Err(code) => Err(format!("a brick: {code}")),
        }
    }
}
