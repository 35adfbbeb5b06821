//! A lock's whole way on bare metal: that it builds there, its size, and that it can't panic.
//!
//! `core` for the target comes from rustup or, where its server can't be reached, from Debian's
//! compiler and that compiler's sources. `firmware/README.md` explains the images.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

const TARGET: &str = "thumbv6m-none-eabi";

const LEVELS: [&str; 4] = ["z", "s", "2", "3"];

/// What the linker says of an image in which a panic is reachable.
const REACHABLE: &str = "undefined symbol: keyward_panic_reachable";

const RUSTUP_TIMEOUT: Duration = Duration::from_secs(60);

/// Builds, measures and proves; `rustup` or `debian` as an argument names the toolchain.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let toolchain = match arguments.first().map(String::as_str) {
        None => rustup().or_else(debian),
        Some("rustup") => Some(rustup().ok_or(format!("rustup has no {TARGET}"))?),
        Some("debian") => Some(debian().ok_or("Debian's packages can't be had")?),
        Some(other) => return Err(format!("{other}: neither rustup nor debian")),
    };
    let Some(toolchain) = toolchain else {
        println!("SKIPPED: NOTHING PROVEN: neither rustup nor Debian has `core` for {TARGET}.");
        return Ok(());
    };
    println!("Compiler: {}", toolchain.version);

    println!("Building the library alone, without features, for {TARGET}.");
    toolchain.must_build("", "z", &["--package", "keyward", "--lib", "--no-default-features"])?;

    println!("Building the image and its floor, opt-level z, fat LTO, compact SHA-2.");
    toolchain.must_build("firmware/verify-core", "z", &[])?;
    let core = flash_bytes(&toolchain.image("verify-core"))?;
    let floor = flash_bytes(&toolchain.image("floor"))?;
    let keyward = core.checked_sub(floor).ok_or("the image is smaller than its floor")?;

    let mut proven = 0;
    let mut found = 0;
    for level in LEVELS {
        let holds = toolchain.proof(level, &[])?;
        let planted = !toolchain.proof(level, &["--features", "planted"])?;
        println!(
            "Linking at opt-level {level}: {}; with a planted panic: {}.",
            if holds { "no panic is reachable" } else { "A PANIC IS REACHABLE" },
            if planted { "found" } else { "NOT FOUND" },
        );
        proven += usize::from(holds);
        found += usize::from(planted);
    }
    let reachable = LEVELS.len() - proven;
    let all_found = found == LEVELS.len();

    println!();
    println!("core_flash_bytes: {core}");
    println!("crypto_floor_bytes: {floor}");
    println!("keyward_flash_bytes: {keyward}");
    println!("panic_proofs: {}", LEVELS.len());
    println!("panics_reachable: {reachable}");
    println!("planted_found: {}", u8::from(all_found));
    match (reachable, all_found) {
        (0, true) => Ok(()),
        (0, false) => Err("the proof misses a planted panic, so it proves nothing".into()),
        _ => Err("a panic is reachable; firmware/README.md says how to find it".into()),
    }
}

/// A compiler that has `core` for the target, or the sources of it.
struct Toolchain {
    name: &'static str,
    version: String,
    cargo: PathBuf,
    rustc: PathBuf,
    /// Where `core` has to be built too: the linker, which the compiler doesn't bring along.
    from_sources: Option<PathBuf>,
}

/// rustup's default toolchain, once the target is among its own.
fn rustup() -> Option<Toolchain> {
    let installed = || {
        let listed = text(clean("rustup").args(["target", "list", "--installed"]))?;
        listed.lines().any(|line| line == TARGET).then_some(())
    };
    if installed().is_none() {
        text(clean("rustup").arg("--version"))?;
        println!("Running `rustup target add {TARGET}`.");
        within(RUSTUP_TIMEOUT, clean("rustup").args(["target", "add", TARGET]))?;
        installed()?;
    }
    let which = |tool| Some(PathBuf::from(text(clean("rustup").args(["which", tool]))?.trim()));
    let (cargo, rustc) = (which("cargo")?, which("rustc")?);
    let version = text(clean(&rustc).arg("--version"))?.trim().to_owned();
    Some(Toolchain { name: "rustup", version, cargo, rustc, from_sources: None })
}

/// Debian's compiler, with its sources and a linker.
fn debian() -> Option<Toolchain> {
    if let Some(toolchain) = debian_installed() {
        return Some(toolchain);
    }
    if text(clean("id").arg("-u"))?.trim() != "0" {
        return None;
    }
    println!("Installing Debian's compiler with apt-get: {}.", DEBIAN_PACKAGES.join(", "));
    let apt = |arguments: &[&str]| {
        let mut command = clean("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o"]);
        text(command.arg("Acquire::http::Timeout=20").args(arguments))
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], &DEBIAN_PACKAGES[..]].concat())?;
    debian_installed()
}

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

fn debian_installed() -> Option<Toolchain> {
    let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
    let version = text(clean(&rustc).arg("--version"))?.trim().to_owned();
    let number = version.split(' ').nth(1)?;
    let sources = Path::new("/usr/src").join(format!("rustc-{number}/library/core"));
    let new_enough = minor(number)? >= minor(env!("CARGO_PKG_RUST_VERSION"))?;
    let entries = fs::read_dir("/usr/bin").ok()?.flatten().map(|entry| entry.path());
    let is_lld = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld.lld"))
    };
    let linker = entries.filter(is_lld).max()?;
    let complete = new_enough && cargo.exists() && sources.exists();
    complete.then_some(Toolchain {
        name: "debian",
        version,
        cargo,
        rustc,
        from_sources: Some(linker),
    })
}

/// The 88 of 1.88.0.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

impl Toolchain {
    /// Whether the proof's image links; an error when it fails for another reason than a panic.
    fn proof(&self, level: &str, arguments: &[&str]) -> Result<bool, String> {
        let output = self.build("firmware/link-proof", level, arguments)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.success() {
            true => Ok(true),
            false if stderr.contains(REACHABLE) => Ok(false),
            false => Err(format!("the proof at opt-level {level} doesn't build:\n{stderr}")),
        }
    }

    fn must_build(&self, directory: &str, level: &str, arguments: &[&str]) -> Result<(), String> {
        let output = self.build(directory, level, arguments)?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn build(&self, directory: &str, level: &str, arguments: &[&str]) -> Result<Output, String> {
        let mut command = clean(&self.cargo);
        command
            .current_dir(root().join(directory))
            .env("RUSTC", &self.rustc)
            .env("CARGO_TARGET_DIR", self.target_directory())
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)
            .args(["build", "--locked", "--release", "--target", TARGET])
            .args(arguments);
        if let Some(linker) = &self.from_sources {
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER", linker)
                .arg("-Zbuild-std=core,compiler_builtins");
        }
        command.output().map_err(|error| format!("{}: {error}", self.cargo.display()))
    }

    fn image(&self, name: &str) -> PathBuf {
        self.target_directory().join(TARGET).join("release").join(name)
    }

    fn target_directory(&self) -> PathBuf {
        root().join("target/baremetal").join(self.name)
    }
}

/// The bytes of a 32-bit little-endian ELF image that flash must hold: its loaded sections with
/// content, which are code, constants and initial values. The unwind index isn't among them, for
/// an image that aborts leaves it out.
fn flash_bytes(image: &Path) -> Result<u64, String> {
    const PROGBITS: u32 = 1;
    const ALLOC: u32 = 2;
    let bytes = fs::read(image).map_err(|error| format!("{}: {error}", image.display()))?;
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let half = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let sum = || {
        let (table, width, count) = (word(0x20)?, half(0x2e)?, half(0x30)?);
        let mut sum = 0;
        for index in 0..usize::from(count) {
            let section = usize::try_from(table).ok()? + index * usize::from(width);
            if word(section + 4)? == PROGBITS && word(section + 8)? & ALLOC != 0 {
                sum += u64::from(word(section + 0x14)?);
            }
        }
        Some(sum)
    };
    sum().ok_or(format!("{}: not an ELF image", image.display()))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A command without what `cargo run` and the caller set for another compiler.
fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let lossy = name.to_string_lossy();
        let kept = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];
        let foreign = ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"];
        let starts = |names: &[&str]| names.iter().any(|start| lossy.starts_with(start));
        if lossy == "LD_LIBRARY_PATH" || starts(&foreign) && !starts(&kept) {
            command.env_remove(&name);
        }
    }
    command.current_dir(root());
    command
}

/// What a command that succeeds prints.
fn text(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command that must succeed in time.
fn within(limit: Duration, command: &mut Command) -> Option<()> {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().ok()?;
    let end = Instant::now() + limit;
    loop {
        match child.try_wait().ok()? {
            Some(status) => return status.success().then_some(()),
            None if Instant::now() < end => thread::sleep(Duration::from_millis(100)),
            None => {
                child.kill().ok()?;
                child.wait().ok()?;
                return None;
            }
        }
    }
}
