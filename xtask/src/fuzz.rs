//! Runs the fuzz targets, each for a while, from committed seeds and the corpus that it keeps.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use keyward::{SealingKey, role::Holder, text};
use keyward_testkit::{
    malformed,
    scene::{HOLDER, Scene, key},
    seal, vectors,
};

/// Each target, and the bytes of its longest input.
const TARGETS: [(&str, usize); 10] = [
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
];

/// Seconds for each target, unless told.
const SMOKE: &str = "20";

/// `--seconds N` for each target, `--target T` for one; `--seeds` writes the seeds instead.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    if arguments.iter().any(|argument| argument == "--seeds") {
        return seeds();
    }
    let seconds: u64 = value("--seconds").unwrap_or(SMOKE).parse().map_err(|_| "--seconds N")?;
    let only = value("--target");
    let targets: Vec<_> =
        TARGETS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if targets.is_empty() {
        return Err(format!("{}: no such target", only.unwrap_or_default()));
    }
    install()?;
    let mut found = Vec::new();
    for (name, longest) in targets {
        let (executions, fell) = fuzz(name, *longest, seconds)?;
        println!("{name}.executions: {executions}");
        println!("{name}.findings: {}", u8::from(fell));
        if fell {
            found.push(*name);
        }
    }
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

/// How many inputs a target was given, and whether one made it panic.
fn fuzz(name: &str, longest: usize, seconds: u64) -> Result<(u64, bool), String> {
    let fail = |error: std::io::Error| format!("{name}: {error}");
    let (corpus, seeds) = (format!("fuzz/corpus/{name}"), format!("fuzz/seeds/{name}"));
    fs::create_dir_all(&corpus).map_err(fail)?;
    // No address sanitizer: there is no unsafe code here for it to watch. cargo-fuzz asks for
    // options that a stable compiler keeps to itself.
    let built = cargo_fuzz("build").arg(name).status().map_err(fail)?;
    if !built.success() {
        return Err(format!("{name} does not build"));
    }
    let mut child = cargo_fuzz("run")
        .args([name, &corpus, &seeds, "--"])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={longest}"))
        .args(["-print_final_stats=1", "-timeout=10"])
        .stderr(Stdio::piped())
        .spawn()
        .map_err(fail)?;
    let mut executions = None;
    let mut last = Vec::new();
    for line in child.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines()) {
        let line = line.map_err(fail)?;
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            executions = count.trim().parse().ok();
        }
        last.push(line);
        if last.len() > 200 {
            last.remove(0);
        }
    }
    let fell = !child.wait().map_err(fail)?.success();
    if fell {
        eprintln!("{}", last.join("\n"));
    }
    match executions {
        Some(executions) => Ok((executions, fell)),
        None => Err(format!("{name} did not run")),
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
