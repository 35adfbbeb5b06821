//! Keys: their files, classes and encryption.

mod desk;

use std::os::unix::fs::PermissionsExt;

use desk::{Desk, stderr, stdout};

#[test]
fn a_new_key_is_for_its_owner_alone_and_never_written_over() {
    let desk = Desk::new();
    desk.done("key new holder -o me.key");
    let mode = std::fs::metadata(desk.path("me.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(desk.read("me.key").starts_with("kw1secret.holder."));
    assert!(desk.read("me.pub").starts_with("kw1public.holder."));
    let before = desk.read("me.key");
    let error = desk.fails("key new holder -o me.key", 2);
    assert!(error.contains("never written over"), "{error}");
    assert_eq!(desk.read("me.key"), before);
}

#[test]
fn every_class_is_drawn_and_shown() {
    let desk = Desk::new();
    for class in [
        "cold",
        "root",
        "emergency",
        "issuer",
        "holder",
        "witness",
        "device",
        "claim",
        "label",
        "sealing",
    ] {
        desk.done(&format!("key new {class} -o {class}.key"));
        let shown = desk.done(&format!("key show {class}.key"));
        assert_eq!(shown, desk.read(&format!("{class}.pub")));
    }
}

#[test]
fn a_key_of_another_class_signs_nothing() {
    let desk = Desk::with_domain();
    let error = desk.fails("status --key company.key", 2);
    assert!(error.contains("a key of the class holder, not issuer"), "{error}");
    let error = desk.fails(
        "token issue --to camera.pub --key office.key --right unlock --lock flat --for 1d",
        2,
    );
    assert!(error.contains("a key of the class witness, not holder"), "{error}");
}

#[test]
fn an_encrypted_key_wants_its_passphrase() {
    let desk = Desk::with_domain();
    desk.write("passphrase", b"correct horse battery staple\n");
    desk.write("other", b"hunter2\n");
    for file in ["passphrase", "other"] {
        let path = desk.path(file);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    desk.done("key new holder -o safe.key --encrypt --passphrase-file passphrase");
    assert!(desk.read("safe.key").starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    // The public half needs none.
    desk.done("token issue --to safe.key --key office.key --right unlock --lock flat --for 1d --depth 1 -o safe.token");
    let hand_on = "token delegate safe.token --to courier.pub --key safe.key";
    desk.done(&format!("{hand_on} --passphrase-file passphrase"));
    desk.fails(&format!("{hand_on} --passphrase-file other"), 2);
    // Nobody is there to be asked.
    let output = desk.command_without_terminal().args(desk::words(hand_on)).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--passphrase-file"), "{}", stderr(&output));
}

#[test]
fn a_key_comes_from_a_pipe_too() {
    let desk = Desk::with_domain();
    let key = desk.read("watch.key");
    let output = desk.fed("status --key -", key.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("kw1.status."));
}

#[test]
fn another_key_s_public_half_is_never_written_over() {
    let desk = Desk::new();
    desk.done("key new holder -o me.key");
    let before = desk.read("me.pub");
    let error = desk.fails("key new cold -o me.cold", 2);
    assert!(error.contains("me.pub: is there already"), "{error}");
    assert_eq!(desk.read("me.pub"), before);
    assert!(!desk.path("me.cold").exists());
    for files in ["alice.smith alice.jones", "both.pub"] {
        let error = desk.fails(&format!("key new holder -o {files}"), 2);
        assert!(error.contains("belong together"), "{error}");
    }
    assert!(!desk.path("alice.pub").exists() && !desk.path("both.pub").exists());
}

#[test]
fn a_key_from_standard_input_does_all_that_a_file_does() {
    let desk = Desk::with_domain();
    let grant = "--right unlock --lock flat --for 1d --uses 2";
    for (line, key) in [
        (format!("token issue --key - --to courier.pub {grant}"), "office.key"),
        (format!("token invite --key - {grant}"), "office.key"),
        (format!("token issue --key office.key --to - {grant}"), "courier.key"),
        ("key show -".to_owned(), "courier.key"),
        ("status --key -".to_owned(), "watch.key"),
    ] {
        let output = desk.fed(&line, desk.read(key).as_bytes());
        assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
    }
}

#[test]
fn a_code_needs_a_key_that_has_a_place_for_its_counter() {
    let desk = Desk::with_domain();
    let grant = "--to courier.pub --right unlock --lock flat --for 1d -o code.token";
    desk.done(&format!("token issue --key office.key {grant}"));
    let code = "present code.token --unchallenged flat --key";
    let output = desk.fed(&format!("{code} -"), desk.read("courier.key").as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the counter lies beside"), "{}", stderr(&output));
    desk.done(&format!("{code} courier.key"));
    let first: u64 = desk.read("courier.key.counter").trim().parse().unwrap();
    desk.done(&format!("{code} courier.key"));
    let second: u64 = desk.read("courier.key.counter").trim().parse().unwrap();
    assert!(second > first);
}
