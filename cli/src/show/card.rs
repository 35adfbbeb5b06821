//! Cards in words (SPEC.md section 16.3).

use keyward::{Card, wire::Kind};
use serde_json::Value;

use super::{
    account::{Account, Verdict},
    beside::Beside,
    words,
};
use crate::{
    name::{group_name, lock_name},
    object::Object,
};

pub(super) fn account(object: &Object, card: &Card<'_>, beside: &Beside<'_>) -> Account {
    let words = &beside.words;
    let mut account = Account::new(Kind::Card, &object.bytes, of_card(card, beside));
    let lock = card.unverified_lock();
    account.field("lock", lock_name(&lock), lock_name(&lock));
    let issuer = card.unverified_issuer();
    account.field("issuer", beside.issuer(issuer), issuer.to_string());
    let (epoch, order) = (card.unverified_epoch(), card.unverified_order());
    account.field("epoch", epoch.to_string(), epoch.0);
    let (keyset, version) = (order.keyset, order.version);
    account.field("version", format!("{version}, under keyset {keyset}"), version.0);
    account.field("keyset", keyset.to_string(), keyset.0);
    let at = card.unverified_at();
    account.field("at", words.instant_from_now(at), at.0);
    let groups: Vec<_> = card.unverified_groups().map(|group| group_name(&group)).collect();
    let told = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
    account.field("groups", told, groups);
    if let Ok(device) = card.unverified_device() {
        account.field("device", words.key(&device), words.key_json(&device));
    }
    let sealing = card.unverified_sealing().map(|key| words::sealing(&key));
    let told = sealing.clone().unwrap_or_else(|| "no key: presentations come in the clear".into());
    account.field("sealing", told, sealing);
    let sealed = card.unverified_sealed_only();
    let told = if sealed { "it takes sealed presentations alone" } else { "no" };
    account.field("sealed_only", told, sealed);
    let unchallenged = card.unverified_unchallenged();
    let told = if unchallenged { "it takes requests without a challenge" } else { "no" };
    account.field("unchallenged", told, unchallenged);
    match card.unverified_zone() {
        Some(zone) => account.field("zone", format!("{} of its keyset", zone.0), zone.0),
        None => account.field("zone", "none: no schedule holds there", Value::Null),
    }
    let life = card.unverified_nonce().to_string();
    account.field("life", life.clone(), life);
    account
}

fn of_card(card: &Card<'_>, beside: &Beside<'_>) -> Verdict {
    let Some(file) = &beside.domain else { return Verdict::Not(beside.missing.clone()) };
    let checked = match file.domain() {
        Ok(domain) => domain.check_card(card),
        Err(failure) => return Verdict::Not(failure.to_string()),
    };
    if let Err(refusal) = checked {
        let (name, code) = (refusal.name(), refusal.code());
        return Verdict::Not(format!("{name} ({code}); `keyward why {code}` explains"));
    }
    let force = match file.card(card.unverified_lock()) {
        Ok(held) if held == *card => ", in force",
        Ok(held) if held.unverified_order() > card.unverified_order() => {
            ", replaced by a newer one"
        }
        _ => "; `keyward domain take` takes it into the file",
    };
    beside.holds("signed by an issuer that may enrol").and(force)
}
