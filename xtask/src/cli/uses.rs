//! One use of a token or code, which comes again until it is refused.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use keyward_store::random::Random;

use super::{
    Report,
    desk::Desk,
    process::{Ran, Span, run},
};

/// How a use is presented, and how the bolt is watched: four ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// A code without a challenge, or a token at a challenge.
    pub by_code: bool,
    /// A command moves the bolt, or its file says where it stands.
    pub by_command: bool,
}

impl Way {
    pub const ALL: [Self; 4] = [
        Self { by_code: false, by_command: false },
        Self { by_code: false, by_command: true },
        Self { by_code: true, by_command: false },
        Self { by_code: true, by_command: true },
    ];

    pub const fn name(self) -> &'static str {
        match (self.by_code, self.by_command) {
            (false, false) => "token, bolt's file",
            (false, true) => "token, bolt's command",
            (true, false) => "code, bolt's file",
            (true, true) => "code, bolt's command",
        }
    }
}

/// What is presented at a lock's directory.
pub struct Use<'d> {
    pub desk: &'d Desk,
    /// The lock's directory.
    pub lock: String,
    pub way: Way,
    /// The file of the token, or of the code.
    pub file: String,
    /// Whether the lock stays until the door must be secured.
    pub stays: bool,
}

/// Kills of one use that isn't known to be spent, and behind that.
const KILLS: u32 = 6;
const KILLS_AGAIN: u32 = 2;

impl Use<'_> {
    /// Presents it until it is refused.
    pub fn spend(
        &self,
        span: Span,
        random: &mut Random,
        report: &mut Report,
    ) -> Result<(), String> {
        let (mut acted, mut kills, mut again) = (0, 0, 0);
        report.uses += 1;
        // One that stays is killed while it waits, too.
        let span = if self.stays { span.thrice() } else { span };
        let refusal = loop {
            let was_spent = acted > 0;
            let kills_on = if was_spent { again < KILLS_AGAIN } else { kills < KILLS };
            let kill = kills_on.then(|| span.moment(random));
            let (ran, moved) = self.tried(kill)?;
            acted += moved;
            report.secured_first += u64::from(ran.err.contains("secured first"));
            report.cut_off += u64::from(ran.err.contains("was cut off"));
            if ran.killed {
                let told = ran.out.contains(", done");
                let counted = match (was_spent, moved > 0, told) {
                    (true, ..) => &mut report.again,
                    (false, false, _) => &mut report.before,
                    (false, true, false) => &mut report.during,
                    (false, true, true) => &mut report.after,
                };
                *counted += 1;
                if was_spent {
                    again += 1
                } else {
                    kills += 1
                };
                if told && moved == 0 {
                    report.violation(format!("{}: told, and the bolt stood", self.file));
                }
                continue;
            }
            match ran.code {
                Some(0) if moved == 1 => {}
                Some(0) => report.violation(format!("{}: done, moved {moved}", self.file)),
                _ => break format!("{}{}", ran.out, ran.err),
            }
        };
        let expected = if self.way.by_code { "CounterRefused" } else { "UsesSpent" };
        if !refusal.contains(expected) {
            report.violation(format!("{}: {}", self.file, refusal.trim()));
        }
        report.unmoved += u64::from(acted == 0);
        report.twice += u64::from(acted > 1);
        Ok(())
    }

    /// Presents it once; how often the bolt moved.
    pub fn tried(&self, kill: Option<Duration>) -> Result<(Ran, usize), String> {
        let before = self.moves()?;
        if !self.way.by_command {
            // Somebody has turned the bolt by hand: it is to be seen moving.
            fs::write(self.bolt(), "locked\n").map_err(|error| error.to_string())?;
        }
        let ran = run(&mut self.opening(), kill)?;
        let moved = match self.way.by_command {
            true => self.moves()? - before,
            false => {
                let stands = fs::read(self.bolt()).map_err(|error| error.to_string())?;
                usize::from(stands == b"open\n")
            }
        };
        Ok((ran, moved))
    }

    fn opening(&self) -> Command {
        let mut command = self.desk.command(&["lock", "open", &self.lock]);
        if !self.stays {
            command.arg("--no-wait");
        }
        if self.way.by_code {
            command.args(["--code", &self.file]);
        } else {
            let program = self.desk.program().display();
            command
                .arg("--phone")
                .arg(format!("'{program}' present {} --key guest.key --challenge -", self.file));
        }
        if self.way.by_command {
            let moves = self.moves_file();
            let moves = moves.display();
            // It takes a while after the bolt has moved, as a motor does.
            command.arg("--bolt").arg(format!(
                "[ \"$KEYWARD_RIGHT\" != unlock ] || {{ echo >> '{moves}'; sleep 0.002; }}"
            ));
        }
        command
    }

    fn bolt(&self) -> PathBuf {
        self.desk.place().join(&self.lock).join("bolt")
    }

    /// The file with a line for each time that the bolt moved.
    fn moves_file(&self) -> PathBuf {
        self.desk.place().join(format!("{}.moves", self.file))
    }

    fn moves(&self) -> Result<usize, String> {
        match fs::read(self.moves_file()) {
            Ok(lines) => Ok(lines.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.to_string()),
        }
    }
}
