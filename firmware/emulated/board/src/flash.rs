//! A NOR flash whose cells are a file of the host's: what was programmed or erased is there when
//! QEMU is killed in the next instruction.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use semihosting::{
    fd::{AsFd, OwnedFd},
    sys::{
        arm_compat::{OpenMode, sys_open, sys_seek},
        read, write,
    },
};

use crate::mark::mark_flash;

/// Bytes of the flash.
const SIZE: usize = 2 * HALF;

/// Bytes of each half: what a lock with `Home` tables needs.
pub const HALF: usize = 12 * 1024;

/// Bytes that are programmed at once.
const WRITE: usize = 4;

/// Bytes that are erased at once.
const ERASE: usize = 1024;

/// The flash of the board.
pub struct Flash(OwnedFd);

impl Flash {
    /// Opens the file `flash` of the host's working directory.
    ///
    /// # Errors
    /// `Other`: the host has none.
    pub fn open() -> Result<Self, NorFlashErrorKind> {
        let file = sys_open(c"flash", OpenMode::RDWR_BINARY);
        file.map(Self).map_err(|_| NorFlashErrorKind::Other)
    }

    fn seek(&self, offset: u32) -> Result<(), NorFlashErrorKind> {
        let at = usize::try_from(offset).map_err(|_| NorFlashErrorKind::OutOfBounds)?;
        // SAFETY: the offset lies within the file, whose size is that of the flash.
        unsafe { sys_seek(self.0.as_fd(), at) }.map_err(|_| NorFlashErrorKind::Other)
    }

    /// Sets cells to what they are told to be, which only a host can.
    fn set(&self, offset: u32, cells: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.seek(offset)?;
        match write(self.0.as_fd(), cells) {
            Ok(count) if count == cells.len() => Ok(()),
            _ => Err(NorFlashErrorKind::Other),
        }
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        self.seek(offset)?;
        match read(self.0.as_fd(), bytes) {
            Ok(count) if count == bytes.len() => Ok(()),
            _ => Err(NorFlashErrorKind::Other),
        }
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    /// Erases in small steps, so that a kill can lie between any two.
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        mark_flash();
        let mut at = from;
        while at < to {
            self.set(at, &[0xff; WRITE])?;
            at = at.saturating_add(WRITE as u32);
        }
        Ok(())
    }

    /// Programs unit by unit. Bits become zeros, never ones.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        mark_flash();
        let mut at = offset;
        for unit in bytes.as_chunks::<WRITE>().0 {
            let mut cells = [0; WRITE];
            self.read(at, &mut cells)?;
            self.set(at, &(u32::from_ne_bytes(cells) & u32::from_ne_bytes(*unit)).to_ne_bytes())?;
            at = at.saturating_add(WRITE as u32);
        }
        Ok(())
    }
}
