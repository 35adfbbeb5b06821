//! The copy of the project that is changed.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Where it stands, from the root.
const TREE: &str = "target/mutants/tree";

/// Copies what git knows of the project, as it is now; leaves what is there already untouched, so
/// that it isn't built again.
pub fn copied() -> Result<PathBuf, String> {
    let files = Command::new("git").args(["ls-files", "-z"]).output();
    let files = files.map_err(|error| error.to_string())?.stdout;
    let files = String::from_utf8(files).map_err(|error| error.to_string())?;
    for file in files.split('\0').filter(|file| !file.is_empty() && Path::new(file).is_file()) {
        // What will be rewritten is written when that is done.
        if !file.starts_with("src/") {
            let bytes = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
            write(&Path::new(TREE).join(file), &bytes)?;
        }
    }
    let listed = files.split('\0').map(|file| Path::new(TREE).join(file)).collect();
    forget(Path::new(TREE), &listed)?;
    Ok(TREE.into())
}

/// Removes what git knows nothing of: a test that is gone must not go on catching.
fn forget(folder: &Path, listed: &BTreeSet<PathBuf>) -> Result<(), String> {
    for path in files(folder)?.into_iter().filter(|path| !listed.contains(path)) {
        fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// What a folder holds.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

/// Writes a file that has other bytes, or isn't there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|held| held == bytes) {
        return Ok(());
    }
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, bytes))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// All files of a folder and of those in it.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for path in entries(folder)? {
        match path.is_dir() {
            true => all.extend(files(&path)?),
            false => all.push(path),
        }
    }
    Ok(all)
}
