//! keyward and the Python implementation, written from SPEC.md alone, on the same objects.

mod lives;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use chacha20::ChaCha20Rng;
use keyward_testkit::{malformed, random::Dice, vectors};
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Compares so many objects: `--objects N`, 20 000 by default.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let count = match arguments {
        [] => 20_000,
        [flag, number] if flag == "--objects" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask differential [--objects N]".into()),
    };
    let python = virtual_environment()?;
    let vectors = Command::new(&python).arg(root().join("audit/python/run_vectors.py")).status();
    if !vectors.is_ok_and(|status| status.success()) {
        return Err("the Python implementation fails the vectors".into());
    }
    let mut child = Command::new(python)
        .arg(root().join("audit/python/judge.py"))
        .args(["--jobs", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    println!(
        "Comparing {count} objects: random scenes, mutants of their presentations, of objects, and \
         lives of locks."
    );
    let mut input = child.stdin.take().ok_or("no standard input")?;
    let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
    let (sender, expected) = mpsc::channel::<(String, Value)>();
    let writer = thread::spawn(move || {
        let mut rng = ChaCha20Rng::seed_from_u64(count);
        for _ in 0..count {
            let (question, answer) = object(&mut rng);
            let line = question.to_string();
            if writeln!(input, "{line}").is_err() || sender.send((line, answer)).is_err() {
                break;
            }
        }
    });
    let (mut objects, mut disagreements) = (0_u64, 0_u64);
    let mut verdicts = BTreeMap::<String, u64>::new();
    for line in output.lines() {
        let line = line.map_err(|error| error.to_string())?;
        let theirs: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let (question, ours) = expected.recv().map_err(|_| "more answers than questions")?;
        for reason in reasons(&ours) {
            *verdicts.entry(reason.to_owned()).or_default() += 1;
        }
        objects += 1;
        if theirs != ours {
            disagreements += 1;
            if disagreements <= 3 {
                println!("DISAGREEMENT on {question}\n  keyward: {ours}\n  python:  {theirs}");
            }
        }
        if objects.is_multiple_of(count.div_ceil(10)) {
            println!("  {objects} of {count}");
        }
    }
    writer.join().map_err(|_| "the generator failed")?;
    child.wait().map_err(|error| error.to_string())?;
    for (reason, times) in &verdicts {
        println!("  {reason}: {times}");
    }
    println!("objects: {objects}");
    println!("disagreements: {disagreements}");
    match (objects == count, disagreements) {
        (true, 0) => Ok(()),
        (false, _) => Err(format!("{objects} answers to {count} questions")),
        _ => Err("the implementations disagree".into()),
    }
}

/// What an answer comes to; a life comes to something at each step.
fn reasons(answer: &Value) -> Vec<&str> {
    match answer["steps"].as_array() {
        Some(steps) => steps.iter().filter_map(|step| reason(&step["result"])).collect(),
        None => vec![reason(answer).unwrap_or("accepted")],
    }
}

fn reason(answer: &Value) -> Option<&str> {
    answer["reason"].as_str().or(answer["error"].as_str()).or(answer["applied"].as_str())
}

/// A question, and keyward's answer.
fn object(rng: &mut ChaCha20Rng) -> (Value, Value) {
    if Dice(rng).once_in(8) {
        return lives::life(rng);
    }
    if Dice(rng).once_in(3) {
        let (kind, mut bytes) = Dice(rng).pick(&malformed_and_valid());
        if !Dice(rng).once_in(8) {
            mutate(rng, &mut bytes);
        }
        let question = json!({ "decode": kind, "bytes": vectors::hex(&bytes) });
        return (question, vectors::decode_answer(malformed::decode(kind, &bytes)));
    }
    let scene = Dice(rng).scene();
    let bytes = Dice(rng).once_in(3).then(|| {
        let mut bytes = scene.presentation();
        mutate(rng, &mut bytes);
        bytes
    });
    let mut question = vectors::vector("random", &scene, bytes);
    let answer = question["verdict"].take();
    if let Some(question) = question.as_object_mut() {
        question.remove("verdict");
    }
    (question, answer)
}

fn malformed_and_valid() -> Vec<(&'static str, Vec<u8>)> {
    thread_local! {
        static OBJECTS: Vec<(&'static str, Vec<u8>)> =
            malformed::cases().into_iter().map(|case| (case.kind, case.bytes)).collect();
    }
    OBJECTS.with(Clone::clone)
}

fn mutate(rng: &mut ChaCha20Rng, bytes: &mut Vec<u8>) {
    for _ in 0..1 + Dice(rng).below(2) {
        if bytes.is_empty() {
            return;
        }
        let at = usize::try_from(Dice(rng).below(bytes.len() as u64)).unwrap_or(0);
        match Dice(rng).below(5) {
            0 => bytes[at] ^= 1 << Dice(rng).below(8),
            1 => bytes[at] = rng.next_u32().to_le_bytes()[0],
            2 => bytes.truncate(at),
            3 => bytes.insert(at, rng.next_u32().to_le_bytes()[0] % 3),
            _ => drop(bytes.remove(at)),
        }
    }
}

/// Python with what `audit/python` needs, from PyPI.
pub fn virtual_environment() -> Result<PathBuf, String> {
    let folder = root().join("target/venv");
    let python = folder.join("bin/python");
    let requirements = root().join("audit/python/requirements.txt");
    let step = |command: &mut Command| match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{command:?} failed")),
    };
    if !python.exists() {
        step(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    step(Command::new(&python).args(quiet).arg(requirements))?;
    Ok(python)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
