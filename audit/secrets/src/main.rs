//! Whether keyward's time or its memory tells of a secret (SECURITY.md, *Secrets*).
//!
//! `leaks` runs everything that handles a secret under valgrind, with the secret's bytes marked as
//! undefined, as ctgrind does: each branch and each address that depends on them is reported.
//! `memory` reads the memory of a process that made, used and dropped a key.

mod draw;
mod jobs;
mod lives;
mod scan;
mod taint;
mod valgrind;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["leaks"] => valgrind::leaks(),
        ["memory"] => scan::memory(),
        // What the two above start.
        ["jobs"] => jobs::all(),
        ["planted"] => jobs::planted(),
        ["life", name] => lives::live(name),
        _ => Err("usage: keyward-secrets leaks | memory".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}
