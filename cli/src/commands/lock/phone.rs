//! A phone that a lock serves: a command, or whoever writes to standard input.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use crate::fail::{Failure, Result};

/// Starts a phone, and gives it the challenge.
pub(super) fn started(command: &str, challenge: &str) -> Result<(Child, impl BufRead + use<>)> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::trouble(format!("sh: {error}")))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (Some(mut input), Some(output)) = (input, output) else {
        return Err(Failure::trouble("sh: no pipes"));
    };
    // A phone that doesn't want it has its own.
    let _heard = writeln!(input, "{challenge}");
    Ok((child, BufReader::new(output)))
}

/// How a phone's command ended. One that goes on is ended: it must not keep the door open.
pub(super) fn ended_soon(child: &mut Child) -> Result<Option<ExitStatus>> {
    for _ in 0..50 {
        if let Some(ended) = child.try_wait()? {
            return Ok(Some(ended));
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// The lines of a reader, from a thread that may be left behind in the middle of one.
pub(super) fn lines_of(mut reader: impl BufRead + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, lines) = mpsc::sync_channel(0);
    thread::spawn(move || {
        loop {
            let mut text = Vec::new();
            let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut text);
            if !matches!(read, Ok(1..)) || send.send(text).is_err() {
                return;
            }
        }
    });
    lines
}

/// Bytes of the longest line that is read as one.
const MAX_LINE: u64 = 8192;
