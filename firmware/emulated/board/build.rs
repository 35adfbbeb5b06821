//! Gives the linker the target's memory, for each package with images.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let (target, out) = (env::var("TARGET")?, env::var("OUT_DIR")?);
    let memory = format!("../board/memory/{target}.x");
    fs::copy(&memory, Path::new(&out).join("memory.x"))?;
    println!("cargo:rerun-if-changed={memory}");
    println!("cargo:rustc-link-search={out}");
    if target.starts_with("riscv") {
        println!("cargo:rustc-link-arg=-Tmemory.x");
    }
    println!("cargo:rustc-link-arg=-Tlink.x");
    println!("cargo:rustc-link-arg=--nmagic");
    Ok(())
}
