//! Presentations in words (SPEC.md section 12), and who has signed them.

use keyward::{
    Ask, Challenge, Origin, Presentation, Request,
    request::{Mode, Moment},
    wire::Kind,
};
use serde_json::{Value, json};

use super::{
    account::{Account, Verdict},
    beside::Beside,
    chain, denial, forecast,
    question::Question,
    request::{asks, moment, unchallenged},
    status, words,
};
use crate::name::{CHANNELS, lock_name};

pub(super) fn account(
    bytes: &[u8],
    presented: &Presentation<'_>,
    question: Question,
    beside: &Beside<'_>,
) -> Account {
    let token = presented.unverified_token();
    let brought: Vec<_> = beside
        .all(Kind::Request)
        .filter_map(|bytes| Some(*Request::decode(bytes).ok()?.origin()))
        .collect();
    let (chain, origin) = chain::judge(token, beside, &brought);
    let request = origin.and_then(|origin| asked(bytes, presented, &origin, beside));
    let question = Question { right: presented.unverified_right(), ..question };
    let question = match request {
        Some((lock, Moment::Challenged { nonce, channel, .. })) => {
            Question { lock: Some(lock), nonce, channel, unchallenged: false, ..question }
        }
        Some((lock, Moment::Unchallenged { .. })) => {
            Question { lock: Some(lock), unchallenged: true, ..question }
        }
        None => question,
    };
    let verdict = match (request, &chain) {
        (_, Verdict::Not(_)) => chain,
        (Some((lock, _)), _) => signed(chain, lock, presented, &question, beside),
        (None, _) => Verdict::Not(format!(
            "the holder's signature is over the lock's challenge, or the request, which doesn't \
             stand beside it; its token: {}",
            chain.told()
        )),
    };
    let mut account = Account::new(Kind::Presentation, bytes, verdict);
    let ask = Ask {
        lock: keyward::id::LockId([0; 8]),
        right: presented.unverified_right(),
        parameter: presented.unverified_parameter(),
    };
    asks(&mut account, request.map(|(lock, _)| lock), &ask, beside);
    match (request, presented.unverified_mode()) {
        (Some((_, known)), _) => moment(&mut account, &known, beside),
        (None, Mode::Challenged { fresh }) => {
            let json = json!({ "fresh": fresh.to_string() });
            account.field("moment", "answers a challenge", json);
        }
        (None, Mode::Unchallenged { counter, time, expires }) => {
            unchallenged(&mut account, (counter.0, time, expires), beside);
        }
    }
    let (mut lines, mut witnesses) = (Vec::new(), Vec::new());
    for witness in presented.unverified_witnesses() {
        let Ok(key) = witness.unverified_key() else { continue };
        let evidence = witness.unverified_evidence();
        lines.push(format!(
            "{} with evidence {}",
            beside.words.key(&key),
            words::bytes(&evidence.0)
        ));
        witnesses.push(json!({
            "witness": beside.words.key_json(&key), "evidence": evidence.to_string(),
        }));
    }
    if lines.is_empty() {
        lines.push("none".into());
    }
    account.lines("witnesses", lines, witnesses);
    match presented.unverified_status() {
        Some(status) => {
            let (issuer, at) = (status.unverified_issuer(), status.unverified_state().at);
            let line =
                format!("of {}, by {}", beside.words.instant_from_now(at), beside.issuer(issuer));
            account.field("status", line, json!({ "issuer": issuer.to_string(), "at": at.0 }));
        }
        None => account.field("status", "none", Value::Null),
    }
    chain::describe(&mut account, token, Some(presented), origin.as_ref(), &question, beside);
    account
}

/// The token's and the holder's signatures hold; those of witnesses and status the lock judges.
fn signed(
    chain: Verdict,
    lock: keyward::id::LockId,
    presented: &Presentation<'_>,
    question: &Question,
    beside: &Beside<'_>,
) -> Verdict {
    let lock = lock_name(&lock);
    let holder = chain.and(&format!("; its holder has signed it, for {lock}"));
    let brings = presented.unverified_witnesses().next().is_some()
        || presented.unverified_status().is_some();
    match forecast::verdict(presented, question, beside) {
        _ if !brings => holder,
        Some(Err(denial)) if (300..400).contains(&denial.code()) => {
            Verdict::Not(denial::told(&denial, &beside.words))
        }
        // The lock looks at no signature before it admits a request.
        Some(Err(denial)) if denial.code() < 300 => {
            Verdict::Not(format!("what it brings along: {}", denial::told(&denial, &beside.words)))
        }
        Some(_) => holder.and(", and what it brings along holds"),
        None => Verdict::Not("what it brings along only the lock's trust can verify".into()),
    }
}

/// The request that a presentation is the signature of: one beside it, one in answer to a challenge
/// beside it, or one without a challenge at a lock of the domain.
fn asked(
    bytes: &[u8],
    presented: &Presentation<'_>,
    origin: &Origin,
    beside: &Beside<'_>,
) -> Option<(keyward::id::LockId, Moment)> {
    let token = presented.unverified_token();
    let (right, parameter) = (presented.unverified_right(), presented.unverified_parameter());
    let mut candidates: Vec<Request<'_>> =
        beside.all(Kind::Request).filter_map(|bytes| Request::decode(bytes).ok()).collect();
    match presented.unverified_mode() {
        Mode::Challenged { fresh } => {
            for challenge in
                beside.all(Kind::Challenge).filter_map(|one| Challenge::decode(one).ok())
            {
                let ask = Ask { lock: challenge.lock, right, parameter };
                let all = CHANNELS.iter().filter_map(|(channel, _)| {
                    Request::challenged(origin, token, ask, &challenge, *channel, fresh).ok()
                });
                candidates.extend(all);
            }
        }
        Mode::Unchallenged { counter, time, expires } => {
            for lock in beside.domain.iter().flat_map(|file| file.cards().keys()) {
                let ask = Ask { lock: *lock, right, parameter };
                candidates
                    .extend(Request::unchallenged(origin, token, ask, counter, time, expires));
            }
        }
    }
    let witnesses: Vec<_> = presented.unverified_witnesses().copied().collect();
    let found = candidates.into_iter().find(|request| {
        let draft = request.present(&witnesses, presented.unverified_status());
        let signed =
            draft.ok().and_then(|draft| draft.with_signature(&status::signature(bytes)?).ok());
        signed.is_some_and(|signed| signed.as_bytes() == bytes)
    });
    found.map(|request| (request.ask().lock, *request.moment()))
}
