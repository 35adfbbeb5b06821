//! A lock's start, its clock and its bolt.

use keyward::{
    Lock, Now, Seconds,
    lock::{Anchor, Restored},
    time::Uptime,
};

use crate::{
    capacity::LOCK_SIZE,
    flash,
    host::{Host, kw_host, outcome},
    identity::{Born, kw_identity},
    memory::{Span, apart_from, bytes, object, read_only},
    slot::{Call, Parts, Slot, is_free, kw_lock, put},
    status::{Fault, KW_END, KW_NULL, KW_RANGE, KW_SHORT, kw_status, told},
    store::{Medium, Own, kw_store},
};

/// Nobody has claimed the lock.
pub const KW_UNCLAIMED: u32 = 0;
/// The lock is as it was.
pub const KW_CLAIMED: u32 = 1;
/// The lock is as it was, but for a decision whose outcome nobody knows.
pub const KW_CLAIMED_INTERRUPTED: u32 = 2;

/// What a start has found.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_restored {
    /// Of `KW_CLAIMED_INTERRUPTED`: the number of the decision's entry.
    pub interrupted: u64,
    /// `KW_UNCLAIMED`, `KW_CLAIMED` or `KW_CLAIMED_INTERRUPTED`.
    pub found: u32,
}

/// Makes a lock in `storage`, which holds none: `KW_LOCK_SIZE` bytes, aligned by `KW_LOCK_ALIGN`,
/// initialised by anything. The storage is the lock's until `kw_lock_end`, and isn't moved. `host`
/// and what it points to is copied, but for the contexts. A flash's journal is opened; the lock
/// does nothing before it is restored.
///
/// Beside the boundary's: `KW_LAYOUT`, 193 `StateCorrupt` and 502 `StoreFailed` of a flash. No lock
/// is there then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_init(
    storage: *mut u8,
    size: usize,
    host: *const kw_host,
    identity: *const kw_identity,
    lock: *mut *mut kw_lock,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { init(storage, size, host, identity, lock) })
}

unsafe fn init(
    storage: *mut u8,
    size: usize,
    host: *const kw_host,
    identity: *const kw_identity,
    lock: *mut *mut kw_lock,
) -> Result<(), Fault> {
    let (slot, lock, host) = (object::<Slot>(storage.cast())?, object(lock)?, read_only(host)?);
    let _identity = read_only(identity)?;
    if size < LOCK_SIZE {
        return Err(Fault(KW_SHORT));
    }
    let written = [Span::of(storage, size), Span::of(lock.as_ptr(), 1)];
    apart_from(&written, &[Span::of(host.as_ptr(), 1), Span::of(identity, 1)])?;
    // SAFETY: not NULL, aligned, storage of that size; the rest is the caller's word.
    unsafe {
        is_free(slot)?;
        let born = Born::read(identity)?;
        let (host, store, flash) = {
            let host = host.read();
            (Host::new(&host)?, host.store, host.flash)
        };
        if born.device.is_none() && !host.signs() {
            return Err(Fault(KW_NULL));
        }
        let store = medium(store, flash)?;
        lock.write(put(slot, host, |host| parts(born, store, host)).as_ptr());
    }
    Ok(())
}

/// # Safety
/// Unless it is NULL or misaligned, each is the caller's.
unsafe fn medium(store: *const kw_store, flash: *const flash::kw_flash) -> Result<Medium, Fault> {
    match (store.is_null(), flash.is_null()) {
        (true, true) => Err(Fault(KW_NULL)),
        (false, false) => Err(Fault(KW_RANGE)),
        // SAFETY: not NULL, aligned; the rest is the caller's word.
        (false, true) => Ok(Medium::Own(Own::new(unsafe { read_only(store)?.as_ref() })?)),
        // SAFETY: the caller's word.
        (true, false) => Ok(Medium::Flash(unsafe { flash::open(flash) }?)),
    }
}

#[inline(never)]
fn parts(born: Born, store: Medium, host: &'static Host) -> Parts {
    let Born { identity, secret, for_anchors, device, opening } = born;
    let lock = Lock::new(identity, secret, store);
    let lock = if host.checks() { lock.with_app(host) } else { lock };
    let lock = match opening {
        Some(opening) => lock.with_opening_keys(opening),
        None => lock,
    };
    Parts::new(lock, for_anchors, device)
}

/// Reads the store, at each start and before anything else. `anchor` is what the host keeps apart
/// of it, by `kw_lock_anchor`, or NULL. The start is durable when it returns; an open door is then
/// due to be secured, see `kw_lock_relock_within`.
///
/// 502 `StoreFailed` may be tried again. An anchor that is damaged is as good as none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_restore(
    lock: *mut kw_lock,
    anchor: *const u8,
    anchor_length: usize,
    restored: *mut kw_restored,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { restore(lock, anchor, anchor_length, restored) })
}

unsafe fn restore(
    lock: *mut kw_lock,
    anchor: *const u8,
    anchor_length: usize,
    restored: *mut kw_restored,
) -> Result<(), Fault> {
    let restored = object(restored)?;
    let (written, read) = ([Span::of(restored.as_ptr(), 1)], [Span::of(anchor, anchor_length)]);
    // SAFETY: the caller's word.
    let (mut call, kept) =
        unsafe { (Call::enter(lock, &written, &read)?, bytes(anchor, anchor_length)?) };
    let (_host, parts) = call.open();
    // One that can't be read is none.
    let anchor = Anchor::decode(kept, &parts.secret);
    parts.close_all();
    (parts.reader, parts.acted) = (None, None);
    let found = match parts.lock.restore(anchor.as_ref())? {
        Restored::Unclaimed => kw_restored { interrupted: 0, found: KW_UNCLAIMED },
        Restored::Claimed { interrupted: None } => {
            kw_restored { interrupted: 0, found: KW_CLAIMED }
        }
        Restored::Claimed { interrupted: Some(number) } => {
            kw_restored { interrupted: number.0, found: KW_CLAIMED_INTERRUPTED }
        }
    };
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { restored.write(found) };
    Ok(())
}

/// Ends the lock, and zeroes its storage. What is durable stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_end(lock: *mut kw_lock) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { Call::enter(lock, &[], &[]) }.map(Call::end))
}

/// The host's tick counter started anew, or stood still in sleep: forgets what rests on it, and
/// ends all sessions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_clock_restarted(lock: *mut kw_lock) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { Call::enter(lock, &[], &[]) }.map(|mut call| {
        let (_host, parts) = call.open();
        parts.close_all();
        parts.lock.restart();
    }))
}

/// The host has secured the door, or tried: for the button, the timer, the door's sensor.
/// `reported` is `KW_DONE`, `KW_JAMMED` or `KW_UNKNOWN`. It needs no token, and a duty to relock
/// ends with `KW_DONE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_secured(lock: *mut kw_lock, reported: i32) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { Call::enter(lock, &[], &[]) }.map(|mut call| {
        let (_host, parts) = call.open();
        let _reported = parts.lock.secure(|| outcome(reported));
    }))
}

/// How long the door may still stay open, in seconds: 0 is now, as after each start and while the
/// host's clock fails. `KW_END` where there is no such duty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_relock_within(lock: *mut kw_lock, seconds: *mut u32) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { relock_within(lock, seconds) })
}

unsafe fn relock_within(lock: *mut kw_lock, seconds: *mut u32) -> Result<(), Fault> {
    let seconds = object(seconds)?;
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &[Span::of(seconds.as_ptr(), 1)], &[]) }?;
    let (host, parts) = call.open();
    let now = host.now();
    let Seconds(left) = match &now {
        Ok(now) => parts.lock.relock_within(*now),
        // For how long the door was open nobody knows.
        Err(_) => parts.lock.relock_within(Now::ticks(Uptime(0), 0)).map(|_left| Seconds(0)),
    }
    .ok_or(Fault(KW_END))?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { seconds.write(left) };
    Ok(())
}
