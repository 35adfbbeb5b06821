//! What the core is made of: its dependencies beside the table in SECURITY.md, the oldest versions
//! that it says it builds with, its public interface beside the last one, licences, and an SBOM.

mod crates;
mod tools;

use std::{fs, path::Path};

use crate::toolchain::{clean, root};

/// Runs all of it. Tools that are missing are a fault, unless they are installed (`--install`) or
/// done without (`--without-tools`); with `--write` the public interface is written instead of
/// compared.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let told = |word: &str| arguments.iter().any(|argument| argument == word);
    let mut wrong = Vec::new();
    for (what, done) in [
        ("dependencies", crates::run()),
        ("minimal versions", minimal_versions()),
        ("tools", tools::run(told("--install"), told("--without-tools"), told("--write"))),
    ] {
        if let Err(error) = done {
            wrong.push(format!("{what}: {error}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Builds the core alone with the oldest versions of its direct dependencies.
fn minimal_versions() -> Result<(), String> {
    let manifest = read("Cargo.toml")?;
    let section = |name: &str| {
        let rest = manifest.split_once(&format!("\n[{name}]\n")).map_or("", |(_, rest)| rest);
        rest.split("\n[").next().unwrap_or(rest).to_owned()
    };
    let folder = root().join("target/minimal-versions");
    let source = folder.join("src/lib.rs");
    let lib = root().join("src/lib.rs").canonicalize().map_err(|error| error.to_string())?;
    fs::create_dir_all(source.with_file_name("")).map_err(|error| error.to_string())?;
    let text = format!(
        "[package]\nname = \"keyward\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [lib]\npath = {lib:?}\n\n[features]\n{}\n\n[dependencies]\n{}\n",
        section("features"),
        section("dependencies"),
    );
    fs::write(folder.join("Cargo.toml"), text).map_err(|error| error.to_string())?;
    for words in [
        &["update", "--quiet", "-Zdirect-minimal-versions"][..],
        &["check", "--quiet"],
        &["check", "--quiet", "--all-features"],
    ] {
        let mut command = clean("cargo");
        // The resolver's choice is unstable; the compiler is the usual one.
        command.env("RUSTC_BOOTSTRAP", "1").current_dir(&folder).args(words);
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    println!("minimal_versions: builds");
    Ok(())
}

fn read(name: &str) -> Result<String, String> {
    fs::read_to_string(root().join(Path::new(name))).map_err(|error| format!("{name}: {error}"))
}
