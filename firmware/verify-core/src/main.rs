//! The image whose size is measured: a lock's whole way and nothing else.
//!
//! It is linked and never run, so it has neither a stack nor a vector table.
#![no_std]
#![no_main]

use core::hint::{black_box, spin_loop};

use keyward::{ledger::Outcome, lock::Order};

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
    black_box(Outcome::Done)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
