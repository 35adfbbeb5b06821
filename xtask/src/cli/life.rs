//! One life of a lock, and the first command of the next.

use std::process::Command;

use keyward_store::random::Random;
use serde_json::Value;

use super::{
    Report,
    desk::Desk,
    process::{Ran, run},
    rehearsal::Spans,
    uses::{Use, Way},
};

/// Single-use tokens and codes of a life: one issuer's part of a lock's table.
const USES: usize = 12;

/// How often a command that isn't an opening is killed in a row, at most.
const KILLS: usize = 3;

/// Lives a life of a lock from its drawing to its release.
pub fn live(
    desk: &Desk,
    spans: &Spans,
    number: u64,
    random: &mut Random,
    report: &mut Report,
) -> Result<(), String> {
    let life = Life::new(desk, number)?;
    life.begin(spans, random, report)?;
    for place in 0..USES {
        if place == USES / 2 {
            life.revoke(spans, random, report)?;
        }
        let (way, span) = spans.ways[random.below(spans.ways.len())];
        life.one_use(place, way, random)?.spend(span, random, report)?;
    }
    life.release(spans, random, report)
}

/// A lock, and what its owner calls it.
pub(super) struct Life<'d> {
    desk: &'d Desk,
    lock: String,
    name: String,
    domain: String,
}

impl<'d> Life<'d> {
    /// A life that hasn't begun, with a domain's file of its own.
    pub(super) fn new(desk: &'d Desk, number: u64) -> Result<Self, String> {
        let (lock, name) = (format!("life-{number}"), format!("flat{number}"));
        let domain = format!("domain-{number}.kw");
        desk.copy_domain(&domain)?;
        Ok(Self { desk, lock, name, domain })
    }

    /// Draws the lock, enrols and claims it.
    fn begin(&self, spans: &Spans, random: &mut Random, report: &mut Report) -> Result<(), String> {
        for _ in 0..kills(random) {
            let ran = run(&mut self.drawing(), Some(spans.new.moment(random)))?;
            if !ran.killed {
                break;
            }
            report.killed("new");
        }
        let ran = run(&mut self.drawing(), None)?;
        if ran.code != Some(0) && !ran.err.contains("there is a lock already") {
            report.violation(format!("{}: new: {}", self.lock, ran.err.trim()));
        }
        self.show()?;
        self.claim(spans, random, report)
    }

    fn claim(&self, spans: &Spans, random: &mut Random, report: &mut Report) -> Result<(), String> {
        self.enrol()?;
        for _ in 0..kills(random) {
            let ran = run(&mut self.claiming(), Some(spans.claim.moment(random)))?;
            if !ran.killed {
                break;
            }
            report.killed("claim");
            let is_claimed = self.show()?["state"] == "claimed";
            if ran.out.contains("claimed for") && !is_claimed {
                report.violation(format!("{}: claimed, and forgot it", self.lock));
            }
        }
        let ran = run(&mut self.claiming(), None)?;
        if ran.code != Some(0) && !ran.err.contains("AlreadyClaimed") {
            report.violation(format!("{}: claim: {}", self.lock, ran.err.trim()));
        }
        match self.show()?["lock"] == *self.name {
            true => Ok(()),
            false => Err("the claimed lock doesn't know its name".into()),
        }
    }

    /// A use that nobody has had yet.
    fn one_use(&self, place: usize, way: Way, random: &mut Random) -> Result<Use<'d>, String> {
        let token = format!("{}.{place}", self.lock);
        let mut caveats = vec!["--right", "unlock"];
        if !way.by_code {
            caveats.extend(["--uses", "1"]);
        }
        // The door must be secured in time: a command stays until then. The bolt's file would not
        // tell afterwards what was between.
        let relocks = random.below(2) == 0;
        if relocks {
            caveats.extend(["--max-open", "2s"]);
        }
        self.issue(&token, &caveats)?;
        let file = if way.by_code { self.code(&token)? } else { token };
        Ok(Use { stays: relocks && way.by_command, ..self.used(way, file) })
    }

    /// Revokes a token that the lock knows; once it says that it took the list, it holds it.
    fn revoke(
        &self,
        spans: &Spans,
        random: &mut Random,
        report: &mut Report,
    ) -> Result<(), String> {
        let token = format!("{}.revoked", self.lock);
        self.issue(&token, &["--right", "unlock"])?;
        self.owner(&["revoke", &token])?;
        for _ in 0..kills(random) {
            let ran = run(&mut self.sync(), Some(spans.sync.moment(random)))?;
            if !ran.killed {
                break;
            }
            report.killed("sync");
            let holds = self.show()?["list"]["number"].as_u64() >= Some(1);
            if ran.out.contains("taken: list") && !holds {
                report.violation(format!("{}: a list was taken and lost", self.lock));
            }
        }
        run(&mut self.sync(), None)?.done()?;
        let way = Way { by_code: false, by_command: false };
        let used = self.used(way, token);
        let (ran, moved) = used.tried(None)?;
        if moved > 0 || !ran.out.contains("LinkRevoked") {
            report.violation(format!("{}: a revoked token: {}{}", self.lock, ran.out, ran.err));
        }
        Ok(())
    }

    /// Releases the lock, whose next life knows nothing of this one, and lets it be claimed again.
    fn release(
        mut self,
        spans: &Spans,
        random: &mut Random,
        report: &mut Report,
    ) -> Result<(), String> {
        let token = format!("{}.release", self.lock);
        self.issue(&token, &["--right", "release"])?;
        let shown = format!("{}/unclaimed", self.lock);
        let before = std::fs::read(self.desk.place().join(&shown)).unwrap_or_default();
        for _ in 0..kills(random) {
            let ran = run(&mut self.releasing(&token), Some(spans.release.moment(random)))?;
            if !ran.killed {
                break;
            }
            report.killed("release");
            self.ended(&ran, report)?;
        }
        let ran = run(&mut self.releasing(&token), None)?;
        report.cut_off += u64::from(ran.err.contains("was cut off"));
        if ran.code != Some(0) && !ran.err.contains("Unclaimed") {
            report.violation(format!("{}: release: {}{}", self.lock, ran.out, ran.err));
        }
        let after = std::fs::read(self.desk.place().join(&shown)).unwrap_or_default();
        if self.show()?["state"] != "unclaimed" || after == before {
            report.violation(format!("{}: a released lock isn't new", self.lock));
        }
        self.name = format!("next{}", &self.name[4..]);
        self.claim(spans, random, report)?;
        let (token, way) =
            (format!("{}.next", self.lock), Way { by_code: false, by_command: false });
        self.issue(&token, &["--right", "unlock"])?;
        let used = self.used(way, token);
        let (ran, moved) = used.tried(None)?;
        if moved != 1 {
            report.violation(format!("{}: the next life: {}{}", self.lock, ran.out, ran.err));
        }
        Ok(())
    }

    /// A lock that said that it was released is so; another is as it was, or is on its way there.
    fn ended(&self, ran: &Ran, report: &mut Report) -> Result<(), String> {
        let shown = self.show()?;
        let is_known = ["claimed", "unclaimed"].contains(&shown["state"].as_str().unwrap_or(""))
            || shown["fault"]["name"] == "Releasing";
        if !is_known || ran.out.contains("nobody owns") && shown["state"] != "unclaimed" {
            report.violation(format!("{}: after a release: {shown}", self.lock));
        }
        Ok(())
    }

    /// Draws the lock.
    pub(super) fn drawing(&self) -> Command {
        self.desk.command(&["lock", "new", &self.lock])
    }

    /// Issues the lock's card.
    pub(super) fn enrol(&self) -> Result<(), String> {
        let unclaimed = format!("{}/unclaimed", self.lock);
        self.owner(&["card", &self.name, "--unclaimed", &unclaimed, "--unchallenged", "true"])
    }

    /// Claims the lock.
    pub(super) fn claiming(&self) -> Command {
        self.of_domain(&["lock", "claim", &self.lock, "--lock", &self.name])
    }

    /// Brings the lock what is new.
    pub(super) fn sync(&self) -> Command {
        self.of_domain(&["lock", "sync", &self.lock])
    }

    /// Releases the lock by a token.
    pub(super) fn releasing(&self, token: &str) -> Command {
        let program = self.desk.program().display();
        let present = "--right release --key guest.key --challenge -";
        let present = format!("'{program}' present {token} {present}");
        self.desk.command(&["lock", "release", &self.lock, "--phone", &present])
    }

    /// A file's name that no other lock's file has.
    pub(super) fn file(&self, name: &str) -> String {
        format!("{}.{name}", self.lock)
    }

    /// What is presented at this lock.
    pub(super) fn used(&self, way: Way, file: String) -> Use<'d> {
        Use { desk: self.desk, lock: self.lock.clone(), way, file, stays: false }
    }

    pub(super) fn issue(&self, file: &str, caveats: &[&str]) -> Result<(), String> {
        let fixed = ["token", "issue", "--to", "guest.pub", "--lock", &self.name, "--for", "24h"];
        self.owner(&[&fixed, caveats, &["-o", file]].concat())
    }

    pub(super) fn code(&self, token: &str) -> Result<String, String> {
        let file = format!("{token}.code");
        let name = &self.name;
        let line = format!("present {token} --key guest.key --unchallenged {name} -o {file}");
        self.desk.says(&line)?;
        Ok(file)
    }

    fn of_domain(&self, arguments: &[&str]) -> Command {
        self.desk.command(&[arguments, &["--domain", &self.domain]].concat())
    }

    fn owner(&self, arguments: &[&str]) -> Result<(), String> {
        let key = ["--key", "office.key"];
        run(&mut self.of_domain(&[arguments, &key].concat()), None)?
            .done()
            .map(drop)
            .map_err(|error| format!("{}: {error}", arguments.join(" ")))
    }

    fn show(&self) -> Result<Value, String> {
        let shown = self.desk.done(&["lock", "show", &self.lock, "--json"])?;
        serde_json::from_str(&shown).map_err(|error| error.to_string())
    }
}

/// How often a command is killed in a row: not at all in half of the cases.
fn kills(random: &mut Random) -> usize {
    random.below(2 * KILLS).saturating_sub(KILLS - 1)
}
