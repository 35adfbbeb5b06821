//! Well-kept tools: cargo-deny, cargo-public-api, cargo-semver-checks, cargo-cyclonedx.

use std::{fs, process::Command};

use super::read;
use crate::toolchain::{clean, root, text};

/// The core's public interface as it was last agreed on.
const SNAPSHOT: &str = "audit/public-api.txt";

/// Told whether to write what it would compare.
type Check = fn(bool) -> Result<(), String>;

/// Runs those that are there, and says which aren't.
pub(super) fn run(install: bool, without: bool, write: bool) -> Result<(), String> {
    let tools: [(&str, Check); 4] = [
        ("cargo-deny", deny),
        ("cargo-public-api", public_api),
        ("cargo-semver-checks", semver),
        ("cargo-cyclonedx", sbom),
    ];
    let mut wrong = Vec::new();
    for (name, run) in tools {
        if !there(name) && install {
            let status = Command::new("cargo").args(["install", "--locked", name]).status();
            status.map_err(|error| error.to_string())?;
        }
        match there(name) {
            true => wrong.extend(run(write).err().map(|error| format!("{name}: {error}"))),
            false if without => println!("{name}: SKIPPED, isn't installed"),
            false => wrong.push(format!("{name} isn't installed: --install, or --without-tools")),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn there(name: &str) -> bool {
    let word = name.trim_start_matches("cargo-");
    text(Command::new(name).args([word, "--version"])).is_some()
}

/// Licences, bans and sources; advisories where their database can be reached.
fn deny(_write: bool) -> Result<(), String> {
    let check = |what: &[&str]| {
        let mut command = clean("cargo");
        command.args(["deny", "--workspace", "--log-level", "error", "check"]).args(what);
        command.output().map_err(|error| error.to_string())
    };
    let rules = check(&["licenses", "bans", "sources"])?;
    let said = String::from_utf8_lossy(&rules.stdout);
    println!("cargo-deny: {}", said.trim());
    if !rules.status.success() {
        return Err(String::from_utf8_lossy(&rules.stderr).into_owned());
    }
    let advisories = check(&["advisories"])?;
    let said = String::from_utf8_lossy(&advisories.stderr).into_owned();
    match advisories.status.success() {
        true => println!("advisories: none"),
        false if said.contains("failed to fetch advisory database") => {
            println!("advisories: not looked up, the database can't be reached");
        }
        false => return Err(said),
    }
    Ok(())
}

/// The public interface, line by line beside the last one.
fn public_api(write: bool) -> Result<(), String> {
    let mut command = clean("cargo");
    // The documentation's JSON is unstable; the compiler is the usual one.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTUP_TOOLCHAIN", "stable");
    command.env("CARGO_TARGET_DIR", root().join("target/public-api"));
    let now = text(command.args(["public-api", "--package", "keyward", "-sss"]));
    let now = now.ok_or("it fails")?;
    if write {
        return fs::write(root().join(SNAPSHOT), now).map_err(|error| error.to_string());
    }
    let before = read(SNAPSHOT)?;
    let only = |these: &str, those: &str, sign: &str| {
        let those: std::collections::BTreeSet<_> = those.lines().collect();
        let lines = these.lines().filter(|line| !those.contains(line));
        lines.map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
    };
    let changed = [only(&before, &now, "-"), only(&now, &before, "+")].concat();
    println!("public_api: {} lines, {} changed", now.lines().count(), changed.len());
    match changed.is_empty() {
        true => Ok(()),
        false => Err(format!("{SNAPSHOT} is of another interface:\n{}", changed.join("\n"))),
    }
}

/// Against the last tag, once there is one.
fn semver(_write: bool) -> Result<(), String> {
    let tag = text(clean("git").args(["describe", "--tags", "--abbrev=0"]));
    let Some(tag) = tag.map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()) else {
        println!("semver: nothing to compare with, no version is tagged yet");
        return Ok(());
    };
    let mut command = clean("cargo");
    command.args(["semver-checks", "--package", "keyward", "--baseline-rev", &tag]);
    match command.status().map_err(|error| error.to_string())?.success() {
        true => Ok(()),
        false => Err(format!("not what the version promises, beside {tag}")),
    }
}

/// The folders of the workspace's packages, the core's first.
const MEMBERS: [&str; 9] =
    ["", "audit", "audit/mutants", "audit/secrets", "backend", "cli", "store", "testkit", "xtask"];

/// A list of what the core is made of, for other people's scanners.
fn sbom(_write: bool) -> Result<(), String> {
    let mut command = clean("cargo");
    // Without a time in it, the same sources give the same list.
    command.env("SOURCE_DATE_EPOCH", "0");
    command.args(["cyclonedx", "--quiet", "--format", "json", "--all-features"]);
    command.args(["--manifest-path", "Cargo.toml", "--override-filename", "keyward.cdx"]);
    if !command.status().map_err(|error| error.to_string())?.success() {
        return Err("it fails".into());
    }
    let folder = root().join("target/sbom");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut moved = 0;
    for folder_of in MEMBERS {
        let made = root().join(folder_of).join("keyward.cdx.json");
        let name = if folder_of.is_empty() { "keyward" } else { folder_of };
        let kept = folder.join(format!("{}.cdx.json", name.replace('/', "-")));
        moved += usize::from(made.exists() && fs::rename(made, kept).is_ok());
    }
    println!("sbom: {moved} in target/sbom");
    match moved == MEMBERS.len() {
        true => Ok(()),
        false => Err(format!("{} members of the workspace are known", MEMBERS.len())),
    }
}
