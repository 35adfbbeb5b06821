//! A server's rates on all cores beside their floors and beside biscuit: the medians of several
//! processes, of the usual build and of the one for CPUs with AVX-512 in turns.

use std::{collections::BTreeMap, env, process::Command, thread};

const PROCESSES: usize = 7;
const MANIFEST: &str = "benches/peers/Cargo.toml";
/// What the second build is told; it finds out at run time whether the CPU can.
const AVX512: &str = "--cfg curve25519_dalek_backend=\"avx512\"";
/// The least that is promised of a figure.
const PROMISED: [(&str, f64); 3] =
    [("ratio_to_floor", 0.95), ("cold_ratio_to_biscuit", 1.5), ("issue_ratio", 0.85)];

/// The values of each figure, one a process; in the order in which they are printed.
type Figures = Vec<(String, Vec<f64>)>;

/// Builds the comparison twice, runs both in turns, and prints the figures.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    let target = env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    let mut builds = vec![("", format!("{target}/peers"), "")];
    if cfg!(target_arch = "x86_64") {
        builds.push(("avx512_", format!("{target}/peers-avx512"), AVX512));
    }
    for (_, target, flags) in &builds {
        build(target, flags)?;
    }
    let mut figures = vec![Figures::new(); builds.len()];
    for _ in 0..PROCESSES {
        for ((_, target, _), figures) in builds.iter().zip(&mut figures) {
            for (name, value) in measured(target)? {
                match figures.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, values)) => values.push(value),
                    None => figures.push((name, vec![value])),
                }
            }
        }
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!(
        "Medians of {PROCESSES} processes on {cores} cores (from, to). A presentation of three"
    );
    println!(
        "links is read, its door's trust looked up, all signatures and rules checked, and the use"
    );
    println!(
        "marked in RAM. Warm: its chain was seen before. Floor: one from_bytes and verify_strict of"
    );
    println!("what a holder signs, on one core while the others are idle.\n");
    println!("avx512_cpu: {}\n", has_avx512());
    let mut medians = BTreeMap::new();
    for ((prefix, ..), figures) in builds.iter().zip(figures) {
        for (name, mut values) in figures {
            values.sort_by(f64::total_cmp);
            let (low, high) = (values[0], values[values.len() - 1]);
            let median = values[values.len() / 2];
            match name.ends_with("_per_s") {
                true => println!("{prefix}{name}: {median:.0} ({low:.0}, {high:.0})"),
                false => println!("{prefix}{name}: {median:.3} ({low:.3}, {high:.3})"),
            }
            medians.insert(format!("{prefix}{name}"), median);
        }
        println!();
    }
    for name in ["verifies_per_s", "cold_verifies_per_s", "floor_verifies_per_s", "issues_per_s"] {
        let (usual, wide) = (medians.get(name), medians.get(&format!("avx512_{name}")));
        if let (Some(usual), Some(wide)) = (usual, wide) {
            println!("avx512_gain_{name}: {:.3}", wide / usual);
        }
    }
    for (name, least) in PROMISED {
        let value = medians.get(name).ok_or(format!("{name} was not measured"))?;
        if *value < least {
            return Err(format!("{name} is {value:.3}, below {least}"));
        }
    }
    Ok(())
}

fn build(target: &str, flags: &str) -> Result<(), String> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked", "--manifest-path", MANIFEST])
        .args(["--target-dir", target])
        .env("RUSTFLAGS", flags)
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err("the comparison does not build".into()) }
}

fn measured(target: &str) -> Result<Vec<(String, f64)>, String> {
    let program = format!("{target}/release/keyward-peers");
    let output = Command::new(program).arg("throughput").output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let read = |line: &str| {
        let (name, value) = line.split_once('|')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    text.lines().map(|line| read(line).ok_or(format!("not a figure: {line}"))).collect()
}

/// Whether the second build makes a difference here.
fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    let has = is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512vl");
    #[cfg(not(target_arch = "x86_64"))]
    let has = false;
    has
}
