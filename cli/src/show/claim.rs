//! How a lock changes hands, and what is sealed, in words (SPEC.md sections 18 and 23).

use keyward::{
    Claim, Claimed, PublicKey, Unclaimed,
    id::ClaimNonce,
    limits::{SEALED_ENTRY, SEALED_PRESENTATION},
    role,
    seal::Sealed,
    wire::Kind,
};

use super::{
    account::{Account, Verdict},
    beside::Beside,
    words::count,
};
use crate::{name::lock_name, out::hex};

pub(super) fn unclaimed(bytes: &[u8], lock: &Unclaimed, beside: &Beside<'_>) -> Account {
    let verdict = Verdict::unsigned("a lock that nobody has claimed signs nothing");
    let mut account = Account::new(Kind::Unclaimed, bytes, verdict);
    life(&mut account, &lock.device, lock.nonce, beside);
    account
}

/// The lock's key and life, and which lock of the domain has both.
fn life(
    account: &mut Account,
    device: &PublicKey<role::Device>,
    nonce: ClaimNonce,
    beside: &Beside<'_>,
) {
    account.field("device", beside.words.key(device), beside.words.key_json(device));
    account.field("life", nonce.to_string(), nonce.to_string());
    let Some(file) = &beside.domain else { return };
    let card = file.cards().keys().find(|lock| {
        let card = file.card(**lock);
        card.is_ok_and(|card| {
            card.unverified_device().as_ref() == Ok(device) && card.unverified_nonce() == nonce
        })
    });
    match card {
        Some(lock) => {
            account.field("lock", format!("{}, by its card", lock_name(lock)), lock_name(lock));
        }
        None => account.field("lock", "no card of the domain is of it", serde_json::Value::Null),
    }
}

pub(super) fn claim(bytes: &[u8], claim: &Claim<'_>, beside: &Beside<'_>) -> Account {
    let verdict = match claim.unverified_signed() {
        true => {
            "its signature is by the key from the lock's box, which the lock alone knows to check"
        }
        false => "it carries no signature: a lock believes it by contact alone",
    };
    let mut account = Account::new(Kind::Claim, bytes, Verdict::unsigned(verdict));
    let domain = claim.unverified_domain();
    let whose = match &beside.domain {
        Some(file) if file.id() == domain => ", this domain",
        Some(_) => ", another domain",
        None => "",
    };
    account.field("domain", format!("{domain}{whose}"), domain.to_string());
    let signed = claim.unverified_signed();
    account.field("signed", if signed { "yes" } else { "no" }, signed);
    account
}

pub(super) fn claimed(bytes: &[u8], claimed: &Claimed<'_>, beside: &Beside<'_>) -> Account {
    let verdict = Verdict::unsigned(
        "its signature is by the key that is printed on the lock, which isn't given",
    );
    let mut account = Account::new(Kind::Claimed, bytes, verdict);
    if let Ok(device) = claimed.unverified_device() {
        life(&mut account, &device, claimed.unverified_nonce(), beside);
    }
    account
}

pub(super) fn sealed(bytes: &[u8], sealed: &Sealed<'_>) -> Account {
    let verdict =
        Verdict::unsigned("what is in it only its reader can open; nobody signs the outside");
    let mut account = Account::new(Kind::Sealed, bytes, verdict);
    let size = sealed.size();
    let holds = match size {
        SEALED_ENTRY => Some("entry"),
        size if SEALED_PRESENTATION.contains(&size) => Some("presentation"),
        _ => None,
    };
    account.field("text", count(size, "byte", "bytes"), size);
    let told = match holds {
        Some("entry") => "by its size an entry of a lock's log; `keyward open` opens it",
        Some(_) => "by its size a presentation, which its lock can open",
        None => "by its size nothing that a lock or its owner would open",
    };
    account.field("holds", told, holds);
    if let Some(key) = bytes.get(2..34) {
        account.field("sender", format!("{}, drawn for this alone", hex(key)), hex(key));
    }
    account
}
