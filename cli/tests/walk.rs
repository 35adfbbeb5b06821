//! The README's five minutes, run as printed.
//!
//! Each line behind `$ ` goes through a shell; what it prints, on both outputs, is compared with
//! the lines below it, in which `…` stands for what differs from run to run.

mod desk;

use std::process::Command;

use desk::Desk;
use snapbox::{assert_data_eq, data::IntoData};

/// The commands of a text, each with its line and what it should print.
fn commands(text: &str) -> Vec<(usize, String, String)> {
    let mut commands: Vec<(usize, String, String)> = Vec::new();
    let mut within = false;
    for (number, line) in (1..).zip(text.lines()) {
        match line.strip_prefix("```") {
            Some(kind) => within = kind == "console",
            None if !within => {}
            None => match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((number, command.to_owned(), String::new())),
                (None, Some((_, _, output))) => {
                    // A line of its own stands for any number of lines.
                    let wild = if line == "…" { "..." } else { "[..]" };
                    output.push_str(&line.replace('…', wild));
                    output.push('\n');
                }
                (None, None) => panic!("line {number}: output without a command"),
            },
        }
    }
    commands
}

#[test]
fn the_walk_runs_as_printed() {
    let readme = include_str!("../README.md");
    let (_, walk) = readme.split_once("## Five minutes").unwrap();
    let (walk, _) = walk.split_once("\n## ").unwrap();
    let before = readme[..readme.find(walk).unwrap()].lines().count();
    let desk = Desk::new();
    let commands = commands(walk);
    assert!(commands.len() > 20, "only {} commands", commands.len());
    for (number, line, wanted) in commands {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1\n{line}")]).current_dir(desk.path(""));
        shell.env("PATH", desk.path_variable()).env("KEYWARD_ZONE", desk::ZONE);
        let output = shell.output().unwrap();
        let got = String::from_utf8(output.stdout).unwrap();
        println!("README.md, line {}: {line}\n{got}", before + number);
        assert_data_eq!(got, wanted.into_data());
    }
}
