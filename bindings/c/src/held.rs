//! What a lock holds, and what its host keeps beside it.

use keyward::{limits::MAX_ANCHOR, receipt::Log};

use crate::{
    memory::{Out, Span, object},
    slot::{Call, kw_lock},
    status::{Fault, KW_RANGE, kw_status, told},
};

/// Bytes of an anchor, at most.
pub const KW_MAX_ANCHOR: usize = 101;
const _: () = assert!(KW_MAX_ANCHOR == MAX_ANCHOR);

/// What a lock trusts, by number.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_held {
    /// The domain.
    pub domain: [u8; 32],
    /// The lock's name.
    pub lock: [u8; 8],
    /// The epoch.
    pub epoch: u64,
    /// The keyset's version.
    pub keyset: u64,
    /// The list's place: keyset and number.
    pub list: [u64; 2],
    /// The card's place: keyset and version.
    pub card: [u64; 2],
    /// The earliest that the present can be, by host and lock together.
    pub lo: u64,
}

/// The log of openings and changes.
pub const KW_LOG_EVENTS: u32 = 0;
/// The log of denials.
pub const KW_LOG_DENIALS: u32 = 1;

/// The end of a log.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_head {
    /// How many entries there were.
    pub next: u64,
    /// The hash of the last.
    pub hash: [u8; 32],
}

/// Tells what the lock trusts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_held(lock: *mut kw_lock, held: *mut kw_held) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe {
        tell(lock, held, |host, parts| {
            let (trust, now) = (parts.lock.trust()?, parts.lock.present(host.now()?)?);
            let scope = trust.scope();
            Ok(kw_held {
                domain: scope.domain.0,
                lock: trust.lock().0,
                epoch: scope.epoch.0,
                keyset: trust.keyset().0,
                list: [trust.list().keyset.0, trust.list().number.0],
                card: [trust.card().keyset.0, trust.card().version.0],
                lo: now.lo().0,
            })
        })
    })
}

/// Tells the end of `KW_LOG_EVENTS` or `KW_LOG_DENIALS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_head(
    lock: *mut kw_lock,
    log: u32,
    head: *mut kw_head,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe {
        tell(lock, head, |_host, parts| {
            let log = match log {
                KW_LOG_EVENTS => Log::Events,
                KW_LOG_DENIALS => Log::Denials,
                _ => return Err(Fault(KW_RANGE)),
            };
            let head = parts.lock.head(log);
            Ok(kw_head { next: head.next.0, hash: head.hash })
        })
    })
}

/// # Safety
/// As `Call::enter`; unless it is NULL or misaligned, `out` is the caller's.
unsafe fn tell<T>(
    lock: *mut kw_lock,
    out: *mut T,
    what: impl FnOnce(&crate::host::Host, &crate::slot::Parts) -> Result<T, Fault>,
) -> Result<(), Fault> {
    let out = object(out)?;
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &[Span::of(out.as_ptr(), 1)], &[]) }?;
    let (host, parts) = call.open();
    let told = what(host, parts)?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { out.write(told) };
    Ok(())
}

/// Writes what the host keeps apart from the store, for the next `kw_lock_restore`: to be kept anew
/// when a claim, an epoch or a card was taken in, after it, and erased before a release.
/// `size` is at least `KW_MAX_ANCHOR`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_anchor(
    lock: *mut kw_lock,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { anchor(lock, out, size, length) })
}

unsafe fn anchor(
    lock: *mut kw_lock,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> Result<(), Fault> {
    let mut out = Out::new(out, size, length, KW_MAX_ANCHOR)?;
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &out.spans(), &[]) }?;
    let (_host, parts) = call.open();
    let anchor = parts.lock.anchor()?.encode(&parts.secret).map_err(|_| Fault(KW_RANGE))?;
    // SAFETY: the caller's word; the anchor is ours.
    unsafe { out.write(anchor.as_bytes()) }
}
