//! `keyward key`: draws keys, and says what one is.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use age::secrecy::SecretString;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    app::{App, line},
    class::{AnyPublic, Class},
    fail::{Failure, Result},
    files, key,
    out::Out,
    terminal::{aside, plain, plain_lines},
};

/// Draws keys, and says what one is
#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Draws a key into FILE, for this user alone, and writes its public half beside it
    New(New),
    /// Shows the public half of keys
    Show(Show),
}

#[derive(Args, Debug)]
pub(crate) struct New {
    /// What the key is for
    class: Class,
    /// The secret key's file, or - for standard output; the public key is FILE with the ending .pub.
    /// For several keys several files
    #[arg(short, long, required = true, num_args = 1.., value_name = "FILE")]
    out: Vec<PathBuf>,
    /// Encrypts the file by a passphrase (age)
    #[arg(long)]
    encrypt: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Public keys, or files of keys; - is standard input
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    /// Writes lines for an address book: a key's name, and its file's
    #[arg(long)]
    as_book: bool,
    #[command(flatten)]
    out: Out,
}

impl KeyCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::New(new) => new.run(app),
            Self::Show(show) => show.run(app),
        }
    }
}

impl New {
    fn run(self, app: &App) -> Result<()> {
        self.check_places()?;
        let passphrase = self.encrypt.then(|| app.new_passphrase()).transpose()?;
        let mut keys = Vec::new();
        for path in &self.out {
            let (public, file) = self.draw(path, passphrase.clone())?;
            if let Some(file) = file.as_ref().filter(|_| !app.json) {
                line(&plain_lines(&format!("{file}: {}", sentence(&public))));
            }
            keys.push(told(&public, file.as_deref())?);
        }
        if app.json {
            line(&json!({ "keys": keys }).to_string());
        }
        Ok(())
    }

    /// Nothing is drawn where a file is there, or two would have one name: `a.x` and `a.y` have one
    /// public half's.
    fn check_places(&self) -> Result<()> {
        let files = self.out.iter().filter(|path| *path != Path::new("-"));
        let mut places = BTreeSet::new();
        for place in files.flat_map(|path| [path.clone(), path.with_extension("pub")]) {
            if place.symlink_metadata().is_ok() {
                return Err(files::taken(&place));
            }
            if let Some(twice) = places.replace(place) {
                let twice = twice.display();
                return Err(Failure::input(format!(
                    "{twice}: two keys' files, or the halves of one, have this name; \
                     FILE.key and FILE.pub belong together"
                )));
            }
        }
        Ok(())
    }

    /// Draws a key into a file; returns its public half and where that is.
    fn draw(
        &self,
        path: &Path,
        passphrase: Option<SecretString>,
    ) -> Result<(AnyPublic, Option<String>)> {
        let secret = self.class.draw()?;
        let public = self.class.public_of(&secret)?;
        let text = match passphrase {
            Some(passphrase) => key::encrypt(&secret, passphrase)?.into(),
            None => secret,
        };
        if path == Path::new("-") {
            line(text.trim_end());
            aside(&public.text()?);
            return Ok((public, None));
        }
        files::create_private(path, format!("{}\n", text.trim_end()).as_bytes())?;
        let beside = path.with_extension("pub");
        files::create_public(&beside, format!("{}\n", public.text()?).as_bytes())?;
        Ok((public, Some(beside.display().to_string())))
    }
}

impl Show {
    fn run(self, app: &App) -> Result<()> {
        let keys = self.keys.iter().map(|argument| {
            let key = key::any_public(app, argument)?;
            Ok((argument, key))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        if self.as_book {
            let lines = keys.iter().filter_map(|(argument, key)| book_line(argument, key));
            let text = lines.collect::<Vec<_>>().join("\n");
            return self.out.text(app, &text, "an address book", json!({ "book": text }));
        }
        let texts = keys.iter().map(|(_, key)| key.text()).collect::<Result<Vec<_>>>()?;
        let mut sentences: Vec<_> = keys.iter().map(|(_, key)| sentence(key)).collect();
        if self.out.file().is_none() && !app.json {
            for sentence in &sentences {
                aside(sentence);
            }
        }
        let told = keys.iter().map(|(argument, key)| told(key, Some(argument)));
        let told = told.collect::<Result<Vec<Value>>>()?;
        let sentence = sentences.pop().unwrap_or_default();
        self.out.text(app, &texts.join("\n"), &sentence, json!({ "keys": told }))
    }
}

fn sentence(key: &AnyPublic) -> String {
    let class = key.class.name();
    match (key.class, key.names) {
        (Class::Issuer, Some((id, name))) => format!("{class} key {name}, id {id}"),
        (_, Some((_, name))) => format!("{class} key {name}"),
        (_, None) => format!("{class} key"),
    }
}

fn told(key: &AnyPublic, file: Option<&str>) -> Result<Value> {
    Ok(json!({
        "class": key.class.name(),
        "public": key.text()?,
        "name": key.names.map(|(_, name)| name.to_string()),
        "id": key.names.map(|(id, _)| id.to_string()),
        "file": file,
    }))
}

/// A key's name and its file's, without folder and ending; issuers are in books by their id.
fn book_line(argument: &str, key: &AnyPublic) -> Option<String> {
    let (id, name) = key.names?;
    let label = PathBuf::from(argument);
    let label = label.file_stem().map_or_else(String::new, |stem| plain(&stem.to_string_lossy()));
    Some(match key.class {
        Class::Issuer => format!("{name} {label}\n{id} {label}"),
        _ => format!("{name} {label}"),
    })
}

/// The bytes of the key's text are no secret; asked for one, this is the answer.
pub(crate) fn on_the_command_line() -> Failure {
    Failure::input(
        "a secret key on the command line is seen by others and kept by the shell: \
         put it into a file (mode 600), or pipe it to --key -",
    )
}
