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

const USAGE: &str = "usage: audit [--domain HEX] [--lock HEX] [--thorough]
             [--head [denials:]NUMBER:HEX] [--book FILE] [--json FILE] [--csv FILE] [FILE...]
Without --domain the first epoch 0 in the files is believed, and without --lock each lock whose
card holds is audited. --head, --json and --csv are for one lock.";

/// What the command line asks for.
#[derive(Default)]
struct Options {
    domain: Option<DomainId>,
    lock: Option<LockId>,
    thorough: bool,
    head: Option<(Log, Sequence, [u8; 32])>,
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
    let mut sound = true;
    for lock in locks(options, &trust)? {
        let believed = trust.lock(lock).ok_or(format!("no card of lock {lock} that holds"))?;
        let mut audit = Audit::new(believed);
        if let Some((log, number, hash)) = options.head {
            audit.know_head(log, number, hash);
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

/// The lock that is meant, or each. What is for one lock needs to know which: a head would accuse
/// the others, and the rows of the next lock would take the place of the last one's.
fn locks(options: &Options, trust: &Trust) -> Result<Vec<LockId>, String> {
    let locks: Vec<_> = match options.lock {
        Some(lock) => vec![lock],
        None => trust.locks().collect(),
    };
    let for_one = options.head.is_some() || options.json.is_some() || options.csv.is_some();
    match locks.len() {
        0 => Err("no card that holds".into()),
        2.. if for_one => Err("--head, --json and --csv: say which lock by --lock".into()),
        _ => Ok(locks),
    }
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
            let which = if log == Log::Denials { DENIALS } else { "" };
            writeln!(out, "Head of {log:?}: {which}{}:{hash}", head.number)?;
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
            "--head" => options.head = Some(head(&value()?)?),
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

/// What stands before the number in a head of the log of denials.
const DENIALS: &str = "denials:";

/// Reads a head as it is printed.
fn head(text: &str) -> Result<(Log, Sequence, [u8; 32]), String> {
    let (log, head) = match text.strip_prefix(DENIALS) {
        Some(head) => (Log::Denials, head),
        None => (Log::Events, text),
    };
    let (number, hash) = head.split_once(':').ok_or(USAGE)?;
    Ok((log, Sequence(number.parse().map_err(|_| USAGE)?), bytes(hash)?))
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

#[cfg(test)]
mod tests {
    use keyward_testkit::world::World;

    use super::*;

    fn trust(world: &World) -> Trust {
        let (owner, library) = (&world.owner, &world.owner.library);
        let mut text = String::new();
        let statements = library.epochs.iter().chain(&owner.keysets).chain(library.cards.values());
        for statement in statements {
            text += &keyward_testkit::logs::text(statement);
            text.push('\n');
        }
        let mut statements = Statements::new(owner.domain);
        statements.read_text(text.as_bytes());
        statements.verify()
    }

    fn read(line: &str) -> Result<Options, String> {
        options(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_for_one_lock_is_refused_for_several() {
        let world = World::new(12);
        let trust = trust(&world);
        assert_eq!(locks(&read("log").unwrap(), &trust).unwrap().len(), 3);
        let head = format!("--head 3:{}", "ab".repeat(32));
        let lock: String = world.flat.id.0.iter().map(|byte| format!("{byte:02x}")).collect();
        for one in ["--json rows", "--csv rows", &head] {
            let error = locks(&read(&format!("log {one}")).unwrap(), &trust).unwrap_err();
            assert!(error.contains("--lock"), "{one}: {error}");
            let options = read(&format!("log {one} --lock {lock}")).unwrap();
            assert_eq!(locks(&options, &trust).unwrap(), [world.flat.id], "{one}");
        }
    }

    #[test]
    fn a_head_is_one_of_the_log_that_it_names() {
        let hash = "ab".repeat(32);
        let read = |text: &str| head(text).map(|(log, number, _)| (log, number.0));
        assert_eq!(read(&format!("3:{hash}")), Ok((Log::Events, 3)));
        assert_eq!(read(&format!("{DENIALS}3:{hash}")), Ok((Log::Denials, 3)));
        assert!(read(&format!("events:3:{hash}")).is_err());
    }
}
