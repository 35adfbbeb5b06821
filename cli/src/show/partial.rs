//! A damaged object: what stands before the fault, and where that is.

use keyward::wire::{DecodeError, Kind};
use serde_json::json;

use super::{
    account::{Account, Verdict},
    beside::Beside,
    piece::Damaged,
    table::walk,
    walk::Way,
    words::count,
};
use crate::{object, why::malformed};

/// Tells what can be read of an object that can't be read.
pub(super) fn account(damaged: &Damaged, beside: &Beside<'_>) -> Option<Account> {
    let kind = damaged.kind?;
    let bytes = &damaged.bytes;
    let visible = fault(kind, bytes);
    let end = match (visible, damaged.error) {
        // Nothing that stands there is at fault, but something that doesn't.
        (Some(visible), Some(DecodeError::MissingCaveat(_))) => visible,
        (Some(visible), _) => visible.saturating_sub(1),
        (None, _) => bytes.len(),
    };
    let mut way = Way::new(bytes, end, &beside.words);
    let whole = walk(kind, &mut way).is_some();
    let stopped = way.stopped.clone();
    let (field, at) = match (whole, stopped) {
        (false, Some((field, at))) => (Some(field), at),
        _ => (None, end),
    };
    let means = match damaged.error {
        Some(DecodeError::UnknownCaveat(bit)) => format!("a caveat of an unknown kind (bit {bit})"),
        Some(error) => malformed(error),
        None => damaged.why.clone(),
    };
    let place =
        field.as_ref().map_or(String::new(), |name| format!(", {}", name.replace('_', " ")));
    let verdict = Verdict::Not(format!("damaged at byte {at}{place}: {means}"));
    let mut account = Account::new(kind, bytes, verdict);
    for (name, value) in &way.told {
        account.field(name.clone(), value.clone(), value.clone());
    }
    let behind = bytes.len().saturating_sub(at);
    let rest = match behind {
        0 => "the bytes end there".to_owned(),
        behind => {
            format!("what stands behind it can't be read ({})", count(behind, "byte", "bytes"))
        }
    };
    account.behind([super::layout::hang("  ", &format!("byte {at}: {means}; {rest}"))]);
    account.member(
        "damaged",
        json!({
            "byte": at,
            "field": field,
            "error": damaged.error.map(|error| format!("{error:?}")),
            "means": means,
        }),
    );
    Some(account)
}

/// The bytes that must be there for the fault to show: all shorter ones are merely cut off.
fn fault(kind: Kind, bytes: &[u8]) -> Option<usize> {
    let shows = |length: &usize| {
        let decoded = object::decodes(kind, bytes.get(..*length).unwrap_or_default());
        !matches!(decoded, Ok(()) | Err(DecodeError::Truncated))
    };
    (1..=bytes.len()).find(shows)
}
