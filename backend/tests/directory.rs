//! A directory holds what was verified, answers for the door that was asked for, and changes under
//! readers in one step.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use keyward::{
    Card, Channel, Denial, Refusal, Taken,
    card::CardOrder,
    id::{CardVersion, DomainId, Epoch, KeysetVersion, LockId},
    status::Revoked,
    time::Uptime,
    verify::{OpenChallenge, View, verify},
};
use keyward_backend::directory::{Bundle, Directory, DirectoryError, Door};
use keyward_testkit::world::{Library, Owner, START, Settings, World};

fn slices(all: &[Vec<u8>]) -> Vec<&[u8]> {
    all.iter().map(Vec::as_slice).collect()
}

/// Takes in all that an owner has published.
fn found(directory: &Directory, domain: DomainId, library: &Library) -> Result<(), DirectoryError> {
    let epochs = slices(&library.epochs);
    let cards: Vec<_> = library.cards.values().map(Vec::as_slice).collect();
    let (keysets, list) = ([library.keyset.as_slice()], library.list.as_deref());
    directory.found(&Bundle { domain, epochs: &epochs, keysets: &keysets, list, cards: &cards })
}

/// The same with every keyset that the owner has published.
fn found_with(
    directory: &Directory,
    owner: &Owner,
    library: &Library,
) -> Result<(), DirectoryError> {
    let (epochs, keysets) = (slices(&library.epochs), slices(&owner.keysets));
    let cards: Vec<_> = library.cards.values().map(Vec::as_slice).collect();
    let (domain, list) = (owner.domain, library.list.as_deref());
    directory.found(&Bundle { domain, epochs: &epochs, keysets: &keysets, list, cards: &cards })
}

fn directory(owner: &Owner) -> Directory {
    let directory = Directory::new();
    found(&directory, owner.domain, &owner.library).unwrap();
    directory
}

#[test]
fn a_door_trusts_what_the_lock_itself_would() {
    let mut world = World::new(1);
    world.owner.revoke([Revoked([7; 8])], START);
    let directory = directory(&world.owner);
    let domain = world.owner.held();
    for (lock, card) in &world.owner.library.cards {
        let door = Door { domain: world.owner.domain, lock: *lock };
        let held = directory.trust(&door).unwrap();
        let card = Card::decode(card).unwrap();
        let card = domain.check_card(&card).unwrap();
        let (ours, theirs) = (held.trust().unwrap(), domain.trust(&card).unwrap());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }
    let stranger = Door { domain: world.owner.domain, lock: LockId([9; 8]) };
    assert!(directory.trust(&stranger).is_none());
    let elsewhere = Door { domain: DomainId([9; 32]), lock: world.flat.id() };
    assert!(directory.trust(&elsewhere).is_none());
}

#[test]
fn a_presentation_is_verified_by_it_and_revoked_by_it() {
    use keyward::{Ask, Challenge, Now, Presentation, Right, Rights, Seconds, Target, Valid};
    let mut world = World::new(2);
    let directory = directory(&world.owner);
    let door = Door { domain: world.owner.domain, lock: world.flat.id() };
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let target = [Target::Lock(door.lock)];
    let grant = keyward::Caveats::grant(Rights::of(Right::UNLOCK), &target, valid).unwrap();
    let courier = world.courier.public();
    let held = world.owner.grant(&courier, 0, &grant);
    let bytes = world.flat.connect(Channel::Radio, Now::exactly(START));
    let challenge = Challenge::decode(&bytes).unwrap();
    let ask = Ask { lock: door.lock, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &bytes, Channel::Radio, &mut world.rng);
    let presentation = world.courier.present(&request, &[], None);
    let judge = || {
        let found = directory.trust(&door).unwrap();
        let trust = found.trust().unwrap();
        let open =
            OpenChallenge { nonce: challenge.nonce, channel: Channel::Radio, issued: Uptime(0) };
        let (memory, now) = (Fresh, Now { uptime: Uptime(1), ..Now::exactly(START) });
        let view = View { trust: &trust, memory: &memory, now, challenge: Some(open), app: None };
        verify(&Presentation::decode(&presentation).unwrap(), &view).map(drop)
    };
    judge().unwrap();
    world.owner.revoke([Revoked::from(courier.name())], START);
    let list = world.owner.library.list.clone().unwrap();
    assert_eq!(directory.take_list(&door.domain, &list), Ok(Taken::List));
    assert!(matches!(judge(), Err(Denial::KeyRevoked { .. })));
}

/// A memory of nothing.
struct Fresh;

impl keyward::ledger::Memory for Fresh {
    fn uses(&self, _link: &keyward::id::LinkId) -> keyward::ledger::Uses {
        keyward::ledger::Uses::default()
    }

    fn counter(
        &self,
        _holder: &keyward::id::KeyName,
        _counter: keyward::id::Counter,
    ) -> Result<keyward::replay::Unseen, keyward::replay::CounterFault> {
        unimplemented!("no request here has a counter")
    }
}

#[test]
fn nothing_unverified_gets_in() {
    let world = World::new(3);
    let owner = &world.owner;
    let spoilt = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    };
    let mut library = owner.library.clone();
    library.keyset = spoilt(&library.keyset);
    let empty = Directory::new();
    assert!(matches!(
        found(&empty, owner.domain, &library),
        Err(DirectoryError::Refused(Refusal::StatementSignature { .. }))
    ));
    library.keyset = owner.library.keyset.clone();
    let flat = library.cards.get_mut(&world.flat.id()).unwrap();
    *flat = spoilt(flat);
    let refused = found(&empty, owner.domain, &library);
    assert!(matches!(
        refused,
        Err(DirectoryError::Refused(Refusal::StatementSignature { signer: 0, .. }))
    ));
    assert_eq!(
        found(&empty, DomainId([1; 32]), &owner.library),
        Err(DirectoryError::Refused(Refusal::OtherDomain))
    );
    let none = Bundle { domain: owner.domain, epochs: &[], keysets: &[], list: None, cards: &[] };
    assert_eq!(empty.found(&none), Err(DirectoryError::NoEpoch));
    assert!(empty.is_empty(), "a refusal leaves nothing behind");
    // Another owner's statements fit nobody else's domain.
    let (directory, mut other) = (directory(owner), World::new(4).owner);
    other.revoke([], START);
    let list = other.library.list.unwrap();
    assert!(directory.take_list(&owner.domain, &list).is_err());
    assert_eq!(directory.take_list(&other.domain, &list), Err(DirectoryError::UnknownDomain));
    assert!(directory.take_keyset(&owner.domain, &other.library.keyset).is_err());
}

#[test]
fn what_is_held_only_moves_forward() {
    let mut world = World::new(5);
    let directory = directory(&world.owner);
    let (owner, id) = (&mut world.owner, world.flat.id());
    let domain = owner.domain;
    assert_eq!(found(&directory, domain, &owner.library), Err(DirectoryError::AlreadyHeld));
    let old = owner.library.clone();
    owner.publish_keyset(START);
    owner.publish_list(START);
    owner.publish_card(id, START);
    let new = owner.library.clone();
    let list = new.list.clone().unwrap();
    assert_eq!(directory.take_keyset(&domain, &new.keyset), Ok(Taken::Keyset));
    assert_eq!(directory.take_keyset(&domain, &new.keyset), Ok(Taken::Unchanged));
    let older = Err(DirectoryError::Refused(Refusal::Older));
    assert_eq!(directory.take_keyset(&domain, &old.keyset), older);
    assert_eq!(directory.take_list(&domain, &list), Ok(Taken::List));
    assert_eq!(directory.take_card(&domain, &new.cards[&id]), Ok(Taken::Card));
    assert_eq!(directory.take_card(&domain, &new.cards[&id]), Ok(Taken::Unchanged));
    assert_eq!(directory.take_card(&domain, &old.cards[&id]), older);
    let statements = directory.statements(&domain).unwrap();
    assert_eq!(statements.keyset(), new.keyset);
    assert_eq!(statements.list(), Some(list.as_slice()));
    assert_eq!(*statements.card(id).unwrap(), new.cards[&id][..]);
    assert_eq!(statements.epoch(), new.epochs[0]);
    // Two cards of one place: evidence against the enroller, whichever came first.
    let fork = card_again(owner, id);
    assert_eq!(directory.take_card(&domain, &fork), Err(DirectoryError::Refused(Refusal::Fork)));
}

/// Another card in the place of the flat's newest one.
fn card_again(owner: &Owner, lock: LockId) -> Vec<u8> {
    let bytes = &owner.library.cards[&lock];
    let held = Card::decode(bytes).unwrap();
    let draft = keyward::card::Draft {
        scope: owner.scope(),
        order: held.unverified_order(),
        at: START,
        lock,
        groups: &[],
        device: held.unverified_device().unwrap(),
        sealing: None,
        sealed_only: false,
        unchallenged: true,
        zone: None,
        nonce: held.unverified_nonce(),
    };
    let draft = draft.by(&owner.enroller.public()).unwrap();
    draft.sign(&owner.enroller).unwrap().as_bytes().to_vec()
}

#[test]
fn a_new_epoch_is_a_clean_slate_and_doors_keep_their_names() {
    let mut world = World::new(6);
    world.owner.revoke([Revoked([7; 8])], START);
    let directory = directory(&world.owner);
    let (domain, lock) = (world.owner.domain, world.flat.id());
    let door = Door { domain, lock };
    let before = directory.trust(&door).unwrap();
    world.owner.new_epoch(START, &mut world.rng);
    let library = world.owner.library.clone();
    let epochs = slices(&library.epochs[1..]);
    assert!(directory.take_epochs(&domain, &epochs, &library.keyset[1..]).is_err());
    assert_eq!(directory.take_epochs(&domain, &epochs, &library.keyset), Ok(Taken::Epoch));
    let after = directory.trust(&door).unwrap();
    let trust = after.trust().unwrap();
    assert_eq!((trust.scope().epoch, trust.lock()), (Epoch(1), lock));
    assert_eq!(trust.card(), CardOrder::NONE, "the old card's groups don't count");
    assert_eq!(trust.list().keyset, KeysetVersion(0));
    // Versions begin anew, and the old epoch's card is in no one's way.
    assert_eq!(directory.take_card(&domain, &library.cards[&lock]), Ok(Taken::Card));
    let card = directory.trust(&door).unwrap().trust().unwrap().card();
    assert_ne!(card.version, CardVersion(0));
    // Who had looked up before still has it all, unchanged.
    assert_eq!(before.trust().unwrap().scope().epoch, Epoch(0));
    assert_eq!(before.trust().unwrap().list().number.0, 1);
    assert!(directory.remove_door(&door) && !directory.remove_door(&door));
    assert!(directory.trust(&door).is_none());
    assert!(directory.remove(&domain) && !directory.remove(&domain));
    assert!(directory.is_empty());
}

/// What every door of a directory trusts, in words.
fn trusted(directory: &Directory, owner: &Owner) -> Vec<String> {
    let locks = owner.library.cards.keys();
    let door = |lock: &LockId| Door { domain: owner.domain, lock: *lock };
    let told = |lock| format!("{:?}", directory.trust(&door(lock)).unwrap().trust().unwrap());
    locks.map(told).collect()
}

#[test]
fn a_restart_trusts_what_the_process_trusted() {
    let mut world = World::new(10);
    world.owner.revoke([Revoked([7; 8])], START);
    let running = directory(&world.owner);
    let kept = world.owner.library.clone();
    // Who signed list and cards is dropped; both stay in force.
    world.owner.revoker = keyward::SigningKey::generate(&mut world.rng);
    world.owner.enroller = keyward::SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(START);
    let (owner, domain) = (&world.owner, world.owner.domain);
    assert_eq!(running.take_keyset(&domain, &owner.library.keyset), Ok(Taken::Keyset));
    let restarted = Directory::new();
    assert_eq!(found_with(&restarted, owner, &kept), Ok(()));
    assert_eq!(trusted(&restarted, owner), trusted(&running, owner));
    // By the newest keyset alone nobody could tell who signed them.
    let alone = Library { keyset: owner.library.keyset.clone(), ..kept.clone() };
    assert!(matches!(
        found(&Directory::new(), domain, &alone),
        Err(DirectoryError::Refused(Refusal::UnknownIssuer(_)))
    ));
    // A list by somebody else is taken under none of them.
    let mut other = World::new(11).owner;
    other.revoke([], START);
    let forged = Library { list: other.library.list, ..kept.clone() };
    let refused = found_with(&Directory::new(), owner, &forged);
    assert!(matches!(refused, Err(DirectoryError::Refused(Refusal::UnknownIssuer(_)))));

    // Cards of the epoch before still name their locks; its list is gone.
    world.owner.new_epoch(START, &mut world.rng);
    let owner = &world.owner;
    let newest = [owner.library.epochs[1].as_slice()];
    let taken = running.take_epochs(&domain, &newest, &owner.library.keyset);
    assert_eq!(taken, Ok(Taken::Epoch));
    let kept = Library { epochs: owner.library.epochs.clone(), ..kept };
    let restarted = Directory::new();
    assert_eq!(found_with(&restarted, owner, &kept), Ok(()));
    assert_eq!(trusted(&restarted, owner), trusted(&running, owner));
    assert!(restarted.statements(&domain).unwrap().list().is_none());
}

#[test]
fn a_domain_of_many_epochs_is_founded_by_a_keyset_of_every_sixteenth() {
    let mut world = World::new(12);
    for _ in 0..40 {
        world.owner.new_epoch(START, &mut world.rng);
    }
    world.owner.publish_list(START);
    let (owner, epochs) = (&world.owner, slices(&world.owner.library.epochs));
    let found_by = |keysets: &[&[u8]]| {
        let cards: Vec<_> = owner.library.cards.values().map(Vec::as_slice).collect();
        let (domain, list) = (owner.domain, owner.library.list.as_deref());
        let (directory, epochs) = (Directory::new(), &epochs);
        directory
            .found(&Bundle { domain, epochs, keysets, list, cards: &cards })
            .map(|()| directory)
    };
    let refused = |numbers: &[u64]| found_by(&keysets_of(owner, numbers)).map(drop);
    let directory = found_by(&keysets_of(owner, &[16, 32, 40])).unwrap();
    assert_eq!(directory.statements(&owner.domain).unwrap().number(), Epoch(40));
    assert_eq!(trusted(&directory, owner).len(), owner.library.cards.len());
    let too_many = Err(DirectoryError::Refused(Refusal::TooManyEpochs));
    assert_eq!(refused(&[40]), too_many);
    assert_eq!(refused(&[16, 33, 40]), too_many);
    assert_eq!(refused(&[16, 32]), Err(DirectoryError::NoKeyset));
    assert_eq!(refused(&[]), Err(DirectoryError::NoKeyset));
    // From older to newer.
    assert!(matches!(
        refused(&[16, 32, 40, 32]),
        Err(DirectoryError::Refused(Refusal::OtherEpoch { .. }))
    ));
}

/// The newest keysets of these epochs.
fn keysets_of<'o>(owner: &'o Owner, epochs: &[u64]) -> Vec<&'o [u8]> {
    let epoch = |bytes: &[u8]| keyward::Keyset::decode(bytes).unwrap().unverified_epoch().0;
    let newest = |number| owner.keysets.iter().rfind(|bytes| epoch(bytes) == number).unwrap();
    epochs.iter().map(|number| newest(*number).as_slice()).collect()
}

/// Epochs of one domain, each with a keyset, lists and a card of the flat.
fn epochs(count: usize) -> (DomainId, LockId, Library, Vec<Library>) {
    let mut rng = rand_core::SeedableRng::seed_from_u64(8);
    let mut owner = Owner::new(START, &mut rng);
    let lock = LockId(*b"flat-12a");
    let device = keyward::SigningKey::generate(&mut rng).public();
    let nonce = keyward::id::ClaimNonce([3; 16]);
    owner.enrol(keyward::Unclaimed { device, nonce }, lock, Settings::default(), START);
    let first = owner.library.clone();
    let later = (0..count)
        .map(|_| {
            owner.new_epoch(START, &mut rng);
            owner.publish_list(START);
            owner.library.clone()
        })
        .collect();
    (owner.domain, lock, first, later)
}

#[test]
fn readers_see_old_or_new_whole_and_after_a_swap_the_new() {
    let (domain, lock, first, later) = epochs(60);
    let directory = Arc::new(Directory::new());
    found(&directory, domain, &first).unwrap();
    let (swapped, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let start = Arc::new(Barrier::new(4));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (directory, swapped) = (Arc::clone(&directory), Arc::clone(&swapped));
            let (done, start) = (Arc::clone(&done), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                let mut looked = 0_u64;
                while !done.load(SeqCst) {
                    let least = swapped.load(SeqCst);
                    let held = directory.trust(&Door { domain, lock }).unwrap();
                    let trust = held.trust().unwrap();
                    let epoch = held.scope().epoch.0;
                    assert!(epoch >= least, "after a swap nobody sees what was before");
                    // Epoch and keyset change in one step: a keyset of another epoch has other
                    // issuers, and their ids are in no other.
                    let statements = directory.statements(&domain).unwrap();
                    let keyset = keyward::Keyset::decode(statements.keyset()).unwrap();
                    assert_eq!(keyset.unverified_epoch(), statements.number(), "a mix");
                    assert_eq!(trust.scope().epoch.0, epoch);
                    looked += 1;
                }
                looked
            })
        })
        .collect();
    start.wait();
    for (library, number) in later.iter().zip(1..) {
        let newest = [library.epochs.last().unwrap().as_slice()];
        directory.take_epochs(&domain, &newest, &library.keyset).unwrap();
        swapped.store(number, SeqCst);
        directory.take_list(&domain, library.list.as_ref().unwrap()).unwrap();
        directory.take_card(&domain, &library.cards[&lock]).unwrap();
    }
    done.store(true, SeqCst);
    let looked: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
    assert!(looked > 100, "{looked} lookups are too few to tell");
}

#[test]
fn writers_of_one_domain_lose_nothing_of_each_other() {
    let mut rng = rand_core::SeedableRng::seed_from_u64(9);
    let mut owner = Owner::new(START, &mut rng);
    let locks: Vec<_> = (0..200_u8).map(|number| LockId([number; 8])).collect();
    let directory = directory(&owner);
    for lock in &locks {
        let device = keyward::SigningKey::generate(&mut rng).public();
        let nonce = keyward::id::ClaimNonce([lock.0[0]; 16]);
        owner.enrol(keyward::Unclaimed { device, nonce }, *lock, Settings::default(), START);
    }
    // Four at once, each time.
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for cards in locks.chunks(locks.len() / 4) {
            let (directory, owner, together) = (&directory, &owner, &together);
            scope.spawn(move || {
                for lock in cards {
                    together.wait();
                    directory.take_card(&owner.domain, &owner.library.cards[lock]).unwrap();
                }
            });
        }
    });
    for lock in locks {
        assert!(directory.trust(&Door { domain: owner.domain, lock }).is_some(), "{lock} is lost");
    }
}
