//! Who gets a lock's log, and how.

use std::fs;

use crate::desk::Desk;

#[test]
fn a_log_is_sealed_to_the_owner() {
    let desk = Desk::claimed();
    let said = desk.says("lock log flat");
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.err.contains("keyset new --log-to"), "{}", said.err);
    desk.done("keyset new --log-to log.pub -o keyset");
    desk.done("keyset cosign keyset --key root.key");
    desk.done("lock sync flat");
    desk.issue("once", "--right unlock --uses 1");
    desk.opens("once").assert_done();
    desk.opens("once").assert_no("UsesSpent");
    desk.done("lock log flat -o sealed");
    assert!(desk.text("sealed").lines().all(|line| line.starts_with("kw1.sealed.")));
    desk.done("open sealed --key log.key --lock flat-12a -o entries");
    let audited = desk.done("receipts audit entries");
    assert!(audited.contains("UsesSpent"), "{audited}");
}

#[test]
fn whoever_may_read_the_log_gets_it_whole_and_acknowledges_it() {
    let desk = Desk::claimed();
    desk.issue("reader", "--right read-log,unlock");
    desk.opens("reader").assert_done();
    let read = "reader --right read-log";
    let said = desk.phone("open", read, &["--entries", "entries"]);
    said.assert_done();
    assert!(desk.text("entries").lines().all(|line| line.starts_with("kw1.entry.")));
    let said = desk.opens(&format!("{read} --acknowledge entries"));
    said.assert_done();
    assert!(said.out.contains("the log up to there is acknowledged"), "{}", said.out);
    assert!(said.out.contains("\nkw1.entry."), "{}", said.out);
    desk.done("lock secure flat");
    let said = desk.opens("reader --acknowledge entries");
    assert_ne!(said.code, Some(0), "{}", said.out);
    assert!(said.err.contains("--right read-log"), "{}", said.err);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
    // A right that is another one reads nothing.
    let said = desk.opens("reader");
    assert!(!said.out.contains("kw1.entry."), "{}", said.out);
}

#[test]
fn an_audit_of_one_lock_s_log_is_not_troubled_by_the_others() {
    let desk = Desk::claimed();
    desk.done("keyset new --log-to log.pub -o with-log");
    desk.done("keyset cosign with-log --key root.key");
    desk.done("lock sync flat");
    desk.done("lock log flat -o sealed");
    desk.done("open sealed --key log.key --lock flat-12a -o log");
    desk.done("lock new cellar");
    desk.done("card cellar --unclaimed cellar/unclaimed --key office.key");
    let told = desk.done("receipts audit log --brief");
    assert!(told.contains("Lock flat-12a\n") && !told.contains("cellar"), "{told}");
    assert!(!told.contains("unreadable"), "{told}");
    // A fault stays one.
    let log = desk.text("log");
    let cut: Vec<_> = log.lines().enumerate().filter(|(at, _)| *at != 1).collect();
    let cut: String = cut.into_iter().map(|(_, line)| format!("{line}\n")).collect();
    fs::write(desk.path("cut"), cut).unwrap();
    desk.says("receipts audit cut --brief").assert_no("the log has faults");
    // What is still sealed was not looked at.
    let said = desk.says("receipts audit sealed");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("keyward open"), "{}", said.err);
}

#[test]
fn a_head_is_held_against_the_log_that_it_is_of_and_no_other() {
    let desk = Desk::claimed();
    desk.issue("reader", "--right read-log,unlock");
    desk.issue("once", "--right unlock --uses 1");
    desk.opens("once").assert_done();
    desk.opens("once").assert_no("UsesSpent");
    desk.phone("open", "reader --right read-log", &["--entries", "log"]).assert_done();
    let told = desk.done("receipts audit log");
    let head = |of: &str| {
        let found = told.lines().find_map(|line| line.trim().strip_prefix(of));
        found.unwrap_or_else(|| panic!("{of}: {told}")).to_owned()
    };
    let (events, denials) = (head("Head of Events: "), head("Head of Denials: "));
    for known in [&events, &denials] {
        desk.done(&format!("receipts audit log --brief --head {known}"));
        let other = format!("{}{}", &known[..known.len() - 64], "0".repeat(64));
        let said = desk.says(&format!("receipts audit log --brief --head {other}"));
        said.assert_no("the log has faults");
    }
    // Another lock of the domain has no part in it.
    desk.done("lock new cellar");
    desk.done("card cellar --unclaimed cellar/unclaimed --key office.key");
    let audit = format!("receipts audit log --brief --head {events}");
    let said = desk.says(&audit);
    assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
    assert!(said.err.contains("--lock"), "{}", said.err);
    desk.done(&format!("{audit} --lock flat-12a"));
}
