//! What every function answers: one space of numbers for the boundary's own and the lock's.

use core::ffi::c_char;

use keyward::{Denial, Refusal, lock::Rejected};

/// 0 for done, below 100 what the boundary says, from 100 on a denial by its number (SPEC.md
/// section 15), from 600 on a refusal by its (section 19).
pub type kw_status = i32;

/// A status that isn't `KW_OK`, on its way out.
pub(crate) struct Fault(pub(crate) kw_status);

/// Done.
pub const KW_OK: kw_status = 0;
/// A pointer is NULL that must not be.
pub const KW_NULL: kw_status = 1;
/// A pointer is not aligned for what it points to.
pub const KW_MISALIGNED: kw_status = 2;
/// A buffer, or a lock's storage, is shorter than the most that can come.
pub const KW_SHORT: kw_status = 3;
/// Two buffers of a call share bytes, or one shares them with the lock.
pub const KW_OVERLAPPING: kw_status = 4;
/// The storage holds no lock: it was never initialised, was ended, or overwritten.
pub const KW_UNINITIALISED: kw_status = 5;
/// The lock is in a call: a callback has called back.
pub const KW_REENTERED: kw_status = 6;
/// The storage holds a lock already.
pub const KW_INITIALISED: kw_status = 7;
/// A number or a length that its place doesn't admit.
pub const KW_RANGE: kw_status = 8;
/// A key that is none, or two that don't belong together.
pub const KW_KEY: kw_status = 9;
/// A callback failed without which it can't go on.
pub const KW_CALLBACK: kw_status = 10;
/// The signature that the host made doesn't hold, or it made none.
pub const KW_SIGNATURE: kw_status = 11;
/// No such session is open.
pub const KW_SESSION: kw_status = 12;
/// All sessions are taken.
pub const KW_BUSY: kw_status = 13;
/// There is nothing (more) of what was asked for.
pub const KW_END: kw_status = 14;
/// The flash is not laid out as the library was built for.
pub const KW_LAYOUT: kw_status = 15;

/// The boundary's own by their numbers.
const OWN: [&str; 16] = [
    "Ok",
    "Null",
    "Misaligned",
    "Short",
    "Overlapping",
    "Uninitialised",
    "Reentered",
    "Initialised",
    "Range",
    "Key",
    "Callback",
    "Signature",
    "Session",
    "Busy",
    "End",
    "Layout",
];

/// The status's name, in memory that stays; "Unknown" for a number that is none. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kw_status_name(status: kw_status) -> *const c_char {
    let own = (0..).zip(OWN);
    let lock = Denial::ALL.iter().chain(Refusal::ALL).map(|(code, name)| (i32::from(*code), *name));
    let mut at = 0;
    for (code, name) in own.chain(lock) {
        if code == status {
            break;
        }
        at += name.len() + 1;
    }
    TEXT.get(at..).map_or(c"Unknown".as_ptr(), |text| text.as_ptr().cast())
}

/// All names behind each other, "Unknown" last.
static TEXT: [u8; LENGTH] = {
    let (mut text, mut at) = ([0; LENGTH], 0);
    let mut list = 0;
    while list < OWN.len() + Denial::ALL.len() + Refusal::ALL.len() {
        at = put(&mut text, at, name(list));
        list += 1;
    }
    put(&mut text, at, "Unknown");
    text
};

const LENGTH: usize = {
    let (mut length, mut list) = ("Unknown".len() + 1, 0);
    while list < OWN.len() + Denial::ALL.len() + Refusal::ALL.len() {
        length += name(list).len() + 1;
        list += 1;
    }
    length
};

const fn name(number: usize) -> &'static str {
    if number < OWN.len() {
        return OWN[number];
    }
    let number = number - OWN.len();
    match number < Denial::ALL.len() {
        true => Denial::ALL[number].1,
        false => Refusal::ALL[number - Denial::ALL.len()].1,
    }
}

const fn put(text: &mut [u8; LENGTH], at: usize, name: &str) -> usize {
    let mut length = 0;
    while length < name.len() {
        text[at + length] = name.as_bytes()[length];
        length += 1;
    }
    at + length + 1
}

/// The status of what was done.
pub(crate) fn told(done: Result<(), Fault>) -> kw_status {
    done.map_or_else(|Fault(status)| status, |()| KW_OK)
}

impl From<Denial> for Fault {
    fn from(denial: Denial) -> Self {
        Self(denial.code().into())
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.code().into())
    }
}

impl From<Rejected> for Fault {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Denial(denial) => denial.into(),
            Rejected::Refusal(refusal) => refusal.into(),
        }
    }
}
