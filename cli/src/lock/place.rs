//! A lock's directory, which one process at a time has.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{
    fail::{Failure, Result},
    files,
};

/// How long a process waits for the one that has the lock.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A lock's directory, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    _held: File,
}

impl Place {
    /// Takes the directory of a lock.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        if !path.join("secret").exists() {
            let path = path.display();
            return Err(Failure::input(format!("{path}: no lock; `keyward lock new` draws one")));
        }
        Self::held(path)
    }

    /// Takes a directory for a new lock, and makes it where there is none.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path).map_err(|error| Failure::writing(path, &error))?;
        }
        let place = Self::held(path)?;
        for name in ["secret", "store"] {
            if place.file(name).exists() {
                let path = path.display();
                return Err(Failure::input(format!(
                    "{path}: there is a lock already; `keyward lock show {path}` shows it"
                )));
            }
        }
        Ok(place)
    }

    fn held(path: &Path) -> Result<Self> {
        let name = path.join("lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&name).map_err(|error| Failure::writing(&name, &error))?;
        let until = Instant::now() + PATIENCE;
        while fs4::FileExt::try_lock(&file).is_err() {
            if Instant::now() >= until {
                return Err(Failure::trouble(format!(
                    "{}: another process has the lock; one that waits to secure a door ends then",
                    path.display()
                )));
            }
            thread::sleep(PAUSE);
        }
        Ok(Self { path: path.to_owned(), _held: file })
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The directory, as it was named.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes a file, durably, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Failure::writing(&path, &error)),
            Ok(()) => files::synced(&path).map_err(|error| Failure::writing(&path, &error)),
        }
    }

    /// Puts a damaged store aside, so that the lock may start without it.
    pub(crate) fn put_aside(&self, now: u64) -> Result<PathBuf> {
        let aside = self.file(&format!("{DAMAGED}{now}"));
        let moved = fs::rename(self.file("store"), &aside).and_then(|()| files::synced(&aside));
        moved.map_err(|error| Failure::writing(&aside, &error))?;
        Ok(aside)
    }

    /// Removes the stores that were put aside: they are of a life that is over.
    pub(crate) fn forget_damaged(&self) -> Result<()> {
        let bad = |error: io::Error| Failure::writing(&self.path, &error);
        for entry in fs::read_dir(&self.path).map_err(bad)? {
            let entry = entry.map_err(bad)?;
            if entry.file_name().to_string_lossy().starts_with(DAMAGED) {
                fs::remove_dir_all(entry.path()).map_err(bad)?;
            }
        }
        Ok(())
    }
}

/// How the name of a store begins that was put aside.
const DAMAGED: &str = "damaged-";
