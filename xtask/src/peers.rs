//! The same job with other token crates: the medians of several processes.

use std::{collections::BTreeMap, env, process::Command};

const PROCESSES: usize = 7;

/// Builds the comparison, runs it, and prints a table.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    let manifest = "benches/peers/Cargo.toml";
    let target = env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into()) + "/peers";
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked", "--manifest-path", manifest])
        .args(["--target-dir", &target])
        .status()
        .map_err(|error| error.to_string())?;
    if !status.success() {
        return Err("the comparison does not build".into());
    }
    let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
    for _ in 0..PROCESSES {
        let output = Command::new(format!("{target}/release/keyward-peers"))
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        for (index, line) in String::from_utf8_lossy(&output.stdout).lines().enumerate() {
            let row = Row::parse(line).ok_or(format!("not a row: {line}"))?;
            let ratio = row.ratios[0];
            rows.entry(index).or_insert(Row { ratios: Vec::new(), ..row }).ratios.push(ratio);
        }
    }
    println!("Medians of {PROCESSES} processes; x: one `verify_strict` on 200 bytes.\n");
    println!("| crate | links | bytes | time | processes from, to | allocations |");
    println!("| --- | --: | --: | --: | --: | --: |");
    for Row { name, links, bytes, mut ratios, allocations } in rows.into_values() {
        ratios.sort_by(f64::total_cmp);
        let (least, median, most) = (ratios[0], ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
        print!("| {name} | {links} | {bytes} | {median:.2} x | {least:.2}, {most:.2} ");
        println!("| {allocations} |");
    }
    Ok(())
}

struct Row {
    name: String,
    links: String,
    bytes: String,
    ratios: Vec<f64>,
    allocations: String,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<_> = line.split('|').collect();
        let [name, links, bytes, ratio, allocations] = fields[..] else { return None };
        let [name, links, bytes, allocations] =
            [name, links, bytes, allocations].map(str::to_owned);
        Some(Self { name, links, bytes, ratios: vec![ratio.parse().ok()?], allocations })
    }
}
