//! A lock on emulated silicon: a delivery at its door, what it takes, and that cuts of its power
//! lose nothing. `firmware/README.md` explains the images.

mod delivery;
mod kills;
mod machine;
mod measured;
mod panics;
mod silicon;
mod sizes;

use std::{env, fs, path::Path, process};

use crate::{elf::Elf, toolchain::Toolchain};
use machine::Emulator;
use measured::Measured;
use silicon::Silicon;
use sizes::Figures;

const USAGE: &str = "usage: cargo xtask firmware [rustup|debian] [--target T] [--levels z,s,3] \
                     [--kills N] [--seed S] [--check] [--record]";

/// Where the images are.
const IMAGES: &str = "firmware/emulated";

/// A machine that images are built for.
#[derive(Clone, Copy, Debug)]
struct Target {
    triple: &'static str,
    /// What emulates it, where something does.
    machine: Option<&'static [&'static str]>,
}

const TARGETS: [Target; 4] = [
    Target {
        triple: "thumbv7em-none-eabihf",
        machine: Some(&["qemu-system-arm", "-machine", "mps2-an386"]),
    },
    Target {
        triple: "riscv32imc-unknown-none-elf",
        machine: Some(&[
            "qemu-system-riscv32",
            "-machine",
            "virt",
            "-cpu",
            "rv32,a=off,f=off,d=off",
            "-bios",
            "none",
        ]),
    },
    // A Cortex-M3, which runs what a Cortex-M0+ runs: QEMU's only M0 has too little memory.
    Target {
        triple: "thumbv6m-none-eabi",
        machine: Some(&["qemu-system-arm", "-machine", "mps2-an385"]),
    },
    Target { triple: "thumbv8m.main-none-eabihf", machine: None },
];

/// The target whose image is held to the list of panics.
const LISTED: &str = "thumbv7em-none-eabihf";

/// Crates of curve, hash and cipher; all others, `core`'s among them, are counted as the rest.
const CRYPTO: [&str; 24] = [
    "aead",
    "block_buffer",
    "chacha20",
    "chacha20poly1305",
    "cipher",
    "cmov",
    "crypto_common",
    "ctutils",
    "curve25519_dalek",
    "digest",
    "ed25519",
    "ed25519_dalek",
    "hkdf",
    "hmac",
    "hpke",
    "hybrid_array",
    "inout",
    "poly1305",
    "sha2",
    "signature",
    "subtle",
    "universal_hash",
    "x25519_dalek",
    "zeroize",
];

/// What is to be reached: target or all, figure, and the most that it may be.
const LIMITS: [(Option<&str>, &str, u64); 4] = [
    (Some("thumbv7em-none-eabihf"), "flash_not_crypto", 20 * 1024),
    (Some("thumbv7em-none-eabihf"), "flash_verify", 40 * 1024),
    (None, "ram_lock", 6 * 1024),
    (Some("thumbv6m-none-eabi"), "ram_whole", 16 * 1024),
];

/// Builds, runs, measures and kills.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let asked = Asked::read(arguments)?;
    let triples: Vec<_> = asked.targets.iter().map(|target| target.triple).collect();
    let Some(toolchain) = Toolchain::find(asked.toolchain.as_deref(), &triples)? else {
        println!("SKIPPED: NOTHING SHOWN: neither rustup nor Debian has `core` for {triples:?}.");
        return Ok(());
    };
    println!("Compiler: {}", toolchain.version);
    let emulator = Emulator::find(&asked.targets)?;
    if emulator.is_none() {
        println!("SKIPPED: NOTHING IS RUN: QEMU can't be had.");
    }
    let folder = env::temp_dir().join(format!("keyward-firmware-{}", process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    for target in &asked.targets {
        for level in &asked.levels {
            println!("\n== {}, opt-level {level}", target.triple);
            toolchain.must_build(IMAGES, target.triple, level, &["--workspace"])?;
            let bench = Bench { target, level, toolchain: &toolchain, folder: &folder };
            bench.size(&mut figures)?;
            if target.triple == LISTED && level == "z" {
                match panics::check(&Elf::read(&bench.image("lock"))?, &toolchain.version) {
                    Ok(calls) => println!("{LISTED}.panics_explained: {calls}"),
                    Err(error) => failed.push(error),
                }
            }
            if let Some(emulator) = emulator.as_ref().filter(|_| target.machine.is_some()) {
                failed.extend(bench.run(emulator, &asked, &mut figures)?);
            }
        }
    }
    fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    println!();
    asked.missed(&figures);
    if asked.record {
        figures.record(&toolchain.version)?;
    } else if asked.check {
        failed.extend(figures.compare(&toolchain.version).err());
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// What the command line asks for.
struct Asked {
    toolchain: Option<String>,
    targets: Vec<Target>,
    levels: Vec<String>,
    kills: u64,
    seed: u64,
    check: bool,
    record: bool,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut asked = Self {
            toolchain: None,
            targets: TARGETS.to_vec(),
            levels: vec!["z".into()],
            kills: 200,
            seed: 1,
            check: false,
            record: false,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(USAGE);
            match word.as_str() {
                "rustup" | "debian" => asked.toolchain = Some(word.clone()),
                "--check" => asked.check = true,
                "--record" => asked.record = true,
                "--target" => {
                    let named = value()?;
                    asked.targets.retain(|target| target.triple.starts_with(named.as_str()));
                }
                "--levels" => asked.levels = value()?.split(',').map(str::to_owned).collect(),
                "--kills" => asked.kills = value()?.parse().map_err(|_| USAGE)?,
                "--seed" => asked.seed = value()?.parse().map_err(|_| USAGE)?,
                _ => return Err(USAGE.into()),
            }
        }
        if asked.targets.is_empty() { Err(USAGE.into()) } else { Ok(asked) }
    }

    /// Says what isn't reached, and by how much.
    fn missed(&self, figures: &Figures) {
        for target in &self.targets {
            for level in &self.levels {
                let of = |name| figures.of(target.triple, level, name);
                let raw = of("stack_raw").map(|raw| ("stack_verify", raw + 1024));
                let floor = of("insns_floor").map(|floor| ("insns_verify_1_link", floor));
                let fixed =
                    LIMITS.iter().filter(|(of, ..)| of.is_none_or(|of| of == target.triple));
                let fixed = fixed.map(|(_, name, most)| (*name, *most));
                for (name, most) in fixed.chain(raw).chain(floor) {
                    if let Some(value) = of(name).filter(|value| *value > most) {
                        let over = value - most;
                        println!("MISSED: {}.{name} {level}: {value}, {over} over", target.triple);
                    }
                }
            }
        }
    }
}

/// A target's images at one opt-level.
struct Bench<'a> {
    target: &'a Target,
    level: &'a str,
    toolchain: &'a Toolchain,
    folder: &'a Path,
}

impl Bench<'_> {
    fn image(&self, name: &str) -> std::path::PathBuf {
        self.toolchain.image(self.target.triple, self.level, name)
    }

    /// Flash: of each image, and of the lock by crate.
    fn size(&self, figures: &mut Figures) -> Result<(), String> {
        let (triple, level) = (self.target.triple, self.level);
        let names = [
            ("flash_empty", "empty"),
            ("flash_floor", "floor"),
            ("flash_verify", "verify"),
            ("flash_sealed", "sealed"),
            ("flash_total", "lock"),
            ("flash_embassy", "embassy"),
        ];
        for (figure, name) in names {
            figures.add(triple, level, figure, Elf::read(&self.image(name))?.flash());
        }
        let crates = Elf::read(&self.image("lock"))?.by_crate();
        let rest = crates.iter().filter(|(name, _)| !CRYPTO.contains(&name.as_str()));
        figures.add(triple, level, "flash_not_crypto", rest.map(|(_, bytes)| bytes).sum());
        let largest = crates.iter().filter(|(_, bytes)| *bytes >= 100);
        let list: Vec<_> = largest.map(|(name, bytes)| format!("{name} {bytes}")).collect();
        println!("the lock's flash by crate: {}", list.join(", "));
        Ok(())
    }

    /// Instructions, stack, a delivery and kills; what failed.
    fn run(
        &self,
        emulator: &Emulator,
        asked: &Asked,
        figures: &mut Figures,
    ) -> Result<Vec<String>, String> {
        let (triple, level) = (self.target.triple, self.level);
        let measured =
            measured::measure(emulator, self.target, |name| self.image(name), self.folder)?;
        add_measured(figures, triple, level, &measured);
        let mut failed = Vec::new();
        for (name, suffix) in [("lock", ""), ("embassy", "_embassy")] {
            println!("\nA delivery at `{name}`:");
            let board = || Silicon::new(emulator, self.target, &self.image(name), self.folder);
            let told = delivery::deliver(&board()?)?;
            println!("{} scenes, {} came out otherwise\n", told.scenes, told.wrong);
            if told.wrong > 0 {
                failed.push(format!("{triple}: a delivery comes out otherwise"));
            }
            let mut add = |figure: &str, value| {
                figures.add(triple, level, &format!("{figure}{suffix}"), value);
            };
            add("ram_lock", told.lock.into());
            add("ram_whole", told.memory.into());
            add("insns_opening", told.opening);
            add("insns_opening_sealed", told.sealed);
            if level != "z" {
                continue;
            }
            println!("Power fails at {} random instructions, seed {}.", asked.kills, asked.seed);
            let report = kills::kill(&board, asked.kills, asked.seed, 5 * told.opening)?;
            println!("kills: {}", report.kills);
            println!("decisions_interrupted: {}", report.interrupted);
            println!("openings: {}", report.openings);
            println!("spent_unsaid: {}", report.spent_unsaid);
            println!("uses_tried_again: {}", report.tried_again);
            println!("violations: {}", report.violations.len());
            failed.extend(report.violations.iter().map(|what| format!("{triple}: {what}")));
        }
        Ok(failed)
    }
}

fn add_measured(figures: &mut Figures, triple: &str, level: &str, measured: &Measured) {
    let [one, floor, floor_3] = measured.floors;
    let [verify, verify_3] = measured.verified;
    for (name, value) in [
        ("stack_raw", one.stack),
        ("stack_verify", verify.stack),
        ("stack_sealed", measured.sealed.stack),
        ("insns_one_signature", one.instructions),
        ("insns_floor", floor.instructions),
        ("insns_verify_1_link", verify.instructions),
        ("insns_floor_3_links", floor_3.instructions),
        ("insns_verify_3_links", verify_3.instructions),
        ("insns_sealed_and_signed", measured.sealed.instructions),
    ] {
        figures.add(triple, level, name, value);
    }
    #[expect(clippy::cast_precision_loss, reason = "a ratio of millions")]
    let ratio = |a: u64, b: u64| a as f64 / b as f64;
    println!("{triple}.ratio: {:.4}", ratio(verify.instructions, floor.instructions));
    println!("{triple}.ratio_3_links: {:.4}", ratio(verify_3.instructions, floor_3.instructions));
}
