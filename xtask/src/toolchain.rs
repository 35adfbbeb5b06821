//! A compiler for machines without an operating system: rustup's or, where its server can't be
//! reached, Debian's with that compiler's sources. `firmware/README.md` explains both.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

const RUSTUP_TIMEOUT: Duration = Duration::from_secs(60);

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// A compiler that has `core` for some targets, or the sources of it.
pub struct Toolchain {
    name: &'static str,
    /// What the compiler says of itself.
    pub version: String,
    cargo: PathBuf,
    rustc: PathBuf,
    /// Where `core` has to be built too: the linker, which the compiler doesn't bring along.
    from_sources: Option<PathBuf>,
}

impl Toolchain {
    /// The toolchain that is named, or the first that can be had; `None` where there is none.
    ///
    /// # Errors
    /// Where the one that is named can't be had.
    pub fn find(name: Option<&str>, targets: &[&str]) -> Result<Option<Self>, String> {
        match name {
            None => Ok(rustup(targets).or_else(debian)),
            Some("rustup") => match rustup(targets) {
                Some(toolchain) => Ok(Some(toolchain)),
                None => Err(format!("rustup doesn't have all of {targets:?}")),
            },
            Some("debian") => match debian() {
                Some(toolchain) => Ok(Some(toolchain)),
                None => Err("Debian's packages can't be had".into()),
            },
            Some(other) => Err(format!("{other}: neither rustup nor debian")),
        }
    }

    /// Builds a package of a directory.
    ///
    /// # Errors
    /// Where cargo doesn't start; whether it succeeds is in the output.
    pub fn build(
        &self,
        directory: &str,
        target: &str,
        level: &str,
        arguments: &[&str],
    ) -> Result<Output, String> {
        self.build_given(directory, target, level, arguments, &[])
    }

    fn build_given(
        &self,
        directory: &str,
        target: &str,
        level: &str,
        arguments: &[&str],
        given: &[(&str, String)],
    ) -> Result<Output, String> {
        let mut command = clean(&self.cargo);
        command
            .current_dir(root().join(directory))
            .env("RUSTC", &self.rustc)
            .env("CARGO_TARGET_DIR", self.target_directory(level))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)
            .envs(given.iter().map(|(name, value)| (*name, value)))
            .args(["build", "--locked", "--release", "--target", target])
            .args(arguments);
        if let Some(linker) = &self.from_sources {
            let variable = target.to_uppercase().replace(['-', '.'], "_");
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env(format!("CARGO_TARGET_{variable}_LINKER"), linker)
                .arg("-Zbuild-std=core,compiler_builtins");
        }
        command.output().map_err(|error| format!("{}: {error}", self.cargo.display()))
    }

    /// Builds a package that must build.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn must_build(
        &self,
        directory: &str,
        target: &str,
        level: &str,
        arguments: &[&str],
    ) -> Result<(), String> {
        self.must_build_given(directory, target, level, arguments, &[])
    }

    /// Builds a package that must build, with what it reads of its environment.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn must_build_given(
        &self,
        directory: &str,
        target: &str,
        level: &str,
        arguments: &[&str],
        given: &[(&str, String)],
    ) -> Result<(), String> {
        let output = self.build_given(directory, target, level, arguments, given)?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Where an image is once it was built.
    pub fn image(&self, target: &str, level: &str, name: &str) -> PathBuf {
        self.target_directory(level).join(target).join("release").join(name)
    }

    /// Of each opt-level its own: whoever measures several keeps them all.
    fn target_directory(&self, level: &str) -> PathBuf {
        root().join("target/baremetal").join(format!("{}-{level}", self.name))
    }
}

/// rustup's default toolchain, once the targets are among its own.
fn rustup(targets: &[&str]) -> Option<Toolchain> {
    for target in targets {
        let installed = || {
            let listed = text(clean("rustup").args(["target", "list", "--installed"]))?;
            listed.lines().any(|line| line == *target).then_some(())
        };
        if installed().is_none() {
            text(clean("rustup").arg("--version"))?;
            println!("Running `rustup target add {target}`.");
            within(RUSTUP_TIMEOUT, clean("rustup").args(["target", "add", target]))?;
            installed()?;
        }
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
    println!("Installing Debian's compiler with apt-get: {}.", DEBIAN_PACKAGES.join(", "));
    install(&DEBIAN_PACKAGES)?;
    debian_installed()
}

/// Installs Debian's packages, where this is Debian and we are root.
pub fn install(packages: &[&str]) -> Option<()> {
    if text(clean("id").arg("-u"))?.trim() != "0" {
        return None;
    }
    let apt = |arguments: &[&str]| {
        let mut command = clean("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o"]);
        text(command.arg("Acquire::http::Timeout=20").args(arguments))
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())?;
    Some(())
}

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

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A command without what `cargo run` and the caller set for another compiler.
pub fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
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
pub fn text(command: &mut Command) -> Option<String> {
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
