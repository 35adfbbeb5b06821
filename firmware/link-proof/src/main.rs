//! An image that links only when no panic is reachable from a lock's whole way.
//!
//! The panic handler calls a function that nobody defines. Whole-program optimization drops the
//! handler when nothing can panic; where something can, the linker misses the function.
#![no_std]
#![no_main]

use core::hint::{black_box, spin_loop};

use keyward::{ledger::Outcome, lock::Order};

#[path = "../../verify-core/src/lock_path.rs"]
mod lock_path;

/// The linker's default entry.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    lock_path::run(actuator);
    loop {
        spin_loop();
    }
}

fn actuator(order: &Order<'_>) -> Outcome {
    black_box(order);
    // Shows that the proof can fail, and that the way is followed to its end.
    #[cfg(feature = "planted")]
    black_box(order.parameter()[black_box(0)]);
    black_box(Outcome::Done)
}

unsafe extern "C" {
    fn keyward_panic_reachable() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it is never called, for an image that refers to it doesn't link.
    unsafe { keyward_panic_reachable() }
}
