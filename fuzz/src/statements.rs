use std::sync::LazyLock;

use keyward::{Card, Domain, Epoch, Keyset, Refusal, Status, Taken, status::Revoked};
use keyward_testkit::world::World;

use crate::mutated::edited_among;

/// What a phone holds of a domain, and what is news to it.
struct Held {
    domain: Domain,
    /// The next epoch, the keyset after the held one, a list, a card: in this order.
    news: [Vec<u8>; 4],
    /// The keyset of the next epoch.
    next: Vec<u8>,
}

static HELD: LazyLock<Held> = LazyLock::new(|| {
    let mut world = World::new(1);
    let (now, lock) = (world.now, world.flat.id);
    let owner = &mut world.owner;
    let domain = owner.held();
    let card = owner.library.cards[&lock].clone();
    owner.revoke([Revoked([7; 8]), Revoked([9; 8])], now);
    let list = owner.library.list.clone().expect("a list");
    owner.publish_keyset(now);
    let keyset = owner.library.keyset.clone();
    owner.new_epoch(now, &mut world.rng);
    let epoch = owner.library.epochs[1].clone();
    Held { domain, news: [epoch, keyset, list, card], next: owner.library.keyset.clone() }
});

/// The first byte picks a statement, the rest edits it: only the bytes as they were are taken, and
/// all others leave the domain as it was.
pub fn statements_mutated(data: &[u8]) {
    let Some((pick, edits)) = data.split_first() else { return };
    let held = &*HELD;
    let pick = usize::from(*pick) % held.news.len();
    let others: Vec<_> = held.news.iter().map(Vec::as_slice).collect();
    let bytes = edited_among(&others, &held.news[pick], edits);
    let mut domain = held.domain.clone();
    let taken = take(&mut domain, pick, &bytes, &held.next);
    if bytes == held.news[pick] {
        assert!(taken.is_ok(), "{taken:?}");
        return;
    }
    // An edit may give the version that is held back: that is no news.
    assert!(matches!(taken, Err(_) | Ok(Taken::Unchanged)), "{taken:?} for {pick}");
    let state = |domain: &Domain| {
        let (epoch, keyset) =
            (domain.epoch().unwrap().body_hash(), domain.keyset().unwrap().body_hash());
        (epoch, keyset, domain.list().unwrap().map(|list| list.unverified_state()))
    };
    assert_eq!(state(&domain), state(&held.domain));
}

fn take(domain: &mut Domain, pick: usize, bytes: &[u8], next: &[u8]) -> Result<Taken, Refusal> {
    match pick {
        0 => {
            let mut walk = domain.walk()?;
            walk.step(&Epoch::decode(bytes)?)?;
            domain.take_epoch(walk, &Keyset::decode(next)?)
        }
        1 => domain.take_keyset(&Keyset::decode(bytes)?),
        2 => domain.take_list(&Status::decode(bytes)?),
        _ => domain.check_card(&Card::decode(bytes)?).map(|_card| Taken::Card),
    }
}
