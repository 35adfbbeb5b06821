//! What commands write: whose it is to read, and what it never takes the place of.

mod desk;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use desk::Desk;

const ISSUE: &str = "token issue --to courier.pub --key office.key --right unlock --lock flat-12a --for 1d --uses 2";
const INVITE: &str =
    "token invite --key office.key --right unlock --lock flat-12a --for 1d --uses 2";

fn mode(desk: &Desk, name: &str) -> u32 {
    fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777
}

/// A domain with a lock whose log is opened.
fn with_log() -> Desk {
    let desk = Desk::with_domain();
    desk.done("lock new flat");
    desk.done("card flat-12a --unclaimed flat/unclaimed --key office.key");
    desk.done("lock claim flat --lock flat-12a");
    desk.done("lock log flat -o sealed");
    desk.done("open sealed --key log.key --lock flat-12a -o log");
    desk
}

#[test]
fn a_picture_of_an_invitation_is_for_its_maker_alone() {
    let desk = Desk::with_domain();
    desk.done(&format!("{INVITE} -o link --svg link.svg"));
    assert_eq!((mode(&desk, "link"), mode(&desk, "link.svg")), (0o600, 0o600));
    desk.done(&format!("{ISSUE} -o token --svg token.svg"));
    assert_eq!(mode(&desk, "token.svg"), 0o644);
}

#[test]
fn what_was_left_beside_a_file_is_not_written_into() {
    let desk = Desk::with_domain();
    desk.write("link.new", b"");
    fs::set_permissions(desk.path("link.new"), fs::Permissions::from_mode(0o644)).unwrap();
    desk.done(&format!("{INVITE} -o link"));
    assert_eq!(mode(&desk, "link"), 0o600);
    desk.write("precious", b"mine");
    std::os::unix::fs::symlink(desk.path("precious"), desk.path("other.new")).unwrap();
    desk.done(&format!("{INVITE} -o other"));
    assert_eq!(desk.read("precious"), "mine");
    assert!(desk.path("other").symlink_metadata().unwrap().is_file());
}

#[test]
fn a_pipe_takes_the_bytes_and_stays_one() {
    let desk = Desk::with_domain();
    assert!(Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap().success());
    let reader = Command::new("timeout")
        .args(["10", "cat"])
        .arg(desk.path("pipe"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    desk.done(&format!("{ISSUE} -o pipe"));
    let read = reader.wait_with_output().unwrap().stdout;
    assert!(read.starts_with(b"kw1.origin."), "{read:?}");
    assert!(!fs::metadata(desk.path("pipe")).unwrap().is_file());
}

#[test]
fn a_dash_is_standard_output() {
    let desk = Desk::with_domain();
    assert!(desk.done(&format!("{ISSUE} -o -")).starts_with("kw1.origin."));
    assert!(!desk.path("-").exists());
}

#[test]
fn a_log_is_not_lost_by_being_written_over() {
    let desk = with_log();
    let before = desk.read("log");
    assert_eq!(before.lines().count(), 3);
    desk.done("receipts erase log --before tomorrow -o ./log");
    assert_eq!(desk.read("log"), before);
    desk.fails("receipts export log missing -o log", 2);
    assert_eq!(desk.read("log"), before);
    assert!(!desk.path("log.new").exists());
    desk.done("receipts export log -o log");
    assert_eq!(desk.read("log").lines().count(), 3);
}

#[test]
fn what_persons_did_is_for_its_reader_alone() {
    let desk = with_log();
    desk.done("receipts export log -o rows");
    desk.done("receipts erase log --before tomorrow -o erased");
    for name in ["log", "rows", "erased"] {
        assert_eq!(mode(&desk, name), 0o600, "{name}");
    }
}

#[test]
fn a_domain_behind_a_link_is_one_domain() {
    let desk = Desk::with_domain();
    std::os::unix::fs::symlink("domain.kw", desk.path("linked.kw")).unwrap();
    desk.done("--domain linked.kw revoke company.pub --key office.key");
    assert!(desk.path("linked.kw").is_symlink());
    assert!(desk.done("domain show").contains("list 1 under keyset 1"));
    desk.done(ISSUE);
    desk.done(&format!("--domain linked.kw {ISSUE}"));
    assert_eq!(desk.read("domain.kw.serial"), "3\n");
}

#[test]
fn a_full_disk_leaves_no_half_key() {
    let desk = Desk::new();
    let program = env!("CARGO_BIN_EXE_keyward");
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {program} key new holder -o me.key");
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &script]).current_dir(desk.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(!desk.path("me.key").exists());
    desk.done("key new holder -o me.key");
}
