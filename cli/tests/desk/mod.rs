//! A folder in which commands are run, as a person would.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::{
    env,
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A zone whose clocks never change: a day later there is the same time once, on every day.
pub const ZONE: &str = "UTC";

/// A folder, removed at the end.
pub struct Desk(tempfile::TempDir);

impl Desk {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with a domain: keys `cold-0`, `cold-1`, `root`, `office` (issues, revokes, enrols),
    /// `watch` (attests), `log`, `company`, `courier`, `camera`.
    pub fn with_domain() -> Self {
        let desk = Self::new();
        for line in [
            "key new cold -o cold-0.key cold-1.key",
            "key new root -o root.key",
            "key new issuer -o office.key watch.key",
            "key new sealing -o log.key",
            "key new holder -o company.key courier.key",
            "key new witness -o camera.key",
            "epoch new --cold cold-0.pub --root root.pub --next cold-1.pub -o epoch.kw",
            "epoch cosign epoch.kw --key cold-0.key",
            "keyset new --issuer office.pub=issue,revoke,enrol --issuer watch.pub=attest \
             --log-to log.pub --door-zone Europe/Berlin -o keyset.kw",
            "keyset cosign keyset.kw --key root.key",
        ] {
            desk.done(line);
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The program, about to run here; nothing of the caller's surroundings reaches it.
    pub fn command(&self) -> Command {
        self.here(env!("CARGO_BIN_EXE_keyward"))
    }

    /// The same in a session of its own, where there is no terminal to ask anybody.
    pub fn command_without_terminal(&self) -> Command {
        let mut command = self.here("setsid");
        command.args(["--wait", env!("CARGO_BIN_EXE_keyward")]);
        command
    }

    fn here(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for name in ["DOMAIN", "BOOK", "PASSPHRASE_FILE"] {
            command.env_remove(format!("KEYWARD_{name}"));
        }
        command.env("PATH", self.path_variable()).env("KEYWARD_ZONE", ZONE);
        command.current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    /// `PATH`, with the program first.
    pub fn path_variable(&self) -> OsString {
        let bin = Path::new(env!("CARGO_BIN_EXE_keyward")).parent().unwrap();
        let others = env::var_os("PATH").unwrap_or_default();
        let paths = [bin.to_owned()].into_iter().chain(env::split_paths(&others));
        env::join_paths(paths).unwrap()
    }

    /// Runs a line of words, among which single quotes hold together.
    pub fn run(&self, line: &str) -> Output {
        self.command().args(words(line)).output().unwrap()
    }

    /// Runs a line with this input.
    pub fn fed(&self, line: &str, input: &[u8]) -> Output {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.args(words(line)).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that has seen enough closes its end.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Runs a line that must succeed; returns what it prints.
    pub fn done(&self, line: &str) -> String {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
        stdout(&output)
    }

    /// Runs a line that must fail with this exit code; returns its one line of error.
    pub fn fails(&self, line: &str, exit: i32) -> String {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(exit), "{line}: {}", stderr(&output));
        let error = stderr(&output);
        assert_eq!(error.lines().count(), 1, "{line}: {error}");
        error
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Splits a line at spaces outside of single quotes.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
