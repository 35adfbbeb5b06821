//! The Zephyr module, built by CMake against stubs.

use std::path::Path;

use super::{Told, has, succeeds};
use crate::toolchain::{clean, install, root};

pub(super) fn run(folder: &Path) -> Result<Told, String> {
    let sample = root().join("bindings/zephyr/sample");
    if !has("cmake") {
        println!("Installing CMake with apt-get.");
        let _tried = install(&["cmake", "make"]);
    }
    if !has("cmake") {
        println!("SKIPPED: THE ZEPHYR SAMPLE IS NOT BUILT: CMake can't be had.");
        return Ok(Told::default());
    }
    let build = folder.join("zephyr");
    let mut configure = clean("cmake");
    configure.arg("-S").arg(sample).arg("-B").arg(&build).args(["-DKEYWARD_STUBS=ON"]);
    succeeds(&mut configure)?;
    succeeds(clean("cmake").arg("--build").arg(&build))?;
    succeeds(&mut clean(build.join("sample")))?;
    Told::of("Zephyr's store, against stubs", &mut clean(build.join("check")))
}
