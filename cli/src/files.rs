//! Small files: read within a bound, written durably and at one stroke.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use crate::fail::{Failure, Result};

/// Bytes of the longest input that is read as a whole: more than a domain of a thousand locks has.
pub(crate) const MAX_INPUT: u64 = 4 << 20;

/// Bytes of the longest JSON.
const MAX_JSON: u64 = 2 << 20;

/// Objects and lists in JSON, each of which takes some 650 bytes of memory at least. The vectors
/// have some 10 000.
const MAX_NESTED: usize = 40_000;

/// Values in JSON, of some 100 bytes each.
const MAX_VALUES: usize = 200_000;

/// Reads a file, or standard input for `-`, as a whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    bounded(path, MAX_INPUT)
}

/// Reads JSON.
pub(crate) fn json(path: &Path) -> Result<serde_json::Value> {
    let bytes = bounded(path, MAX_JSON)?;
    let count = |signs: &[u8]| bytes.iter().filter(|byte| signs.contains(byte)).count();
    if count(b"{[") > MAX_NESTED || count(b",") > MAX_VALUES {
        return Err(Failure::input(format!("{}: more values than vectors have", path.display())));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

fn bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::reading(path, &error))?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        true => Ok(bytes),
        false => Err(Failure::input(format!(
            "{}: longer than {} MiB, which no file of keys or objects is",
            path.display(),
            most >> 20
        ))),
    }
}

/// Writes a file for everybody to read, in the place of one that may be there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes, false).map_err(|error| Failure::writing(path, &error))
}

/// Writes a file for this user alone, in the place of one that may be there.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes, true).map_err(|error| Failure::writing(path, &error))
}

/// Writes a new file for this user alone, which a secret key is in.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> Result<()> {
    create(path, bytes, true)
}

/// Writes a new file for everybody to read.
pub(crate) fn create_public(path: &Path, bytes: &[u8]) -> Result<()> {
    create(path, bytes, false)
}

fn create(path: &Path, bytes: &[u8], alone: bool) -> Result<()> {
    let made = private(alone).create_new(true).open(path);
    let mut file = made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => Failure::writing(path, &error),
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| synced(path));
    written.map_err(|error| {
        // Half a key is none, and would be in the way.
        let _left = fs::remove_file(path);
        Failure::writing(path, &error)
    })
}

/// A file that is not written over.
pub(crate) fn taken(path: &Path) -> Failure {
    Failure::input(format!("{}: is there already; a key is never written over", path.display()))
}

fn write(path: &Path, bytes: &[u8], alone: bool) -> io::Result<()> {
    if !is_replaced(path) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let (mut file, new) = beginning(path, alone)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| synced(path));
    if written.is_err() {
        let _left = fs::remove_file(&new);
    }
    written
}

/// Whether a new file takes the place of what is there. A device or a pipe takes the bytes itself.
pub(crate) fn is_replaced(path: &Path) -> bool {
    !path.starts_with("/dev") && fs::metadata(path).map_or(true, |found| found.is_file())
}

/// Begins a file that is to take another's place, beside that. What a killed process has left there
/// is of that one's mode, or a link to elsewhere: it is removed, not written into.
pub(crate) fn beginning(path: &Path, alone: bool) -> io::Result<(File, PathBuf)> {
    let new = beside(path, "new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    Ok((private(alone).create_new(true).open(&new)?, new))
}

fn private(alone: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if alone { 0o600 } else { 0o644 });
    options
}

/// Makes a file's name durable, where the system can.
pub(crate) fn synced(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if cfg!(unix) { File::open(parent.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
}

/// Keeps other processes away from a file until it is dropped, by a file beside it.
pub(crate) fn exclusive(path: &Path) -> Result<File> {
    let lock = beside(path, "lock");
    let file = private(true).create(true).truncate(false).open(&lock);
    let file = file.map_err(|error| Failure::writing(&lock, &error))?;
    fs4::FileExt::lock(&file).map_err(|error| Failure::writing(&lock, &error))?;
    Ok(file)
}

/// The file of the same name with this ending added.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
