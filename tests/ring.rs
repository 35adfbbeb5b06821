//! The least store that a lock takes, and the largest entries: there is always room (SPEC.md
//! sections 22.4 and 24.4).

#[path = "life/visit.rs"]
mod visit;

use std::{cell::Cell, rc::Rc};

use keyward::{
    Ask, Caveats, Channel, Denial, Presentation, Right, Rights, Roles, Seconds, SigningKey, Taken,
    Target, Valid,
    id::{KeyName, LockId},
    lock::{Restored, least_capacity},
    receipt::{Entry, Log},
    status::Revoked,
    store::{Cursor, Ram, Store, StoreError},
    tables::Tables,
};
use keyward_store::sim::Random;
use keyward_testkit::world::{Camera, Capability, Clerk, Door, Holder, START, Settings, World};
use visit::{DAY, grant, unlock};

/// With one byte less it doesn't compile.
const LEAST: usize = least_capacity::<Least>(<Ram<0> as Store>::OVERHEAD);

type Least = Tables<16, 4>;

/// A store of that size, which counts its logs.
#[derive(Clone, Default)]
struct Counting {
    logs: Rc<Cell<u32>>,
    store: Ram<LEAST>,
}

impl Store for Counting {
    const CAPACITY: usize = LEAST;
    const OVERHEAD: usize = <Ram<LEAST> as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        Store::read(&mut self.store, at, out)
    }

    keyward_testkit::through!(append begin stage);

    fn publish(&mut self) -> Result<(), StoreError> {
        self.logs.set(self.logs.get() + 1);
        Store::publish(&mut self.store)
    }
}

/// Four links, each counted, two of them with an obligation.
fn longest(world: &mut World, door: LockId) -> (Capability, Holder) {
    let holders: Vec<_> = (0..4).map(|_| Holder::new(&mut world.rng)).collect();
    let valid = Valid { from: START, lasts: Seconds::days(300) };
    let first = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(door)], valid).unwrap();
    let first = first.uses(4_000_000_000).unwrap().max_open(Seconds(90_000)).unwrap();
    let mut held = world.owner.grant(&holders[0].public(), 3, &first);
    for (depth, pair) in (0..3).rev().zip(holders.windows(2)) {
        let more = Caveats::narrowing().uses(4_000_000_000 - 1).unwrap();
        held = pair[0].delegate(&held, &pair[1].public(), depth, &more);
    }
    (held, holders.into_iter().last().unwrap())
}

struct Scene {
    world: World,
    door: Door<Counting, Least>,
    cameras: [Camera; 2],
}

impl Scene {
    fn opens(
        &mut self,
        (held, holder): &(Capability, Holder),
        records: bool,
    ) -> Result<(), Denial> {
        let Self { world, door, cameras } = self;
        let now = world.now();
        let challenge = door.connect(Channel::Radio, now);
        let ask = Ask { lock: door.id, right: Right::UNLOCK, parameter: b"" };
        let request = holder.request(held, ask, &challenge, Channel::Radio, &mut world.rng);
        let agreed: Vec<_> = cameras.iter_mut().map(|it| it.agree(&request).unwrap()).collect();
        let bytes = holder.present(&request, &agreed, None);
        if records {
            return door.present(&bytes, now).1.map(drop);
        }
        let mut session = door.lock.challenge([9; 16], Channel::Radio, now)?;
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        let request = holder.request(held, ask, &challenge, Channel::Radio, &mut world.rng);
        let agreed: Vec<_> = cameras.iter_mut().map(|it| it.agree(&request).unwrap()).collect();
        let bytes = holder.present(&request, &agreed, None);
        let presentation = Presentation::decode(&bytes).unwrap();
        door.lock.verify(&mut session, &presentation, now)?.commit(now).map(drop)
    }

    /// The last four events and the last entry of denials are there.
    fn holds(&mut self) {
        let log = self.door.log(self.world.now());
        for (log_of, least) in [(Log::Events, 4), (Log::Denials, 1)] {
            let own = log
                .iter()
                .filter(|bytes| Entry::decode(bytes).unwrap().receipt.unverified().log() == log_of);
            let next = self.door.lock.head(log_of).next.0;
            assert!(own.count() as u64 >= next.min(least), "{log_of:?} of {next}");
        }
    }
}

#[test]
fn the_least_store_has_room_for_every_history_and_keeps_the_last_events_and_denials() {
    let mut world = World::new(71);
    let now = world.now();
    let id = LockId(*b"least...");
    for _ in 0..4 {
        let (key, valid) = (SigningKey::generate(&mut world.rng), (START, Seconds::days(300)));
        world.owner.others.push(Clerk { key, roles: Roles::ISSUE, valid });
    }
    world.owner.publish_keyset(START);
    world.owner.revoke((0..64).map(|n| Revoked::from(KeyName([n; 16]))), START);
    let mut door = Door::over(id, Counting::default(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let cameras = [(); 2].map(|()| Camera::new(id, &mut world.rng));
    let mut tokens: Vec<_> = (0..2).map(|_| longest(&mut world, id)).collect();
    let guests: Vec<_> = (0..5).map(|_| Holder::new(&mut world.rng)).collect();
    let mut scene = Scene { world, door, cameras };
    let (mut random, mut openings) = (Random::new(5), 0_u32);
    for step in 0..600 {
        match random.below(12) {
            0..6 => {
                let token = random.below(2);
                assert_eq!(scene.opens(&tokens[token], true), Ok(()), "step {step}");
                openings += 1;
            }
            6 => {
                assert_eq!(scene.opens(&tokens[0], false), Ok(()), "step {step}");
                openings += 1;
            }
            7 | 8 => {
                for guest in &guests {
                    let held = grant(&mut scene.world.owner, id, guest, Right::LOCK, DAY);
                    let rng = &mut scene.world.rng;
                    let denied = unlock(&held, guest).at(&mut scene.door, now, rng);
                    assert_eq!(denied.unwrap_err().code(), 410);
                }
                assert_eq!(scene.door.lock.write_denials(now), Ok(()), "step {step}");
            }
            9 => {
                scene.world.owner.publish_list(START);
                let list = scene.world.owner.library.list.clone().unwrap();
                assert_eq!(scene.door.deliver(&list, now), Ok(Taken::List), "step {step}");
            }
            10 if step % 5 == 0 => assert!(scene.door.rotate(now).is_ok(), "step {step}"),
            10 => scene.door.secure(),
            _ => {
                let Scene { world, door, cameras } = scene;
                let (door, restored) = door.restarted(None, |store| store);
                assert!(matches!(restored, Ok(Restored::Claimed { .. })), "step {step}");
                scene = Scene { world, door, cameras };
            }
        }
        if step == 300 {
            scene.world.owner.new_epoch(START, &mut scene.world.rng);
            let library = scene.world.owner.library.clone();
            scene.door.deliver(&library.epochs[1], now).unwrap();
            assert_eq!(scene.door.deliver(&library.keyset, now), Ok(Taken::Epoch));
            tokens = (0..2).map(|_| longest(&mut scene.world, id)).collect();
        }
        scene.holds();
    }
    let logs = scene.door.lock.store().logs.get();
    // At the limit a new log takes two of the largest openings at least.
    assert!(logs < 600 && openings > 250, "{logs} logs, {openings} openings");
    println!("{logs} new logs, {openings} openings");
}
