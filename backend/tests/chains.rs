//! The cache of chains: whatever changes is felt at once, nothing else gets colder, and strangers
//! neither fill nor flush it.

use std::thread;

use chacha20::ChaCha20Rng;
use keyward::{
    Card, Caveats, Denial, Domain, Presentation, Rights, Roles, SigningKey, Trust,
    id::{Counter, KeyName, LinkId, Serial},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen},
    status::SerialFloor,
    verify::{Accepted, View, verify, verify_with},
};
use keyward_backend::chains::{KnownChains, LEAST};
use keyward_testkit::{
    fleet::{Fleet, Visit},
    scene::{Entry, HOLDER, ISSUER, Link, Scene, issuer_id, key_name},
    world::START,
};
use rand_core::SeedableRng;

const OTHER_ISSUER: u8 = 3;
const NEW_ISSUER: u8 = 4;

/// A scene of two links, in a domain of two issuers.
fn scene(issuer: u8) -> Scene {
    Scene::with(|scene| {
        let other = Entry { key: OTHER_ISSUER, ..scene.entries[0].clone() };
        scene.entries.push(other);
        scene.links = vec![Link::grant(1), Link { uses: Some(2), ..Link::plain(0) }];
        scene.issuer = issuer;
    })
}

fn told(verdict: Result<Accepted, Denial>) -> String {
    format!("{verdict:?}")
}

/// The verdict of the scene's lock by one who remembers, which must be that of one who doesn't.
fn judged(scene: &Scene, bytes: &[u8], chains: &KnownChains) -> String {
    let presentation = Presentation::decode(bytes).unwrap();
    let both = |view: &View<'_>| {
        let warm = told(verify_with(&presentation, view, chains));
        (warm, told(verify(&presentation, view)))
    };
    let (warm, cold) = scene.prepare().view(both).unwrap();
    assert_eq!(warm, cold);
    warm
}

/// What changes, how, and what the verdict begins with.
type Change = (&'static str, fn(&mut Scene), String);

fn changes() -> Vec<Change> {
    let issuer = issuer_id(ISSUER);
    let denied = |denial: &Denial| format!("Err({denial:?})");
    let begins = |text: &str| format!("Err({text}");
    vec![
        (
            "the keyset drops the issuer",
            |scene| drop(scene.entries.remove(0)),
            denied(&Denial::UnknownIssuer(issuer)),
        ),
        (
            "the issuer goes on under a new key",
            |scene| scene.entries[0].key = NEW_ISSUER,
            denied(&Denial::UnknownIssuer(issuer)),
        ),
        (
            "the issuer loses its role",
            |scene| scene.entries[0].roles = Roles::ATTEST,
            denied(&Denial::NotAnIssuer(issuer)),
        ),
        (
            "the issuer's time ends",
            |scene| scene.entries[0].until = START.0 + 60,
            begins("Expired { place: Issuer"),
        ),
        (
            "the issuer's limits are narrowed",
            |scene| {
                let limits = Caveats::narrowing().rights(Rights(2)).unwrap();
                scene.entries[0].limits = limits.encode().unwrap().as_bytes().to_vec();
            },
            begins("RightNotGranted(Issuer)"),
        ),
        (
            "a link is revoked",
            |scene| scene.revoked = vec![scene.link_ids()[1].into()],
            denied(&Denial::LinkRevoked(1)),
        ),
        (
            "a key is revoked",
            |scene| scene.revoked = vec![key_name(HOLDER).into()],
            denied(&Denial::KeyRevoked(0)),
        ),
        (
            "the floor of serials rises",
            |scene| {
                let first = Serial(scene.serial + 1);
                scene.floors = vec![SerialFloor { issuer: issuer_id(ISSUER), first }];
            },
            begins("SerialRevoked"),
        ),
        (
            "time passes",
            |scene| (scene.lo, scene.hi) = (START.0 + 900, Some(START.0 + 900)),
            begins("Expired { place: Link(0)"),
        ),
        ("the clock is lost", |scene| scene.hi = None, begins("MayHaveExpired")),
        (
            "the uses are spent",
            |scene| {
                let uses = Uses { spent: 2, first: Some(START) };
                scene.history.insert(1, uses);
            },
            begins("UsesSpent"),
        ),
        ("the card demands sealing", |scene| scene.sealed_only = true, denied(&Denial::SealedOnly)),
    ]
}

#[test]
fn each_change_is_felt_at_once_and_other_chains_stay_warm() {
    for (name, change, denial) in changes() {
        let chains = KnownChains::within(1 << 16);
        let (mut scene, other) = (scene(ISSUER), scene(OTHER_ISSUER));
        let (bytes, others) = (scene.presentation(), other.presentation());
        assert!(judged(&scene, &bytes, &chains).starts_with("Ok"), "{name}");
        assert!(judged(&scene, &others, &chains).starts_with("Ok"), "{name}");
        assert_eq!((chains.tally().hits, chains.tally().misses), (0, 2), "{name}");
        let before = scene.clone();

        change(&mut scene);
        let verdict = judged(&scene, &bytes, &chains);
        assert!(verdict.starts_with(&denial), "{name}: {verdict}");

        // The other chain is under the same keyset, list and clock, and is found if it gets so far.
        let hits = chains.tally().hits;
        let verdict = judged(&scene, &others, &chains);
        let reached = !verdict.contains("SealedOnly");
        assert_eq!(chains.tally().hits - hits, u64::from(reached), "{name}: {verdict}");
        // And what was denied is as warm as it was, once the change is taken back.
        assert!(judged(&before, &bytes, &chains).starts_with("Ok"), "{name}");
        assert_eq!(chains.tally().misses, 2, "{name}");
    }
}

/// Remembers nothing: each link unused, each counter refused.
struct Blank;

impl Memory for Blank {
    fn uses(&self, _: &LinkId) -> Uses {
        Uses::default()
    }

    fn counter(&self, _: &KeyName, _: Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::Seen)
    }
}

fn view<'v>(trust: &'v Trust<'v>, visit: &Visit) -> View<'v> {
    let challenge = Some(visit.open());
    View { trust, memory: &Blank, now: Visit::now(), challenge, app: None }
}

/// The verdict of a server that holds the domain and the door's card.
fn served(domain: &Domain, card: &[u8], visit: &Visit, chains: &KnownChains) -> String {
    let card = domain.check_card(&Card::decode(card).unwrap()).unwrap();
    let trust = domain.trust(&card).unwrap();
    let view = view(&trust, visit);
    let presentation = Presentation::decode(&visit.presentation).unwrap();
    let warm = told(verify_with(&presentation, &view, chains));
    assert_eq!(warm, told(verify(&presentation, &view)));
    warm
}

fn at_door(fleet: &Fleet, visit: &Visit, chains: &KnownChains) -> String {
    served(&fleet.domain(), &fleet.owner.library.cards[&visit.door], visit, chains)
}

#[test]
fn a_new_epoch_ends_all_its_chains_and_none_of_another_domain() {
    let chains = KnownChains::within(1 << 16);
    let (mut fleet, mut other) = (Fleet::new(1, 1, 1), Fleet::new(2, 1, 1));
    let (visit, elsewhere) = (fleet.visit(0, 3), other.visit(0, 3));
    assert!(at_door(&fleet, &visit, &chains).starts_with("Ok"));
    assert!(at_door(&other, &elsewhere, &chains).starts_with("Ok"));

    fleet.owner.new_epoch(START, &mut ChaCha20Rng::seed_from_u64(3));
    assert!(at_door(&fleet, &visit, &chains).starts_with("Err(UnknownIssuer"));
    assert!(at_door(&other, &elsewhere, &chains).starts_with("Ok"));
    assert_eq!((chains.tally().hits, chains.tally().misses), (1, 2));
}

#[test]
fn an_issuer_that_is_kept_over_an_epoch_must_sign_anew() {
    let chains = KnownChains::within(1 << 16);
    let mut fleet = Fleet::new(4, 1, 1);
    let visit = fleet.visit(0, 2);
    assert!(at_door(&fleet, &visit, &chains).starts_with("Ok"));
    let secret = *fleet.owner.issuer.expose_secret();

    fleet.owner.new_epoch(START, &mut ChaCha20Rng::seed_from_u64(5));
    fleet.owner.issuer = SigningKey::from_secret(&secret);
    fleet.owner.publish_keyset(START);
    // What the holder signs is over the epoch, so its signature is the first that fails.
    assert!(at_door(&fleet, &visit, &chains).starts_with("Err(HolderSignature"));
    assert_eq!((chains.tally().hits, chains.tally().misses), (0, 1));
}

#[test]
fn only_a_holder_of_a_whole_chain_gets_a_chain_kept() {
    let chains = KnownChains::within(1 << 16);
    let (scene, stranger) = (scene(ISSUER), scene(OTHER_ISSUER));
    let bytes = scene.presentation();
    let mut forged = bytes.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert!(judged(&scene, &forged, &chains).starts_with("Err(HolderSignature"));
    let mut broken = bytes.clone();
    broken[bytes.len() - 65] ^= 1;
    assert!(judged(&scene, &broken, &chains).starts_with("Err(LinkSignature"));
    let mut without = scene.clone();
    without.entries.retain(|entry| entry.key != OTHER_ISSUER);
    assert!(judged(&without, &stranger.presentation(), &chains).starts_with("Err(UnknownIssuer"));
    assert_eq!(chains.tally().chains, 0);

    // A request that policy denies is by a holder of a whole chain.
    let late = Scene { hi: None, ..scene.clone() };
    assert!(judged(&late, &bytes, &chains).starts_with("Err(MayHaveExpired"));
    assert!(judged(&scene, &bytes, &chains).starts_with("Ok"));
    assert_eq!((chains.tally().chains, chains.tally().hits), (1, 1));
}

/// Of a hundred looks for chains that others use, how many find them, while one holder comes with
/// twenty new chains for each, so often with each.
fn found_in_a_flood(times: usize) -> u64 {
    const OTHERS: usize = LEAST / 2;
    let chains = KnownChains::within(0);
    let mut fleet = Fleet::new(6, 1, 2);
    let (domain, card) = (fleet.domain(), fleet.owner.library.cards[&fleet.doors[0]].clone());
    let card = Card::decode(&card).unwrap();
    let card = domain.check_card(&card).unwrap();
    let trust = domain.trust(&card).unwrap();
    let serve = |visit: &Visit| {
        let view = view(&trust, visit);
        let presentation = Presentation::decode(&visit.presentation).unwrap();
        let _accepted = verify_with(&presentation, &view, &chains).unwrap();
    };
    let visits: Vec<_> = (0..OTHERS).map(|number| fleet.visit(2 * number, 2)).collect();
    visits.iter().chain(&visits).for_each(serve);
    let (mut found, mut looks) = (0, 0);
    for visit in visits.iter().cycle().take(2 * OTHERS) {
        for _ in 0..20 {
            let narrowed = fleet.visit(1, 2);
            (0..times).for_each(|_| serve(&narrowed));
        }
        let hits = chains.tally().hits;
        serve(visit);
        (found, looks) = (found + chains.tally().hits - hits, looks + 1);
    }
    found * 100 / looks
}

#[test]
fn a_holder_that_narrows_without_end_does_not_flush_what_others_use() {
    assert_eq!(found_in_a_flood(1), 100);
    println!("{} found when it comes twice with each", found_in_a_flood(2));
}

#[test]
fn many_threads_have_one_verdict_and_count_each_look() {
    const ROUNDS: u64 = 40;
    let chains = KnownChains::within(1 << 16);
    let mut fleet = Fleet::new(7, 2, 2);
    let visits: Vec<_> = (0..20).map(|number| fleet.visit(number, 3)).collect();
    let (domain, cards) = (fleet.domain(), &fleet.owner.library.cards);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for visit in (0..ROUNDS / 20).flat_map(|_| &visits) {
                    let verdict = served(&domain, &cards[&visit.door], visit, &chains);
                    assert!(verdict.starts_with("Ok"), "{verdict}");
                }
            });
        }
    });
    let tally = chains.tally();
    assert_eq!((tally.hits + tally.misses, tally.chains), (4 * ROUNDS, 20));
    assert!(tally.misses >= 20 && tally.hits > 0);
}
