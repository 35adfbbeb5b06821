//! Tries mutants of the core by one build that has each of them behind a switch.
//!
//! What the mutants are cargo-mutants says (`cargo mutants --list --json`). It builds each by
//! itself, which takes most of the time of a run; here a copy of the core asks at each place which
//! one is on. What no switch can hold (a constant, an expression that compiles in one place only)
//! is built by itself, and tried by the unit tests. What no test saw is left to cargo-mutants.

mod alone;
mod compile;
mod mutant;
mod rewrite;
mod run;
mod tree;

use std::{env, fs, path::Path, process::ExitCode};

use mutant::Mutant;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [list, verdicts, quick @ ..] if !quick.is_empty() => tried(list, verdicts, quick),
        _ => Err("usage: keyward-mutants LIST VERDICTS QUICK_TEST...".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tries those of a list that have no verdict yet, and writes each verdict down as it is had.
fn tried(list: &str, verdicts: &str, quick: &[String]) -> Result<(), String> {
    let list = fs::read_to_string(list).map_err(|error| format!("{list}: {error}"))?;
    let mutants = Mutant::all(&list)?;
    let record = run::Verdicts::open(Path::new(verdicts))?;
    let todo: Vec<usize> =
        (0..mutants.len()).filter(|at| !record.has(&mutants[*at].name)).collect();
    println!("mutants: {}\nwithout a verdict: {}", mutants.len(), todo.len());
    if todo.is_empty() {
        return Ok(());
    }
    let tree = tree::copied()?;
    // All of the list, so that a run that goes on finds what was built.
    let plan = compile::planned(&tree, &mutants)?;
    println!(
        "behind a switch: {}\nnot compiling: {}\nleft: {}",
        plan.switched.len(),
        plan.unviable.len(),
        mutants.len() - plan.switched.len() - plan.unviable.len()
    );
    for at in plan.unviable.iter().filter(|at| todo.contains(at)) {
        record.write("unviable", &mutants[*at].name, "the compiler")?;
    }
    let (todo, left): (Vec<usize>, Vec<usize>) = todo
        .into_iter()
        .filter(|at| !plan.unviable.contains(at))
        .partition(|at| plan.switched.contains(at));
    if !left.is_empty() {
        alone::all(&mutants, &left, &record)?;
    }
    if todo.is_empty() {
        return Ok(());
    }
    let tests = compile::tests(&tree)?;
    run::all(&tree, &mutants, &todo, &tests, quick, &record)
}
