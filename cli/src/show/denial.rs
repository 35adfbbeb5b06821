//! What a lock would say, in a clause: the values that it compared.

use keyward::Denial;
use serde_json::{Value, json};

use super::words::{Words, rough};
use crate::why;

/// Name, code and clause: `Expired (421): ended 3 h ago`.
pub(super) fn told(denial: &Denial, words: &Words<'_>) -> String {
    format!("{} ({}): {}", denial.name(), denial.code(), clause(denial, words))
}

/// The same for machines.
pub(super) fn json(denial: &Denial, words: &Words<'_>) -> Value {
    json!({ "code": denial.code(), "name": denial.name(), "text": clause(denial, words) })
}

/// Whether something may still be brought, or is known at the lock alone: no fault of the token.
pub(super) const fn is_need(denial: &Denial) -> bool {
    matches!(
        denial,
        Denial::WitnessMissing { .. } | Denial::StatusMissing(_) | Denial::AppUnchecked { .. }
    )
}

fn clause(denial: &Denial, words: &Words<'_>) -> String {
    match denial {
        Denial::Expired { lo, until, .. } => format!("ended {} ago", rough(lo.since(*until))),
        Denial::TooEarly { lo, from, .. } => format!("begins in {}", rough(from.since(*lo))),
        Denial::MayHaveExpired { until, .. } => {
            format!("may have ended at {}", words.instant(*until))
        }
        Denial::FirstUseTooLate { by, .. } => {
            format!("the first use was due before {}", words.instant(*by))
        }
        Denial::SerialRevoked { serial, floor } => {
            format!("serial {serial} is below {floor}, the first that holds")
        }
        Denial::LinkRevoked(link) => format!("link {link} is on the revocation list"),
        Denial::KeyRevoked(link) => format!("the key of link {link} is on the revocation list"),
        Denial::RightNotGranted(place) => format!("{place} doesn't grant the right"),
        Denial::OtherTarget(place) => format!("{place} is for other locks"),
        Denial::ChannelRefused(place) => format!("{place} doesn't admit the channel"),
        Denial::OutsideSchedule(_) => "now is outside the hours".into(),
        Denial::ExceptedDate(_) => "today is excepted".into(),
        Denial::ZoneUnknown(_) => "the lock knows no local time for now".into(),
        Denial::WitnessMissing { needed, counted, .. } => {
            format!("{counted} of {needed} witnesses agree")
        }
        Denial::StatusMissing(_) => "a status must be brought".into(),
        Denial::AppUnchecked { tag, .. } => format!("the lock's host decides on condition {tag}"),
        Denial::StatusStale { at, .. } => {
            format!("the status is of {}", words.instant_from_now(*at))
        }
        Denial::UnknownIssuer(id) => format!("the lock's keyset has no issuer of id {id}"),
        Denial::NotAnIssuer(id) => format!("the issuer of id {id} may not issue tokens"),
        Denial::LinkSignature(fault) => {
            format!("the signature of link {} doesn't hold", fault.link)
        }
        Denial::UnchallengedRefused => "the lock takes no request without a challenge".into(),
        denial => first_sentence(denial.code()),
    }
}

/// The first sentence of what a denial means.
fn first_sentence(code: u16) -> String {
    let means = why::of(code).map_or("", |reason| reason.means);
    let first = means.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let mut letters = first.chars();
    let head = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("{head}{}", letters.as_str())
}
