//! Who comes to a door, and with what.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Grant, Now, Origin, Request, Right, Rights, Seconds, Target, Time,
    Token, Valid,
    id::{Counter, LockId},
    store::Store,
    tables::Capacity,
};
use keyward_testkit::{
    catalogue,
    scene::{Link, Scene},
    world::{Capability, Door, Holder, START, Verdict, World},
};

/// The first day.
pub(crate) const DAY: (Time, Seconds) = (START, Seconds::days(1));

/// A grant of rights at one door.
pub(crate) fn grant(door: LockId, rights: Rights, (from, lasts): (Time, Seconds)) -> Grant {
    Caveats::grant(rights, &[Target::Lock(door)], Valid { from, lasts }).unwrap()
}

/// A grant to unlock the flat on the first day.
pub(crate) fn unlocking(world: &World) -> Grant {
    grant(world.flat.id, Rights::of(Right::UNLOCK), DAY)
}

/// The courier's token for the flat, so many uses.
pub(crate) fn counted(world: &mut World, uses: u32) -> Capability {
    let grant = unlocking(world).uses(uses).unwrap();
    world.owner.grant(&world.courier.public(), 1, &grant)
}

/// The courier's token for the flat.
pub(crate) fn uncounted(world: &mut World) -> Capability {
    let grant = unlocking(world);
    world.owner.grant(&world.courier.public(), 1, &grant)
}

/// A request at a door, over a new session.
pub(crate) fn asked<S: Store, T: Capacity>(
    door: &mut Door<S, T>,
    (held, holder): (&Capability, &Holder),
    right: Right,
    now: Now,
    rng: &mut ChaCha20Rng,
) -> Vec<u8> {
    let challenge = door.connect(Channel::Radio, now);
    let ask = Ask { lock: door.id, right, parameter: b"" };
    holder.request(held, ask, &challenge, Channel::Radio, rng)
}

/// One visit, without witness or status.
pub(crate) fn visit<S: Store, T: Capacity>(
    door: &mut Door<S, T>,
    (held, holder): (&Capability, &Holder),
    right: Right,
    now: Now,
    rng: &mut ChaCha20Rng,
) -> Verdict {
    let request = asked(door, (held, holder), right, now, rng);
    door.present(&holder.present(&request, &[], None), now).1
}

/// An unchallenged presentation to unlock a door, good for a minute, by this key.
pub(crate) fn counting(
    lock: LockId,
    held: &Capability,
    counter: u64,
    time: Time,
    holder: &Holder,
) -> Vec<u8> {
    let (origin, token) = (Origin::decode(&held.origin), Token::decode(&held.token));
    let (origin, token) = (origin.unwrap(), token.unwrap());
    let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
    let (counter, expires) = (Counter(counter), time.after(60));
    let request = Request::unchallenged(&origin, &token, ask, counter, time, expires).unwrap();
    holder.forge(request.encode().unwrap().as_bytes(), &[], None)
}

/// The courier unlocks the flat, if he may.
pub(crate) fn unlock(world: &mut World, held: &Capability) -> Verdict {
    let now = world.now();
    let World { flat, courier, rng, .. } = world;
    visit(flat, (held, courier), Right::UNLOCK, now, rng)
}

/// The code of a denial, or 0 where the door opened.
pub(crate) fn code(verdict: Verdict) -> u16 {
    verdict.map_or_else(|denial| denial.code(), |_recorded| 0)
}

/// The code of a scene's denial, or 0 where it is accepted.
pub(crate) fn judged(scene: &Scene) -> u16 {
    scene.verdict().map_or_else(|denial| denial.code(), |_accepted| 0)
}

/// Three links: the owner's service, the company, the courier.
pub(crate) fn three() -> Scene {
    Scene::with(|scene| {
        scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)];
    })
}

/// All orders of so many things.
pub(crate) fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for thing in 0..count {
        let longer = orders.iter().flat_map(|order: &Vec<usize>| {
            (0..=order.len()).map(|place| [&order[..place], &[thing], &order[place..]].concat())
        });
        orders = longer.collect();
    }
    orders
}

/// Pairs of scenes of the catalogue: the first is accepted, the second denied as it says.
pub(crate) fn denied(names: &[&str]) {
    let cases = catalogue::cases();
    for name in names {
        let case = cases.iter().find(|case| case.name == *name);
        let case = case.unwrap_or_else(|| panic!("{name} is none of the catalogue"));
        assert!(case.mended.verdict().is_ok(), "{name}");
        assert_eq!(case.broken.verdict().unwrap_err(), case.denial, "{name}");
    }
}
