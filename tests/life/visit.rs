//! A visitor at a door, and what he brings.

use keyward::{
    Ask, Caveats, Challenge, Channel, Now, Right, Rights, Seconds, Target, Time, Valid,
    id::{LockId, Nonce},
    store::Store,
    tables::Capacity,
};
use keyward_testkit::world::{Capability, Door, Holder, Owner, START, Verdict};

/// A token for a door: this right, from now on, so long.
pub(crate) fn grant(
    owner: &mut Owner,
    door: LockId,
    to: &Holder,
    right: Right,
    (from, lasts): (Time, Seconds),
) -> Capability {
    let valid = Valid { from, lasts };
    let grant = Caveats::grant(Rights::of(right), &[Target::Lock(door)], valid).unwrap();
    owner.grant(&to.public(), 1, &grant)
}

/// How the back end attests over a nonce.
pub(crate) type Attest<'a> = &'a dyn Fn(&Nonce) -> Vec<u8>;

/// Who asks, and what he brings beside his token.
pub(crate) struct Visit<'a> {
    pub(crate) held: &'a Capability,
    pub(crate) holder: &'a Holder,
    pub(crate) right: Right,
    pub(crate) status: Option<Attest<'a>>,
}

impl Visit<'_> {
    pub(crate) fn at<S: Store, T: Capacity>(
        &self,
        door: &mut Door<S, T>,
        now: Now,
        rng: &mut chacha20::ChaCha20Rng,
    ) -> Verdict {
        let challenge = door.connect(Channel::Radio, now);
        let nonce = Challenge::decode(&challenge).unwrap().nonce;
        let ask = Ask { lock: door.id(), right: self.right, parameter: b"" };
        let request = self.holder.request(self.held, ask, &challenge, Channel::Radio, rng);
        let status = self.status.map(|attest| attest(&nonce));
        let presentation = self.holder.present(&request, &[], status.as_deref());
        door.present(&presentation, now).1
    }
}

pub(crate) fn unlock<'a>(held: &'a Capability, holder: &'a Holder) -> Visit<'a> {
    Visit { held, holder, right: Right::UNLOCK, status: None }
}

/// The first day.
pub(crate) const DAY: (Time, Seconds) = (START, Seconds::days(1));
