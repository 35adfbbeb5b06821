//! Status and revocation list: one signed header, with the list or without (SPEC.md section 8).

use core::cmp::Ordering;

use crate::{
    crypto::{self, Genuine, SignatureFault},
    id::{Epoch, KeyId, KeyName, KeysetVersion, LinkId, ListNumber, Nonce, Prefix, Serial},
    key::{PublicKey, key_name, role},
    limits::{MAX_FLOORS, MAX_REVOCATIONS, MAX_STATUS, MAX_STATUS_HEADER},
    preimage::{Label, Message, Scope, joined, scope_bytes},
    time::Time,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Entries, Kind, Part, Reader},
};

/// "At this time the state of the domain is this": what a status says beside its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The newest keyset's version.
    pub keyset: KeysetVersion,
    /// The newest revocation list's place; with a list, its own, under the newest keyset.
    pub list: ListOrder,
    /// When the signer said so.
    pub at: Time,
}

/// A revocation list's place within its epoch: lists are ordered by the keyset version that they
/// name, then by number. The first place is that of no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListOrder {
    /// The newest keyset's version when the list was signed.
    pub keyset: KeysetVersion,
    /// The list's number.
    pub number: ListNumber,
}

impl ListOrder {
    /// The place of no list: before all others.
    pub const NONE: Self = Self { keyset: KeysetVersion(0), number: ListNumber(0) };
}

/// An entry of a revocation list, the first 8 bytes of a name: a link, and with it all below; or a
/// key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revoked(pub [u8; 8]);

impl From<LinkId> for Revoked {
    fn from(link: LinkId) -> Self {
        Self(Prefix::from(link).0)
    }
}

impl From<KeyName> for Revoked {
    fn from(key: KeyName) -> Self {
        Self(Prefix::from(key).0)
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
    /// The whole object, where the status stands alone.
    pub(crate) bytes: &'a [u8],
}

/// The list of a status, as received: complete, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationList<'a> {
    pub(crate) entries: &'a [[u8; 8]],
    pub(crate) floors: Entries<'a>,
    bytes: &'a [u8],
}

impl<'a> Status<'a> {
    /// Reads a status.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 8.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let status = Reader::object(bytes, Kind::Status, MAX_STATUS, Self::read)?;
        Ok(Self { bytes, ..status })
    }

    /// Reads a status without version and kind, as a presentation embeds it: the header alone.
    pub(crate) fn read_header(reader: &mut Reader<'a>) -> Option<Self> {
        match Self::read(reader)? {
            Self { list: Some(_), .. } => reader.refuse(DecodeError::ListInPresentation),
            status => Some(status),
        }
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (mut status, body) = reader.span(|reader| {
            let mut status = Self {
                issuer: KeyId(*reader.array()?),
                epoch: Epoch(reader.u64()?),
                state: State::read(reader)?,
                over_nonce: reader.flag()?,
                list: None,
                signature: &[0; 64],
                body: &[],
                bytes: &[],
            };
            let listed = reader.flag()?;
            reader.checked(status.state.in_order(listed))?;
            status.list = if listed { Some(RevocationList::read(reader)?) } else { None };
            status.signature = reader.array()?;
            Some(status)
        })?;
        status.body = body;
        Some(status)
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
        let list = Encoded::<MAX_STATUS>::written(&|out| {
            out.put(&entries.len());
            for entry in entries {
                out.raw(&entry.0);
            }
            out.put(&floors.len());
            for floor in floors {
                out.put(&(floor.issuer.0, floor.first.0));
            }
        })?;
        let checked = Reader::whole(list.as_bytes(), RevocationList::read)?;
        draft(scope, issuer, state, nonce, Some(&checked))
    }

    /// Checks the signature: of this key, in this scope, over this nonce where it claims one. One
    /// that claims a nonce holds in no session without.
    #[inline(never)]
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

    /// What the status claims of the domain; unverified.
    pub const fn unverified_state(&self) -> State {
        self.state
    }

    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The bytes in front of the signature: two that are equal say the same.
    pub(crate) fn unsigned(&self) -> &'a [u8] {
        self.body.split_last_chunk::<64>().map_or(self.body, |(unsigned, _)| unsigned)
    }
}

impl State {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            keyset: KeysetVersion(reader.u64()?),
            list: ListOrder {
                keyset: KeysetVersion(reader.u64()?),
                number: ListNumber(reader.u64()?),
            },
            at: Time::read(reader)?,
        })
    }

    /// A list is signed under the newest keyset, and has a number; a status may name an older list,
    /// or none.
    fn in_order(&self, listed: bool) -> Result<(), DecodeError> {
        match self.list.keyset.cmp(&self.keyset) {
            Ordering::Equal if listed && self.list.number.0 == 0 => {
                Err(DecodeError::OutOfRange(Part::ListNumber))
            }
            Ordering::Equal => Ok(()),
            Ordering::Less if !listed => Ok(()),
            _ => Err(DecodeError::OutOfRange(Part::ListKeyset)),
        }
    }
}

impl<'a> RevocationList<'a> {
    /// A list that revokes nothing.
    pub(crate) const EMPTY: Self = Self { entries: &[], floors: Entries::NONE, bytes: &[0, 0] };

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((entries, floors), bytes) = reader.span(|reader| {
            let count = reader.count(Part::Revocations, MAX_REVOCATIONS)?;
            let entries = reader.ascending(Part::Revocations, count)?;
            let count = reader.count(Part::Floors, MAX_FLOORS)?;
            let floors =
                reader.entries(Part::Floors, count, SerialFloor::read, |floor| floor.issuer)?;
            Some((entries, floors))
        })?;
        Some(Self { entries, floors, bytes })
    }

    /// Whether a link is revoked.
    pub(crate) fn has(&self, link: LinkId) -> bool {
        self.has_prefix(link.into())
    }

    /// Whether a key is revoked.
    pub(crate) fn has_key(&self, key: &[u8; 32]) -> bool {
        !self.entries.is_empty() && self.has_prefix(key_name(key).into())
    }

    fn has_prefix(&self, prefix: Prefix) -> bool {
        self.entries.binary_search(&prefix.0).is_ok()
    }

    /// The first serial of an issuer that still holds, where the list says.
    pub(crate) fn floor(&self, issuer: KeyId) -> Option<Serial> {
        let mut floors = self.floors.read(SerialFloor::read);
        floors.find(|floor| floor.issuer == issuer).map(|floor| floor.first)
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        crypto::hash(&[Label::LIST.bytes(), self.bytes])
    }
}

impl SerialFloor {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = KeyId(*reader.array()?);
        match reader.u64()? {
            0 => reader.refuse(DecodeError::OutOfRange(Part::Floors)),
            first => Some(Self { issuer, first: Serial(first) }),
        }
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
    state.in_order(list.is_some())?;
    let (keyset, order) = (state.keyset.0, (state.list.keyset.0, state.list.number.0));
    let out = Encoded::object(Kind::Status, &|out| {
        out.put(&(issuer.id().0, scope.epoch.0, keyset, order, state.at.0));
        out.flag(nonce.is_some());
        out.optional(list.map(|list| list.bytes));
    })?;
    let signed = signed_fields(&scope, issuer.as_bytes(), &state, nonce, list);
    Ok(Unsigned::new(out, Message::new(Label::STATUS, &[&signed]), *issuer))
}

/// What a status signs behind its label: fixed width, absent parts as zeros behind a zero tag.
#[inline(never)]
fn signed_fields(
    scope: &Scope,
    issuer: &[u8; 32],
    state: &State,
    nonce: Option<&Nonce>,
    list: Option<&RevocationList<'_>>,
) -> [u8; 154] {
    let list_hash = list.map(RevocationList::hash);
    joined(&[
        &scope_bytes(scope),
        issuer,
        &state.keyset.to_le_bytes(),
        &state.list.keyset.to_le_bytes(),
        &state.list.number.to_le_bytes(),
        &state.at.to_le_bytes(),
        &[list_hash.is_some().into()],
        &list_hash.unwrap_or([0; 32]),
        &[nonce.is_some().into()],
        &nonce.map_or([0; 16], |nonce| nonce.0),
    ])
}
