//! The lock's host that is killed: it lives a life that follows from a seed, says what it tries
//! before it does, and what is certain as soon as it is.

use std::{env, path::Path};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Denial, Lock, Now, Presentation, Right, Rights, Seconds, SigningKey,
    Target, Time, Token, Unclaimed, Valid,
    id::{ClaimNonce, LockId, Serial},
    ledger::Outcome,
    lock::{Bundle, Identity, Permit, Restored},
    tables::Tables,
};
use keyward_store::file::{FileStore, abort_at};
use keyward_testkit::world::{Capability, Holder, Owner, START, Settings, door::secret};
use rand_core::SeedableRng;

use super::{ABORT_AT, News, STEPS, news};

/// As many bytes as these tables demand, so that the log is replaced often.
type Store = FileStore<7500>;
type Memory = Tables<8, 4>;

const DOOR: LockId = LockId(*b"flat-12a");

/// Lives on: `PLACE SEED STEP TOKENS`, from this step, once it has tried these tokens.
pub(super) fn run(arguments: &[String]) -> Result<(), String> {
    let [place, seed, step, spent] = arguments else { return Err("not called by hand".into()) };
    let (seed, first) = (number(seed)?, number(step)?);
    let mut world = World::new(seed);
    (1..first).for_each(|step| world.publish(step));
    abort_at(env::var(ABORT_AT).map_or(Ok(0), |at| number(&at))?);
    let mut host = Host::start(world, Path::new(place))?;
    for token in spent.split(',').filter(|token| !token.is_empty()) {
        host.retry(number(token)?, first)?;
    }
    for step in first..STEPS {
        host.step(step)?;
        if step == first {
            // Whoever comes lawfully gets in, whatever was cut off.
            host.open(step, None)?;
        }
        println!("done {step}");
    }
    Ok(())
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text}: not a number"))
}

/// The present at a step: an hour later than at the last.
fn present(step: u64) -> Time {
    START.after(step * 3600)
}

struct World {
    owner: Owner,
    guest: Holder,
    identity: Identity,
    rng: ChaCha20Rng,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut owner = Owner::new(START, &mut rng);
        let device = SigningKey::generate(&mut rng).public();
        let identity = Identity { device, nonce: ClaimNonce([1; 16]), claim_key: None };
        let shown = Unclaimed { device, nonce: identity.nonce };
        owner.enrol(shown, DOOR, Settings::default(), START);
        let guest = Holder::new(&mut rng);
        Self { owner, guest, identity, rng }
    }

    fn publish(&mut self, step: u64) {
        let at = present(step);
        match news(step) {
            Some(News::List) => {
                let lost = Holder::new(&mut self.rng).public().name();
                self.owner.revoke([lost.into()], at);
            }
            Some(News::Keyset) => self.owner.publish_keyset(at),
            Some(News::Epoch) => self.owner.new_epoch(at, &mut self.rng),
            None => {}
        }
    }

    /// A token for one use within three hours of its step, the same whenever it is asked for; or
    /// one for any number of uses.
    fn token(&self, step: u64, once: bool) -> Result<Capability, keyward::EncodeError> {
        let valid = Valid { from: present(step), lasts: Seconds::minutes(180) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(DOOR)], valid)?;
        let grant = grant.max_open(Seconds(30))?;
        let grant = if once { grant.uses(1)? } else { grant };
        let (scope, issuer, serial) = (self.owner.scope(), &self.owner.issuer, Serial(step + 1));
        let to = self.guest.public();
        let token = Token::issue(scope, &issuer.public(), serial, &to, 0, &grant)?.sign(issuer);
        let token = token.expect("the issuer's own key").as_bytes().to_vec();
        Ok(Capability { origin: self.owner.origin().encode()?.as_bytes().to_vec(), token })
    }
}

struct Host {
    world: World,
    lock: Lock<'static, Store, Memory>,
}

impl Host {
    fn start(world: World, place: &Path) -> Result<Self, String> {
        let store = Store::open(place).map_err(|error| format!("opening: {error:?}"))?;
        let identity = world.identity;
        let mut lock = Lock::new(identity, secret(&identity), store);
        match lock.restore(None).map_err(|denial| format!("start: {denial}"))? {
            Restored::Unclaimed => println!("unclaimed"),
            Restored::Claimed { interrupted } => {
                let open = interrupted.map_or(-1, |decision| i128::from(decision.0));
                let due = u8::from(lock.relock_within(Now::exactly(START)) == Some(Seconds(0)));
                println!("interrupted {open}");
                println!("due {due}");
            }
        }
        let mut host = Self { world, lock };
        host.trusts("holds");
        if host.lock.trust().is_ok() {
            host.secure();
        }
        Ok(host)
    }

    /// Says what the lock trusts, and a nonce of it.
    fn trusts(&mut self, word: &str) {
        let now = Now::exactly(START);
        let Ok(session) = self.lock.challenge([0; 16], Channel::Radio, now) else { return };
        let held = session.challenge();
        let (list, card) = (held.list, held.card);
        println!(
            "{word} {} {} {} {} {} {}",
            held.epoch.0,
            held.keyset.0,
            list.keyset.0,
            list.number.0,
            card.keyset.0,
            card.version.0
        );
        println!("nonce {}", u128::from_be_bytes(held.nonce.0));
    }

    fn step(&mut self, step: u64) -> Result<(), String> {
        println!("try {step}");
        if step == 0 {
            return self.claim();
        }
        if news(step).is_none() {
            return self.open(step, Some(step));
        }
        self.world.publish(step);
        let now = Now::exactly(present(step));
        let mut session = self
            .lock
            .challenge([0; 16], Channel::Radio, now)
            .map_err(|denial| denial.to_string())?;
        for mut statement in self.world.owner.library.missing(session.challenge()) {
            let handled =
                self.lock.handle(&mut session, &mut statement, || now, |_| Outcome::Unknown);
            handled.map_err(|rejected| format!("step {step}: {rejected:?}"))?;
            self.trusts("trusts");
        }
        Ok(())
    }

    fn claim(&mut self) -> Result<(), String> {
        if self.lock.trust().is_ok() {
            return Ok(());
        }
        let library = &self.world.owner.library;
        let claim = Unclaimed::claim_by_contact(self.world.owner.domain).expect("one length");
        let bundle = Bundle {
            claim: claim.as_bytes(),
            epoch: &library.epochs[0],
            keyset: &library.keyset,
            card: &library.cards[&DOOR],
            list: None,
        };
        let now = Now::exactly(START);
        let taken = self.lock.verify_claim(&bundle, true, now).and_then(|update| update.commit());
        taken.map_err(|refusal| format!("claim: {refusal}"))?;
        self.trusts("trusts");
        Ok(())
    }

    /// Opens the door with a token for one use, which a cut-off try may have spent, or with one
    /// for any number; then the door closes.
    fn open(&mut self, step: u64, once: Option<u64>) -> Result<(), String> {
        let now = Now::exactly(present(step));
        println!("opening");
        let permit = match self.commit(step, once.is_some(), now) {
            Err(Denial::UsesSpent { .. }) if once.is_some() => {
                println!("spent {step}");
                return Ok(());
            }
            permit => permit.map_err(|denial| format!("step {step}: {denial}"))?,
        };
        // What is said here is acted on.
        println!(
            "permit {} {}",
            self.lock.head(keyward::receipt::Log::Events).next.0,
            once.map_or(-1, i128::from)
        );
        let acted = self.lock.act(permit, now, |_order| Outcome::Done);
        let recorded = acted.and_then(|acted| self.lock.record(acted));
        let recorded = recorded.map_err(|denial| format!("step {step}: {denial}"))?;
        println!("recorded {}", recorded.sequence.0);
        self.secure();
        Ok(())
    }

    /// Tries a token that is spent.
    fn retry(&mut self, token: u64, step: u64) -> Result<(), String> {
        let held = self.lock.trust().map(|trust| trust.scope()).ok();
        if held != Some(self.world.owner.scope()) {
            return Ok(()); // An epoch was taken in: the token is of another.
        }
        let now = Now::exactly(present(step));
        match self.commit(token, true, now) {
            Err(Denial::UsesSpent { .. }) => Ok(()),
            Err(denial) => Err(format!("token {token}, spent, at step {step}: {denial}")),
            Ok(_permit) => Err(format!("token {token} opens once more at step {step}")),
        }
    }

    fn commit(&mut self, token: u64, once: bool, now: Now) -> Result<Permit, Denial> {
        let World { owner, guest, .. } = &self.world;
        let mut session = self.lock.challenge([0; 16], Channel::Radio, now)?;
        let challenge = session.challenge().encode()?;
        let status = owner.attest(now.time.lo(), None);
        let held = self.world.token(token, once)?;
        let ask = Ask { lock: DOOR, right: Right::UNLOCK, parameter: b"" };
        let mut rng = ChaCha20Rng::seed_from_u64(token);
        let challenge = challenge.as_bytes();
        let request = guest.request(&held, ask, challenge, Channel::Radio, &mut rng);
        let bytes = guest.present(&request, &[], Some(&status));
        self.lock.verify(&mut session, &Presentation::decode(&bytes)?, now)?.commit(now)
    }

    fn secure(&mut self) {
        println!("securing");
        self.lock.secure(|| Outcome::Done);
        println!("secured");
    }
}
