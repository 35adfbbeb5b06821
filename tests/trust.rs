//! What a lock takes in: each rule of SPEC.md sections 17 and 18 broken once, the exact refusal
//! asserted, and the same steps taken with the rule mended. The cases are the testkit's, of which
//! the vectors are made too.

use std::collections::BTreeSet;

use keyward::{Refusal, Time};
use keyward_testkit::{
    statements::{
        ATTEST, Bench, Case, Deed, Home, KeysetOf, NONCE, StatusOf, Story, T, Verdict, cases,
        identity, list_hash,
    },
    stores::{Mood, Moody},
};

/// Deals the steps; each comes to what it must, and a refused one changes nothing.
fn play(name: &str, story: &Story) -> Bench {
    let mut bench = Bench::new(story.identity);
    for (number, step) in story.steps.iter().enumerate() {
        let before = (bench.view(), *bench.bodies());
        let verdict = bench.play(&step.deed);
        assert_eq!(verdict, step.verdict, "{name}, step {number}");
        let after = (bench.view(), *bench.bodies());
        if matches!(verdict, Err(_) | Ok("unchanged")) {
            assert_eq!(after, before, "{name}, step {number}: refused, and yet");
        }
    }
    bench
}

/// The verdicts of a case's steps.
fn verdicts(case: &Case) -> impl Iterator<Item = &Verdict> {
    case.story.steps.iter().map(|step| &step.verdict)
}

#[test]
fn every_case_comes_to_what_it_says() {
    for case in cases() {
        let mut bench = play(case.name, &case.story);
        let Some(mended) = &case.mended else { continue };
        assert!(mended.steps.iter().all(|step| step.verdict.is_ok()), "{}", case.name);
        play(&format!("{}/mended", case.name), mended);
        // Nor has the refused step left anything that is in the way of the mended one.
        let (last, before) = case.story.steps.split_last().unwrap();
        let (good, steps) = mended.steps.split_last().unwrap();
        assert!(last.verdict.is_err(), "{}: the last step breaks the rule", case.name);
        let same = before.iter().map(|step| &step.deed).eq(steps.iter().map(|step| &step.deed));
        if same {
            assert_eq!(bench.play(&good.deed), good.verdict, "{}: on the same lock", case.name);
        }
    }
}

#[test]
fn every_case_has_a_name_of_its_own_and_one_broken_rule() {
    let (cases, mut names) = (cases(), BTreeSet::new());
    for case in &cases {
        assert!(names.insert(case.name), "{} stands twice", case.name);
        let refused = verdicts(case).filter(|verdict| verdict.is_err()).count();
        let last = verdicts(case).last().unwrap();
        match case.mended {
            Some(_) => assert_eq!(refused, 1, "{}", case.name),
            None => assert!(last.is_ok(), "{}: what it refuses it takes in the end", case.name),
        }
    }
    assert!(cases.len() >= 200, "{} cases", cases.len());
}

/// All refusals of all cases.
fn refusals() -> Vec<(u16, &'static str)> {
    let cases = cases();
    let refused = cases.iter().flat_map(|case| verdicts(case).copied().filter_map(Result::err));
    refused.map(|refusal| (refusal.code(), refusal.name())).collect()
}

#[test]
fn every_refusal_is_named_by_a_case() {
    let named = refusals();
    // The store's own are in tests/restart.rs.
    for refusal in Refusal::ALL.iter().filter(|(code, _)| !matches!(code, 603..=607 | 690)) {
        assert!(named.contains(refusal), "{refusal:?}");
    }
    assert!(Refusal::ALL.contains(&(690, "StoreFailed")), "which has a test of its own");
}

#[test]
fn a_list_is_hashed_as_its_signer_hashes_it() {
    // The draft's own message has the hash where SPEC.md section 5.6 says.
    for number in [1, 2, 127, 128, u64::MAX] {
        let list = Home::first().list(1, number);
        let issuer = keyward_testkit::scene::key::<keyward::role::Issuer>(list.by).public();
        let state = keyward::Status::decode(&list.bytes()).unwrap().unverified_state();
        let entries: Vec<_> =
            list.entries.iter().flatten().map(|entry| keyward::status::Revoked(*entry)).collect();
        let draft =
            keyward::Status::revoke(list.scope, &issuer, state, &entries, &[], None).unwrap();
        assert_eq!(&draft.to_sign().as_bytes()[121..153], list_hash(&list.bytes()));
    }
}

fn moody(mood: Mood) -> Bench<Moody> {
    let store = Moody::new();
    store.mood.set(mood);
    Bench::over(identity(), store)
}

#[test]
fn a_store_that_does_not_confirm_leaves_the_lock_as_it_was() {
    let home = Home::first();
    let claim = home.claim().deed();
    let mut bench = moody(Mood::Fails);
    assert_eq!(bench.play(&claim), Err(Refusal::StoreFailed));
    assert_eq!(bench.view(), None, "it is as unclaimed as before");

    let statements = [
        (home.keyset(2).deed(), "keyset"),
        (home.card(1, 2).deed(), "card"),
        (home.list(1, 1).deed(), "list"),
        (home.status(T + 60).deed(), "time"),
        (home.next().move_in(), "epoch"),
    ];
    for (deed, what) in statements {
        for mood in [Mood::Fails, Mood::FailsLate, Mood::Works] {
            let works = mood == Mood::Works;
            let mut bench = moody(Mood::Works);
            assert_eq!(bench.play(&claim), Ok("claim"));
            let before = bench.view();
            bench.lock.store().mood.set(mood);
            let verdict = bench.play(&deed);
            assert_eq!(verdict, if works { Ok(what) } else { Err(Refusal::StoreFailed) });
            assert_eq!(bench.view() == before, !works, "{what}");
            if works && ["keyset", "card", "list"].contains(&what) {
                bench.lock.store().mood.set(Mood::Fails);
                assert_eq!(bench.play(&deed), Ok("unchanged"), "what is held needs no store");
            }
        }
    }
}

#[test]
fn a_bound_goes_with_the_keyset_or_epoch_of_its_attester() {
    let home = Home::first();
    let over = StatusOf { nonce: Some(NONCE), ..home.status(T + 60) };
    for (deed, what, lo) in [
        (home.keyset(2).without(ATTEST).deed(), "keyset", T + 60),
        (home.next().move_in(), "epoch", T),
    ] {
        let mut bench = Bench::new(identity());
        assert_eq!(bench.play(&home.claim().deed()), Ok("claim"));
        assert_eq!(bench.play(&over.within(NONCE)), Ok("time"));
        assert_eq!(bench.present(0).unwrap().hi(), Some(Time(T + 61)));
        assert_eq!(bench.play(&home.keyset(1).deed()), Ok("unchanged"));
        assert_eq!(bench.present(0).unwrap().hi(), Some(Time(T + 61)), "held is no news");
        assert_eq!(bench.play(&deed), Ok(what));
        let present = bench.present(0).unwrap();
        assert_eq!((present.lo(), present.hi()), (Time(lo), None));
    }
}

#[test]
fn time_falls_with_an_epoch_and_with_nothing_else() {
    let home = Home::first();
    let mut bench = Bench::new(identity());
    let lo = |bench: &Bench| bench.present(0).unwrap().lo().0;
    let early = KeysetOf { issued_at: T - 5_000, ..home.keyset(2) };
    let late = KeysetOf { issued_at: T + 5_000, ..home.keyset(3) };
    let list = StatusOf { at: T + 9_000, ..home.list(3, 1) };
    let next = Home { issued_at: T - 9_000, ..home.next() };
    let before = Home { issued_at: T - 8_000, ..next.next() };
    let newer = KeysetOf { issued_at: T - 7_000, ..before.keyset(1) }.bytes();
    for (deed, floor) in [
        (home.claim().deed(), T - 1),
        (early.deed(), T - 1),
        (home.status(T + 60).deed(), T + 60),
        (home.status(T).deed(), T + 60),
        (late.deed(), T + 5_000),
        (list.deed(), T + 9_000),
        (home.card(3, 1).deed(), T + 9_000),
        (next.move_in(), T - 9_000),
        (Deed::Epochs { epochs: vec![before.epoch()], keyset: newer }, T - 7_000),
    ] {
        bench.play(&deed).unwrap();
        assert_eq!(lo(&bench), floor);
    }
}
