//! Entries as JSON Lines or CSV (RFC 4180), one row each, one for each row of denials.
//!
//! | field | of | meaning |
//! | --- | --- | --- |
//! | `log`, `number` | all | `events` or `denials`, and the entry's number there |
//! | `input`, `line` | all | where the entry was read |
//! | `epoch`, `starts` | all | the lock's epoch, and how often it had started |
//! | `lo`, `hi`, `quality` | all | the present in Unix seconds, `hi` where it is known; `lower`, `attested`, `clock` |
//! | `event` | all | `opening`, `statement`, `device`, `denials` |
//! | `private` | all | `none`, `told`, `erased`, or `other` for one that is not the lock's |
//! | `right`, `outcome`, `core` | openings | the right, `done`, `jammed`, `unknown`, `lapsed` or `interrupted`, and what binds the request |
//! | `statement`, `hash` | statements | `epoch`, `keyset`, `list` or `card`, and its hash |
//! | `old_key`, `new_key` | changes of the device key | both keys |
//! | `issuer`, `holder`, `links` | told openings | `KeyId`, `KeyName`, `LinkId`s from link 0 on |
//! | `serial`, `grantees` | told openings whose token the auditor has | the token's serial, and to whom its links grant (`-` where that is unknown) |
//! | `witnesses`, `evidence` | told openings | names, and what each of them named |
//! | `recordings` | told openings | for each witness `from/until/hash` of what it closed, or `-` |
//! | `code`, `denial`, `holder`, `first`, `last` | told denials | one row: the code, its name, the holder, the times in Unix seconds |
//! | `count` | denials | of a told row its own count, otherwise the entry's |
//!
//! Bytes are in hexadecimal. A field that an entry hasn't is left out, or empty in CSV; lists are
//! arrays, or joined by spaces. What was erased has none of the personal fields.

use std::{fmt, io::Write};

use keyward::{
    clock::Quality,
    ledger::Outcome,
    receipt::{Denied, Event, Log, StatementKind},
};
use serde::Serialize;

use crate::{
    audited::Audited,
    book::hex,
    facts::{Facts, Who},
    finding::log_name,
    join::{Evidence, Joins},
    progress::{Progress, Stage},
    tell::{denial_name, right_name},
};

/// Why an export ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// A row could not be written as JSON.
    Json(serde_json::Error),
    /// A row could not be written as CSV.
    Csv(csv::Error),
    /// The writer failed.
    Io(std::io::Error),
}

/// Writes both logs as JSON Lines.
///
/// # Errors
/// [`ExportError`].
pub fn json_lines(
    audited: &Audited<'_>,
    joins: &Joins<'_>,
    mut out: impl Write,
    progress: &mut dyn Progress,
) -> Result<(), ExportError> {
    rows(audited, joins, progress, |row| {
        serde_json::to_writer(&mut out, row).map_err(ExportError::Json)?;
        out.write_all(b"\n").map_err(ExportError::Io)
    })?;
    out.flush().map_err(ExportError::Io)
}

/// Writes both logs as CSV with a header.
///
/// # Errors
/// [`ExportError`].
pub fn csv(
    audited: &Audited<'_>,
    joins: &Joins<'_>,
    out: impl Write,
    progress: &mut dyn Progress,
) -> Result<(), ExportError> {
    let terminator = csv::Terminator::CRLF;
    let mut out = csv::WriterBuilder::new().terminator(terminator).from_writer(out);
    out.write_record(FIELDS).map_err(ExportError::Csv)?;
    rows(audited, joins, progress, |row| out.write_record(row.cells()).map_err(ExportError::Csv))?;
    out.flush().map_err(ExportError::Io)
}

fn rows(
    audited: &Audited<'_>,
    joins: &Joins<'_>,
    progress: &mut dyn Progress,
    mut write: impl FnMut(&Row) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let (mut done, of) = (0_u64, Some(audited.counts().entries));
    for log in [Log::Events, Log::Denials] {
        audited.facts(log, joins, None, |facts| {
            done = done.saturating_add(1);
            if done.is_multiple_of(1024) {
                progress.step(Stage::Telling, done, of);
            }
            Row::of(facts).iter().try_for_each(&mut write)
        })?;
    }
    progress.step(Stage::Done, done, of);
    Ok(())
}

macro_rules! row {
    ($($field:ident: $type:ty,)*) => {
        /// One row.
        #[derive(Clone, Debug, Default, Serialize)]
        struct Row {
            $(#[serde(skip_serializing_if = "Cell::is_absent")] $field: $type,)*
        }

        /// The fields in the order of the columns.
        const FIELDS: &[&str] = &[$(stringify!($field)),*];

        impl Row {
            fn cells(&self) -> impl Iterator<Item = String> {
                [$(Cell::cell(&self.$field)),*].into_iter()
            }
        }
    };
}

row! {
    log: Option<&'static str>,
    number: Option<u64>,
    input: Option<u64>,
    line: Option<u64>,
    epoch: Option<u64>,
    starts: Option<u64>,
    lo: Option<u64>,
    hi: Option<u64>,
    quality: Option<&'static str>,
    event: Option<&'static str>,
    private: Option<&'static str>,
    right: Option<String>,
    outcome: Option<&'static str>,
    core: Option<String>,
    statement: Option<&'static str>,
    hash: Option<String>,
    old_key: Option<String>,
    new_key: Option<String>,
    issuer: Option<String>,
    holder: Option<String>,
    links: Vec<String>,
    serial: Option<u64>,
    grantees: Vec<String>,
    witnesses: Vec<String>,
    evidence: Vec<String>,
    recordings: Vec<String>,
    code: Option<u64>,
    denial: Option<&'static str>,
    count: Option<u64>,
    first: Option<u64>,
    last: Option<u64>,
}

/// What a field may hold.
trait Cell {
    fn is_absent(&self) -> bool;
    fn cell(&self) -> String;
}

impl<T: ToString> Cell for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn cell(&self) -> String {
        self.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

impl Cell for Vec<String> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn cell(&self) -> String {
        self.join(" ")
    }
}

impl Row {
    fn of(facts: &Facts<'_>) -> Vec<Self> {
        let public = &facts.public;
        let mut row = Self {
            log: Some(log_name(public.log())),
            number: Some(public.sequence.0),
            input: Some(facts.line.input.into()),
            line: Some(facts.line.number),
            epoch: Some(public.epoch.0),
            starts: Some(public.starts),
            lo: Some(public.time.lo().0),
            hi: public.time.hi().map(|hi| hi.0),
            quality: Some(quality_name(public.time.quality())),
            ..Self::default()
        };
        row.event(&public.event);
        row.private = Some(match &facts.who {
            Who::Nobody => "none",
            Who::Erased => "erased",
            Who::NotTold => "other",
            Who::Opened(..) | Who::Denied(_) => "told",
        });
        if let Who::Opened(opening, authority, evidence) = &facts.who {
            row.issuer = Some(opening.issuer.to_string());
            row.holder = Some(opening.holder.to_string());
            row.links = opening.links().map(|link| link.to_string()).collect();
            row.serial = authority.serial.map(|serial| serial.0);
            let name = |grantee: Option<_>| {
                grantee.map_or_else(|| "-".into(), |name: keyward::id::KeyName| name.to_string())
            };
            if authority.serial.is_some() {
                row.grantees = authority.steps.iter().map(|step| name(step.grantee)).collect();
            }
            row.evidence(evidence);
        }
        match &facts.who {
            Who::Denied(rows) => rows.rows().map(|denied| row.clone().denied(&denied)).collect(),
            _ => vec![row],
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        self.event = Some(match event {
            Event::Opening { core, right, outcome } => {
                self.right = Some(right_name(*right));
                self.outcome = Some(outcome_name(*outcome));
                self.core = Some(hex(*core));
                "opening"
            }
            Event::Statement { kind, hash } => {
                self.statement = Some(statement_name(*kind));
                self.hash = Some(hex(*hash));
                "statement"
            }
            Event::Device(rotation) => {
                self.old_key = Some(hex(rotation.old));
                self.new_key = Some(hex(rotation.new));
                "device"
            }
            Event::Denials { count } => {
                self.count = Some((*count).into());
                "denials"
            }
        });
    }

    fn evidence(&mut self, evidence: &[Evidence]) {
        for Evidence { agreed, closed } in evidence {
            self.witnesses.push(agreed.witness.to_string());
            self.evidence.push(agreed.evidence.to_string());
            self.recordings.push(closed.map_or_else(
                || "-".into(),
                |(_, closed)| format!("{}/{}/{}", closed.from.0, closed.until.0, hex(&closed.hash)),
            ));
        }
    }

    fn denied(self, denied: &Denied) -> Self {
        Self {
            code: Some(denied.code.into()),
            denial: denial_name(denied.code),
            holder: denied.holder.map(|holder| holder.to_string()),
            count: Some(denied.count.into()),
            first: Some(denied.first.0),
            last: Some(denied.last.0),
            ..self
        }
    }
}

const fn quality_name(quality: Quality) -> &'static str {
    match quality {
        Quality::Lower => "lower",
        Quality::Attested => "attested",
        Quality::Clock => "clock",
    }
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Jammed => "jammed",
        Outcome::Lapsed => "lapsed",
        Outcome::Interrupted => "interrupted",
        _ => "unknown",
    }
}

const fn statement_name(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Epoch => "epoch",
        StatementKind::Keyset => "keyset",
        StatementKind::List => "list",
        StatementKind::Card => "card",
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => error.fmt(f),
            Self::Csv(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExportError {}
