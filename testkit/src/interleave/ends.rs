//! How interleavings end: whatever came, in whatever order, an honest visitor mends the lock.

use keyward::{Ask, Challenge, Channel, Interval, Now, Right, Taken, Time, time::Uptime};

use crate::{
    interleave::{
        Run,
        cast::EPOCHS,
        same,
        story::{DAY, LOCK, Side, Story, What},
    },
    random::Dice,
    world::Door,
};

/// What one phone carries: a statement, or all epochs up to one and a keyset of it.
#[derive(Clone, Copy, Debug)]
enum Parcel {
    Statement(usize),
    Walk(u64, usize),
}

/// Delivers one set in two orders, to two locks of one identity, until nothing changes.
pub(super) fn any_order(story: &Story, dice: &mut Dice<'_>) -> Result<(), String> {
    let way = dice.pick(&[0, 1, 2]);
    let side = dice.pick(&[Side::Honest, Side::Honest, Side::Issuers, Side::Roots]);
    let claimed = story.statements[story.claims[way].1[0]].epoch;
    let top = claimed + dice.below(EPOCHS as u64 - claimed);
    let mut parcels = Vec::new();
    for (index, got) in story.statements.iter().enumerate() {
        let last = match &got.what {
            What::Keyset { version, .. } => *version >= 5,
            What::List { order, .. } | What::Card { order, .. } => order.0 >= 5,
            What::Status { .. } => false,
        };
        // The newest keyset comes with a list and a card under it; the rest may be lost.
        let kept = last && got.epoch == top || !dice.once_in(3);
        if !kept || got.epoch > top || got.side > side && got.side != Side::Stranger {
            continue;
        }
        match got.what {
            What::Keyset { .. } => parcels.push(Parcel::Walk(got.epoch, index)),
            _ => parcels.push(Parcel::Statement(index)),
        }
    }
    let now = Now::ticks(Uptime(0), 0);
    let mut ends = Vec::new();
    for _ in 0..2 {
        let mut door = story.claimed(way, now);
        for round in 0.. {
            if round > 20 {
                return Err(format!("{parcels:?} never ends"));
            }
            for last in (1..parcels.len()).rev() {
                let other = usize::try_from(dice.below(last as u64 + 1)).unwrap();
                parcels.swap(last, other);
            }
            let mut changed = false;
            for parcel in &parcels {
                changed |= delivered(story, &mut door, *parcel, now);
            }
            if !changed {
                break;
            }
        }
        let trust = door.lock.trust().unwrap();
        let order = (trust.scope().epoch, trust.keyset(), trust.list(), trust.card());
        let floor = door.lock.present(now).unwrap().lo();
        // A thief's word moves the floor while his key is trusted, and not before or after.
        ends.push((order, (side == Side::Honest).then_some(floor)));
    }
    same(&format!("the end of {parcels:?} up to {side:?}"), &ends[0], &ends[1])
}

fn delivered(story: &Story, door: &mut Door, parcel: Parcel, now: Now) -> bool {
    let index = match parcel {
        Parcel::Statement(index) => index,
        Parcel::Walk(epoch, index) => {
            door.connect(Channel::Radio, now);
            let held = door.lock.trust().unwrap().scope().epoch.0;
            for number in held + 1..=epoch {
                let epoch = &story.epochs[usize::try_from(number).unwrap()].0;
                assert_eq!(door.deliver(epoch, now), Ok(Taken::Unchanged));
            }
            index
        }
    };
    let taken = door.deliver(&story.statements[index].bytes, now);
    matches!(taken, Ok(taken) if !matches!(taken, Taken::Unchanged | Taken::Time))
}

impl Run<'_, '_> {
    /// Whatever has happened, one visit mends it: a keyset where the roots are honest, otherwise an
    /// epoch. Tells whether it took the epoch.
    pub(super) fn mended(&mut self) -> Result<bool, String> {
        let honest = !self.naive.rooted;
        let epoch = if honest { usize::try_from(self.naive.epoch).unwrap() } else { EPOCHS };
        // Often all thieves once more, as hard as they can.
        let last = self.dice.once_in(2);
        for got in self.story.statements.iter().filter(|_| last) {
            let thief = got.side != Side::Honest && (got.side == Side::Issuers || !honest);
            if thief && got.epoch == self.naive.epoch {
                let _any = self.door.deliver(&got.bytes, self.now());
            }
        }
        self.log.push(format!("mended by the rescue of epoch {epoch}"));
        self.opens(epoch)?;
        if honest && self.dice.once_in(4) {
            self.opens(EPOCHS)?;
        }
        Ok(!honest)
    }

    fn opens(&mut self, epoch: usize) -> Result<(), String> {
        let rescue = &self.story.rescues[epoch];
        self.door.lock.restart();
        // The visitor comes after all that he brings was signed; the host knows that, or nothing.
        let present = rescue.state.at.0 + self.dice.below(DAY);
        let (uptime, drift_ppm) = (Uptime(self.dice.below(1 << 30)), self.drift);
        let time = match self.dice.below(3) {
            0 => Interval::exactly(Time(present)),
            _ => Interval::UNKNOWN,
        };
        let now = Now { time, uptime, drift_ppm };
        let (taken, challenge) = self.door.visit(&rescue.library, now);
        let state = keyward::State { at: Time(present), ..rescue.state };
        let nonce = Challenge::decode(&challenge).unwrap().nonce;
        let status = self.story.attest(epoch as u64, rescue.attester, state, Some(&nonce));
        let ask = Ask { lock: LOCK, right: Right::UNLOCK, parameter: b"" };
        let (holder, radio) = (&self.story.holders[0], Channel::Radio);
        let request = holder.request(&rescue.held, ask, &challenge, radio, self.dice.0);
        let bytes = holder.present(&request, &[], Some(&status));
        match self.door.present(&bytes, now).1 {
            Ok(_) => Ok(()),
            Err(denial) => Err(format!("a brick: {denial}, after {taken:?} at {now:?}")),
        }
    }
}
