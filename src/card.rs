//! The card: what one lock is, by an issuer's word (SPEC.md section 16.3).

use crate::{
    crypto::Genuine,
    id::{
        CardVersion, ClaimNonce, DomainId, Epoch as Number, GroupId, KeyId, KeysetVersion, LockId,
    },
    key::{PublicKey, public_key, read_key, role},
    keyset::Issuer,
    limits::{MAX_CARD, MAX_GROUPS},
    preimage::{BodyHash, Label, Message, Scope},
    refusal::Refusal,
    seal::SealingKey,
    time::Time,
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader},
    zone::ZoneId,
};

/// A card's place within its epoch: by the keyset version that its signer held, then by version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardOrder {
    /// The keyset version that the signer held.
    pub keyset: KeysetVersion,
    /// The card's version.
    pub version: CardVersion,
}

impl CardOrder {
    /// The place of no card: before all others.
    pub const NONE: Self = Self { keyset: KeysetVersion(0), version: CardVersion(0) };
}

/// What a card says, for whoever drafts one.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The domain and epoch.
    pub scope: Scope,
    /// The card's place.
    pub order: CardOrder,
    /// When it was drafted.
    pub at: Time,
    /// The lock.
    pub lock: LockId,
    /// The groups that the lock is in, at most 8, ascending.
    pub groups: &'a [GroupId],
    /// The lock's own key.
    pub device: PublicKey<role::Device>,
    /// The key that presentations are sealed to.
    pub sealing: Option<SealingKey>,
    /// Whether the lock takes sealed presentations only.
    pub sealed_only: bool,
    /// Whether the lock takes unchallenged requests.
    pub unchallenged: bool,
    /// The lock's zone, by its id in the keyset.
    pub zone: Option<ZoneId>,
    /// Names the lock's present life.
    pub nonce: ClaimNonce,
}

impl Draft<'_> {
    /// The card, for an issuer of role `enrol` to sign.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for groups over their limit or out of order, a time out of range,
    /// or sealed requests without a sealing key.
    pub fn by(
        &self,
        issuer: &PublicKey<role::Issuer>,
    ) -> Result<Unsigned<role::Issuer, MAX_CARD>, EncodeError> {
        let order = (self.order.keyset.0, self.order.version.0);
        let flags = u8::from(self.sealed_only) | u8::from(self.unchallenged) << 1;
        let zone = self.zone.map(|zone| zone.0);
        let sealing = self.sealing.as_ref().map(SealingKey::as_bytes);
        let out = Encoded::<MAX_CARD>::object(Kind::Card, &|out| {
            out.put(&(issuer.id().0, self.scope.epoch.0, order, self.at.0, self.lock.0));
            out.put(&self.groups.len());
            self.groups.iter().for_each(|group| out.put(&group.0));
            out.put(&(self.device.as_bytes(), sealing, flags, zone, self.nonce.0));
        })?;
        let body = out.as_bytes().get(2..).unwrap_or_default();
        Reader::whole(body, Card::read)?;
        let signed = BodyHash::new(Label::CARD_HASH, body).signed(&self.scope);
        Ok(Unsigned::new(out, Message::new(Label::CARD_SIGN, &[&signed]), *issuer))
    }
}

/// A card that was read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card<'a> {
    pub(crate) issuer: KeyId,
    pub(crate) epoch: Number,
    pub(crate) order: CardOrder,
    pub(crate) at: Time,
    pub(crate) lock: LockId,
    pub(crate) groups: &'a [[u8; 8]],
    pub(crate) device: &'a [u8; 32],
    sealing: Option<&'a [u8; 32]>,
    flags: u8,
    pub(crate) zone: Option<ZoneId>,
    pub(crate) nonce: ClaimNonce,
    signature: &'a [u8; 64],
    pub(crate) body: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Card<'a> {
    /// Reads a card.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 16.3.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Card, MAX_CARD, |reader| {
            let (card, body) = reader.span(Self::read)?;
            Some(Self { signature: reader.array()?, body, bytes, ..card })
        })
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let issuer = KeyId(*reader.array()?);
        let epoch = Number(reader.u64()?);
        let keyset = KeysetVersion(reader.u64()?);
        let version = match reader.u64()? {
            0 => return reader.refuse(DecodeError::OutOfRange(Part::CardVersion)),
            version => CardVersion(version),
        };
        let order = CardOrder { keyset, version };
        let at = Time::read(reader)?;
        let lock = LockId(*reader.array()?);
        let count = reader.count(Part::Groups, MAX_GROUPS)?;
        let groups = reader.ascending(Part::Groups, count)?;
        let device = read_key(reader)?;
        let sealing = reader.optional(Reader::array)?;
        let flags = match reader.u8()? {
            flags @ 0..=3 if flags & SEALED_ONLY == 0 || sealing.is_some() => flags,
            _ => return reader.refuse(DecodeError::OutOfRange(Part::Flags)),
        };
        let zone = reader.optional(|reader| reader.u8().map(ZoneId))?;
        let nonce = ClaimNonce(*reader.array()?);
        let (signature, body, bytes) = (&[0; 64], &[][..], &[][..]);
        Some(Self {
            issuer,
            epoch,
            order,
            at,
            lock,
            groups,
            device,
            sealing,
            flags,
            zone,
            nonce,
            signature,
            body,
            bytes,
        })
    }

    /// What binds the card's body.
    pub fn body_hash(&self) -> BodyHash {
        BodyHash::new(Label::CARD_HASH, self.body)
    }

    /// Which lock the card claims to be of; unverified.
    pub const fn unverified_lock(&self) -> LockId {
        self.lock
    }

    /// Which place the card claims; unverified.
    pub const fn unverified_order(&self) -> CardOrder {
        self.order
    }

    /// The key that presentations are sealed to.
    pub(crate) fn sealing(&self) -> Option<SealingKey> {
        self.sealing.copied().map(SealingKey::from_bytes)
    }

    /// Whether the lock takes unchallenged requests.
    pub(crate) const fn unchallenged(&self) -> bool {
        self.flags & UNCHALLENGED != 0
    }

    /// Whether the lock takes sealed presentations only.
    pub(crate) const fn sealed_only(&self) -> bool {
        self.flags & SEALED_ONLY != 0
    }

    pub(crate) fn verify(&self, scope: &Scope, issuer: &Issuer<'_>) -> Result<Genuine, Refusal> {
        let signed = self.body_hash().signed(scope);
        let message = [Label::CARD_SIGN.bytes(), &signed];
        crate::crypto::verify(issuer.key, &message, self.signature)
            .map_err(|fault| Refusal::StatementSignature { signer: 0, fault })
    }
}

/// A card that an issuer of role `enrol` has signed: what apps and auditors believe of a lock.
#[derive(Debug)]
pub struct CheckedCard<'a> {
    card: Card<'a>,
    scope: Scope,
    _proof: Genuine,
}

impl<'a> CheckedCard<'a> {
    pub(crate) const fn new(card: Card<'a>, scope: Scope, proof: Genuine) -> Self {
        Self { card, scope, _proof: proof }
    }

    /// The card, for the domain and epoch in which it was checked.
    pub(crate) fn card_in(&self, scope: &Scope) -> Result<&Card<'a>, Refusal> {
        if self.scope == *scope { Ok(&self.card) } else { Err(Refusal::OtherDomain) }
    }

    /// The domain.
    pub const fn domain(&self) -> DomainId {
        self.scope.domain
    }

    /// The lock.
    pub const fn lock(&self) -> LockId {
        self.card.lock
    }

    /// The card's place.
    pub const fn order(&self) -> CardOrder {
        self.card.order
    }

    /// The groups that the lock is in.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> + 'a {
        self.card.groups.iter().map(|group| GroupId(*group))
    }

    /// The lock's own key.
    ///
    /// # Errors
    /// None that a card that was read could give.
    pub fn device(&self) -> Result<PublicKey<role::Device>, DecodeError> {
        public_key(self.card.device)
    }

    /// The key that presentations are sealed to.
    pub fn sealing(&self) -> Option<SealingKey> {
        self.card.sealing()
    }

    /// Whether the lock takes sealed presentations only.
    pub const fn sealed_only(&self) -> bool {
        self.card.sealed_only()
    }

    /// Whether the lock takes unchallenged requests.
    pub const fn unchallenged(&self) -> bool {
        self.card.unchallenged()
    }

    /// The lock's zone.
    pub const fn zone(&self) -> Option<ZoneId> {
        self.card.zone
    }

    /// Which life of the lock the card is of.
    pub const fn nonce(&self) -> ClaimNonce {
        self.card.nonce
    }
}

const SEALED_ONLY: u8 = 1;
const UNCHALLENGED: u8 = 1 << 1;
