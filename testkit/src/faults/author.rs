//! Writes a life.

use super::*;

/// Writes a life.
pub(super) struct Author {
    pub(super) lock: LockId,
    pub(super) holders: Vec<Rc<Holder>>,
    pub(super) steps: Vec<Step>,
    pub(super) visitors: Vec<(Capability, Rc<Holder>)>,
}

impl Author {
    pub(super) fn grant(
        &self,
        owner: &mut Owner,
        to: usize,
        right: Right,
        uses: u32,
        max_open: u32,
    ) -> Capability {
        let valid = Valid { from: START, lasts: Seconds::days(30) };
        let grant = Caveats::grant(Rights::of(right), &[Target::Lock(self.lock)], valid).unwrap();
        let grant = if uses > 0 { grant.uses(uses).unwrap() } else { grant };
        let grant = if max_open > 0 { grant.max_open(Seconds(max_open)).unwrap() } else { grant };
        owner.grant(&self.holders[to].public(), 1, &grant)
    }

    pub(super) fn statement(&mut self, bytes: Vec<u8>) {
        self.steps.push(Step::Statement(bytes));
    }

    /// What happens at a door in an epoch.
    pub(super) fn visits(&mut self, owner: &mut Owner, epoch: u64) {
        let visitor = self.grant(owner, 0, Right::UNLOCK, 0, 0);
        self.visitors.push((visitor.clone(), Rc::clone(&self.holders[0])));
        let counted = self.grant(owner, 1, Right::UNLOCK, 100, 0);
        let relocks = self.grant(owner, 2, Right::UNLOCK, 2, 60);
        let reads = self.grant(owner, 3, Right::READ_LOG, 0, 0);
        let holder = |index: usize| Rc::clone(&self.holders[index]);
        let (zero, one, two, three) = (holder(0), holder(1), holder(2), holder(3));
        let opens = |recorded| Step::Ask(counted.clone(), Rc::clone(&one), Right::UNLOCK, recorded);
        let late = |counter| {
            let counter = 100 * (epoch + 1) + counter;
            Step::Unchallenged(unchallenged(&visitor, &zero, self.lock, counter))
        };
        let acknowledges = |before| Step::Acknowledge(reads.clone(), Rc::clone(&three), before);
        let denies = || Step::Deny(counted.clone(), Rc::clone(&one));
        self.steps.extend([
            opens(true),
            Step::Ask(relocks.clone(), Rc::clone(&two), Right::UNLOCK, true),
            denies(),
            opens(false),
            opens(true),
            Step::Secure,
            late(5),
            Step::Read,
            opens(false),
            late(3),
            denies(),
            acknowledges(2),
        ]);
        for _ in 0..9 {
            self.steps.push(opens(true));
        }
        self.steps.extend([
            Step::Ask(relocks.clone(), Rc::clone(&two), Right::UNLOCK, false),
            opens(true),
            denies(),
            acknowledges(0),
        ]);
    }
}
