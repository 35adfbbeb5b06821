//! The README's transcript is what the example prints.

use std::process::Command;

#[test]
fn the_transcript_is_what_the_example_prints() {
    let example = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--example", "in_home_delivery"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(example.status.success(), "{}", String::from_utf8_lossy(&example.stderr));
    let printed = String::from_utf8(example.stdout).expect("UTF-8");
    let mut lines = printed.lines().map(without_time);

    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("--example in_home_delivery\n").expect("the first command");
    let (transcript, _) = rest.split_once("```").expect("its end");
    for line in transcript.lines().filter(|line| !line.is_empty()) {
        assert!(lines.any(|printed| printed == line), "not printed, or not in order: {line}");
    }
}

/// Times differ from run to run: `123 µs` becomes `… µs`.
fn without_time(line: &str) -> String {
    match line.split_once(" µs") {
        Some((head, tail)) => {
            let spaces = head.trim_end_matches(|c: char| c.is_ascii_digit());
            format!("{spaces}… µs{tail}")
        }
        None => line.to_owned(),
    }
}
