//! keyward's chores: one command for each claim. `cargo xtask` lists them.

mod attacks;
mod audit_faults;
mod audit_speed;
mod baremetal;
mod c_binding;
mod cli;
mod corrupt;
mod coverage;
mod differential;
mod elf;
mod evasion;
mod example;
mod faults;
mod firmware;
mod floors;
mod fuzz;
mod kill;
mod mint;
mod model;
mod models;
mod msrv;
mod mutants;
mod peers;
mod power_cut;
mod programs;
mod secrets;
mod services;
mod sizes;
mod strict;
mod suites;
mod supply;
mod throughput;
mod toolchain;
mod vectors;
mod wear;
mod window;

use std::{env, process::ExitCode};

type Run = fn(&[String]) -> Result<(), String>;

/// Each command's name, what it does, how long it usually takes, and its entry.
const COMMANDS: &[(&str, &str, &str, Run)] = &[
    (
        "attacks",
        "runs the tests that SECURITY.md names against each attack, looks up the rest (--listed)",
        "2 min",
        attacks::run,
    ),
    (
        "audit-faults",
        "mutilates logs in every way, beside a naive model (--whole)",
        "2 min",
        audit_faults::run,
    ),
    (
        "audit-speed",
        "audits logs beside the hashes and signatures alone (--receipts N --signed N)",
        "2 min",
        audit_speed::run,
    ),
    ("baremetal", "builds, measures and link-proves a lock's whole way", "2 min", baremetal::run),
    (
        "c-binding",
        "runs misuses and vectors through the C API, on a host and on a board (--header)",
        "3 min",
        c_binding::run,
    ),
    (
        "cli",
        "times the command line's start, and kills locks of it (--dev --kills N --seed S)",
        "2 min",
        cli::run,
    ),
    ("corrupt", "damages images of a lock's flash (--images N)", "2 min", corrupt::run),
    ("coverage", "counts what of the core its tests reach (--missed)", "10 min", coverage::run),
    (
        "differential",
        "compares keyward with audit/python on generated objects (--objects N)",
        "2 min",
        differential::run,
    ),
    ("evasion", "simulates how long a revoked token still opens (--runs N)", "2 min", evasion::run),
    (
        "example",
        "writes SPEC.md's worked example, or with --check compares it",
        "1 s",
        example::run,
    ),
    (
        "faults",
        "fails or drops each call of a lock's store in a life (--stride N)",
        "5 min",
        faults::run,
    ),
    (
        "firmware",
        "runs a delivery at an emulated lock, measures it, kills it (--target T --kills N --check)",
        "5 min",
        firmware::run,
    ),
    (
        "fleet",
        "kills four verifiers and their store while phones come (--dev --presentations N --kills K)",
        "1 min",
        services::fleet,
    ),
    ("floors", "compares verify and issue with the bare signatures", "2 min", floors::run),
    (
        "fuzz",
        "fuzzes each target for 20 s, or until it was for --seconds in all (--target T --jobs N)",
        "5 min",
        fuzz::run,
    ),
    ("kill", "kills a lock's host between any two system calls (--times N)", "2 min", kill::run),
    (
        "load",
        "draws what many companies and their couriers take (--companies N --out FILE)",
        "1 min",
        services::load,
    ),
    (
        "mint",
        "presents single-use tokens without end, some of them again (--tokens N)",
        "3 min",
        mint::run,
    ),
    (
        "model",
        "runs locks against naive models (trust or tables, --steps N --seed S)",
        "5 min",
        model::run,
    ),
    (
        "models",
        "symbolic models, links that widen, all short lives (verifpal, widen, explore, --short, --long)",
        "2 min",
        models::run,
    ),
    ("msrv", "builds with the oldest compiler that is promised", "2 min", msrv::run),
    (
        "mutants",
        "breaks the core in every small way, a test must fail (files; goes on where it ended)",
        "an hour",
        mutants::run,
    ),
    ("peers", "does the same job with other token crates", "3 min", peers::run),
    (
        "power-cut",
        "cuts power at every byte of lives of locks (--stride N --nested-stride N)",
        "5 min",
        power_cut::run,
    ),
    ("secrets", "looks for secrets in time and in memory, under valgrind", "4 min", secrets::run),
    ("sizes", "prints the sizes of the usual objects", "1 s", sizes::run),
    (
        "strict",
        "compares the signature check with verify_strict (signatures: 1000000)",
        "4 min",
        strict::run,
    ),
    ("suites", "runs other people's test suites on what seals and signs", "1 min", suites::run),
    (
        "supply",
        "dependencies, oldest versions, licences, interface, SBOM (--install, --without-tools, --write)",
        "2 min",
        supply::run,
    ),
    (
        "throughput",
        "counts what a server verifies and issues, beside the signatures and biscuit",
        "5 min",
        throughput::run,
    ),
    ("vectors", "writes the test vectors, or with --check compares them", "1 s", vectors::run),
    ("wear", "wears a flash by 20 openings a day for ten years (--days N)", "2 min", wear::run),
    (
        "window",
        "compares the replay window with a set of all counters, and times it (--steps N)",
        "1 s",
        window::run,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        list();
        return ExitCode::SUCCESS;
    };
    let Some((.., run)) = COMMANDS.iter().find(|(command, ..)| command == name) else {
        eprintln!("{name}: no such command");
        list();
        return ExitCode::FAILURE;
    };
    match run(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("cargo xtask <command>");
    for (name, what, time, _) in COMMANDS {
        println!("  {name:12} {what} ({time})");
    }
}
