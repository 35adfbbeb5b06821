//! What a lock's log tells.

use keyward::{
    ledger::Outcome,
    receipt::{Entry, Event, Head, Log},
};
use keyward_testkit::world::{Capability, World};

use crate::visit::unlock;

/// All entries.
pub(crate) fn entries(bytes: &[Vec<u8>]) -> Vec<Entry<'_>> {
    bytes.iter().map(|bytes| Entry::decode(bytes).unwrap()).collect()
}

/// The entries of one log, whose chain and signatures hold.
pub(crate) fn chained<'b>(bytes: &'b [Vec<u8>], log: Log, world: &World) -> Vec<Entry<'b>> {
    let (domain, device) = (world.owner.domain, world.flat.device_key().public());
    let own = entries(bytes).into_iter().filter(|entry| entry.receipt.unverified().log() == log);
    let own: Vec<_> = own.collect();
    let mut head = Head::START;
    for (number, entry) in own.iter().enumerate() {
        entry.receipt.verify(&domain, &device).unwrap();
        let first = entry.receipt.unverified();
        if number == 0 {
            head = Head { next: first.sequence, hash: *first.before };
        }
        head = head.step(&entry.receipt).unwrap();
    }
    assert_eq!(head, world.flat.lock.head(log));
    own
}

/// Opens so often that the journal is written anew many times.
pub(crate) fn opened_often(world: &mut World, held: &Capability, times: u64) {
    let now = world.now();
    let World { flat, courier, rng, .. } = world;
    for _ in 0..times {
        let _recorded = unlock(held, courier).at(flat, now, rng).unwrap();
    }
}

/// How each opening ended.
pub(crate) fn outcomes(entries: &[Entry<'_>]) -> Vec<Outcome> {
    let outcome = |entry: &Entry<'_>| match entry.receipt.unverified().event {
        Event::Opening { outcome, .. } => Some(outcome),
        _ => None,
    };
    entries.iter().filter_map(outcome).collect()
}
