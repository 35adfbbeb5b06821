//! The file that the records lie in, which is opened anew when it has failed.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use redb::Database;

use super::down;
use crate::state::StateError;

/// The file, for one who writes and any number of readers.
///
/// After an error of the disk `redb` refuses whatever is asked of an open file. So whoever meets
/// one closes the file, and whoever comes next opens it.
pub(super) struct File {
    path: PathBuf,
    /// None after a failure, until it is opened anew.
    base: RwLock<Option<Database>>,
}

impl File {
    /// Opens the file, or makes it for this user alone: it tells who opened which door.
    pub(super) fn open(path: &Path) -> Result<Self, StateError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(down)?;
        let base = Database::create(path).map_err(down)?;
        Ok(Self { path: path.to_path_buf(), base: RwLock::new(Some(base)) })
    }

    /// Does something with the file. Where that fails nobody knows whether it was written.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let held = self.opened()?;
        let done = work(held.as_ref().ok_or_else(|| down("the file was closed"))?);
        if let Err(StateError::Unavailable(_)) = done {
            drop(held);
            *self.base.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        done
    }

    fn opened(&self) -> Result<RwLockReadGuard<'_, Option<Database>>, StateError> {
        let read = || self.base.read().unwrap_or_else(PoisonError::into_inner);
        let held = read();
        if held.is_some() {
            return Ok(held);
        }
        drop(held);
        let mut base = self.base.write().unwrap_or_else(PoisonError::into_inner);
        if base.is_none() {
            // It was there: one that is gone isn't made anew, without what was revoked.
            *base = Some(Database::open(&self.path).map_err(down)?);
        }
        drop(base);
        Ok(read())
    }
}
