//! The command line: how long it takes to start, and a lock of it that is killed at any moment.
//!
//! A life of a lock goes on in a directory by commands of the release binary: it is drawn, claimed,
//! opened by single-use tokens and codes, told what was revoked, released. Most commands are
//! killed, at a moment that is spread evenly over the time that such a command takes, and come
//! again until they end; a use comes again until it is refused. What the bolt did is counted by the
//! bolt: by what a command of its own wrote down, or by the file that says where it stands.
//! A killed process loses nothing that it has written: what `fsync` is for isn't tried here.

mod desk;
mod life;
mod process;
mod rehearsal;
mod startup;
mod uses;

use std::time::{Instant, SystemTime};

use keyward_store::random::Random;

use crate::programs;

use desk::Desk;
use rehearsal::Spans;

const USAGE: &str = "usage: cargo xtask cli [--dev] [--kills N] [--seed S]";

/// Builds the binary, times its start, and kills locks: `--kills N`, 1000 by default. With `--dev`
/// it is built as for the tests, which takes little where they were, and no time is told.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let seed = SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
    let (mut kills, mut seed) = (1000, seed);
    let (arguments, dev) = programs::dev(arguments);
    for pair in arguments.chunks(2) {
        let [flag, text] = pair else { return Err(USAGE.into()) };
        let number = text.parse().map_err(|_| format!("{text}: not a number"))?;
        match flag.as_str() {
            "--kills" => kills = number,
            "--seed" => seed = number,
            _ => return Err(USAGE.into()),
        }
    }
    let program = programs::built("keyward-cli", ["--bin", "keyward"], "keyward", dev)?;
    if !dev {
        startup::measure(&program)?;
    }
    println!("seed: {seed}");
    let began = Instant::now();
    let mut report = Report::default();
    let mut random = Random::new(seed);
    let desk = Desk::new(program)?;
    let spans = Spans::of(&desk)?;
    spans.print();
    let done = lives(&desk, &spans, kills, &mut random, &mut report);
    report.print(began.elapsed().as_secs());
    done?;
    let broken = report.twice > 0 || !report.violations.is_empty();
    if broken { Err("a killed lock didn't keep what it had said".into()) } else { Ok(()) }
}

fn lives(
    desk: &Desk,
    spans: &Spans,
    kills: u64,
    random: &mut Random,
    report: &mut Report,
) -> Result<(), String> {
    while report.kills() < kills {
        report.lives += 1;
        life::live(desk, spans, report.lives, random, report)
            .map_err(|error| format!("life {}: {error}", report.lives))?;
    }
    Ok(())
}

/// What was seen.
#[derive(Default)]
pub struct Report {
    lives: u64,
    /// Kills of an opening before the bolt moved, behind that and before the lock told so, and
    /// behind that.
    before: u64,
    during: u64,
    after: u64,
    /// Kills of an opening whose use was spent already.
    again: u64,
    /// Kills of other commands, by their names.
    others: Vec<(&'static str, u64)>,
    /// Single-use tokens and codes.
    uses: u64,
    /// Those by which the bolt never moved: the kill came behind the commit.
    unmoved: u64,
    twice: u64,
    secured_first: u64,
    cut_off: u64,
    violations: Vec<String>,
}

impl Report {
    fn kills(&self) -> u64 {
        let others: u64 = self.others.iter().map(|(_, count)| count).sum();
        self.before + self.during + self.after + self.again + others
    }

    fn killed(&mut self, name: &'static str) {
        match self.others.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => self.others.push((name, 1)),
        }
    }

    fn violation(&mut self, what: String) {
        self.violations.push(what);
    }

    fn print(&self, seconds: u64) {
        println!("lives: {}", self.lives);
        println!("kills: {}", self.kills());
        println!("kills_of_openings_before_the_act: {}", self.before);
        println!("kills_of_openings_during_the_act: {}", self.during);
        println!("kills_of_openings_after_the_act: {}", self.after);
        println!("kills_of_openings_of_spent_uses: {}", self.again);
        for (name, count) in &self.others {
            println!("kills_of_{name}: {count}");
        }
        println!("doors_secured_first: {}", self.secured_first);
        println!("cut_offs_told_by_the_next_start: {}", self.cut_off);
        println!("uses: {}", self.uses);
        println!("uses_spent_and_not_acted: {}", self.unmoved);
        println!("accepted_twice: {}", self.twice);
        println!("violations: {}", self.violations.len());
        for violation in self.violations.iter().take(5) {
            println!("VIOLATION {violation}");
        }
        println!("seconds: {seconds}");
    }
}
