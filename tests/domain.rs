//! Whoever follows a domain: a phone or a server takes keysets, epochs and lists in their order, and
//! keeps what it has where one is refused (SPEC.md section 17).

use keyward::{
    Domain, Epoch, Keyset, Now, Refusal, Roles, Scope, Status, Taken, Walk,
    id::{DomainId, Epoch as Number, LockId},
    time::Uptime,
};
use keyward_testkit::world::{Door, Owner, START, Settings, World};

fn keyset(owner: &Owner) -> Vec<u8> {
    owner.library.keyset.clone()
}

fn took(domain: &mut Domain, bytes: &[u8]) -> Result<Taken, Refusal> {
    domain.take_keyset(&Keyset::decode(bytes).unwrap())
}

/// A domain without a list, and an owner who goes on publishing.
fn begun() -> (World, Domain) {
    let world = World::new(21);
    let domain = world.owner.held();
    (world, domain)
}

#[test]
fn a_newer_keyset_is_taken_and_an_older_one_refused() {
    let (mut world, mut domain) = begun();
    let first = keyset(&world.owner);
    assert_eq!(took(&mut domain, &first), Ok(Taken::Unchanged));
    world.owner.publish_keyset(world.now);
    let second = keyset(&world.owner);
    assert_eq!(took(&mut domain, &second), Ok(Taken::Keyset));
    assert_eq!(took(&mut domain, &first), Err(Refusal::Older));
    assert_eq!(domain.bytes().1, second);
    world.owner.publish_keyset(world.now);
    let mut forged = keyset(&world.owner);
    *forged.last_mut().unwrap() ^= 1;
    assert!(matches!(took(&mut domain, &forged), Err(Refusal::StatementSignature { .. })));
    assert_eq!(domain.bytes().1, second);
}

#[test]
fn an_epoch_is_taken_with_its_keyset_by_a_walk_from_the_own() {
    let (mut world, mut domain) = begun();
    let old = keyset(&world.owner);
    let (start, mut foreign) = (domain.walk().unwrap(), domain.walk().unwrap());
    world.owner.new_epoch(world.now, &mut world.rng);
    let epoch = Epoch::decode(world.owner.library.epochs.last().unwrap()).unwrap();
    let new = keyset(&world.owner);
    // The keyset of an epoch that is not walked to yet.
    assert!(matches!(took(&mut domain, &new), Err(Refusal::OtherEpoch { .. })));
    let mut walk = domain.walk().unwrap();
    walk.step(&epoch).unwrap();
    let of_old = domain.take_epoch(walk.clone(), &Keyset::decode(&old).unwrap());
    assert!(matches!(of_old, Err(Refusal::OtherEpoch { .. })), "{of_old:?}");
    let new = Keyset::decode(&new).unwrap();
    assert_eq!(domain.take_epoch(walk, &new), Ok(Taken::Epoch));
    assert_eq!(domain.scope().unwrap(), world.owner.scope());
    assert_eq!(world.owner.scope().epoch, Number(1));
    assert!(domain.list().unwrap().is_none(), "a list is of its epoch");

    // A walk that began before it: from an epoch that is left.
    foreign.step(&epoch).unwrap();
    assert_eq!(domain.take_epoch(foreign, &new), Err(Refusal::NotCommitted));
    let old = Keyset::decode(&old).unwrap();
    assert_eq!(domain.take_epoch(start, &old), Err(Refusal::NotCommitted));
}

#[test]
fn another_domains_first_epoch_begins_no_walk() {
    let (world, _) = begun();
    let epoch = Epoch::decode(&world.owner.library.epochs[0]).unwrap();
    let refused = Walk::from_first(DomainId([9; 32]), &epoch).map(drop);
    assert_eq!(refused, Err(Refusal::OtherDomain));
    assert!(Walk::from_first(world.owner.domain, &epoch).is_ok());
}

#[test]
fn a_newer_list_is_taken_and_an_older_one_refused() {
    let (mut world, mut domain) = begun();
    world.owner.publish_list(world.now);
    let first = world.owner.library.list.clone().unwrap();
    world.owner.publish_list(world.now);
    let second = world.owner.library.list.clone().unwrap();
    let mut take = |bytes: &[u8]| domain.take_list(&Status::decode(bytes).unwrap());
    assert_eq!(take(&second), Ok(Taken::List));
    assert_eq!(take(&second), Ok(Taken::Unchanged));
    assert_eq!(take(&first), Err(Refusal::Older));
    assert_eq!(domain.bytes().2, Some(&second[..]));
    world.owner.publish_list(world.now);
    let mut forged = world.owner.library.list.clone().unwrap();
    *forged.last_mut().unwrap() ^= 1;
    let refused = domain.take_list(&Status::decode(&forged).unwrap());
    assert!(matches!(refused, Err(Refusal::StatementSignature { .. })), "{refused:?}");
    assert_eq!(domain.bytes().2, Some(&second[..]));
}

#[test]
fn what_a_server_kept_makes_the_same_domain_again() {
    let (mut world, mut domain) = begun();
    world.owner.publish_list(world.now);
    let list = world.owner.library.list.clone().unwrap();
    domain.take_list(&Status::decode(&list).unwrap()).unwrap();
    let (epoch, keyset, list) = domain.bytes();
    let (epoch, keyset) = (Epoch::decode(epoch).unwrap(), Keyset::decode(keyset).unwrap());
    let list = list.map(|list| Status::decode(list).unwrap());
    let again = Domain::pinned(world.owner.domain, &epoch, &keyset, list.as_ref());
    assert_eq!(again.bytes(), domain.bytes());
    let scope = Scope { domain: world.owner.domain, epoch: Number(0) };
    assert_eq!(again.scope().unwrap(), scope);
}

#[test]
fn a_keyset_says_where_entries_go_and_who_may_do_what() {
    let (mut world, mut domain) = begun();
    assert_eq!(domain.log_to().unwrap(), None);
    world.owner.keep_log(world.now, &mut world.rng);
    assert_eq!(took(&mut domain, &keyset(&world.owner)), Ok(Taken::Keyset));
    let keyset = keyset(&world.owner);
    let log_to = Keyset::decode(&keyset).unwrap().unverified_log_to();
    assert!(log_to.is_some());
    assert_eq!(domain.log_to().unwrap(), log_to);
    let both = Roles::ISSUE.and(Roles::ATTEST);
    assert_eq!((both.and(Roles::ISSUE), both.has(Roles::ISSUE)), (both, true));
    assert!(!Roles::ISSUE.has(both) && !both.has(Roles::REVOKE));
}

#[test]
fn a_status_of_the_instant_that_the_ticks_have_reached_holds_no_time_up() {
    let mut world = World::new(22);
    let exact = |millis| Now::ticks(Uptime(millis), 0);
    let (id, settings) = (LockId(*b"no-clock"), Settings::default());
    let mut door = Door::claimed(id, &mut world.owner, settings, exact(0), &mut world.rng);
    // Each comes 800 ms behind a full second, and names that second.
    for second in [1, 3, 5] {
        let now = exact(second * 1000 + 800);
        let lo = door.lock.present(now).unwrap().lo();
        let status = world.owner.attest(lo, None);
        door.deliver(&status, now).unwrap();
    }
    assert_eq!(door.lock.present(exact(6_000)).unwrap().lo(), START.after(6));
}
