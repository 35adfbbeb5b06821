//! Places that the instruction counter knows by name.

use core::arch::asm;

/// A measured stretch begins.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn mark_begin() {
    // SAFETY: it does nothing; it keeps the function from being merged with another.
    unsafe { asm!("nop", options(nomem, nostack)) }
}

/// A measured stretch ends.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn mark_end() {
    // SAFETY: as above.
    unsafe { asm!("nop", "nop", options(nomem, nostack)) }
}

/// The flash is about to change.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn mark_flash() {
    // SAFETY: as above.
    unsafe { asm!("nop", "nop", "nop", options(nomem, nostack)) }
}
