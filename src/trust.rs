//! What a lock trusts, as a view that `verify` borrows (SPEC.md section 13).
//!
//! Whoever fills the view vouches for it: here it is pinned when the lock is set up; a lock that
//! takes epochs, keysets and cards fills it from what it has verified and committed.

use crate::{
    id::{GroupId, KeyId, KeysetVersion, ListNumber, LockId, Serial},
    key::{PublicKey, key_name, role},
    preimage::Scope,
    status::{Revoked, SerialFloor},
    time::Time,
    zone::Zone,
};

/// All that a lock trusts, in one epoch of one domain.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The domain and the epoch that the lock is in.
    pub scope: Scope,
    /// The lock.
    pub lock: LockId,
    /// The groups that the lock's card names.
    pub groups: &'a [GroupId],
    /// The version of the keyset that is held.
    pub keyset: KeysetVersion,
    /// The issuers of that keyset, at most 8, no two with one `KeyId`.
    pub issuers: &'a [Issuer<'a>],
    /// The epoch's emergency key, where break-glass is provided for.
    pub emergency: Option<PublicKey<role::Emergency>>,
    /// The number of the revocation list that is held.
    pub list: ListNumber,
    /// The entries of that list.
    pub revoked: &'a [Revoked],
    /// The serial floors of that list.
    pub floors: &'a [SerialFloor],
    /// The offsets of the lock's zone, where the keyset has them.
    pub zone: Option<Zone<'a>>,
    /// Whether the lock's card admits unchallenged requests.
    pub accepts_unchallenged: bool,
}

impl<'a> Trust<'a> {
    pub(crate) fn issuer(&self, id: KeyId) -> Option<&Issuer<'a>> {
        self.issuers.iter().find(|issuer| issuer.id == id)
    }

    pub(crate) fn is_revoked(&self, entry: impl Into<Revoked>) -> bool {
        self.revoked.contains(&entry.into())
    }

    pub(crate) fn is_key_revoked(&self, key: &[u8; 32]) -> bool {
        !self.revoked.is_empty() && self.is_revoked(key_name(key))
    }

    pub(crate) fn floor(&self, issuer: KeyId) -> Option<Serial> {
        self.floors.iter().find(|floor| floor.issuer == issuer).map(|floor| floor.first)
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
}

/// One issuer of a keyset.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    pub(crate) id: KeyId,
    pub(crate) key: PublicKey<role::Issuer>,
    pub(crate) roles: Roles,
    pub(crate) from: Time,
    pub(crate) until: Time,
    pub(crate) limits: &'a [u8],
}

impl<'a> Issuer<'a> {
    /// An issuer whose signatures count in `[from, until)`.
    pub fn new(key: PublicKey<role::Issuer>, roles: Roles, from: Time, until: Time) -> Self {
        Self { id: key.id(), key, roles, from, until, limits: &[] }
    }

    /// The issuer, limited by caveats that hold for all that it issues, as
    /// [`Caveats::encode`](crate::Caveats::encode) gives them; none of them may count uses. An
    /// issuer whose limits don't decode issues nothing.
    #[must_use]
    pub const fn with_limits(self, limits: &'a [u8]) -> Self {
        Self { limits, ..self }
    }
}
