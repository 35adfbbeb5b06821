//! The same programs on an emulated Cortex-M4, without an operating system or a C library.

use std::path::Path;

use super::{BINDING, STRICT, TESTS, Told, capacities, defines, has, includes, source, succeeds};
use crate::{
    elf::Elf,
    toolchain::{Toolchain, clean, install, root},
};

const TARGET: &str = "thumbv7em-none-eabihf";

const MACHINE: [&str; 3] = ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"];

pub(super) fn run(toolchain: Option<&str>, folder: &Path) -> Result<Told, String> {
    let skipped = |why: &str| {
        println!("SKIPPED: NOTHING RUNS ON A BOARD: {why}.");
        Ok(Told::default())
    };
    let needed = ["arm-none-eabi-gcc", "qemu-system-arm"];
    if !needed.iter().all(|program| has(program)) {
        println!("Installing gcc-arm-none-eabi and QEMU with apt-get.");
        let _tried = install(&["gcc-arm-none-eabi", "qemu-system-arm"]);
    }
    if !needed.iter().all(|program| has(program)) {
        return skipped("neither C compiler nor QEMU can be had");
    }
    let Some(toolchain) = Toolchain::find(toolchain, &[TARGET])? else {
        return skipped("neither rustup nor Debian has `core`");
    };
    println!("Compiler: {}", toolchain.version);
    let mut told = Told::default();
    for (image, features) in [("board", "panic-handler,vectors"), ("door", "panic-handler")] {
        let given = if image == "board" { capacities().to_vec() } else { Vec::new() };
        toolchain.must_build_given(BINDING, TARGET, "z", &["--features", features], &given)?;
        let library = toolchain.image(TARGET, "z", "libkeyward_c.a");
        let elf = folder.join(format!("{image}.elf"));
        let script = root().join(BINDING).join("tests/board.ld");
        let mut build = clean("arm-none-eabi-gcc");
        build.current_dir(folder).args(STRICT).args(MACHINE);
        build.args([
            "-Os",
            "-ffreestanding",
            "-nostdlib",
            "-Wl,--gc-sections",
            "-ffunction-sections",
        ]);
        build.arg("-Wl,--fatal-warnings").arg("-Wl,-z,noexecstack,--no-warn-rwx-segments");
        build.args(includes()).arg("-T").arg(script);
        match image {
            "board" => {
                let sources = ["board_start", "board"].into_iter().chain(TESTS);
                build.args(defines()).args(sources.map(source));
            }
            _ => {
                build.args(["board_start", "door", "door_board"].map(source));
            }
        }
        succeeds(build.arg(&library).arg("-lgcc").arg("-o").arg(&elf))?;
        if image == "door" {
            println!("{TARGET}.flash_door: {}", Elf::read(&elf)?.flash());
            continue;
        }
        let mut qemu = clean("qemu-system-arm");
        qemu.args(["-machine", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none"]);
        qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(&elf);
        told.add(Told::of("QEMU, mps2-an386", &mut qemu)?);
    }
    Ok(told)
}
