//! Audits the logs in files: `audit [options] FILE...`, or standard input without a file.
//!
//! The files hold text forms, one a line: entries, receipts, and what is needed to believe and to
//! join them (epochs, keysets, cards; tokens with their origins, recordings).
use std::{
    env, fs,
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
};

use keyward::{
    Epoch,
    id::{DomainId, LockId, Sequence},
    receipt::Log,
    text,
};
use keyward_audit::{Audit, Audited, Bar, Book, Mode, Statements, Teller, Trust, export};

const USAGE: &str = "usage: audit [--domain HEX] [--lock HEX] [--thorough] [--head NUMBER:HEX]
             [--book FILE] [--json FILE] [--csv FILE] [FILE...]
Without --domain the first epoch 0 in the files is believed, and without --lock each lock whose
card holds is audited.";

/// What the command line asks for.
#[derive(Default)]
struct Options {
    domain: Option<DomainId>,
    lock: Option<LockId>,
    thorough: bool,
    head: Option<(Sequence, [u8; 32])>,
    book: Book,
    json: Option<String>,
    csv: Option<String>,
    files: Vec<String>,
}

fn main() -> ExitCode {
    match options(env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Audits; whether nobody is to answer for anything.
fn run(options: &Options) -> Result<bool, String> {
    let texts = texts(&options.files)?;
    let domain = match options.domain {
        Some(domain) => domain,
        None => first_domain(&texts).ok_or("no epoch 0, and no --domain")?,
    };
    if options.domain.is_none() {
        println!("Domain {domain}, on the word of the files alone.");
    }
    let mut statements = Statements::new(domain);
    texts.iter().for_each(|text| statements.read_text(text));
    let trust = statements.verify();
    for refused in trust.refused() {
        println!("The statement on {} doesn't hold: {}.", refused.line, refused.refusal);
    }
    let locks: Vec<_> = match options.lock {
        Some(lock) => vec![lock],
        None => trust.locks().collect(),
    };
    if locks.is_empty() {
        return Err("no card that holds".into());
    }
    let mut sound = true;
    for lock in locks {
        let believed = trust.lock(lock).ok_or(format!("no card of lock {lock} that holds"))?;
        let mut audit = Audit::new(believed);
        if let Some((number, hash)) = options.head {
            audit.know_head(Log::Events, number, hash);
        }
        let mut bar = Bar::new();
        texts.iter().for_each(|text| audit.read_text(text, &mut bar));
        let mode = if options.thorough { Mode::Thorough } else { Mode::Fast };
        let audited = audit.finish(mode, &mut bar);
        print(&audited, &trust, options).map_err(|error| error.to_string())?;
        sound &= !audited.has_faults();
        let joins = audited.joins();
        if let Some(path) = &options.json {
            export::json_lines(&audited, &joins, create(path)?, &mut bar)
                .map_err(|error| error.to_string())?;
        }
        if let Some(path) = &options.csv {
            export::csv(&audited, &joins, create(path)?, &mut bar)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(sound)
}

fn print(audited: &Audited<'_>, trust: &Trust, options: &Options) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "\nLock {}", audited.lock())?;
    audited.findings().iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
    for (line, why) in audited.unreadable() {
        writeln!(out, "unreadable: {line}: {why}.")?;
    }
    let counts = audited.counts();
    writeln!(
        out,
        "{} lines: {} entries ({} doubled, {} out of order), {} receipts ({} of entries \
         that are here), {} for the join, {} passed over, {} unreadable.",
        counts.lines,
        counts.entries,
        counts.doubled,
        counts.reordered,
        counts.receipts,
        counts.witnessed,
        counts.for_join,
        counts.passed_over,
        counts.unreadable
    )?;
    let joins = audited.joins();
    for line in joins.refused() {
        writeln!(out, "The token on {line} is not genuine by any origin of the domain.")?;
    }
    let teller = Teller::new(audited, &joins, Some(trust), &options.book);
    for log in [Log::Events, Log::Denials] {
        teller.tell(log, |sentence| writeln!(out, "{sentence}"))?;
        if let Some(head) = audited.head(log) {
            let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(out, "Head of {log:?}: {}:{hash}", head.number)?;
        }
    }
    out.flush()
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(USAGE);
        match argument.as_str() {
            "--domain" => options.domain = Some(DomainId(bytes(&value()?)?)),
            "--lock" => options.lock = Some(LockId(bytes(&value()?)?)),
            "--thorough" => options.thorough = true,
            "--head" => {
                let head = value()?;
                let (number, hash) = head.split_once(':').ok_or(USAGE)?;
                let number = Sequence(number.parse().map_err(|_| USAGE)?);
                options.head = Some((number, bytes(hash)?));
            }
            "--book" => {
                let book = fs::read_to_string(value()?).map_err(|error| error.to_string())?;
                options.book = Book::read(&book).map_err(|error| error.to_string())?;
            }
            "--json" => options.json = Some(value()?),
            "--csv" => options.csv = Some(value()?),
            other if other.starts_with("--") => return Err(USAGE.into()),
            _ => options.files.push(argument),
        }
    }
    Ok(options)
}

fn texts(files: &[String]) -> Result<Vec<Vec<u8>>, String> {
    if files.is_empty() {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text).map_err(|error| error.to_string())?;
        return Ok(vec![text]);
    }
    let read = |path: &String| fs::read(path).map_err(|error| format!("{path}: {error}"));
    files.iter().map(read).collect()
}

fn create(path: &str) -> Result<BufWriter<fs::File>, String> {
    fs::File::create(path).map(BufWriter::new).map_err(|error| format!("{path}: {error}"))
}

fn first_domain(texts: &[Vec<u8>]) -> Option<DomainId> {
    let lines = texts.iter().flat_map(|text| text.split(|byte| *byte == b'\n'));
    lines.filter_map(|line| std::str::from_utf8(line).ok()).find_map(|line| {
        let mut buffer = [0; text::MAX_TEXT];
        let object = text::decode(line.trim_end(), &mut buffer).ok()?;
        Epoch::decode(object).ok()?.domain()
    })
}

fn bytes<const N: usize>(hex: &str) -> Result<[u8; N], String> {
    let digits = |place: usize| hex.get(place..place + 2);
    let byte = |digits: &str| u8::from_str_radix(digits, 16).ok();
    let all: Option<Vec<u8>> =
        (0..hex.len()).step_by(2).map(|place| digits(place).and_then(byte)).collect();
    let array = all.and_then(|bytes| bytes.try_into().ok());
    array.ok_or_else(|| format!("{hex}: not {N} bytes in hexadecimal"))
}
