//! How deep the stack gets: it is painted, and scanned for what was painted over.

use core::arch::asm;

/// What unused stack holds.
const PAINT: u32 = 0xc0de_57ac;

/// Left alone below the present end of the stack, for the painter itself.
const MARGIN: usize = 128;

unsafe extern "C" {
    /// The start of all statics, in the linker scripts of both runtimes.
    static mut __sdata: u32;
    /// Their end.
    static mut __sheap: u32;
}

/// A stretch of the stack that was painted.
pub struct Painted {
    from: usize,
}

/// Paints all that is free below the caller's frame.
#[inline(never)]
pub fn paint() -> Painted {
    let from = pointer();
    let mut at = bottom();
    while (at as usize) < from.saturating_sub(MARGIN) {
        // SAFETY: nothing lies between the statics and the end of the stack.
        unsafe {
            at.write_volatile(PAINT);
            at = at.add(1);
        }
    }
    Painted { from }
}

impl Painted {
    /// Bytes that were in use at most, below the frame that painted.
    #[inline(never)]
    pub fn peak(&self) -> usize {
        self.from.saturating_sub(self.lowest())
    }

    fn lowest(&self) -> usize {
        let mut at = bottom();
        // SAFETY: as above; only reads.
        while (at as usize) < self.from && unsafe { at.read_volatile() } == PAINT {
            // SAFETY: as above.
            at = unsafe { at.add(1) };
        }
        at as usize
    }
}

/// Bytes of all statics.
pub fn statics() -> usize {
    (bottom() as usize).saturating_sub(&raw mut __sdata as usize)
}

fn bottom() -> *mut u32 {
    &raw mut __sheap
}

#[inline(always)]
fn pointer() -> usize {
    let pointer: usize;
    // SAFETY: it reads a register.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack));
        #[cfg(target_arch = "riscv32")]
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack));
    }
    pointer
}
