//! Where a made object goes: standard output or a file, and a QR code of it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::{app::App, code::Codes, fail::Result, files, object};

/// Where to.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct Out {
    /// Writes to this file, and a sentence on what it is to standard output; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    codes: Codes,
}

impl Out {
    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.out.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Hands out objects, one a line, with a sentence that says what they are and what more JSON
    /// tells.
    pub(crate) fn objects(
        &self,
        app: &App,
        objects: &[&[u8]],
        sentence: &str,
        more: Value,
    ) -> Result<()> {
        let (text, more) = listed(objects, more)?;
        self.text(app, &text, sentence, more)
    }

    /// The same for objects that only this user may read.
    pub(crate) fn private_objects(
        &self,
        app: &App,
        objects: &[&[u8]],
        sentence: &str,
        more: Value,
    ) -> Result<()> {
        let (text, more) = listed(objects, more)?;
        self.private(app, &text, sentence, more)
    }

    /// Hands out a text that is not to be lost.
    pub(crate) fn text(&self, app: &App, text: &str, sentence: &str, more: Value) -> Result<()> {
        self.give(app, text, sentence, more, false)
    }

    /// The same for what only this user may read, in a picture too.
    pub(crate) fn private(&self, app: &App, text: &str, sentence: &str, more: Value) -> Result<()> {
        self.give(app, text, sentence, more, true)
    }

    fn give(&self, app: &App, text: &str, sentence: &str, more: Value, secret: bool) -> Result<()> {
        match self.file() {
            Some(path) => {
                let write = if secret { files::replace_private } else { files::replace };
                write(path, format!("{text}\n").as_bytes())?;
                let file = path.display().to_string();
                app.say(&format!("{file}: {sentence}"), &with(more, "file", json!(file)));
            }
            None => app.say(text, &more),
        }
        self.codes.draw(text, secret)
    }
}

/// Objects as lines, and in JSON.
fn listed(objects: &[&[u8]], more: Value) -> Result<(String, Value)> {
    let texts = objects.iter().map(|bytes| object::of(bytes)).collect::<Result<Vec<_>>>()?;
    let listed = texts.iter().zip(objects).map(|(text, bytes)| {
        let kind = text.split('.').nth(1).unwrap_or_default();
        json!({ "kind": kind, "bytes": bytes.len(), "text": text })
    });
    let listed: Vec<Value> = listed.collect();
    Ok((texts.join("\n"), with(more, "objects", listed.into())))
}

/// A JSON object with one more field.
pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    object
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
