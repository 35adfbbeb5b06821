//! `keyward`: the command line for back offices, installers and auditors.
//!
//! Each command reads objects from files, pipes or its arguments, does one thing, and writes text
//! or JSON. Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 the machine failed.
#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::as_conversions,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::string_slice
    )
)]
// A match on a condition lines up yes and no; commands are consumed.
#![allow(
    clippy::elidable_lifetime_names,
    clippy::match_bool,
    clippy::match_same_arms,
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::single_match_else,
    clippy::trivially_copy_pass_by_ref
)]

mod app;
mod caveats;
mod class;
mod code;
mod commands;
mod domain;
mod fail;
mod files;
mod invite;
mod issuer;
mod key;
mod lock;
mod name;
mod object;
mod out;
mod scene;
mod show;
mod sink;
mod terminal;
mod when;
mod why;

use std::{env, io, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;

use app::{App, Common};
use commands::{
    card::CardCommand,
    demo::DemoCommand,
    domain::DomainCommand,
    epoch::EpochCommand,
    key::KeyCommand,
    keyset::KeysetCommand,
    lock::LockCommand,
    present::PresentCommand,
    receipts::ReceiptsCommand,
    revoke::RevokeCommand,
    seal::{OpenCommand, SealCommand},
    status::StatusCommand,
    token::TokenCommand,
    witness::WitnessCommand,
};
use fail::{Exit, Failure, Result};
use terminal::{aside, plain_json};

/// Capability tokens that open real doors
#[derive(Parser)]
#[command(name = "keyward", version, propagate_version = true, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Objects are text forms (kw1.…), one a line: a file, - for standard input, or \
the text itself.\nSecret keys are files (mode 600), or - for standard input.\n\
Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 the machine failed.";

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Key(KeyCommand),
    #[command(subcommand)]
    Epoch(EpochCommand),
    #[command(subcommand)]
    Keyset(KeysetCommand),
    #[command(subcommand)]
    Domain(DomainCommand),
    Card(CardCommand),
    #[command(subcommand)]
    Lock(LockCommand),
    #[command(subcommand)]
    Token(TokenCommand),
    Present(PresentCommand),
    #[command(subcommand)]
    Witness(WitnessCommand),
    Status(StatusCommand),
    Revoke(RevokeCommand),
    #[command(subcommand)]
    Receipts(ReceiptsCommand),
    Seal(SealCommand),
    Open(OpenCommand),
    Show(show::ShowCommand),
    Demo(DemoCommand),
    /// Explains a denial or a refusal, by its number or name
    Why {
        /// As 421 or Expired; without it all are listed
        code: Option<String>,
    },
    /// Says how times are written
    Times,
    /// Writes a shell's completions
    Completions {
        /// Which shell's
        shell: Shell,
    },
}

fn main() -> ExitCode {
    if env::args_os().any(|argument| argument.to_string_lossy().contains("kw1secret.")) {
        return failed(&commands::key::on_the_command_line(), false);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let json = cli.common.json();
    let done = App::new(cli.common).and_then(|app| cli.command.run(&app));
    match (done, terminal::lost()) {
        (Err(failure), _) => failed(&failure, json),
        (Ok(()), None) => ExitCode::SUCCESS,
        // A reader that has gone away has seen enough, and is told nothing.
        (Ok(()), Some(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(Exit::Trouble.code())
        }
        (Ok(()), Some(error)) => {
            failed(&Failure::trouble(format!("standard output: {error}")), json)
        }
    }
}

/// What is no command: help, which was asked for, or one line as of any other error.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let asked = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ErrorKind::DisplayVersion,
    ];
    if asked.contains(&error.kind()) {
        let _unread = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.to_string();
    let (what, usage) = text.split_once("\n\nUsage: ").unwrap_or((&text, "keyward"));
    let what = what.strip_prefix("error: ").unwrap_or(what);
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let what = what.split(" For more information,").next().unwrap_or_default();
    let command = usage.split_whitespace().take_while(|word| word.starts_with(char::is_lowercase));
    let command = command.collect::<Vec<_>>().join(" ");
    let json = env::args_os().any(|argument| argument == "--json");
    failed(&Failure::input(format!("{what}; `{command} --help` says more")), json)
}

/// One line on standard error.
fn failed(failure: &Failure, json: bool) -> ExitCode {
    let code = failure.exit.code();
    match json {
        true => {
            aside(&plain_json(&serde_json::json!({ "error": failure.to_string(), "exit": code })));
        }
        false => aside(&format!("keyward: {failure}")),
    }
    ExitCode::from(code)
}

impl Command {
    fn run(self, app: &App) -> Result<()> {
        match self {
            Self::Key(command) => command.run(app),
            Self::Epoch(command) => command.run(app),
            Self::Keyset(command) => command.run(app),
            Self::Domain(command) => command.run(app),
            Self::Card(command) => command.run(app),
            Self::Lock(command) => command.run(app),
            Self::Token(command) => command.run(app),
            Self::Present(command) => command.run(app),
            Self::Witness(command) => command.run(app),
            Self::Status(command) => command.run(app),
            Self::Revoke(command) => command.run(app),
            Self::Receipts(command) => command.run(app),
            Self::Seal(command) => command.run(app),
            Self::Open(command) => command.run(app),
            Self::Show(command) => command.run(app),
            Self::Demo(command) => command.run(app),
            Self::Why { code } => commands::why::run(app, code.as_deref()),
            Self::Times => {
                let grammar = when::GRAMMAR.trim_end();
                app.say(grammar, &serde_json::json!({ "grammar": grammar }));
                Ok(())
            }
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "keyward", &mut script);
                app::line(String::from_utf8_lossy(&script).trim_end());
                Ok(())
            }
        }
    }
}
