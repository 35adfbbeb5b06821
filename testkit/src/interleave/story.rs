//! What may be sent to one lock of one domain: signed once, sent many times.
//!
//! Beside its bytes each statement has, in plain values, what it says and what is wrong with it.
//! The model reads those values and never the bytes.

use std::fmt;

use chacha20::ChaCha20Rng;
use keyward::{
    Caveats, Epoch, Issuer, Keyset, Origin, PublicKey, Right, Rights, Roles, Scope, Seconds,
    SigningKey, State, Status, Target, Threshold, Time, Token, Valid, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{self, CardVersion, DomainId, KeysetVersion, LinkId, ListNumber, LockId, Nonce, Serial},
    keyset,
    lock::Bundle,
    role,
    role::Role,
    status::{ListOrder, Revoked, SerialFloor},
};
use rand_core::SeedableRng;

use crate::{
    interleave::cast::{CAST, EPOCHS, publish},
    random::Dice,
    world::{Capability, Door, Holder, Library, START, WAY_IN},
};

/// The lock that all is about.
pub(super) const LOCK: LockId = LockId(*b"the-lock");
/// A day.
pub(super) const DAY: u64 = 86_400;

/// The bits of the roles.
pub(super) const ISSUE: u8 = 1;
pub(super) const ATTEST: u8 = 2;
pub(super) const REVOKE: u8 = 4;
pub(super) const ENROL: u8 = 8;

/// Who makes a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// The owner.
    Honest,
    /// Whoever has a copy of every issuer's key.
    Issuers,
    /// Whoever has a copy of the roots' keys.
    Roots,
    /// Whoever has no key.
    Stranger,
}

/// An issuer in a keyset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) who: usize,
    pub(super) roles: u8,
    pub(super) from: u64,
    pub(super) until: u64,
}

/// What a statement says beside its epoch and time.
#[derive(Clone, Debug)]
pub(super) enum What {
    Keyset { version: u64, issuers: Vec<Named>, names_device: bool },
    List { by: usize, order: (u64, u64), entries: Vec<[u8; 16]>, floors: Vec<(usize, u64)> },
    Status { by: usize, keyset: u64, list: (u64, u64) },
    Card { by: usize, order: (u64, u64), grouped: bool },
}

/// One statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) bytes: Vec<u8>,
    /// Equal where the bodies are equal.
    pub(super) body: usize,
    pub(super) side: Side,
    pub(super) epoch: u64,
    pub(super) at: u64,
    pub(super) what: What,
    /// The code of what is wrong with it in any state, or 0.
    pub(super) fault: u16,
}

/// Who granted a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grantor {
    Clerk(usize),
    Emergency,
}

/// One token of one link.
#[derive(Clone)]
pub(super) struct Granted {
    pub(super) token: Vec<u8>,
    pub(super) link: id::LinkId,
    pub(super) epoch: u64,
    pub(super) by: Grantor,
    pub(super) holder: usize,
    pub(super) serial: u64,
    pub(super) from: u64,
    pub(super) until: u64,
    /// At every lock of the group, or at this lock.
    pub(super) group: bool,
    pub(super) uses: Option<u32>,
    pub(super) fresh: Option<u32>,
}

impl Granted {
    /// Whether the issuer stands in a keyset; the emergency key always counts.
    pub(super) fn is_named_in(&self, story: &Story, keyset: usize) -> bool {
        match (self.by, &story.statements[keyset].what) {
            (Grantor::Clerk(who), What::Keyset { issuers, .. }) => {
                issuers.iter().any(|named| named.who == who)
            }
            _ => true,
        }
    }
}

/// All but the bytes.
impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, by, holder, serial, from, until, group, uses, fresh, .. } = self;
        write!(f, "token {serial} of epoch {epoch} by {by:?} to {holder}, {from} to {until}, ")?;
        write!(f, "group {group}, uses {uses:?}, fresh {fresh:?}")
    }
}

/// The keys of an epoch.
pub(super) struct Keys {
    pub(super) roots: Vec<SigningKey<role::Root>>,
    pub(super) emergency: SigningKey<role::Emergency>,
    pub(super) cold: Vec<SigningKey<role::Cold>>,
}

/// An epoch that no walk takes, and the code with which one that has come to the epoch before it,
/// or to its own number, refuses it.
#[derive(Clone, Debug)]
pub(super) struct OddEpoch {
    pub(super) bytes: Vec<u8>,
    pub(super) number: u64,
    pub(super) after: u16,
    pub(super) same: u16,
}

/// What mends a lock: the newest of all, by issuers whom no thief knows.
pub(super) struct Rescue {
    pub(super) library: Library,
    pub(super) attester: usize,
    pub(super) state: State,
    pub(super) held: Capability,
}

/// All statements and tokens of one world.
pub(super) struct Story {
    seed: u64,
    pub(super) domain: DomainId,
    pub(super) clerks: Vec<SigningKey<role::Issuer>>,
    pub(super) keys: Vec<Keys>,
    /// The epochs, and when each was issued.
    pub(super) epochs: Vec<(Vec<u8>, u64)>,
    pub(super) odd: Vec<OddEpoch>,
    pub(super) statements: Vec<Statement>,
    pub(super) tokens: Vec<Granted>,
    pub(super) holders: Vec<Holder>,
    /// Claims of the lock: the epoch, keyset and card, and the list if it comes with one.
    pub(super) claims: Vec<(Vec<u8>, [usize; 2], Option<usize>)>,
    /// By the epoch in which it mends.
    pub(super) rescues: Vec<Rescue>,
    /// When the last honest statement was made.
    pub(super) end: u64,
    /// What the lock is of itself.
    pub(super) door: Door,
    serial: u64,
}

impl Story {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let clerks = (0..CAST).map(|_| SigningKey::generate(&mut rng)).collect();
        let keys: Vec<_> = (0..EPOCHS + 2).map(|_| Keys::new(&mut rng)).collect();
        let holders = (0..3).map(|_| Holder::new(&mut rng)).collect();
        let mut story = Self {
            seed,
            domain: DomainId([0; 32]),
            clerks,
            keys,
            epochs: Vec::new(),
            odd: Vec::new(),
            statements: Vec::new(),
            tokens: Vec::new(),
            holders,
            claims: Vec::new(),
            rescues: Vec::new(),
            end: START.0,
            door: Self::unpacked(seed),
            serial: 1,
        };
        publish(&mut story, &mut Dice(&mut rng));
        story
    }

    /// The lock as it comes from its box; every one is the same.
    pub(super) fn unpacked(seed: u64) -> Door {
        Door::new(LOCK, &mut ChaCha20Rng::seed_from_u64(!seed))
    }

    /// Another lock of the same identity, claimed in one of the ways.
    pub(super) fn claimed(&self, way: usize, now: keyward::Now) -> Door {
        let mut door = Self::unpacked(self.seed);
        let (claim, [keyset, card], list) = &self.claims[way];
        let epoch = self.statements[*keyset].epoch;
        let bundle = Bundle {
            claim,
            epoch: &self.epochs[usize::try_from(epoch).unwrap()].0,
            keyset: &self.statements[*keyset].bytes,
            card: &self.statements[*card].bytes,
            list: list.map(|list| &*self.statements[list].bytes),
        };
        door.lock.verify_claim(&bundle, false, now).unwrap().commit().unwrap();
        door
    }

    pub(super) const fn scope(&self, epoch: u64) -> Scope {
        Scope { domain: self.domain, epoch: id::Epoch(epoch) }
    }

    pub(super) fn push(&mut self, statement: Statement) -> usize {
        self.statements.push(statement);
        self.statements.len() - 1
    }

    /// The same statement with a signature that does not hold.
    pub(super) fn push_forged(&mut self, index: usize) {
        let mut forged = self.statements[index].clone();
        let at = forged.bytes.len() - 40;
        forged.bytes[at] ^= 1;
        forged.fault = if forged.fault == 0 { 622 } else { forged.fault };
        forged.side = Side::Stranger;
        self.push(forged);
    }

    /// An epoch's bytes, signed by its cold keys.
    pub(super) fn sign_epoch(&self, number: usize, keys: &Keys, next: &Keys, at: u64) -> Vec<u8> {
        let (cold, coming) = (publics(&keys.cold), publics(&next.cold));
        let draft = epoch::Draft {
            number: id::Epoch(number as u64),
            issued_at: Time(at),
            roots: Threshold { needed: 2, keys: &publics(&keys.roots) },
            emergency: Some(keys.emergency.public()),
            next: Commitment::new(&Threshold { needed: 1, keys: &coming }).unwrap(),
            cold: Threshold { needed: 1, keys: &cold },
        };
        let bytes = draft.encode().unwrap();
        let epoch = Epoch::decode(bytes.as_bytes()).unwrap();
        // The first epoch names the domain; a fork of it is signed over the name that there is.
        let first = epoch.domain().filter(|_| self.epochs.is_empty());
        let domain = first.unwrap_or(self.domain);
        epoch.cosign(domain, &keys.cold[0]).unwrap().as_bytes().to_vec()
    }

    /// A keyset's bytes, signed by so many of the roots.
    pub(super) fn sign_keyset(
        &self,
        (epoch, version, at): (u64, u64, u64),
        issuers: &[(PublicKey<role::Issuer>, u8, u64, u64)],
        signers: usize,
    ) -> Vec<u8> {
        let mut sorted = issuers.to_vec();
        sorted.sort_by_key(|(key, ..)| *key);
        let issuers: Vec<_> = sorted
            .iter()
            .map(|(key, bits, from, until)| {
                let lasts = Seconds(u32::try_from(until - from).unwrap());
                Issuer::new(key, roles(*bits), Time(*from), lasts)
            })
            .collect();
        let draft = keyset::Draft {
            epoch: id::Epoch(epoch),
            version: KeysetVersion(version),
            issued_at: Time(at),
            log_to: None,
            issuers: &issuers,
            zones: &[],
        };
        let mut bytes = draft.encode().unwrap().as_bytes().to_vec();
        let index = usize::try_from(epoch).unwrap();
        let held = Epoch::decode(&self.epochs[index].0).unwrap();
        for root in &self.keys[index].roots[..signers] {
            let signed = Keyset::decode(&bytes).unwrap().cosign(&self.scope(epoch), &held, root);
            bytes = signed.unwrap().as_bytes().to_vec();
        }
        bytes
    }

    /// A list, signed and not yet among the statements.
    pub(super) fn list(
        &self,
        side: Side,
        (epoch, at): (u64, u64),
        by: usize,
        order: (u64, u64),
        (mut entries, mut floors): (Vec<[u8; 16]>, Vec<(usize, u64)>),
    ) -> Statement {
        entries.sort_unstable();
        entries.dedup();
        floors.sort_by_key(|(who, _)| self.clerks[*who].public().id());
        let revoked: Vec<_> = entries.iter().map(|entry| Revoked::from(LinkId(*entry))).collect();
        let serials: Vec<_> = floors
            .iter()
            .map(|(who, first)| SerialFloor {
                issuer: self.clerks[*who].public().id(),
                first: Serial(*first),
            })
            .collect();
        let (key, state) = (&self.clerks[by], state(order.0, order, at));
        let draft =
            Status::revoke(self.scope(epoch), &key.public(), state, &revoked, &serials, None);
        let bytes = draft.unwrap().sign(key).unwrap().as_bytes().to_vec();
        let what = What::List { by, order, entries, floors };
        Statement { bytes, body: self.statements.len(), side, epoch, at, what, fault: 0 }
    }

    /// A status without a list, over a nonce or over none.
    pub(super) fn attest(
        &self,
        epoch: u64,
        by: usize,
        state: State,
        nonce: Option<&Nonce>,
    ) -> Vec<u8> {
        let key = &self.clerks[by];
        let draft = Status::attest(self.scope(epoch), &key.public(), state, nonce).unwrap();
        draft.sign(key).unwrap().as_bytes().to_vec()
    }

    pub(super) fn status(
        &self,
        side: Side,
        (epoch, at): (u64, u64),
        by: usize,
        (keyset, list): (u64, (u64, u64)),
    ) -> Statement {
        let bytes = self.attest(epoch, by, state(keyset, list, at), None);
        let what = What::Status { by, keyset, list };
        Statement { bytes, body: self.statements.len(), side, epoch, at, what, fault: 0 }
    }

    /// A card; with a fault it is another lock's, life's or device's.
    pub(super) fn card(
        &self,
        side: Side,
        (epoch, at): (u64, u64),
        by: usize,
        order: (u64, u64),
        (grouped, fault): (bool, u16),
    ) -> Statement {
        let key = &self.clerks[by];
        let mut shown = self.door.unclaimed();
        if fault == 651 {
            shown.nonce.0[0] ^= 1;
        }
        if fault == 652 {
            shown.device = PublicKey::from_bytes(self.holders[0].public().as_bytes()).unwrap();
        }
        let groups = if grouped { &[WAY_IN][..] } else { &[] };
        let draft = card::Draft {
            scope: self.scope(epoch),
            order: CardOrder { keyset: KeysetVersion(order.0), version: CardVersion(order.1) },
            at: Time(at),
            lock: if fault == 650 { LockId(*b"no-lock.") } else { LOCK },
            groups,
            device: shown.device,
            sealing: None,
            sealed_only: false,
            unchallenged: false,
            zone: None,
            nonce: shown.nonce,
        };
        let bytes = draft.by(&key.public()).unwrap().sign(key).unwrap().as_bytes().to_vec();
        let what = What::Card { by, order, grouped };
        Statement { bytes, body: self.statements.len(), side, epoch, at, what, fault }
    }

    /// Grants a token of one link.
    pub(super) fn grant(&mut self, granted: Granted) -> usize {
        let Granted { epoch, by, holder, from, until, group, uses, fresh, .. } = granted;
        let lasts = Seconds(u32::try_from(until - from).unwrap());
        let target = if group { Target::Group(WAY_IN) } else { Target::Lock(LOCK) };
        let valid = Valid { from: Time(from), lasts };
        let mut grant = Caveats::grant(Rights::of(Right::UNLOCK), &[target], valid).unwrap();
        if let Some(uses) = uses {
            grant = grant.uses(uses).unwrap();
        }
        if let Some(fresh) = fresh {
            grant = grant.fresh(Seconds(fresh)).unwrap();
        }
        let (scope, to) = (self.scope(epoch), self.holders[holder].public());
        self.serial += 1;
        let serial = self.serial;
        let origin = self.origin(by, epoch, epoch);
        let token = match by {
            Grantor::Clerk(who) => {
                let key = &self.clerks[who];
                let draft = Token::issue(scope, &key.public(), Serial(serial), &to, 0, &grant);
                draft.unwrap().sign(key).unwrap()
            }
            Grantor::Emergency => {
                let key = &self.keys[usize::try_from(epoch).unwrap()].emergency;
                let draft = Token::issue(scope, &key.public(), Serial(serial), &to, 0, &grant);
                draft.unwrap().sign(key).unwrap()
            }
        };
        let token = token.as_bytes().to_vec();
        let checked = Token::decode(&token).unwrap();
        let link = checked.check(&Origin::decode(&origin).unwrap()).unwrap();
        let link = link.links().next().unwrap().id();
        self.tokens.push(Granted { token, link, serial, ..granted });
        self.tokens.len() - 1
    }

    /// What a token's chain starts from, if its epoch were this one.
    pub(super) fn origin(&self, by: Grantor, epoch: u64, claimed: u64) -> Vec<u8> {
        let scope = self.scope(claimed);
        let origin = match by {
            Grantor::Clerk(who) => Origin::new(scope, &self.clerks[who].public()),
            Grantor::Emergency => {
                let keys = &self.keys[usize::try_from(epoch).unwrap()];
                Origin::new(scope, &keys.emergency.public())
            }
        };
        origin.encode().unwrap().as_bytes().to_vec()
    }
}

impl Keys {
    fn new(rng: &mut ChaCha20Rng) -> Self {
        let roots = crate::world::sorted(rng);
        let (emergency, cold) = (SigningKey::generate(rng), vec![SigningKey::generate(rng)]);
        Self { roots, emergency, cold }
    }
}

/// What a status says.
pub(super) const fn state(keyset: u64, list: (u64, u64), at: u64) -> State {
    let list = ListOrder { keyset: KeysetVersion(list.0), number: ListNumber(list.1) };
    State { keyset: KeysetVersion(keyset), list, at: Time(at) }
}

pub(super) fn roles(bits: u8) -> Roles {
    let all = [Roles::ISSUE, Roles::ATTEST, Roles::REVOKE, Roles::ENROL];
    let held = all.into_iter().filter(|role| role.bits() & bits != 0);
    held.reduce(Roles::and).unwrap()
}

pub(super) fn publics<R: Role>(keys: &[SigningKey<R>]) -> Vec<PublicKey<R>> {
    keys.iter().map(SigningKey::public).collect()
}
