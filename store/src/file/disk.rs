//! Files and the directory that holds them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use keyward::{limits::MAX_RECORD, store::StoreError};

use super::{
    call, failed,
    frame::{self, Found, HEADER, OVERHEAD, parse},
    make_directory, sync_directory,
};

/// A directory that no other process has open.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Locked for as long as it is open.
    _lock: File,
}

impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = make_directory(path)?;
        call::before();
        let lock = private().create(true).truncate(false).open(path.join("lock"))?;
        fs4::FileExt::try_lock(&lock).map_err(|_| io::Error::from(ErrorKind::WouldBlock))?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn existing(&self, name: &str) -> io::Result<Option<File>> {
        match private().open(self.path.join(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        call::before();
        private().create_new(true).open(self.path.join(name))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        call::before();
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives a file a second name, durably.
    pub(super) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.remove(to)?;
        call::before();
        fs::hard_link(self.path.join(from), self.path.join(to))?;
        sync_directory(&self.path)
    }

    /// Lets a file take another's place, durably.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        call::before();
        fs::rename(self.path.join(from), self.path.join(to))?;
        sync_directory(&self.path)
    }

    /// Overwrites a file with zeros and removes it, if it is there.
    pub(super) fn shred(&self, name: &str) -> io::Result<()> {
        let Some(mut file) = self.existing(name)? else { return Ok(()) };
        let length = file.metadata()?.len();
        call::before();
        io::copy(&mut io::repeat(0).take(length), &mut file)?;
        call::before();
        file.sync_all()?;
        self.remove(name)?;
        sync_directory(&self.path)
    }
}

/// A log's file.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) file: File,
    /// Where the next record goes.
    pub(super) end: u64,
    /// Whether anything may lie behind `end`, or the file may have lost its name.
    pub(super) dirty: bool,
}

impl Log {
    /// Reads a whole log, of a capacity of so many bytes, and makes durable what was read.
    pub(super) fn scan(mut file: File, capacity: usize) -> Result<Self, StoreError> {
        call::before();
        file.sync_all().map_err(failed)?;
        let mut bytes = Vec::new();
        // Behind a full log there is room for no torn record, so this is all there can be.
        let most = HEADER.saturating_add(u64::try_from(capacity).unwrap_or(u64::MAX));
        (&mut file).take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        let length = u64::try_from(bytes.len()).map_err(|_| StoreError::Corrupt)?;
        let snapshot = frame::snapshot(&bytes).ok_or(StoreError::Corrupt)?;
        if length > most || length < snapshot {
            return Err(StoreError::Corrupt);
        }
        let mut end = HEADER;
        loop {
            let at = usize::try_from(end).map_err(|_| StoreError::Corrupt)?;
            match parse(bytes.get(at..).unwrap_or_default()) {
                Found::Whole { marked, payload } if marked || end < snapshot => {
                    end = frame::behind(end, payload.len()).ok_or(StoreError::Corrupt)?;
                }
                // A record of the snapshot doesn't straddle its end.
                Found::Broken { marked: true } => return Err(StoreError::Corrupt),
                _ if end < snapshot => return Err(StoreError::Corrupt),
                _ => return Ok(Self { file, end, dirty: length > end }),
            }
        }
    }

    /// The record at a place, and the place behind it.
    pub(super) fn read(&mut self, at: u64) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        if at >= self.end {
            return Ok(None);
        }
        let most = u64::try_from(OVERHEAD.saturating_add(MAX_RECORD)).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        (&mut self.file).take(most).read_to_end(&mut bytes).map_err(failed)?;
        let Found::Whole { payload, .. } = parse(&bytes) else { return Err(StoreError::Corrupt) };
        let behind = frame::behind(at, payload.len()).ok_or(StoreError::Corrupt)?;
        Ok(Some((payload.to_vec(), behind)))
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        call::write_all(&mut self.file, bytes)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        call::before();
        self.file.sync_data()
    }
}

/// Opens for reading and writing, and creates for the owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
