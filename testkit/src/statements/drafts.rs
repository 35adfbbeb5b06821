//! Keysets, cards, statuses and claims in plain values, by whomever.

use keyward::{
    Card, DecodeError, Epoch, Issuer, Keyset, PublicKey, Roles, Scope, SealingKey, Seconds,
    SigningKey, State, Status, Time, Unclaimed, card,
    card::CardOrder,
    id::{CardVersion, ClaimNonce, DomainId, GroupId, KeysetVersion, ListNumber, LockId, Nonce},
    keyset,
    lock::Identity,
    role,
    status::{ListOrder, Revoked},
};

use crate::{
    scene::key,
    statements::{
        Deed,
        home::{DAY, Keys, T, UNTIL, cosigned, identity, public, signature},
    },
};

/// An issuer of a keyset.
#[derive(Clone, Debug)]
pub struct Clerk {
    /// Its key.
    pub key: [u8; 32],
    /// What it may sign.
    pub roles: Roles,
    /// Since when.
    pub from: u64,
    /// For how long.
    pub lasts: u32,
    /// Its limits, encoded.
    pub limits: Vec<u8>,
}

impl Clerk {
    /// An issuer of the usual validity.
    pub fn new(key: [u8; 32], roles: Roles) -> Self {
        let (from, until) = (T - DAY, UNTIL);
        let lasts = u32::try_from(until - from).unwrap();
        Self { key, roles, from, lasts, limits: Vec::new() }
    }
}

/// A keyset.
#[derive(Clone, Debug)]
pub struct KeysetOf {
    /// The domain and epoch.
    pub scope: Scope,
    /// The version.
    pub version: u64,
    /// When it was drafted.
    pub issued_at: u64,
    /// The issuers, in any order.
    pub clerks: Vec<Clerk>,
    /// Who signs.
    pub roots: Keys,
}

impl KeysetOf {
    /// The keyset with a change.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The keyset without the issuer of this number.
    pub fn without(self, number: u8) -> Self {
        self.with(|keyset| keyset.clerks.retain(|clerk| clerk.key != public(number)))
    }

    /// The keyset with one more issuer, of this key.
    pub fn and(self, key: [u8; 32], roles: Roles) -> Self {
        self.with(|keyset| keyset.clerks.push(Clerk::new(key, roles)))
    }

    /// The keyset with a change of one issuer.
    pub fn clerk(self, number: u8, change: impl FnOnce(&mut Clerk)) -> Self {
        self.with(|keyset| {
            let clerk = keyset.clerks.iter_mut().find(|clerk| clerk.key == public(number));
            change(clerk.unwrap());
        })
    }

    fn unsigned(&self) -> Vec<u8> {
        let mut clerks = self.clerks.clone();
        clerks.sort_by_key(|clerk| clerk.key);
        let keys: Vec<_> =
            clerks.iter().map(|clerk| PublicKey::from_bytes(&clerk.key).unwrap()).collect();
        let issuers: Vec<_> = clerks
            .iter()
            .zip(&keys)
            .map(|(clerk, key)| {
                let issuer = Issuer::new(key, clerk.roles, Time(clerk.from), Seconds(clerk.lasts));
                issuer.with_limits(&clerk.limits)
            })
            .collect();
        let draft = keyset::Draft {
            epoch: self.scope.epoch,
            version: KeysetVersion(self.version),
            issued_at: Time(self.issued_at),
            log_to: None,
            issuers: &issuers,
            zones: &[],
        };
        draft.encode().unwrap().as_bytes().to_vec()
    }

    /// The keyset, signed by enough roots.
    pub fn bytes(&self) -> Vec<u8> {
        self.by(&self.roots.enough())
    }

    /// The keyset, signed by these keys at these places.
    pub fn by(&self, signers: &[(u8, u8)]) -> Vec<u8> {
        let unsigned = self.unsigned();
        let message = Keyset::decode(&unsigned).unwrap().to_sign(&self.scope);
        cosigned(&unsigned, message.as_bytes(), signers)
    }

    /// The keyset, delivered.
    pub fn deed(&self) -> Deed {
        Deed::Keyset(self.bytes())
    }
}

/// A card.
#[derive(Clone, Debug)]
pub struct CardOf {
    /// The domain and epoch.
    pub scope: Scope,
    /// Keyset and version.
    pub order: (u64, u64),
    /// When it was signed.
    pub at: u64,
    /// Of which lock.
    pub lock: LockId,
    /// The groups.
    pub groups: Vec<GroupId>,
    /// The lock's key.
    pub device: [u8; 32],
    /// The key that presentations are sealed to, and whether they must be.
    pub sealing: Option<(u8, bool)>,
    /// The lock's life.
    pub life: [u8; 16],
    /// Whom the card names as its signer.
    pub by: u8,
    /// Who signs.
    pub signer: u8,
}

impl CardOf {
    /// The encoded card.
    pub fn bytes(&self) -> Vec<u8> {
        let draft = card::Draft {
            scope: self.scope,
            order: CardOrder {
                keyset: KeysetVersion(self.order.0),
                version: CardVersion(self.order.1),
            },
            at: Time(self.at),
            lock: self.lock,
            groups: &self.groups,
            device: PublicKey::from_bytes(&self.device).unwrap(),
            sealing: self.sealing.map(|(byte, _)| SealingKey::from_bytes([byte; 32])),
            sealed_only: self.sealing.is_some_and(|(_, only)| only),
            unchallenged: false,
            zone: None,
            nonce: ClaimNonce(self.life),
        };
        let draft = draft.by(&key(self.by).public()).unwrap();
        let signature = signature(self.signer, draft.to_sign().as_bytes());
        [draft.unsigned_bytes(), &signature].concat()
    }

    /// The card, delivered.
    pub fn deed(&self) -> Deed {
        Deed::Card(self.bytes())
    }
}

/// A status, with a list or without.
#[derive(Clone, Debug)]
pub struct StatusOf {
    /// The domain and epoch.
    pub scope: Scope,
    /// The keyset that it names.
    pub keyset: u64,
    /// The list that it names.
    pub list: (u64, u64),
    /// Its time.
    pub at: u64,
    /// The nonce that it is signed over.
    pub nonce: Option<[u8; 16]>,
    /// The entries of its list.
    pub entries: Option<Vec<[u8; 8]>>,
    /// Whom it names as its signer.
    pub by: u8,
    /// Who signs.
    pub signer: u8,
}

impl StatusOf {
    /// The encoded status.
    pub fn bytes(&self) -> Vec<u8> {
        let (keyset, number) = self.list;
        let list = ListOrder { keyset: KeysetVersion(keyset), number: ListNumber(number) };
        let state = State { keyset: KeysetVersion(self.keyset), list, at: Time(self.at) };
        let (issuer, nonce) = (key(self.by).public(), self.nonce.map(Nonce));
        let (unsigned, message) = match &self.entries {
            None => {
                let draft = Status::attest(self.scope, &issuer, state, nonce.as_ref()).unwrap();
                (draft.unsigned_bytes().to_vec(), draft.to_sign().clone())
            }
            Some(entries) => {
                let entries: Vec<_> = entries.iter().copied().map(Revoked).collect();
                let draft =
                    Status::revoke(self.scope, &issuer, state, &entries, &[], nonce.as_ref());
                let draft = draft.unwrap();
                (draft.unsigned_bytes().to_vec(), draft.to_sign().clone())
            }
        };
        [&unsigned[..], &signature(self.signer, message.as_bytes())].concat()
    }

    /// The status, delivered without a session.
    pub fn deed(&self) -> Deed {
        Deed::Status { bytes: self.bytes(), nonce: None, lo: 0 }
    }

    /// The status, delivered in a session with this nonce.
    pub fn within(&self, nonce: [u8; 16]) -> Deed {
        Deed::Status { bytes: self.bytes(), nonce: Some(nonce), lo: 0 }
    }
}

/// A claim with all that comes with it.
#[derive(Clone, Debug)]
pub struct ClaimOf {
    /// The domain that it names.
    pub domain: DomainId,
    /// The epoch.
    pub epoch: Vec<u8>,
    /// The keyset.
    pub keyset: Vec<u8>,
    /// The card.
    pub card: Vec<u8>,
    /// The list.
    pub list: Option<Vec<u8>>,
    /// Whether the host asserts contact.
    pub contact: bool,
    /// Who signs the claim.
    pub signer: Option<u8>,
}

impl ClaimOf {
    /// The claim with a change of what comes with it; it is signed over that.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The claim for the lock of this identity, as it is signed.
    pub fn bytes(&self, lock: Identity) -> Result<Vec<u8>, DecodeError> {
        let Some(number) = self.signer else {
            return Ok(Unclaimed::claim_by_contact(self.domain).unwrap().as_bytes().to_vec());
        };
        let lock = Unclaimed { device: lock.device, nonce: lock.nonce };
        let (epoch, card) = (Epoch::decode(&self.epoch)?, Card::decode(&self.card)?);
        let signer: SigningKey<role::Claim> = key(number);
        let draft = lock.claim(self.domain, &epoch, &card, &signer.public()).unwrap();
        Ok(draft.sign(&signer).unwrap().as_bytes().to_vec())
    }

    /// The claim, delivered to the lock of every case.
    pub fn deed(&self) -> Deed {
        self.over(self.bytes(identity()).unwrap())
    }

    /// What comes with the claim, with another claim.
    pub fn over(&self, claim: Vec<u8>) -> Deed {
        Deed::Claim {
            claim,
            epoch: self.epoch.clone(),
            keyset: self.keyset.clone(),
            card: self.card.clone(),
            list: self.list.clone(),
            contact: self.contact,
        }
    }
}
