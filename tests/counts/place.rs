//! A door, its owner, and what happens between every two steps of a story.

use std::cell::Cell;

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Challenge, Channel, Denial, Grant, Interval, Narrowing, Now, Origin,
    Presentation, Request, Right, Rights, Roles, Seconds, SigningKey, Taken, Target, Time, Token,
    Valid,
    id::{Counter, LinkId, LockId, Serial},
    ledger::Outcome,
    lock::Session,
    role,
    store::{Cursor, Store, StoreError},
    tables::Capacity,
    time::Uptime,
};
use keyward_testkit::world::{
    Capability, Clerk, Door, Holder, Owner, START, Settings, door::Memory,
};
use rand_core::SeedableRng;

/// What happens between every two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    Nothing,
    /// Power fails; the lock reads its log.
    Restart,
    /// The log is full, a new one holds the state alone, and then power fails.
    NewLog,
}

/// Tells a story three times over.
pub(crate) fn always(story: impl Fn(Between)) {
    [Between::Nothing, Between::Restart, Between::NewLog].into_iter().for_each(story);
}

/// A store whose log is full when it is told so.
#[derive(Default)]
pub(crate) struct Tight {
    store: Memory,
    is_full: Cell<bool>,
}

impl Store for Tight {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        Store::read(&mut self.store, at, out)
    }
    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        if self.is_full.take() { Err(StoreError::Full) } else { self.store.append(record) }
    }
    keyward_testkit::through!(begin stage publish);
}

/// The door, all who come to it, and two clocks: the host's may be wrong, the ticks never are.
pub(crate) struct Place<T: Capacity> {
    pub(crate) owner: Owner,
    /// Another issuer of the owner's.
    pub(crate) agency: SigningKey<role::Issuer>,
    /// A third one.
    clinic: SigningKey<role::Issuer>,
    pub(crate) clock: Time,
    pub(crate) rng: ChaCha20Rng,
    door: Option<Door<Tight, T>>,
    between: Between,
    uptime: u64,
    serial: u64,
}

pub(crate) const DAY: u32 = 86_400;
/// Of tokens that outlast every clock here.
pub(crate) const LONG: u32 = 40 * 365 * DAY;

impl<T: Capacity> Place<T> {
    /// A claimed door, which also takes unchallenged requests.
    pub(crate) fn new(between: Between) -> Self {
        Self::with_agency(between, LONG)
    }

    /// The same, with an agency whose validity ends so many seconds after the start.
    pub(crate) fn with_agency(between: Between, lasts: u32) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut owner = Owner::new(START, &mut rng);
        let (agency, clinic) = (SigningKey::generate(&mut rng), SigningKey::generate(&mut rng));
        owner.others = vec![clerk(&agency, lasts), clerk(&clinic, LONG)];
        owner.publish_keyset(START);
        let (now, id) = (Now::exactly(START), LockId(*b"flat-12a"));
        let mut door = Door::over(id, Tight::default(), &mut rng);
        let settings = Settings { unchallenged: true, ..Settings::default() };
        door.move_in(&mut owner, settings, now);
        let (uptime, serial, door) = (now.uptime.0, 0, Some(door));
        Self { owner, agency, clinic, clock: START, rng, door, between, uptime, serial }
    }

    pub(crate) fn door(&mut self) -> &mut Door<Tight, T> {
        self.door.as_mut().unwrap()
    }

    /// Two clocks go on.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.clock = self.clock.after(seconds);
        self.uptime += 1000 * seconds;
    }

    pub(crate) fn now(&self) -> Now {
        let time = Interval::exactly(self.clock);
        Now { time, uptime: Uptime(self.uptime), drift_ppm: 0 }
    }

    /// What comes between this step and the one before.
    pub(crate) fn step(&mut self) -> &mut Door<Tight, T> {
        let restarts = match self.between {
            Between::Nothing => 0,
            Between::Restart => 1,
            // The first writes a new log, the second reads it.
            Between::NewLog => 2,
        };
        for restart in 0..restarts {
            let is_full = Cell::new(self.between == Between::NewLog && restart == 0);
            let store = |tight| Tight { is_full, ..tight };
            let (door, restored) = self.door.take().unwrap().restarted(None, store);
            restored.unwrap();
            self.door = Some(door);
        }
        self.door()
    }

    /// A token of one link by the owner's issuer.
    pub(crate) fn by_owner(&mut self, to: &Holder, grant: &Grant) -> Capability {
        let issuer = SigningKey::from_secret(self.owner.issuer.expose_secret());
        self.by(&issuer, to, grant)
    }

    /// A token of one link by the agency.
    pub(crate) fn by_agency(&mut self, to: &Holder, grant: &Grant) -> Capability {
        let agency = SigningKey::from_secret(self.agency.expose_secret());
        self.by(&agency, to, grant)
    }

    /// A token of one link by the third issuer.
    pub(crate) fn by_clinic(&mut self, to: &Holder, grant: &Grant) -> Capability {
        let clinic = SigningKey::from_secret(self.clinic.expose_secret());
        self.by(&clinic, to, grant)
    }

    fn by(&mut self, issuer: &SigningKey<role::Issuer>, to: &Holder, grant: &Grant) -> Capability {
        let (scope, key) = (self.owner.scope(), issuer.public());
        self.serial += 1;
        let draft = Token::issue(scope, &key, Serial(self.serial), &to.public(), 3, grant).unwrap();
        let token = draft.sign(issuer).unwrap().as_bytes().to_vec();
        let origin = Origin::new(scope, &key).encode().unwrap().as_bytes().to_vec();
        Capability { origin, token }
    }

    /// A holder.
    pub(crate) fn holder(&mut self) -> Holder {
        Holder::new(&mut self.rng)
    }

    /// A session of one's own, and the presentation that is good over it alone.
    pub(crate) fn session(&mut self, held: &Capability, holder: &Holder) -> (Session, Vec<u8>) {
        self.session_with(held, holder, None)
    }

    fn session_with(
        &mut self,
        held: &Capability,
        holder: &Holder,
        status: Option<&[u8]>,
    ) -> (Session, Vec<u8>) {
        let now = self.now();
        let door = self.door.as_mut().unwrap();
        let session = door.lock.challenge([7; 16], Channel::Radio, now).unwrap();
        // A phone of an earlier epoch lies to itself, or it would not even ask.
        let epoch = Origin::decode(&held.origin).unwrap().scope.epoch;
        let challenge = Challenge { epoch, ..*session.challenge() };
        let challenge = challenge.encode().unwrap().as_bytes().to_vec();
        let ask = Ask { lock: door.id, right: Right::UNLOCK, parameter: b"" };
        let request = holder.request(held, ask, &challenge, Channel::Radio, &mut self.rng);
        (session, holder.present(&request, &[], status))
    }

    /// Verifies, commits, acts and records.
    pub(crate) fn opens_over(
        &mut self,
        session: &mut Session,
        presentation: &[u8],
    ) -> Result<(), Denial> {
        let now = self.now();
        let lock = &mut self.door().lock;
        let presentation = Presentation::decode(presentation)?;
        let permit = lock.verify(session, &presentation, now)?.commit(now)?;
        let acted = lock.act(permit, now, |_order| Outcome::Done)?;
        lock.record(acted).map(drop)
    }

    /// A step: a visit.
    pub(crate) fn opens(&mut self, held: &Capability, holder: &Holder) -> Result<(), Denial> {
        self.step();
        let (mut session, presentation) = self.session(held, holder);
        self.opens_over(&mut session, &presentation)
    }

    /// A step: a visit with an attester's word, over no nonce.
    pub(crate) fn opens_with(
        &mut self,
        held: &Capability,
        holder: &Holder,
        at: Time,
    ) -> Result<(), Denial> {
        self.step();
        let status = self.owner.attest(at, None);
        let (mut session, presentation) = self.session_with(held, holder, Some(&status));
        self.opens_over(&mut session, &presentation)
    }

    /// A step: an unchallenged request.
    pub(crate) fn message(
        &mut self,
        held: &Capability,
        holder: &Holder,
        counter: u64,
        time: Time,
    ) -> Result<(), Denial> {
        self.step();
        let now = self.now();
        let (origin, token) =
            (Origin::decode(&held.origin).unwrap(), Token::decode(&held.token).unwrap());
        let ask = Ask { lock: self.door().id, right: Right::UNLOCK, parameter: b"" };
        let (counter, expires) = (Counter(counter), time.after(LONG.into()));
        let request = Request::unchallenged(&origin, &token, ask, counter, time, expires).unwrap();
        let bytes = request.present(&[], None).unwrap().sign(&holder.key).unwrap();
        let presentation = Presentation::decode(bytes.as_bytes()).unwrap();
        let lock = &mut self.door().lock;
        let permit = lock.verify_unchallenged(&presentation, now)?.commit(now)?;
        let acted = lock.act(permit, now, |_order| Outcome::Done)?;
        lock.record(acted).map(drop)
    }

    /// A step: an attester's word raises the durable floor.
    pub(crate) fn status(&mut self, at: Time) {
        let (status, now) = (self.owner.attest(at, None), self.now());
        self.step().deliver(&status, now).unwrap();
        assert_eq!(self.floor(), at);
    }

    /// A step: the lock takes in what is published.
    pub(crate) fn visit(&mut self) -> Vec<Taken> {
        let now = self.now();
        self.step();
        self.door.as_mut().unwrap().visit(&self.owner.library, now).0
    }

    /// The durable floor.
    pub(crate) fn floor(&mut self) -> Time {
        // Before its first tick a lock knows no more.
        self.door().lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo()
    }

    /// How often the first link of a token was used, as far as the lock remembers.
    pub(crate) fn spent(&mut self, held: &Capability) -> u32 {
        let (root, memory) = (first_link(held), self.step().lock.memory());
        memory.uses(&root).spent
    }

    /// The links and lanes that the lock remembers.
    pub(crate) fn remembered(&mut self) -> (usize, usize) {
        let floor = self.floor();
        let memory = self.step().lock.memory();
        (memory.counts(floor).count(), memory.lanes(floor).count())
    }

    /// What a link 0 says at least: the door may be opened for so long.
    pub(crate) fn grant(&mut self, lasts: u32) -> Grant {
        let valid = Valid { from: START, lasts: Seconds(lasts) };
        let targets = [Target::Lock(self.door().id)];
        Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap()
    }
}

/// The `LinkId` of link 0.
pub(crate) fn first_link(held: &Capability) -> LinkId {
    let origin = Origin::decode(&held.origin).unwrap();
    let checked = Token::decode(&held.token).unwrap().check(&origin).unwrap();
    checked.links().next().unwrap().id()
}

/// An issuer of tokens whose validity ends so many seconds after the start.
pub(crate) fn clerk(key: &SigningKey<role::Issuer>, lasts: u32) -> Clerk {
    let key = SigningKey::from_secret(key.expose_secret());
    Clerk { key, roles: Roles::ISSUE, valid: (START, Seconds(lasts)) }
}

/// What a later link says: so many uses.
pub(crate) fn narrowed(uses: u32) -> Narrowing {
    Caveats::narrowing().uses(uses).unwrap()
}

/// What a link says that was used up.
pub(crate) fn spent(link: u8, spent: u32) -> Result<(), Denial> {
    Err(Denial::UsesSpent { link, spent, limit: spent })
}
