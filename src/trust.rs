//! What a lock trusts, as a view that `verify` borrows (SPEC.md section 13.1).

use crate::{
    card::{Card, CardOrder},
    id::{GroupId, KeyId, KeysetVersion, LockId},
    key::{PublicKey, role},
    keyset::{Issuer, Issuers, Keyset},
    preimage::Scope,
    status::{ListOrder, RevocationList, Status},
    zone::Zone,
};

/// All that a lock trusts, in one epoch of one domain. A [`Domain`](crate::Domain) gives it, which
/// has verified it all; or whoever pins it vouches for it.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    pub(crate) scope: Scope,
    pub(crate) emergency: Option<PublicKey<role::Emergency>>,
    pub(crate) keyset: KeysetVersion,
    pub(crate) issuers: Issuers<'a>,
    pub(crate) order: ListOrder,
    pub(crate) list: RevocationList<'a>,
    pub(crate) lock: LockId,
    pub(crate) card: CardOrder,
    groups: &'a [[u8; 8]],
    pub(crate) zone: Option<Zone<'a>>,
    pub(crate) unchallenged: bool,
    pub(crate) sealed_only: bool,
}

impl<'a> Trust<'a> {
    /// Trust that nobody's signature vouches for, only the caller: for tests, and for servers
    /// whose trust comes from elsewhere. Signatures of keyset, card and list are not looked at.
    pub fn pinned(
        scope: Scope,
        emergency: Option<PublicKey<role::Emergency>>,
        keyset: &Keyset<'a>,
        card: &Card<'a>,
        list: Option<&Status<'a>>,
    ) -> Self {
        let mut trust = Self::anchor(scope, card.lock, emergency, card.sealed_only());
        (trust.keyset, trust.issuers) = (keyset.version, keyset.issuers);
        if let Some(Status { state, list: Some(list), .. }) = list {
            (trust.order, trust.list) = (state.list, *list);
        }
        // Of a card of another epoch only the lock's name and zone count, and that it wants seals.
        trust.zone = card.zone.and_then(|id| keyset.zone(id));
        if card.epoch == scope.epoch {
            (trust.card, trust.groups) = (card.order, card.groups);
            trust.unchallenged = card.unchallenged();
        }
        trust
    }

    /// What is left when the store is dead: the lock's name, and who may break the glass.
    pub(crate) fn anchor(
        scope: Scope,
        lock: LockId,
        emergency: Option<PublicKey<role::Emergency>>,
        sealed_only: bool,
    ) -> Self {
        Self {
            scope,
            emergency,
            keyset: KeysetVersion(0),
            issuers: Issuers::NONE,
            order: ListOrder::NONE,
            list: RevocationList::EMPTY,
            lock,
            card: CardOrder::NONE,
            groups: &[],
            zone: None,
            unchallenged: false,
            sealed_only,
        }
    }

    /// The domain and the epoch that the lock is in.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The lock.
    pub const fn lock(&self) -> LockId {
        self.lock
    }

    /// The version of the keyset that is held.
    pub const fn keyset(&self) -> KeysetVersion {
        self.keyset
    }

    /// The place of the revocation list that is held.
    pub const fn list(&self) -> ListOrder {
        self.order
    }

    /// The place of the card that is held in this epoch.
    pub const fn card(&self) -> CardOrder {
        self.card
    }

    pub(crate) fn issuer(&self, id: KeyId) -> Option<Issuer<'a>> {
        self.issuers.find(id)
    }

    pub(crate) fn is_in(&self, group: &GroupId) -> bool {
        self.groups.contains(&group.0)
    }
}
