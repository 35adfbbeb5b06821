//! One domain in plain values: its keys by number, its epochs, and what starts from each.

use ed25519_dalek::Signer;
use keyward::{
    Epoch, PublicKey, Roles, Scope, Threshold,
    epoch::Commitment,
    id::{self, ClaimNonce, DomainId, KeyId, LockId},
    lock::Identity,
    role::{self, Role},
};

use crate::{
    oracle,
    scene::key,
    statements::{
        Deed,
        drafts::{CardOf, ClaimOf, Clerk, KeysetOf, StatusOf},
    },
    world::START,
};

/// When every case happens.
pub const T: u64 = START.0;
/// A day in seconds.
pub const DAY: u64 = 86_400;
/// When the issuers' validity ends.
pub const UNTIL: u64 = T + 400 * DAY;
/// The lock of every case.
pub const LOCK: LockId = LockId(*b"door-001");
/// Another lock of the domain.
pub const OTHER_LOCK: LockId = LockId(*b"door-002");
/// The session's nonce.
pub const NONCE: [u8; 16] = *b"nonce-of-session";
/// Another session's.
pub const OTHER_NONCE: [u8; 16] = *b"nonce-of-another";
/// The lock's present life.
pub const LIFE: [u8; 16] = *b"the-present-life";
/// Another life of the lock.
pub const OTHER_LIFE: [u8; 16] = *b"some-former-life";

/// Signs tokens.
pub const ISSUE: u8 = 1;
/// Signs statuses.
pub const ATTEST: u8 = 2;
/// Signs lists.
pub const REVOKE: u8 = 3;
/// Signs cards.
pub const ENROL: u8 = 4;
/// Breaks the glass.
pub const EMERGENCY: u8 = 5;
/// Is the lock's own.
pub const DEVICE: u8 = 6;
/// Lies in the lock's box.
pub const CLAIM: u8 = 7;
/// Belongs to nobody here.
pub const STRANGER: u8 = 9;

/// The lock of every case, before its claim.
pub fn identity() -> Identity {
    Identity {
        device: key::<role::Device>(DEVICE).public(),
        nonce: ClaimNonce(LIFE),
        claim_key: Some(key::<role::Claim>(CLAIM).public()),
    }
}

/// What a key of this number looks up.
pub fn id_of(number: u8) -> KeyId {
    key::<role::Issuer>(number).public().id()
}

/// The public half of a key of this number.
pub fn public(number: u8) -> [u8; 32] {
    *key::<role::Issuer>(number).public().as_bytes()
}

/// The other key with the same `KeyId`: the negation, whose top bit alone differs.
pub fn negation(number: u8) -> [u8; 32] {
    let mut bytes = public(number);
    bytes[31] ^= 0x80;
    bytes
}

/// A signature by the key of this number over any message: what no honest tool makes.
pub(super) fn signature(number: u8, message: &[u8]) -> [u8; 64] {
    let secret = key::<role::Issuer>(number);
    ed25519_dalek::SigningKey::from_bytes(secret.expose_secret()).sign(message).to_bytes()
}

/// Keys by number, and how many of them must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The threshold.
    pub needed: u8,
    /// The keys, in any order.
    pub numbers: Vec<u8>,
}

impl Keys {
    /// So many of these.
    pub fn of(needed: u8, numbers: &[u8]) -> Self {
        Self { needed, numbers: numbers.to_vec() }
    }

    fn public<R: Role>(&self) -> Vec<PublicKey<R>> {
        let mut keys: Vec<_> = self.numbers.iter().map(|number| key(*number).public()).collect();
        keys.sort();
        keys
    }

    fn raw(&self) -> oracle::statements::Keys {
        let keys = self.public::<role::Cold>().iter().map(|key| *key.as_bytes()).collect();
        oracle::statements::Keys { threshold: self.needed, keys }
    }

    /// The place of a key, and its number.
    pub fn signer(&self, number: u8) -> (u8, u8) {
        let key = key::<role::Root>(number).public();
        let place = self.public::<role::Root>().iter().position(|held| *held == key).unwrap();
        (u8::try_from(place).unwrap(), number)
    }

    /// As many as must sign, and whose numbers come first.
    pub(super) fn enough(&self) -> Vec<(u8, u8)> {
        self.numbers.iter().take(self.needed.into()).map(|number| self.signer(*number)).collect()
    }
}

/// The unsigned bytes with signatures by these keys at these places.
pub(super) fn cosigned(unsigned: &[u8], message: &[u8], signers: &[(u8, u8)]) -> Vec<u8> {
    let mut signers = signers.to_vec();
    signers.sort_unstable();
    let mut bytes = unsigned[..unsigned.len() - 1].to_vec();
    bytes.push(u8::try_from(signers.len()).unwrap());
    for (place, number) in signers {
        bytes.push(place);
        bytes.extend(signature(number, message));
    }
    bytes
}

/// An epoch of the domain.
#[derive(Clone, Debug)]
pub struct Home {
    /// What every signature is over; epoch 0 names it.
    pub domain: DomainId,
    /// The epoch's number.
    pub number: u64,
    /// When it was drafted.
    pub issued_at: u64,
    /// Who signs keysets.
    pub roots: Keys,
    /// Who breaks the glass.
    pub emergency: Option<u8>,
    /// Who signs the next epoch.
    pub next: Keys,
    /// Who signs this one.
    pub cold: Keys,
}

fn cold(epoch: u64) -> Keys {
    let first = u8::try_from(60 + 2 * epoch).unwrap();
    Keys::of(2, &[first, first + 1])
}

impl Home {
    /// Epoch 0 of a domain with this change, which names it.
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut home = Self {
            domain: DomainId([0; 32]),
            number: 0,
            issued_at: T - 1,
            roots: Keys::of(2, &[120, 121]),
            emergency: Some(EMERGENCY),
            next: cold(1),
            cold: cold(0),
        };
        change(&mut home);
        let bytes = home.unsigned();
        home.domain = Epoch::decode(&bytes).unwrap().domain().unwrap();
        home
    }

    /// Epoch 0 of the domain.
    pub fn first() -> Self {
        Self::with(|_| {})
    }

    /// The next epoch, with other roots.
    pub fn next(&self) -> Self {
        let number = self.number + 1;
        let root = u8::try_from(120 + 2 * number).unwrap();
        Self {
            number,
            issued_at: self.issued_at + 1,
            roots: Keys::of(2, &[root, root + 1]),
            cold: self.next.clone(),
            next: cold(number + 1),
            ..self.clone()
        }
    }

    fn unsigned(&self) -> Vec<u8> {
        let next = Threshold { needed: self.next.needed, keys: &self.next.public() };
        // By the oracle, since the crate drafts no epoch that no lock would take.
        oracle::encode(&oracle::statements::Epoch {
            number: self.number,
            issued_at: self.issued_at,
            roots: self.roots.raw(),
            emergency: self.emergency.map(public),
            next: Commitment::new(&next).unwrap().0,
            cold: self.cold.raw(),
            signatures: Vec::new(),
        })
    }

    /// The epoch, signed by enough of its cold keys.
    pub fn epoch(&self) -> Vec<u8> {
        self.epoch_by(&self.cold.enough())
    }

    /// The epoch, signed by these keys at these places.
    pub fn epoch_by(&self, signers: &[(u8, u8)]) -> Vec<u8> {
        let unsigned = self.unsigned();
        let message = Epoch::decode(&unsigned).unwrap().to_sign(self.domain);
        cosigned(&unsigned, message.as_bytes(), signers)
    }

    /// The domain and epoch.
    pub fn scope(&self) -> Scope {
        Scope { domain: self.domain, epoch: id::Epoch(self.number) }
    }

    /// A keyset of the four clerks.
    pub fn keyset(&self, version: u64) -> KeysetOf {
        let clerks = [
            (ISSUE, Roles::ISSUE),
            (ATTEST, Roles::ATTEST),
            (REVOKE, Roles::REVOKE),
            (ENROL, Roles::ENROL),
        ];
        KeysetOf {
            scope: self.scope(),
            version,
            issued_at: self.issued_at,
            clerks: clerks.map(|(number, roles)| Clerk::new(public(number), roles)).to_vec(),
            roots: self.roots.clone(),
        }
    }

    /// The lock's card.
    pub fn card(&self, keyset: u64, version: u64) -> CardOf {
        CardOf {
            scope: self.scope(),
            order: (keyset, version),
            at: T,
            lock: LOCK,
            groups: Vec::new(),
            device: public(DEVICE),
            sealing: None,
            life: LIFE,
            by: ENROL,
            signer: ENROL,
        }
    }

    /// A status without a list.
    pub fn status(&self, at: u64) -> StatusOf {
        StatusOf {
            scope: self.scope(),
            keyset: 1,
            list: (0, 0),
            at,
            nonce: None,
            entries: None,
            by: ATTEST,
            signer: ATTEST,
        }
    }

    /// A list of one entry, which is its number.
    pub fn list(&self, keyset: u64, number: u64) -> StatusOf {
        StatusOf {
            keyset,
            list: (keyset, number),
            entries: Some(vec![number.to_be_bytes()]),
            by: REVOKE,
            signer: REVOKE,
            ..self.status(T)
        }
    }

    /// What claims the lock for this epoch, under keyset 1.
    pub fn claim(&self) -> ClaimOf {
        ClaimOf {
            domain: self.domain,
            epoch: self.epoch(),
            keyset: self.keyset(1).bytes(),
            card: self.card(1, 1).bytes(),
            list: None,
            contact: false,
            signer: Some(CLAIM),
        }
    }

    /// This epoch with its first keyset.
    pub fn move_in(&self) -> Deed {
        Deed::Epochs { epochs: vec![self.epoch()], keyset: self.keyset(1).bytes() }
    }
}
