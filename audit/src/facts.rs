//! Each entry with what the auditor knows beside it, in the order of the log.

use keyward::{
    id::Sequence,
    receipt::{About, DeniedRows, Disclosed, Entry, Event, Log, Opening, Public, StatementKind},
};

use crate::{
    audited::Audited,
    join::{Authority, Evidence, Joins},
    line::Line,
    trust::{Named, Trust},
};

/// An entry of a log, joined.
#[derive(Debug)]
pub struct Facts<'e> {
    /// Where it is.
    pub line: Line,
    /// What happened and when.
    pub public: Public<'e>,
    /// Who it was.
    pub who: Who<'e>,
    /// The keyset in force, as far as the log says and the auditor has it.
    pub keyset: Option<Named>,
    /// The statement that the entry names, if the auditor has it.
    pub statement: Option<Named>,
    /// The entry before it in what there is of the log.
    pub before: Option<Sequence>,
    /// How often the lock has started since that one, or, of the first entry, in its life.
    pub starts: u64,
}

/// What there is to know of a person.
#[derive(Debug)]
pub enum Who<'e> {
    /// The entry is of nobody.
    Nobody,
    /// It was erased.
    Erased,
    /// The private part that came with the entry is not the lock's.
    NotTold,
    /// Who opened, by whose authority, with which evidence.
    Opened(Opening<'e>, Authority, Vec<Evidence>),
    /// Who was denied.
    Denied(DeniedRows<'e>),
}

impl Audited<'_> {
    /// Whatever tokens and recordings were read, by link and request.
    pub fn joins(&self) -> Joins<'_> {
        Joins::new(&self.material, self.domain)
    }

    /// Every entry of a log that the lock has said, joined, in the order of the numbers. Give no
    /// trust, and statements stay hashes.
    ///
    /// # Errors
    /// The visitor's.
    pub fn facts<E>(
        &self,
        log: Log,
        joins: &Joins<'_>,
        trust: Option<&Trust>,
        mut visit: impl FnMut(&Facts<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut keyset, mut before, mut started) = (None, None, 0);
        self.entries(log, |line, entry| {
            let public = *entry.receipt.unverified();
            let statement = match public.event {
                Event::Statement { kind, hash } => {
                    let named = trust.and_then(|trust| trust.statement(kind, hash));
                    match kind {
                        StatementKind::Keyset => keyset = named,
                        // An epoch is a clean slate; its keyset comes behind it.
                        StatementKind::Epoch => keyset = None,
                        StatementKind::List | StatementKind::Card => {}
                    }
                    named
                }
                _ => None,
            };
            let starts = public.starts.saturating_sub(started);
            let who = who(joins, &public, entry);
            visit(&Facts { line, public, who, keyset, statement, before, starts })?;
            (before, started) = (Some(public.sequence), public.starts);
            Ok(())
        })
    }
}

fn who<'e>(joins: &Joins<'_>, public: &Public<'e>, entry: &Entry<'e>) -> Who<'e> {
    match entry.disclosed() {
        Ok(Disclosed::Nothing) => Who::Nobody,
        Ok(Disclosed::Erased) => Who::Erased,
        Ok(Disclosed::Told(private)) => match private.about {
            About::Opening(opening) => {
                let authority = joins.authority(&opening);
                Who::Opened(opening, authority, joins.evidence(public, &opening))
            }
            About::Denials(rows) => Who::Denied(rows),
        },
        Err(_) => Who::NotTold,
    }
}
