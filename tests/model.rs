//! Random interleavings of all that can reach a lock, by owner, thieves and strangers, and random
//! histories of its tables; more of them by `cargo xtask model trust` and `cargo xtask model
//! tables`.

use keyward_testkit::{interleave, tallies};

#[test]
fn a_lock_holds_and_says_what_the_model_does_and_can_always_be_mended() {
    let report = interleave::run(7, 0..1500, |_| {});
    let violation = report.violations.first();
    assert!(violation.is_none(), "{violation:#?}");
    assert!(report.taken > 1000 && report.opened > 100 && report.reordered > 100);
    assert!(report.mended_by_keyset > 100 && report.mended_by_epoch > 100);
}

#[test]
fn an_interleaving_is_the_same_alone_and_among_others() {
    let all = interleave::run(3, 240..260, |_| {});
    let mut parts = interleave::run(3, 240..251, |_| {});
    parts.add(interleave::run(3, 251..260, |_| {}));
    assert_eq!((all.steps, all.codes), (parts.steps, parts.codes));
}

#[test]
fn tables_admit_and_remember_what_maps_without_end_do() {
    let report = tallies::run(7, 0..12_000, |_| {});
    let violation = report.violations.first();
    assert!(violation.is_none(), "{violation:#?}");
    assert!(report.admitted > 100_000 && report.full > 50_000 && report.changed > 10_000);
    assert!(report.restored > 10_000);
}

#[test]
fn a_history_is_the_same_alone_and_among_others() {
    let counts = |report: &tallies::Report| (report.requests, report.admitted, report.full);
    let all = tallies::run(3, 240..260, |_| {});
    let mut parts = tallies::run(3, 240..251, |_| {});
    parts.add(tallies::run(3, 251..260, |_| {}));
    assert_eq!(counts(&all), counts(&parts));
}
