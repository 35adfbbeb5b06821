//! What becomes of a panic where C is the whole program.

unsafe extern "C" {
    /// The host's: resets the board, and never returns. A lock keeps its promises over a reset at
    /// any instruction.
    fn kw_panic() -> !;
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it takes nothing and doesn't return; nothing of a lock is touched after it.
    unsafe { kw_panic() }
}
