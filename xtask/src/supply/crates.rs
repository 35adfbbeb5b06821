//! The crates that the core links, counted, and held against the table in SECURITY.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::read;
use crate::toolchain::{clean, text};

/// Prints lines and `unsafe` of each crate; SECURITY.md must tell the same of each, and of no other.
pub(super) fn run() -> Result<(), String> {
    let security = read("SECURITY.md")?;
    let mut told = told(&security);
    let metadata = text(clean("cargo").args(["metadata", "--format-version", "1", "--locked"]));
    let metadata = metadata.ok_or("cargo metadata fails")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    println!("{:24} {:>8} {:>7} {:>7}", "crate", "version", "lines", "unsafe");
    let (mut wrong, mut lines, mut crates) = (Vec::new(), 0, 0);
    for package in linked(&metadata)? {
        let word = |key: &str| package[key].as_str().unwrap_or_default();
        let (name, manifest) = (word("name"), Path::new(word("manifest_path")));
        let counted = Counted::of(&manifest.with_file_name("src"))?;
        println!("{name:24} {:>8} {:>7} {:>7}", word("version"), counted.lines, counted.unsafes);
        (lines, crates) = (lines + counted.lines, crates + 1);
        // The third part of a version changes what is linked, and no row while the counts stay.
        let version = word("version").splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        let row = [version, counted.lines.to_string(), counted.unsafes.to_string()];
        if told.remove(name).as_ref() != Some(&row) {
            wrong.push(format!("{name} {}", row.join(" ")));
        }
    }
    println!("crates: {crates}\nlines: {lines}");
    wrong.extend(told.into_keys().map(|name| format!("{name} is not linked")));
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("SECURITY.md tells something else of:\n{}", wrong.join("\n"))),
    }
}

/// The rows of the table of crates: version, lines and lines with `unsafe`, by name.
fn told(security: &str) -> BTreeMap<String, [String; 3]> {
    let row = |line: &str| {
        let fields: Vec<_> = line.split('|').map(str::trim).collect();
        let ["", named, _why, _keeper, lines, unsafes, ""] = fields[..] else { return None };
        let (name, version) = named.strip_prefix('`')?.split_once("` ")?;
        let number = |text: &str| text.replace(' ', "");
        Some((name.to_owned(), [version.to_owned(), number(lines), number(unsafes)]))
    };
    security.lines().filter_map(row).collect()
}

/// The packages that the core links, on whatever machine and with all its features; what only
/// builds it (macros) is left out. Each by its place in what `metadata` lists.
fn linked(metadata: &Value) -> Result<Vec<&Value>, String> {
    let tree = ["tree", "--locked", "--package", "keyward", "--all-features", "--target", "all"];
    let form = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let tree = text(clean("cargo").args(tree).args(form)).ok_or("cargo tree fails")?;
    let named: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest)))
        .filter(|(name, _)| *name != "keyward")
        .collect();
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let find = |(name, version): &(&str, &str)| {
        let same = |package: &&Value| package["name"] == *name && package["version"] == *version;
        packages.iter().find(same).ok_or(format!("{name} {version} is in no list"))
    };
    named.iter().map(find).collect()
}

/// Of a folder's Rust files.
#[derive(Default)]
struct Counted {
    /// Lines that are neither empty nor a comment.
    lines: usize,
    /// Lines of them with the word `unsafe`, but `forbid(unsafe_code)` and its like.
    unsafes: usize,
}

impl Counted {
    fn of(folder: &Path) -> Result<Self, String> {
        let mut counted = Self::default();
        let entries = fs::read_dir(folder).map_err(|error| format!("{folder:?}: {error}"))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                let within = Self::of(&path)?;
                counted.lines += within.lines;
                counted.unsafes += within.unsafes;
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
                let code = text.lines().map(str::trim);
                let code = code.filter(|line| !line.is_empty() && !line.starts_with("//"));
                for line in code {
                    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
                    counted.lines += 1;
                    counted.unsafes += usize::from(words.any(|word| word == "unsafe"));
                }
            }
        }
        Ok(counted)
    }
}
