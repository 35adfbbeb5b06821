//! What an owner has acknowledged: by a request, and in the log.

use keyward::{
    Ask, Channel, Right,
    receipt::{Head, Log},
};
use keyward_testkit::{
    journal,
    world::{Capability, Holder, World},
};

use crate::{
    common::counted,
    told::{chained, opened_often},
    visit::{DAY, grant},
};

/// A request with this parameter; whether it was taken for an acknowledgement.
fn acknowledges(
    world: &mut World,
    held: &Capability,
    owner: &Holder,
    (right, parameter): (Right, &[u8]),
) -> bool {
    let now = world.now();
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id, right, parameter };
    let request = owner.request(held, ask, &challenge, Channel::Radio, &mut world.rng);
    let presentation = owner.present(&request, &[], None);
    world.flat.present(&presentation, now).1.unwrap().acknowledged()
}

/// The same for a `read log` request.
fn acknowledged(world: &mut World, held: &Capability, owner: &Holder, parameter: &[u8]) -> bool {
    acknowledges(world, held, owner, (Right::READ_LOG, parameter))
}

#[test]
fn an_owner_acknowledges_what_he_has_and_nothing_else() {
    let mut world = World::new(37);
    let held = counted(&mut world, 1_000, None);
    opened_often(&mut world, &held, 9);
    let phone = Holder::new(&mut world.rng);
    let reads = grant(&mut world.owner, world.flat.id, &phone, Right::READ_LOG, DAY);
    let now = world.now();
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    let (fifth, last) = (Head::behind(&told[5].receipt), Head::behind(&told[11].receipt));
    let mut wrong = last;
    wrong.hash[0] ^= 1;
    assert!(!acknowledged(&mut world, &reads, &phone, &wrong.acknowledgement()), "another history");
    assert!(!acknowledged(&mut world, &reads, &phone, b""), "reads, and acknowledges nothing");
    let unlock = (Right::UNLOCK, fifth.acknowledgement());
    let opens = grant(&mut world.owner, world.flat.id, &phone, Right::UNLOCK, DAY);
    assert!(!acknowledges(&mut world, &opens, &phone, (unlock.0, &unlock.1)), "opens, no more");
    assert!(acknowledged(&mut world, &reads, &phone, &fifth.acknowledgement()), "one of before");
    assert!(acknowledged(&mut world, &reads, &phone, &last.acknowledgement()));
    assert!(!acknowledged(&mut world, &reads, &phone, &fifth.acknowledgement()), "nothing new");
    // From the next new log on the lock holds what came behind alone.
    opened_often(&mut world, &held, 150);
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    assert!(told[0].receipt.unverified().sequence >= last.next);
    // Each log says in its ends what was acknowledged, those that a start wrote too.
    let first = written_ends(&mut world);
    opened_often(&mut world, &held, 150);
    assert_eq!([first, written_ends(&mut world)], [last.next.0; 2]);
}

/// What was acknowledged, as the log's ends have it (SPEC.md section 22.3, kind 14). Then the lock
/// starts anew.
fn written_ends(world: &mut World) -> u64 {
    let other = World::new(0).flat;
    let flat = std::mem::replace(&mut world.flat, other);
    let mut records = Vec::new();
    let (flat, _) = flat.restarted(None, |mut store| {
        records = journal::records(&mut store);
        store
    });
    world.flat = flat;
    let ends = records.iter().find(|record| record[0] == 14).unwrap();
    // Behind the lock: epoch, starts, acknowledged.
    let mut rest = ends[9..].iter();
    let numbers = [(); 3].map(|()| {
        let mut number = 0;
        for (shift, byte) in (0..).step_by(7).zip(&mut rest) {
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    });
    numbers[2]
}
