//! The owner's back end: roots and cold keys in drawers, issuers in daily use, and what it has
//! published for any phone to carry.

use std::collections::{BTreeMap, BTreeSet};

use chacha20::ChaCha20Rng;
use keyward::{
    Card, Challenge, Domain, Epoch, Grant, Issuer, Keyset, Origin, PublicKey, Roles, Scope,
    SealingKey, Seconds, SigningKey, State, Status, Threshold, Time, Token, Unclaimed, Walk, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{self, CardVersion, DomainId, GroupId, KeysetVersion, ListNumber, LockId, Nonce, Serial},
    keyset, role,
    role::Role,
    seal::{self, Context, OpeningKey, OpeningKeys},
    status::{ListOrder, Revoked, SerialFloor},
    zone::{Zone, ZoneId},
};

use crate::{scene::minute, world::Capability, zones};

/// All statements of a domain, as any phone may carry them: nobody has to trust the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    /// Every epoch from the first on.
    pub epochs: Vec<Vec<u8>>,
    /// The newest keyset.
    pub keyset: Vec<u8>,
    /// The newest list, if one was signed in the epoch.
    pub list: Option<Vec<u8>>,
    /// The newest card of each lock.
    pub cards: BTreeMap<LockId, Vec<u8>>,
}

impl Library {
    /// What a lock lacks, by its challenge, in the order in which it takes them.
    pub fn missing(&self, challenge: &Challenge) -> Vec<Vec<u8>> {
        let mut missing = Vec::new();
        let number = |bytes: &[u8]| Epoch::decode(bytes).unwrap().unverified_number();
        let later = self.epochs.iter().filter(|bytes| number(bytes) > challenge.epoch);
        missing.extend(later.cloned());
        let new_epoch = !missing.is_empty();
        let keyset = Keyset::decode(&self.keyset).unwrap();
        if new_epoch || keyset.unverified_version() > challenge.keyset {
            missing.push(self.keyset.clone());
        }
        if let Some(card) = self.cards.get(&challenge.lock) {
            let order = Card::decode(card).unwrap().unverified_order();
            if new_epoch || order > challenge.card {
                missing.push(card.clone());
            }
        }
        if let Some(list) = &self.list {
            let order = Status::decode(list).unwrap().unverified_state().list;
            if new_epoch || order > challenge.list {
                missing.push(list.clone());
            }
        }
        missing
    }
}

/// What the owner wants a lock to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its groups.
    pub groups: Vec<GroupId>,
    /// Whether it takes unchallenged requests.
    pub unchallenged: bool,
}

/// One issuer of the owner's.
#[derive(Debug)]
pub struct Clerk {
    /// Its key.
    pub key: SigningKey<role::Issuer>,
    /// What it may sign.
    pub roles: Roles,
    /// From when, and for how long.
    pub valid: (Time, Seconds),
}

/// The owner's back end.
#[derive(Debug)]
pub struct Owner {
    /// The domain.
    pub domain: DomainId,
    /// Signs tokens.
    pub issuer: SigningKey<role::Issuer>,
    /// Signs statuses: another key, so that a token can demand a second opinion.
    pub attester: SigningKey<role::Issuer>,
    /// Signs revocation lists.
    pub revoker: SigningKey<role::Issuer>,
    /// Signs cards.
    pub enroller: SigningKey<role::Issuer>,
    /// Signs break-glass tokens.
    pub emergency: SigningKey<role::Emergency>,
    /// Sign keysets, both of them.
    pub roots: Vec<SigningKey<role::Root>>,
    /// Sign the next epoch, both of them.
    pub cold: Vec<SigningKey<role::Cold>>,
    /// Further issuers, such as one that is on its way out.
    pub others: Vec<Clerk>,
    /// What is published.
    pub library: Library,
    /// What is revoked.
    pub revoked: BTreeSet<Revoked>,
    /// The serial floors.
    pub floors: Vec<SerialFloor>,
    /// Every keyset that was published, for auditors.
    pub keysets: Vec<Vec<u8>>,
    /// Opens the logs of the doors.
    pub log: Option<OpeningKey>,
    settings: BTreeMap<LockId, (Unclaimed, Settings)>,
    /// What is sealed to a lock's key, and whether it must be.
    sealing: BTreeMap<LockId, (SealingKey, bool)>,
    number: u64,
    keyset: u64,
    list: ListOrder,
    card: u64,
    next_serial: u64,
}

impl Owner {
    /// An owner of a domain of its own, whose first serial is 1 000 000.
    pub fn new(now: Time, rng: &mut ChaCha20Rng) -> Self {
        let mut owner = Self {
            domain: DomainId([0; 32]),
            issuer: SigningKey::generate(rng),
            attester: SigningKey::generate(rng),
            revoker: SigningKey::generate(rng),
            enroller: SigningKey::generate(rng),
            emergency: SigningKey::generate(rng),
            roots: sorted(rng),
            cold: sorted(rng),
            others: Vec::new(),
            library: Library::default(),
            revoked: BTreeSet::new(),
            floors: Vec::new(),
            keysets: Vec::new(),
            log: None,
            settings: BTreeMap::new(),
            sealing: BTreeMap::new(),
            number: 0,
            keyset: 0,
            list: ListOrder::NONE,
            card: 0,
            next_serial: 1_000_000,
        };
        owner.sign_epoch(now, rng);
        owner.publish_keyset(now);
        owner
    }

    /// The domain and its epoch.
    pub fn scope(&self) -> Scope {
        Scope { domain: self.domain, epoch: id::Epoch(self.number) }
    }

    /// What whoever follows the domain from its epoch 0 holds of it.
    pub fn held(&self) -> Domain {
        let mut epochs = self.library.epochs.iter().map(|bytes| Epoch::decode(bytes).unwrap());
        let mut walk = Walk::from_first(self.domain, &epochs.next().unwrap()).unwrap();
        epochs.for_each(|epoch| walk.step(&epoch).unwrap());
        let keyset = Keyset::decode(&self.library.keyset).unwrap();
        let mut domain = Domain::found(walk, &keyset).unwrap();
        if let Some(list) = &self.library.list {
            domain.take_list(&Status::decode(list).unwrap()).unwrap();
        }
        domain
    }

    /// What all tokens of the owner start from.
    pub fn origin(&self) -> Origin {
        Origin::new(self.scope(), &self.issuer.public())
    }

    /// Grants a token of one link.
    pub fn grant(&mut self, to: &PublicKey<role::Holder>, depth: u8, grant: &Grant) -> Capability {
        let serial = Serial(self.next_serial);
        self.next_serial += 1;
        let issuer = self.issuer.public();
        let draft = Token::issue(self.scope(), &issuer, serial, to, depth, grant).unwrap();
        let token = draft.sign(&self.issuer).unwrap();
        let origin = self.origin().encode().unwrap();
        Capability { origin: origin.as_bytes().to_vec(), token: token.as_bytes().to_vec() }
    }

    /// Grants a break-glass token.
    pub fn grant_emergency(&mut self, to: &PublicKey<role::Holder>, grant: &Grant) -> Capability {
        let serial = Serial(self.next_serial);
        self.next_serial += 1;
        let key = self.emergency.public();
        let draft = Token::issue(self.scope(), &key, serial, to, 0, grant).unwrap();
        let token = draft.sign(&self.emergency).unwrap();
        let origin = Origin::new(self.scope(), &key).encode().unwrap();
        Capability { origin: origin.as_bytes().to_vec(), token: token.as_bytes().to_vec() }
    }

    /// Attests the state of the domain, over a lock's nonce or over none.
    pub fn attest(&self, at: Time, nonce: Option<&Nonce>) -> Vec<u8> {
        let state = self.state(at);
        let draft = Status::attest(self.scope(), &self.attester.public(), state, nonce).unwrap();
        draft.sign(&self.attester).unwrap().as_bytes().to_vec()
    }

    /// The state that the owner has published.
    pub fn state(&self, at: Time) -> State {
        State { keyset: KeysetVersion(self.keyset), list: self.list, at }
    }

    /// Revokes links or keys, and publishes the list.
    pub fn revoke(&mut self, entries: impl IntoIterator<Item = Revoked>, at: Time) {
        self.revoked.extend(entries);
        self.publish_list(at);
    }

    /// Publishes the complete list anew, under the newest keyset.
    pub fn publish_list(&mut self, at: Time) {
        let keyset = KeysetVersion(self.keyset);
        let number = if self.list.keyset == keyset { self.list.number.0 + 1 } else { 1 };
        self.list = ListOrder { keyset, number: ListNumber(number) };
        let entries: Vec<_> = self.revoked.iter().copied().collect();
        let (scope, issuer) = (self.scope(), self.revoker.public());
        let draft =
            Status::revoke(scope, &issuer, self.state(at), &entries, &self.floors, None).unwrap();
        self.library.list = Some(draft.sign(&self.revoker).unwrap().as_bytes().to_vec());
    }

    /// Draws the key that the doors' logs are sealed to, and publishes it.
    pub fn keep_log(&mut self, at: Time, rng: &mut ChaCha20Rng) {
        self.log = Some(OpeningKey::generate(rng));
        self.publish_keyset(at);
    }

    /// Opens an entry that somebody has carried from a door; returns its bytes.
    pub fn opened(&self, door: LockId, sealed: &[u8]) -> Option<Vec<u8>> {
        let key = OpeningKey::from_secret(self.log.as_ref()?.expose_secret());
        let mut sealed = sealed.to_vec();
        let opened = seal::open(&OpeningKeys::new(key), &Context::entry(door), &mut sealed).ok()?;
        Some(opened.bytes().to_vec())
    }

    /// Publishes a keyset with today's issuers, and under it the list, if there is one.
    pub fn publish_keyset(&mut self, at: Time) {
        self.keyset += 1;
        let (year, day) = (Seconds::days(401), 86_400);
        let valid = (Time(at.0 - day), year);
        let mut clerks = vec![
            (self.issuer.public(), Roles::ISSUE, valid),
            (self.attester.public(), Roles::ATTEST, valid),
            (self.revoker.public(), Roles::REVOKE, valid),
            (self.enroller.public(), Roles::ENROL, valid),
        ];
        clerks
            .extend(self.others.iter().map(|other| (other.key.public(), other.roles, other.valid)));
        self.library.keyset = self.sign_keyset(self.keyset, at, &mut clerks);
        self.keysets.push(self.library.keyset.clone());
        if self.library.list.is_some() {
            self.publish_list(at);
        }
    }

    /// Signs a keyset of these issuers with all roots; publishes nothing.
    pub fn sign_keyset(
        &self,
        version: u64,
        at: Time,
        clerks: &mut [(PublicKey<role::Issuer>, Roles, (Time, Seconds))],
    ) -> Vec<u8> {
        clerks.sort_by_key(|(key, ..)| *key);
        let issuers: Vec<_> = clerks
            .iter()
            .map(|(key, roles, (from, lasts))| Issuer::new(key, *roles, *from, *lasts))
            .collect();
        let today = at.0 / 86_400 * 86_400;
        let (from, until) = (Time(today - 86_400), Time(today + 400 * 86_400));
        let transitions = zones::transitions("Europe/Berlin", from, until);
        let zone = Zone::encode(ZONE, &transitions, minute(until.0)).unwrap();
        let draft = keyset::Draft {
            epoch: id::Epoch(self.number),
            version: KeysetVersion(version),
            issued_at: at,
            log_to: self.log.as_ref().map(OpeningKey::public),
            issuers: &issuers,
            zones: &[Zone::decode(zone.as_bytes()).unwrap()],
        };
        let mut bytes = draft.encode().unwrap().as_bytes().to_vec();
        let epoch = Epoch::decode(self.library.epochs.last().unwrap()).unwrap();
        // Each root signs on a machine of its own, in any order.
        for root in self.roots.iter().rev() {
            let signed = Keyset::decode(&bytes).unwrap().cosign(&self.scope(), &epoch, root);
            bytes = signed.unwrap().as_bytes().to_vec();
        }
        bytes
    }

    /// Issues a lock's card, and publishes it.
    pub fn enrol(&mut self, unclaimed: Unclaimed, lock: LockId, settings: Settings, at: Time) {
        self.settings.insert(lock, (unclaimed, settings));
        self.publish_card(lock, at);
    }

    /// Publishes a card that names a lock's sealing key, and may demand that it is used.
    pub fn seal(&mut self, lock: LockId, key: SealingKey, only: bool, at: Time) {
        self.sealing.insert(lock, (key, only));
        self.publish_card(lock, at);
    }

    /// Issues a lock's card anew, under the newest keyset.
    pub fn publish_card(&mut self, lock: LockId, at: Time) {
        let (unclaimed, settings) = &self.settings[&lock];
        let sealing = self.sealing.get(&lock);
        self.card += 1;
        let order =
            CardOrder { keyset: KeysetVersion(self.keyset), version: CardVersion(self.card) };
        let draft = card::Draft {
            scope: self.scope(),
            order,
            at,
            lock,
            groups: &settings.groups,
            device: unclaimed.device,
            sealing: sealing.map(|(key, _)| *key),
            sealed_only: sealing.is_some_and(|(_, only)| *only),
            unchallenged: settings.unchallenged,
            zone: Some(ZONE),
            nonce: unclaimed.nonce,
        };
        let draft = draft.by(&self.enroller.public()).unwrap();
        let card = draft.sign(&self.enroller).unwrap().as_bytes().to_vec();
        self.library.cards.insert(lock, card);
    }

    /// Opens the drawer with the cold keys: new roots, issuers and emergency key, a keyset of them,
    /// and a card for each lock. Nothing that a thief has counts from there on.
    pub fn new_epoch(&mut self, at: Time, rng: &mut ChaCha20Rng) {
        self.number += 1;
        (self.keyset, self.card, self.list) = (0, 0, ListOrder::NONE);
        (self.issuer, self.attester) = (SigningKey::generate(rng), SigningKey::generate(rng));
        (self.revoker, self.enroller) = (SigningKey::generate(rng), SigningKey::generate(rng));
        (self.emergency, self.roots) = (SigningKey::generate(rng), sorted(rng));
        self.others.clear();
        self.revoked.clear();
        self.floors.clear();
        self.library.list = None;
        self.sign_epoch(at, rng);
        self.publish_keyset(at);
        let locks: Vec<_> = self.settings.keys().copied().collect();
        locks.into_iter().for_each(|lock| self.publish_card(lock, at));
    }

    /// Signs the epoch that the owner is in with the cold keys, commits to new ones, and destroys
    /// the old.
    fn sign_epoch(&mut self, at: Time, rng: &mut ChaCha20Rng) {
        let next = sorted(rng);
        let publics =
            |keys: &[SigningKey<role::Cold>]| keys.iter().map(SigningKey::public).collect();
        let (cold, keys): (Vec<_>, Vec<_>) = (publics(&self.cold), publics(&next));
        let roots: Vec<_> = self.roots.iter().map(SigningKey::public).collect();
        let draft = epoch::Draft {
            number: id::Epoch(self.number),
            issued_at: at,
            roots: Threshold { needed: 2, keys: &roots },
            emergency: Some(self.emergency.public()),
            next: Commitment::new(&Threshold { needed: 2, keys: &keys }).unwrap(),
            cold: Threshold { needed: 2, keys: &cold },
        };
        let mut bytes = draft.encode().unwrap().as_bytes().to_vec();
        if let Some(domain) = Epoch::decode(&bytes).unwrap().domain() {
            self.domain = domain;
        }
        for key in &self.cold {
            let signed = Epoch::decode(&bytes).unwrap().cosign(self.domain, key);
            bytes = signed.unwrap().as_bytes().to_vec();
        }
        self.library.epochs.push(bytes);
        self.cold = next;
    }
}

/// The zone of all the owner's locks.
pub const ZONE: ZoneId = ZoneId(1);

/// Two new keys, in the order of their public halves.
pub fn sorted<R: Role>(rng: &mut ChaCha20Rng) -> Vec<SigningKey<R>> {
    let mut keys: Vec<_> = (0..2).map(|_| SigningKey::generate(rng)).collect();
    keys.sort_by_key(SigningKey::public);
    keys
}
