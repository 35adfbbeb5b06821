//! A lock that remembers nothing: what it trusts comes with each presentation.

use keyward::{
    Card, Channel, Interval, Keyset, Now, Presentation, Scope, Status, Time, Trust,
    id::{Counter, DomainId, Epoch, KeyName, LinkId, Nonce},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen, Window},
    time::Uptime,
    verify::{Accepted, OpenChallenge, View, verify},
};

use crate::Parts;

/// Verifies a presentation by trust, challenge and time that follow it: keyset, card, list, domain,
/// epoch, nonce and time.
#[inline(never)]
pub fn verified(presentation: &Presentation<'_>, parts: &mut Parts<'_>) -> Option<Accepted> {
    let trust = pinned(parts)?;
    let nonce = Nonce(*parts.array()?);
    let (time, uptime) = (Interval::exactly(Time(parts.number()?)), Uptime(1000));
    let challenge = OpenChallenge { nonce, channel: Channel::Radio, issued: uptime };
    let now = Now { time, uptime, drift_ppm: 0 };
    let challenge = Some(challenge);
    verify(presentation, &View { trust: &trust, memory: &Nothing, now, challenge, app: None }).ok()
}

/// The trust that a lock would hold.
// Apart from the signatures, whose stack it doesn't need.
#[inline(never)]
fn pinned<'i>(parts: &mut Parts<'i>) -> Option<Trust<'i>> {
    let keyset = Keyset::decode(parts.next()?).ok()?;
    let card = Card::decode(parts.next()?).ok()?;
    let list = Status::decode(parts.next()?).ok()?;
    let scope = Scope { domain: DomainId(*parts.array()?), epoch: Epoch(parts.number()?) };
    Some(Trust::pinned(scope, None, &keyset, &card, Some(&list)))
}

/// Remembers nothing.
struct Nothing;

impl Memory for Nothing {
    fn uses(&self, _link: &LinkId) -> Uses {
        Uses::default()
    }

    fn counter(&self, _holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        Window::<1>::check_first(counter)
    }
}
