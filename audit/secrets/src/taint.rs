//! Marks bytes as secret or public, for valgrind's memcheck: what it calls undefined is secret.
//!
//! A request to valgrind is a row of instructions that does nothing on a bare CPU (`valgrind.h`,
//! "amd64-linux"); so the only unsafe code of this program is here.

use std::{arch::asm, hint::black_box};

/// Marks bytes as secret, where they lie.
pub fn secret(bytes: &[u8]) {
    request(MAKE_MEM_UNDEFINED, bytes.as_ptr().expose_provenance(), bytes.len(), 0);
}

/// Marks bytes as public, where they lie. Each caller says why they are.
pub fn public(bytes: &[u8]) {
    request(MAKE_MEM_DEFINED, bytes.as_ptr().expose_provenance(), bytes.len(), 0);
}

/// A public copy of secret bytes.
pub fn published<const N: usize>(bytes: &[u8; N]) -> [u8; N] {
    let copy = black_box(*bytes);
    public(&copy);
    *black_box(&copy)
}

/// Whether each of these bytes depends on a secret, by at least one bit: that the marks came as far
/// as here.
pub fn is_secret(bytes: &[u8]) -> bool {
    let mut bits = vec![0_u8; bytes.len()];
    let (from, to) = (bytes.as_ptr().expose_provenance(), bits.as_mut_ptr().expose_provenance());
    request(GET_VBITS, from, to, bytes.len()) == 1 && black_box(&bits).iter().all(|bits| *bits != 0)
}

/// Whether valgrind runs this at all.
pub fn is_watched() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0, 0) > 0
}

fn request(code: usize, first: usize, second: usize, third: usize) -> usize {
    let arguments = [code, first, second, third, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: on a bare CPU rdi turns around twice and rbx is exchanged with itself; valgrind
    // changes rdx alone, and the marks that it keeps beside the memory. The bits that `GET_VBITS`
    // writes go to a buffer of its caller's, whose address was exposed.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
        );
    }
    answer
}

const RUNNING_ON_VALGRIND: usize = 0x1001;

/// Those of memcheck, after its tag "MC" in the upper half.
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;
const GET_VBITS: usize = 0x4d43_0008;
