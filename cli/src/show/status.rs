//! Statuses and revocation lists in words (SPEC.md section 8).

use std::ops::Range;

use keyward::{
    Challenge, Keyset, PublicKey, Roles, Scope, Signature, Status, Time, id::Nonce, role,
    wire::Kind,
};
use serde_json::{Value, json};

use super::{
    account::{Account, Verdict},
    beside::Beside,
    words::{Words, count},
};
use crate::{object::Object, out::hex};

pub(super) fn account(object: &Object, status: &Status<'_>, beside: &Beside<'_>) -> Account {
    let words = &beside.words;
    let mut account =
        Account::new(Kind::Status, &object.bytes, judge(&object.bytes, status, beside));
    let issuer = status.unverified_issuer();
    account.field("issuer", beside.issuer(issuer), issuer.to_string());
    let epoch = status.unverified_epoch();
    account.field("epoch", epoch.to_string(), epoch.0);
    let state = status.unverified_state();
    account.field("keyset", format!("{} is the newest", state.keyset), state.keyset.0);
    let list = state.list;
    let told = match list.number.0 {
        0 => "none was signed".to_owned(),
        number => format!("list {number} under keyset {} is the newest", list.keyset),
    };
    account.field("list", told, json!({ "keyset": list.keyset.0, "number": list.number.0 }));
    account.field("at", words.instant_from_now(state.at), state.at.0);
    let over = status.unverified_over_nonce();
    let told = if over { "over a lock's challenge, which tells it the time" } else { "no" };
    account.field("over_nonce", told, over);
    let Some(list) = status.unverified_list() else { return account };
    let entries: Vec<_> = list.unverified_entries().collect();
    let mut lines = vec![count(entries.len(), "link or key", "links or keys")];
    lines.extend(entries.iter().map(|entry| revoked(&entry.0, words)));
    let hexes: Vec<_> = entries.iter().map(|entry| hex(&entry.0)).collect();
    account.lines("revoked", lines, hexes);
    let floors: Vec<_> = list.unverified_floors().collect();
    let mut lines: Vec<_> = floors
        .iter()
        .map(|floor| {
            format!("all serials below {} of {}", floor.first, beside.issuer(floor.issuer))
        })
        .collect();
    if lines.is_empty() {
        lines.push("none".into());
    }
    let floors = floors
        .iter()
        .map(|floor| json!({ "issuer": floor.issuer.to_string(), "first": floor.first.0 }));
    account.lines("floors", lines, floors.collect::<Vec<Value>>());
    account
}

/// A revoked key is known by its label, or nobody can tell it from a link.
fn revoked(entry: &[u8; 8], words: &Words<'_>) -> String {
    let label = words.book.label_of_prefix(keyward::id::Prefix(*entry));
    match label {
        Some(label) => format!("{} ({label})", hex(entry)),
        None => hex(entry),
    }
}

/// Whether an issuer of the domain has signed it.
pub(super) fn judge(bytes: &[u8], status: &Status<'_>, beside: &Beside<'_>) -> Verdict {
    let Some(file) = &beside.domain else { return Verdict::Not(beside.missing.clone()) };
    if file.list_bytes() == Some(bytes) {
        return beside.holds("signed by an issuer that may revoke").and(", in force");
    }
    let (id, epoch) = (status.unverified_issuer(), status.unverified_epoch());
    let (role, may) = match status.unverified_list() {
        Some(_) => (Roles::REVOKE, "revoke"),
        None => (Roles::ATTEST, "attest"),
    };
    let mut named = beside.named(id).into_iter().filter(|one| one.epoch == epoch);
    let Some((key, roles)) = named.find_map(|one| one.issuer) else {
        return Verdict::Not(format!(
            "the domain's keysets name no issuer of id {id} in epoch {epoch}"
        ));
    };
    if !roles.has(role) {
        return Verdict::Not(format!("by the domain's keyset its signer may not {may}"));
    }
    let scope = Scope { domain: file.id(), epoch };
    let mut nonces: Vec<_> = match status.unverified_over_nonce() {
        false => vec![None],
        true => beside
            .all(Kind::Challenge)
            .filter_map(|bytes| Challenge::decode(bytes).ok())
            .map(|challenge| Some(challenge.nonce))
            .collect(),
    };
    if nonces.is_empty() {
        return Verdict::Not("it is over a lock's challenge, and none stands beside it".into());
    }
    nonces.retain(|nonce| signed(bytes, status, scope, &key, nonce.as_ref()));
    if nonces.is_empty() {
        return Verdict::Not(format!("the signature of {} doesn't hold", beside.words.key(&key)));
    }
    let at = status.unverified_state().at;
    let valid = validity(beside, &key, epoch);
    if !valid.is_some_and(|valid| valid.contains(&at)) {
        return Verdict::Not("it was signed when its signer's key didn't count".into());
    }
    let held = beside.holds(&format!("signed by an issuer that may {may}"));
    let order = status.unverified_state().list;
    let newest = file.domain().ok().and_then(|domain| domain.list().ok().flatten());
    match (status.unverified_list(), newest.map(|list| list.unverified_state().list)) {
        (None, _) => held,
        (Some(_), Some(newest)) if newest > order => held.and(", replaced by a newer one"),
        (Some(_), _) => held.and("; `keyward domain take` takes it into the file"),
    }
}

/// When the issuer's signatures count, by the newest keyset of that epoch that names it.
fn validity(
    beside: &Beside<'_>,
    key: &PublicKey<role::Issuer>,
    epoch: keyward::id::Epoch,
) -> Option<Range<Time>> {
    let keysets = beside.domain.as_ref()?.keysets().iter().rev();
    let keysets = keysets.filter_map(|bytes| Keyset::decode(bytes).ok());
    let mut issuers = keysets
        .filter(|keyset| keyset.unverified_epoch() == epoch)
        .flat_map(|keyset| keyset.unverified_issuers().collect::<Vec<_>>());
    issuers.find(|issuer| issuer.key() == Ok(*key)).map(|issuer| issuer.validity())
}

/// Drafts the same status anew: what this key would have to sign, and whether it has.
fn signed(
    bytes: &[u8],
    status: &Status<'_>,
    scope: Scope,
    key: &PublicKey<role::Issuer>,
    nonce: Option<&Nonce>,
) -> bool {
    let Some(signature) = signature(bytes) else { return false };
    let state = status.unverified_state();
    match status.unverified_list() {
        None => {
            let draft = Status::attest(scope, key, state, nonce);
            let signed = draft.ok().and_then(|draft| draft.with_signature(&signature).ok());
            signed.is_some_and(|signed| signed.as_bytes() == bytes)
        }
        Some(list) => {
            let entries: Vec<_> = list.unverified_entries().collect();
            let floors: Vec<_> = list.unverified_floors().collect();
            let draft = Status::revoke(scope, key, state, &entries, &floors, nonce);
            let signed = draft.ok().and_then(|draft| draft.with_signature(&signature).ok());
            signed.is_some_and(|signed| signed.as_bytes() == bytes)
        }
    }
}

/// The signature that stands last in an object.
pub(super) fn signature(bytes: &[u8]) -> Option<Signature> {
    bytes.last_chunk::<64>().map(|signature| Signature::from_bytes(*signature))
}
