//! What awaits is what its twin is: two locks of one life, one driven by calls that await, say the
//! same and write the same records (SPEC.md section 22.1).

#[expect(dead_code, reason = "shared with other tests")]
#[path = "life/visit.rs"]
mod visit;

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Channel, DecodeError, Denial, Now, Presentation, Refusal, Right, SigningKey,
    id::LockId,
    ledger::Outcome,
    lock::{Acted, Handled, LoneSignature, Order, Permit, Recorded, Rejected, Session},
    receipt::{Draft, Log},
    role,
    time::Uptime,
};
use keyward_testkit::{
    journal::records,
    stores::{Mood, Moody, done},
    world::{Capability, Door, Holder, Settings, World, door::secret},
};
use rand_core::SeedableRng;
use visit::{DAY, grant};

/// A lock's host, who awaits or doesn't.
struct Host {
    awaits: bool,
    door: Door<Moody>,
    /// What each call said.
    said: Vec<String>,
}

impl Host {
    /// Keeps what a call says, and hands it on.
    fn hears<T: std::fmt::Debug, E: std::fmt::Debug>(
        &mut self,
        result: Result<T, E>,
    ) -> Result<T, E> {
        self.said.push(format!("{result:?}"));
        result
    }

    /// A request for a right, verified and committed.
    fn asks(
        &mut self,
        held: &Capability,
        holder: &Holder,
        (right, parameter): (Right, &[u8]),
        [now, then]: [Now; 2],
    ) -> Result<Permit, Denial> {
        let (mut session, bytes) = self.presented(held, holder, (right, parameter), now);
        let lock = &mut self.door.lock;
        let presentation = Presentation::decode(&bytes).unwrap();
        let verified = lock.verify(&mut session, &presentation, now)?;
        let permit = match self.awaits {
            true => done(verified.commit_async(then)),
            false => verified.commit(then),
        };
        self.hears(permit)
    }

    fn presented(
        &mut self,
        held: &Capability,
        holder: &Holder,
        (right, parameter): (Right, &[u8]),
        now: Now,
    ) -> (Session, Vec<u8>) {
        let session = self.door.lock.challenge([7; 16], Channel::Radio, now).unwrap();
        let challenge = session.challenge().encode().unwrap();
        let ask = Ask { lock: self.door.id, right, parameter };
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let request = holder.request(held, ask, challenge.as_bytes(), Channel::Radio, &mut rng);
        (session, holder.present(&request, &[], None))
    }

    /// Whatever a phone brings.
    fn handles(
        &mut self,
        session: &mut Session,
        message: &[u8],
        now: Now,
    ) -> Result<Handled, Rejected> {
        let (lock, mut message) = (&mut self.door.lock, message.to_vec());
        let handled = match self.awaits {
            true => {
                let acts = async |_order: &Order<'_>| Outcome::Done;
                done(lock.handle_async(session, &mut message, || now, acts))
            }
            false => lock.handle(session, &mut message, || now, |_order| Outcome::Done),
        };
        self.hears(handled)
    }

    /// A presentation that nobody has challenged.
    fn handles_unchallenged(&mut self, message: &[u8], now: Now) {
        let (lock, mut message) = (&mut self.door.lock, message.to_vec());
        let handled = match self.awaits {
            true => {
                let acts = async |_order: &Order<'_>| Outcome::Done;
                done(lock.handle_unchallenged_async(&mut message, || now, acts))
            }
            false => lock.handle_unchallenged(&mut message, || now, |_order| Outcome::Done),
        };
        let _said = self.hears(handled);
    }

    fn acts(&mut self, permit: Permit, now: Now, reports: Outcome) -> Result<Acted, Denial> {
        let lock = &self.door.lock;
        let acted = match self.awaits {
            true => done(lock.act_async(permit, now, async |_order: &Order<'_>| reports)),
            false => lock.act(permit, now, |_order| reports),
        };
        self.hears(acted)
    }

    fn records(&mut self, acted: Acted) -> Result<Recorded, Denial> {
        let lock = &mut self.door.lock;
        let recorded =
            if self.awaits { done(lock.record_async(acted)) } else { lock.record(acted) };
        self.hears(recorded)
    }

    fn releases(&mut self, acted: Acted, nonce: u8) -> Result<Recorded, Denial> {
        let mut identity = self.door.identity();
        if nonce > 0 {
            identity.nonce.0 = [nonce; 16];
            identity.device = SigningKey::from_secret(&[nonce; 32]).public();
        }
        let (lock, secret) = (&mut self.door.lock, secret(&identity));
        let released = match self.awaits {
            true => done(lock.release_async(acted, identity, secret)),
            false => lock.release(acted, identity, secret),
        };
        self.hears(released)
    }

    fn resets(&mut self, nonce: u8) -> Result<(), Denial> {
        let mut identity = self.door.identity();
        identity.nonce.0 = [nonce; 16];
        identity.device = SigningKey::from_secret(&[nonce; 32]).public();
        let (lock, secret) = (&mut self.door.lock, secret(&identity));
        let reset = match self.awaits {
            true => done(lock.reset_async(identity, secret)),
            false => lock.reset(identity, secret),
        };
        self.hears(reset)
    }

    fn rotates(&mut self, signatures: &[LoneSignature; 2], now: Now) -> Result<Draft, Denial> {
        let new = SigningKey::<role::Device>::from_secret(&[8; 32]).public();
        let lock = &mut self.door.lock;
        let rotated = match self.awaits {
            true => done(lock.rotate_async(&new, signatures, now)),
            false => lock.rotate(&new, signatures, now),
        };
        self.hears(rotated)
    }

    fn secures(&mut self, reports: Outcome) {
        let lock = &mut self.door.lock;
        let secured = match self.awaits {
            true => done(lock.secure_async(async || reports)),
            false => lock.secure(|| reports),
        };
        let _said = self.hears::<_, ()>(Ok(secured));
    }

    fn writes_denials(&mut self, now: Now) {
        let lock = &mut self.door.lock;
        let written = match self.awaits {
            true => done(lock.write_denials_async(now)),
            false => lock.write_denials(now),
        };
        let _said = self.hears(written);
    }

    /// All entries, in their order.
    fn reads(&mut self, now: Now) {
        let (awaits, lock) = (self.awaits, &mut self.door.lock);
        let reader = if awaits { done(lock.read_log_async(now)) } else { lock.read_log(now) };
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(denial) => {
                let _said = self.hears::<(), _>(Err(denial));
                return;
            }
        };
        loop {
            let lock = &mut self.door.lock;
            let entry = match awaits {
                true => done(lock.next_entry_async(&mut reader)),
                false => lock.next_entry(&mut reader),
            };
            if !matches!(self.hears(entry), Ok(Some(_))) {
                return;
            }
        }
    }

    fn store_is(&self, mood: Mood) {
        self.door.lock.store().mood.set(mood);
    }
}

/// A life with what can go wrong in it, and what the store holds in the end.
fn lived(awaits: bool) -> (Vec<String>, Vec<Vec<u8>>) {
    let mut world = World::new(71);
    let now = world.now();
    let mut door = Door::over(LockId(*b"awaited."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let grant = |world: &mut World, right| {
        grant(&mut world.owner, LockId(*b"awaited."), &world.courier, right, DAY)
    };
    let unlock = grant(&mut world, Right::UNLOCK);
    let reading = grant(&mut world, Right::READ_LOG);
    let courier = &world.courier;
    let mut host = Host { awaits, door, said: Vec::new() };
    let asks =
        |host: &mut Host, held, right: Right| host.asks(held, courier, (right, &[]), [now, now]);
    for reports in [Outcome::Done, Outcome::Jammed, Outcome::Unknown] {
        let permit = asks(&mut host, &unlock, Right::UNLOCK).unwrap();
        let acted = host.acts(permit, now, reports).unwrap();
        host.records(acted).unwrap();
        host.secures(reports);
    }
    // The owner reads his log, and says that he has it.
    let head = host.door.lock.head(Log::Events).acknowledgement();
    for parameter in [&head[..], &[], &[9; 40], &head] {
        let asked = (Right::READ_LOG, parameter);
        let permit = host.asks(&reading, courier, asked, [now, now]).unwrap();
        let acted = host.acts(permit, now, Outcome::Done).unwrap();
        host.records(acted).unwrap();
    }
    // Late, out of turn, and over a store that fails.
    let later = Now { uptime: Uptime(now.uptime.0 + 21_000), ..now };
    let late = host.asks(&unlock, courier, (Right::UNLOCK, &[]), [now, later]);
    assert_eq!(late.map(drop), Err(Denial::TooLate));
    host.store_is(Mood::Fails);
    let failed = host.asks(&unlock, courier, (Right::UNLOCK, &[]), [now, now]);
    assert_eq!(failed.map(drop), Err(Denial::StoreFailed));
    let (mut session, bytes) = host.presented(&unlock, courier, (Right::UNLOCK, &[]), now);
    let _store_fails = host.handles(&mut session, &bytes, now);
    host.store_is(Mood::Works);
    let permit = asks(&mut host, &unlock, Right::UNLOCK).unwrap();
    let acted = host.acts(permit, later, Outcome::Done).unwrap();
    assert_eq!(acted.outcome(), Outcome::Lapsed);
    let permit = asks(&mut host, &unlock, Right::UNLOCK).unwrap();
    assert_eq!(host.records(acted).map(drop), Err(Denial::Changed));
    host.secures(Outcome::Done);
    assert_eq!(host.acts(permit, now, Outcome::Done).map(drop), Err(Denial::Changed));
    let permit = asks(&mut host, &unlock, Right::UNLOCK).unwrap();
    let acted = host.acts(permit, now, Outcome::Done).unwrap();
    host.store_is(Mood::Fails);
    assert_eq!(host.records(acted).map(drop), Err(Denial::StoreFailed));
    host.secures(Outcome::Done);
    host.writes_denials(now);
    host.reads(now);
    assert_eq!(host.resets(20), Err(Denial::StoreFailed));
    host.store_is(Mood::Works);
    host.writes_denials(now);
    // There are none.
    host.writes_denials(now);
    // What the store may hold beyond what it confirmed is settled before a log is told.
    host.store_is(Mood::FailsLate);
    let failed = host.asks(&unlock, courier, (Right::UNLOCK, &[]), [now, now]);
    assert_eq!(failed.map(drop), Err(Denial::StoreFailed));
    host.store_is(Mood::Fails);
    host.reads(now);
    assert_eq!(host.said.last().unwrap(), "Err(StoreFailed)");
    host.store_is(Mood::Works);
    host.reads(now);
    // What phones bring: an opening, one that is denied, statements, and what is nothing.
    for right in [Right::UNLOCK, Right::HOLD_OPEN] {
        let (mut session, bytes) = host.presented(&unlock, courier, (right, &[]), now);
        assert_eq!(host.handles(&mut session, &bytes, now).is_ok(), right == Right::UNLOCK);
        let again = host.handles(&mut session, &bytes, now).map(drop);
        assert_eq!(again, Err(Rejected::Denial(Denial::NoChallenge)));
        host.handles_unchallenged(&bytes, now);
        let cut = host.handles(&mut session, &[1, 10], now).map(drop);
        let cut_short = Refusal::Malformed(DecodeError::Truncated);
        assert_eq!(cut, Err(Rejected::Refusal(cut_short)));
    }
    world.owner.publish_keyset(world.now);
    let older = world.owner.library.keyset.clone();
    world.owner.new_epoch(world.now, &mut world.rng);
    let (mut session, _) = host.presented(&unlock, courier, (Right::UNLOCK, &[]), now);
    let library = world.owner.library.clone();
    assert!(host.handles(&mut session, &older, now).is_ok());
    host.store_is(Mood::Fails);
    let _walked = host.handles(&mut session, &library.epochs[1], now);
    assert!(host.handles(&mut session, &library.keyset, now).is_err(), "the store fails");
    host.store_is(Mood::Works);
    for statement in [&library.epochs[1], &library.keyset, &library.keyset] {
        assert!(host.handles(&mut session, statement, now).is_ok());
    }
    let unlock = grant(&mut world, Right::UNLOCK);
    let release = grant(&mut world, Right::RELEASE);
    let courier = &world.courier;
    let asks =
        |host: &mut Host, held, right: Right| host.asks(held, courier, (right, &[]), [now, now]);
    // A new device key: by signatures of another place, then by its own.
    let new = SigningKey::<role::Device>::from_secret(&[8; 32]);
    let old = host.door.device_key();
    let sign = |host: &Host| {
        let [by_old, by_new] = host.door.lock.rotation(&new.public()).unwrap();
        [by_old.sign(&old).unwrap(), by_new.sign(&new).unwrap()]
    };
    let early = sign(&host);
    let permit = asks(&mut host, &unlock, Right::UNLOCK).unwrap();
    let acted = host.acts(permit, now, Outcome::Done).unwrap();
    host.records(acted).unwrap();
    assert_eq!(host.rotates(&early, now).map(drop).unwrap_err().code(), 507);
    let signatures = sign(&host);
    host.store_is(Mood::Fails);
    assert_eq!(host.rotates(&signatures, now).map(drop), Err(Denial::StoreFailed));
    host.store_is(Mood::Works);
    let signatures = sign(&host);
    host.rotates(&signatures, now).unwrap();
    host.reads(now);
    // The end of the life: not done, into the same life, over a store that fails, and done.
    let permit = asks(&mut host, &release, Right::RELEASE).unwrap();
    let acted = host.acts(permit, now, Outcome::Jammed).unwrap();
    assert_eq!(host.releases(acted, 21).map(drop), Err(Denial::NotReleased));
    let permit = asks(&mut host, &release, Right::RELEASE).unwrap();
    let acted = host.acts(permit, now, Outcome::Jammed).unwrap();
    host.store_is(Mood::Fails);
    assert_eq!(host.releases(acted, 21).map(drop), Err(Denial::StoreFailed));
    host.store_is(Mood::Works);
    for (nonce, mood, ends) in [
        (0, Mood::Works, Err(Denial::SameLife)),
        (22, Mood::Fails, Err(Denial::StoreFailed)),
        (23, Mood::Works, Ok(())),
    ] {
        let permit = asks(&mut host, &release, Right::RELEASE).unwrap();
        let acted = host.acts(permit, now, Outcome::Done).unwrap();
        host.store_is(mood);
        assert_eq!(host.releases(acted, nonce).map(drop), ends);
        host.store_is(Mood::Works);
        if ends.is_err() {
            assert_eq!(host.door.lock.trust().map(drop), Err(Denial::Releasing));
            host.resets(nonce + 100).unwrap();
            host.door.move_in(&mut world.owner, Settings::default(), now);
        }
    }
    let records = records(&mut host.door.lock.into_store());
    (host.said, records)
}

#[test]
fn what_awaits_says_and_writes_the_same() {
    let (awaited, at_once) = (lived(true), lived(false));
    for (awaited, at_once) in awaited.0.iter().zip(&at_once.0) {
        assert_eq!(awaited, at_once);
    }
    assert_eq!(awaited, at_once);
}
