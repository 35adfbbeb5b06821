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
mod when;
mod why;

use std::{env, io, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
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
use fail::{Failure, Result};

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
    let cli = Cli::parse();
    let json = cli.common.json();
    match App::new(cli.common).and_then(|app| cli.command.run(&app)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure, json),
    }
}

/// One line on standard error.
fn failed(failure: &Failure, json: bool) -> ExitCode {
    match json {
        true => {
            let code = failure.exit.code();
            eprintln!("{}", serde_json::json!({ "error": failure.to_string(), "exit": code }));
        }
        false => eprintln!("keyward: {failure}"),
    }
    ExitCode::from(failure.exit.code())
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
                clap_complete::generate(shell, &mut Cli::command(), "keyward", &mut io::stdout());
                Ok(())
            }
        }
    }
}
