//! Keys in files: a secret one for its owner alone, in the clear or encrypted by a passphrase; a
//! public one beside it.
//!
//! A secret key never stands on a command line: other users see that, and the shell keeps it.

use std::{
    fs,
    io::{BufReader, Read},
    path::Path,
};

use age::{armor::ArmoredReader, secrecy::SecretString};
use keyward::{OpeningKey, PublicKey, SealingKey, SigningKey, role::Role, text};
use zeroize::Zeroizing;

use crate::{
    app::App,
    class::AnyPublic,
    fail::{Failure, Result},
    files,
};

const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const BINARY: &[u8] = b"age-encryption.org/v1";

/// Reads a secret key of a class from a file, or from standard input for `-`.
pub(crate) fn signing<R: Role>(app: &App, path: &Path) -> Result<SigningKey<R>> {
    of_secret(path, &secret(app, path)?)
}

/// A secret key of a class, by its text. A pipe is read but once.
pub(crate) fn of_secret<R: Role>(path: &Path, text: &str) -> Result<SigningKey<R>> {
    text::decode_secret::<R>(text).map_err(|_| other(path, R::NAME, text))
}

/// Reads a key that opens what is sealed.
pub(crate) fn opening(app: &App, path: &Path) -> Result<OpeningKey> {
    let text = secret(app, path)?;
    text::decode_opening(&text).map_err(|_| other(path, OpeningKey::NAME, &text))
}

fn other(path: &Path, wanted: &str, text: &str) -> Failure {
    let path = path.display();
    match class(text) {
        Some(name) if name == wanted => Failure::input(format!("{path}: a {name} key, damaged")),
        Some(name) => Failure::input(format!("{path}: a key of the class {name}, not {wanted}")),
        None => Failure::input(format!("{path}: no secret key (kw1secret.…) in it")),
    }
}

/// The class that a secret key's text names, if the text is one.
pub(crate) fn class(text: &str) -> Option<&str> {
    text.strip_prefix("kw1secret.")?.split_once('.').map(|(name, _)| name)
}

/// Reads the text of a secret key.
pub(crate) fn secret(app: &App, path: &Path) -> Result<Zeroizing<String>> {
    if path != Path::new("-") {
        check_private(path)?;
    }
    opened(app, path, Zeroizing::new(files::read(path)?))
}

/// The text of a secret key that was read, decrypted where it must be.
fn opened(app: &App, path: &Path, bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>> {
    let plain = match is_encrypted(&bytes) {
        true => decrypt(&bytes, app.passphrase(path)?, path)?,
        false => bytes,
    };
    let text = std::str::from_utf8(&plain);
    let text = text.map_err(|_| Failure::input(format!("{}: not a key", path.display())))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(ARMOR) || bytes.starts_with(BINARY)
}

fn decrypt(bytes: &[u8], passphrase: SecretString, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let bad = |error: age::DecryptError| {
        let path = path.display();
        Failure::input(match error {
            age::DecryptError::DecryptionFailed => format!("{path}: not this passphrase"),
            error => format!("{path}: {error}"),
        })
    };
    let armored = ArmoredReader::new(BufReader::new(bytes));
    let decryptor = age::Decryptor::new(armored).map_err(bad)?;
    let identity = age::scrypt::Identity::new(passphrase);
    let identity: &dyn age::Identity = &identity;
    let mut reader = decryptor.decrypt(std::iter::once(identity)).map_err(bad)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(128));
    let read = reader.by_ref().take(1024).read_to_end(&mut plain);
    read.map_err(|error| Failure::reading(path, &error))?;
    Ok(plain)
}

/// A secret key's text, encrypted by a passphrase, in age's armoured form.
pub(crate) fn encrypt(text: &str, passphrase: SecretString) -> Result<String> {
    let recipient = age::scrypt::Recipient::new(passphrase);
    age::encrypt_and_armor(&recipient, text.as_bytes())
        .map_err(|error| Failure::trouble(error.to_string()))
}

/// A key that others can read is nobody's secret.
#[cfg(unix)]
pub(crate) fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let found = fs::metadata(path).map_err(|error| Failure::reading(path, &error))?;
    let mode = found.permissions().mode() & 0o777;
    if found.is_file() && mode & 0o077 != 0 {
        let path = path.display();
        return Err(Failure::input(format!(
            "{path}: others can read it (mode {mode:03o}); run `chmod 600 {path}`, or draw another key"
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn check_private(path: &Path) -> Result<()> {
    fs::metadata(path).map(drop).map_err(|error| Failure::reading(path, &error))
}

/// A public key of a class: its text, a file that holds it, or the file of its secret half.
pub(crate) fn public<R: Role>(app: &App, argument: &str) -> Result<PublicKey<R>> {
    let any = any_public(app, argument)?;
    match any.class.name() == R::NAME {
        true => PublicKey::from_bytes(&any.bytes)
            .map_err(|error| Failure::input(format!("{argument}: {error}"))),
        false => Err(wrong_class(argument, any.class.name(), R::NAME)),
    }
}

/// The key that something is sealed to.
pub(crate) fn sealing(app: &App, argument: &str) -> Result<SealingKey> {
    let any = any_public(app, argument)?;
    match any.class.name() == OpeningKey::NAME {
        true => Ok(SealingKey::from_bytes(any.bytes)),
        false => Err(wrong_class(argument, any.class.name(), OpeningKey::NAME)),
    }
}

fn wrong_class(argument: &str, got: &str, wanted: &str) -> Failure {
    Failure::input(format!("{argument}: a key of the class {got}, not {wanted}"))
}

/// A public key of any class.
pub(crate) fn any_public(app: &App, argument: &str) -> Result<AnyPublic> {
    let bad = |why: String| Failure::input(format!("{argument}: {why}"));
    if argument.starts_with("kw1public.") {
        return AnyPublic::of_text(argument).map_err(bad);
    }
    let path = Path::new(argument);
    let bytes = Zeroizing::new(files::read(path)?);
    if is_encrypted(&bytes) && path.with_extension("pub").exists() {
        let text = files::read(&path.with_extension("pub"))?;
        return of_file(&text).map_err(bad);
    }
    if is_encrypted(&bytes) || bytes.starts_with(b"kw1secret.") {
        if path != Path::new("-") {
            check_private(path)?;
        }
        let text = opened(app, path, bytes)?;
        let class = class(&text).and_then(crate::class::Class::by_name);
        return class.ok_or_else(|| bad("no key in it".into()))?.public_of(&text);
    }
    of_file(&bytes).map_err(bad)
}

fn of_file(bytes: &[u8]) -> std::result::Result<AnyPublic, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not a key")?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    AnyPublic::of_text(lines.find(|line| !line.starts_with('#')).unwrap_or_default())
}

/// Asks for a passphrase, or reads the first line of a file that holds it.
pub(crate) fn passphrase(file: Option<&Path>, what: &str, twice: bool) -> Result<SecretString> {
    let text = match file {
        Some(path) => {
            check_private(path)?;
            let bytes = Zeroizing::new(files::read(path)?);
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Failure::input(format!("{}: not text", path.display())))?;
            text.lines().next().unwrap_or_default().to_owned()
        }
        None => {
            let first = asked(what)?;
            if twice && asked("Once more")? != first {
                return Err(Failure::input("the two are not the same"));
            }
            first
        }
    };
    match text.is_empty() {
        true => Err(Failure::input(
            "no passphrase: at a terminal one is asked for, elsewhere give --passphrase-file",
        )),
        false => Ok(SecretString::from(text)),
    }
}

fn asked(what: &str) -> Result<String> {
    rpassword::prompt_password(format!("{what}: ")).map_err(|error| {
        Failure::input(format!(
            "no passphrase ({error}): without a terminal give --passphrase-file"
        ))
    })
}
