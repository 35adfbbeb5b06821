//! Status and revocation list: one signed header, with the list or without (SPEC.md section 8).

use crate::{
    crypto::{self, Genuine, SignatureFault},
    id::{Epoch, KeyId, KeyName, KeysetVersion, LinkId, ListNumber, Nonce, Serial},
    key::{PublicKey, role},
    limits::{MAX_FLOORS, MAX_REVOCATIONS, MAX_STATUS, MAX_STATUS_HEADER},
    preimage::{Label, Message, Scope, joined, scope_bytes},
    time::Time,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader, ascends},
};

/// "At this time the state of the domain is this": what a status says beside its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The newest keyset's version.
    pub keyset: KeysetVersion,
    /// The newest revocation list's number.
    pub list: ListNumber,
    /// When the signer said so.
    pub at: Time,
}

/// An entry of a revocation list, 16 bytes: a link, and with it all below; or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revoked(pub [u8; 16]);

impl From<LinkId> for Revoked {
    fn from(link: LinkId) -> Self {
        Self(link.0)
    }
}

impl From<KeyName> for Revoked {
    fn from(key: KeyName) -> Self {
        Self(key.0)
    }
}

/// All serials of an issuer below this one are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SerialFloor {
    /// The issuer.
    pub issuer: KeyId,
    /// The first serial that still holds, at least 1.
    pub first: Serial,
}

/// A status that was read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    pub(crate) issuer: KeyId,
    pub(crate) epoch: Epoch,
    pub(crate) state: State,
    /// Whether the signature is over a lock's nonce too, which the link session knows.
    pub(crate) over_nonce: bool,
    pub(crate) list: Option<RevocationList<'a>>,
    signature: &'a [u8; 64],
    /// The bytes behind version and kind.
    body: &'a [u8],
}

/// The list of a status, as received: complete, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationList<'a> {
    pub(crate) entries: &'a [[u8; 16]],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Status<'a> {
    /// Reads a status.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 8.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::object(bytes, Kind::Status, MAX_STATUS)?;
        let status = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(status)
    }

    /// Reads a status without version and kind, as a presentation embeds it: the header alone.
    pub(crate) fn read_header(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match Self::read(reader)? {
            Self { list: Some(_), .. } => Err(DecodeError::ListInPresentation),
            status => Ok(status),
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (mut status, body) = reader.span(|reader| {
            Ok(Self {
                issuer: KeyId(*reader.array()?),
                epoch: Epoch(reader.u64()?),
                state: State {
                    keyset: KeysetVersion(reader.u64()?),
                    list: ListNumber(reader.u64()?),
                    at: Time::read(reader)?,
                },
                over_nonce: reader.flag()?,
                list: reader.flag()?.then(|| RevocationList::read(reader)).transpose()?,
                signature: reader.array()?,
                body: &[],
            })
        })?;
        status.body = body;
        Ok(status)
    }

    /// Drafts a status without a list, for a lock's nonce or for any.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a time out of range.
    pub fn attest(
        scope: Scope,
        issuer: &PublicKey<role::Issuer>,
        state: State,
        nonce: Option<&Nonce>,
    ) -> Result<Unsigned<role::Issuer, MAX_STATUS_HEADER>, EncodeError> {
        draft(scope, issuer, state, nonce, None)
    }

    /// Drafts a status with the complete revocation list: at most 64 entries and 8 serial floors,
    /// each list in ascending order without doubles.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a list over its limit, unsorted or doubled, a floor of 0 or a
    /// time out of range.
    pub fn revoke(
        scope: Scope,
        issuer: &PublicKey<role::Issuer>,
        state: State,
        entries: &[Revoked],
        floors: &[SerialFloor],
        nonce: Option<&Nonce>,
    ) -> Result<Unsigned<role::Issuer, MAX_STATUS>, EncodeError> {
        if entries.len() > MAX_REVOCATIONS {
            return Err(DecodeError::OverLimit(Part::Revocations).into());
        }
        if floors.len() > MAX_FLOORS {
            return Err(DecodeError::OverLimit(Part::Floors).into());
        }
        let mut list = Encoded::<MAX_STATUS>::empty();
        list.put(&entries.len())?;
        entries.iter().try_for_each(|entry| list.put(&entry.0))?;
        list.put(&floors.len())?;
        floors.iter().try_for_each(|floor| list.put(&(floor.issuer.0, floor.first.0)))?;
        let mut reader = Reader::new(list.as_bytes());
        let checked = RevocationList::read(&mut reader)?;
        draft(scope, issuer, state, nonce, Some(&checked))
    }

    /// Checks the signature: of this key, in this scope, over this nonce where it claims one. One
    /// that claims a nonce holds in no session without.
    pub(crate) fn verify(
        &self,
        scope: &Scope,
        issuer: &[u8; 32],
        nonce: Option<&Nonce>,
    ) -> Result<Genuine, SignatureFault> {
        let nonce = match (self.over_nonce, nonce) {
            (true, Some(nonce)) => Some(nonce),
            (true, None) => return Err(SignatureFault::Mismatch),
            (false, _) => None,
        };
        let signed = signed_fields(scope, issuer, &self.state, nonce, self.list.as_ref());
        crypto::verify(issuer, &[Label::STATUS.bytes(), &signed], self.signature)
    }

    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl<'a> RevocationList<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (entries, bytes) = reader.span(|reader| {
            let count = reader.count(Part::Revocations, MAX_REVOCATIONS)?;
            let entries = reader.ascending(Part::Revocations, count)?;
            let mut before = None;
            for _ in 0..reader.count(Part::Floors, MAX_FLOORS)? {
                let issuer = KeyId(*reader.array()?);
                if let Some(before) = before.replace(issuer) {
                    ascends(Part::Floors, &before, &issuer)?;
                }
                if reader.u64()? == 0 {
                    return Err(DecodeError::OutOfRange(Part::Floors));
                }
            }
            Ok(entries)
        })?;
        Ok(Self { entries, bytes })
    }
}

fn draft<const N: usize>(
    scope: Scope,
    issuer: &PublicKey<role::Issuer>,
    state: State,
    nonce: Option<&Nonce>,
    list: Option<&RevocationList<'_>>,
) -> Result<Unsigned<role::Issuer, N>, EncodeError> {
    if state.at.0 > crate::limits::MAX_TIME {
        return Err(DecodeError::OutOfRange(Part::Time).into());
    }
    let mut out = Encoded::object(Kind::Status)?;
    out.put(&(issuer.id().0, scope.epoch.0, state.keyset.0, state.list.0, state.at.0))?;
    out.put(&(nonce.is_some(), list.is_some()))?;
    if let Some(list) = list {
        out.raw(list.bytes)?;
    }
    let signed = signed_fields(&scope, issuer.as_bytes(), &state, nonce, list);
    Ok(Unsigned::new(out, Message::new(Label::STATUS, &[&signed]), *issuer))
}

/// What a status signs behind its label: fixed width, absent parts as zeros behind a zero tag.
fn signed_fields(
    scope: &Scope,
    issuer: &[u8; 32],
    state: &State,
    nonce: Option<&Nonce>,
    list: Option<&RevocationList<'_>>,
) -> [u8; 146] {
    let list_hash = list.map(|list| crypto::hash(&[Label::LIST.bytes(), list.bytes]));
    joined(&[
        &scope_bytes(scope),
        issuer,
        &state.keyset.to_le_bytes(),
        &state.list.to_le_bytes(),
        &state.at.to_le_bytes(),
        &[list_hash.is_some().into()],
        &list_hash.unwrap_or([0; 32]),
        &[nonce.is_some().into()],
        &nonce.map_or([0; 16], |nonce| nonce.0),
    ])
}
