//! A street door that three domains open: three locks over one bolt (SPEC.md section 17.7). No
//! message of one domain reaches the state of another.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Challenge, Channel, Denial, Now, Right, Rights, Roles, Seconds, SigningKey,
    State, Status, Taken, Target, Time, Token, Valid,
    id::{KeysetVersion, ListNumber, LockId},
    ledger::{Memory, Uses},
    role,
    status::{ListOrder, Revoked},
};
use keyward_testkit::{
    random::Dice,
    world::{Capability, Door, Holder, Owner, START, Settings},
};
use proptest::prelude::*;
use rand_core::SeedableRng;

const DOMAINS: usize = 3;
/// What a lock says to a statement of another domain.
const FOREIGN: [&str; 7] = [
    "UnknownIssuer",
    "StatementSignature",
    "SignatureCount",
    "OtherEpoch",
    "NotCommitted",
    "KeysetAhead",
    "EpochSkipped",
];

/// All three locks have one name: it is the domain that tells them apart.
const STREET: LockId = LockId(*b"street-1");

struct Street {
    owners: Vec<Owner>,
    doors: Vec<Door>,
    /// Has a token of each domain, by one and the same key.
    guest: Holder,
    /// With each the owner's issuer in that epoch.
    tokens: Vec<Vec<Capability>>,
    now: Time,
}

impl Street {
    fn new(rng: &mut ChaCha20Rng) -> Self {
        let mut owners: Vec<_> = (0..DOMAINS).map(|_| Owner::new(START, rng)).collect();
        // One caretaker issues for two of the domains: the same key, and still not the same tokens.
        let secret = *owners[0].issuer.expose_secret();
        owners[1].issuer = SigningKey::from_secret(&secret);
        owners[1].publish_keyset(START);
        let settings = Settings { unchallenged: true, ..Settings::default() };
        let claim = |owner: &mut Owner| {
            Door::claimed(STREET, owner, settings.clone(), Now::exactly(START), rng)
        };
        let doors = owners.iter_mut().map(claim).collect();
        let guest = Holder::new(rng);
        let tokens = vec![vec![]; DOMAINS];
        let mut street = Self { owners, doors, guest, tokens, now: START };
        (0..DOMAINS).for_each(|domain| street.grant(domain));
        street
    }

    fn grant(&mut self, domain: usize) {
        let valid = Valid { from: START, lasts: Seconds::days(300) };
        let target = [Target::Lock(STREET)];
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &target, valid).unwrap();
        let counted = grant.uses(1000).unwrap();
        let held = self.owners[domain].grant(&self.guest.public(), 0, &counted);
        self.tokens[domain].push(held);
    }

    fn now(&self) -> Now {
        Now::exactly(self.now)
    }

    /// All that a lock trusts and remembers: keys, lists and settings, the time, the counts.
    fn state(&self, domain: usize) -> String {
        let lock = &self.doors[domain].lock;
        let present = lock.present(Now::ticks(self.now().uptime, 0)).unwrap();
        let ledger = format!("{:?}", lock.memory());
        format!("{:?} {present:?} {ledger}", lock.trust().unwrap())
    }

    fn states(&self) -> Vec<String> {
        (0..DOMAINS).map(|domain| self.state(domain)).collect()
    }

    /// What one domain publishes next, and what its thieves make of its keys.
    fn statement(&mut self, domain: usize, rng: &mut ChaCha20Rng) -> Vec<Vec<u8>> {
        let (now, choice) = (self.now, Dice(rng).below(9));
        let owner = &mut self.owners[domain];
        let top = ListOrder { keyset: KeysetVersion(1), number: ListNumber(u64::MAX) };
        match choice {
            0 => {
                owner.publish_keyset(now);
                vec![owner.library.keyset.clone()]
            }
            1 => {
                owner.publish_list(now);
                vec![owner.library.list.clone().unwrap()]
            }
            2 => {
                owner.publish_card(STREET, now);
                vec![owner.library.cards[&STREET].clone()]
            }
            3 => vec![owner.attest(now, None)],
            4 => {
                owner.new_epoch(now, rng);
                let mut all = owner.library.epochs.clone();
                all.extend([owner.library.keyset.clone(), owner.library.cards[&STREET].clone()]);
                self.grant(domain);
                all
            }
            5 => {
                // The domain's revoker, stolen: everybody is revoked.
                let entries = [Revoked::from(self.guest.public().name())];
                let state = State { keyset: KeysetVersion(1), list: top, at: now };
                let (scope, key) = (owner.scope(), &owner.revoker);
                let list = Status::revoke(scope, &key.public(), state, &entries, &[], None);
                vec![list.unwrap().sign(key).unwrap().as_bytes().to_vec()]
            }
            6 => {
                // The domain's attester, stolen: it is next year.
                vec![owner.attest(Time(START.0 + 390 * 86_400), None)]
            }
            _ => {
                // The domain's roots, stolen: an issuer of the thief's, of the top version.
                let own: SigningKey<role::Issuer> = SigningKey::generate(rng);
                let roles = Roles::ISSUE.and(Roles::ATTEST).and(Roles::REVOKE).and(Roles::ENROL);
                let mut clerks = [(own.public(), roles, (Time(0), Seconds(u32::MAX)))];
                let version = u64::MAX - Dice(rng).below(3);
                vec![owner.sign_keyset(version, Time(START.0 + 1000 * 86_400), &mut clerks)]
            }
        }
    }

    /// The guest asks one lock by a token of some domain, as if it were of the lock's epoch or not.
    fn ask(&mut self, token: usize, door: usize, rng: &mut ChaCha20Rng) -> Result<(), Denial> {
        let held = Dice(rng).pick(&self.tokens[token]);
        let now = self.now();
        let challenge = self.doors[door].connect(Channel::Radio, now);
        let asked = self.presentation(&held, token, &challenge, rng);
        self.doors[door].present(&asked, now).1.map(drop)
    }

    fn presentation(
        &self,
        held: &Capability,
        domain: usize,
        challenge: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Vec<u8> {
        let mut challenge = Challenge::decode(challenge).unwrap();
        let nonce = challenge.nonce;
        challenge.epoch = keyward::Origin::decode(&held.origin).unwrap().scope.epoch;
        let challenge = challenge.encode().unwrap();
        let ask = Ask { lock: STREET, right: Right::UNLOCK, parameter: b"" };
        let challenge = challenge.as_bytes();
        let request = self.guest.request(held, ask, challenge, Channel::Radio, rng);
        let owner = &self.owners[domain];
        let status = match Dice(rng).below(3) {
            0 => Some(owner.attest(self.now, Some(&nonce))),
            1 => Some(owner.attest(self.now, None)),
            _ => None,
        };
        self.guest.present(&request, &[], status.as_deref())
    }
}

fn used(held: &Capability, door: &Door) -> Uses {
    let origin = keyward::Origin::decode(&held.origin).unwrap();
    let checked = Token::decode(&held.token).unwrap().check(&origin).unwrap();
    let link = checked.links().next().unwrap().id();
    door.lock.memory().uses(&link)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn no_message_of_one_domain_reaches_another(seed in any::<u64>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut street = Street::new(&mut rng);
        for _ in 0..40 {
            let domain = usize::try_from(Dice(&mut rng).below(3)).unwrap();
            let foreign = (domain + 1 + usize::from(Dice(&mut rng).once_in(2))) % DOMAINS;
            street.now = street.now.after(Dice(&mut rng).below(20));
            let now = street.now();
            if Dice(&mut rng).once_in(2) {
                let statements = street.statement(domain, &mut rng);
                // A session that is open before stays open: the guest still has the challenge.
                let open = street.doors[foreign].connect(Channel::Radio, now);
                let before = street.states();
                for statement in &statements {
                    let refused = street.doors[foreign].deliver(statement, now);
                    prop_assert!(refused.is_err(), "{refused:?} to {statement:02x?}");
                    // Over the foreign lock's own nonce it counts no more.
                    let nonce = Challenge::decode(&open).unwrap().nonce;
                    let status = street.owners[domain].attest(now.time.lo(), Some(&nonce));
                    let refused = street.doors[foreign].deliver(&status, now);
                    prop_assert!(FOREIGN.contains(&refused.unwrap_err().name()));
                }
                prop_assert_eq!(&street.states(), &before);
                let held = street.tokens[domain].last().unwrap().clone();
                let asked = street.presentation(&held, domain, &open, &mut rng);
                let denial = street.doors[foreign].present(&asked, now).1.unwrap_err();
                prop_assert!(denial.code() < 400, "{denial}: a stranger spends no challenge");
                prop_assert_eq!(&street.states(), &before);
                // Its own domain's lock takes it, or refuses it, and no other lock changes.
                street.doors[domain].connect(Channel::Radio, now);
                for statement in &statements {
                    let _taken: Result<Taken, _> = street.doors[domain].deliver(statement, now);
                }
                for other in (0..DOMAINS).filter(|other| *other != domain) {
                    prop_assert_eq!(&street.state(other), &before[other]);
                }
                // The session of before opens for the foreign lock's own guest, if anything does.
                let scope = street.doors[foreign].lock.trust().unwrap().scope();
                prop_assert_eq!(scope.domain, street.owners[foreign].domain);
                let held = street.tokens[foreign].last().unwrap().clone();
                let asked = street.presentation(&held, foreign, &open, &mut rng);
                let verdict = street.doors[foreign].present(&asked, now).1;
                prop_assert!(!matches!(verdict, Err(Denial::NoChallenge)), "the session is gone");
                street.doors[foreign].secure();
            } else {
                let before = street.states();
                let denial = street.ask(domain, foreign, &mut rng).expect_err("of another domain");
                prop_assert!([200, 230, 231, 300].contains(&denial.code()), "{denial}");
                prop_assert!(street.doors.iter().all(|door| !door.is_open));
                prop_assert_eq!(&street.states(), &before);
                let opened = street.ask(domain, domain, &mut rng).is_ok();
                prop_assert_eq!(street.doors[domain].is_open, opened);
                street.doors[domain].secure();
                for other in (0..DOMAINS).filter(|other| *other != domain) {
                    prop_assert_eq!(&street.state(other), &before[other]);
                }
            }
        }
    }
}

#[test]
fn each_lock_opens_by_tokens_of_its_own_domain() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut street = Street::new(&mut rng);
    for token in 0..DOMAINS {
        for door in 0..DOMAINS {
            let opened = street.ask(token, door, &mut rng).is_ok();
            assert_eq!(opened, token == door, "token of {token} at the lock of {door}");
            street.doors[door].secure();
        }
        let held = &street.tokens[token][0];
        for (door, spent) in street.doors.iter().zip((0..DOMAINS).map(|door| door == token)) {
            assert_eq!(used(held, door).spent, u32::from(spent));
        }
    }
}

#[test]
fn thieves_of_one_domain_leave_its_neighbours_in_peace() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut street = Street::new(&mut rng);
    let mut stolen = Vec::new();
    for _ in 0..60 {
        stolen.extend(street.statement(0, &mut rng));
    }
    for door in [0, 1, 2] {
        street.doors[door].connect(Channel::Radio, Now::exactly(START));
        for statement in &stolen {
            let taken = street.doors[door].deliver(statement, Now::exactly(START));
            if door != 0 {
                let refused = taken.unwrap_err().name();
                assert!(FOREIGN.contains(&refused), "{refused}");
            }
        }
        assert_eq!(street.ask(door, door, &mut rng).is_ok(), door != 0);
    }
}
