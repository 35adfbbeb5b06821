//! `keyward receipts`: audits locks' logs (SPEC.md section 24; `keyward-audit` does the work).

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use keyward::{
    id::{KeyName, LockId, Sequence},
    receipt::Log,
};
use keyward_audit::{
    Audit, Audited, Bar, Joins, Line, LockTrust, Mode, Progress, Statements, Teller, Trust,
    Unreadable,
    erase::Erasure,
    export::{self, ExportError},
};
use serde_json::{Value, json};

use crate::{
    app::{App, line},
    caveats::unhex,
    domain::DomainFile,
    fail::{Failure, Result},
    key, name, object,
    out::hex,
    sink::Sink,
    terminal::aside,
    when,
};

/// Audits locks' logs: what is whole, missing, added or changed; who opened, by whose authority
#[derive(Subcommand, Debug)]
pub(crate) enum ReceiptsCommand {
    /// Tells findings and, in a sentence each, all entries; exit code 1 if somebody must answer
    Audit(AuditArgs),
    /// Writes entries as JSON Lines or CSV
    Export(Export),
    /// Writes a log anew without private parts; signatures and chain still hold
    Erase(Erase),
}

#[derive(Args, Debug)]
pub(crate) struct Logs {
    /// Files of entries, receipts, tokens with origins, recordings, in any order; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The lock [default: each lock with a card in the domain's file]
    #[arg(long, value_name = "NAME")]
    lock: Option<String>,
    /// Verifies every signature, not only those that the chain leaves open
    #[arg(long)]
    thorough: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    logs: Logs,
    /// A head of the lock's log that is known from elsewhere, as an audit tells it: 17:HEX, or
    /// denials:2:HEX for the log of denials
    #[arg(long, value_name = "NUMBER:HEX")]
    head: Option<String>,
    /// Tells findings alone
    #[arg(long)]
    brief: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    #[command(flatten)]
    logs: Logs,
    /// CSV instead of JSON Lines
    #[arg(long)]
    csv: bool,
    /// The file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Erase {
    /// The log; - is standard input
    log: PathBuf,
    /// Entries that name this holder: a key, its file, or its name of 32 hexadecimal digits
    #[arg(long = "holder", value_name = "KEY")]
    holders: Vec<String>,
    /// Entries from before
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Entries of the log of events by their numbers
    #[arg(long = "number", value_name = "N", value_delimiter = ',')]
    numbers: Vec<u64>,
    /// The file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl ReceiptsCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::Audit(audit) => audit.run(app),
            Self::Export(export) => export.run(app),
            Self::Erase(erase) => erase.run(app),
        }
    }
}

impl AuditArgs {
    fn run(self, app: &App) -> Result<()> {
        let head = self.head.as_deref().map(head).transpose()?;
        let (mut sound, mut told) = (true, Vec::new());
        self.logs.each(app, head, |trust, audited| {
            sound &= !audited.has_faults();
            match app.json {
                true => told.push(json(trust, audited)),
                false => print(app, trust, audited, self.brief)?,
            }
            Ok(())
        })?;
        if app.json {
            line(&json!({ "sound": sound, "locks": told }).to_string());
        }
        match sound {
            true => Ok(()),
            false => Err(Failure::no("the log has faults")),
        }
    }
}

impl Export {
    fn run(self, app: &App) -> Result<()> {
        let mut out = Sink::new(self.out.as_deref())?;
        let (mut written, mut locks) = (Ok(()), 0);
        self.logs.each(app, None, |_, audited| {
            locks += 1;
            if locks > 1 {
                return Err(Failure::input(
                    "entries of several locks, which rows don't tell apart: say which by --lock",
                ));
            }
            let joins = audited.joins();
            let done = match self.csv {
                true => export::csv(audited, &joins, &mut out, &mut ()),
                false => export::json_lines(audited, &joins, &mut out, &mut ()),
            };
            written = std::mem::replace(&mut written, Ok(())).and(done.map_err(unwritten));
            Ok(())
        })?;
        out.done(written)
    }
}

impl Erase {
    fn run(self, app: &App) -> Result<()> {
        let mut erasure = Erasure::default();
        for holder in &self.holders {
            erasure.holders.insert(self::holder(app, holder)?);
        }
        if let Some(before) = &self.before {
            erasure.before = Some(when::instant(before, &app.clock)?);
        }
        erasure.numbers =
            self.numbers.iter().map(|number| (Log::Events, Sequence(*number))).collect();
        if erasure == Erasure::default() {
            return Err(Failure::input("nothing to erase: give --holder, --before or --number"));
        }
        let reader = reader(&self.log)?;
        let mut out = Sink::new(self.out.as_deref())?;
        let done = erasure.write(reader, &mut out)?;
        out.done(Ok(()))?;
        let line = format!(
            "{} erased, {} kept, {} unreadable and left out",
            done.erased, done.kept, done.unreadable
        );
        aside(&line);
        match done.unreadable {
            0 => Ok(()),
            _ => Err(Failure::input(line)),
        }
    }
}

impl Logs {
    /// Audits the logs of the lock that is meant, or of each.
    fn each(
        &self,
        app: &App,
        head: Option<KnownHead>,
        mut then: impl FnMut(&Trust, &Audited<'_>) -> Result<()>,
    ) -> Result<()> {
        let file = app.domain()?;
        let trust = trust(&file)?;
        let locks = match &self.lock {
            Some(text) => vec![name::lock(text)?],
            None => trust.locks().collect(),
        };
        if locks.is_empty() {
            return Err(Failure::input(format!("{}: no card of any lock", app.domain.display())));
        }
        if head.is_some() && locks.len() > 1 {
            return Err(Failure::input(
                "--head: the head of one lock's log, which would accuse the others: say which lock \
                 by --lock",
            ));
        }
        let piped = self.files.iter().any(|path| path == Path::new("-"));
        if piped && locks.len() > 1 {
            return Err(Failure::input("standard input is read once: say which lock by --lock"));
        }
        let (mut some, mut lines, mut unreadable) = (false, 0, 0);
        for lock in locks {
            let audited = self.audit(believed(&trust, lock)?, head)?;
            let counts = audited.counts();
            (lines, unreadable) = (counts.lines, counts.unreadable);
            // A file is of one lock as a rule, and the others' are elsewhere.
            if counts.entries > 0 || counts.receipts > 0 {
                some = true;
                then(&trust, &audited)?;
            }
        }
        match some {
            true => Ok(()),
            false => Err(Failure::input(format!(
                "no entry or receipt of {} in {lines} lines, of which {unreadable} can't be read; \
                 what is sealed is opened by `keyward open` first",
                self.lock.as_deref().unwrap_or("any lock of the domain")
            ))),
        }
    }

    fn audit(&self, believed: LockTrust, head: Option<KnownHead>) -> Result<Audited<'static>> {
        let mut audit = Audit::new(believed);
        if let Some((log, number, hash)) = head {
            audit.know_head(log, number, hash);
        }
        let (mut bar, mut none) = (Bar::new(), ());
        let progress: &mut dyn Progress =
            if io::stderr().is_terminal() { &mut bar } else { &mut none };
        for path in &self.files {
            let read = audit.read(reader(path)?, progress);
            read.map_err(|error| Failure::reading(path, &error))?;
        }
        let mode = if self.thorough { Mode::Thorough } else { Mode::Fast };
        Ok(audit.finish(mode, progress))
    }
}

fn trust(file: &DomainFile) -> Result<Trust> {
    let mut statements = Statements::new(file.id());
    for statement in file.statements() {
        statements.read_text(object::of(&statement)?.as_bytes());
    }
    Ok(statements.verify())
}

fn believed(trust: &Trust, lock: LockId) -> Result<LockTrust> {
    let lock_name = name::lock_name(&lock);
    trust
        .lock(lock)
        .ok_or_else(|| Failure::input(format!("no card of the lock {lock_name} that holds")))
}

fn print(app: &App, trust: &Trust, audited: &Audited<'_>, brief: bool) -> Result<()> {
    let mut out = Sink::new(None)?;
    let written = told(app, trust, audited, brief, &mut out);
    out.done(written)
}

fn told(
    app: &App,
    trust: &Trust,
    audited: &Audited<'_>,
    brief: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "Lock {}", name::lock_name(&audited.lock()))?;
    audited.findings().iter().try_for_each(|finding| writeln!(out, "  {finding}"))?;
    for (line, why) in unreadable(trust, audited) {
        writeln!(out, "  unreadable: {line}: {why}.")?;
    }
    let joins = audited.joins();
    for line in joins.refused() {
        writeln!(out, "  The token on {line} is not genuine by any origin of the domain.")?;
    }
    match brief {
        true => Ok(()),
        false => tell(app, trust, audited, &joins, out),
    }
}

fn tell(
    app: &App,
    trust: &Trust,
    audited: &Audited<'_>,
    joins: &Joins<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let teller = Teller::new(audited, joins, Some(trust), &app.book);
    for log in [Log::Events, Log::Denials] {
        teller.tell(log, |sentence| writeln!(out, "  {sentence}"))?;
        if let Some(head) = audited.head(log) {
            let which = if log == Log::Denials { DENIALS } else { "" };
            writeln!(out, "  Head of {log:?}: {which}{}:{}", head.number, hex(&head.hash))?;
        }
    }
    Ok(())
}

/// Lines of which nothing was taken. Those of the domain's other locks are for their own audits.
fn unreadable<'a>(
    trust: &Trust,
    audited: &'a Audited<'_>,
) -> impl Iterator<Item = &'a (Line, Unreadable)> {
    audited.unreadable().iter().filter(|(_, why)| match why {
        Unreadable::OtherLock(lock) => trust.lock(*lock).is_none(),
        _ => true,
    })
}

fn json(trust: &Trust, audited: &Audited<'_>) -> Value {
    let counts = audited.counts();
    let heads = [Log::Events, Log::Denials].map(|log| {
        audited.head(log).map(|head| json!({ "number": head.number.0, "hash": hex(&head.hash) }))
    });
    let [events, denials] = heads;
    json!({
        "lock": name::lock_name(&audited.lock()),
        "sound": !audited.has_faults(),
        "findings": audited.findings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "unreadable": unreadable(trust, audited)
            .map(|(line, why)| format!("{line}: {why}"))
            .collect::<Vec<_>>(),
        "entries": counts.entries,
        "receipts": counts.receipts,
        "head": { "events": events, "denials": denials },
    })
}

/// A head that is known from elsewhere: the log, the number and the hash.
type KnownHead = (Log, Sequence, [u8; 32]);

/// What stands before the number in a head of the log of denials.
const DENIALS: &str = "denials:";

/// Reads a head as [`tell`] writes it.
fn head(text: &str) -> Result<KnownHead> {
    let (log, head) = match text.strip_prefix(DENIALS) {
        Some(head) => (Log::Denials, head),
        None => (Log::Events, text),
    };
    let read = || {
        let (number, hash) = head.split_once(':')?;
        Some((log, Sequence(number.parse().ok()?), unhex(hash)?.try_into().ok()?))
    };
    read().ok_or_else(|| {
        Failure::input(format!("--head {text}: not a number, a colon and 64 hexadecimal digits"))
    })
}

fn holder(app: &App, text: &str) -> Result<KeyName> {
    match unhex(text).and_then(|bytes| bytes.try_into().ok()) {
        Some(name) => Ok(KeyName(name)),
        None => Ok(key::public::<keyward::role::Holder>(app, text)?.name()),
    }
}

fn reader(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| Failure::reading(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Why rows could not be written.
fn unwritten(error: ExportError) -> io::Error {
    match error {
        ExportError::Io(error) => error,
        ExportError::Json(error) => error.into(),
        ExportError::Csv(error) => error.into(),
        _ => io::Error::other("a row could not be written"),
    }
}
