//! A grant that counts, and a request that is committed and goes no further.

use keyward::{
    Ask, Caveats, Channel, Denial, Now, Presentation, Right, Rights, Seconds, Target, Valid,
    lock::Permit, store::Store,
};
use keyward_testkit::world::{Capability, Door, Holder, START, World};

/// The flat's door, so many uses, so long open.
pub(crate) fn counted(world: &mut World, uses: u32, max_open: Option<u32>) -> Capability {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let targets = [Target::Lock(world.flat.id)];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let grant = grant.uses(uses).unwrap();
    let grant = max_open.map_or(Ok(grant.clone()), |secs| grant.max_open(Seconds(secs))).unwrap();
    world.owner.grant(&world.courier.public(), 1, &grant)
}

/// Commits a request for a right, and goes no further.
pub(crate) fn committed<S: Store>(
    door: &mut Door<S>,
    held: &Capability,
    holder: &Holder,
    right: Right,
    now: Now,
) -> Result<Permit, Denial> {
    let mut session = door.lock.challenge([7; 16], Channel::Radio, now)?;
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let ask = Ask { lock: door.id, right, parameter: b"" };
    let mut rng = rand_core::SeedableRng::seed_from_u64(now.uptime.0);
    let request = holder.request(held, ask, &challenge, Channel::Radio, &mut rng);
    let bytes = holder.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    door.lock.verify(&mut session, &presentation, now)?.commit(now)
}
