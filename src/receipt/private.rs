//! The private part of an entry: who, by whose authority, with which witness; or who was denied, and
//! why (SPEC.md section 24.3).

use crate::{
    crypto,
    id::{EvidenceId, KeyId, KeyName, LinkId},
    limits::{MAX_DENIED, MAX_LINKS, MAX_PRIVATE, MAX_WITNESSES},
    preimage::Label,
    time::Time,
    wire::{DecodeError, EncodeError, Encoded, Entries, Part, Reader, Writer},
};

/// The private part of an entry. Its salt is the lock's secret until it is told, so that nobody
/// finds out by its hash what was erased.
#[derive(Clone, Copy, Debug)]
pub struct Private<'a> {
    /// What it tells.
    pub about: About<'a>,
    body: &'a [u8],
}

/// What a private part tells.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// Who opened.
    Opening(Opening<'a>),
    /// Who was denied.
    Denials(DeniedRows<'a>),
}

/// Who opened, by whose authority, with which witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening<'a> {
    /// Who signed link 0.
    pub issuer: KeyId,
    /// Whose key asked.
    pub holder: KeyName,
    links: &'a [[u8; 16]],
    witnesses: &'a [[u8; 32]],
}

/// A witness that agreed, and what it named as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessName {
    /// The witness's key.
    pub witness: KeyName,
    /// The evidence.
    pub evidence: EvidenceId,
}

/// Denials of one kind and person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The code of the denial (SPEC.md section 15); 0 for all that had no row of their own.
    pub code: u16,
    /// Whose key asked, where its signature held.
    pub holder: Option<KeyName>,
    /// How many.
    pub count: u32,
    /// The earliest that the first can have been.
    pub first: Time,
    /// The earliest that the last can have been.
    pub last: Time,
}

/// The rows of an entry of denials, 1 to [`MAX_DENIED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeniedRows<'a>(Entries<'a>);

impl<'a> DeniedRows<'a> {
    /// The rows.
    pub fn rows(self) -> impl Iterator<Item = Denied> + use<'a> {
        self.0.read(Denied::read)
    }
}

impl<'a> Opening<'a> {
    /// The links' bytes.
    pub(crate) const fn links_raw(&self) -> &'a [[u8; 16]] {
        self.links
    }

    /// The links of the token, from the issuer's on.
    pub fn links(&self) -> impl Iterator<Item = LinkId> + use<'a> {
        self.links.iter().copied().map(LinkId)
    }

    /// The witnesses that agreed.
    pub fn witnesses(&self) -> impl Iterator<Item = WitnessName> + use<'a> {
        self.witnesses.iter().filter_map(|bytes| {
            let (witness, evidence) = bytes.split_first_chunk()?;
            let evidence = EvidenceId(evidence.try_into().ok()?);
            Some(WitnessName { witness: KeyName(*witness), evidence })
        })
    }
}

const OPENING: u8 = 0;
const DENIALS: u8 = 1;

/// Bytes of the salt in front of a private part.
pub(crate) const SALT: usize = 16;

impl<'a> Private<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (about, body) = reader.span(|reader| {
            let _salt = reader.take(SALT)?;
            match reader.u8()? {
                OPENING => Some(About::Opening(read_opening(reader)?)),
                DENIALS => Some(About::Denials(read_denied(reader)?)),
                _ => reader.refuse(DecodeError::OutOfRange(Part::Tag)),
            }
        })?;
        Some(Self { about, body })
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        hash(self.body)
    }
}

/// What a public part names its private part by.
pub(crate) fn hash(body: &[u8]) -> [u8; 32] {
    crypto::hash(&[Label::PRIVATE.bytes(), body])
}

/// The private part of an opening: its salt, its tag, and what `write` tells behind.
pub(crate) fn private_opening(
    salt: &[u8; SALT],
    write: &dyn Fn(&mut Writer<'_>),
) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
    private(salt, OPENING, write)
}

/// The private part of denials, likewise.
pub(crate) fn private_denials(
    salt: &[u8; SALT],
    write: &dyn Fn(&mut Writer<'_>),
) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
    private(salt, DENIALS, write)
}

fn private(
    salt: &[u8; SALT],
    tag: u8,
    write: &dyn Fn(&mut Writer<'_>),
) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
    Encoded::written(&|out| {
        out.raw(salt);
        out.raw(&[tag]);
        write(out);
    })
}

/// Reads who opened.
pub(crate) fn read_opening<'a>(reader: &mut Reader<'a>) -> Option<Opening<'a>> {
    let (issuer, holder) = (KeyId(*reader.array()?), KeyName(*reader.array()?));
    let links = reader.some(Part::Links, MAX_LINKS)?;
    let links = reader.take(links.saturating_mul(16))?.as_chunks().0;
    let witnesses = reader.count(Part::Witnesses, MAX_WITNESSES)?;
    let witnesses = reader.take(witnesses.saturating_mul(32))?.as_chunks().0;
    Some(Opening { issuer, holder, links, witnesses })
}

/// Writes who opened.
pub(crate) fn put_opening(
    out: &mut Writer<'_>,
    issuer: KeyId,
    holder: KeyName,
    links: impl Iterator<Item = LinkId> + Clone,
    witnesses: impl Iterator<Item = WitnessName> + Clone,
) {
    out.raw(&issuer.0);
    out.raw(&holder.0);
    out.integer(count(links.clone()));
    links.for_each(|link| out.raw(&link.0));
    out.integer(count(witnesses.clone()));
    for WitnessName { witness, evidence } in witnesses {
        out.raw(&witness.0);
        out.raw(&evidence.0);
    }
}

/// Reads who was denied.
pub(crate) fn read_denied<'a>(reader: &mut Reader<'a>) -> Option<DeniedRows<'a>> {
    let count = reader.some(Part::Rows, MAX_DENIED)?;
    let ((), bytes) =
        reader.span(|reader| (0..count).try_for_each(|_| Denied::read(reader).map(drop)))?;
    Some(DeniedRows(Entries::of(bytes, count)))
}

/// Writes who was denied.
pub(crate) fn put_denied<'r>(out: &mut Writer<'_>, rows: impl Iterator<Item = &'r Denied> + Clone) {
    out.integer(count(rows.clone()));
    for Denied { code, holder, count, first, last } in rows {
        out.integer((*code).into());
        out.optional(holder.as_ref().map(|holder| holder.0.as_slice()));
        out.integer((*count).into());
        out.integer(first.0);
        out.integer(last.0);
    }
}

impl Denied {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let code = reader.u16()?;
        let holder = reader.optional(|reader| Some(KeyName(*reader.array()?)))?;
        let count = match reader.u32()? {
            0 => return reader.refuse(DecodeError::OutOfRange(Part::Count)),
            count => count,
        };
        Some(Self { code, holder, count, first: Time(reader.u64()?), last: Time(reader.u64()?) })
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}
