//! A command that is killed, or left alone.

use std::{
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use keyward_store::random::Random;

/// What a command said, and how it ended.
pub struct Ran {
    pub killed: bool,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// To its end, or to that of all that it has started.
    pub took: Duration,
}

impl Ran {
    /// The output, if it did what it was asked.
    pub fn done(self) -> Result<String, String> {
        match self.code {
            Some(0) => Ok(self.out),
            _ => Err(format!("{:?}: {}{}", self.code, self.out, self.err)),
        }
    }
}

/// Runs a command, and kills it after so long. What it has started goes on, and is waited for: it
/// has standard error open.
pub fn run(command: &mut Command, kill: Option<Duration>) -> Result<Ran, String> {
    let fail = |error: std::io::Error| error.to_string();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().map_err(fail)?;
    if let Some(after) = kill {
        thread::sleep(after);
        child.kill().map_err(fail)?;
    }
    let ended = child.wait_with_output().map_err(fail)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (out, err) = (text(ended.stdout), text(ended.stderr));
    let code = ended.status.code();
    Ok(Ran { killed: is_killed(ended.status), code, out, err, took: began.elapsed() })
}

fn is_killed(status: ExitStatus) -> bool {
    status.code().is_none()
}

/// How long a command takes that is left alone, and when it is killed.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub Duration);

/// Runs that a median is of.
pub const RUNS: usize = 5;

impl Span {
    /// The median of some runs, each of which says how long it took.
    pub fn of(mut one: impl FnMut() -> Result<Ran, String>) -> Result<Self, String> {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let ran = one()?;
            times.push(ran.took);
            ran.done()?;
        }
        times.sort();
        Ok(Self(times[times.len() / 2]))
    }

    /// Three times as long.
    pub fn thrice(self) -> Self {
        Self(self.0 * 3)
    }

    /// Any moment of it, and a tenth more.
    pub fn moment(self, random: &mut Random) -> Duration {
        let micros = usize::try_from(self.0.as_micros()).unwrap_or(1_000_000);
        let at = random.below(micros * 11 / 10 + 1);
        Duration::from_micros(u64::try_from(at).unwrap_or(0))
    }
}
