//! The keyset: who may sign what in an epoch, and when local clocks change (SPEC.md section 16.2).

use core::ops::Range;

use crate::{
    caveat::{CaveatKind, CaveatSet},
    cosign::{Signatures, all_differ},
    crypto::Genuine,
    epoch::Epoch,
    id::{Epoch as Number, KeyId, KeysetVersion},
    key::{PublicKey, Signature, SigningKey, key_id, public_key, read_key, role},
    limits::{MAX_CAVEATS, MAX_ISSUERS, MAX_KEYSET, MAX_ZONES},
    preimage::{BodyHash, Label, Message, Scope},
    refusal::Refusal,
    seal::SealingKey,
    tables::account,
    time::{Seconds, Time},
    unsigned::SignError,
    wire::{DecodeError, EncodeError, Encoded, Entries, Kind, Part, Reader},
    zone::{Zone, ZoneId},
};

/// What a keyset says, for whoever drafts one.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The epoch.
    pub epoch: Number,
    /// The version: higher than any before in this epoch.
    pub version: KeysetVersion,
    /// When it was drafted.
    pub issued_at: Time,
    /// The key that private log entries are sealed to.
    pub log_to: Option<SealingKey>,
    /// The issuers, at most 8, ascending by key.
    pub issuers: &'a [Issuer<'a>],
    /// The domain's zones, at most 4, ascending by id.
    pub zones: &'a [Zone<'a>],
}

impl Draft<'_> {
    /// The keyset without signatures, for [`Keyset::cosign`].
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a list over its limit or out of order, or a time out of range;
    /// [`EncodeError::TooLong`].
    pub fn encode(&self) -> Result<Encoded<MAX_KEYSET>, EncodeError> {
        let log_to = self.log_to.as_ref().map(SealingKey::as_bytes);
        let out = Encoded::object(Kind::Keyset, &|out| {
            out.put(&(self.epoch.0, self.version.0, self.issued_at.0, log_to));
            out.put(&self.issuers.len());
            for issuer in self.issuers {
                let Issuer { key, roles, from, lasts, limits } = issuer;
                out.put(&(*key, roles.0, from.0, lasts.0, *limits));
            }
            out.put(&self.zones.len());
            self.zones.iter().for_each(|zone| zone.write(out));
            out.raw(&[0]);
        })?;
        Keyset::decode(out.as_bytes())?;
        Ok(out)
    }
}

/// A keyset that was read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyset<'a> {
    pub(crate) epoch: Number,
    pub(crate) version: KeysetVersion,
    pub(crate) issued_at: Time,
    pub(crate) log_to: Option<&'a [u8; 32]>,
    pub(crate) issuers: Issuers<'a>,
    pub(crate) zones: Entries<'a>,
    pub(crate) signatures: Signatures<'a>,
    pub(crate) body: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Keyset<'a> {
    /// Reads a keyset, with all its signatures, some or none.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 16.2.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Keyset, MAX_KEYSET, |reader| {
            let (keyset, body) = reader.span(|reader| {
                Some(Self {
                    epoch: Number(reader.u64()?),
                    version: KeysetVersion(reader.u64()?),
                    issued_at: Time::read(reader)?,
                    log_to: reader.optional(Reader::array)?,
                    issuers: Issuers::read(reader)?,
                    zones: {
                        let count = reader.count(Part::Zones, MAX_ZONES)?;
                        reader.entries(Part::Zones, count, Zone::read, |zone| zone.id)?
                    },
                    signatures: Signatures::default(),
                    body: &[],
                    bytes,
                })
            })?;
            Some(Self { body, signatures: Signatures::read(reader)?, ..keyset })
        })
    }

    /// What the roots sign, in a domain.
    pub fn to_sign(&self, scope: &Scope) -> Message {
        Message::new(Label::KEYSET_SIGN, &[&self.body_hash().signed(scope)])
    }

    /// The keyset with one more signature, which was made elsewhere and is verified here. `epoch`
    /// is that of the scope, which names the roots.
    ///
    /// # Errors
    /// [`SignError::Bad`]; [`EncodeError::Mismatch`] for another epoch, [`EncodeError::WrongKey`]
    /// for a key that isn't among the roots, [`EncodeError::SignedAlready`] for one that has
    /// signed, or one too many.
    pub fn with_signature(
        &self,
        scope: &Scope,
        epoch: &Epoch<'_>,
        key: &PublicKey<role::Root>,
        signature: &Signature,
    ) -> Result<Encoded<MAX_KEYSET>, SignError> {
        if self.epoch != scope.epoch || self.epoch != epoch.number {
            return Err(EncodeError::Mismatch.into());
        }
        let unsigned = (Kind::Keyset, self.body);
        self.signatures.with(unsigned, &epoch.roots, &self.to_sign(scope), key, signature)
    }

    /// The keyset with one more signature, by a root in memory.
    ///
    /// # Errors
    /// Those of [`with_signature`](Self::with_signature).
    pub fn cosign(
        &self,
        scope: &Scope,
        epoch: &Epoch<'_>,
        key: &SigningKey<role::Root>,
    ) -> Result<Encoded<MAX_KEYSET>, SignError> {
        self.with_signature(scope, epoch, &key.public(), &key.sign(&self.to_sign(scope)))
    }

    /// What binds the keyset's body.
    pub fn body_hash(&self) -> BodyHash {
        BodyHash::new(Label::KEYSET_HASH, self.body)
    }

    /// Which version the keyset claims; unverified.
    pub const fn unverified_version(&self) -> KeysetVersion {
        self.version
    }

    /// Whose signatures the keyset claims to trust; unverified.
    pub fn unverified_issuers(&self) -> impl Iterator<Item = Issuer<'a>> {
        self.issuers.iter()
    }

    /// The key that private log entries are sealed to, as the keyset claims; unverified.
    pub fn unverified_log_to(&self) -> Option<SealingKey> {
        self.log_to.copied().map(SealingKey::from_bytes)
    }

    /// Checks the keyset against its epoch: each key in one class, each account one key, and the roots'
    /// signatures.
    pub(crate) fn verify(&self, scope: &Scope, epoch: &Epoch<'_>) -> Result<Genuine, Refusal> {
        self.classes(epoch)?;
        let signed = self.body_hash().signed(scope);
        self.signatures.verify(&epoch.roots, Label::KEYSET_SIGN, &signed)
    }

    /// Each key has one class, and each account one issuer.
    fn classes(&self, epoch: &Epoch<'_>) -> Result<(), Refusal> {
        let issuers = self.issuers.iter().map(|issuer| issuer.key);
        if !all_differ(epoch.keys().chain(issuers.clone())) {
            return Err(Refusal::KeyInTwoClasses);
        }
        if !all_differ(epoch.emergency.into_iter().chain(issuers).map(|key| account(key_id(key)))) {
            return Err(Refusal::EqualKeyIds);
        }
        Ok(())
    }

    /// The zone of this id.
    pub(crate) fn zone(&self, id: ZoneId) -> Option<Zone<'a>> {
        self.zones.read(Zone::read).find(|zone| zone.id == id)
    }
}

/// The issuers of a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issuers<'a>(Entries<'a>);

impl<'a> Issuers<'a> {
    /// Nobody: what an anchor trusts beside its emergency key.
    pub(crate) const NONE: Self = Self(Entries::NONE);

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.count(Part::Issuers, MAX_ISSUERS)?;
        Some(Self(reader.entries(Part::Issuers, count, Issuer::read, |issuer| *issuer.key)?))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Issuer<'a>> + Clone {
        self.0.read(Issuer::read)
    }

    pub(crate) fn find(self, id: KeyId) -> Option<Issuer<'a>> {
        self.iter().find(|issuer| key_id(issuer.key) == id)
    }
}

/// What an issuer may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Link 0 of tokens.
    pub const ISSUE: Self = Self(1);
    /// Statuses without a list.
    pub const ATTEST: Self = Self(1 << 1);
    /// Statuses with a list.
    pub const REVOKE: Self = Self(1 << 2);
    /// Cards of locks.
    pub const ENROL: Self = Self(1 << 3);

    /// These roles and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of those roles are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The roles by their bits.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// One issuer of a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issuer<'a> {
    pub(crate) key: &'a [u8; 32],
    pub(crate) roles: Roles,
    pub(crate) from: Time,
    lasts: Seconds,
    limits: &'a [u8],
}

impl<'a> Issuer<'a> {
    /// An issuer whose signatures count from an instant on, for a while.
    pub fn new(key: &'a PublicKey<role::Issuer>, roles: Roles, from: Time, lasts: Seconds) -> Self {
        Self { key: key.as_bytes(), roles, from, lasts, limits: &[] }
    }

    /// The issuer, limited by caveats that hold for all that it issues, as
    /// [`Caveats::encode`](crate::Caveats::encode) gives them; none of them may count uses. An
    /// issuer whose limits a lock doesn't know counts for nothing there.
    #[must_use]
    pub const fn with_limits(self, limits: &'a [u8]) -> Self {
        Self { limits, ..self }
    }

    /// What looks the issuer up.
    pub fn id(&self) -> KeyId {
        key_id(self.key)
    }

    /// The issuer's key.
    ///
    /// # Errors
    /// None that an issuer that was read or built could give.
    pub fn key(&self) -> Result<PublicKey<role::Issuer>, DecodeError> {
        public_key(self.key)
    }

    /// The issuer's roles.
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// When the issuer's signatures count.
    pub fn validity(&self) -> Range<Time> {
        self.from..self.until()
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            key: read_key(reader)?,
            roles: match reader.u8()? {
                bits @ 1..=15 => Roles(bits),
                _ => return reader.refuse(DecodeError::OutOfRange(Part::Roles)),
            },
            from: Time::read(reader)?,
            lasts: Seconds::read(reader)?,
            limits: {
                let length = reader.count(Part::Limits, MAX_CAVEATS)?;
                reader.take(length)?
            },
        })
    }

    /// The end of the issuer's validity.
    pub(crate) fn until(&self) -> Time {
        self.from.plus(self.lasts)
    }

    /// Whether an instant lies in the issuer's validity.
    pub(crate) fn covers(&self, instant: Time) -> bool {
        self.validity().contains(&instant)
    }

    /// The issuer's limits; none where it is disabled: they don't decode, or count uses.
    pub fn limits(&self) -> Option<CaveatSet<'a>> {
        let set =
            CaveatSet::decode(if self.limits.is_empty() { &[0] } else { self.limits }).ok()?;
        let counts = set.has(CaveatKind::Uses) || set.has(CaveatKind::FirstUse);
        (!counts).then_some(set)
    }
}
