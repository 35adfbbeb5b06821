//! keyward's locks for hosts in C.
//!
//! `include/keyward.h` is made of this crate by cbindgen; `README.md` beside it shows a lock. What
//! crosses the boundary is checked here, once, before anything is done with it:
//!
//! * A pointer is not NULL, is aligned, and its bytes lie apart from all others of the call and
//!   from
//!   the lock's own. Whether memory is there at all only the caller knows.
//! * A buffer has room for the most that can come, so that nothing is done that can't be told.
//! * A lock was initialised and not ended, and no call to it is under way.
//!
//! Each of these has a status. keyward itself has no `unsafe`; what this crate has is in
//! [`memory`], [`slot`] and around the callbacks.
#![no_std]
#![warn(clippy::pedantic)]
// Names are C's, and the functions' contract is the header's. Fields are in C's order.
#![allow(
    non_camel_case_types,
    clippy::inconsistent_struct_constructor,
    clippy::match_bool,
    clippy::missing_safety_doc,
    clippy::module_name_repetitions,
    clippy::must_use_candidate
)]

#[cfg(feature = "std")]
extern crate std;

pub mod capacity;
pub mod claim;
pub mod end;
pub mod flash;
pub mod held;
pub mod host;
pub mod identity;
pub mod journal;
pub mod lock;
mod memory;
pub mod session;
pub mod sign;
mod slot;
pub mod status;
pub mod store;
pub mod told;
pub mod verify;

#[cfg(feature = "panic-handler")]
mod panic;
