//! A fleet of four verifiers on one server, killed again and again: nothing is accepted twice.
//!
//! `cargo xtask fleet` runs it. Arguments: `--presentations N`, `--kills K`, `--seed S`; `--only`
//! with `fire`, `controls` or `latency` runs one part. The program starts itself anew as each of the
//! nodes, with the word `node`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `estate` | domain, company and couriers, the same in every process |
//! | `wire` | the frames between driver and nodes |
//! | `node` | a verifier |
//! | `crew` | the driver's hold of the nodes |
//! | `book` | what was told and done, and the judgement |
//! | `field` | a presentation on its way, until somebody answers |
//! | `phone` | couriers and their errands |
//! | `fire` | the run under fire |
//! | `controls` | runs that must show doubles |
//! | `latency` | how long an answer takes without kills |

mod book;
mod controls;
mod crew;
mod estate;
mod field;
mod fire;
mod latency;
mod node;
mod phone;
#[path = "../../tests/servers/mod.rs"]
mod servers;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((word, orders)) if word == "node" => node::run(orders),
        _ => Run::read(&arguments).and_then(Run::run),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is asked for.
struct Run {
    plan: fire::Plan,
    only: Option<String>,
}

impl Run {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut plan = fire::Plan { presentations: 20_000, kills: 12, seed: 1 };
        let mut only = None;
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(USAGE.into()) };
            let number = value.parse::<u64>();
            match (name.as_str(), number, value.as_str()) {
                ("--presentations", Ok(number), _) => plan.presentations = number.max(1),
                ("--kills", Ok(number), _) => plan.kills = number,
                ("--seed", Ok(number), _) => plan.seed = number,
                ("--only", _, "fire" | "controls" | "latency") => only = Some(value.clone()),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(Self { plan, only })
    }

    fn run(self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let wanted = |part: &str| self.only.as_deref().is_none_or(|only| only == part);
        runtime.map_err(|error| error.to_string())?.block_on(async {
            if wanted("fire") {
                println!(
                    "Four nodes and their server are killed while phones bring presentations."
                );
                fire::run(self.plan, folder()?.path()).await?;
            }
            if wanted("controls") {
                println!("\nTwo fleets that must accept twice, and one whose power fails.");
                controls::run(self.plan.seed).await?;
            }
            if wanted("latency") {
                println!("\nWithout kills: all that the fleet can, then half of it.");
                latency::run(self.plan.seed, folder()?.path()).await?;
            }
            Ok(())
        })
    }
}

fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

const USAGE: &str = "usage: cargo xtask fleet [--presentations N] [--kills K] [--seed S] \
                     [--only fire|controls|latency]";
