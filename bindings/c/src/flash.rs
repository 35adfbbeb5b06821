//! A NOR flash of the host's, in two halves of which the library keeps the journal.

use core::ffi::c_void;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};
use keyward::store::StoreError;
use keyward_store::flash::BlockingFlashLog;

use crate::{
    capacity::{FLASH_HALF, FLASH_PAGE, FLASH_WORD},
    memory::read_only,
    status::{Fault, KW_LAYOUT, KW_NULL, kw_status, told},
};

/// A NOR flash: bits are programmed to zeros and erased to ones by the page. Callbacks return 0
/// for done; offsets are from the start of the journal's part, which begins on a page.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_flash {
    /// What each callback gets first; it stays the host's.
    pub context: *mut c_void,
    /// Reads bytes.
    pub read: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            offset: u32,
            bytes: *mut u8,
            length: usize,
        ) -> i32,
    >,
    /// Programs whole words.
    pub program: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            offset: u32,
            bytes: *const u8,
            length: usize,
        ) -> i32,
    >,
    /// Erases whole pages.
    pub erase: Option<unsafe extern "C" fn(context: *mut c_void, offset: u32, length: u32) -> i32>,
    /// Bytes of the journal's part: at least two halves of `KW_FLASH_HALF`.
    pub size: u32,
    /// Bytes of a page: `KW_FLASH_PAGE`.
    pub page: u32,
    /// Bytes of a word: `KW_FLASH_WORD`.
    pub word: u32,
}

/// The journal in it.
pub(crate) type Flash = BlockingFlashLog<Nor, FLASH_HALF>;

/// Opens the journal, and ends what a power cut interrupted.
///
/// # Safety
/// Unless it is NULL or misaligned, `flash` is the caller's `kw_flash`.
pub(crate) unsafe fn open(flash: *const kw_flash) -> Result<Flash, Fault> {
    // SAFETY: the caller's word.
    let nor = unsafe { Nor::new(flash) }?;
    BlockingFlashLog::open(nor).map_err(fault)
}

/// Erases a journal, whatever there is of it: before the first start, and where `kw_lock_init`
/// finds it damaged and the owner begins anew by hand. Erasing it is no way to forgive a damage:
/// uses that were spent could be spent again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_flash_wipe(flash: *const kw_flash) -> kw_status {
    // SAFETY: the caller's word.
    let nor = unsafe { Nor::new(flash) };
    told(nor.and_then(|nor| BlockingFlashLog::<_, FLASH_HALF>::wipe(nor).map_err(fault)).map(drop))
}

/// What a lock says of it, which denies all then.
fn fault(error: StoreError) -> Fault {
    match error {
        StoreError::Corrupt => keyward::Denial::StateCorrupt.into(),
        _ => keyward::Denial::StoreFailed.into(),
    }
}

/// A flash whose callbacks are there, laid out as the library was built for.
pub(crate) struct Nor(kw_flash);

impl Nor {
    /// # Safety
    /// Unless it is NULL or misaligned, `flash` is the caller's `kw_flash`.
    unsafe fn new(flash: *const kw_flash) -> Result<Self, Fault> {
        // SAFETY: not NULL, aligned; the rest is the caller's word.
        let flash = unsafe { read_only(flash)?.read() };
        if flash.read.is_none() || flash.program.is_none() || flash.erase.is_none() {
            return Err(Fault(KW_NULL));
        }
        let is = |told: u32, built: usize| usize::try_from(told) == Ok(built);
        let fits = usize::try_from(flash.size).is_ok_and(|size| size / 2 >= FLASH_HALF);
        let is_laid_out = is(flash.page, FLASH_PAGE) && is(flash.word, FLASH_WORD) && fits;
        if is_laid_out { Ok(Self(flash)) } else { Err(Fault(KW_LAYOUT)) }
    }
}

/// What a flash says that fails.
#[derive(Debug)]
pub(crate) struct Failed(NorFlashErrorKind);

impl NorFlashError for Failed {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

impl ErrorType for Nor {
    type Error = Failed;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        check_read(&*self, offset, bytes.len()).map_err(Failed)?;
        let (context, data, length) = (self.0.context, bytes.as_mut_ptr(), bytes.len());
        // SAFETY: the host's callback by its contract; the bytes are ours, and initialised.
        done(self.0.read.map(|read| unsafe { read(context, offset, data, length) }))
    }

    fn capacity(&self) -> usize {
        usize::try_from(self.0.size).unwrap_or(usize::MAX)
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = FLASH_WORD;
    const ERASE_SIZE: usize = FLASH_PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        check_erase(&*self, from, to).map_err(Failed)?;
        let (context, length) = (self.0.context, to.saturating_sub(from));
        // SAFETY: the host's callback by its contract.
        done(self.0.erase.map(|erase| unsafe { erase(context, from, length) }))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        check_write(&*self, offset, bytes.len()).map_err(Failed)?;
        let (context, data, length) = (self.0.context, bytes.as_ptr(), bytes.len());
        // SAFETY: the host's callback by its contract; the bytes outlive the call.
        done(self.0.program.map(|program| unsafe { program(context, offset, data, length) }))
    }
}

fn done(answer: Option<i32>) -> Result<(), Failed> {
    if answer == Some(0) { Ok(()) } else { Err(Failed(NorFlashErrorKind::Other)) }
}
