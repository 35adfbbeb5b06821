//! A flash that a test can reach while a store has it.

use std::{
    cell::{RefCell, RefMut},
    rc::Rc,
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

use super::Flash;

/// A handle to a flash; its clones reach the same one.
#[derive(Clone, Debug)]
pub struct Shared<const WRITE: usize, const ERASE: usize>(Rc<RefCell<Flash<WRITE, ERASE>>>);

impl<const WRITE: usize, const ERASE: usize> Shared<WRITE, ERASE> {
    /// Shares a flash.
    pub fn new(flash: Flash<WRITE, ERASE>) -> Self {
        Self(Rc::new(RefCell::new(flash)))
    }

    /// The flash, between operations of the store.
    pub fn flash(&self) -> RefMut<'_, Flash<WRITE, ERASE>> {
        self.0.borrow_mut()
    }
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for Shared<WRITE, ERASE> {
    type Error = NorFlashErrorKind;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for Shared<WRITE, ERASE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.flash().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for Shared<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.flash().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.flash().write(offset, bytes)
    }
}
