//! Objects in files and on pipes: text forms, one a line (SPEC.md section 3.5).
//!
//! Wherever a command takes objects it takes a file, `-` for standard input, or the text itself.
//! Empty lines, and those that begin with `#`, are none.

use std::path::Path;

use keyward::{
    Card, Challenge, Claim, Claimed, Entry, Epoch, Keyset, Origin, Presentation, Receipt,
    Recording, Request, Status, Token, Unclaimed, WitnessStatement,
    seal::Sealed,
    text::{self, MAX_TEXT},
    wire::{DecodeError, Kind},
};

use crate::{
    fail::{Failure, Result},
    files,
};

/// One object that was read: its bytes decode as its kind says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

impl Object {
    /// Reads an object's text form.
    pub(crate) fn of_text(text: &str) -> std::result::Result<Self, String> {
        let mut buffer = [0; MAX_TEXT];
        if text.len() > MAX_TEXT {
            return Err(format!("longer than {MAX_TEXT} characters, which no object's text is"));
        }
        let bytes = text::decode(text, &mut buffer).map_err(|error| error.to_string())?;
        Self::of_bytes(bytes).map_err(|error| error.to_string())
    }

    /// Takes an object's bytes, if they decode.
    pub(crate) fn of_bytes(bytes: &[u8]) -> std::result::Result<Self, DecodeError> {
        let kind = kind_of(bytes).ok_or(DecodeError::WrongKind(0))?;
        decodes(kind, bytes)?;
        Ok(Self { kind, bytes: bytes.to_vec() })
    }
}

/// The text form of an object's bytes.
pub(crate) fn of(bytes: &[u8]) -> Result<String> {
    let mut buffer = [0; MAX_TEXT];
    let text = text::encode(bytes, &mut buffer);
    Ok(text.map_err(|error| Failure::input(error.to_string()))?.to_owned())
}

/// The name of a kind, as text forms have it.
pub(crate) fn name(kind: Kind) -> &'static str {
    let named = Kind::ALL.iter().find(|(known, _)| *known == kind);
    named.map_or("object", |(_, name)| *name)
}

fn kind_of(bytes: &[u8]) -> Option<Kind> {
    let byte = *bytes.get(1)?;
    Kind::ALL.iter().map(|(kind, _)| *kind).find(|kind| kind.byte() == byte)
}

/// Whether the bytes are an object of the kind, by its own decoder.
pub(crate) fn decodes(kind: Kind, bytes: &[u8]) -> std::result::Result<(), DecodeError> {
    match kind {
        Kind::Token => Token::decode(bytes).map(drop),
        Kind::Origin => Origin::decode(bytes).map(drop),
        Kind::Status => Status::decode(bytes).map(drop),
        Kind::Challenge => Challenge::decode(bytes).map(drop),
        Kind::Request => Request::decode(bytes).map(drop),
        Kind::Witness => WitnessStatement::decode(bytes).map(drop),
        Kind::Presentation => Presentation::decode(bytes).map(drop),
        Kind::Answer => keyward::Answer::decode(bytes).map(drop),
        Kind::Epoch => Epoch::decode(bytes).map(drop),
        Kind::Keyset => Keyset::decode(bytes).map(drop),
        Kind::Card => Card::decode(bytes).map(drop),
        Kind::Unclaimed => Unclaimed::decode(bytes).map(drop),
        Kind::Claim => Claim::decode(bytes).map(drop),
        Kind::Claimed => Claimed::decode(bytes).map(drop),
        Kind::Sealed => Sealed::decode(bytes).map(drop),
        Kind::Receipt => Receipt::decode(bytes).map(drop),
        Kind::Entry => Entry::decode(bytes).map(drop),
        Kind::Recording => Recording::decode(bytes).map(drop),
        _ => Err(DecodeError::WrongKind(0)),
    }
}

/// The objects that an argument names.
pub(crate) fn read(argument: &str) -> Result<Vec<Object>> {
    if argument.starts_with("kw1.") {
        let object = Object::of_text(argument);
        return Ok(vec![
            object.map_err(|why| Failure::input(format!("{}…: {why}", head(argument))))?,
        ]);
    }
    let text = files::read(Path::new(argument))?;
    let text = std::str::from_utf8(&text)
        .map_err(|_| Failure::input(format!("{argument}: not text; objects are kw1.… lines")))?;
    let mut objects = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim_end)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let object = Object::of_text(line);
        let object =
            object.map_err(|why| Failure::input(format!("{argument}, line {number}: {why}")))?;
        objects.push(object);
    }
    if objects.is_empty() {
        return Err(Failure::input(format!("{argument}: no object in it")));
    }
    Ok(objects)
}

/// The objects that several arguments name.
pub(crate) fn read_all(arguments: &[String]) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for argument in arguments {
        objects.extend(read(argument)?);
    }
    Ok(objects)
}

/// The one object of a kind that an argument names; others beside it are passed over.
pub(crate) fn one(argument: &str, kind: Kind) -> Result<Vec<u8>> {
    pick(&read(argument)?, kind, argument)
}

/// The same from a file that is to be written anew: neither standard input nor a text is one.
pub(crate) fn one_of_file(path: &Path, kind: Kind) -> Result<Vec<u8>> {
    let argument = path.to_string_lossy();
    if argument == "-" || argument.starts_with("kw1.") {
        let argument = head(&argument);
        return Err(Failure::input(format!("{argument}: it is written anew, so give its file")));
    }
    one(&argument, kind)
}

/// The one object of a kind.
pub(crate) fn pick(objects: &[Object], kind: Kind, source: &str) -> Result<Vec<u8>> {
    let mut found = objects.iter().filter(|object| object.kind == kind);
    let source = head(source);
    match (found.next(), found.next()) {
        (Some(object), None) => Ok(object.bytes.clone()),
        (None, _) => Err(Failure::input(format!("{source}: no {} in it", name(kind)))),
        (Some(_), Some(_)) => {
            Err(Failure::input(format!("{source}: more than one {} in it", name(kind))))
        }
    }
}

/// The beginning of a text that may be long.
fn head(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A token with the origin that its holder must know.
pub(crate) struct Capability {
    pub(crate) origin: Vec<u8>,
    pub(crate) token: Vec<u8>,
}

impl Capability {
    /// Reads both from a file: `token issue` writes them as two lines.
    pub(crate) fn read(argument: &str) -> Result<Self> {
        let objects = read(argument)?;
        Ok(Self {
            origin: pick(&objects, Kind::Origin, argument)?,
            token: pick(&objects, Kind::Token, argument)?,
        })
    }
}
