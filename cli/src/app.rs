//! What all commands share: where the domain's statements are, which zone people's times are in,
//! how the answer is to be written.

use std::{
    fs,
    path::{Path, PathBuf},
};

use age::secrecy::SecretString;
use clap::Args;
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};
use keyward::Time;
use keyward_audit::Book;
use serde_json::Value;

use crate::{
    domain::DomainFile,
    fail::{Failure, Result},
    files, key,
    terminal::{plain_json, plain_lines},
    when::Clock,
};

pub(crate) use crate::terminal::line;

/// Options of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The domain's statements: epochs, keysets, list and cards, which anybody may read
    #[arg(
        long,
        global = true,
        env = "KEYWARD_DOMAIN",
        default_value = "domain.kw",
        value_name = "FILE"
    )]
    domain: PathBuf,
    /// The time zone in which times are read and told; the system's without it
    #[arg(long, global = true, env = "KEYWARD_ZONE", value_name = "NAME")]
    zone: Option<String>,
    /// An address book: lines of a key's name, a space and a label
    #[arg(long, global = true, env = "KEYWARD_BOOK", value_name = "FILE")]
    book: Option<PathBuf>,
    /// The passphrase of encrypted keys: the first line of this file
    #[arg(long, global = true, env = "KEYWARD_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Writes the answer as JSON (cli/JSON.md)
    #[arg(long, global = true)]
    json: bool,
}

impl Common {
    /// Whether failures are told as JSON too.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }
}

/// The options, understood.
pub(crate) struct App {
    pub(crate) domain: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) json: bool,
    pub(crate) book: Book,
    passphrase_file: Option<PathBuf>,
}

impl App {
    pub(crate) fn new(common: Common) -> Result<Self> {
        let zone = match &common.zone {
            Some(name) => TimeZone::get(name).map_err(|_| {
                Failure::input(format!("--zone {name}: no such zone; Europe/Berlin is one"))
            })?,
            None => TimeZone::system(),
        };
        let book = match &common.book {
            Some(path) => Self::book(path)?,
            None => Book::default(),
        };
        let Common { domain, json, passphrase_file, .. } = common;
        // What lies beside the file, its serials, is one for all links to it.
        let domain = match domain.is_symlink() {
            true => fs::canonicalize(&domain).unwrap_or(domain),
            false => domain,
        };
        let clock = Clock { now: ZonedDateTime::new(Timestamp::now(), zone) };
        Ok(Self { domain, clock, json, book, passphrase_file })
    }

    fn book(path: &Path) -> Result<Book> {
        let text = files::read(path)?;
        // Its labels stand in sentences, which terminals show.
        let text = plain_lines(&String::from_utf8_lossy(&text));
        Book::read(&text).map_err(|error| Failure::input(format!("{}, {error}", path.display())))
    }

    /// The domain's statements, verified.
    pub(crate) fn domain(&self) -> Result<DomainFile> {
        DomainFile::read(&self.domain)
    }

    /// The present, by the system's clock.
    pub(crate) fn now(&self) -> Time {
        Time(u64::try_from(self.clock.now.timestamp().as_second()).unwrap_or(0))
    }

    /// The passphrase of an encrypted key.
    pub(crate) fn passphrase(&self, path: &Path) -> Result<SecretString> {
        let what = format!("Passphrase of {}", path.display());
        key::passphrase(self.passphrase_file.as_deref(), &what, false)
    }

    /// A passphrase for a new key, asked for twice.
    pub(crate) fn new_passphrase(&self) -> Result<SecretString> {
        key::passphrase(self.passphrase_file.as_deref(), "Passphrase", true)
    }

    /// Writes the answer, as lines or as JSON.
    pub(crate) fn say(&self, lines: &str, json: &Value) {
        match self.json {
            true => line(&plain_json(json)),
            false => line(&plain_lines(lines)),
        }
    }
}

/// The system's generator.
pub(crate) fn random() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
