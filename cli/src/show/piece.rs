//! Texts and what could be read of each: an object, or one that is damaged.
//!
//! Other commands refuse the whole input for one bad line; here the damage is what is asked about.

use std::path::Path;

use keyward::{
    text::{self, MAX_TEXT},
    wire::{DecodeError, Kind, VERSION},
};

use crate::{
    fail::{Failure, Result},
    files,
    object::{self, Object},
    why::malformed,
};

/// What one text held.
pub(super) enum Piece {
    Whole(Object),
    Damaged(Damaged),
}

/// An object that doesn't decode, or no object at all.
pub(super) struct Damaged {
    /// Where it stood.
    pub(super) source: String,
    /// Its kind, if its second byte, or else its text, names one.
    pub(super) kind: Option<Kind>,
    /// Its bytes as far as there are any.
    pub(super) bytes: Vec<u8>,
    /// What the decoder says; none where the text is at fault.
    pub(super) error: Option<DecodeError>,
    /// Why, in a clause.
    pub(super) why: String,
}

/// Reads arguments as [`object::read`] does, and goes on behind what is damaged.
pub(super) fn read(arguments: &[String]) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for argument in arguments {
        if argument.starts_with("kw1.") {
            let head: String = argument.chars().take(24).collect();
            pieces.push(piece(argument, format!("{head}…")));
            continue;
        }
        let text = files::read(Path::new(argument))?;
        let text = std::str::from_utf8(&text).map_err(|_| {
            Failure::input(format!("{argument}: not text; objects are kw1.… lines"))
        })?;
        let before = pieces.len();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        if lines > MAX_PIECES {
            return Err(Failure::input(format!(
                "{argument}: over {MAX_PIECES} objects; show fewer at a time"
            )));
        }
        for (number, line) in (1..).zip(text.lines().map(str::trim_end)) {
            if !line.is_empty() && !line.starts_with('#') {
                pieces.push(piece(line, format!("{argument}, line {number}")));
            }
        }
        if pieces.len() == before {
            return Err(Failure::input(format!("{argument}: no object in it")));
        }
    }
    Ok(pieces)
}

/// Lines of an input that are read at most: more than a log of [`files::MAX_INPUT`] bytes has, and
/// few enough that damaged ones take little memory.
const MAX_PIECES: usize = 1 << 15;

/// Reads texts that stand in no file.
#[cfg(test)]
pub(super) fn of_texts(texts: &[String]) -> Vec<Piece> {
    texts.iter().map(|text| piece(text, "here".into())).collect()
}

/// The objects that are whole.
pub(super) fn whole(pieces: &[Piece]) -> Vec<Object> {
    let whole = pieces.iter().filter_map(|piece| match piece {
        Piece::Whole(object) => Some(object.clone()),
        Piece::Damaged(_) => None,
    });
    whole.collect()
}

fn piece(text: &str, source: String) -> Piece {
    let mut buffer = [0; MAX_TEXT];
    let bytes = match text::decode(text, &mut buffer) {
        Ok(bytes) => bytes,
        Err(_) if text.len() > MAX_TEXT => {
            let why = format!("longer than {MAX_TEXT} characters, which no object's text is");
            return Piece::Damaged(of_text(text, source, &why));
        }
        Err(error) => return Piece::Damaged(of_text(text, source, &error.to_string())),
    };
    match Object::of_bytes(bytes) {
        Ok(object) => Piece::Whole(object),
        Err(error) => {
            let (kind, why) = (kind_of(bytes), malformed(error));
            Piece::Damaged(Damaged { source, kind, bytes: bytes.to_vec(), error: Some(error), why })
        }
    }
}

/// Of a text that is cut or garbled, what its sound beginning holds.
fn of_text(text: &str, source: String, why: &str) -> Damaged {
    let why = match text {
        text if text.starts_with("kw1public.") => "a public key; `keyward key show` tells of it",
        text if text.starts_with("kw1secret.") => "a secret key, which nobody is to show",
        _ => why,
    };
    let mut damaged =
        Damaged { source, kind: None, bytes: Vec::new(), error: None, why: why.into() };
    let Some((name, base64)) = text.strip_prefix("kw1.").and_then(|rest| rest.split_once('.'))
    else {
        return damaged;
    };
    damaged.kind = Kind::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind);
    let is_sound = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let mut sound: String = base64.chars().take_while(is_sound).take(MAX_TEXT / 4 * 3).collect();
    sound.truncate(sound.len() / 4 * 4);
    let mut buffer = [0; MAX_TEXT];
    if let Ok(bytes) = text::decode(&format!("kw1.{name}.{sound}"), &mut buffer) {
        damaged.bytes = bytes.to_vec();
        damaged.error = object_error(&damaged.bytes);
    }
    damaged
}

fn object_error(bytes: &[u8]) -> Option<DecodeError> {
    object::decodes(kind_of(bytes)?, bytes).err()
}

/// The kind that version and second byte say.
fn kind_of(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [VERSION, byte, ..] => {
            Kind::ALL.iter().map(|(kind, _)| *kind).find(|kind| kind.byte() == *byte)
        }
        _ => None,
    }
}
