//! Verifpal on the symbolic models in `audit/models`, beside the verdicts that are expected.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Size, model_text};

/// A model takes some seconds at most; one that takes this long has run away.
const LIMIT: Duration = Duration::from_secs(120);

const INSTALL: &[&str] =
    &["install", "--locked", "verifpal", "--version", VERSION, "--ignore-rust-version"];

/// What the verdicts are of.
const VERSION: &str = "1.6.7";

/// Runs all models, one a core at a time; none takes long.
///
/// # Errors
/// Where the Verifpal of [`VERSION`] can't be had, or says of a model anything but what is expected.
pub(super) fn run(_size: Size) -> Result<(), String> {
    let verifpal = find()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../audit/models");
    let expected = expectations(&folder)?;
    let begun = Instant::now();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..cores.min(expected.len()) {
            scope.spawn(|| {
                while let Some((name, code)) = expected.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = compare(&verifpal, &folder, name, code) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (models, seconds) = (expected.len(), begun.elapsed().as_secs_f64());
    println!("models: {models}, differing: {}, {seconds:.0} s", wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// Runs one model, and says what came of it.
fn compare(verifpal: &Path, folder: &Path, name: &str, code: &str) -> Result<(), String> {
    let begun = Instant::now();
    let got = judge(verifpal, folder, name)?;
    let attacks = got.matches('1').count();
    let verdict = if got == code { "" } else { "  NOT AS EXPECTED" };
    let seconds = begun.elapsed().as_secs_f64();
    println!("{name:32} attacks: {attacks}  {got:12} {seconds:4.1} s{verdict}");
    if got == code { Ok(()) } else { Err(format!("{name}: {got}, and {code} was expected")) }
}

/// The expected codes: a letter and a digit for each query of a model, 0 where it holds and 1 where
/// there is an attack. All models have one, and one that isn't named weak or a limit has no 1.
fn expectations(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let file = folder.join("expected.txt");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let pairs = text.lines().map(|line| line.split_once(' ').ok_or(format!("{line}: no code")));
    let pairs: Vec<_> = pairs.collect::<Result<_, _>>()?;
    for (name, code) in &pairs {
        let attacked = name.contains("_weak_") || name.starts_with("limit_");
        if code.contains('1') != attacked {
            return Err(format!("expected.txt: {name} must not be expected to say {code}"));
        }
    }
    let named = |name: &str| pairs.iter().any(|(pair, _)| *pair == name);
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".vp") && !named(&name) {
            return Err(format!("{name} is not in expected.txt"));
        }
        if name.ends_with(".vp") && !name.starts_with("limit_") {
            text_holds(folder, &name)?;
        }
    }
    Ok(pairs.into_iter().map(|(name, code)| (name.to_owned(), code.to_owned())).collect())
}

/// In each model, limits aside, the attacker has what the README says; a weakened or redundant one
/// is its base but for what it leaves out, and so has the same attacker.
fn text_holds(folder: &Path, file: &str) -> Result<(), String> {
    let read = |file: &str| {
        fs::read_to_string(folder.join(file)).map_err(|error| format!("{file}: {error}"))
    };
    let (name, text) = (file.trim_end_matches(".vp"), read(file)?);
    match model_text::base(name) {
        Some(base) => model_text::weakened(name, &text, &read(&format!("{base}.vp"))?)
            .map_err(|error| format!("{name} is not {base} with a field left out: {error}")),
        None => model_text::attacker(&text).map_err(|what| format!("{name} has no {what}")),
    }
}

fn judge(verifpal: &Path, folder: &Path, name: &str) -> Result<String, String> {
    let failed = |error| format!("{name}: {error}");
    let mut child = Command::new(verifpal)
        .current_dir(folder)
        .args(["verify", "--quiet", "--result-code", name])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let begun = Instant::now();
    // Its output is a line, so that no pipe fills up.
    while child.try_wait().map_err(failed)?.is_none() {
        if begun.elapsed() > LIMIT {
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Err(format!("{name}: no verdict within {} s", LIMIT.as_secs()));
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The program of [`VERSION`], installed where it isn't there, in place of another that cargo has
/// installed. It asks for a newer compiler than stable was when it was released, but builds with one
/// that takes unstable options.
fn find() -> Result<PathBuf, String> {
    let program = PathBuf::from("verifpal");
    let wanted = format!("verifpal {VERSION}");
    match version(&program) {
        Some(found) if found == wanted => return Ok(program),
        Some(found) => {
            println!("{found} is installed, but the verdicts are of {wanted}: installing that")
        }
        None => println!("installing {wanted}"),
    }
    let nightly = Command::new("cargo").arg("+nightly").args(INSTALL).status();
    if !nightly.is_ok_and(|status| status.success()) {
        let stable = Command::new("cargo").env("RUSTC_BOOTSTRAP", "1").args(INSTALL).status();
        if !stable.is_ok_and(|status| status.success()) {
            return Err(format!("cargo {} failed", INSTALL.join(" ")));
        }
    }
    match version(&program) {
        Some(found) if found == wanted => Ok(program),
        Some(found) => Err(format!("{wanted} is installed, but PATH has {found} before it")),
        None => Err(format!("{wanted} is installed, but cargo's bin folder is not in PATH")),
    }
}

/// What the program says that it is, on one line; nothing where it isn't there.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(said)
}
