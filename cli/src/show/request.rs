//! What passes at a door, in words: challenge, request, witness, presentation, answer (SPEC.md
//! sections 10 to 12), and what a token starts from.

use keyward::{
    Answer, Ask, Challenge, Origin, Request, WitnessStatement, request::Moment, wire::Kind,
};
use serde_json::json;

use super::{
    account::{Account, Verdict},
    beside::Beside,
    chain,
    question::Question,
    status, words,
};
use crate::{
    name::{channel_name, lock_name, right_name},
    out::hex,
};

pub(super) fn origin(bytes: &[u8], origin: &Origin, beside: &Beside<'_>) -> Account {
    let domain = origin.scope.domain;
    let named = bytes.last_chunk::<32>().and_then(|key| {
        let key = keyward::PublicKey::<keyward::role::Issuer>::from_bytes(key).ok()?;
        Some((key, beside.named(key.id()).into_iter().any(|one| one.origin == *origin)))
    });
    let verdict = match (&beside.domain, named) {
        (Some(_), Some((_, true))) => beside.holds("the domain names this issuer in this epoch"),
        (Some(file), _) if file.id() == domain => {
            Verdict::unsigned("this domain names no such issuer in this epoch")
        }
        (Some(_), _) => {
            Verdict::unsigned("of another domain; an origin is unsigned and proves nothing")
        }
        (None, _) => {
            Verdict::Not(format!("an origin is unsigned and proves nothing; {}", beside.missing))
        }
    };
    let mut account = Account::new(Kind::Origin, bytes, verdict);
    account.field("domain", domain.to_string(), domain.to_string());
    account.field("epoch", origin.scope.epoch.to_string(), origin.scope.epoch.0);
    if let Some((key, _)) = named {
        let line = format!("{}, id {}", beside.words.key(&key), key.id());
        account.field("issuer", line, beside.words.key_json(&key));
    }
    account
}

pub(super) fn challenge(bytes: &[u8], challenge: &Challenge, beside: &Beside<'_>) -> Account {
    let verdict =
        Verdict::unsigned("nobody signs a challenge; it is worth what the way it came is");
    let mut account = Account::new(Kind::Challenge, bytes, verdict);
    account.field("lock", lock_name(&challenge.lock), lock_name(&challenge.lock));
    account.field("nonce", challenge.nonce.to_string(), challenge.nonce.to_string());
    let held = beside.domain.as_ref().filter(|file| file.cards().contains_key(&challenge.lock));
    let domain = held.and_then(|file| file.domain().ok());
    let newest = domain.and_then(|domain| Some((domain.keyset().ok()?, domain.list().ok()?)));
    let behind = |is: bool| if is { ", older than the domain's" } else { "" };
    let epoch = challenge.epoch;
    let old = held.is_some() && beside.newest().is_some_and(|newest| newest > epoch);
    account.field("epoch", format!("{epoch}{}", behind(old)), epoch.0);
    let keyset = challenge.keyset;
    let old = newest.as_ref().is_some_and(|(held, _)| held.unverified_version() > keyset);
    account.field("keyset", format!("{keyset}{}", behind(old)), keyset.0);
    let list = challenge.list;
    let newest = newest.and_then(|(_, list)| list).map(|list| list.unverified_state().list);
    let old = newest.is_some_and(|newest| newest > list);
    let told = match list.number.0 {
        0 => "none".to_owned(),
        number => format!("{number}, under keyset {}", list.keyset),
    };
    let json = json!({ "keyset": list.keyset.0, "number": list.number.0 });
    account.field("list", format!("{told}{}", behind(old)), json);
    let card = challenge.card;
    let newest = held.and_then(|file| file.card(challenge.lock).ok());
    let old = newest.is_some_and(|newest| newest.unverified_order() > card);
    let told = match card.version.0 {
        0 => "none of this epoch".to_owned(),
        version => format!("{version}, under keyset {}", card.keyset),
    };
    let json = json!({ "keyset": card.keyset.0, "version": card.version.0 });
    account.field("card", format!("{told}{}", behind(old)), json);
    account
}

pub(super) fn answer(bytes: &[u8], answer: Answer) -> Account {
    let verdict = Verdict::unsigned("nobody signs an answer; what was done says the receipt");
    let mut account = Account::new(Kind::Answer, bytes, verdict);
    let (name, means) = match answer {
        Answer::Done => ("done", "granted, and acted on"),
        Answer::Applied => ("applied", "the statement was taken in"),
        Answer::Denied => ("denied", "no; why is in the lock's log"),
        Answer::NeedTime => {
            ("need_time", "the lock lacks the time: bring a status over its challenge")
        }
        Answer::NeedStatus => ("need_status", "the token wants a status, or a newer one"),
        Answer::NeedKeyset => {
            ("need_keyset", "the lock holds an older keyset or list: bring the newest")
        }
        Answer::NeedWitness => ("need_witness", "the token wants a witness"),
        Answer::Busy => ("busy", "all sessions are taken: come again"),
        _ => ("unknown", "of a kind that this version doesn't know"),
    };
    account.field("answer", format!("{}: {means}", name.replace('_', " ")), name);
    account
}

pub(super) fn request(
    bytes: &[u8],
    request: &Request<'_>,
    question: &Question,
    beside: &Beside<'_>,
) -> Account {
    let (verdict, _) = chain::judge(request.token(), beside, &[*request.origin()]);
    let verdict = match verdict {
        Verdict::Verified(by) => Verdict::Not(format!(
            "a request carries no signature of its own; its token is genuine: {by}"
        )),
        other => Verdict::Not(format!(
            "a request carries no signature of its own; its token: {}",
            other.told()
        )),
    };
    let mut account = Account::new(Kind::Request, bytes, verdict);
    asks(&mut account, Some(request.ask().lock), request.ask(), beside);
    moment(&mut account, request.moment(), beside);
    let origin = Some(request.origin()).filter(|origin| request.token().check(origin).is_ok());
    chain::describe(&mut account, request.token(), None, origin, question, beside);
    account
}

pub(super) fn asks(
    account: &mut Account,
    lock: Option<keyward::id::LockId>,
    ask: &Ask<'_>,
    _beside: &Beside<'_>,
) {
    if let Some(lock) = lock {
        account.field("lock", lock_name(&lock), lock_name(&lock));
    }
    account.field("right", right_name(ask.right), right_name(ask.right));
    account.field("parameter", words::bytes(ask.parameter), hex(ask.parameter));
}

pub(super) fn moment(account: &mut Account, moment: &Moment, beside: &Beside<'_>) {
    match moment {
        Moment::Challenged { nonce, channel, fresh } => {
            let line = format!("answers the challenge {nonce}, over {}", channel_name(*channel));
            let json = json!({
                "nonce": nonce.to_string(),
                "channel": channel_name(*channel),
                "fresh": fresh.to_string(),
            });
            account.field("moment", line, json);
        }
        Moment::Unchallenged { counter, time, expires } => {
            unchallenged(account, (counter.0, *time, *expires), beside);
        }
    }
}

pub(super) fn unchallenged(
    account: &mut Account,
    of: (u64, keyward::Time, keyward::Time),
    beside: &Beside<'_>,
) {
    let (counter, time, expires) = of;
    let words = &beside.words;
    let line = format!(
        "without a challenge: made {}, good until {}, counter {counter}",
        words.instant_from_now(time),
        words.instant(expires)
    );
    account.field(
        "moment",
        line,
        json!({ "counter": counter, "time": time.0, "expires": expires.0 }),
    );
}

pub(super) fn witness(
    bytes: &[u8],
    witness: &WitnessStatement<'_>,
    beside: &Beside<'_>,
) -> Account {
    let requests: Vec<_> =
        beside.all(Kind::Request).filter_map(|bytes| Request::decode(bytes).ok()).collect();
    let agreed = requests.iter().find(|request| agrees(bytes, witness, request));
    let verdict = match agreed {
        Some(request) => Verdict::Genuine(format!(
            "by the witness's own key: it agrees to the request beside it, {} at {}",
            right_name(request.ask().right),
            lock_name(&request.ask().lock)
        )),
        None if requests.is_empty() => {
            Verdict::unsigned("its signature is over a request, and none stands beside it")
        }
        None => Verdict::unsigned("it doesn't agree to the request beside it"),
    };
    let mut account = Account::new(Kind::Witness, bytes, verdict);
    if let Ok(key) = witness.unverified_key() {
        account.field("witness", beside.words.key(&key), beside.words.key_json(&key));
    }
    let evidence = witness.unverified_evidence();
    account.field("evidence", words::bytes(&evidence.0), evidence.to_string());
    account
}

/// Drafts the agreement anew: what the witness would have to sign, and whether it has.
fn agrees(bytes: &[u8], witness: &WitnessStatement<'_>, request: &Request<'_>) -> bool {
    let signed = || {
        let key = witness.unverified_key().ok()?;
        let draft = request.agree(witness.unverified_evidence(), &key).ok()?;
        draft.with_signature(&status::signature(bytes)?).ok()
    };
    signed().is_some_and(|signed| signed.as_bytes() == bytes)
}
