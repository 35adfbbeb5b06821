//! A lock's logs, entry by entry.

use keyward::{limits::MAX_ENTRY, receipt::Draft};

use crate::{
    host::{Drawn, Host},
    memory::{Out, Span, object},
    session::KW_MAX_MESSAGE,
    sign::receipt,
    slot::{Call, kw_lock},
    status::{Fault, KW_CALLBACK, KW_END, KW_KEY, KW_RANGE, kw_status, told},
};

/// Bytes of an entry, sealed or not, at most.
pub const KW_MAX_ENTRY: usize = KW_MAX_MESSAGE;
const _: () = assert!(KW_MAX_ENTRY >= MAX_ENTRY);

/// Starts to read the logs. With `denials` 1 the denials that were counted are written down before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_log_begin(lock: *mut kw_lock, denials: u8) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { Call::enter(lock, &[], &[]) }.and_then(|mut call| {
        let (host, parts) = call.open();
        let now = host.now()?;
        if denials == 1 {
            parts.lock.write_denials(now)?;
        }
        parts.reader = Some(parts.lock.read_log(now)?);
        Ok(())
    }))
}

/// Writes the next entry with its signed receipt, each log from its oldest on: in the clear to the
/// session whose `read log` request was granted, for everybody else sealed to the owner's log key.
/// `session` is 0 for nobody in particular. `KW_END` behind the last, and where no reading was begun
/// in this life since the start; `KW_KEY` where the owner has no log key, or one that is none, and
/// the entry is passed over; 501 `Changed` where the log was written anew meanwhile, and is to be
/// begun once more. A call that fails otherwise loses no entry: the next one gives it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_log_next(
    lock: *mut kw_lock,
    session: u32,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { next(lock, session, Out::new(out, size, length, KW_MAX_ENTRY)) })
}

unsafe fn next(lock: *mut kw_lock, session: u32, out: Result<Out, Fault>) -> Result<(), Fault> {
    let mut out = out?;
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &out.spans(), &[]) }?;
    let (host, parts) = call.open();
    let mut reader = parts.reader.clone().ok_or(Fault(KW_END))?;
    let draft = parts.lock.next_entry(&mut reader)?.ok_or(Fault(KW_END))?;
    let receipt = receipt(host, parts.device.as_ref(), &draft)?;
    let written = match &parts.reads {
        Some((reads, may_read)) if *reads == session && parts.id(session).is_ok() => {
            let entry = draft.entry(receipt.as_bytes(), may_read).map_err(|_| Fault(KW_RANGE))?;
            // SAFETY: the caller's word; the entry is ours.
            unsafe { out.write(entry.as_bytes()) }
        }
        _ => {
            let sealed = sealed(host, &draft, receipt.as_bytes());
            // SAFETY: the caller's word; the entry is ours.
            sealed.and_then(|sealed| unsafe { out.write(sealed.as_bytes()) })
        }
    };
    // What a callback failed to sign or to seal is the next entry still.
    if !matches!(written, Err(Fault(KW_CALLBACK))) {
        parts.reader = Some(reader);
    }
    written
}

#[inline(never)]
fn sealed(
    host: &Host,
    draft: &Draft,
    receipt: &[u8],
) -> Result<keyward::Encoded<KW_MAX_MESSAGE>, Fault> {
    let mut drawn = Drawn::from(host)?;
    let sealed = draft.seal(receipt, &mut drawn).map_err(|_| Fault(KW_KEY))?;
    if drawn.sufficed() { Ok(sealed) } else { Err(Fault(KW_CALLBACK)) }
}

/// Tells the number of entries that are held of both logs, and leaves the reading behind the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_log_count(lock: *mut kw_lock, count: *mut u32) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { held(lock, count) })
}

unsafe fn held(lock: *mut kw_lock, count: *mut u32) -> Result<(), Fault> {
    let count = object(count)?;
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &[Span::of(count.as_ptr(), 1)], &[]) }?;
    let (host, parts) = call.open();
    let mut reader = parts.lock.read_log(host.now()?)?;
    let mut held = 0_u32;
    while parts.lock.next_entry(&mut reader)?.is_some() {
        held = held.saturating_add(1);
    }
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { count.write(held) };
    Ok(())
}
