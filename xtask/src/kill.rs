//! A lock over files, killed between any two system calls, a thousand times.
//!
//! A child is the lock's host, see `kill/child.rs`. It ends in front of the n-th system call by
//! which its store changes a file, or within a write; every fourth is killed from without, at any
//! moment. The next child lives on in the same directory, and is held to all that was said before.
//! A killed process loses nothing that it has written: what `fsync` is for isn't tried here.

mod child;

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

use keyward_store::random::Random;

/// The variable that tells a child in front of which system call it ends.
const ABORT_AT: &str = "KEYWARD_ABORT_AT";

/// Steps of a life, one an hour: a claim, openings, statements.
const STEPS: u64 = 60;

/// A child ends at this call, at the latest, or lives to the end: some five openings.
const CALLS: usize = 150;

/// What the owner publishes at a step.
enum News {
    List,
    Keyset,
    Epoch,
}

const fn news(step: u64) -> Option<News> {
    match step % 30 {
        5 | 15 | 25 => Some(News::List),
        20 => Some(News::Keyset),
        // Seldom, for it begins a new log before the old one is full.
        29 => Some(News::Epoch),
        _ => None,
    }
}

/// Kills so many hosts: `--times N`, 1000 by default.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let times: u64 = match arguments {
        [child, rest @ ..] if child == "child" => return child::run(rest),
        [] => 1000,
        [flag, number] if flag == "--times" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask kill [--times N]".into()),
    };
    println!("A lock's host over files is killed at any system call; the next one lives on.");
    let place = env::temp_dir().join(format!("keyward-kill-{}", process::id()));
    let mut report = Report::default();
    let mut random = Random::new(1);
    while report.kills < times {
        report.lives += 1;
        let mut life = Life::new(place.clone(), report.lives);
        while life.step < STEPS && report.kills < times {
            life.live(&mut random, &mut report).map_err(|error| error.to_string())?;
        }
        fs::remove_dir_all(&place).map_err(|error| error.to_string())?;
    }
    println!("kills: {}", report.kills);
    println!("kills_from_without: {}", report.from_without);
    println!("lives: {}", report.lives);
    println!("openings: {}", report.openings);
    println!("replacements: {}", report.replacements);
    println!("decisions_interrupted: {}", report.interrupted);
    println!("doors_found_open: {}", report.due);
    println!("uses_tried_again: {}", report.tried);
    println!("spent_unsaid: {}", report.spent_unsaid);
    println!("violations: {}", report.violations.len());
    for violation in report.violations.iter().take(5) {
        println!("VIOLATION {violation}");
    }
    if report.violations.is_empty() { Ok(()) } else { Err("a host lost what it had said".into()) }
}

#[derive(Default)]
struct Report {
    kills: u64,
    from_without: u64,
    lives: u64,
    openings: u64,
    replacements: u64,
    interrupted: u64,
    due: u64,
    tried: u64,
    /// Uses that were spent by a decision which nobody heard of.
    spent_unsaid: u64,
    violations: Vec<String>,
}

/// How the door is, by what was said.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Open,
    Closed,
    /// Something was tried and not confirmed.
    Unsure,
}

/// One lock's life, by what its hosts have said.
struct Life {
    place: PathBuf,
    seed: u64,
    /// The step that isn't done.
    step: u64,
    /// Single-use tokens, by their steps, for which a permit was given.
    spent: Vec<u64>,
    trust: Vec<u64>,
    nonces: BTreeSet<String>,
    /// The last decision for which a permit was given, and whether its outcome was told.
    decision: Option<(i128, bool)>,
    door: Door,
    inode: u64,
}

impl Life {
    fn new(place: PathBuf, seed: u64) -> Self {
        let (spent, trust, nonces) = (Vec::new(), Vec::new(), BTreeSet::new());
        let (decision, door, inode) = (None, Door::Closed, 0);
        Self { place, seed, step: 0, spent, trust, nonces, decision, door, inode }
    }

    /// Starts a host, kills it, and judges what it said.
    fn live(&mut self, random: &mut Random, report: &mut Report) -> std::io::Result<()> {
        // Their three hours are over.
        self.spent.retain(|token| token + 2 >= self.step);
        report.tried += u64::try_from(self.spent.len()).unwrap_or(0);
        let spent: Vec<String> = self.spent.iter().map(u64::to_string).collect();
        let from_without = random.below(4) == 0;
        let at = if from_without { 0 } else { 1 + random.below(CALLS) };
        let mut child = Command::new(env::current_exe()?)
            .args(["kill", "child"])
            .arg(&self.place)
            .args([self.seed.to_string(), self.step.to_string(), spent.join(",")])
            .env(ABORT_AT, at.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = child.stdout.take().map(BufReader::new);
        let (after, wait) = (1 + random.below(40), random.below(400));
        for (count, line) in lines.into_iter().flat_map(BufRead::lines).enumerate() {
            let line = line?;
            if let Err(fault) = self.hears(&line, report) {
                report.violations.push(format!("{}: {fault}", self.name()));
            }
            if from_without && count == after {
                thread::sleep(Duration::from_micros(u64::try_from(wait).unwrap_or(0)));
                child.kill()?;
            }
        }
        let ended = child.wait_with_output()?;
        if ended.status.code().is_none() {
            report.kills += 1;
            report.from_without += u64::from(from_without);
        } else if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr);
            report.violations.push(format!("{}: {}", self.name(), said.trim()));
            self.step = STEPS;
        }
        let inode = inode(&self.place.join("log"));
        report.replacements += u64::from(inode != self.inode);
        self.inode = inode;
        Ok(())
    }

    fn name(&self) -> String {
        format!("life {}, step {}", self.seed, self.step)
    }

    fn hears(&mut self, line: &str, report: &mut Report) -> Result<(), String> {
        let mut words = line.split(' ');
        let word = words.next().unwrap_or_default();
        let text: Vec<&str> = words.collect();
        let number = |at: usize| -> i128 {
            text.get(at).and_then(|text| text.parse().ok()).unwrap_or(i128::MIN)
        };
        match word {
            "unclaimed" if self.trust.is_empty() => Ok(()),
            "interrupted" => self.interrupted(number(0), report),
            "due" => {
                report.due += u64::from(number(0) == 1);
                match (self.door, number(0)) {
                    (Door::Open, 1) | (Door::Closed, 0) | (Door::Unsure, _) => Ok(()),
                    (Door::Open, _) => Err("an open door isn't due".into()),
                    (Door::Closed, _) => Err("a closed door is due".into()),
                }
            }
            "holds" | "trusts" => {
                let trust: Vec<u64> = text.iter().filter_map(|text| text.parse().ok()).collect();
                let older = trust < self.trust;
                let told = format!("holds {trust:?} after {:?}", self.trust);
                if trust.first() > self.trust.first() {
                    // An epoch begins without counts.
                    self.spent.clear();
                }
                self.trust = trust;
                if older { Err(told) } else { Ok(()) }
            }
            "nonce" => match self.nonces.insert(text.concat()) {
                true => Ok(()),
                false => Err("a nonce comes again".into()),
            },
            "try" => Ok(()),
            "opening" => {
                self.door = Door::Unsure;
                self.decision = self.decision.map(|(last, _)| (last, true));
                Ok(())
            }
            "spent" => {
                report.spent_unsaid += 1;
                Ok(())
            }
            "permit" => {
                report.openings += 1;
                let last = self.decision.map_or(-1, |(last, _)| last);
                self.decision = Some((number(0), false));
                self.door = Door::Open;
                self.spent.extend(u64::try_from(number(1)));
                if number(0) > last { Ok(()) } else { Err(format!("{line} after {last}")) }
            }
            "recorded" => {
                self.decision = Some((number(0), true));
                Ok(())
            }
            "securing" => {
                if self.door == Door::Open {
                    self.door = Door::Unsure;
                }
                Ok(())
            }
            "secured" => {
                self.door = Door::Closed;
                Ok(())
            }
            "done" => {
                self.step = u64::try_from(number(0)).map_or(self.step, |step| step + 1);
                Ok(())
            }
            _ => Err(format!("says {line}")),
        }
    }

    /// A start tells the decision whose outcome nobody knows.
    fn interrupted(&mut self, told: i128, report: &mut Report) -> Result<(), String> {
        report.interrupted += u64::from(told >= 0);
        let expected = match self.decision {
            // Its outcome may be durable and unsaid.
            Some((last, false)) => told == last || told == -1,
            // Another may be durable and unsaid, behind statements that are entries, too.
            Some((last, true)) => told == -1 || (told > last && self.door == Door::Unsure),
            None => told == -1 || (told >= 0 && self.door == Door::Unsure),
        };
        let fault = format!("tells that {told} was cut off, after {:?}", self.decision);
        if told >= 0 {
            self.decision = Some((told, true));
        }
        if expected { Ok(()) } else { Err(fault) }
    }
}

#[cfg(unix)]
fn inode(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&match fs::metadata(path) {
        Ok(data) => data,
        Err(_) => return 0,
    })
}

#[cfg(not(unix))]
fn inode(_path: &Path) -> u64 {
    0
}
