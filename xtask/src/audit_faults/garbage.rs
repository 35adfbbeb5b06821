//! Lines of garbage without end: they are named and counted, and nothing of them is kept.

use std::{
    fs,
    io::{BufReader, Read},
};

use chacha20::ChaCha20Rng;
use keyward_audit::{Audit, LockTrust, MAX_NAMED_LINES, Mode, Statements};
use keyward_testkit::logs::text;
use rand_core::{Rng, SeedableRng};

use super::{
    history::{DOMAIN, History, LOCK, Shape},
    model::card_key,
};

/// By how much the peak of memory may rise, in KiB: an audit's buffers, whatever the lines are.
const MOST_KIB: u64 = 8 * 1024;

/// Feeds so many lines, and reads the peak of memory before and afterwards.
pub fn run(lines: u64) -> Result<(), String> {
    let history = History::new(Shape::Openings, 1, 0);
    let mut audit = Audit::new(LockTrust::pinned(DOMAIN, LOCK, card_key(0)));
    // One pass over each kind of line, so that what is there once is there before.
    let mut warm = Audit::new(LockTrust::pinned(DOMAIN, LOCK, card_key(0)));
    let warmed = warm.read(BufReader::new(Garbage::new(&history.entries[0], 100)), &mut ());
    warmed.map_err(|error| error.to_string())?;
    let before = peak()?;
    let source = BufReader::new(Garbage::new(&history.entries[0], lines));
    audit.read(source, &mut ()).map_err(|error| error.to_string())?;
    let mut statements = Statements::new(DOMAIN);
    let source = BufReader::new(Garbage::new(&history.entries[0], lines));
    statements.read(source).map_err(|error| error.to_string())?;
    let after = peak()?;
    let audited = audit.finish(Mode::Fast, &mut ());
    let counts = audited.counts();
    let named = audited.unreadable();
    println!("garbage_lines: {}", counts.lines);
    println!("garbage_unreadable: {}", counts.unreadable);
    println!("garbage_named: {}", named.len());
    println!("garbage_peak_rise_kib: {} (at most {MOST_KIB})", after.saturating_sub(before));
    let in_order = named.iter().zip(1..).all(|((line, _), number)| line.number == number);
    let all_named = named.len() as u64 == lines.min(MAX_NAMED_LINES as u64) && in_order;
    match counts.lines == lines && counts.unreadable == lines && all_named {
        true if after.saturating_sub(before) <= MOST_KIB => Ok(()),
        true => Err("garbage takes memory".into()),
        false => Err("garbage is not named".into()),
    }
}

/// The most memory that this process has held so far, in KiB.
fn peak() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number.and_then(|number| number.trim().parse().ok()).ok_or("no VmHWM".into())
}

/// Lines that are nearly entries, lines of random bytes, and lines far too long.
struct Garbage {
    rng: ChaCha20Rng,
    entry: String,
    left: u64,
    line: Vec<u8>,
    read: usize,
}

impl Garbage {
    fn new(entry: &[u8], lines: u64) -> Self {
        let rng = ChaCha20Rng::seed_from_u64(lines);
        Self { rng, entry: text(entry), left: lines, line: Vec::new(), read: 0 }
    }

    fn next(&mut self) {
        self.left -= 1;
        self.line.clear();
        self.read = 0;
        let (kind, place) = (self.rng.next_u32() % 4, self.rng.next_u32() as usize);
        match kind {
            // A random character within an entry's text, which belongs to no alphabet.
            0 => {
                self.line.extend_from_slice(self.entry.as_bytes());
                let place = place % self.line.len();
                self.line[place] = b'!';
            }
            // An entry that is cut off.
            1 => self.line.extend_from_slice(&self.entry.as_bytes()[..1 + place % 300]),
            2 => {
                self.line.resize(1 + place % 200, 0);
                self.rng.fill_bytes(&mut self.line);
                self.line.retain(|byte| !matches!(byte, b'\n' | b'\r'));
                self.line.push(b'x');
            }
            _ if place.is_multiple_of(64) => self.line.resize(100_000, b'A'),
            _ => self.line.extend_from_slice(b"kw1.entry.AREA"),
        }
        self.line.push(b'\n');
    }
}

impl Read for Garbage {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.line.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.next();
        }
        let part = &self.line[self.read..];
        let length = part.len().min(out.len());
        out[..length].copy_from_slice(&part[..length]);
        self.read += length;
        Ok(length)
    }
}
