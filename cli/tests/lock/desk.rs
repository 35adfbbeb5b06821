//! A domain and a lock in a directory of their own, by the command line.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// An owner with one of each key, and what he has issued.
pub(crate) struct Desk(TempDir);

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// A domain with a lock `flat`, which is unclaimed.
    pub(crate) fn new(lock_new: &str) -> Self {
        let desk = Self(TempDir::new().unwrap());
        for (class, name) in [
            ("cold", "cold"),
            ("cold", "next"),
            ("root", "root"),
            ("emergency", "glass"),
            ("issuer", "office"),
            ("holder", "guest"),
            ("sealing", "log"),
        ] {
            desk.done(&format!("key new {class} -o {name}.key"));
        }
        let epoch = "epoch new --cold cold.pub --root root.pub --next next.pub";
        desk.done(&format!("{epoch} --emergency glass.pub -o epoch"));
        desk.done("epoch cosign epoch --key cold.key");
        desk.done("keyset new --issuer office.pub=issue,attest,revoke,enrol -o keyset");
        desk.done("keyset cosign keyset --key root.key");
        desk.done(&format!("lock new flat {lock_new}"));
        desk
    }

    /// The same with a lock that is enrolled and claimed as `flat-12a`.
    pub(crate) fn claimed() -> Self {
        let desk = Self::new("");
        desk.enrol("flat-12a");
        desk.done("lock claim flat --lock flat-12a");
        desk
    }

    /// Issues the lock's card.
    pub(crate) fn enrol(&self, name: &str) {
        self.done(&format!(
            "card {name} --unclaimed flat/unclaimed --key office.key --unchallenged true"
        ));
    }

    /// Issues a token to the guest.
    pub(crate) fn issue(&self, file: &str, caveats: &str) {
        let to = "--to guest.pub --lock flat-12a --for 1d";
        self.done(&format!("token issue --key office.key {to} {caveats} -o {file}"));
    }

    /// Opens the lock with a phone that presents a token.
    pub(crate) fn opens(&self, presenting: &str) -> Said {
        self.phone("open", presenting, &[])
    }

    /// The same with more options, or for a release.
    pub(crate) fn phone(&self, verb: &str, presenting: &str, more: &[&str]) -> Said {
        let program = env!("CARGO_BIN_EXE_keyward");
        let phone = format!("'{program}' present {presenting} --key guest.key --challenge -");
        self.run(&[&["lock", verb, "flat", "--phone", &phone], more].concat())
    }

    /// Runs a line of words without spaces in them.
    pub(crate) fn says(&self, line: &str) -> Said {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// The same, and it does what it was asked.
    pub(crate) fn done(&self, line: &str) -> String {
        let said = self.says(line);
        assert_eq!(said.code, Some(0), "{line}: {}{}", said.out, said.err);
        said.out
    }

    /// Runs a command.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        Said::of(command.stdin(Stdio::null()).output().unwrap())
    }

    /// Starts a command that is talked to.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            let said = output.lines().map_while(Result::ok);
            said.for_each(|line| drop(send.send(line)));
        });
        Running { child, lines }
    }

    /// A command in the desk's directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command.args(arguments).current_dir(self.0.path());
        for variable in ["DOMAIN", "BOOK", "PASSPHRASE_FILE", "BOLT"] {
            command.env_remove(format!("KEYWARD_{variable}"));
        }
        // Where the clocks change, a day later is not always one time.
        command.env("KEYWARD_ZONE", "UTC");
        command
    }

    /// A file's path.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file's text.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// A command that runs while the test talks to it. It is killed with it.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// The next line that it says; none in half a minute is a failure.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("it says nothing")
    }

    /// Gives it its input, which ends then; what it still says, and its exit code.
    pub(crate) fn tell(&mut self, input: &str) -> (Vec<String>, Option<i32>) {
        self.child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let told = self.lines.iter().collect();
        (told, self.child.wait().unwrap().code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _code = self.child.wait();
    }
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It was granted, and the bolt has moved.
    pub(crate) fn assert_done(&self) {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        assert!(self.out.contains(", done"), "{}", self.out);
    }

    /// It was denied, or refused, for this.
    pub(crate) fn assert_no(&self, reason: &str) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(self.err.contains(reason), "{}", self.err);
    }
}
