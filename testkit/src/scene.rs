//! One request at one lock, described in plain values: what tests, vectors and models vary.
//!
//! A [`Scene`] starts as one that is accepted. A test breaks one thing and names the denial.

mod judge;

use std::collections::BTreeMap;

use keyward::{
    Ask, Caveats, Challenge, Channel, EncodeError, Interval, Request, Right, Rights, Scope,
    Seconds, SigningKey, State, Status, Target, Time, Token, Valid, WitnessStatement,
    card::CardOrder,
    caveat::{Channels, FirstUse},
    id::{
        CardVersion, Counter, DomainId, Epoch, EvidenceId, Fresh, GroupId, KeyId, KeyName,
        KeysetVersion, LinkId, ListNumber, LockId, Nonce, Serial,
    },
    keyset::Roles,
    ledger::Uses,
    narrow::{Granting, Narrowing},
    policy::AppVerdict,
    role,
    schedule::{Dates, Window},
    status::{ListOrder, Revoked, SerialFloor},
    token::Origin,
    zone::Transition,
};

use crate::world::START;

pub use judge::Prepared;

/// The lock of every scene.
pub const LOCK: LockId = LockId(*b"door-001");
/// The group that the lock is in.
pub const GROUP: GroupId = GroupId(*b"group-01");
/// A lock and a group that it isn't.
pub const OTHER_LOCK: LockId = LockId(*b"door-002");
/// A group that the lock isn't in.
pub const OTHER_GROUP: GroupId = GroupId(*b"group-02");

/// The nonce of every scene's session.
pub const NONCE: Nonce = Nonce(*b"nonce-of-session");
const FRESH: Fresh = Fresh(*b"holder-s-own-16b");

/// A key of any class, by number: 0 to 9 issuers, 10 to 19 holders, 20 to 29 witnesses.
pub fn key<R: role::Role>(number: u8) -> SigningKey<R> {
    SigningKey::from_secret(&[number.wrapping_add(1); 32])
}

/// The key that issues.
pub const ISSUER: u8 = 0;
/// The key that attests.
pub const ATTESTER: u8 = 1;
/// The emergency key.
pub const EMERGENCY: u8 = 2;
/// The lock's own key.
pub const DEVICE: u8 = 8;
/// A key that nobody knows.
pub const STRANGER: u8 = 9;
/// The first holder; link i is granted to holder `HOLDER + i`.
pub const HOLDER: u8 = 10;
/// The first witness.
pub const WITNESS: u8 = 20;

/// The caveats of one link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the caveat of its name")]
pub struct Link {
    pub depth: u8,
    pub rights: Option<u32>,
    pub targets: Option<Vec<Target>>,
    pub valid: Option<(u64, u32)>,
    pub uses: Option<u32>,
    pub witness: Option<(u8, Vec<u8>)>,
    pub max_open: Option<u32>,
    pub fresh: Option<u32>,
    pub schedule: Option<(Vec<Window>, Vec<Dates>)>,
    pub first_use: Option<(u64, u32)>,
    pub channels: Option<u8>,
    pub app: Option<(u32, Vec<u8>)>,
}

impl Link {
    /// A link 0: right `unlock`, the scene's lock, 15 minutes from the start.
    pub fn grant(depth: u8) -> Self {
        Self {
            depth,
            rights: Some(1),
            targets: Some(vec![Target::Lock(LOCK)]),
            valid: Some((START.0, 900)),
            ..Self::default()
        }
    }

    /// A later link without caveats.
    pub fn plain(depth: u8) -> Self {
        Self { depth, ..Self::default() }
    }

    fn add<L>(&self, caveats: Caveats<L>, root: bool) -> Result<Caveats<L>, EncodeError> {
        let mut c = caveats;
        if !root {
            if let Some(rights) = self.rights {
                c = c.rights(Rights(rights))?;
            }
            if let Some(targets) = &self.targets {
                c = c.targets(targets)?;
            }
            if let Some((from, lasts)) = self.valid {
                c = c.valid(Valid { from: Time(from), lasts: Seconds(lasts) })?;
            }
        }
        if let Some(uses) = self.uses {
            c = c.uses(uses)?;
        }
        if let Some((of, keys)) = &self.witness {
            let keys: Vec<_> = keys.iter().map(|number| key(*number).public()).collect();
            c = c.witness(*of, &keys)?;
        }
        if let Some(seconds) = self.max_open {
            c = c.max_open(Seconds(seconds))?;
        }
        if let Some(seconds) = self.fresh {
            c = c.fresh(Seconds(seconds))?;
        }
        if let Some((windows, dates)) = &self.schedule {
            c = c.schedule(windows, dates)?;
        }
        if let Some((by, lasts)) = self.first_use {
            c = c.first_use(FirstUse { by: Time(by), lasts: Seconds(lasts) })?;
        }
        if let Some(mask) = self.channels {
            c = c.channels(Channels(mask))?;
        }
        if let Some((tag, data)) = &self.app {
            c = c.app(*tag, data)?;
        }
        Ok(c)
    }

    /// The link's caveats as a grant's.
    ///
    /// # Errors
    /// What the builder says.
    pub fn granting(&self) -> Result<Caveats<Granting>, EncodeError> {
        let (from, lasts) = self.valid.unwrap();
        let valid = Valid { from: Time(from), lasts: Seconds(lasts) };
        let targets = self.targets.as_ref().unwrap();
        self.add(Caveats::grant(Rights(self.rights.unwrap()), targets, valid)?, true)
    }

    /// The link's caveats as a later link's.
    ///
    /// # Errors
    /// What the builder says.
    pub fn narrowing(&self) -> Result<Narrowing, EncodeError> {
        self.add(Caveats::narrowing(), false)
    }
}

/// The status that a presentation brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// Which key signs.
    pub by: u8,
    /// When.
    pub at: u64,
    /// In which epoch.
    pub epoch: u64,
    /// The keyset that it names.
    pub keyset: u64,
    /// The list that it names: its keyset, its number.
    pub list: (u64, u64),
    /// Whether it is over the session's nonce.
    pub over_nonce: bool,
}

/// How the request is tied to its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a challenge of this age, over a channel.
    Challenged {
        /// Milliseconds since the challenge was given; none when none is open.
        age: Option<u64>,
        /// What the host asserts.
        channel: Channel,
    },
    /// By the holder's counter and clock.
    Unchallenged {
        /// The counter.
        counter: u64,
        /// When it was made.
        time: u64,
        /// When it dies.
        expires: u64,
    },
}

/// One issuer of the lock's keyset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which key.
    pub key: u8,
    /// Issue, attest, revoke, enrol, by bits.
    pub roles: Roles,
    /// From when.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// Encoded limits, or none.
    pub limits: Vec<u8>,
}

/// A whole scene.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its type says")]
pub struct Scene {
    pub issuer: u8,
    pub serial: u64,
    pub links: Vec<Link>,
    pub right: Right,
    pub parameter: Vec<u8>,
    pub mode: Mode,
    pub witnesses: Vec<u8>,
    pub status: Option<Attested>,
    pub entries: Vec<Entry>,
    pub emergency: bool,
    pub groups: Vec<GroupId>,
    pub keyset: u64,
    pub list: (u64, u64),
    pub revoked: Vec<Revoked>,
    pub floors: Vec<SerialFloor>,
    pub zone: Option<(Vec<Transition>, u32)>,
    pub accepts_unchallenged: bool,
    pub sealed_only: bool,
    pub lo: u64,
    pub hi: Option<u64>,
    pub drift_ppm: u32,
    /// What each link's history at the lock is.
    pub history: BTreeMap<u8, Uses>,
    /// The highest counter that the lock saw of the holder.
    pub highest: Option<u64>,
    /// Whether that is all it knows, and all below counts as seen.
    pub restored: bool,
    /// What the embedder's checker says, if it has one.
    pub app: Option<AppVerdict>,
}

impl Default for Scene {
    /// A scene that is accepted: one link, a minute after the start.
    fn default() -> Self {
        let (from, until) = (START.0 - 86_400, START.0 + 86_400 * 365);
        let entry = |key, roles| Entry { key, roles, from, until, limits: Vec::new() };
        Self {
            issuer: ISSUER,
            serial: 1_000_000,
            links: vec![Link::grant(0)],
            right: Right::UNLOCK,
            parameter: Vec::new(),
            mode: Mode::Challenged { age: Some(1000), channel: Channel::Radio },
            witnesses: Vec::new(),
            status: None,
            entries: vec![entry(ISSUER, Roles::ISSUE), entry(ATTESTER, Roles::ATTEST)],
            emergency: true,
            groups: vec![GROUP],
            keyset: 3,
            list: (3, 7),
            revoked: Vec::new(),
            floors: Vec::new(),
            zone: Some((vec![Transition { at: minute(from), offset: 60 }], minute(until))),
            accepts_unchallenged: false,
            sealed_only: false,
            lo: START.0 + 60,
            hi: Some(START.0 + 60),
            drift_ppm: 0,
            history: BTreeMap::new(),
            highest: None,
            restored: true,
            app: None,
        }
    }
}

impl Scene {
    /// The default scene with one thing changed.
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut scene = Self::default();
        change(&mut scene);
        scene
    }

    /// A scene that uses everything: three links, a witness, a status.
    pub fn full() -> Self {
        let mut scene = Self::default();
        let valid = Some((START.0, 900));
        let later = |depth| Link { depth, rights: Some(1), valid, ..Link::default() };
        scene.links = vec![Link { uses: Some(1), ..Link::grant(2) }, later(1), later(0)];
        scene.links[0].witness = Some((1, vec![WITNESS]));
        scene.witnesses = vec![WITNESS];
        scene.status = Some(Attested::new(START.0 + 30));
        scene
    }

    /// The scope of every scene.
    pub fn scope() -> Scope {
        Scope { domain: DomainId([0xd0; 32]), epoch: Epoch(1) }
    }

    /// What the token's chain starts from.
    pub fn origin(&self) -> Origin {
        if self.issuer == EMERGENCY {
            Origin::new(Self::scope(), &key::<role::Emergency>(EMERGENCY).public())
        } else {
            Origin::new(Self::scope(), &key::<role::Issuer>(self.issuer).public())
        }
    }

    /// The encoded token.
    ///
    /// # Errors
    /// What the builders say.
    pub fn token(&self) -> Result<Vec<u8>, EncodeError> {
        let (scope, serial) = (Self::scope(), Serial(self.serial));
        let grantee = key::<role::Holder>(HOLDER).public();
        let (depth, grant) = (self.links[0].depth, self.links[0].granting()?);
        let mut token = if self.issuer == EMERGENCY {
            let key = key::<role::Emergency>(EMERGENCY);
            let draft = Token::issue(scope, &key.public(), serial, &grantee, depth, &grant)?;
            draft.sign(&key).unwrap()
        } else {
            let key = key::<role::Issuer>(self.issuer);
            let draft = Token::issue(scope, &key.public(), serial, &grantee, depth, &grant)?;
            draft.sign(&key).unwrap()
        };
        for (parent, link) in (HOLDER..).zip(&self.links[1..]) {
            let held = Token::decode(token.as_bytes()).unwrap();
            let grantee = key::<role::Holder>(parent + 1).public();
            let draft = held.attenuate(&self.origin(), &grantee, link.depth, &link.narrowing()?)?;
            token = draft.sign(&key(parent)).unwrap();
        }
        Ok(token.as_bytes().to_vec())
    }

    /// The holder's request, over the token's bytes.
    pub fn request<'a>(&'a self, token: &Token<'a>) -> Request<'a> {
        let ask = Ask { lock: LOCK, right: self.right, parameter: &self.parameter };
        match self.mode {
            Mode::Challenged { channel, .. } => {
                let challenge = Challenge {
                    lock: LOCK,
                    nonce: NONCE,
                    epoch: Epoch(1),
                    keyset: KeysetVersion(self.keyset),
                    list: order(self.list),
                    card: CARD,
                };
                Request::challenged(&self.origin(), token, ask, &challenge, channel, FRESH)
            }
            Mode::Unchallenged { counter, time, expires } => Request::unchallenged(
                &self.origin(),
                token,
                ask,
                Counter(counter),
                Time(time),
                Time(expires),
            ),
        }
        .unwrap()
    }

    /// The encoded statement of a witness.
    pub fn statement(&self, request: &Request<'_>, witness: u8) -> Vec<u8> {
        let key = key::<role::Witness>(witness);
        let draft = request.agree(EvidenceId([witness; 16]), &key.public()).unwrap();
        draft.sign(&key).unwrap().as_bytes().to_vec()
    }

    /// The encoded status.
    pub fn attestation(&self) -> Option<Vec<u8>> {
        let attested = self.status.as_ref()?;
        let key = key::<role::Issuer>(attested.by);
        let scope = Scope { epoch: Epoch(attested.epoch), ..Self::scope() };
        let state = State {
            keyset: KeysetVersion(attested.keyset),
            list: order(attested.list),
            at: Time(attested.at),
        };
        let nonce = attested.over_nonce.then_some(&NONCE);
        let draft = Status::attest(scope, &key.public(), state, nonce).unwrap();
        Some(draft.sign(&key).unwrap().as_bytes().to_vec())
    }

    /// The encoded presentation.
    pub fn presentation(&self) -> Vec<u8> {
        let token = self.token().unwrap();
        let token = Token::decode(&token).unwrap();
        let request = self.request(&token);
        let statements: Vec<_> =
            self.witnesses.iter().map(|witness| self.statement(&request, *witness)).collect();
        let statements: Vec<_> =
            statements.iter().map(|bytes| WitnessStatement::decode(bytes).unwrap()).collect();
        let status = self.attestation();
        let status = status.as_ref().map(|bytes| Status::decode(bytes).unwrap());
        let draft = request.present(&statements, status.as_ref()).unwrap();
        let holder = HOLDER + u8::try_from(self.links.len()).unwrap() - 1;
        draft.sign(&key(holder)).unwrap().as_bytes().to_vec()
    }

    /// The ids of the token's links.
    pub fn link_ids(&self) -> Vec<LinkId> {
        let token = self.token().unwrap();
        let checked = Token::decode(&token).unwrap().check(&self.origin()).unwrap();
        checked.links().map(|link| link.id()).collect()
    }

    /// What the lock's host knows of the present.
    pub fn interval(&self) -> Interval {
        match self.hi {
            Some(hi) => Interval::between(Time(self.lo), Time(hi)),
            None => Interval::not_before(Time(self.lo)),
        }
    }
}

impl Attested {
    /// A status of the attester's at this time, naming what the lock holds.
    pub fn new(at: u64) -> Self {
        Self { by: ATTESTER, at, epoch: 1, keyset: 3, list: (3, 7), over_nonce: false }
    }
}

/// The minute of a second.
pub fn minute(second: u64) -> u32 {
    u32::try_from(second / 60).unwrap()
}

/// The place of a list by its keyset and number.
pub fn order((keyset, number): (u64, u64)) -> ListOrder {
    ListOrder { keyset: KeysetVersion(keyset), number: ListNumber(number) }
}

/// The place of every scene's card.
pub const CARD: CardOrder = CardOrder { keyset: KeysetVersion(1), version: CardVersion(1) };

/// The `KeyId` of an issuer by its number.
pub fn issuer_id(number: u8) -> KeyId {
    key::<role::Issuer>(number).public().id()
}

/// The name of a key by its number, as revocations have it.
pub fn key_name(number: u8) -> KeyName {
    key::<role::Holder>(number).public().name()
}
