//! What a thief of each key can do, what he can't, and which honest statement ends it: the lines
//! of the table in SECURITY.md.

#[path = "thieves/clerks.rs"]
mod clerks;
#[path = "thieves/forged.rs"]
mod forged;

use keyward::{
    Ask, Caveats, Channel, Now, PublicKey, Refusal, Right, Rights, Seconds, SigningKey, Taken,
    Target, Valid,
    id::{ClaimNonce, GroupId, Serial},
    lock::Identity,
    role,
    status::{Revoked, SerialFloor},
};
use keyward_testkit::{
    scene::key,
    statements::{Bench, Deed, Home, Keys, identity},
    world::{Capability, Door, Holder, START, World},
};

use forged::{aimed, claim_of, granted, list, own_keyset};

const DAY: u64 = 86_400;
/// When the owner's issuers end: `Owner::publish_keyset` gives them 401 days from the day before.
const UNTIL: u64 = START.0 + 400 * DAY;
/// A group that the flat isn't in.
const CELLARS: &[GroupId] = &[GroupId(*b"cellars.")];

/// Somebody asks at the flat's door; what its log says.
fn asks(world: &mut World, held: &Capability, holder: &Holder, right: Right) -> Answer {
    let now = world.now();
    asks_at(&mut world.flat, now, held, holder, right, &mut world.rng)
}

type Answer = Result<(), &'static str>;

fn asks_at(
    door: &mut Door,
    now: Now,
    held: &Capability,
    holder: &Holder,
    right: Right,
    rng: &mut chacha20::ChaCha20Rng,
) -> Answer {
    let challenge = door.connect(Channel::Radio, now);
    let ask = Ask { lock: door.id, right, parameter: b"" };
    let request = holder.request(held, ask, &challenge, Channel::Radio, rng);
    let (_, verdict) = door.present(&holder.present(&request, &[], None), now);
    verdict.map(drop).map_err(|denial| denial.name())
}

/// A statement is brought to the flat's door.
fn brings(world: &mut World, statement: &[u8]) -> Result<Taken, &'static str> {
    let now = world.now();
    world.flat.deliver(statement, now).map_err(|refusal| refusal.name())
}

/// Any visitor brings what the flat's door lacks.
fn visited(world: &mut World) -> Vec<Taken> {
    let now = world.now();
    world.flat.visit(&world.owner.library, now).0
}

fn unlock() -> Rights {
    Rights::of(Right::UNLOCK)
}

/// The owner's courier, with a token for a day.
fn courier(world: &mut World) -> (Holder, Capability) {
    let courier = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(world.flat.id)], valid).unwrap();
    let held = world.owner.grant(&courier.public(), 0, &grant);
    (courier, held)
}

/// The owner, with a break-glass token for ten years.
fn glass(world: &mut World) -> (Holder, Capability) {
    let owner = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(3650) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(world.flat.id)], valid).unwrap();
    let held = world.owner.grant_emergency(&owner.public(), &grant);
    (owner, held)
}

fn lo(world: &World) -> u64 {
    world.flat.lock.present(world.now()).unwrap().lo().0
}

#[test]
fn a_thief_of_both_roots_rules_until_the_next_epoch() {
    let mut world = World::new(101);
    let (thief, own) = (Holder::new(&mut world.rng), SigningKey::generate(&mut world.rng));
    let (courier, honest) = courier(&mut world);
    let forged = own_keyset(&world, &own.public(), u64::MAX, START.0 + 60 * DAY);
    assert_eq!(brings(&mut world, &forged), Ok(Taken::Keyset));
    assert_eq!(asks(&mut world, &honest, &courier, Right::UNLOCK), Err("UnknownIssuer"));
    let valid = Valid { from: START, lasts: Seconds::days(90) };
    let aim = (Target::Lock(world.flat.id), valid);
    let everything = aimed(&world, &own, 1, &thief, Rights(u32::MAX), aim);
    assert_eq!(asks(&mut world, &everything, &thief, Right::UNLOCK), Ok(()));
    assert_eq!(lo(&world), START.0 + 60 * DAY, "his word is the time");
    // No keyset of the owner's helps: there is no higher version.
    world.owner.publish_keyset(world.now);
    assert_eq!(visited(&mut world), []);

    world.owner.new_epoch(world.now, &mut world.rng);
    assert_eq!(visited(&mut world), [Taken::Unchanged, Taken::Epoch, Taken::Card]);
    assert_eq!(lo(&world), START.0);
    let (courier, honest) = self::courier(&mut world);
    assert_eq!(asks(&mut world, &honest, &courier, Right::UNLOCK), Ok(()));
    assert_eq!(brings(&mut world, &forged), Err("OtherEpoch"));
    let again = granted(&world, &own, 2, &thief, unlock());
    assert_eq!(asks(&mut world, &again, &thief, Right::UNLOCK), Err("UnknownIssuer"));
}

#[test]
fn a_thief_of_both_roots_replaces_nothing_that_the_cold_keys_signed() {
    let mut world = World::new(102);
    let (owner, paper) = glass(&mut world);
    let own: SigningKey<role::Issuer> = SigningKey::generate(&mut world.rng);
    let emergency = PublicKey::from_bytes(world.owner.emergency.public().as_bytes()).unwrap();
    let forged = own_keyset(&world, &emergency, 9, START.0);
    assert_eq!(brings(&mut world, &forged), Err("KeyInTwoClasses"), "nor can he shadow it");
    let forged = own_keyset(&world, &own.public(), u64::MAX, START.0);
    assert_eq!(brings(&mut world, &forged), Ok(Taken::Keyset));
    assert_eq!(asks(&mut world, &paper, &owner, Right::UNLOCK), Ok(()), "break-glass opens");
    // An epoch by the roots is none.
    let home = Home::first();
    let mut bench = claimed(&home);
    let next = Home { cold: Keys::of(2, &[120, 121]), ..home.next() };
    assert_eq!(bench.play(&next.move_in()), Err(Refusal::NotCommitted));
    // One root of two is nothing.
    let one = Deed::Keyset(home.keyset(2).by(&[home.roots.signer(120)]));
    assert_eq!(bench.play(&one), Err(Refusal::SignatureCount { needed: 2, got: 1 }));
}

#[test]
fn a_thief_of_both_roots_ends_break_glass_by_time_until_the_next_epoch() {
    let mut world = World::new(103);
    let (owner, paper) = glass(&mut world);
    let own: SigningKey<role::Issuer> = SigningKey::generate(&mut world.rng);
    // Twenty years ahead; his keyset may name any time.
    let keyset = own_keyset(&world, &own.public(), 2, START.0 + 20 * 365 * DAY);
    assert_eq!(brings(&mut world, &keyset), Ok(Taken::Keyset));
    assert_eq!(asks(&mut world, &paper, &owner, Right::UNLOCK), Err("Expired"));
    world.owner.new_epoch(world.now, &mut world.rng);
    visited(&mut world);
    let (owner, paper) = glass(&mut world);
    assert_eq!(asks(&mut world, &paper, &owner, Right::UNLOCK), Ok(()));
}

#[test]
fn a_thief_of_a_companys_key_opens_what_it_may_until_a_list_names_it() {
    let mut world = World::new(110);
    let company = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(world.flat.id)], valid).unwrap();
    let held = world.owner.grant(&company.public(), 1, &grant);
    let thief = Holder::new(&mut world.rng);
    let own = company.delegate(&held, &thief.public(), 0, &Caveats::narrowing());
    assert_eq!(asks(&mut world, &held, &company, Right::UNLOCK), Ok(()));
    assert_eq!(asks(&mut world, &own, &thief, Right::UNLOCK), Ok(()));
    // Not more than the company may.
    let wider = Caveats::narrowing().rights(Rights(u32::MAX)).unwrap();
    let wider = company.delegate(&held, &thief.public(), 0, &wider);
    assert_eq!(asks(&mut world, &wider, &thief, Right::RELEASE), Err("RightNotGranted"));
    let stolen: SigningKey<role::Issuer> = SigningKey::from_secret(company.key.expose_secret());
    let list = list(&world, &stolen, ((1, 1), START.0), &[], &[]);
    assert_eq!(brings(&mut world, &list), Err("UnknownIssuer"));

    world.owner.revoke([Revoked::from(company.public().name())], world.now);
    assert_eq!(visited(&mut world), [Taken::List]);
    assert_eq!(asks(&mut world, &held, &company, Right::UNLOCK), Err("KeyRevoked"));
    assert_eq!(asks(&mut world, &own, &thief, Right::UNLOCK), Err("KeyRevoked"));
}

#[test]
fn a_thief_of_a_holders_key_ends_with_its_tokens_or_by_a_list() {
    let mut world = World::new(112);
    let ((other, named), (courier, held)) = (self::courier(&mut world), courier(&mut world));
    assert_eq!(asks(&mut world, &named, &other, Right::UNLOCK), Ok(()));
    world.owner.revoke([Revoked::from(other.public().name())], world.now);
    assert_eq!(visited(&mut world), [Taken::List]);
    assert_eq!(asks(&mut world, &named, &other, Right::UNLOCK), Err("KeyRevoked"));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()));
    world.wait(DAY);
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("Expired"));
}

#[test]
fn a_thief_of_the_emergency_key_opens_every_lock_until_the_next_epoch() {
    let mut world = World::new(111);
    let stolen = SigningKey::<role::Emergency>::from_secret(world.owner.emergency.expose_secret());
    let mut thief = Holder::new(&mut world.rng);
    let mut held = granted(&world, &stolen, u64::MAX, &thief, Rights(u32::MAX));
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Ok(()));
    assert_eq!(asks(&mut world, &held, &thief, Right::RELEASE), Err("EmergencyRight"));
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let (street, now) = (Target::Lock(world.street.id), world.now());
    let next_door = aimed(&world, &stolen, 1, &thief, unlock(), (street, valid));
    let World { street, rng, .. } = &mut world;
    assert_eq!(asks_at(street, now, &next_door, &thief, Right::UNLOCK, rng), Ok(()));
    let limited = SigningKey::<role::Issuer>::from_secret(stolen.expose_secret());
    let list = list(&world, &limited, ((1, 1), START.0), &[], &[]);
    assert_eq!(brings(&mut world, &list), Err("UnknownIssuer"));
    // Neither a floor ends it, for he has the last serial, nor a revoked key, for he has others.
    let floor = SerialFloor { issuer: stolen.public().id(), first: Serial(u64::MAX) };
    world.owner.floors = vec![floor];
    world.owner.revoke([Revoked::from(thief.public().name())], world.now);
    assert_eq!(visited(&mut world), [Taken::List]);
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Err("KeyRevoked"));
    thief = Holder::new(&mut world.rng);
    held = granted(&world, &stolen, u64::MAX, &thief, unlock());
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Ok(()));
    let lower = granted(&world, &stolen, u64::MAX - 1, &thief, unlock());
    assert_eq!(asks(&mut world, &lower, &thief, Right::UNLOCK), Err("SerialRevoked"));
    // Nor does a keyset.
    world.owner.publish_keyset(world.now);
    assert_eq!(visited(&mut world), [Taken::Keyset, Taken::List]);
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Ok(()));

    world.owner.new_epoch(world.now, &mut world.rng);
    visited(&mut world);
    held = granted(&world, &stolen, u64::MAX, &thief, unlock());
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Err("UnknownIssuer"));
}

fn claimed(home: &Home) -> Bench {
    let mut bench = Bench::new(identity());
    assert_eq!(bench.play(&home.claim().deed()), Ok("claim"));
    bench
}

#[test]
fn a_thief_of_one_cold_key_of_two_signs_nothing_that_counts() {
    let home = Home::first();
    let next = home.next();
    let with = |epoch: Vec<u8>| {
        let keyset = next.keyset(1).bytes();
        claimed(&home)
            .play(&Deed::Epochs { epochs: vec![epoch], keyset })
            .map_err(|refusal| refusal.name())
    };
    let (place, key) = next.cold.signer(62);
    assert_eq!(with(next.epoch_by(&[(place, key)])), Err("SignatureCount"));
    assert_eq!(with(next.epoch_by(&[(0, key), (1, key)])), Err("StatementSignature"));
    // A lower threshold, or a key of his own beside it, is not what was committed to.
    let alone = Home { cold: Keys::of(1, &[62]), ..next.clone() };
    assert_eq!(with(alone.epoch()), Err("NotCommitted"));
    let beside = Home { cold: Keys::of(2, &[62, 9]), ..next.clone() };
    assert_eq!(with(beside.epoch()), Err("NotCommitted"));
    // Keysets are not signed by cold keys, and the owner's next epoch is taken all the same.
    let (place, _) = home.roots.signer(120);
    let keyset = Deed::Keyset(home.keyset(2).by(&[(place, key), (1 - place, 121)]));
    assert_eq!(claimed(&home).play(&keyset).unwrap_err().name(), "StatementSignature");
    assert_eq!(with(next.epoch()), Ok("epoch"));
}

#[test]
fn a_thief_of_the_cold_keys_of_the_held_epoch_is_told_as_a_fork() {
    let home = Home::first();
    let fork = Home { issued_at: home.issued_at + 1, ..home.clone() };
    let mut bench = claimed(&home);
    assert_eq!(bench.play(&fork.move_in()), Err(Refusal::Fork));
    assert_eq!(bench.play(&home.next().move_in()), Ok("epoch"));
}

#[test]
fn a_thief_of_both_next_cold_keys_owns_every_lock_until_it_is_reset_and_claimed() {
    let home = Home::first();
    let thiefs = Home { roots: Keys::of(1, &[9]), next: Keys::of(1, &[10]), ..home.next() };
    let mut bench = claimed(&home);
    assert_eq!(bench.play(&thiefs.move_in()), Ok("epoch"));
    assert_eq!(bench.play(&home.next().move_in()), Err(Refusal::Fork));
    assert_eq!(bench.play(&home.next().next().move_in()), Err(Refusal::NotCommitted));
    let life = Identity { device: key(77).public(), nonce: ClaimNonce([78; 16]), ..identity() };
    assert_eq!(bench.play(&Deed::Release(life)), Ok("release"));
    assert_eq!(bench.play(&home.claim().deed()), Err(Refusal::OtherLife));
    assert_eq!(bench.play(&claim_of(&home, life)), Ok("claim"));
}
