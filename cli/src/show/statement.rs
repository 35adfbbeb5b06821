//! Epochs and keysets in words (SPEC.md section 16).

use keyward::{
    Epoch, Keyset, Scope, Walk, caveat::CaveatSet, id::DomainId, wire::Kind, zone::Zone,
};
use serde_json::{Value, json};

use super::{
    account::{Account, Verdict},
    beside::Beside,
    caveat, cosigned,
    words::{self, count},
};
use crate::{commands::keyset::ROLES, domain::DomainFile, object::Object, out::hex};

pub(super) fn epoch(object: &Object, epoch: &Epoch<'_>, beside: &Beside<'_>) -> Account {
    let words = &beside.words;
    let domain = epoch.domain().or_else(|| beside.domain.as_ref().map(DomainFile::id));
    let mut account = Account::new(Kind::Epoch, &object.bytes, of_epoch(object, epoch, beside));
    let number = epoch.unverified_number();
    account.field("number", number.to_string(), number.0);
    if let Some(own) = epoch.domain() {
        account.field("domain", format!("{own}, which it founds"), own.to_string());
    }
    let at = epoch.unverified_issued_at();
    account.field("issued_at", words.instant_from_now(at), at.0);
    let roots: Vec<_> = epoch.unverified_roots().flatten().collect();
    let needed = epoch.unverified_roots_needed();
    let mut lines = vec![format!("{needed} of {} must sign a keyset", roots.len())];
    lines.extend(roots.iter().map(|key| words.key(key)));
    let keys: Vec<_> = roots.iter().map(|key| words.key_json(key)).collect();
    account.lines("roots", lines, json!({ "needed": needed, "keys": keys }));
    match epoch.unverified_emergency() {
        Some(Ok(key)) => {
            let line = format!("{}, signs break-glass tokens", words.key(&key));
            account.field("emergency", line, words.key_json(&key));
        }
        _ => account.field("emergency", "none: no token breaks the glass", Value::Null),
    }
    let cold: Vec<_> = epoch.unverified_cold().flatten().collect();
    let needed = epoch.unverified_cold_needed();
    let signers: Vec<_> = epoch.unverified_signers().collect();
    let mut lines = vec![format!("{needed} of {} must sign this epoch", cold.len())];
    let mut keys = Vec::new();
    for (index, key) in (0_u8..).zip(&cold) {
        let signature = signers.iter().position(|signer| *signer == index);
        let holds = domain.zip(signature).map(|(domain, place)| {
            cosigned::epoch(&object.bytes, signers.len(), place, domain, key)
        });
        let told = match (signature, holds) {
            (None, _) => "hasn't signed",
            (Some(_), Some(true)) => "has signed",
            (Some(_), Some(false)) => "its signature doesn't hold",
            (Some(_), None) => "a signature, not checked",
        };
        lines.push(format!("{}: {told}", words.key(key)));
        let signed = signature.is_some();
        keys.push(crate::out::with(words.key_json(key), "signed", signed.into()));
    }
    account.lines("cold", lines, json!({ "needed": needed, "keys": keys }));
    let next = hex(&epoch.unverified_commitment().0);
    account.field("next", format!("{next}, the commitment to the next cold keys"), next);
    account
}

fn of_epoch(object: &Object, epoch: &Epoch<'_>, beside: &Beside<'_>) -> Verdict {
    let (have, needed) = (epoch.unverified_signers().count(), epoch.unverified_cold_needed());
    let held = beside.domain.as_ref().filter(|file| file.epochs().contains(&object.bytes));
    if held.is_some() {
        let signed = format!("signed by {}", count(needed.into(), "cold key", "cold keys"));
        let newest = beside.newest() == Some(epoch.unverified_number());
        let force = if newest { ", in force" } else { ", ended by a later one" };
        return beside.holds(&signed).and(force);
    }
    if have < usize::from(needed) {
        return Verdict::Not(format!("a draft with {have} of {needed} signatures"));
    }
    let domain = epoch.domain().or_else(|| beside.domain.as_ref().map(DomainFile::id));
    // The core takes no notice of the signatures of what is held already.
    if domain.is_some_and(|domain| !cosigned::whole_epoch(&object.bytes, epoch, domain)) {
        return Verdict::unsigned("a signature of its cold keys doesn't hold");
    }
    match (epoch.domain(), beside.with(object)) {
        (Some(own), _) => founded(own, epoch, beside),
        (None, Some(Ok(_))) => beside
            .holds("it follows the newest epoch")
            .and("; `keyward domain take` takes it into the file"),
        (None, Some(Err(failure))) => Verdict::Not(failure.to_string()),
        (None, None) => Verdict::Not(format!(
            "the epoch before it names its cold keys, and there is {}",
            beside.missing
        )),
    }
}

/// An epoch 0 vouches for itself; whose it is, its hash says.
fn founded(own: DomainId, epoch: &Epoch<'_>, beside: &Beside<'_>) -> Verdict {
    match (Walk::from_first(own, epoch), &beside.domain) {
        (Err(refusal), _) => Verdict::Not(format!(
            "its own keys don't bear it out: {} ({})",
            refusal.name(),
            refusal.code()
        )),
        (Ok(_), None) => Verdict::Genuine(format!("by its own cold keys; {}", beside.missing)),
        (Ok(_), Some(_)) => {
            Verdict::Not("of another domain; by its own cold keys all signatures hold".into())
        }
    }
}

pub(super) fn keyset(object: &Object, keyset: &Keyset<'_>, beside: &Beside<'_>) -> Account {
    let words = &beside.words;
    let mut account = Account::new(Kind::Keyset, &object.bytes, of_keyset(object, keyset, beside));
    let (epoch, version) = (keyset.unverified_epoch(), keyset.unverified_version());
    account.field("epoch", epoch.to_string(), epoch.0);
    account.field("version", version.to_string(), version.0);
    let at = keyset.unverified_issued_at();
    account.field("issued_at", words.instant_from_now(at), at.0);
    match keyset.unverified_log_to() {
        Some(key) => {
            let line = format!("{}, to which logs are sealed", words::sealing(&key));
            account.field("log_to", line, words::sealing(&key));
        }
        None => account.field("log_to", "no key: logs are not sealed", Value::Null),
    }
    let (mut lines, mut issuers) = (Vec::new(), Vec::new());
    for issuer in keyset.unverified_issuers() {
        let Ok(key) = issuer.key() else { continue };
        let roles = ROLES.iter().filter(|(_, role)| issuer.roles().has(*role));
        let roles: Vec<_> = roles.map(|(name, _)| *name).collect();
        let span = issuer.validity();
        let valid = words.span(span.start, span.end);
        lines.push(format!("{}, id {}", words.key(&key), issuer.id()));
        lines.push(format!("  may {} {valid}", roles.join(", ")));
        let limits = issuer.limits();
        let limits: Option<Vec<_>> = limits.map(|set| CaveatSet::caveats(&set).flatten().collect());
        for limit in limits.iter().flatten() {
            lines.push(format!("  only {}", caveat::sentence(limit, words)));
        }
        if limits.is_none() {
            lines.push("  disabled: its limits count uses, or are unknown to this version".into());
        }
        let limits =
            limits.map(|all| all.iter().map(|one| caveat::json(one, words)).collect::<Vec<_>>());
        issuers.push(json!({
            "key": words.key_json(&key), "id": issuer.id().to_string(), "roles": roles,
            "from": span.start.0, "until": span.end.0, "limits": limits,
        }));
    }
    if lines.is_empty() {
        lines.push("none".into());
    }
    account.lines("issuers", lines, issuers);
    let zones: Vec<_> = keyset.unverified_zones().collect();
    let mut lines: Vec<_> = zones.iter().map(|one| zone(one, beside)).collect();
    if lines.is_empty() {
        lines.push("none: no schedule holds at its locks".into());
    }
    account.lines("zones", lines, zones.iter().map(zone_json).collect::<Vec<_>>());
    let signers: Vec<_> = keyset.unverified_signers().collect();
    let told = match signers.as_slice() {
        [] => "none".to_owned(),
        places => {
            let places: Vec<_> = places.iter().map(ToString::to_string).collect();
            format!("{} (the roots by their places, from 0)", places.join(", "))
        }
    };
    account.field("signatures", told, signers);
    account
}

fn zone(zone: &Zone<'_>, beside: &Beside<'_>) -> String {
    let minute = beside.words.now.0 / 60;
    let now = zone.transitions().take_while(|step| u64::from(step.at) <= minute).last();
    let changes = zone.transitions().count();
    let end = beside.words.instant(keyward::Time(u64::from(zone.end()) * 60));
    let offset = match now.filter(|_| minute < u64::from(zone.end())) {
        Some(step) => {
            let (sign, east) =
                (if step.offset < 0 { '-' } else { '+' }, step.offset.unsigned_abs());
            format!("now UTC{sign}{:02}:{:02}", east / 60, east % 60)
        }
        None => "nothing for now".into(),
    };
    format!("zone {}: {offset}, {}, until {end}", zone.id().0, count(changes, "offset", "offsets"))
}

fn zone_json(zone: &Zone<'_>) -> Value {
    let steps = zone.transitions().map(
        |step| json!({ "at": u64::from(step.at) * 60, "offset": i32::from(step.offset) * 60 }),
    );
    json!({
        "id": zone.id().0,
        "transitions": steps.collect::<Vec<_>>(),
        "end": u64::from(zone.end()) * 60,
    })
}

fn of_keyset(object: &Object, keyset: &Keyset<'_>, beside: &Beside<'_>) -> Verdict {
    let Some(file) = &beside.domain else {
        return Verdict::Not(format!("its epoch names the roots, and there is {}", beside.missing));
    };
    let number = keyset.unverified_epoch();
    let epochs = file.epochs().iter().filter_map(|bytes| Epoch::decode(bytes).ok());
    let Some(epoch) = epochs.into_iter().find(|epoch| epoch.unverified_number() == number) else {
        return Verdict::Not(format!("the domain's file has no epoch {number}"));
    };
    let (have, needed) = (keyset.unverified_signers().count(), epoch.unverified_roots_needed());
    if have < usize::from(needed) {
        return Verdict::Not(format!("a draft with {have} of {needed} signatures"));
    }
    let scope = Scope { domain: file.id(), epoch: number };
    if !cosigned::whole_keyset(&object.bytes, keyset, scope, &epoch) {
        return Verdict::unsigned("a signature of its roots doesn't hold");
    }
    let signed = beside.holds(&format!("signed by {}", count(have, "root", "roots")));
    let mut held = file.keysets().iter().filter_map(|bytes| Keyset::decode(bytes).ok());
    let hash = keyset.body_hash();
    if held.any(|held| held.unverified_epoch() == number && held.body_hash() == hash) {
        let newest = file.keyset().is_some_and(|newest| newest.body_hash() == hash);
        return signed.and(if newest { ", in force" } else { ", replaced by a newer one" });
    }
    match beside.with(object) {
        Some(Err(failure)) => Verdict::Not(failure.to_string()),
        _ => signed.and("; `keyward domain take` takes it into the file"),
    }
}
