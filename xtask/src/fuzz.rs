//! Runs the fuzz targets, each for a while, from committed seeds and the corpus that it keeps.

use std::{
    fs,
    io::{BufRead, BufReader},
    iter,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use keyward::{SealingKey, role::Holder, text};
use keyward_testkit::{
    interleave::life,
    malformed,
    scene::{HOLDER, Scene, key},
    seal, vectors,
};

/// Each target, and the bytes of its longest input.
const TARGETS: [(&str, usize); 11] = [
    ("decode", 1600),
    ("decode_vs_postcard", 1600),
    ("verify_mutated", 81),
    ("statements_mutated", 81),
    ("verify_bytes", 1600),
    ("journal", 64),
    ("attenuate", 512),
    ("text", 2200),
    ("unseal", 1600),
    ("audit_mutated", 91),
    ("lock_life", 400),
];

/// Seconds more for each target, unless told.
const SMOKE: u64 = 20;

/// Seconds until what was done is written down: a run that is stopped loses that much.
const SLICE: u64 = 300;

/// Where it is written down, beside what was built: a file for each target, so that what runs side
/// by side forgets nothing of each other.
const DONE: &str = "fuzz/target/fuzzed";

/// Fuzzes each target until it was fuzzed for `--seconds N` altogether, or for a while more; one
/// with `--target T`, so many side by side with `--jobs N`. `--seeds` writes the seeds instead.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str| {
        let number = value(name).map(str::parse::<u64>).transpose();
        number.map_err(|_| format!("{name} N"))
    };
    if arguments.iter().any(|argument| argument == "--seeds") {
        return seeds();
    }
    let (total, jobs) = (number("--seconds")?, number("--jobs")?.unwrap_or(1));
    let only = value("--target");
    let targets: Vec<_> =
        TARGETS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if targets.is_empty() {
        return Err(format!("{}: no such target", only.unwrap_or_default()));
    }
    install()?;
    build(only)?;
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((name, longest)) = targets.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let fell = fuzz(name, *longest, total).unwrap_or_else(|error| {
                        eprintln!("{name}: {error}");
                        true
                    });
                    if let (true, Ok(mut found)) = (fell, found.lock()) {
                        found.push(*name);
                    }
                }
            });
        }
    });
    let found = found.into_inner().map_err(|_| "a thread fell")?;
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("findings, each with its input in fuzz/artifacts: {}", found.join(", ")))
    }
}

fn install() -> Result<(), String> {
    let there = Command::new("cargo").args(["fuzz", "--version"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    let status = Command::new("cargo").args(["install", "--locked", "cargo-fuzz"]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err("cargo install --locked cargo-fuzz".into()),
    }
}

/// One target, or all.
fn build(only: Option<&str>) -> Result<(), String> {
    // No address sanitizer: there is no unsafe code here for it to watch. cargo-fuzz asks for
    // options that a stable compiler keeps to itself.
    match cargo_fuzz("build").args(only).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err("the targets don't build".into()),
    }
}

/// Fuzzes a target, and tells what was done altogether. Whether an input made it panic.
fn fuzz(name: &str, longest: usize, total: Option<u64>) -> Result<bool, String> {
    let until = total.unwrap_or(Sum::of(name).seconds + SMOKE);
    let mut fell = false;
    for first in iter::once(true).chain(iter::repeat(false)) {
        let left = until.saturating_sub(Sum::of(name).seconds);
        if fell || left == 0 && !first {
            break;
        }
        // Where nothing is left, what was found before runs once more.
        let Slice { seconds, executions, has_fallen } = slice(name, longest, left.min(SLICE))?;
        fell = has_fallen;
        Sum { seconds, executions }.add_to(name)?;
    }
    let Sum { seconds, executions } = Sum::of(name);
    println!("{name}.seconds: {seconds}");
    println!("{name}.executions: {executions}");
    println!("{name}.corpus: {}", files(&format!("fuzz/corpus/{name}")));
    println!("{name}.crashes: {}", files(&format!("fuzz/artifacts/{name}")));
    println!("{name}.findings: {}", u8::from(fell));
    Ok(fell)
}

fn files(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// What one process did.
struct Slice {
    seconds: u64,
    executions: u64,
    has_fallen: bool,
}

/// Runs a target for so long; for no time at all, it runs the seeds and the corpus and ends.
fn slice(name: &str, longest: usize, seconds: u64) -> Result<Slice, String> {
    let fail = |error: std::io::Error| error.to_string();
    let (corpus, seeds) = (format!("fuzz/corpus/{name}"), format!("fuzz/seeds/{name}"));
    fs::create_dir_all(&corpus).map_err(fail)?;
    let limit = match seconds {
        0 => "-runs=0".to_owned(),
        _ => format!("-max_total_time={seconds}"),
    };
    let started = Instant::now();
    let mut child = cargo_fuzz("run")
        .args([name, &corpus, &seeds, "--", &limit])
        .arg(format!("-max_len={longest}"))
        .args(["-print_final_stats=1", "-timeout=10"])
        .stderr(Stdio::piped())
        .spawn()
        .map_err(fail)?;
    let (mut executions, mut took) = (None, None);
    let mut last = Vec::new();
    for line in child.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines()) {
        let line = line.map_err(fail)?;
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            executions = count.trim().parse().ok();
        }
        // Done 3194 runs in 61 second(s)
        if let Some((_, rest)) = line.split_once(" runs in ") {
            took = rest.split(' ').next().and_then(|seconds| seconds.parse().ok());
        }
        last.push(line);
        if last.len() > 200 {
            last.remove(0);
        }
    }
    let has_fallen = !child.wait().map_err(fail)?.success();
    if has_fallen {
        eprintln!("{}", last.join("\n"));
    }
    let took = took.unwrap_or(started.elapsed().as_secs());
    match (executions, seconds) {
        // To read the corpus is no fuzzing.
        (Some(_), 0) => Ok(Slice { seconds: 0, executions: 0, has_fallen }),
        (Some(executions), _) => Ok(Slice { seconds: took, executions, has_fallen }),
        (None, _) => Err("it did not run".into()),
    }
}

/// How long a target was fuzzed, and with how many inputs, since the targets were first built here.
#[derive(Clone, Copy, Default)]
struct Sum {
    seconds: u64,
    executions: u64,
}

impl Sum {
    fn of(name: &str) -> Self {
        let text = fs::read_to_string(Path::new(DONE).join(name)).unwrap_or_default();
        let mut numbers = text.split_whitespace().map_while(|word| word.parse().ok());
        let mut next = || numbers.next().unwrap_or_default();
        Self { seconds: next(), executions: next() }
    }

    fn add_to(self, name: &str) -> Result<(), String> {
        let Self { seconds, executions } = Self::of(name);
        let text = format!("{} {}\n", seconds + self.seconds, executions + self.executions);
        // What was built may be elsewhere.
        let written =
            fs::create_dir_all(DONE).and_then(|()| fs::write(Path::new(DONE).join(name), text));
        written.map_err(|error| format!("{DONE}/{name}: {error}"))
    }
}

fn cargo_fuzz(command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["fuzz", command, "--sanitizer", "none"]).env("RUSTC_BOOTSTRAP", "1");
    cargo
}

/// Writes the seeds: objects that are read, presentations that are accepted, a few edits.
fn seeds() -> Result<(), String> {
    for (kind, bytes) in malformed::valid() {
        seed("decode", kind, &bytes)?;
        seed("decode_vs_postcard", kind, &bytes)?;
        let mut buffer = [0; text::MAX_TEXT];
        let text = text::encode(&bytes, &mut buffer).map_err(|error| error.to_string())?;
        seed("text", kind, text.as_bytes())?;
    }
    let mut buffer = [0; text::MAX_TEXT];
    for (name, text) in [
        ("public_holder", text::encode_public(&key::<Holder>(HOLDER).public(), &mut buffer)),
        ("public_sealing", text::encode_sealing(&SealingKey::from_bytes([9; 32]), &mut [0; 99])),
    ] {
        seed("text", name, text.map_err(|error| error.to_string())?.as_bytes())?;
    }
    for (index, (name, scene)) in (0_u8..).zip(vectors::accepting()) {
        let name = name.replace('/', "_");
        seed("decode", &name, &scene.presentation())?;
        seed("decode_vs_postcard", &name, &scene.presentation())?;
        seed("verify_bytes", &name, &[&[index], &scene.presentation()[..]].concat())?;
        seed("verify_mutated", &format!("{name}_as_it_was"), &[index])?;
        seed("verify_mutated", &format!("{name}_edited"), &[index, 1, 0, 40, 1, 0])?;
    }
    for pick in 0..4_u8 {
        seed("statements_mutated", &format!("as_it_was_{pick}"), &[pick])?;
        seed("statements_mutated", &format!("edited_{pick}"), &[pick, 1, 0, 40, 1, 0])?;
    }
    for operation in 0..8_u8 {
        seed("journal", &format!("edit_{operation}"), &[operation, 9, 20, 1])?;
        let order = [operation, 0, 1, 2, 3, 4, 5, 6, 7, 8, operation, 1, 0, 40, 1, 0];
        seed("audit_mutated", &format!("edit_{operation}"), &order)?;
    }
    for (index, case) in (0_u8..).zip(seal::cases().iter().filter(|case| case.verdict.is_ok())) {
        let name = case.name.replace('/', "_");
        seed("unseal", &name, &[&[index], &case.sealed[..]].concat())?;
        seed("unseal", &format!("{name}_edited"), &[index, 1, 0, 40, 1, 0])?;
    }
    for (number, bytes) in life::seeds().iter().enumerate() {
        seed("lock_life", &format!("life_{number:02}"), bytes)?;
    }
    // Any bytes will do for choices: signatures are as random as any.
    let full = Scene::full().presentation();
    for (number, bytes) in full.chunks(200).enumerate() {
        seed("attenuate", &format!("choices_{number}"), bytes)?;
    }
    Ok(())
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> Result<(), String> {
    let path = Path::new("fuzz/seeds").join(target);
    let write = fs::create_dir_all(&path).and_then(|()| fs::write(path.join(name), bytes));
    write.map_err(|error| format!("{target}/{name}: {error}"))
}
