//! A lock's whole way on bare metal: that it builds there, its size, and that it can't panic.
//!
//! `firmware/README.md` explains the images.

use crate::{elf::Elf, toolchain::Toolchain};

const TARGET: &str = "thumbv6m-none-eabi";

const LEVELS: [&str; 4] = ["z", "s", "2", "3"];

/// What the linker says of an image in which a panic is reachable.
const REACHABLE: &str = "undefined symbol: keyward_panic_reachable";

/// Builds, measures and proves; `rustup` or `debian` as an argument names the toolchain.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some(toolchain) = Toolchain::find(arguments.first().map(String::as_str), &[TARGET])? else {
        println!("SKIPPED: NOTHING PROVEN: neither rustup nor Debian has `core` for {TARGET}.");
        return Ok(());
    };
    println!("Compiler: {}", toolchain.version);

    println!("Building the library alone, without features, for {TARGET}.");
    let library = ["--package", "keyward", "--lib", "--no-default-features"];
    toolchain.must_build("", TARGET, "z", &library)?;

    println!("Building the image and its floor, opt-level z, fat LTO, compact SHA-2.");
    toolchain.must_build("firmware/verify-core", TARGET, "z", &[])?;
    let flash = |name| Ok::<_, String>(Elf::read(&toolchain.image(TARGET, "z", name))?.flash());
    let (core, floor) = (flash("verify-core")?, flash("floor")?);
    let keyward = core.checked_sub(floor).ok_or("the image is smaller than its floor")?;

    let mut proven = 0;
    let mut found = 0;
    for level in LEVELS {
        let holds = proof(&toolchain, level, &[])?;
        let planted = !proof(&toolchain, level, &["--features", "planted"])?;
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

/// Whether the proof's image links; an error when it fails for another reason than a panic.
fn proof(toolchain: &Toolchain, level: &str, arguments: &[&str]) -> Result<bool, String> {
    let output = toolchain.build("firmware/link-proof", TARGET, level, arguments)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(true),
        false if stderr.contains(REACHABLE) => Ok(false),
        false => Err(format!("the proof at opt-level {level} doesn't build:\n{stderr}")),
    }
}
