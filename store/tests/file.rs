//! The store in a directory: what was cut off, what rotted, who may look.

use std::{fs, path::PathBuf};

use keyward::{
    limits::MAX_RECORD,
    store::{Cursor, Store, StoreError},
};
use keyward_store::file::FileStore;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keyward-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> Result<FileStore, StoreError> {
        FileStore::open(&self.0)
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Makes a log of three records and gives its bytes.
    fn filled(&self) -> Vec<u8> {
        let mut store = self.open().unwrap();
        for record in records() {
            store.append(&record).unwrap();
        }
        fs::read(self.log()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn records() -> Vec<Vec<u8>> {
    vec![b"first".to_vec(), b"second".to_vec(), b"the newest".to_vec()]
}

/// Bytes of the newest record with what is in front of it.
const NEWEST: usize = 16 + 10;

fn read_all(store: &mut FileStore) -> Result<Vec<Vec<u8>>, StoreError> {
    let (mut at, mut log, mut buffer) = (Cursor::START, Vec::new(), [0; MAX_RECORD]);
    while let Some((length, behind)) = store.read(at, &mut buffer)? {
        log.push(buffer[..length].to_vec());
        at = behind;
    }
    Ok(log)
}

#[test]
fn a_log_that_was_damaged_is_wiped_and_nothing_else_helps() {
    let place = Place::new("wiped");
    let mut bytes = place.filled();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(place.log(), bytes).unwrap();
    assert_eq!(place.open().err(), Some(StoreError::Corrupt));
    let mut store: FileStore = FileStore::wipe(&place.0).unwrap();
    assert_eq!(store.read(Cursor::START, &mut [0; MAX_RECORD]), Ok(None));
    assert!(!place.log().exists());
}

#[test]
fn a_second_store_is_kept_out() {
    let place = Place::new("lock");
    let store = place.open().unwrap();
    assert_eq!(place.open().err(), Some(StoreError::Failed));
    drop(store);
    assert!(place.open().is_ok());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("mode");
    place.filled();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.log()), 0o600);
    assert_eq!(mode(place.0.join("lock")), 0o600);
    assert_eq!(mode(place.0.clone()), 0o700);
}

/// Each state of the file that writing the newest record goes through.
#[test]
fn a_record_that_was_cut_off_is_forgotten_and_not_written_over() {
    let place = Place::new("torn");
    let whole = place.filled();
    let start = whole.len() - NEWEST;
    for length in start..=whole.len() {
        for garbage in [false, true] {
            let mut torn = whole[..length].to_vec();
            torn[start..].iter_mut().take(8).for_each(|byte| *byte = 0);
            if garbage {
                torn.iter_mut().skip(start + 8).step_by(3).for_each(|byte| *byte = 0);
            }
            fs::write(place.log(), torn).unwrap();
            let mut store = place.open().unwrap();
            assert_eq!(read_all(&mut store), Ok(records()[..2].to_vec()));
            store.append(b"boot").unwrap();
            drop(store);
            let found = read_all(&mut place.open().unwrap()).unwrap();
            assert_eq!(found, [&records()[..2], &[b"boot".to_vec()]].concat());
        }
    }
}

#[test]
fn each_bit_that_rots_is_told_or_harmless() {
    let place = Place::new("rot");
    let whole = place.filled();
    for bit in 0..whole.len() * 8 {
        let mut rotten = whole.clone();
        rotten[bit / 8] ^= 1 << (bit % 8);
        fs::write(place.log(), rotten).unwrap();
        match place.open().and_then(|mut store| read_all(&mut store)) {
            Ok(log) => assert_eq!(log, records(), "bit {bit}"),
            Err(error) => assert_eq!(error, StoreError::Corrupt, "bit {bit}"),
        }
    }
}

#[test]
fn a_log_that_was_cut_short_within_a_record_is_told() {
    let place = Place::new("short");
    let whole = place.filled();
    for length in (0..whole.len()).filter(|length| *length > whole.len() - NEWEST + 8) {
        fs::write(place.log(), &whole[..length]).unwrap();
        assert_eq!(place.open().err(), Some(StoreError::Corrupt), "{length}");
    }
    fs::write(place.log(), b"").unwrap();
    assert_eq!(place.open().err(), Some(StoreError::Corrupt));
}

#[test]
fn what_a_cut_publication_left_is_cleared() {
    let place = Place::new("left");
    let whole = place.filled();
    fs::write(place.0.join("next"), &whole[..40]).unwrap();
    fs::hard_link(place.log(), place.0.join("old")).unwrap();
    let mut store = place.open().unwrap();
    assert_eq!(read_all(&mut store), Ok(records()));
    assert!(!place.0.join("next").exists() && !place.0.join("old").exists());

    // The cut came behind the renaming: the old log waits to be overwritten.
    store.begin().unwrap();
    store.publish().unwrap();
    drop(store);
    fs::write(place.0.join("old"), &whole).unwrap();
    fs::hard_link(place.0.join("old"), place.0.join("kept")).unwrap();
    let mut store = place.open().unwrap();
    assert_eq!(read_all(&mut store), Ok(vec![]));
    assert!(!place.0.join("old").exists());
    assert!(fs::read(place.0.join("kept")).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn a_publication_that_fails_leaves_the_log() {
    let place = Place::new("fails");
    place.filled();
    let mut store = place.open().unwrap();
    store.begin().unwrap();
    store.stage(b"new").unwrap();
    // The staged file's name is taken away under the store.
    fs::remove_file(place.0.join("next")).unwrap();
    assert_eq!(store.publish(), Err(StoreError::Failed));
    assert_eq!(read_all(&mut store), Ok(records()));
    store.append(b"boot").unwrap();
    drop(store);
    let log = read_all(&mut place.open().unwrap()).unwrap();
    assert_eq!(log, [&records()[..], &[b"boot".to_vec()]].concat());
}
