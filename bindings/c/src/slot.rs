//! A lock in the caller's storage, and the way in: one call at a time.

use core::{
    marker::PhantomData,
    ptr::{self, NonNull},
};

use keyward::{
    Lock, SigningKey,
    lock::{Acted, LogReader, MayRead, Session, SessionId, Sessions},
    role,
    secret::DeviceSecret,
};

use crate::{
    capacity::{LOCK_SIZE, Memory},
    host::Host,
    memory::{Span, apart, apart_from, object},
    status::{Fault, KW_INITIALISED, KW_REENTERED, KW_SESSION, KW_UNINITIALISED},
    store::Medium,
};

/// A lock, in storage of the caller's.
pub struct kw_lock {
    _in: Slot,
}

/// What lies in the storage. Mark and flag are read and written by themselves, never by way of a
/// reference to the whole: while a call is under way, a callback may look at them.
pub(crate) struct Slot {
    mark: u64,
    busy: u64,
    host: Host,
    parts: Parts,
}

/// What a call may change.
pub(crate) struct Parts {
    pub(crate) lock: Lock<'static, Medium, Memory>,
    /// The life's secret, for anchors.
    pub(crate) secret: DeviceSecret,
    /// The device key, where the library signs.
    pub(crate) device: Option<SigningKey<role::Device>>,
    pub(crate) sessions: Sessions<SESSIONS>,
    seats: [Option<(u32, SessionId)>; SESSIONS],
    /// The number of the session that was opened last.
    last: u32,
    pub(crate) reader: Option<LogReader>,
    /// The session whose request lets it read the log in the clear.
    pub(crate) reads: Option<(u32, MayRead)>,
    /// What was acted on and isn't recorded.
    pub(crate) acted: Option<Acted>,
    /// A session over a nonce of the caller's choice.
    #[cfg(feature = "vectors")]
    pub(crate) pinned: Option<Session>,
}

/// Link sessions at once.
const SESSIONS: usize = 2;

/// Not a number that storage holds by chance, and its own for each place: a lock that was copied
/// elsewhere is none.
const MARK: u64 = 0x6b65_7977_6172_642d;

impl Parts {
    pub(crate) const fn new(
        lock: Lock<'static, Medium, Memory>,
        secret: DeviceSecret,
        device: Option<SigningKey<role::Device>>,
    ) -> Self {
        Self {
            lock,
            secret,
            device,
            sessions: Sessions::new(),
            seats: [None; SESSIONS],
            last: 0,
            reader: None,
            reads: None,
            acted: None,
            #[cfg(feature = "vectors")]
            pinned: None,
        }
    }

    /// Gives a session that was opened its number: never 0, and none that is in use.
    pub(crate) fn seat(&mut self, id: SessionId) -> Result<u32, Fault> {
        let Self { sessions, seats, last, .. } = self;
        let is_free = |seat: &&mut Option<(u32, SessionId)>| {
            seat.is_none_or(|(_, id)| sessions.session(id).is_none())
        };
        let seat = seats.iter_mut().find(is_free).ok_or(Fault(KW_SESSION))?;
        *last = last.checked_add(1).unwrap_or(1);
        *seat = Some((*last, id));
        Ok(*last)
    }

    /// The session of this number, beside the lock.
    pub(crate) fn session(
        &mut self,
        number: u32,
    ) -> Result<(&mut Session, &mut Lock<'static, Medium, Memory>), Fault> {
        #[cfg(feature = "vectors")]
        if number == u32::MAX {
            let session = self.pinned.as_mut().ok_or(Fault(KW_SESSION))?;
            return Ok((session, &mut self.lock));
        }
        let id = self.id(number)?;
        let session = self.sessions.session(id).ok_or(Fault(KW_SESSION))?;
        Ok((session, &mut self.lock))
    }

    /// Closes a session, and drops what it alone may read.
    pub(crate) fn close(&mut self, number: u32) -> Result<(), Fault> {
        let id = self.id(number)?;
        self.sessions.close(id);
        self.reads.take_if(|(reads, _)| *reads == number);
        let seats = self.seats.iter_mut();
        seats
            .filter(|seat| seat.is_some_and(|(held, _)| held == number))
            .for_each(|seat| *seat = None);
        Ok(())
    }

    /// Ends all sessions: their clock or their life is over. Reading the log needs no clock.
    pub(crate) fn close_all(&mut self) {
        self.sessions = Sessions::new();
        self.seats = [None; SESSIONS];
        self.reads = None;
    }

    pub(crate) fn id(&self, number: u32) -> Result<SessionId, Fault> {
        let held = self.seats.iter().flatten().find(|(held, _)| *held == number);
        held.map(|(_, id)| *id).ok_or(Fault(KW_SESSION))
    }
}

/// A call that is under way: the lock is its own until it is dropped.
pub(crate) struct Call<'c> {
    slot: NonNull<Slot>,
    _of: PhantomData<&'c mut Slot>,
}

impl Call<'_> {
    /// Enters a lock by a call that writes `written` and reads `read`. These lie apart from the
    /// lock, and what is written from everything.
    ///
    /// # Safety
    /// Unless it is NULL or misaligned, `lock` is storage of `KW_LOCK_SIZE` bytes, which nobody
    /// else uses during the call but by calls to the lock.
    pub(crate) unsafe fn enter(
        lock: *mut kw_lock,
        written: &[Span],
        read: &[Span],
    ) -> Result<Self, Fault> {
        let slot = object(lock)?.cast::<Slot>();
        let own = [Span::of(slot.as_ptr().cast::<u8>(), LOCK_SIZE)];
        apart_from(&own, written)?;
        apart_from(&own, read)?;
        apart(written)?;
        apart_from(written, read)?;
        // SAFETY: not NULL, aligned, and storage of that size by the caller's word.
        let (mark, busy) = unsafe { marks(slot) };
        if mark != mark_of(slot) {
            return Err(Fault(KW_UNINITIALISED));
        }
        if busy != 0 {
            return Err(Fault(KW_REENTERED));
        }
        // SAFETY: as above; the flag alone is written, and no reference to it is held anywhere.
        unsafe { (&raw mut (*slot.as_ptr()).busy).write_volatile(1) };
        Ok(Self { slot, _of: PhantomData })
    }

    /// The host beside what the call may change.
    pub(crate) fn open(&mut self) -> (&'static Host, &mut Parts) {
        let slot = self.slot.as_ptr();
        // SAFETY: the mark says that both are initialised, the flag that no other call has them.
        // Nobody writes the host before the lock is ended, and no reference to it outlives that.
        unsafe { (&(*slot).host, &mut (*slot).parts) }
    }

    /// Ends the lock: drops it, which zeroes its keys, then zeroes the storage.
    pub(crate) fn end(mut self) {
        let (_host, parts) = self.open();
        // SAFETY: they are initialised, and not used again: the mark is gone behind this.
        unsafe { ptr::drop_in_place(parts) };
        let bytes = self.slot.as_ptr().cast::<u8>();
        for at in 0..LOCK_SIZE {
            // SAFETY: within the storage, to which no reference is left; mark and flag are in it.
            unsafe { bytes.add(at).write_volatile(0) };
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        // SAFETY: the storage is there as it was when the call entered.
        unsafe { (&raw mut (*self.slot.as_ptr()).busy).write_volatile(0) };
    }
}

/// Puts a lock into storage that holds none.
///
/// # Safety
/// `storage` is aligned for a lock and has room for one; nobody else uses it.
pub(crate) unsafe fn put(
    storage: NonNull<Slot>,
    host: Host,
    parts: impl FnOnce(&'static Host) -> Parts,
) -> NonNull<kw_lock> {
    let slot = storage.as_ptr();
    // SAFETY: aligned, large enough and ours by the caller's word; what lies there needs no drop,
    // for no lock is there. The host is written before it is lent, and stays until the lock is
    // ended.
    unsafe {
        (&raw mut (*slot).host).write(host);
        let host = &(*slot).host;
        (&raw mut (*slot).parts).write(parts(host));
        (&raw mut (*slot).busy).write_volatile(0);
        (&raw mut (*slot).mark).write_volatile(mark_of(storage));
    }
    storage.cast()
}

/// Whether storage holds no lock.
///
/// # Safety
/// `storage` is aligned for a lock and has room for one.
pub(crate) unsafe fn is_free(storage: NonNull<Slot>) -> Result<(), Fault> {
    // SAFETY: the caller's word.
    let (mark, _) = unsafe { marks(storage) };
    if mark == mark_of(storage) { Err(Fault(KW_INITIALISED)) } else { Ok(()) }
}

/// # Safety
/// `slot` is aligned for a lock and has room for one.
unsafe fn marks(slot: NonNull<Slot>) -> (u64, u64) {
    let slot = slot.as_ptr();
    // SAFETY: the caller's word. The bytes come from foreign code, which has written them somehow,
    // and any bytes are a number; they are read as they are in memory.
    unsafe {
        ((&raw const (*slot).mark).read_volatile(), (&raw const (*slot).busy).read_volatile())
    }
}

fn mark_of(slot: NonNull<Slot>) -> u64 {
    MARK ^ (slot.addr().get() as u64).rotate_left(32)
}
