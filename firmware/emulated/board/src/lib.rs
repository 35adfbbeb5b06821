//! What QEMU's boards have for a lock: a start, a byte pipe, a flash, a stack that tells its depth.
//!
//! Pipe and flash are semihosting: the processor stands still while the host reads or writes, so
//! that a run takes the same instructions each time.
#![no_std]

#[cfg(target_arch = "arm")]
use {cortex_m as _, cortex_m_rt as _};
#[cfg(target_arch = "riscv32")]
use {riscv as _, riscv_rt as _};

pub mod flash;
pub mod mark;
pub mod pipe;
pub mod stack;

/// Starts an image with a function, and ends QEMU when it returns.
#[macro_export]
macro_rules! start {
    ($run:path) => {
        /// What the runtime calls once memory is ready.
        #[unsafe(no_mangle)]
        extern "C" fn main() -> ! {
            $run();
            $crate::exit(0)
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            $crate::exit($crate::PANICKED)
        }
    };
}

/// The exit status of an image that panicked.
pub const PANICKED: i32 = 101;

/// Ends QEMU with this status.
pub fn exit(status: i32) -> ! {
    semihosting::process::exit(status)
}
