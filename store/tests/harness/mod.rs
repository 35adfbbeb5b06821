//! Harnesses of the stores in this package and of the one in keyward.

use std::{fs, path::PathBuf};

use keyward::store::{AsyncStore, Ram, StoreError};
use keyward_store::{
    file::FileStore,
    flash::{BlockingFlashLog, FlashLog},
    kit::{Harness, drive},
    sim::{Behaviour, Flash, Shared, Yielding},
};

const PAGE: usize = 2048;
const HALF: usize = 4096;

pub(crate) struct Memory(Ram<4096>);

impl Memory {
    pub(crate) fn new() -> Self {
        Self(Ram::new())
    }
}

impl Harness for Memory {
    type Store = Ram<4096>;

    fn fresh(&mut self) -> Result<(), StoreError> {
        self.0 = Ram::new();
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.fresh()
    }

    fn store(&mut self) -> &mut Self::Store {
        &mut self.0
    }

    fn remembers(&self) -> bool {
        false
    }
}

pub(crate) struct Files {
    path: PathBuf,
    store: Option<FileStore<8192>>,
}

impl Files {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("keyward-store-{}-{name}", std::process::id());
        Self { path: std::env::temp_dir().join(name), store: None }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.store = None;
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Harness for Files {
    type Store = FileStore<8192>;

    fn fresh(&mut self) -> Result<(), StoreError> {
        self.store = None;
        let _ = fs::remove_dir_all(&self.path);
        self.reopen()
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.store = None;
        self.store = Some(FileStore::open(&self.path)?);
        Ok(())
    }

    fn store(&mut self) -> &mut Self::Store {
        self.store.as_mut().expect("open")
    }

    fn damage(&mut self, bytes: &[u8]) -> bool {
        let path = self.path.join("log");
        let mut log = fs::read(&path).expect("a log");
        let at = log.windows(bytes.len()).position(|window| window == bytes);
        log[at.expect("what was written") + 3] ^= 4;
        fs::write(path, log).expect("a write");
        true
    }

    fn holds(&mut self, bytes: &[u8]) -> Option<bool> {
        let files = fs::read_dir(&self.path).expect("a directory");
        let mut files = files.map(|file| fs::read(file.expect("a file").path()).expect("bytes"));
        Some(files.any(|file| file.windows(bytes.len()).any(|window| window == bytes)))
    }
}

/// A flash and the store on it.
pub(crate) struct OnFlash<const WRITE: usize, S> {
    behaviour: Behaviour,
    flash: Shared<WRITE, PAGE>,
    open: fn(Shared<WRITE, PAGE>) -> Result<S, StoreError>,
    store: Option<S>,
    pends: bool,
}

type Waiting<const WRITE: usize> = BlockingFlashLog<Shared<WRITE, PAGE>, HALF>;
type Awaiting<const WRITE: usize> = FlashLog<Yielding<Shared<WRITE, PAGE>>, HALF>;

pub(crate) fn waiting<const WRITE: usize>(behaviour: Behaviour) -> OnFlash<WRITE, Waiting<WRITE>> {
    OnFlash::new(behaviour, BlockingFlashLog::open, false)
}

pub(crate) fn awaiting<const WRITE: usize>(
    behaviour: Behaviour,
) -> OnFlash<WRITE, Awaiting<WRITE>> {
    OnFlash::new(behaviour, |flash| drive(FlashLog::open(Yielding(flash))), true)
}

impl<const WRITE: usize, S> OnFlash<WRITE, S> {
    fn new(
        behaviour: Behaviour,
        open: fn(Shared<WRITE, PAGE>) -> Result<S, StoreError>,
        pends: bool,
    ) -> Self {
        let flash = Shared::new(Flash::new(2 * HALF / PAGE, behaviour, 1));
        Self { behaviour, flash, open, store: None, pends }
    }

    fn places(&self, bytes: &[u8]) -> Vec<usize> {
        let flash = self.flash.flash();
        let windows = flash.image().windows(bytes.len()).enumerate();
        windows.filter(|(_, window)| *window == bytes).map(|(at, _)| at).collect()
    }
}

impl<const WRITE: usize, S: AsyncStore> Harness for OnFlash<WRITE, S> {
    type Store = S;

    fn fresh(&mut self) -> Result<(), StoreError> {
        assert_eq!(self.flash.flash().violations(), 0, "a unit was programmed twice");
        self.flash = Shared::new(Flash::new(2 * HALF / PAGE, self.behaviour, 1));
        self.reopen()
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.store = None;
        self.flash.flash().power_on();
        self.store = Some((self.open)(self.flash.clone())?);
        Ok(())
    }

    fn store(&mut self) -> &mut S {
        self.store.as_mut().expect("open")
    }

    fn pends(&self) -> bool {
        self.pends
    }

    fn cut(&mut self, operations: u64) -> bool {
        self.flash.flash().cut_after(operations * operations * 11);
        true
    }

    fn is_cut(&mut self) -> bool {
        self.flash.flash().is_off()
    }

    fn damage(&mut self, bytes: &[u8]) -> bool {
        let places = self.places(bytes);
        for at in &places {
            self.flash.flash().rot(at + 3, 2);
        }
        !places.is_empty()
    }

    fn holds(&mut self, bytes: &[u8]) -> Option<bool> {
        Some(!self.places(bytes).is_empty())
    }
}
