//! Where a made object goes: standard output or a file, and a QR code of it.

use std::path::PathBuf;

use clap::Args;
use qrcode::{EcLevel, QrCode, render::svg, render::unicode::Dense1x2};
use serde_json::{Value, json};

use crate::{
    app::App,
    fail::{Failure, Result},
    files, object,
};

/// Where to.
#[derive(Args, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "it is the option's name")]
pub(crate) struct Out {
    /// Writes to this file, and a sentence on what it is to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Shows a QR code at the terminal too
    #[arg(long)]
    qr: bool,
    /// Writes a QR code as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Out {
    /// Hands out objects, one a line, with a sentence that says what they are and what more JSON
    /// tells.
    pub(crate) fn objects(
        &self,
        app: &App,
        objects: &[&[u8]],
        sentence: &str,
        more: Value,
    ) -> Result<()> {
        let texts = objects.iter().map(|bytes| object::of(bytes)).collect::<Result<Vec<_>>>()?;
        let listed = texts.iter().zip(objects).map(|(text, bytes)| {
            let kind = text.split('.').nth(1).unwrap_or_default();
            json!({ "kind": kind, "bytes": bytes.len(), "text": text })
        });
        let listed: Vec<Value> = listed.collect();
        self.text(app, &texts.join("\n"), sentence, with(more, "objects", listed.into()))
    }

    /// Hands out a text that is not to be lost.
    pub(crate) fn text(&self, app: &App, text: &str, sentence: &str, more: Value) -> Result<()> {
        if let Some(path) = &self.out {
            files::replace(path, format!("{text}\n").as_bytes())?;
        }
        self.show(app, text, sentence, more)
    }

    /// The same for what only this user may read.
    pub(crate) fn private(&self, app: &App, text: &str, sentence: &str, more: Value) -> Result<()> {
        if let Some(path) = &self.out {
            files::replace_private(path, format!("{text}\n").as_bytes())?;
        }
        self.show(app, text, sentence, more)
    }

    fn show(&self, app: &App, text: &str, sentence: &str, more: Value) -> Result<()> {
        let file = self.out.as_ref().map(|path| path.display().to_string());
        match &file {
            Some(file) => app.say(&format!("{file}: {sentence}"), &with(more, "file", json!(file))),
            None => app.say(text, &more),
        }
        self.codes(text)
    }

    /// A QR code holds what is on the last line: of a token and its origin, both are needed, so a
    /// text of several lines is one code.
    fn codes(&self, text: &str) -> Result<()> {
        if !self.qr && self.svg.is_none() {
            return Ok(());
        }
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L);
        let code = code.map_err(|_| {
            Failure::input(format!("{} characters are too many for a QR code", text.len()))
        })?;
        if self.qr {
            // A terminal is dark: what is to be light is drawn.
            let mut drawn = code.render::<Dense1x2>();
            eprintln!("{}", drawn.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
        }
        if let Some(path) = &self.svg {
            let drawn = code.render::<svg::Color<'_>>().min_dimensions(256, 256).build();
            files::replace(path, drawn.as_bytes())?;
        }
        Ok(())
    }
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
