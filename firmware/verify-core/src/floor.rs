//! The floor under the image's size: the same frame around one `verify_strict`.
#![no_std]
#![no_main]

use core::hint::{black_box, spin_loop};

use ed25519_dalek::{Signature, VerifyingKey};

/// The linker's default entry.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box(holds());
    loop {
        spin_loop();
    }
}

fn holds() -> bool {
    let (key, message) = (black_box(&[0; 32]), black_box([0; 64].as_slice()));
    let signature = Signature::from_bytes(black_box(&[0; 64]));
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
