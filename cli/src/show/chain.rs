//! A token's chain: whose word it is, what each link says, and what a lock would make of it now.

use keyward::{
    Origin, Presentation, Token,
    denial::Denial,
    token::{CheckedToken, TokenError},
    wire::Kind,
};
use serde_json::{Value, json};

use super::{
    account::{Account, Verdict},
    beside::{Beside, Named},
    caveat, denial,
    forecast::{Mark, Outlook},
    layout::{hang, hang_under},
    question::Question,
    words,
};
use crate::{
    name::{channel_name, lock_name, right_name},
    out::with,
};

/// Whether a token's signatures hold, and by whose word; with the origin by which they do.
pub(super) fn judge(
    token: &Token<'_>,
    beside: &Beside<'_>,
    brought: &[Origin],
) -> (Verdict, Option<Origin>) {
    let named = beside.named(token.unverified_issuer());
    for one in &named {
        if token.check(&one.origin).is_ok() {
            return (by_the_domain(one, beside), Some(one.origin));
        }
    }
    let inputs = beside.all(Kind::Origin).filter_map(|bytes| Origin::decode(bytes).ok());
    let origins: Vec<_> = brought.iter().copied().chain(inputs).collect();
    for origin in &origins {
        if token.check(origin).is_ok() {
            return (by_its_origin(origin, beside), Some(*origin));
        }
    }
    let all = named.iter().map(|one| &one.origin).chain(&origins);
    let fault = all.filter_map(|origin| token.check(origin).err()).find_map(|error| match error {
        TokenError::Link(fault) => Some(fault),
        TokenError::OtherOrigin => None,
    });
    let why = match (fault, &beside.domain, origins.is_empty()) {
        (Some(fault), ..) => {
            let denial = Denial::LinkSignature(fault);
            denial::told(&denial, &beside.words)
        }
        (None, Some(_), true) => {
            "no issuer of the domain is the token's, and no origin stands beside it".into()
        }
        (None, Some(_), false) => {
            "no issuer of the domain is the token's, nor is the origin beside it".into()
        }
        (None, None, true) => format!("no origin beside it, and {}", beside.missing),
        (None, None, false) => {
            format!("the origin beside it is of another issuer; {}", beside.missing)
        }
    };
    (Verdict::Not(why), None)
}

fn by_the_domain(named: &Named, beside: &Beside<'_>) -> Verdict {
    let held = beside.holds("all signatures hold");
    match beside.newest() {
        Some(newest) if newest != named.epoch => {
            held.and(&format!(", but of epoch {}, which epoch {newest} has ended", named.epoch))
        }
        _ if !named.in_force => held.and(", by an issuer that the newest keyset has dropped"),
        _ if named.issuer.is_none() => held.and(", by the emergency key"),
        _ => held,
    }
}

fn by_its_origin(origin: &Origin, beside: &Beside<'_>) -> Verdict {
    match &beside.domain {
        None => Verdict::Genuine(format!("by its own origin; {}", beside.missing)),
        Some(file) if file.id() == origin.scope.domain => Verdict::Not(
            "all signatures hold by the origin beside it, but the domain's keysets name no such \
             issuer in that epoch"
                .into(),
        ),
        Some(_) => Verdict::Not(format!(
            "of another domain, {}; by the origin beside it all signatures hold",
            origin.scope.domain
        )),
    }
}

/// The token by itself.
pub(super) fn account(
    bytes: &[u8],
    token: &Token<'_>,
    question: &Question,
    beside: &Beside<'_>,
) -> Account {
    let (verdict, origin) = judge(token, beside, &[]);
    let mut account = Account::new(Kind::Token, bytes, verdict);
    describe(&mut account, token, None, origin.as_ref(), question, beside);
    account
}

/// Tells issuer, serial, chain and forecast of a token that stands alone or in another object.
pub(super) fn describe(
    account: &mut Account,
    token: &Token<'_>,
    presented: Option<&Presentation<'_>>,
    origin: Option<&Origin>,
    question: &Question,
    beside: &Beside<'_>,
) {
    let (issuer, serial) = (token.unverified_issuer(), token.unverified_serial());
    account.field("issuer", beside.issuer(issuer), issuer.to_string());
    account.field("serial", serial.to_string(), serial.0);
    if let Some(origin) = origin {
        account.field("domain", origin.scope.domain.to_string(), origin.scope.domain.to_string());
        account.field("epoch", origin.scope.epoch.to_string(), origin.scope.epoch.0);
    }
    let checked = origin.and_then(|origin| token.check(origin).ok());
    let outlook = Outlook::of(token, presented, question, beside);
    account.behind(now(&outlook, question, beside));
    account.behind(tree(token, checked.as_ref(), &outlook, beside));
    account.member("links", links(token, checked.as_ref(), &outlook, beside));
    account.member("forecast", forecast(&outlook, question, beside));
}

/// The chain as a tree: each link under the one that grants it.
fn tree(
    token: &Token<'_>,
    checked: Option<&CheckedToken<'_>>,
    outlook: &Outlook,
    beside: &Beside<'_>,
) -> Vec<String> {
    let words = &beside.words;
    let mut lines =
        vec![hang("  ", &format!("{} grants", beside.issuer(token.unverified_issuer())))];
    for (limit, mark) in &outlook.limits {
        lines.push(marked("  ", *mark, &format!("the issuer's limit: {limit}"), beside));
    }
    let ids: Vec<_> =
        checked.iter().flat_map(|token| token.links()).map(|link| link.id()).collect();
    for (index, link) in token.unverified_links().flatten().enumerate() {
        let indent = " ".repeat(index.saturating_mul(3).saturating_add(2));
        let onward = match link.depth {
            0 => "who can't hand it on".to_owned(),
            depth => format!("who can hand it on {}", words::times(depth.into())),
        };
        let head = format!("link {index}: to {}, {onward}", words.key(&link.grantee));
        lines.push(hang_under(&format!("{indent}└─ "), &format!("{indent}   "), &head));
        let indent = format!("{indent}   ");
        if let Some(id) = ids.get(index) {
            lines.push(hang(&indent, &format!("its id, for `keyward revoke`: {id}")));
        }
        let marks = outlook.links.get(index).map(Vec::as_slice).unwrap_or_default();
        let marks = marks.iter().copied().chain(std::iter::repeat(Mark::Unknown));
        let mut none = true;
        for (caveat, mark) in link.caveats.caveats().flatten().zip(marks) {
            none = false;
            lines.push(marked(&indent, mark, &caveat::sentence(&caveat, words), beside));
        }
        if none {
            lines.push(format!("{indent}  nothing narrower than the link before"));
        }
    }
    lines
}

/// A line with its mark, and name and code of what denies.
fn marked(indent: &str, mark: Mark, sentence: &str, beside: &Beside<'_>) -> String {
    let (sign, sentence) = match mark {
        Mark::Holds => ("✓", sentence.to_owned()),
        Mark::Unknown => ("·", sentence.to_owned()),
        Mark::Denied(denial) => {
            let is_need = denial::is_need(&denial);
            let sign = if is_need { "?" } else { "✗" };
            // What the caveat itself has just said.
            let repeated =
                is_need || matches!(denial, Denial::Expired { .. } | Denial::TooEarly { .. });
            let told = match repeated {
                true => format!("{} ({})", denial.name(), denial.code()),
                false => denial::told(&denial, &beside.words),
            };
            (sign, format!("{sentence} — {told}"))
        }
    };
    hang(&format!("{indent}{sign} "), &words::plain(&sentence))
}

/// What the lock would say, and what else would deny.
fn now(outlook: &Outlook, question: &Question, beside: &Beside<'_>) -> Vec<String> {
    let words = &beside.words;
    let when = match question.is_now {
        true => "now".to_owned(),
        false => words.instant(question.at),
    };
    let verdict = match (outlook.denied(), &outlook.missing) {
        (Some(denial), _) => format!("denied, {}", denial::told(denial, words)),
        (None, Some(_)) => "can't be told".into(),
        (None, None) if outlook.ifs.is_empty() => would(question).into(),
        (None, None) => format!("{}, if: {}", would(question), outlook.ifs.join("; ")),
    };
    let verdict = words::plain(&format!("{when}: {verdict}"));
    let mut lines = vec![hang_under("  ", "    ", &verdict)];
    let asked = asked(question);
    let asked = match (outlook.denied(), &outlook.missing) {
        (Some(_), Some(missing)) => format!("{asked}; by time alone: {missing}"),
        (None, Some(missing)) => format!("{asked}: {missing}"),
        (Some(denial), None) => format!("{asked}; `keyward why {}` explains", denial.code()),
        (None, None) => asked,
    };
    lines.push(hang("    ", &words::plain(&asked)));
    let first = outlook.denied();
    for denial in outlook.rest.iter().filter(|denial| Some(*denial) != first) {
        lines.push(hang("    ✗ ", &words::plain(&denial::told(denial, words))));
    }
    lines
}

fn would(question: &Question) -> &'static str {
    if question.right == keyward::Right::UNLOCK { "would open" } else { "would be granted" }
}

fn asked(question: &Question) -> String {
    let lock = question.lock.map_or(String::new(), |lock| format!(" at {}", lock_name(&lock)));
    let how = match question.unchallenged {
        true => "without a challenge".to_owned(),
        false => format!("over {}", channel_name(question.channel)),
    };
    format!("{}{lock}, {how}", right_name(question.right))
}

fn links(
    token: &Token<'_>,
    checked: Option<&CheckedToken<'_>>,
    outlook: &Outlook,
    beside: &Beside<'_>,
) -> Value {
    let ids: Vec<_> =
        checked.iter().flat_map(|token| token.links()).map(|link| link.id()).collect();
    let links = token.unverified_links().flatten().enumerate().map(|(index, link)| {
        let marks = outlook.links.get(index).map(Vec::as_slice).unwrap_or_default();
        let marks = marks.iter().copied().chain(std::iter::repeat(Mark::Unknown));
        let caveats = link.caveats.caveats().flatten().zip(marks);
        let caveats =
            caveats.map(|(one, mark)| judged(caveat::json(&one, &beside.words), mark, beside));
        json!({
            "grantee": beside.words.key_json(&link.grantee),
            "depth": link.depth,
            "id": ids.get(index).map(ToString::to_string),
            "caveats": caveats.collect::<Vec<_>>(),
        })
    });
    Value::Array(links.collect())
}

fn judged(caveat: Value, mark: Mark, beside: &Beside<'_>) -> Value {
    let (holds, denied) = match mark {
        Mark::Holds => (Value::Bool(true), Value::Null),
        Mark::Unknown => (Value::Null, Value::Null),
        Mark::Denied(denial) => (Value::Bool(false), denial::json(&denial, &beside.words)),
    };
    with(with(caveat, "holds", holds), "denied", denied)
}

fn forecast(outlook: &Outlook, question: &Question, beside: &Beside<'_>) -> Value {
    let words = &beside.words;
    let outcome = match (outlook.denied(), &outlook.missing) {
        (Some(_), _) => "denied",
        (None, Some(_)) => "unknown",
        (None, None) if outlook.ifs.is_empty() => "granted",
        (None, None) => "granted_if",
    };
    let limits =
        outlook.limits.iter().map(|(limit, mark)| judged(json!({ "text": limit }), *mark, beside));
    let denials = outlook.denials.iter().map(|denial| denial::json(denial, words));
    json!({
        "at": question.at.0,
        "lock": question.lock.map(|lock| lock_name(&lock)),
        "right": right_name(question.right),
        "channel": (!question.unchallenged).then(|| channel_name(question.channel)),
        "outcome": outcome,
        "denied": outlook.denied().map(|denial| denial::json(denial, words)),
        "denials": denials.collect::<Vec<_>>(),
        "ifs": outlook.ifs,
        "limits": limits.collect::<Vec<_>>(),
        "missing": outlook.missing,
    })
}
