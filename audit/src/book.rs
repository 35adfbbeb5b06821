//! An address book: what the auditor calls keys and issuers.

use std::{collections::HashMap, fmt};

use keyward::id::{KeyId, KeyName, Prefix};

/// Labels of keys and issuers.
#[derive(Clone, Debug, Default)]
pub struct Book {
    keys: HashMap<KeyName, String>,
    issuers: HashMap<KeyId, String>,
}

/// A line of an address book that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLabel {
    /// The line, from 1.
    pub line: u64,
}

impl fmt::Display for NoLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        write!(f, "line {line}: not 16 or 32 hexadecimal digits, a space and a label")
    }
}

impl std::error::Error for NoLabel {}

impl Book {
    /// Reads lines of a `KeyName` (32 hexadecimal digits) or an issuer's `KeyId` (16), a space and a
    /// label. Empty lines and those that begin with `#` are none.
    ///
    /// # Errors
    /// [`NoLabel`] for the first line that is neither.
    pub fn read(text: &str) -> Result<Self, NoLabel> {
        let mut book = Self::default();
        for (line, text) in (1..).zip(text.lines().map(str::trim)) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (name, label) = text.split_once(char::is_whitespace).ok_or(NoLabel { line })?;
            let label = label.trim().to_owned();
            let (key, issuer) = (from_hex(name).map(KeyName), from_hex(name).map(KeyId));
            match (key, issuer) {
                (Some(key), _) => drop(book.keys.insert(key, label)),
                (None, Some(issuer)) => drop(book.issuers.insert(issuer, label)),
                (None, None) => return Err(NoLabel { line }),
            }
        }
        Ok(book)
    }

    /// Labels a key.
    pub fn call(&mut self, key: KeyName, label: &str) {
        self.keys.insert(key, label.to_owned());
    }

    /// Labels an issuer.
    pub fn call_issuer(&mut self, issuer: KeyId, label: &str) {
        self.issuers.insert(issuer, label.to_owned());
    }

    /// A key's label, if it has one.
    pub fn label(&self, key: &KeyName) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// The label of a key, by what revocation lists know it by.
    pub fn label_of_prefix(&self, prefix: Prefix) -> Option<&str> {
        let mut keys = self.keys.iter();
        keys.find(|(key, _)| Prefix::from(**key) == prefix).map(|(_, label)| label.as_str())
    }

    pub(crate) fn key(&self, key: &KeyName) -> String {
        self.label(key).map_or_else(|| format!("key {key}"), str::to_owned)
    }

    pub(crate) fn issuer(&self, issuer: &KeyId) -> String {
        let label = self.issuers.get(issuer);
        label.map_or_else(|| format!("issuer {issuer}"), String::clone)
    }
}

/// `N` bytes by their hexadecimal digits.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != N.checked_mul(2)? {
        return None;
    }
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        let is_digit = |digit: char| digit.is_ascii_hexdigit();
        *byte = u8::from_str_radix(digits, 16).ok().filter(|_| digits.chars().all(is_digit))?;
    }
    Some(out)
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            out.push(char::from_digit(digit.into(), 16).unwrap_or('?'));
        }
    }
    out
}
