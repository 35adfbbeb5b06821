//! A log in a directory, for hosts with a file system.
//!
//! The directory holds `log`; while a new log is staged, `next`; while an empty one is published,
//! `old`; and `lock`, which keeps a second process out.
//!
//! A record is written and made durable, then its mark is, so that what a power cut left unfinished
//! is told from what rotted: the former was never marked. A new log is renamed over the old one
//! when it is durable, and then the directory is made durable. A cut-off end is not written over:
//! the next append moves the log into a new file first.
//!
//! # Limits
//! Whoever may write the directory may put an older log there or remove it; nothing here tells.
//! The bytes of an erased log are overwritten, which a copying file system or a drive's wear
//! levelling may turn into a copy.

mod call;
mod disk;
mod frame;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use keyward::{
    limits::MAX_RECORD,
    store::{Cursor, Store, StoreError},
};

#[cfg(feature = "kit")]
pub use call::abort_at;
use disk::{Directory, Log};
use frame::{HEADER, MARK, frame};

/// Bytes that a log has room for, if nothing else is said.
pub const CAPACITY: usize = 1 << 20;

/// A log of records in a directory, with room for `N` bytes.
#[derive(Debug)]
pub struct FileStore<const N: usize = CAPACITY> {
    directory: Directory,
    /// `None`: there is no log yet.
    log: Option<Log>,
    /// The new log that is staged, unless writing it failed.
    next: Option<Log>,
}

impl<const N: usize> FileStore<N> {
    /// Opens the log in a directory, which is made where there is none, and keeps other processes
    /// out until it is dropped.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where another process, or another store, has the directory open, and
    /// where the file system fails; [`StoreError::Corrupt`] where the log was damaged.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        let directory = Directory::open(directory.as_ref()).map_err(failed)?;
        directory.remove("next").map_err(failed)?;
        let Some(file) = directory.existing("log").map_err(failed)? else {
            return Ok(Self { directory, log: None, next: None });
        };
        let log = Log::scan(file, N)?;
        if log.end == HEADER {
            directory.shred("old").map_err(failed)?;
        }
        directory.remove("old").map_err(failed)?;
        Ok(Self { directory, log: Some(log), next: None })
    }

    /// Overwrites and removes whatever a directory holds of a log, and opens the empty one: for a
    /// host whose log was damaged, before its lock is reset by hand.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn wipe(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        let directory = Directory::open(directory.as_ref()).map_err(failed)?;
        for name in ["next", "log", "old"] {
            directory.shred(name).map_err(failed)?;
        }
        Ok(Self { directory, log: None, next: None })
    }

    /// Where the log is.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Copies the log into a new file and publishes that.
    fn move_log(&mut self) -> Result<(), StoreError> {
        self.begin()?;
        let (mut at, mut buffer) = (Cursor::START, vec![0; MAX_RECORD]);
        while let Some((length, behind)) = self.read(at, &mut buffer)? {
            self.stage(buffer.get(..length).ok_or(StoreError::Failed)?)?;
            at = behind;
        }
        self.publish()
    }
}

impl<const N: usize> Store for FileStore<N> {
    const CAPACITY: usize = N;
    const OVERHEAD: usize = frame::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        let Some(log) = &mut self.log else { return Ok(None) };
        let at = if at == Cursor::START { HEADER } else { u64::from(at.0) };
        let Some((record, behind)) = log.read(at)? else { return Ok(None) };
        out.get_mut(..record.len()).ok_or(StoreError::Corrupt)?.copy_from_slice(&record);
        let behind = u32::try_from(behind).map_err(|_| StoreError::Corrupt)?;
        Ok(Some((record.len(), Cursor(behind))))
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let end = self.log.as_ref().map_or(HEADER, |log| log.end);
        let behind = room::<N>(end, record)?;
        if self.log.as_ref().is_none_or(|log| log.dirty) {
            self.move_log()?;
        }
        let log = self.log.as_mut().ok_or(StoreError::Failed)?;
        log.dirty = true;
        let framed = frame(record, [0; MARK]).ok_or(StoreError::Full)?;
        log.write(end, &framed).and_then(|()| log.sync()).map_err(failed)?;
        log.write(end, &[0xff; MARK]).and_then(|()| log.sync()).map_err(failed)?;
        (log.end, log.dirty) = (behind, false);
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.next = None;
        self.directory.remove("next").map_err(failed)?;
        let file = self.directory.create("next").map_err(failed)?;
        self.next = Some(Log { file, end: HEADER, dirty: false });
        Ok(())
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let end = self.next.as_ref().ok_or(StoreError::Failed)?.end;
        let behind = room::<N>(end, record)?;
        let framed = frame(record, [0xff; MARK]).ok_or(StoreError::Full)?;
        // A log whose writing failed is lost; `begin` starts another.
        let mut next = self.next.take().ok_or(StoreError::Failed)?;
        next.write(end, &framed).map_err(failed)?;
        self.next = Some(Log { end: behind, ..next });
        Ok(())
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        let mut next = self.next.take().ok_or(StoreError::Failed)?;
        let header = frame::header(next.end).ok_or(StoreError::Full)?;
        next.write(0, &header).map_err(failed)?;
        call::before();
        next.file.sync_all().map_err(failed)?;
        let erases = next.end == HEADER && self.log.as_ref().is_some_and(|log| log.end > HEADER);
        if erases {
            // Keeps the old log's bytes within reach of the next opening.
            self.directory.link("log", "old").map_err(failed)?;
        }
        if let Some(log) = &mut self.log {
            // Until the directory is durable, the old file goes on, and is moved before it is
            // appended to, for its name may be gone.
            log.dirty = true;
        }
        self.directory.rename("next", "log").map_err(failed)?;
        self.log = Some(next);
        if erases {
            // What fails here is done at the next opening.
            let _ = self.directory.shred("old");
        }
        Ok(())
    }
}

fn room<const N: usize>(end: u64, record: &[u8]) -> Result<u64, StoreError> {
    let behind = frame::behind(end, record.len()).ok_or(StoreError::Full)?;
    let used = behind.saturating_sub(HEADER);
    let fits = usize::try_from(used).is_ok_and(|used| used <= N);
    let record = (1..=MAX_RECORD).contains(&record.len());
    if fits && record { Ok(behind) } else { Err(StoreError::Full) }
}

fn failed(_: io::Error) -> StoreError {
    StoreError::Failed
}

/// Opens a directory as a file, to make its entries durable; where a system can't, they are so by
/// its own means.
fn sync_directory(path: &Path) -> io::Result<()> {
    call::before();
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// The path of a directory that exists, or is made for its owner alone.
fn make_directory(path: &Path) -> io::Result<PathBuf> {
    if !path.is_dir() {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        call::before();
        builder.create(path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_directory(parent.unwrap_or(Path::new(".")))?;
    }
    path.canonicalize()
}
