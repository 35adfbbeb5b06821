//! Branches and addresses that depend on secrets, and secrets that outlive their keys; see
//! `audit/secrets`.

use std::process::Command;

/// Builds the program as for a server, with the curve's tables, and from the code that firmware is
/// made of, and runs each.
pub fn run(_: &[String]) -> Result<(), String> {
    for (name, feature, flags) in BUILDS {
        println!("{name}:");
        let folder = format!("target/secrets/{name}");
        let mut build = Command::new("cargo");
        build.args(["build", "--quiet", "--release", "--locked", "--package", "keyward-secrets"]);
        build.args(["--target-dir", &folder, "--features", feature]);
        // The places that valgrind names.
        build.env("CARGO_PROFILE_RELEASE_DEBUG", "1").env("RUSTFLAGS", flags);
        started(&mut build)?;
        for what in ["leaks", "memory"] {
            started(Command::new(format!("{folder}/release/keyward-secrets")).arg(what))?;
        }
    }
    Ok(())
}

fn started(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}")) }
}

/// Each build's name, its feature, and the flags that choose among implementations.
const BUILDS: [(&str, &str, &str); 3] = [
    ("vector", "", ""),
    ("tables", "fast", ""),
    (
        "portable",
        "",
        "--cfg curve25519_dalek_backend=\"serial\" --cfg curve25519_dalek_bits=\"32\" \
         --cfg chacha20_backend=\"soft\" --cfg poly1305_backend=\"soft\" \
         --cfg sha2_backend=\"soft\"",
    ),
];
