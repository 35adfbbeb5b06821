//! Bad input: one line, exit code 2, little memory, whatever it is.

mod desk;

use std::process::Command;

use desk::{Desk, stderr, words};

/// Each command that reads something, with the place for it.
const READERS: [&str; 22] = [
    "show IT",
    "key show IT",
    "keyset show IT",
    "domain take IT",
    "--domain IT domain show",
    "token show IT",
    "token check IT",
    "token check --vectors IT",
    "token delegate IT --to courier.pub --key company.key",
    "token issue --to IT --key office.key --right unlock --lock flat --for 1d",
    "token issue --to courier.pub --key IT --right unlock --lock flat --for 1d",
    "token accept IT --to courier.pub",
    "present IT --key courier.key --challenge IT",
    "present --request IT --key courier.key",
    "witness agree IT --key camera.key",
    "status --key watch.key --challenge IT",
    "revoke IT --key office.key",
    "card flat --unclaimed IT --key office.key",
    "epoch cosign IT --key cold-1.key",
    "keyset cosign IT --key root.key",
    "open IT --key log.key --lock flat",
    BOOK,
];

const BOOK: &str = "--book IT why 421";

/// Runs a line on a file, with at most 50 MiB of memory of its own.
fn run(desk: &Desk, line: &str, file: &str) -> (Option<i32>, String) {
    let words: Vec<_> =
        words(&line.replace("IT", file)).iter().map(|word| format!("'{word}'")).collect();
    let program = env!("CARGO_BIN_EXE_keyward");
    let script = format!("chmod 600 {file}; ulimit -d 51200; exec {program} {}", words.join(" "));
    let mut shell = Command::new("sh");
    let output = shell
        .args(["-c", &script])
        .current_dir(desk.path(""))
        .env("KEYWARD_ZONE", desk::ZONE)
        .output()
        .unwrap();
    (output.status.code(), stderr(&output))
}

fn refuses(desk: &Desk, file: &str, why: &str) {
    for line in READERS {
        if (line, file) == (BOOK, "empty") {
            continue; // an address book without entries is one
        }
        let (code, error) = run(desk, line, file);
        assert_eq!(code, Some(2), "{line} of {file}: {error}");
        assert_eq!(error.lines().count(), 1, "{line} of {file}: {error}");
        assert!(error.starts_with("keyward: "), "{line} of {file}: {error}");
        assert!(error.contains(why), "{line} of {file}: {error}");
        assert!(error.len() < 400, "{line} of {file}: {error}");
    }
}

#[test]
fn what_is_no_object_is_one_line_and_exit_code_2() {
    let desk = Desk::with_domain();
    desk.write("empty", b"");
    desk.write("binary", &[0, 1, 2, 0xff, 0xfe, b'\n', 0x80, 7]);
    desk.write("words", b"a shopping list\nmilk\n");
    desk.write("prefix", b"kw1.token.");
    desk.write("escape", b"\x1b[2J\x1b]0;owned\x07\r\n");
    let origin = desk.read("epoch.kw");
    desk.write("truncated", origin.trim_end().split_at(origin.len() / 2).0.as_bytes());
    for file in ["empty", "binary", "words", "prefix", "escape", "truncated", "missing"] {
        // `chmod` says so too where there is no file.
        if file != "missing" {
            refuses(&desk, file, "");
        }
    }
    desk.fails("show missing", 2);
}

#[test]
fn a_gibibyte_is_one_line_and_little_memory() {
    let desk = Desk::with_domain();
    let huge = std::fs::File::create(desk.path("huge")).unwrap();
    huge.set_len(1 << 30).unwrap();
    refuses(&desk, "huge", "longer than");
    // An audit reads as much as there is, and keeps nothing of what is no entry.
    desk.done("key new device -o device.key");
    let (code, error) = run(&desk, "receipts audit IT", "huge");
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn errors_show_nothing_that_steers_a_terminal() {
    let desk = Desk::with_domain();
    desk.write("escape", b"kw1.\x1b[2Jtoken.AQgD");
    let error = desk.fails("show escape", 2);
    assert!(!error.contains('\u{1b}'));
}

#[test]
fn a_secret_key_on_the_command_line_is_refused_before_anything_else() {
    let desk = Desk::with_domain();
    let secret = desk.read("company.key");
    let error = desk.fails(&format!("key show {}", secret.trim()), 2);
    assert!(error.contains("command line") && !error.contains(secret.trim()), "{error}");
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let desk = Desk::with_domain();
    let chmod = Command::new("chmod").arg("644").arg(desk.path("company.key")).status().unwrap();
    assert!(chmod.success());
    let error = desk.fails("status --key company.key", 2);
    assert!(error.contains("chmod 600"), "{error}");
}

#[test]
fn many_short_lines_take_little_memory() {
    let desk = Desk::with_domain();
    desk.write("huge", "x\n".repeat(2 << 20).as_bytes());
    refuses(&desk, "huge", "");
    let damaged = format!("kw1.token.{}\n", "A".repeat(20)).repeat(1 << 15);
    desk.write("damaged", damaged.as_bytes());
    assert_eq!(run(&desk, "show IT", "damaged").0, Some(2));
    desk.write("values", format!("[{}0]", "{\"\":0},".repeat(250_000)).as_bytes());
    let (code, error) = run(&desk, "token check --vectors IT", "values");
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn a_text_that_is_too_long_says_so() {
    let desk = Desk::new();
    desk.write("long", format!("kw1.token.{}", "A".repeat(3000)).as_bytes());
    let error = desk.fails("show long", 2);
    assert!(error.contains("longer than 2127 characters"), "{error}");
}
