//! Long outputs, written as they come: to standard output, or to a file that takes its name when it
//! is whole. Until then what had the name is untouched, be it the very file that is read.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::{
    fail::{Failure, Result},
    files, terminal,
};

/// Where to: what persons did is in it, so that a file is for this user alone.
pub(crate) struct Sink {
    out: BufWriter<Box<dyn Write>>,
    /// The file under way, and what it is to be called.
    file: Option<(File, PathBuf, PathBuf)>,
}

impl Sink {
    /// To a file, or to standard output without one and for `-`.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self { out: BufWriter::new(Box::new(io::stdout())), file: None });
        };
        let bad = |error: io::Error| Failure::writing(path, &error);
        if !files::is_replaced(path) {
            let file = File::options().write(true).open(path).map_err(bad)?;
            return Ok(Self { out: BufWriter::new(Box::new(file)), file: None });
        }
        let (file, new) = files::beginning(path, true).map_err(bad)?;
        let same = file.try_clone().map_err(bad)?;
        let file = Some((file, new, path.to_owned()));
        Ok(Self { out: BufWriter::new(Box::new(same)), file })
    }

    /// Ends it; a file has its name then.
    pub(crate) fn done(mut self, written: io::Result<()>) -> Result<()> {
        let written = written.and_then(|()| self.out.flush());
        match (written, self.file.take()) {
            (Ok(()), None) => Ok(()),
            (Err(error), None) => {
                terminal::lose(error);
                Ok(())
            }
            (written, Some((file, new, path))) => {
                let named = written
                    .and_then(|()| file.sync_all())
                    .and_then(|()| fs::rename(&new, &path))
                    .and_then(|()| files::synced(&path));
                named.map_err(|error| {
                    let _left = fs::remove_file(&new);
                    Failure::writing(&path, &error)
                })
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Sink {
    /// Of what was begun and not ended nothing is left.
    fn drop(&mut self) {
        if let Some((_, new, _)) = &self.file {
            let _left = fs::remove_file(new);
        }
    }
}
