//! Every mutilation of short logs, beside a naive model that says what an audit must find in it;
//! and garbage without end.

mod garbage;
mod history;
mod model;
mod mutations;
mod parsed;

use keyward::{SignatureFault, receipt::Log};
use keyward_audit::{Audit, Audited, Carried, Finding, LockTrust, Missing, Mode, Seen, Tampering};
use keyward_testkit::logs::text;

use history::{DOMAIN, History, LOCK, Shape};
use model::{Expected, Given, card_key};

/// Entries of a log, by default and as a whole.
const SMALL: usize = 4;
const WHOLE: usize = 8;
/// Lines of garbage, by default and as a whole.
const GARBAGE: u64 = 200_000;
const ALL_GARBAGE: u64 = 10_000_000;

/// Mutilates logs of up to four entries, or of eight with `--whole`.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (mut count, mut garbage, mut only_garbage) = (SMALL, GARBAGE, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse::<u64>().ok());
        match (argument.as_str(), argument == "--whole") {
            (_, true) => (count, garbage) = (WHOLE, ALL_GARBAGE),
            ("--entries", _) => {
                count =
                    number().and_then(|n| usize::try_from(n).ok()).ok_or(USAGE)?.clamp(1, WHOLE);
            }
            ("--garbage", _) => {
                (garbage, only_garbage) = (number().ok_or(USAGE)?, true);
            }
            _ => return Err(USAGE.into()),
        }
    }
    if only_garbage {
        return garbage::run(garbage);
    }
    // First, while this process has held nothing yet.
    garbage::run(garbage)?;
    println!(
        "Logs of up to {count} entries, mutilated in every way of each kind; what is found is"
    );
    println!("compared with what a naive model of sets of lines says must be found.");
    let mut tally = Tally::default();
    for (shape, card) in SHAPES {
        for length in lengths(*shape, count) {
            let mut history = History::new(*shape, length, *card);
            mutations::all(&mut history, &mut tally);
        }
    }
    for (kind, mutilations) in &tally.kinds {
        println!("{kind}: {mutilations}");
    }
    for (name, findings) in &tally.found {
        println!("found_{name}: {findings}");
    }
    println!("mutilations: {}", tally.mutilations);
    println!("unreported: {}", tally.unreported);
    println!("misnamed: {}", tally.misnamed);
    println!("miscounted: {}", tally.miscounted);
    println!("personal_bytes_left: {}", tally.personal);
    match tally.unreported + tally.misnamed + tally.miscounted + tally.personal {
        0 => Ok(()),
        _ => Err("an audit finds something else than it must".into()),
    }
}

const USAGE: &str = "usage: cargo xtask audit-faults [--whole | --entries N | --garbage LINES]";

/// The shapes, and which key the card names.
const SHAPES: &[(Shape, u8)] = &[
    (Shape::Openings, 0),
    (Shape::Changing, 0),
    (Shape::Changing, 1),
    (Shape::Ring, 0),
    (Shape::Denials, 0),
    (Shape::BadChange, 0),
];

/// Openings at every length; the others at the greatest.
fn lengths(shape: Shape, most: usize) -> std::ops::RangeInclusive<usize> {
    if shape == Shape::Openings { 1..=most } else { most..=most }
}

/// What the comparisons came to.
#[derive(Default)]
pub struct Tally {
    kinds: Vec<(&'static str, u64)>,
    found: Vec<(&'static str, u64)>,
    mutilations: u64,
    unreported: u64,
    misnamed: u64,
    miscounted: u64,
    personal: u64,
    shown: u64,
}

impl Tally {
    /// Audits what is given, and compares.
    pub fn compare(&mut self, kind: &'static str, given: &Given, history: &History, mode: Mode) {
        self.mutilations += 1;
        count(&mut self.kinds, kind);
        let lines = lines(given);
        let audited = audit(given, &lines, mode);
        let expected = given.expected(&history.truth, mode);
        let found: Vec<Finding> = audited.findings().iter().map(without_fault).collect();
        found.iter().for_each(|finding| count(&mut self.found, finding_name(finding)));
        let unreported = missing(&expected.findings, &found);
        let misnamed = missing(&found, &expected.findings);
        let counts = audited.counts();
        let got = Expected {
            findings: expected.findings.clone(),
            unreadable: counts.unreadable,
            doubled: counts.doubled,
            reordered: counts.reordered,
            witnessed: counts.witnessed,
        };
        self.unreported += u64::from(!unreported.is_empty());
        self.misnamed += u64::from(!misnamed.is_empty());
        self.miscounted += u64::from(got != expected);
        if (!unreported.is_empty() || !misnamed.is_empty() || got != expected) && self.shown < 5 {
            self.shown += 1;
            eprintln!("{kind} of {} ({mode:?}):", history.name);
            eprintln!("  must be found: {unreported:#?}\n  must not: {misnamed:#?}");
            eprintln!(
                "  counts: {:?}",
                (got.unreadable, got.doubled, got.reordered, got.witnessed)
            );
        }
    }

    /// Searches what remains of an erased log for the bytes of persons.
    pub fn search(&mut self, given: &Given, history: &History, erased: &[usize]) {
        let lines = lines(given);
        let audited = audit(given, &lines, Mode::Fast);
        let (mut json, mut csv, joins) = (Vec::new(), Vec::new(), audited.joins());
        let exported = keyward_audit::export::json_lines(&audited, &joins, &mut json, &mut ())
            .and_then(|()| keyward_audit::export::csv(&audited, &joins, &mut csv, &mut ()));
        if exported.is_err() {
            self.personal += 1;
        }
        let book = keyward_audit::Book::default();
        let teller = keyward_audit::Teller::new(&audited, &joins, None, &book);
        let mut told = String::new();
        for log in [Log::Events, Log::Denials] {
            let _never = teller.tell(log, |sentence| {
                told.push_str(sentence);
                Ok::<(), std::convert::Infallible>(())
            });
        }
        for (person, of) in history.personal() {
            let (hex, must_go) = (hex(&person), erased.contains(&of));
            let in_bytes = given.lines.iter().any(|(_, object)| contains(object, &person));
            let in_text = contains(&json, hex.as_bytes())
                || contains(&csv, hex.as_bytes())
                || contains(told.as_bytes(), hex.as_bytes());
            // What wasn't erased must still be there, or the search would prove nothing.
            self.personal += u64::from(in_bytes == must_go || in_text && must_go);
        }
    }
}

/// The lines as text.
fn lines(given: &Given) -> String {
    let mut out = String::new();
    for (carried, object) in &given.lines {
        let name = if *carried == Carried::Entry { "kw1.entry." } else { "kw1.receipt." };
        // A flipped kind would be written under its own name.
        let mut fixed = object.clone();
        fixed[..2].copy_from_slice(&[1, if *carried == Carried::Entry { 0x11 } else { 0x10 }]);
        let written = text(&fixed);
        let base64 = written.strip_prefix(name).expect("the name of its kind");
        match fixed == *object {
            true => out.push_str(&written),
            // Version and kind lie in the first three characters.
            false => {
                out.push_str(name);
                out.push_str(&head(object));
                out.push_str(&base64[4..]);
            }
        }
        out.push('\n');
    }
    out
}

/// The first four characters, of three bytes.
fn head(object: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = u32::from_be_bytes([0, object[0], object[1], object[2]]);
    [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize])).iter().collect()
}

fn audit<'t>(given: &Given, lines: &'t str, mode: Mode) -> Audited<'t> {
    let trust = LockTrust::pinned(DOMAIN, LOCK, card_key(given.card));
    let mut audit = Audit::new(trust);
    if let Some((log, number, hash)) = given.head {
        audit.know_head(log, keyward::id::Sequence(number), hash);
    }
    audit.read_text(lines.as_bytes(), &mut ());
    audit.finish(mode, &mut ())
}

/// What of the ones is not among the others, each as often as it is there.
fn missing(ones: &[Finding], others: &[Finding]) -> Vec<Finding> {
    let mut others = others.to_vec();
    let mut missing = Vec::new();
    for one in ones {
        match others.iter().position(|other| other == one) {
            Some(place) => drop(others.swap_remove(place)),
            None => missing.push(*one),
        }
    }
    missing
}

fn count(kinds: &mut Vec<(&'static str, u64)>, kind: &'static str) {
    match kinds.iter_mut().find(|(name, _)| *name == kind) {
        Some((_, count)) => *count += 1,
        None => kinds.push((kind, 1)),
    }
}

const fn finding_name(finding: &Finding) -> &'static str {
    match finding {
        Finding::Whole { .. } => "whole",
        Finding::Gap { why: Missing::Dropped, .. } => "gap_dropped",
        Finding::Gap { why: Missing::Withheld, .. } => "gap_withheld",
        Finding::Fork { other: Seen::Line(..), .. } => "fork",
        Finding::Fork { other: Seen::NamedBy(..), .. } => "fork_named",
        Finding::Fork { .. } => "fork_known_head",
        Finding::Tamper { what: Tampering::Unsigned, .. } => "tamper_unsigned",
        Finding::Tamper { what: Tampering::Signature(_), .. } => "tamper_signature",
        Finding::Tamper { what: Tampering::Private, .. } => "tamper_private",
        Finding::Tamper { .. } => "tamper_change",
        Finding::Truncation { by: Seen::KnownHead, .. } => "truncation_known_head",
        Finding::Truncation { .. } => "truncation_receipt",
        Finding::Erased { .. } => "erased",
        _ => "other",
    }
}

/// How a signature is broken the model doesn't say.
fn without_fault(finding: &Finding) -> Finding {
    match *finding {
        Finding::Tamper { log, number, line, carried, what: Tampering::Signature(_) } => {
            let what = Tampering::Signature(SignatureFault::Mismatch);
            Finding::Tamper { log, number, line, carried, what }
        }
        other => other,
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
