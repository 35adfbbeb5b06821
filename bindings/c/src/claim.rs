//! A lock's owner, and statements that come without a session.

use keyward::{
    Card, Epoch, Keyset, PublicKey, SigningKey, Status, Taken,
    limits::{MAX_CLAIMED, MAX_EPOCHS, MAX_UNCLAIMED},
    lock::Bundle,
    wire::Kind,
};

use crate::{
    memory::{Out, Span, array, bytes, object, read_only},
    sign::sign,
    slot::{Call, Parts, kw_lock},
    status::{Fault, KW_KEY, KW_NULL, KW_RANGE, kw_status, told},
    told::taken_number,
};

/// Bytes of what an unclaimed lock shows.
pub const KW_MAX_UNCLAIMED: usize = 50;
const _: () = assert!(KW_MAX_UNCLAIMED == MAX_UNCLAIMED);
/// Bytes of the answer to a claim.
pub const KW_MAX_CLAIMED: usize = 114;
const _: () = assert!(KW_MAX_CLAIMED == MAX_CLAIMED);
/// Epochs that are walked at once, at most.
pub const KW_MAX_EPOCHS: usize = 16;
const _: () = assert!(KW_MAX_EPOCHS == MAX_EPOCHS);

/// Bytes that are read.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_bytes {
    /// They.
    pub data: *const u8,
    /// Their number.
    pub length: usize,
}

impl kw_bytes {
    fn span(&self) -> Span {
        Span::of(self.data, self.length)
    }

    /// # Safety
    /// As `bytes`.
    pub(crate) unsafe fn get<'a>(&self) -> Result<&'a [u8], Fault> {
        // SAFETY: the caller's word.
        unsafe { bytes(self.data, self.length) }
    }
}

/// All that a claim needs, taken in by one write.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_bundle {
    /// The claim key's word.
    pub claim: kw_bytes,
    /// The current epoch.
    pub epoch: kw_bytes,
    /// Its keyset.
    pub keyset: kw_bytes,
    /// The lock's card.
    pub card: kw_bytes,
    /// The newest list; its data NULL where there is none.
    pub list: kw_bytes,
}

/// Writes what an unclaimed lock shows: `KW_MAX_UNCLAIMED` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_unclaimed(
    lock: *mut kw_lock,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { unclaimed(lock, Out::new(out, size, length, KW_MAX_UNCLAIMED)) })
}

unsafe fn unclaimed(lock: *mut kw_lock, out: Result<Out, Fault>) -> Result<(), Fault> {
    let mut out = out?;
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &out.spans(), &[]) }?;
    let shown = call.open().1.lock.unclaimed().encode().map_err(|_| Fault(KW_RANGE))?;
    // SAFETY: the caller's word; what is shown is ours.
    unsafe { out.write(shown.as_bytes()) }
}

/// Takes a claim in. `contact` is 1 where the host asserts that the claimant stands at the lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_claim(
    lock: *mut kw_lock,
    bundle: *const kw_bundle,
    contact: u8,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { claim(lock, bundle, contact) })
}

unsafe fn claim(lock: *mut kw_lock, bundle: *const kw_bundle, contact: u8) -> Result<(), Fault> {
    let span = Span::of(bundle, 1);
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    let bundle = unsafe { read_only(bundle)?.read() };
    let kw_bundle { claim, epoch, keyset, card, list } = bundle;
    let [first, second, third, fourth, fifth] =
        [claim, epoch, keyset, card, list].map(|bytes| bytes.span());
    let read = [span, first, second, third, fourth, fifth];
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &[], &read) }?;
    // SAFETY: the caller's word.
    let bundle = unsafe {
        Bundle {
            claim: claim.get()?,
            epoch: epoch.get()?,
            keyset: keyset.get()?,
            card: card.get()?,
            list: if list.data.is_null() { None } else { Some(list.get()?) },
        }
    };
    let (host, parts) = call.open();
    let now = host.now()?;
    let _claim = parts.lock.verify_claim(&bundle, contact == 1, now)?.commit()?;
    Ok(())
}

/// Writes the answer to a claim, signed by the lock's label key: `KW_MAX_CLAIMED` bytes. `label` is
/// that key's public half, printed on the lock; `label_seed` its seed, or NULL where the host
/// signs. Both 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_claimed(
    lock: *mut kw_lock,
    label: *const u8,
    label_seed: *const u8,
    out: *mut u8,
    size: usize,
    length: *mut usize,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { claimed(lock, label, label_seed, Out::new(out, size, length, KW_MAX_CLAIMED)) })
}

unsafe fn claimed(
    lock: *mut kw_lock,
    label: *const u8,
    label_seed: *const u8,
    out: Result<Out, Fault>,
) -> Result<(), Fault> {
    let mut out = out?;
    let read = [Span::of(label, 32), Span::of(label_seed, 32)];
    // SAFETY: the caller's word.
    let mut call = unsafe { Call::enter(lock, &out.spans(), &read) }?;
    // SAFETY: 32 bytes each by the caller's word.
    let (label, seed) = unsafe { (array(label).ok_or(Fault(KW_NULL))?, array(label_seed)) };
    let label = PublicKey::from_bytes(&label).map_err(|_| Fault(KW_KEY))?;
    let seed = seed.map(|seed| SigningKey::from_secret(&seed));
    if seed.as_ref().is_some_and(|seed| seed.public() != label) {
        return Err(Fault(KW_KEY));
    }
    let (host, parts) = call.open();
    let answer = sign(host, seed.as_ref(), parts.lock.claimed(&label)?)?;
    // SAFETY: the caller's word; the answer is ours.
    unsafe { out.write(answer.as_bytes()) }
}

/// Takes a keyset, a card or a status that came without a session, by a gateway say; of another
/// object the refusal is 600 `Malformed`. `taken` gets `KW_UNCHANGED` to `KW_TIME`. With a session
/// a status over its nonce is taken too; 0 is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_take(
    lock: *mut kw_lock,
    session: u32,
    statement: *const u8,
    statement_length: usize,
    taken: *mut u32,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { take(lock, session, statement, statement_length, taken) })
}

unsafe fn take(
    lock: *mut kw_lock,
    session: u32,
    statement: *const u8,
    statement_length: usize,
    taken: *mut u32,
) -> Result<(), Fault> {
    let taken = object(taken)?;
    let read = [Span::of(statement, statement_length)];
    // SAFETY: the caller's word.
    let (mut call, statement) = unsafe {
        let call = Call::enter(lock, &[Span::of(taken.as_ptr(), 1)], &read)?;
        (call, bytes(statement, statement_length)?)
    };
    let (host, parts) = call.open();
    let what = parts.statement(session, statement, host)?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { taken.write(taken_number(what)) };
    Ok(())
}

impl Parts {
    #[inline(never)]
    fn statement(
        &mut self,
        session: u32,
        bytes: &[u8],
        host: &crate::host::Host,
    ) -> Result<Taken, Fault> {
        // That it is claimed comes before what the bytes are.
        let _claimed = self.lock.walk()?;
        let now = host.now()?;
        let kind = bytes.get(1).copied();
        let update = if kind == Some(Kind::Keyset.byte()) {
            self.lock.verify_keyset(&Keyset::decode(bytes).map_err(refused)?, now)?
        } else if kind == Some(Kind::Card.byte()) {
            self.lock.verify_card(&Card::decode(bytes).map_err(refused)?, now)?
        } else {
            let status = Status::decode(bytes).map_err(refused)?;
            match session {
                0 => self.lock.verify_status(&status, None, now)?,
                number => {
                    let (session, lock) = self.session(number)?;
                    lock.verify_status(&status, Some(session), now)?
                }
            }
        };
        Ok(update.commit()?)
    }
}

/// Takes a later epoch in: all epochs from the one behind the lock's on, at most `KW_MAX_EPOCHS`,
/// and the keyset of the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_lock_take_epochs(
    lock: *mut kw_lock,
    epochs: *const kw_bytes,
    count: usize,
    keyset: *const u8,
    keyset_length: usize,
    taken: *mut u32,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { take_epochs(lock, (epochs, count), (keyset, keyset_length), taken) })
}

unsafe fn take_epochs(
    lock: *mut kw_lock,
    (epochs, count): (*const kw_bytes, usize),
    (keyset, keyset_length): (*const u8, usize),
    taken: *mut u32,
) -> Result<(), Fault> {
    let (taken, epochs) = (object(taken)?, read_only(epochs)?);
    let written = [Span::of(taken.as_ptr(), 1)];
    let read = [Span::of(epochs.as_ptr(), count), Span::of(keyset, keyset_length)];
    // SAFETY: the caller's word.
    let (mut call, keyset) =
        unsafe { (Call::enter(lock, &written, &read)?, bytes(keyset, keyset_length)?) };
    let (host, parts) = call.open();
    let (mut walk, now) = (parts.lock.walk()?, host.now()?);
    for number in 0..count {
        // SAFETY: there are `count` by the caller's word, and one behind the other.
        let bytes = unsafe { epochs.add(number).read() };
        crate::memory::apart_from(&written, &[bytes.span()])?;
        // SAFETY: the caller's word.
        walk.step(&Epoch::decode(unsafe { bytes.get() }?).map_err(refused)?)?;
    }
    let keyset = Keyset::decode(keyset).map_err(refused)?;
    let what = parts.lock.verify_epoch(walk, &keyset, now)?.commit()?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { taken.write(taken_number(what)) };
    Ok(())
}

fn refused(error: keyward::DecodeError) -> Fault {
    keyward::Refusal::from(error).into()
}
