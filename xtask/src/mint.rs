//! Single-use tokens without end, against a lock that remembers 64 of them at a time.

use std::{
    collections::VecDeque,
    io::{IsTerminal, stderr},
};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Denial, Interval, Now, Origin, Presentation, Request, Right, Rights,
    Roles, Seconds, SigningKey, Target, Time, Token, Valid,
    id::{Fresh, Serial},
    ledger::Outcome,
    role,
    time::Uptime,
};
use keyward_testkit::{
    random::Dice,
    world::{Capability, Clerk, Door, START, World},
};
use rand_core::SeedableRng;

/// An uncounted token must open after each so many.
const UNCOUNTED: u64 = 1_000;
/// Power fails after each so many.
const RESTART: u64 = 5_000;
/// So many of the first tokens are presented again and again.
const FIRST: usize = 64;
/// Of those that follow, the last so many.
const LAST: usize = 4_096;

/// Mints a million tokens, or as many as are asked for.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let count: u64 = match arguments {
        [] => 1_000_000,
        [flag, number] if flag == "--tokens" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask mint [--tokens N]".into()),
    };
    println!(
        "Single-use tokens of two issuers, each presented, and a sample again: soon, and when"
    );
    println!("the floor has passed their end; by a host whose clock then stands where it stood.");
    let mut mint = Mint::new();
    let shown = count.div_ceil(100).max(1);
    let tells = stderr().is_terminal();
    for number in 0..count {
        mint.token(number)?;
        if tells && number % shown == 0 {
            eprint!("\r  {number} of {count}");
        }
    }
    if tells {
        eprintln!("\r  {count} of {count}");
    }
    println!("tokens: {count}");
    println!("opened: {}", mint.opened);
    println!("full: {}", mint.full);
    println!("presented_again: {}", mint.again);
    println!("of_those_expired: {}", mint.expired);
    println!("replayed: {}", mint.replayed);
    println!("uncounted_opened: {}", mint.uncounted_opened);
    println!("uncounted_refused: {}", mint.uncounted_refused);
    match (mint.replayed, mint.uncounted_refused, mint.full > count / 2) {
        (0, 0, false) => Ok(()),
        (0, 0, true) => Err("what has ended made no room".into()),
        (0, ..) => Err("an uncounted token was refused".into()),
        _ => Err("a single-use token opened twice".into()),
    }
}

/// The owner's two issuers, one phone, and the door.
struct Mint {
    world: World,
    issuers: [SigningKey<role::Issuer>; 2],
    uncounted: Capability,
    rng: ChaCha20Rng,
    /// The present.
    now: Time,
    /// Tokens that opened, and when.
    first: Vec<(Capability, Time)>,
    last: VecDeque<(Capability, Time)>,
    opened: u64,
    full: u64,
    again: u64,
    expired: u64,
    replayed: u64,
    uncounted_opened: u64,
    uncounted_refused: u64,
}

impl Mint {
    fn new() -> Self {
        let mut world = World::new(64);
        let issuers = [(); 2].map(|()| SigningKey::generate(&mut world.rng));
        let valid = (START, Seconds(u32::MAX));
        let clerk = |key: &SigningKey<role::Issuer>| Clerk {
            key: SigningKey::from_secret(key.expose_secret()),
            roles: Roles::ISSUE,
            valid,
        };
        world.owner.others = issuers.iter().map(clerk).collect();
        world.owner.publish_keyset(START);
        let now = world.now();
        world.flat.visit(&world.owner.library, now);
        let uncounted = grant(&world, &issuers[0], 0, valid, None);
        let rng = ChaCha20Rng::seed_from_u64(1_000_000);
        Self {
            world,
            issuers,
            uncounted,
            rng,
            now: START,
            first: Vec::new(),
            last: VecDeque::new(),
            opened: 0,
            full: 0,
            again: 0,
            expired: 0,
            replayed: 0,
            uncounted_opened: 0,
            uncounted_refused: 0,
        }
    }

    /// One token is minted and presented; then what its number brings.
    fn token(&mut self, number: u64) -> Result<(), String> {
        let mut dice = Dice(&mut self.rng);
        self.now = self.now.after(dice.below(3));
        let lasts = Seconds(u32::try_from(20 + dice.below(40)).unwrap_or(u32::MAX));
        let issuer = &self.issuers[usize::from(dice.once_in(2))];
        let (states, repeats) = (dice.once_in(20), dice.once_in(4));
        let held = grant(&self.world, issuer, number + 1, (self.now, lasts), Some(1));
        match self.present(&held, self.now) {
            Ok(()) => {
                self.opened += 1;
                if self.first.len() < FIRST {
                    self.first.push((held.clone(), self.now));
                }
                self.last.push_back((held, self.now));
                if self.last.len() > LAST {
                    self.last.pop_front();
                }
            }
            Err(Denial::TableFull) => self.full += 1,
            Err(other) => return Err(format!("token {number}: {other:?}")),
        }
        if states {
            let (at, now) = (self.world.owner.attest(self.now, None), self.host(self.now));
            let _taken =
                self.world.flat.deliver(&at, now).map_err(|refusal| format!("{refusal:?}"))?;
        }
        if repeats && self.opened > 0 {
            self.replay()?;
        }
        if number.is_multiple_of(UNCOUNTED) {
            let uncounted = self.uncounted.clone();
            match self.present(&uncounted, self.now) {
                Ok(()) => self.uncounted_opened += 1,
                Err(_) => self.uncounted_refused += 1,
            }
        }
        if number % RESTART == RESTART - 1 {
            self.restart()?;
        }
        Ok(())
    }

    /// Somebody presents a token once more that has opened, by the clock of then: nothing but the
    /// durable floor says that it is later.
    fn replay(&mut self) -> Result<(), String> {
        let mut dice = Dice(&mut self.rng);
        let length = self.last.len() as u64;
        let place = match dice.below(4) {
            0 => dice.below(length),
            // Most of these are still counted.
            _ => length - 1 - dice.below(length.min(64)),
        };
        let (held, then) = match dice.once_in(8) {
            true => dice.pick(&self.first),
            false => self.last[usize::try_from(place).unwrap_or(0)].clone(),
        };
        self.again += 1;
        // The ticks that tell how much time has passed start anew.
        self.world.flat.lock.restart();
        match self.present(&held, then) {
            Ok(()) => self.replayed += 1,
            Err(Denial::UsesSpent { .. }) => {}
            Err(Denial::Expired { .. }) => self.expired += 1,
            // A use that was forgotten might find no room.
            Err(other) => return Err(format!("a token that opened before: {other:?}")),
        }
        Ok(())
    }

    /// A visit at the door.
    fn present(&mut self, held: &Capability, clock: Time) -> Result<(), Denial> {
        let now = self.host(clock);
        let World { flat: Door { lock, id, .. }, courier, .. } = &mut self.world;
        let mut session = lock.challenge([0; 16], Channel::Radio, now)?;
        let (origin, token) = (Origin::decode(&held.origin)?, Token::decode(&held.token)?);
        let ask = Ask { lock: *id, right: Right::UNLOCK, parameter: b"" };
        let (challenge, fresh) = (session.challenge(), Fresh([0; 16]));
        let request = Request::challenged(&origin, &token, ask, challenge, Channel::Radio, fresh);
        let draft = request.expect("a request").present(&[], None).expect("a presentation");
        let bytes = draft.sign(&courier.key).expect("the holder's signature");
        let presentation = Presentation::decode(bytes.as_bytes())?;
        let permit = lock.verify(&mut session, &presentation, now)?.commit(now)?;
        let acted = lock.act(permit, now, |_order| Outcome::Done)?;
        lock.record(acted).map(drop)
    }

    /// What the host says: its ticks are right, its clock is whatever somebody set.
    fn host(&self, clock: Time) -> Now {
        let uptime = Uptime(self.now.0 * 1_000);
        Now { time: Interval::exactly(clock), uptime, drift_ppm: 0 }
    }

    fn restart(&mut self) -> Result<(), String> {
        let other = Door::new(self.world.flat.id, &mut self.rng);
        let flat = std::mem::replace(&mut self.world.flat, other);
        let (flat, restored) = flat.restarted(None, |store| store);
        self.world.flat = flat;
        restored.map(drop).map_err(|denial| format!("a restart: {denial:?}"))
    }
}

/// The courier's token for the flat, of one link.
fn grant(
    world: &World,
    issuer: &SigningKey<role::Issuer>,
    serial: u64,
    (from, lasts): (Time, Seconds),
    uses: Option<u32>,
) -> Capability {
    let grant = Caveats::grant(
        Rights::of(Right::UNLOCK),
        &[Target::Lock(world.flat.id)],
        Valid { from, lasts },
    );
    let grant = grant.and_then(|grant| uses.map_or(Ok(grant.clone()), |uses| grant.uses(uses)));
    let (scope, key, to) = (world.owner.scope(), issuer.public(), world.courier.public());
    let draft = Token::issue(scope, &key, Serial(serial), &to, 0, &grant.expect("a grant"));
    let token = draft.expect("a token").sign(issuer).expect("the issuer's signature");
    let origin = Origin::new(scope, &key).encode().expect("an origin");
    Capability { origin: origin.as_bytes().to_vec(), token: token.as_bytes().to_vec() }
}
