//! A lock by the command line: each rule by the sentence, and the exit code, that it ends in.

#[path = "lock/desk.rs"]
mod desk;
#[path = "lock/life.rs"]
mod life;
#[path = "lock/log.rs"]
mod log;

use std::{
    fs,
    time::{Duration, Instant},
};

use desk::Desk;

#[test]
fn a_lock_answers_its_claim_by_its_label() {
    let desk = Desk::new("");
    desk.enrol("flat-12a");
    let said = desk.done("lock claim flat --lock flat-12a");
    assert!(said.contains("flat-12a: claimed for the domain"), "{said}");
    assert!(said.contains("\nkw1.claimed."), "{said}");
    desk.says("lock claim flat --lock flat-12a").assert_no("AlreadyClaimed (602)");
}

#[test]
fn another_box_s_key_claims_nothing() {
    let desk = Desk::new("");
    desk.enrol("flat-12a");
    desk.done("key new claim -o other.key");
    let said = desk.says("lock claim flat --lock flat-12a --claim-key other.key");
    said.assert_no("ClaimSignature");
    desk.says("lock claim flat --lock flat-12a --contact").assert_no("ClaimUnsigned (662)");
}

#[test]
fn a_lock_without_a_claim_key_is_claimed_by_contact() {
    let desk = Desk::new("--no-claim-key --no-label-key");
    desk.enrol("flat-12a");
    assert_eq!(desk.says("lock claim flat --lock flat-12a").code, Some(2));
    let said = desk.done("lock claim flat --lock flat-12a --contact");
    assert!(!said.contains("kw1.claimed."), "{said}");
}

#[test]
fn a_token_for_one_use_opens_once() {
    let desk = Desk::claimed();
    desk.issue("once", "--right unlock --uses 1");
    let said = desk.phone("open", "once", &["-o", "receipt"]);
    said.assert_done();
    assert!(said.out.starts_with("flat-12a: unlock, entry "), "{}", said.out);
    assert!(said.out.contains("the phone is told: done\nkw1.receipt."), "{}", said.out);
    assert!(desk.text("receipt").starts_with("kw1.receipt."));
    assert_eq!(desk.text("flat/bolt"), "open\n");
    desk.done("lock secure flat");
    desk.opens("once").assert_no("denied: UsesSpent (430)");
    assert_eq!(desk.text("flat/bolt"), "locked\n");
}

#[test]
fn a_code_opens_once() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    desk.done("present many --key guest.key --unchallenged flat-12a -o code");
    desk.says("lock open flat --code code").assert_done();
    desk.says("lock open flat --code code").assert_no("denied: CounterRefused (470)");
}

#[test]
fn a_sealed_presentation_is_opened_by_the_lock_s_key() {
    let desk = Desk::new("--sealing");
    let card = "card flat-12a --unclaimed flat/unclaimed --key office.key";
    desk.done(&format!("{card} --sealing flat/sealing.pub --sealed-only true"));
    desk.done("lock claim flat --lock flat-12a");
    desk.issue("many", "--right unlock");
    desk.opens("many").assert_no("denied: SealedOnly (214)");
    desk.opens("many --seal").assert_done();
}

#[test]
fn another_channel_than_the_lock_sees_is_denied() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    desk.phone("open", "many", &["--channel", "contact"])
        .assert_no("denied: HolderSignature (300)");
    desk.phone("open", "many --channel contact", &["--channel", "contact"]).assert_done();
}

#[test]
fn the_challenge_is_the_first_line_and_a_phone_brings_lines() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    desk.done("revoke --below 1:office.pub --key office.key -o list");
    let mut lock = desk.start(&["lock", "open", "flat"]);
    let challenge = lock.line();
    assert!(challenge.starts_with("kw1.challenge."), "{challenge}");
    let presented = desk.done(&format!("present many --key guest.key --challenge {challenge}"));
    let (told, code) = lock.tell(&format!("rubbish\n\n{}{presented}", desk.text("list")));
    assert!(told[0].starts_with("flat-12a: not an object"), "{told:?}");
    assert_eq!(told[1], "flat-12a: taken: list");
    assert!(told[2].starts_with("flat-12a: unlock, entry"), "{told:?}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_phone_that_brings_nothing_opens_nothing() {
    let desk = Desk::claimed();
    desk.says("lock open flat").assert_no("no presentation came");
    let said = desk.run(&["lock", "open", "flat", "--phone", "exit 7"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
}

#[test]
fn a_bolt_that_jams_has_spent_the_use() {
    let desk = Desk::claimed();
    desk.issue("once", "--right unlock --uses 1");
    let said = desk.phone("open", "once", &["--bolt", "exit 1"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.out.contains(", jammed\nthe phone is told: done"), "{}", said.out);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
    desk.opens("once").assert_no("denied: UsesSpent (430)");
}

#[test]
fn a_bolt_s_command_is_told_the_right() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock,20");
    let command = "echo $KEYWARD_RIGHT $KEYWARD_PARAMETER >> moved";
    desk.phone("open", "many", &["--bolt", command]).assert_done();
    let own = "many --right 20 --parameter-hex 00ff";
    desk.phone("open", own, &["--bolt", command]).assert_done();
    assert_eq!(desk.text("moved"), "unlock\n20 00ff\n");
    // A bolt alone knows nothing of a right of one's own.
    let said = desk.opens("many --right 20");
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
}

#[test]
fn what_is_revoked_is_denied_once_the_lock_was_told() {
    let desk = Desk::claimed();
    desk.issue("many", "--right unlock");
    desk.done("revoke many --key office.key");
    desk.opens("many").assert_done();
    let said = desk.done("lock sync flat");
    assert!(said.contains("flat-12a: taken: list\n"), "{said}");
    desk.opens("many").assert_no("denied: LinkRevoked (401)");
    let said = desk.done("lock sync flat");
    assert!(!said.contains("taken"), "{said}");
}

#[test]
fn a_list_beside_the_one_that_is_held_is_a_fork() {
    let desk = Desk::claimed();
    fs::copy(desk.path("domain.kw"), desk.path("other.kw")).unwrap();
    desk.done("revoke --below 5:office.pub --key office.key");
    desk.done("revoke --below 6:office.pub --key office.key --domain other.kw");
    desk.done("lock sync flat");
    desk.says("lock sync flat --domain other.kw").assert_no("refused: Fork (612)");
}

#[test]
fn a_door_is_secured_in_time_or_before_all_else() {
    let desk = Desk::claimed();
    desk.issue("short", "--right unlock --max-open 1s");
    let said = desk.opens("short");
    said.assert_done();
    assert!(said.out.ends_with("flat-12a: secured: done\n"), "{}", said.out);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
    desk.phone("open", "short", &["--no-wait"]).assert_done();
    assert_eq!(desk.text("flat/bolt"), "open\n");
    assert!(desk.done("lock show flat").contains("the door is to be secured"));
    let said = desk.says("lock sync flat");
    assert!(said.err.contains("flat-12a: the door is secured first"), "{}", said.err);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
    assert!(!desk.done("lock show flat").contains("the door is to be secured"));
}

#[test]
fn a_door_is_secured_in_time_though_its_receipt_is_lost() {
    let desk = Desk::claimed();
    desk.issue("short", "--right unlock --max-open 1s");
    let lost = ["-o", "missing/receipt"];
    let said = desk.phone("open", "short", &lost);
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    assert!(said.err.contains("missing/receipt"), "{}", said.err);
    assert!(said.out.ends_with("flat-12a: secured: done\n"), "{}", said.out);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
    desk.done("present short --key guest.key --unchallenged flat-12a -o code");
    let said = desk.run(&[&["lock", "open", "flat", "--code", "code"], &lost[..]].concat());
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
}

#[test]
fn a_door_that_jams_when_it_is_secured_is_told_by_the_exit_code() {
    let desk = Desk::claimed();
    desk.issue("short", "--right unlock --max-open 1s");
    let said = desk.phone("open", "short", &["--bolt", "test $KEYWARD_RIGHT = unlock"]);
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    assert!(said.out.ends_with("flat-12a: secured: jammed\n"), "{}", said.out);
}

#[test]
fn a_door_that_was_opened_for_a_release_is_secured_in_time() {
    let desk = Desk::claimed();
    desk.issue("short", "--right unlock --max-open 1s");
    desk.phone("release", "short", &[]).assert_no("not released");
    assert_eq!(desk.text("flat/bolt"), "locked\n");
}

#[test]
fn a_domain_file_that_is_behind_the_lock_is_told() {
    let desk = Desk::claimed();
    fs::copy(desk.path("domain.kw"), desk.path("old.kw")).unwrap();
    desk.done("revoke --below 5:office.pub --key office.key");
    let said = desk.says("lock sync flat");
    assert!(!said.err.contains("behind"), "{}", said.err);
    let said = desk.says("lock sync flat --domain old.kw");
    assert!(
        said.err.contains("old.kw is behind the lock: it holds list 1, the file 0"),
        "{}",
        said.err
    );
}

#[cfg(unix)]
#[test]
fn a_lock_whose_secret_others_can_read_is_not_started() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::claimed();
    fs::set_permissions(desk.path("flat/secret"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = desk.run(&["lock", "show", "flat"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("others can read it"), "{}", said.err);
}

#[test]
fn a_phone_that_goes_on_does_not_keep_the_door_open() {
    let desk = Desk::claimed();
    desk.issue("short", "--right unlock --max-open 2s");
    let program = env!("CARGO_BIN_EXE_keyward");
    let presents = format!("'{program}' present short --key guest.key --challenge -");
    let begin = Instant::now();
    let phone = format!("{presents}; exec sleep 60");
    let said = desk.run(&["lock", "open", "flat", "--phone", &phone]);
    said.assert_done();
    assert!(said.out.contains("secured: done"), "{}", said.out);
    assert_eq!(desk.text("flat/bolt"), "locked\n");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_phone_that_never_answers_is_waited_for_as_long_as_its_challenge_lives() {
    let desk = Desk::claimed();
    let begin = Instant::now();
    let said = desk.run(&["lock", "open", "flat", "--phone", "exec sleep 300"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("no presentation came within 30 s"), "{}", said.err);
    assert!(begin.elapsed() < Duration::from_secs(60));
}
