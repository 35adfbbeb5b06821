//! One domain in little room: the bytes of statements that the core has verified.

use std::sync::Arc;

use keyward::{
    Card, Domain, Epoch, Keyset, PublicKey, Refusal, Scope, Status, Taken, Trust,
    id::{self, LockId},
    role,
    wire::DecodeError,
};

/// A domain's statements and cards; all were verified, and nothing changes them.
///
/// Only [`Held::of`] and what follows from it make one, out of a [`Domain`] of the core's, which
/// has verified what it holds; cards come in by [`Held::with_card`], which has the core check them.
pub(super) struct Held {
    scope: Scope,
    emergency: Option<PublicKey<role::Emergency>>,
    /// Epoch, keyset and list, one behind the other: a list, where `list_from` is before the end.
    bytes: Arc<[u8]>,
    keyset_from: u16,
    list_from: u16,
    /// Ascending by lock.
    cards: Box<[Posted]>,
}

/// The newest card of a lock.
#[derive(Clone)]
struct Posted {
    lock: LockId,
    bytes: Arc<[u8]>,
}

impl Held {
    /// The statements of a domain, without doors.
    pub(super) fn of(domain: &Domain) -> Result<Self, DecodeError> {
        let (epoch, keyset, list) = domain.bytes();
        let emergency = domain.epoch()?.unverified_emergency().transpose()?;
        let keyset_from = epoch.len();
        let list_from = keyset_from + keyset.len();
        Ok(Self {
            scope: domain.scope()?,
            emergency,
            bytes: [epoch, keyset, list.unwrap_or_default()].concat().into(),
            // The longest epoch and keyset have 1628 bytes together.
            keyset_from: u16::try_from(keyset_from).unwrap_or(u16::MAX),
            list_from: u16::try_from(list_from).unwrap_or(u16::MAX),
            cards: Box::default(),
        })
    }

    /// The same doors in a domain that has taken something in.
    pub(super) fn in_domain(&self, domain: &Domain) -> Result<Self, DecodeError> {
        Ok(Self { cards: self.cards.clone(), ..Self::of(domain)? })
    }

    /// The domain, for the core to take the next statement in.
    pub(super) fn domain(&self) -> Result<Domain, DecodeError> {
        let (epoch, keyset) = (Epoch::decode(self.epoch())?, Keyset::decode(self.keyset())?);
        let list = self.list().map(Status::decode).transpose()?;
        Ok(Domain::pinned(self.scope.domain, &epoch, &keyset, list.as_ref()))
    }

    /// Takes a door's card in by the rules of SPEC.md section 17.6, with `domain` that of `self`.
    pub(super) fn with_card(
        &self,
        domain: &Domain,
        card: &Card<'_>,
        bytes: &[u8],
    ) -> Result<(Self, Taken), Refusal> {
        let lock = card.unverified_lock();
        let place = self.place(lock);
        let held = match place {
            Ok(at) => Some(Card::decode(&self.cards[at].bytes)?),
            Err(_) => None,
        };
        // A card of an epoch before has no place in this one's order.
        let held = held.filter(|held| held.unverified_epoch() == card.unverified_epoch());
        let order = card.unverified_order();
        let same = held.is_some_and(|held| held.body_hash() == card.body_hash());
        if held.is_some_and(|held| order < held.unverified_order()) {
            return Err(Refusal::Older);
        }
        let mut cards = self.cards.to_vec();
        if !same {
            let _checked = domain.check_card(card)?;
            if held.is_some_and(|held| order == held.unverified_order()) {
                return Err(Refusal::Fork);
            }
            let posted = Posted { lock, bytes: bytes.into() };
            match place {
                Ok(at) => cards[at] = posted,
                Err(at) => cards.insert(at, posted),
            }
        }
        let taken = if same { Taken::Unchanged } else { Taken::Card };
        Ok((self.with_cards(cards), taken))
    }

    /// The domain without a door; none where it hasn't that door.
    pub(super) fn without_card(&self, lock: LockId) -> Option<Self> {
        let at = self.place(lock).ok()?;
        let mut cards = self.cards.to_vec();
        cards.remove(at);
        Some(self.with_cards(cards))
    }

    /// The card of a door.
    pub(super) fn card(&self, lock: LockId) -> Option<Arc<[u8]>> {
        let at = self.place(lock).ok()?;
        Some(Arc::clone(&self.cards[at].bytes))
    }

    fn with_cards(&self, cards: Vec<Posted>) -> Self {
        Self { bytes: Arc::clone(&self.bytes), cards: cards.into(), ..*self }
    }

    fn place(&self, lock: LockId) -> Result<usize, usize> {
        self.cards.binary_search_by_key(&lock, |posted| posted.lock)
    }

    fn epoch(&self) -> &[u8] {
        &self.bytes[..self.keyset_from.into()]
    }

    fn keyset(&self) -> &[u8] {
        &self.bytes[self.keyset_from.into()..self.list_from.into()]
    }

    fn list(&self) -> Option<&[u8]> {
        let list = &self.bytes[self.list_from.into()..];
        (!list.is_empty()).then_some(list)
    }
}

/// What one door trusts, as it was when it was looked up: whole, whatever is taken in meanwhile.
#[derive(Clone)]
pub struct DoorTrust {
    held: Arc<Held>,
    card: Arc<[u8]>,
}

impl DoorTrust {
    pub(super) const fn new(held: Arc<Held>, card: Arc<[u8]>) -> Self {
        Self { held, card }
    }

    /// The view that the core verifies against.
    ///
    /// # Errors
    /// None that what is held could give; an error denies.
    pub fn trust(&self) -> Result<Trust<'_>, DecodeError> {
        let held = &*self.held;
        let (keyset, card) = (Keyset::decode(held.keyset())?, Card::decode(&self.card)?);
        let list = held.list().map(Status::decode).transpose()?;
        // Pinned by what is held, which was verified when it was taken in.
        Ok(Trust::pinned(held.scope, held.emergency, &keyset, &card, list.as_ref()))
    }

    /// The domain and its epoch.
    pub fn scope(&self) -> Scope {
        self.held.scope
    }

    /// The door's encoded card.
    pub fn card(&self) -> &[u8] {
        &self.card
    }
}

/// The encoded statements of a domain, as they were when they were asked for.
#[derive(Clone)]
pub struct Statements(Arc<Held>);

impl Statements {
    pub(super) const fn new(held: Arc<Held>) -> Self {
        Self(held)
    }

    /// The number of the epoch.
    pub fn number(&self) -> id::Epoch {
        self.0.scope.epoch
    }

    /// The newest epoch.
    pub fn epoch(&self) -> &[u8] {
        self.0.epoch()
    }

    /// The newest keyset.
    pub fn keyset(&self) -> &[u8] {
        self.0.keyset()
    }

    /// The newest revocation list, if the epoch has one.
    pub fn list(&self) -> Option<&[u8]> {
        self.0.list()
    }

    /// The newest card of a door.
    pub fn card(&self, lock: LockId) -> Option<Arc<[u8]>> {
        self.0.card(lock)
    }
}
