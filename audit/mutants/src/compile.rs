//! Which mutants compile behind a switch, found by compiling.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    mutant::Mutant,
    rewrite::{Rewritten, rewritten},
    tree,
};

/// What asks which mutant is on.
const SWITCH: &str = "
#[doc(hidden)]
mod switched {
    extern crate std;

    pub(crate) fn on(number: usize) -> bool {
        static ON: std::sync::OnceLock<Option<usize>> = std::sync::OnceLock::new();
        let read = || std::env::var(\"KEYWARD_MUTANT\").ok()?.parse().ok();
        *ON.get_or_init(read) == Some(number)
    }
}
";

/// Errors that a mutant by itself would have as well: a trait, a name, an argument or an operator
/// that isn't there. All others are built by themselves.
const BY_ITSELF: [&str; 8] =
    ["E0061", "E0277", "E0369", "E0412", "E0425", "E0432", "E0433", "E0599"];
/// The same of a macro, for which there is no code.
const NO_MACRO: &str = "cannot find macro";
/// A call of what isn't constant where all must be.
const NOT_CONSTANT: &str = "E0015";

/// What becomes of the mutants.
#[derive(Default)]
pub struct Plan {
    pub switched: BTreeSet<usize>,
    pub unviable: BTreeSet<usize>,
}

/// Rewrites the sources of a tree until they compile.
pub fn planned(tree: &Path, mutants: &[Mutant]) -> Result<Plan, String> {
    let mut plan = Plan { switched: (0..mutants.len()).collect(), ..Plan::default() };
    let mut constant = BTreeSet::new();
    // The core first, as that is quick, then with all that uses it.
    for part in [&["--lib"][..], &["--lib", "--tests"]] {
        loop {
            let sources = written(tree, mutants, &plan.switched, &constant)?;
            let marked = |number: &usize| {
                let file = sources.get(mutants[*number].file.as_str());
                file.is_some_and(|file| file.marks.iter().any(|(_, marked)| marked == number))
            };
            plan.switched.retain(marked);
            let errors = errors(tree, part)?;
            if errors.is_empty() {
                break;
            }
            let before = (plan.switched.len(), constant.len());
            errors.iter().for_each(|error| judge(error, &sources, &mut plan, &mut constant));
            println!(
                "{} errors: {} behind a switch, {} names stay constant",
                errors.len(),
                plan.switched.len(),
                constant.len()
            );
            if (plan.switched.len(), constant.len()) == before {
                let text = |error: &Value| error["rendered"].as_str().unwrap_or("?").to_owned();
                let all: Vec<String> = errors.iter().take(5).map(text).collect();
                return Err(format!("what doesn't compile is of no mutant:\n{}", all.concat()));
            }
        }
    }
    Ok(plan)
}

/// Writes all sources with their switches.
fn written(
    tree: &Path,
    mutants: &[Mutant],
    switched: &BTreeSet<usize>,
    constant: &BTreeSet<String>,
) -> Result<BTreeMap<String, Rewritten>, String> {
    let mut by_file = BTreeMap::<&str, Vec<(usize, &Mutant)>>::new();
    for number in switched {
        let mutant = &mutants[*number];
        by_file.entry(&mutant.file).or_default().push((*number, mutant));
    }
    let mut all = BTreeMap::new();
    for file in tree::files(Path::new("src"))? {
        let name = file.to_string_lossy().into_owned();
        let source = fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        let of = by_file.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        let mut made =
            rewritten(&source, of, constant).map_err(|error| format!("{name}: {error}"))?;
        if name == "src/lib.rs" {
            made.text += SWITCH;
        }
        tree::write(&tree.join(&file), made.text.as_bytes())?;
        all.insert(name, made);
    }
    Ok(all)
}

/// Draws the conclusion from an error: a name that must stay constant, or mutants that don't fit.
fn judge(
    error: &Value,
    sources: &BTreeMap<String, Rewritten>,
    plan: &mut Plan,
    constant: &mut BTreeSet<String>,
) {
    let code = error["code"]["code"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    let by_itself = BY_ITSELF.contains(&code) || message.starts_with(NO_MACRO);
    if code == NOT_CONSTANT
        && let Some(name) = called(message)
        && name != "on"
    {
        constant.insert(name);
        return;
    }
    let spans = error["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let (first, others): (Vec<_>, Vec<_>) =
        spans.iter().partition(|span| span["is_primary"] == true);
    for span in first.into_iter().chain(others) {
        let place = |key: &str| usize::try_from(span[key].as_u64()?).ok();
        let Some((start, end)) = place("byte_start").zip(place("byte_end")) else { continue };
        let Some(source) = sources.get(span["file_name"].as_str().unwrap_or_default()) else {
            continue;
        };
        let own = source.marks.iter().find(|(mark, _)| mark.start <= start && end <= mark.end);
        if let Some((_, number)) = own {
            if plan.switched.remove(number) && by_itself {
                plan.unviable.insert(*number);
            }
            return;
        }
        let touched = source.marks.iter().filter(|(mark, _)| mark.start < end && start < mark.end);
        let touched: Vec<usize> = touched.map(|(_, number)| *number).collect();
        if !touched.is_empty() {
            touched.iter().for_each(|number| _ = plan.switched.remove(number));
            return;
        }
    }
}

/// The last name of what a message quotes first: `new` of "cannot call `Foo::<T>::new` in".
fn called(message: &str) -> Option<String> {
    let quoted = message.split('`').nth(1)?;
    let mut depth = 0_usize;
    let plain = quoted.chars().filter(|c| {
        depth += usize::from(*c == '<');
        let outside = depth == 0;
        depth -= usize::from(*c == '>' && depth > 0);
        outside
    });
    let plain: String = plain.collect();
    plain.rsplit("::").find(|part| !part.is_empty()).map(str::to_owned)
}

/// The compiler's errors in the core and what is named of it.
fn errors(tree: &Path, part: &[&str]) -> Result<Vec<Value>, String> {
    let mut command = cargo(tree, "check");
    let output = command.args(part).output().map_err(|error| error.to_string())?;
    let messages = messages(&output.stdout);
    let is_error = |message: &&Value| message["message"]["level"] == "error";
    // The sum at the end has neither code nor place.
    let has_place =
        |message: &Value| message["spans"].as_array().is_some_and(|all| !all.is_empty());
    let errors = messages.iter().filter(is_error).map(|message| message["message"].clone());
    let errors: Vec<Value> = errors.filter(has_place).collect();
    if errors.is_empty() && !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(errors)
}

/// The programs of all tests of the core, by their names; the unit tests are `lib`.
pub fn tests(tree: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    println!("building the tests");
    let mut command = cargo(tree, "test");
    command.args(["--no-run", "--lib", "--tests"]).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err("the tests don't build with the switches".into());
    }
    let built = messages(&output.stdout).into_iter().filter_map(|message| {
        let program = message["executable"].as_str()?.into();
        let target = &message["target"];
        let name = match target["kind"][0] == "test" {
            true => target["name"].as_str()?.to_owned(),
            false => "lib".to_owned(),
        };
        Some((name, program))
    });
    Ok(built.collect())
}

fn cargo(tree: &Path, what: &str) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(tree).env("RUSTFLAGS", "--cap-lints=warn");
    command.args([what, "--locked", "--profile", "mutants", "--package", "keyward"]);
    command.arg("--message-format=json");
    // One folder for all, outside the tree's sources.
    command.env("CARGO_TARGET_DIR", "../build");
    command
}

/// What cargo says, a value a line.
pub fn messages(output: &[u8]) -> Vec<Value> {
    let lines = output.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn the_name_of_what_is_called_has_no_types() {
        for (message, name) in [
            ("cannot call non-const function `lock::keep::reserve` in constants", "reserve"),
            ("cannot call non-const associated function `Foo::<u8>::new` in statics", "new"),
            ("cannot call non-const method `Encoded::<{ N }>::as_bytes::<T>` in", "as_bytes"),
            ("cannot call non-const method `<A as B>::c` in constant functions", "c"),
        ] {
            assert_eq!(called(message).as_deref(), Some(name), "{message}");
        }
        assert_eq!(called("a message that quotes nothing"), None);
    }
}
