//! The owner's side: a domain, its keys, and what is issued, by the command line as well.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use super::process::{Ran, run};

/// A directory with a domain's keys. It is removed with the desk.
pub struct Desk {
    program: PathBuf,
    place: PathBuf,
}

impl Desk {
    /// Founds a domain with one of each key.
    pub fn new(program: PathBuf) -> Result<Self, String> {
        let place = env::temp_dir().join(format!("keyward-cli-{}", process::id()));
        fs::create_dir(&place).map_err(|error| error.to_string())?;
        let desk = Self { program, place };
        let keys = [("cold", "cold"), ("cold", "next"), ("root", "root"), ("issuer", "office")];
        for (class, name) in keys.into_iter().chain([("holder", "guest"), ("holder", "lost")]) {
            desk.done(&["key", "new", class, "-o", &format!("{name}.key")])?;
        }
        let epoch = "epoch new --cold cold.pub --root root.pub --next next.pub -o epoch";
        let keyset = "keyset new --issuer office.pub=issue,attest,revoke,enrol -o keyset";
        for line in [
            epoch,
            "epoch cosign epoch --key cold.key",
            keyset,
            "keyset cosign keyset --key root.key",
        ] {
            desk.says(line)?;
        }
        Ok(desk)
    }

    /// Where all is.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The program, in the desk's directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.place);
        for variable in ["DOMAIN", "ZONE", "BOOK", "PASSPHRASE_FILE", "BOLT"] {
            command.env_remove(format!("KEYWARD_{variable}"));
        }
        command
    }

    /// Runs it to its end.
    pub fn ran(&self, arguments: &[&str]) -> Result<Ran, String> {
        run(&mut self.command(arguments), None)
    }

    /// Runs it, and it does what it was asked.
    pub fn done(&self, arguments: &[&str]) -> Result<String, String> {
        let done = self.ran(arguments)?.done();
        done.map_err(|error| format!("{}: {error}", arguments.join(" ")))
    }

    /// The same for words without spaces in them.
    pub fn says(&self, line: &str) -> Result<String, String> {
        self.done(&line.split(' ').collect::<Vec<_>>())
    }

    /// A domain's file of its own for a life, so that no file grows long.
    pub fn copy_domain(&self, name: &str) -> Result<(), String> {
        let copied = fs::copy(self.place.join("domain.kw"), self.place.join(name));
        copied.map(drop).map_err(|error| error.to_string())
    }

    /// The program's name, for a phone's command.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.place);
    }
}
