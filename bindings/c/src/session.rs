//! Link sessions, and whatever a phone brings over them.

use keyward::{
    Answer, Channel,
    limits::{MAX_CHALLENGE, MAX_SEALED},
    lock::{Handled, Order, Recorded, Rejected},
};

use crate::{
    host::{Clock, Host},
    memory::{Out, Span, bytes_mut, object},
    sign::{KW_MAX_RECEIPT, sign},
    slot::{Call, Parts, kw_lock},
    status::{Fault, KW_BUSY, KW_END, KW_RANGE, kw_status, told},
    told::kw_handled,
};

/// Over a network, or by a message that may have come from anywhere.
pub const KW_CHANNEL_REMOTE: u32 = 0;
/// Over a radio of some metres' reach.
pub const KW_CHANNEL_RADIO: u32 = 1;
/// By touch: NFC, a reader, a cable.
pub const KW_CHANNEL_CONTACT: u32 = 2;
/// Over a radio that measured the distance.
pub const KW_CHANNEL_RANGED: u32 = 3;

/// Bytes of a challenge, at most.
pub const KW_MAX_CHALLENGE: usize = 86;
const _: () = assert!(KW_MAX_CHALLENGE == MAX_CHALLENGE);
/// Bytes of a message that can mean anything, at most: a host need not receive a longer one.
pub const KW_MAX_MESSAGE: usize = 1587;
const _: () = assert!(KW_MAX_MESSAGE == MAX_SEALED);

/// Opens a link session over a channel, as the host observes it, and writes its challenge: at most
/// `KW_MAX_CHALLENGE` bytes. Sessions have numbers, never 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_challenge(
    lock: *mut kw_lock,
    channel: u32,
    session: *mut u32,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe {
        challenge(lock, channel, session, Out::new(out, size, length, KW_MAX_CHALLENGE))
    })
}

unsafe fn challenge(
    lock: *mut kw_lock,
    channel: u32,
    session: *mut u32,
    out: Result<Out, Fault>,
) -> Result<(), Fault> {
    let (mut out, session) = (out?, object(session)?);
    let [bytes, length] = out.spans();
    let written = [bytes, length, Span::of(session.as_ptr(), 1)];
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &written, &[]) }?;
    let (host, parts) = call.open();
    let mut random = [0; 16];
    host.fill(&mut random)?;
    let Parts { sessions, lock, .. } = parts;
    let opened = sessions.open(lock, random, channel_of(channel)?, host.now()?);
    let (id, challenge) = match opened {
        Ok(opened) => opened,
        Err(Answer::Busy) => return Err(Fault(KW_BUSY)),
        Err(_) => return Err(lock.trust().err().map_or(Fault(KW_BUSY), Fault::from)),
    };
    let number = parts.seat(id)?;
    let challenge = challenge.encode().map_err(|_| Fault(KW_RANGE))?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe {
        session.write(number);
        out.write(challenge.as_bytes())
    }
}

/// Closes a session: its link is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_close(lock: *mut kw_lock, session: u32) -> kw_status {
    // SAFETY: the caller's word.
    let call = unsafe { Call::enter(lock, &[], &[]) };
    told(call.and_then(|mut call| call.open().1.close(session)))
}

/// Takes one message of a session: a presentation, sealed or not, an epoch, a keyset, a card, a
/// status. It verifies, commits, has the host act, records and signs: `out` gets the receipt that
/// the phone waits for, at most `KW_MAX_RECEIPT` bytes, or none. `message` is opened in place.
///
/// The status is a denial's or refusal's number where nothing was done. `handled` is written
/// whatever the status is, unless the status is the boundary's own; of `KW_CALLBACK` too, where
/// `now` fails and nothing was done, and of `KW_SIGNATURE`, for then the door has moved, and the
/// entry waits in the log.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_handle(
    lock: *mut kw_lock,
    session: u32,
    message: *mut u8,
    message_length: usize,
    handled: *mut kw_handled,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    let out = Out::new(out, size, length, KW_MAX_RECEIPT);
    // SAFETY: the caller's word.
    told(unsafe { handle(lock, Some(session), (message, message_length), handled, out) })
}

/// Takes a presentation that came without a challenge, sealed or not: a QR code, a gateway's queue.
/// All else is as with `kw_lock_handle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_handle_unchallenged(
    lock: *mut kw_lock,
    message: *mut u8,
    message_length: usize,
    handled: *mut kw_handled,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    let out = Out::new(out, size, length, KW_MAX_RECEIPT);
    // SAFETY: the caller's word.
    told(unsafe { handle(lock, None, (message, message_length), handled, out) })
}

unsafe fn handle(
    lock: *mut kw_lock,
    session: Option<u32>,
    (message, message_length): (*mut u8, usize),
    handled: *mut kw_handled,
    out: Result<Out, Fault>,
) -> Result<(), Fault> {
    let (mut out, handled) = (out?, object(handled)?);
    let [bytes, length] = out.spans();
    let told = Span::of(handled.as_ptr(), 1);
    let written = [bytes, length, told, Span::of(message, message_length)];
    // SAFETY: the caller's word.
    let (mut call, message) =
        unsafe { (Call::enter(lock, &written, &[])?, bytes_mut(message, message_length)?) };
    let (host, parts) = call.open();
    // SAFETY: the caller's word.
    unsafe { out.clear() };
    let done = match Clock::begin(host) {
        Ok(clock) => taken(host, clock, parts, session, message)?
            .map_err(|rejected| (rejected.answer(), Fault::from(rejected))),
        Err(fault) => Err((Answer::Denied, fault)),
    };
    let (told, recorded) = match done {
        Ok(done) => (kw_handled::of(&done), parts.after(session, done)),
        Err((answer, fault)) => {
            // SAFETY: not NULL, aligned; the rest is the caller's word.
            unsafe { handled.write(kw_handled::answered(answer)) };
            return Err(fault);
        }
    };
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { handled.write(told) };
    let Some(recorded) = recorded else { return Ok(()) };
    let receipt = receipt(host, parts, &recorded)?;
    // SAFETY: the caller's word; the receipt is ours.
    unsafe { out.write(receipt.as_bytes()) }
}

#[inline(never)]
fn taken(
    host: &Host,
    mut clock: Clock<'_>,
    parts: &mut Parts,
    session: Option<u32>,
    message: &mut [u8],
) -> Result<Result<Handled, Rejected>, Fault> {
    let (clock, actuator) = (|| clock.now(), |order: &Order<'_>| host.act(order));
    Ok(match session {
        Some(session) => {
            let (session, lock) = parts.session(session)?;
            lock.handle(session, message, clock, actuator)
        }
        None => Ok(parts.lock.handle_unchallenged(message, clock, actuator))
            .and_then(|done| done.map_err(Rejected::Denial)),
    })
}

impl Parts {
    /// Keeps what a message leaves to be done, and gives what was recorded.
    fn after(&mut self, session: Option<u32>, handled: Handled) -> Option<Recorded> {
        match handled {
            Handled::Recorded(recorded) => {
                if let (Some(session), Some(may_read)) = (session, recorded.may_read()) {
                    self.reads = Some((session, may_read));
                }
                Some(recorded)
            }
            Handled::Unrecorded(acted) | Handled::Released(acted) => {
                self.acted = Some(acted);
                None
            }
            _ => None,
        }
    }
}

/// Tries once more to record what was acted on, after `KW_UNRECORDED`. `KW_END` where there is
/// nothing to record; 502 `StoreFailed` once more, 501 `Changed` where a start has closed it.
/// With `KW_SIGNATURE` it is recorded: `handled` is written, and the entry waits in the log.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_record(
    lock: *mut kw_lock,
    handled: *mut kw_handled,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { record(lock, handled, Out::new(out, size, length, KW_MAX_RECEIPT)) })
}

unsafe fn record(
    lock: *mut kw_lock,
    handled: *mut kw_handled,
    out: Result<Out, Fault>,
) -> Result<(), Fault> {
    let (mut out, handled) = (out?, object(handled)?);
    let [bytes, length] = out.spans();
    // SAFETY: the caller's word.
    let call = unsafe { Call::enter(lock, &[bytes, length, Span::of(handled.as_ptr(), 1)], &[]) };
    let mut call = call?;
    let (host, parts) = call.open();
    // SAFETY: the caller's word.
    unsafe { out.clear() };
    let acted = parts.acted.take().ok_or(Fault(KW_END))?;
    let recorded = parts.lock.record(acted)?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { handled.write(kw_handled::recorded(&recorded)) };
    let receipt = receipt(host, parts, &recorded)?;
    // SAFETY: the caller's word; the receipt is ours.
    unsafe { out.write(receipt.as_bytes()) }
}

/// The receipt of what was recorded.
pub(crate) fn receipt(
    host: &Host,
    parts: &Parts,
    recorded: &Recorded,
) -> Result<keyward::Encoded<KW_MAX_RECEIPT>, Fault> {
    let draft = recorded.receipt().map_err(|_| Fault(KW_RANGE))?;
    sign(host, parts.device.as_ref(), draft)
}

pub(crate) fn channel_of(channel: u32) -> Result<Channel, Fault> {
    Ok(match channel {
        KW_CHANNEL_REMOTE => Channel::Remote,
        KW_CHANNEL_RADIO => Channel::Radio,
        KW_CHANNEL_CONTACT => Channel::Contact,
        KW_CHANNEL_RANGED => Channel::Ranged,
        _ => return Err(Fault(KW_RANGE)),
    })
}

/// Opens the session `UINT32_MAX` over a nonce of the caller's choice: for test vectors alone.
#[cfg(feature = "vectors")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_vector_session(lock: *mut kw_lock, nonce: *const u8) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { Call::enter(lock, &[], &[]) }.and_then(|mut call| {
        let (host, parts) = call.open();
        // SAFETY: 16 bytes by the caller's word.
        let nonce = unsafe { crate::memory::array(nonce) }.ok_or(Fault(crate::status::KW_NULL))?;
        let nonce = keyward::id::Nonce(nonce);
        let session =
            keyward::seam::challenge_over(&parts.lock, nonce, Channel::Radio, host.now()?)?;
        parts.pinned = Some(session);
        Ok(())
    }))
}
