//! Readers that go away, full devices, and what a terminal would obey.

mod desk;

use std::{fs::File, process::Stdio};

use desk::{Desk, stderr};

/// Runs a line with an output that takes nothing.
fn unread(desk: &Desk, line: &str, is_error: bool) -> (Option<i32>, String) {
    let full = Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let mut command = desk.command();
    command.args(desk::words(line)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let command = if is_error { command.stderr(full) } else { command.stdout(full) };
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn a_full_device_is_one_line_and_exit_code_3() {
    let desk = Desk::with_domain();
    for line in ["key show root.pub", "completions bash", "why", "domain show"] {
        let (code, error) = unread(&desk, line, false);
        assert_eq!(code, Some(3), "{line}: {error}");
        assert!(error.ends_with("No space left on device (os error 28)\n"), "{line}: {error}");
    }
}

#[test]
fn an_error_that_nobody_reads_keeps_its_exit_code() {
    let desk = Desk::with_domain();
    assert_eq!(unread(&desk, "show missing", true).0, Some(2));
    assert_eq!(unread(&desk, "key show root.pub", true).0, Some(0));
    assert_eq!(unread(&desk, "no-command", true).0, Some(2));
}

#[test]
fn a_door_is_secured_in_time_though_nobody_reads() {
    let desk = Desk::with_domain();
    desk.done("lock new flat");
    desk.done("card flat-12a --unclaimed flat/unclaimed --key office.key");
    desk.done("lock claim flat --lock flat-12a");
    desk.done(
        "token issue --to courier.pub --key office.key --right unlock --lock flat-12a --for 1d \
         --max-open 1s -o token",
    );
    let open = "lock open flat --phone 'keyward present token --key courier.key --challenge -'";
    assert_eq!(unread(&desk, open, false).0, Some(3));
    assert_eq!(desk.read("flat/bolt"), "locked\n");
    desk.done(&format!("{open} --no-wait"));
    assert_eq!(desk.read("flat/bolt"), "open\n");
    // The start tells that it secures the door, to nobody.
    assert_eq!(unread(&desk, "lock sync flat", true).0, Some(0));
    assert_eq!(desk.read("flat/bolt"), "locked\n");
}

#[test]
fn a_command_that_is_none_is_one_line_too() {
    let desk = Desk::new();
    for line in ["frob", "token issue", "token issue --for -1d", "lock open --chanel radio"] {
        let error = desk.fails(line, 2);
        assert!(error.starts_with("keyward: ") && error.contains("--help"), "{line}: {error}");
        let error = desk.fails(&format!("{line} --json"), 2);
        let error: serde_json::Value = serde_json::from_str(&error).unwrap();
        assert_eq!(error["exit"], 2, "{line}");
    }
    assert!(desk.done("--version").starts_with("keyward "));
    assert!(desk.done("token issue --help").contains("--right"));
}

#[test]
fn labels_and_file_names_steer_no_terminal() {
    let desk = Desk::with_domain();
    let name = "ev\u{1b}[2J\u{202e}il";
    let obeyed = |text: &str| text.contains(['\u{1b}', '\u{202e}', '\u{9b}']);
    desk.done(&format!("key new holder -o {name}.key"));
    assert!(!obeyed(&desk.done(&format!("key show {name}.pub --as-book -o {name}.book"))));
    assert!(!obeyed(&desk.read(&format!("{name}.book"))));
    assert!(!obeyed(&desk.done(&format!("key show {name}.pub --json"))));
    assert!(!obeyed(&desk.fails(&format!("show {name}"), 2)));
    // A line of its own in the book would label another key.
    let file = format!("x\n{} boss.pub", "0".repeat(32));
    desk.write(&file, desk.read("courier.pub").as_bytes());
    let book = desk.done(&format!("key show '{file}' --as-book"));
    assert_eq!(book.lines().count(), 1, "{book}");
    // Nor does a label, in an audit's sentences.
    let courier = desk.done("key show courier.pub --as-book").replace("courier", name);
    desk.write("book", courier.as_bytes());
    desk.done(
        "token issue --to courier.pub --key office.key --right unlock --lock flat --for 1d -o t",
    );
    assert!(!obeyed(&desk.done("--book book token show t")));
    let json = desk.done("--book book token show t --json");
    assert!(!obeyed(&json));
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
}
