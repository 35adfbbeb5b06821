//! How a lock's life ends, and what a start finds.

use std::fs;

use crate::desk::Desk;

#[test]
fn a_released_lock_is_new() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    desk.issue("release", "--right release");
    let before = desk.text("flat/unclaimed");
    let said = desk.phone("release", "release --right release", &["-o", "last"]);
    said.assert_done();
    assert!(said.out.contains("a new lock, which nobody owns\nkw1.unclaimed."), "{}", said.out);
    assert!(desk.text("last").starts_with("kw1.receipt."));
    assert!(!desk.path("flat/anchor").exists());
    assert_ne!(desk.text("flat/unclaimed"), before);
    desk.opens("many").assert_no("denied: Unclaimed (190)");
    desk.says("lock claim flat --lock flat-12a").assert_no("refused: OtherLife");
    desk.enrol("flat-12b");
    desk.done("lock claim flat --lock flat-12b");
    desk.opens("many").assert_no("denied: OtherTarget (411)");
}

#[test]
fn a_release_takes_its_own_right() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    desk.phone("release", "many --right unlock", &[]).assert_no("not released");
    assert!(desk.done("lock show flat").starts_with("claimed"));
}

#[test]
fn a_reset_by_hand_is_meant() {
    let desk = Desk::claimed();
    assert_eq!(desk.says("lock reset flat").code, Some(2));
    let before = desk.text("flat/unclaimed");
    desk.done("lock reset flat --yes");
    assert_ne!(desk.text("flat/unclaimed"), before);
    assert!(desk.done("lock show flat").starts_with("unclaimed"));
}

#[test]
fn a_reset_that_was_cut_off_leaves_no_identity_of_before() {
    let desk = Desk::claimed();
    let before = desk.text("flat/unclaimed");
    // As a kill leaves it between the erasure and the new identity.
    fs::write(desk.path("flat/ending"), "").unwrap();
    fs::remove_file(desk.path("flat/anchor")).unwrap();
    fs::remove_dir_all(desk.path("flat/store")).unwrap();
    let said = desk.says("lock show flat");
    assert!(said.err.contains("a reset was cut off"), "{}", said.err);
    let after = desk.text("flat/unclaimed");
    assert_ne!(after, before);
    assert!(said.out.contains(after.trim()), "{}", said.out);
    desk.says("lock claim flat --lock flat-12a").assert_no("refused: OtherLife");
    // One that nothing was cut off from stays what it is.
    desk.done("lock show flat");
    assert_eq!(desk.text("flat/unclaimed"), after);
}

#[test]
fn a_reset_that_was_cut_off_before_it_began_is_none() {
    let desk = Desk::claimed();
    desk.issue("once", "--right unlock --uses 1");
    desk.opens("once").assert_done();
    fs::write(desk.path("flat/ending"), "").unwrap();
    fs::remove_file(desk.path("flat/anchor")).unwrap();
    desk.done("lock secure flat");
    assert!(desk.path("flat/anchor").exists());
    assert!(!desk.path("flat/ending").exists());
    desk.opens("once").assert_no("denied: UsesSpent (430)");
}

#[test]
fn a_damaged_store_opens_for_break_glass_alone() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    let to = "--to guest.pub --lock flat-12a --for 1d --right unlock --max-open 1s";
    desk.done(&format!("token issue --key glass.key {to} -o emergency"));
    let log = desk.path("flat/store/log");
    let mut bytes = fs::read(&log).unwrap();
    bytes[100] ^= 1;
    fs::write(log, bytes).unwrap();
    let said = desk.says("lock sync flat");
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("StateRolledBack (194)"), "{}", said.err);
    assert!(desk.done("lock show flat").starts_with("does nothing: StateRolledBack (194)"));
    desk.opens("many").assert_no("denied: UnknownIssuer (200)");
    let said = desk.opens("emergency");
    said.assert_done();
    assert!(said.out.contains("break-glass, no entry"), "{}", said.out);
    assert!(said.out.ends_with("flat-12a: secured: done\n"), "{}", said.out);
    desk.done("lock reset flat --yes");
    let left = fs::read_dir(desk.path("flat")).unwrap().map(|entry| entry.unwrap().file_name());
    let damaged = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("damaged-");
    assert!(!left.collect::<Vec<_>>().iter().any(damaged));
}

#[test]
fn one_process_at_a_time_has_a_lock() {
    let desk = Desk::claimed();
    let first = desk.start(&["lock", "open", "flat"]);
    assert!(first.line().starts_with("kw1.challenge."));
    let said = desk.says("lock show flat");
    assert_eq!(said.code, Some(3), "{}", said.out);
    assert!(said.err.contains("another process has the lock"), "{}", said.err);
    drop(first);
    desk.done("lock show flat");
}

#[test]
fn a_lock_is_drawn_once() {
    let desk = Desk::new("");
    let said = desk.says("lock new flat");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("there is a lock already"), "{}", said.err);
    let said = desk.says("lock show elsewhere");
    assert_eq!(said.code, Some(2), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn what_the_lock_alone_knows_is_its_user_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::claimed();
    let names = ["secret", "anchor", "claim.key", "label.key", "store/log"];
    for name in names {
        let mode = fs::metadata(desk.path(&format!("flat/{name}"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let shown = desk.done("lock show flat") + &desk.done("lock show flat --json");
    let secret = desk.text("flat/secret");
    let parts = secret.split_whitespace().filter(|word| word.len() > 20);
    let told: Vec<_> = parts.filter(|word| shown.contains(word)).collect();
    assert!(told.is_empty(), "{told:?}");
}
