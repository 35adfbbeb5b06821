//! A lock that remembers nothing: what it trusts comes with each presentation.

use keyward::{
    Card, Channel, Denial, Interval, Keyset, Now, Presentation, Scope, Status, Time, Trust,
    id::{Counter, DomainId, Epoch, KeyName, LinkId, Nonce},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen, Window},
    time::Uptime,
    verify::{Accepted, OpenChallenge, View, verify},
};

use crate::Parts;

/// Verifies a presentation by trust, challenge and time that follow it: keyset, card, list, domain,
/// epoch, nonce and time.
///
/// # Errors
/// Those of `verify`; [`Denial::Unclaimed`] where the trust doesn't decode.
// The verdict is `verify`'s own, and isn't moved: a copy would be measured too.
#[inline(never)]
pub fn verified(
    presentation: &Presentation<'_>,
    parts: &mut Parts<'_>,
) -> Result<Accepted, Denial> {
    let trust = &pinned(parts).ok_or(Denial::Unclaimed)?;
    let (nonce, now) = challenged(parts).ok_or(Denial::Unclaimed)?;
    let challenge = OpenChallenge { nonce, channel: Channel::Radio, issued: now.uptime };
    let challenge = Some(challenge);
    verify(presentation, &View { trust, memory: &Nothing, now, challenge, app: None })
}

/// The challenge that is open, and the present.
fn challenged(parts: &mut Parts<'_>) -> Option<(Nonce, Now)> {
    let nonce = Nonce(*parts.array()?);
    let (time, uptime) = (Interval::exactly(Time(parts.number()?)), Uptime(1000));
    Some((nonce, Now { time, uptime, drift_ppm: 0 }))
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
