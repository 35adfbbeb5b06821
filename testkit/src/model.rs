//! The naive model: what a lock must say to a scene, in plain words and the order of SPEC.md
//! section 13. It shares no code with the verifier.

use keyward::{
    Right, Roles, Target,
    caveat::Channel,
    policy::AppVerdict,
    schedule::{Dates, Window},
};

use crate::scene::{EMERGENCY, Entry, HOLDER, LOCK, Link, Mode, Scene, issuer_id, key_name};

/// The code of the denial that a scene must give, or nothing when the door must open.
///
/// The scene's own presentation is meant, so that all signatures hold.
///
/// # Errors
/// The code of SPEC.md section 15.
pub fn judge(scene: &Scene) -> Result<(), u16> {
    if scene.sealed_only {
        return Err(214);
    }
    match scene.mode {
        Mode::Challenged { age: None, .. } => return Err(210),
        Mode::Challenged { age: Some(age), .. } if most(scene, age) > 30 => return Err(211),
        Mode::Challenged { .. } => {}
        Mode::Unchallenged { .. } if !scene.accepts_unchallenged => return Err(212),
        Mode::Unchallenged { .. } if scene.right != Right::UNLOCK => return Err(213),
        Mode::Unchallenged { .. } => {}
    }
    let unchallenged = matches!(scene.mode, Mode::Unchallenged { .. });
    let entry = |number: u8| scene.entries.iter().find(|entry| entry.key == number);
    let issuer = entry(scene.issuer);
    let counts = |link: &Link| link.uses.is_some() || link.first_use.is_some();
    match issuer {
        Some(entry) if !entry.roles.has(Roles::ISSUE) => return Err(201),
        Some(_) => {}
        None if scene.issuer != EMERGENCY || !scene.emergency => return Err(200),
        None if scene.links.len() > 1 || scene.links[0].depth > 0 => return Err(220),
        None if scene.right != Right::UNLOCK => return Err(221),
        None if unchallenged => return Err(222),
        None if counts(&scene.links[0]) => return Err(223),
        None => {}
    }
    let attester = match &scene.status {
        None => None,
        Some(status) if status.epoch != 1 => return Err(230),
        Some(status) if status.over_nonce && unchallenged => return Err(233),
        Some(status) => match entry(status.by) {
            None => return Err(231),
            Some(entry) if !entry.roles.has(Roles::ATTEST) => return Err(232),
            Some(entry) => Some((status, entry)),
        },
    };

    let floor = scene.floors.iter().find(|floor| floor.issuer == issuer_id(scene.issuer));
    if floor.is_some_and(|floor| scene.serial < floor.first.0) {
        return Err(400);
    }
    if !scene.revoked.is_empty() {
        for (number, id) in (HOLDER..).zip(scene.link_ids()) {
            if scene.revoked.contains(&id.into()) {
                return Err(401);
            }
            if scene.revoked.contains(&key_name(number).into()) {
                return Err(402);
            }
        }
    }
    let (mut lo, mut hi) = (scene.lo, scene.hi.map(|hi| hi.max(scene.lo)));
    if let Some((status, entry)) = attester {
        let expired = status.over_nonce && lo >= entry.until;
        if expired || status.at < entry.from || status.at >= entry.until {
            return Err(454);
        }
        lo = lo.max(status.at);
        if let (true, Mode::Challenged { age: Some(age), .. }) = (status.over_nonce, &scene.mode) {
            let latest = status.at + most(scene, *age) + 1;
            hi = Some(hi.map_or(latest, |hi| hi.min(latest)));
        }
        hi = hi.map(|hi| hi.max(lo));
    }
    let judge = Judge { scene, lo, hi, unchallenged };
    if let Some(Entry { from, until, .. }) = issuer {
        judge.valid(*from, *until)?;
    }
    for (index, link) in (0..).zip(&scene.links) {
        judge.link(index, link)?;
    }
    if let Mode::Unchallenged { counter, time, expires } = scene.mode {
        let hi = hi.filter(|hi| time <= *hi).ok_or(471_u16)?;
        if hi - time > 900 {
            return Err(472);
        }
        if hi >= expires {
            return Err(473);
        }
        let used = |highest: u64| {
            u128::from(counter) + 64 <= u128::from(highest)
                || counter == highest
                || scene.restored && counter < highest
        };
        if counter == u64::MAX || scene.highest.is_some_and(used) {
            return Err(470);
        }
    }
    Ok(())
}

/// The most whole seconds that a challenge of this age can have lived.
fn most(scene: &Scene, age: u64) -> u64 {
    (age + (age * u64::from(scene.drift_ppm)).div_ceil(1_000_000)).div_ceil(1000)
}

struct Judge<'s> {
    scene: &'s Scene,
    lo: u64,
    hi: Option<u64>,
    unchallenged: bool,
}

impl Judge<'_> {
    fn valid(&self, from: u64, until: u64) -> Result<(), u16> {
        if self.lo >= until {
            return Err(421);
        }
        if self.scene.issuer == EMERGENCY {
            return Ok(());
        }
        if self.lo < from {
            return Err(420);
        }
        if self.hi.is_none_or(|hi| hi >= until) { Err(422) } else { Ok(()) }
    }

    fn link(&self, index: u8, link: &Link) -> Result<(), u16> {
        let scene = self.scene;
        if link.rights.is_some_and(|rights| rights >> scene.right.bit() & 1 == 0) {
            return Err(410);
        }
        let here = |target: &Target| match target {
            Target::Lock(lock) => *lock == LOCK,
            Target::Group(group) => scene.groups.contains(group),
        };
        if link.targets.as_ref().is_some_and(|targets| !targets.iter().any(here)) {
            return Err(411);
        }
        if let Some((from, lasts)) = link.valid {
            self.valid(from, from + u64::from(lasts))?;
        }
        let history = scene.history.get(&index).copied().unwrap_or_default();
        if link.uses.is_some_and(|limit| history.spent >= limit) {
            return Err(430);
        }
        if let Some((of, keys)) = &link.witness {
            self.witness(*of, keys)?;
        }
        if let Some(seconds) = link.fresh {
            let status = scene.status.as_ref().ok_or(450_u16)?;
            if status.by == scene.issuer {
                return Err(452);
            }
            if status.keyset > scene.keyset || status.list > scene.list {
                return Err(453);
            }
            if self.hi.is_none_or(|hi| hi > status.at + u64::from(seconds)) {
                return Err(451);
            }
        }
        if let Some((windows, dates)) = &link.schedule {
            self.schedule(windows, dates)?;
        }
        if let Some((by, lasts)) = link.first_use {
            match history.first {
                None if self.hi.is_none_or(|hi| hi >= by) => return Err(431),
                Some(first)
                    if first.0 >= by
                        || self
                            .hi
                            .is_none_or(|hi| hi < first.0 || hi > first.0 + u64::from(lasts)) =>
                {
                    return Err(432);
                }
                _ => {}
            }
        }
        let channel = match scene.mode {
            Mode::Challenged { channel, .. } => channel,
            Mode::Unchallenged { .. } => Channel::Remote,
        };
        if link.channels.is_some_and(|mask| mask >> channel.byte() & 1 == 0) {
            return Err(440);
        }
        match (&link.app, scene.app) {
            (Some(_), None | Some(AppVerdict::UnknownTag)) => Err(460),
            (Some(_), Some(AppVerdict::Fails)) => Err(461),
            _ => Ok(()),
        }
    }

    fn witness(&self, of: u8, keys: &[u8]) -> Result<(), u16> {
        if self.unchallenged {
            return Err(442);
        }
        let grantees = HOLDER..HOLDER + u8::try_from(self.scene.links.len()).unwrap();
        let counted = self.scene.witnesses.iter().filter(|number| keys.contains(number));
        let counted: Vec<_> = counted.filter(|number| !grantees.contains(number)).collect();
        if counted.iter().any(|number| self.scene.revoked.contains(&key_name(**number).into())) {
            return Err(403);
        }
        if counted.len() < of.into() { Err(441) } else { Ok(()) }
    }

    fn schedule(&self, windows: &[Window], dates: &[Dates]) -> Result<(), u16> {
        let hi = self.hi.filter(|hi| hi - self.lo <= 86_400).ok_or(426_u16)?;
        let (table, end) = self.scene.zone.as_ref().ok_or(425_u16)?;
        for minute in self.lo / 60..=hi / 60 {
            // The bounds of the table are judged where the interval really is.
            let second = (minute * 60).clamp(self.lo, hi);
            let step = table.iter().rfind(|step| u64::from(step.at) * 60 <= second);
            let known = step.filter(|_| second < u64::from(*end) * 60);
            let offset = known.ok_or(425_u16)?.offset;
            let local = minute.checked_add_signed(offset.into()).unwrap();
            let day = local / 1440;
            if dates.iter().any(|date| {
                day >= u64::from(date.first) && day < u64::from(date.first) + u64::from(date.days)
            }) {
                return Err(424);
            }
            if !windows.iter().any(|window| in_window(window, local)) {
                return Err(423);
            }
        }
        Ok(())
    }
}

/// Looks for a start of the window in the 1440 minutes before and at a local minute.
fn in_window(window: &Window, local: u64) -> bool {
    (0..u64::from(window.length)).filter_map(|back| local.checked_sub(back)).any(|start| {
        let day = start / 1440;
        let weekday = (day + 3) % 7;
        let week = (day + 3) / 7;
        start % 1440 == u64::from(window.start)
            && window.days.0 >> weekday & 1 == 1
            && week % u64::from(window.every) == u64::from(window.phase)
    })
}
