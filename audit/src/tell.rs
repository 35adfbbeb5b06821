//! One sentence for each entry, for people.

use std::fmt::Write as _;

use keyward::{
    Denial, Interval, Right, Time,
    clock::Quality,
    ledger::Outcome,
    receipt::{Denied, Event, Log, Public, StatementKind},
};

use crate::{
    audited::Audited,
    book::{Book, hex},
    facts::{Facts, Who},
    join::{Authority, Evidence, Joins},
    trust::{Named, Trust},
};

/// Tells what the lock has said.
#[derive(Debug)]
pub struct Teller<'a> {
    audited: &'a Audited<'a>,
    joins: &'a Joins<'a>,
    trust: Option<&'a Trust>,
    book: &'a Book,
}

impl<'a> Teller<'a> {
    /// A teller by these joins, statements and labels.
    pub const fn new(
        audited: &'a Audited<'a>,
        joins: &'a Joins<'a>,
        trust: Option<&'a Trust>,
        book: &'a Book,
    ) -> Self {
        Self { audited, joins, trust, book }
    }

    /// Gives a sentence for each entry of events, for each row of denials, and for restarts between
    /// entries.
    ///
    /// # Errors
    /// The sink's.
    pub fn tell<E>(&self, log: Log, mut sink: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        self.audited.facts(log, self.joins, self.trust, |facts| {
            if let Some(sentence) = restarts(facts) {
                sink(&sentence)?;
            }
            self.sentences(facts).iter().try_for_each(|sentence| sink(sentence))
        })
    }

    /// The sentences for an entry: one, or one for each row of denials.
    pub fn sentences(&self, facts: &Facts<'_>) -> Vec<String> {
        let public = &facts.public;
        let start = start(public);
        match public.event {
            Event::Opening { right, outcome, .. } => {
                let (who, done) = (self.who(right, &facts.who), outcome_clause(right, outcome));
                let under = facts.keyset.map(|keyset| format!(", under {}", named(keyset)));
                vec![format!("{start}: {who}{}; {done}", under.unwrap_or_default())]
            }
            Event::Statement { kind, hash } => {
                let statement = match facts.statement {
                    Some(statement) => named(statement),
                    None => format!("{} of hash {}", kind_name(kind), hex(hash)),
                };
                vec![format!("{start}: the lock took in {statement}.")]
            }
            Event::Device(rotation) => {
                let (old, new) = (hex(rotation.old), hex(rotation.new));
                vec![format!("{start}: the lock changed its own key from {old} to {new}.")]
            }
            Event::Denials { count } => self.denied(&start, count, &facts.who),
        }
    }

    fn who(&self, right: Right, who: &Who<'_>) -> String {
        let right = right_name(right);
        match who {
            Who::Opened(opening, authority, evidence) => {
                let (holder, authority) =
                    (self.book.key(&opening.holder), self.authority(authority));
                let evidence = self.evidence(evidence);
                format!("{holder} was granted {right} by the authority of {authority}{evidence}")
            }
            Who::Erased => format!(
                "somebody was granted {right}, and who, by whose authority and before which witness \
                 was erased"
            ),
            Who::NotTold | Who::Nobody | Who::Denied(_) => format!(
                "somebody was granted {right}, and who is not told, for the private part that came \
                 is not the lock's"
            ),
        }
    }

    fn authority(&self, authority: &Authority) -> String {
        let mut chain = self.book.issuer(&authority.issuer);
        for step in &authority.steps {
            let grantee = step.grantee.as_ref();
            let grantee = grantee.map_or_else(
                || format!("whoever link {} grants to", step.link),
                |name| self.book.key(name),
            );
            let _ = write!(chain, " → {grantee}");
        }
        match (authority.contradicts, authority.serial) {
            (true, _) => chain.push_str(" (though the token that there is grants to another)"),
            (false, Some(serial)) => {
                let _ = write!(chain, " (token {serial})");
            }
            (false, None) => chain.push_str(" (by a token that the auditor hasn't seen)"),
        }
        chain
    }

    fn evidence(&self, evidence: &[Evidence]) -> String {
        if evidence.is_empty() {
            return ", without a witness".into();
        }
        let mut clause = String::new();
        for Evidence { agreed, closed } in evidence {
            let witness = self.book.key(&agreed.witness);
            let _ =
                write!(clause, ", before the witness {witness} with evidence {}", agreed.evidence);
            let _ = match closed {
                Some((_, closed)) => write!(
                    clause,
                    " (recorded from {} until {}, hash {})",
                    instant(closed.from),
                    instant(closed.until),
                    hex(&closed.hash)
                ),
                None => write!(clause, " (which was not closed, as far as the auditor has seen)"),
            };
        }
        clause
    }

    fn denied(&self, start: &str, count: u32, who: &Who<'_>) -> Vec<String> {
        let Who::Denied(rows) = who else {
            let requests = times(count, "request was", "requests were");
            let why = match who {
                Who::NotTold => "is not told, for the private part that came is not the lock's",
                _ => "was erased",
            };
            return vec![format!("{start}: {requests} denied; whose and why {why}.")];
        };
        rows.rows().map(|row| format!("{start}: {}.", self.denied_row(&row))).collect()
    }

    fn denied_row(&self, row: &Denied) -> String {
        let holder = match &row.holder {
            Some(holder) => self.book.key(holder),
            None => "somebody unproven".into(),
        };
        let often = times(row.count, "time", "times");
        let why = match (row.code, denial_name(row.code)) {
            (0, _) => "for reasons that had no row of their own".into(),
            (code, Some(name)) => format!("for {code} {name}"),
            (code, None) => format!("for {code}"),
        };
        let (first, last) = (instant(row.first), instant(row.last));
        format!(
            "{holder} was denied {often} {why}, first not before {first}, last not before {last}"
        )
    }
}

fn named(named: Named) -> String {
    match named {
        Named::Epoch(number) => format!("epoch {number}"),
        Named::Keyset(epoch, version) => format!("keyset {version} of epoch {epoch}"),
        Named::Card(line) => format!("the card on {line}"),
    }
}

/// The first words of a sentence: which entry, and when.
fn start(public: &Public<'_>) -> String {
    let name = match public.log() {
        Log::Events => "Event",
        Log::Denials => "Denials",
    };
    format!("{name} {}, {}", public.sequence, present(&public.time))
}

/// That the lock started between two entries.
fn restarts(facts: &Facts<'_>) -> Option<String> {
    let (before, number) = (facts.before?, facts.public.sequence);
    let often = u32::try_from(facts.starts).unwrap_or(u32::MAX);
    (often > 0).then(|| {
        format!("Between {before} and {number} the lock started {}.", times(often, "time", "times"))
    })
}

/// When, and how good the clock was.
fn present(time: &Interval) -> String {
    let lo = instant(time.lo());
    match (time.hi(), time.quality()) {
        (None, _) => format!("not before {lo} (how late the lock couldn't tell)"),
        (Some(hi), Quality::Clock) if hi == time.lo() => format!("at {lo} by the lock's clock"),
        (Some(hi), quality) => {
            let by = match quality {
                Quality::Clock => "by the lock's clock",
                Quality::Attested => "by an attester's word and the lock's ticks",
                Quality::Lower => "by the lock's ticks",
            };
            format!("between {lo} and {} {by}", instant(hi))
        }
    }
}

/// An instant as RFC 3339 has it; seconds where a calendar ends.
pub(crate) fn instant(time: Time) -> String {
    let stamp = i64::try_from(time.0).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    stamp.map_or_else(|| format!("second {}", time.0), |stamp| stamp.to_string())
}

fn outcome_clause(right: Right, outcome: Outcome) -> &'static str {
    match (outcome, right) {
        (Outcome::Done, Right::UNLOCK) => "the bolt opened.",
        (Outcome::Done, Right::LOCK) => "the bolt locked.",
        (Outcome::Done, _) => "it was done.",
        (Outcome::Jammed, _) => "the bolt jammed, and the use is spent.",
        (Outcome::Lapsed, _) => {
            "the permit came too late, so the bolt never moved, and the use is spent."
        }
        (Outcome::Interrupted, _) => {
            "power failed before the lock knew what the bolt did: it may have moved or not."
        }
        _ => "what the bolt did the lock didn't learn: it may have moved or not.",
    }
}

pub(crate) fn right_name(right: Right) -> String {
    right.name().map_or_else(|| format!("right {}", right.bit()), str::to_owned)
}

pub(crate) fn denial_name(code: u16) -> Option<&'static str> {
    Denial::ALL.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

fn kind_name(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Epoch => "an epoch",
        StatementKind::Keyset => "a keyset",
        StatementKind::List => "a revocation list",
        StatementKind::Card => "a card",
    }
}

fn times(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
