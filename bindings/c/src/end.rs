//! The end of a life: release and reset (SPEC.md section 18.2).

use crate::{
    identity::{Born, kw_identity},
    memory::{Out, Span, object},
    session::receipt,
    sign::KW_MAX_RECEIPT,
    slot::{Call, Parts, kw_lock},
    status::{Fault, KW_END, KW_NULL, kw_status, told},
    told::kw_handled,
};

/// Ends this life after `KW_RELEASED`, and begins the next by an identity that the host has drawn
/// and keeps already. `out` gets the last receipt, which the old device key signs: a host that
/// signs itself keeps both until this returns. The anchor was erased before.
///
/// With `KW_SIGNATURE` it is done all the same: `handled` is written, the next life has begun, and
/// the last receipt alone is missing, for good. A host that kept the old identity could be claimed
/// by what claimed it before. 502 `StoreFailed`: the lock denies all until `kw_lock_reset`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_release(
    lock: *mut kw_lock,
    next: *const kw_identity,
    handled: *mut kw_handled,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { release(lock, next, handled, Out::new(out, size, length, KW_MAX_RECEIPT)) })
}

unsafe fn release(
    lock: *mut kw_lock,
    next: *const kw_identity,
    handled: *mut kw_handled,
    out: Result<Out, Fault>,
) -> Result<(), Fault> {
    let (mut out, handled) = (out?, object(handled)?);
    let [bytes, length] = out.spans();
    let written = [bytes, length, Span::of(handled.as_ptr(), 1)];
    // SAFETY: the caller's word.
    let (mut call, born) = unsafe {
        let call = Call::enter(lock, &written, &[Span::of(next, 1)])?;
        (call, Born::read(next)?)
    };
    let (host, parts) = call.open();
    // SAFETY: the caller's word.
    unsafe { out.clear() };
    if born.device.is_none() && !host.signs() {
        return Err(Fault(KW_NULL));
    }
    let acted = parts.acted.take().ok_or(Fault(KW_END))?;
    let Born { identity, secret, for_anchors, device, opening } = born;
    let recorded = parts.lock.release(acted, identity, secret)?;
    let receipt = receipt(host, parts, &recorded);
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { handled.write(kw_handled::recorded(&recorded)) };
    parts.begun(for_anchors, device, opening);
    // SAFETY: the caller's word; the receipt is ours.
    unsafe { out.write(receipt?.as_bytes()) }
}

/// Ends this life by hand, by the button within the housing, and begins the next by an identity
/// that the host has drawn and keeps already. It works whatever the store holds. A host that finds
/// the lock unclaimed after a cut draws once more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_reset(lock: *mut kw_lock, next: *const kw_identity) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { reset(lock, next) })
}

unsafe fn reset(lock: *mut kw_lock, next: *const kw_identity) -> Result<(), Fault> {
    // SAFETY: the caller's word.
    let (mut call, born) =
        unsafe { (Call::enter(lock, &[], &[Span::of(next, 1)])?, Born::read(next)?) };
    let (host, parts) = call.open();
    if born.device.is_none() && !host.signs() {
        return Err(Fault(KW_NULL));
    }
    let Born { identity, secret, for_anchors, device, opening } = born;
    parts.lock.reset(identity, secret)?;
    parts.begun(for_anchors, device, opening);
    Ok(())
}

impl Parts {
    /// A new life has begun.
    fn begun(
        &mut self,
        secret: keyward::secret::DeviceSecret,
        device: Option<keyward::SigningKey<keyward::role::Device>>,
        opening: Option<keyward::OpeningKeys>,
    ) {
        self.close_all();
        (self.reader, self.acted) = (None, None);
        (self.secret, self.device) = (secret, device);
        if let Some(opening) = opening {
            self.lock.set_opening_keys(opening);
        }
    }
}
