//! Denials, counted in memory until a log takes them (SPEC.md section 24.5).

use super::{
    Lock,
    record::{self, Denials},
};
use crate::{
    denial::Denial,
    id::KeyName,
    key::key_name,
    limits::{DENIALS_EVERY, MAX_DENIED},
    receipt::Denied,
    request::Presentation,
    store::{AsyncStore, Store},
    tables::Capacity,
    time::{Now, Time, Uptime},
};

/// How often whom was denied what, since an entry was written.
#[derive(Debug)]
pub(super) struct Tally {
    rows: [Option<Denied>; MAX_DENIED],
    tried: Tried,
}

/// When an entry was last written, or tried to be.
#[derive(Clone, Copy, Debug)]
enum Tried {
    /// Not since the start.
    Never,
    At(Uptime),
    /// Before the ticks started anew: no time has passed for certain.
    Before,
}

impl Tally {
    pub(super) const fn empty() -> Self {
        Self { rows: [None; MAX_DENIED], tried: Tried::Never }
    }

    /// Counts one in the row of its kind and person, or in one that is free: the first is for
    /// strangers, so that they drive no known person out; the last is for all others.
    fn add(&mut self, code: u16, holder: Option<KeyName>, at: Time) {
        let mut new = Denied { code, holder, count: 1, first: at, last: at };
        let [stranger, rows @ .., others] = &mut self.rows;
        let rows = if holder.is_some() { rows } else { core::slice::from_mut(stranger) };
        let is_own = |row: &&mut Option<Denied>| {
            row.is_none_or(|row| row.code == code && row.holder == holder)
        };
        let row = if let Some(row) = rows.iter_mut().find(is_own) {
            row
        } else {
            (new.code, new.holder) = (0, None);
            others
        };
        match row {
            Some(row) => (row.count, row.last) = (row.count.saturating_add(1), at),
            None => *row = Some(new),
        }
    }

    fn rows(&self) -> impl Iterator<Item = &Denied> + Clone {
        self.rows.iter().flatten()
    }

    /// Whether something was counted that is to be written down now. If so it isn't again for a
    /// while, whatever becomes of it: a store that fails is not worn out either.
    pub(super) fn falls_due(&mut self, now: &Now) -> bool {
        let is_due = match self.tried {
            Tried::Never => self.rows().next().is_some(),
            Tried::At(then) => {
                self.rows().next().is_some() && now.least_since(then) >= DENIALS_EVERY
            }
            Tried::Before => false,
        };
        if is_due || matches!(self.tried, Tried::Before) {
            self.tried = Tried::At(now.uptime);
        }
        is_due
    }

    /// The ticks started anew.
    pub(super) const fn restart(&mut self) {
        if let Tried::At(_) = self.tried {
            self.tried = Tried::Before;
        }
    }

    fn written(&mut self, now: &Now) {
        *self = Self { tried: Tried::At(now.uptime), ..Self::empty() };
    }
}

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Counts a denial.
    pub(super) fn note(
        &mut self,
        denial: &Denial,
        presentation: Option<&Presentation<'_>>,
        refined: &Now,
    ) {
        let holder = presentation.filter(|_| denial.is_evidence());
        let holder = holder.and_then(|presentation| presentation.token.leaf().ok());
        let holder = holder.map(|leaf| key_name(leaf.grantee));
        self.note_of(denial, holder, refined);
    }

    /// Counts a denial of this person, if the lock has an owner: what was denied before a life is
    /// not told in it.
    pub(super) fn note_of(&mut self, denial: &Denial, holder: Option<KeyName>, refined: &Now) {
        if self.life().is_ok() {
            let lo = self.state.floor_with(None).max(refined.time.lo());
            self.denied.add(denial.code(), holder, lo);
        }
    }

    /// Writes the counted denials down, as an entry of the log of denials; nothing where there are
    /// none. [`handle`](Self::handle) does so at the first denial after a start, and then every 15
    /// minutes at most, by ticks; a host that verifies step by step, or whose ticks stand still while
    /// it sleeps, calls it by a timer.
    ///
    /// # Errors
    /// [`Denial::StoreFailed`]; what was counted stays counted. [`Denial::Unclaimed`], or that of a
    /// [`Fault`](super::Fault).
    pub fn write_denials(&mut self, now: Now) -> Result<(), Denial>
    where
        S: Store,
    {
        if let Some(body) = self.denials(&now)? {
            let _entry = self.write(body.as_bytes(), &now)?;
            self.denied.written(&now);
        }
        Ok(())
    }

    /// [`write_denials`](Self::write_denials) for hosts that await.
    ///
    /// # Errors
    /// Those of `write_denials`.
    pub async fn write_denials_async(&mut self, now: Now) -> Result<(), Denial>
    where
        S: AsyncStore,
    {
        if let Some(body) = self.denials(&now)? {
            let _entry = self.write_async(body.as_bytes(), &now).await?;
            self.denied.written(&now);
        }
        Ok(())
    }

    fn denials(&self, now: &Now) -> Result<Option<Denials>, Denial> {
        let time = self.present(*now)?;
        let rows = self.denied.rows();
        Ok(match rows.clone().next() {
            Some(_) => Some(record::denied(time, rows)?),
            None => None,
        })
    }
}
