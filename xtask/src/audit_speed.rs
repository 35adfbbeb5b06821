//! An audit beside the hashes and the signatures that it can't do without, interleaved in one
//! process.

use std::{
    hint::black_box,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use keyward::{
    Scope, SignatureFault, SigningKey,
    id::{DomainId, Epoch, LockId},
    ledger::Outcome,
    receipt::{Entry, Receipt},
    role, seam,
};
use keyward_audit::{Audit, Finding, LockTrust, Mode};
use keyward_testkit::logs::{Scribe, Who, text};
use sha2::{Digest, Sha512};

/// Rounds of hashing and reading, one after the other; the median of their ratios counts.
const ROUNDS: usize = 11;
/// Rounds of the raw signatures and the thorough mode.
const SIGNED_ROUNDS: usize = 16;
/// The labels of SPEC.md section 5.1.
const PUBLIC: &[u8; 16] = b"keyward-1/entry#";
const PRIVATE: &[u8; 16] = b"keyward-1/priv#\0";
/// Places on the stack.
const DEPTHS: usize = 8;
/// What is promised.
const MOST_TO_HASHING: f64 = 1.3;
const LEAST_EVERY_SIGNATURE: f64 = 0.9;

/// Audits a million receipts, or as many as are asked for.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (mut receipts, mut signed) = (1_000_000, 20_000);
    // Where others work beside, times are told and not judged.
    let (judged, arguments) = match arguments {
        [rest @ .., last] if last == "--unjudged" => (false, rest),
        _ => (true, arguments),
    };
    for pair in arguments.chunks(2) {
        let value = pair.get(1).and_then(|value| value.parse::<usize>().ok());
        match (pair[0].as_str(), value) {
            ("--receipts", Some(value)) => receipts = value.max(2),
            ("--signed", Some(value)) => signed = value.max(2),
            _ => {
                return Err(
                    "usage: cargo xtask audit-speed [--receipts N] [--signed N] [--unjudged]"
                        .into(),
                );
            }
        }
    }
    println!(
        "A log of openings, each by two links and before one witness, as text in memory: read"
    );
    println!(
        "and chained by one thread beside the same hashes alone; and with every signature, by"
    );
    println!("all cores, beside the signatures alone.");
    let log = Log::of(receipts, false);
    println!("receipts: {receipts}");
    println!("bytes_a_line: {}", log.text.len() / receipts);
    let hashing = log.hashing()?;
    println!("ratio_to_hashing: {:.3} (at most {MOST_TO_HASHING})", hashing.ratio);
    println!("receipts_a_second: {:.0}", hashing.rate);
    drop(log);
    let log = Log::of(signed, true);
    println!("signed: {signed}");
    let every = log.every_signature()?;
    println!("ratio_every_signature: {:.3} (at least {LEAST_EVERY_SIGNATURE})", every.ratio);
    println!("ratio_every_signature_to_verify_strict: {:.3}", every.to_strict);
    println!("signatures_a_second: {:.0}", every.rate);
    match (hashing.ratio <= MOST_TO_HASHING, every.ratio >= LEAST_EVERY_SIGNATURE) {
        (true, true) => Ok(()),
        _ if !judged => Ok(()),
        (false, _) => Err("reading takes longer than is promised".into()),
        (_, false) => Err("verifying takes longer than is promised".into()),
    }
}

/// A lock's log.
struct Log {
    text: String,
    entries: Vec<Vec<u8>>,
    trust: LockTrust,
    domain: DomainId,
    device: [u8; 32],
}

/// Reading beside hashing.
struct Hashing {
    ratio: f64,
    rate: f64,
}

/// The thorough mode beside the signatures alone.
struct EverySignature {
    ratio: f64,
    to_strict: f64,
    rate: f64,
}

impl Log {
    fn of(count: usize, all_signed: bool) -> Self {
        let device = SigningKey::<role::Device>::from_secret(&[9; 32]);
        let (domain, lock) = (DomainId([7; 32]), LockId(*b"flat-12a"));
        let trust = LockTrust::pinned(domain, lock, device.public());
        let key = *device.public().as_bytes();
        let mut scribe = Scribe::new(Scope { domain, epoch: Epoch(0) }, lock, device);
        let (mut out, mut entries) = (String::new(), Vec::new());
        for number in 0..count {
            scribe.signs = all_signed || number + 1 == count;
            scribe.wait(60);
            let who = Who::number(number as u64 % 1_000);
            let mut core = [1; 32];
            core[..8].copy_from_slice(&(number as u64).to_le_bytes());
            let entry = scribe.opening(&core, Outcome::Done, &who);
            out.push_str(&text(&entry));
            out.push('\n');
            entries.push(entry);
        }
        Self { text: out, entries, trust, domain, device: key }
    }

    /// The messages that are hashed: a label, and the bytes behind it where they lie in the entry.
    fn messages(&self) -> Vec<(&'static [u8; 16], &[u8])> {
        let mut messages = Vec::new();
        for entry in &self.entries {
            let erased = Entry::decode(entry).expect("an entry").erased().expect("an entry");
            // Behind version and kind: the public part, 64 bytes of signature, a flag, the private.
            let receipt = erased.as_bytes().len() - 1;
            messages.push((PUBLIC, &entry[2..receipt - 64]));
            messages.push((PRIVATE, &entry[receipt + 1..]));
        }
        messages
    }

    fn read(&self, mode: Mode) -> Result<(), String> {
        let mut audit = Audit::new(self.trust.clone());
        audit.read_text(self.text.as_bytes(), &mut ());
        let audited = audit.finish(mode, &mut ());
        match audited.findings() {
            [Finding::Whole { until, .. }] if until.0 + 1 == self.entries.len() as u64 => Ok(()),
            other => Err(format!("not whole: {:?}", &other[..other.len().min(5)])),
        }
    }

    fn hashing(&self) -> Result<Hashing, String> {
        let messages = self.messages();
        let check = Entry::decode(&self.entries[0]).expect("an entry").receipt.hash();
        let (label, bytes) = messages[0];
        if Sha512::digest([label, bytes].concat())[..32] != check.as_bytes()[..] {
            return Err("these are not the messages that are hashed".into());
        }
        // The same, with each label copied in front of its bytes beforehand: less than any reader
        // of a log can do, and told beside.
        let joined: Vec<u8> = messages.iter().flat_map(|(l, b)| [&l[..], b].concat()).collect();
        let (mut hashes, mut bare, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            hashes.push(timed(|| {
                for (label, bytes) in &messages {
                    black_box(Sha512::new().chain_update(label).chain_update(bytes).finalize());
                }
                Ok(())
            })?);
            bare.push(timed(|| {
                let mut rest = &joined[..];
                for (label, bytes) in &messages {
                    let (message, behind) = rest.split_at(label.len() + bytes.len());
                    black_box(Sha512::digest(message));
                    rest = behind;
                }
                Ok(())
            })?);
            reads.push(timed(|| self.read(Mode::Fast))?);
        }
        let (hash, read) = (best(&hashes), best(&reads));
        let ratio = median_ratio(&reads, &hashes);
        println!("ratio_to_hashing_joined: {:.3}", median_ratio(&reads, &bare));
        println!("hashing_ns: {:.0}", hash / self.entries.len() as f64 * 1e9);
        println!("reading_ns: {:.0}", read / self.entries.len() as f64 * 1e9);
        Ok(Hashing { ratio, rate: self.entries.len() as f64 / read })
    }

    fn every_signature(&self) -> Result<EverySignature, String> {
        let messages: Vec<([u8; 64], [u8; 88])> = self
            .entries
            .iter()
            .map(|entry| {
                let receipt: Receipt<'_> = Entry::decode(entry).expect("an entry").receipt;
                let (signature, message) = receipt.signed(&self.domain);
                (*signature, message)
            })
            .collect();
        let (mut raws, mut stricts, mut audits) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..SIGNED_ROUNDS {
            raws.push(timed(|| {
                on_all_cores(round, &messages, |signature, message| {
                    seam::verify(&self.device, &[message], signature)
                })
            })?);
            stricts.push(timed(|| {
                on_all_cores(round, &messages, |signature, message| {
                    let key = ed25519_dalek::VerifyingKey::from_bytes(&self.device);
                    let signature = ed25519_dalek::Signature::from_bytes(signature);
                    let strict = key.and_then(|key| key.verify_strict(message, &signature));
                    strict.map_err(|_| SignatureFault::Mismatch)
                })
            })?);
            audits.push(timed(|| self.read(Mode::Thorough))?);
        }
        let rate = self.entries.len() as f64 / best(&audits);
        let (ratio, to_strict) = (median_ratio(&raws, &audits), median_ratio(&stricts, &audits));
        Ok(EverySignature { ratio, to_strict, rate })
    }
}

/// Verifies all messages on all cores. How fast dalek's vector code is depends on the address of the
/// stack, so each round stands elsewhere on it.
fn on_all_cores(
    round: usize,
    messages: &[([u8; 64], [u8; 88])],
    verify: impl Fn(&[u8; 64], &[u8; 88]) -> Result<(), SignatureFault> + Sync,
) -> Result<(), String> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (queue, failed) = (Mutex::new(messages.chunks(128)), Mutex::new(0));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                deeper(round % DEPTHS, &mut || {
                    while let Some(batch) = { queue.lock().expect("no panic").next() } {
                        for (signature, message) in batch {
                            if black_box(verify(signature, message)).is_err() {
                                *failed.lock().expect("no panic") += 1;
                            }
                        }
                    }
                });
            });
        }
    });
    let failed = *failed.lock().expect("no panic");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} signatures don't hold")) }
}

/// Works some steps deeper on the stack.
#[inline(never)]
fn deeper(steps: usize, work: &mut dyn FnMut()) {
    let room = black_box([0_u8; 208]);
    match steps {
        0 => work(),
        _ => deeper(steps - 1, work),
    }
    black_box(room);
}

fn timed(work: impl FnOnce() -> Result<(), String>) -> Result<Duration, String> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// The median of the ratios of what ran one after the other: whatever else the machine does takes
/// time from both.
fn median_ratio(of: &[Duration], to: &[Duration]) -> f64 {
    let ratio = |(of, to): (&Duration, &Duration)| of.as_secs_f64() / to.as_secs_f64();
    let mut ratios: Vec<f64> = of.iter().zip(to).map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn best(times: &[Duration]) -> f64 {
    times.iter().min().map_or(0.0, Duration::as_secs_f64)
}
