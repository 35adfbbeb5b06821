//! What a lock has room for. Capacities are fixed when the library is built, by environment
//! variables; the C side is compiled with macros of the same names and values.

use keyward::tables::Tables;

use crate::{flash::Flash, slot::Slot, store::Medium};
use keyward::store::Store;

/// Links whose uses are counted: `KW_COUNTS`, 64 by default.
pub(crate) const COUNTS: usize = number(option_env!("KW_COUNTS"), 64);
/// Holders of unchallenged requests: `KW_LANES`, 16 by default.
pub(crate) const LANES: usize = number(option_env!("KW_LANES"), 16);
/// Bytes that a log has room for: `KW_STORE_BYTES`, 15 KiB by default.
pub(crate) const STORE_BYTES: usize = number(option_env!("KW_STORE_BYTES"), 15 * 1024);
/// What a record takes beside its own bytes, at most: `KW_STORE_OVERHEAD`.
pub(crate) const STORE_OVERHEAD: usize = number(option_env!("KW_STORE_OVERHEAD"), 32);
/// Bytes of each of the flash's two halves: `KW_FLASH_HALF`, 16 KiB by default.
pub(crate) const FLASH_HALF: usize = number(option_env!("KW_FLASH_HALF"), 16 * 1024);
/// The flash's page: `KW_FLASH_PAGE`, 4 KiB by default.
pub(crate) const FLASH_PAGE: usize = number(option_env!("KW_FLASH_PAGE"), 4096);
/// The least that the flash programs at once: `KW_FLASH_WORD`, 4 bytes by default.
pub(crate) const FLASH_WORD: usize = number(option_env!("KW_FLASH_WORD"), 4);

/// What the lock remembers of links and holders.
pub(crate) type Memory = Tables<COUNTS, LANES>;

/// Bytes of a lock without its tables, at most; those that round a lock up to its alignment are in it.
pub const KW_LOCK_FIXED: usize = 8064;
/// Bytes of one counted link.
pub const KW_COUNT_SIZE: usize = 46;
/// Bytes of one holder.
pub const KW_LANE_SIZE: usize = 53;
/// How a lock's storage is aligned.
pub const KW_LOCK_ALIGN: usize = 8;

/// The bytes that the header reserves for a lock.
pub(crate) const LOCK_SIZE: usize = KW_LOCK_FIXED + COUNTS * KW_COUNT_SIZE + LANES * KW_LANE_SIZE;

const _: () = assert!(size_of::<Slot>() <= LOCK_SIZE, "a lock needs more than KW_LOCK_SIZE");
const _: () = assert!(align_of::<Slot>() <= KW_LOCK_ALIGN, "a lock needs more than KW_LOCK_ALIGN");
const _: () = assert!(Flash::CAPACITY >= Medium::CAPACITY, "the halves are under KW_STORE_BYTES");
const _: () = assert!(Flash::OVERHEAD <= Medium::OVERHEAD, "over KW_STORE_OVERHEAD");

/// Bytes of a lock's storage in this library: `KW_LOCK_SIZE`, where both sides were built with the
/// same capacities.
#[unsafe(no_mangle)]
pub extern "C" fn kw_lock_size() -> usize {
    LOCK_SIZE
}

/// A number that was given at build time.
const fn number(text: Option<&str>, default: usize) -> usize {
    let Some(text) = text else { return default };
    let (bytes, mut at, mut number) = (text.as_bytes(), 0, 0);
    assert!(!bytes.is_empty(), "a capacity is empty");
    while at < bytes.len() {
        assert!(bytes[at].is_ascii_digit(), "a capacity is a number");
        number = number * 10 + (bytes[at] - b'0') as usize;
        at += 1;
    }
    number
}
