//! What a lock asks of its host: callbacks, and what goes into and out of them.

use core::{convert::Infallible, ffi::c_void};

use keyward::{
    Interval, Now, PublicKey, Right, Time,
    caveat::App,
    ledger::Outcome,
    lock::Order,
    policy::{AppCheck, AppVerdict},
    role,
    time::Uptime,
};
use rand_core::{TryCryptoRng, TryRng};

use crate::{
    flash::kw_flash,
    status::{Fault, KW_CALLBACK, KW_NULL},
    store::kw_store,
};

/// Nothing but ticks.
pub const KW_KNOWS_TICKS: u32 = 0;
/// The present is not before `lo`.
pub const KW_KNOWS_LO: u32 = 1;
/// The present lies in `[lo, hi]`.
pub const KW_KNOWS_BOTH: u32 = 2;

/// What the host knows of the present. A clock that nobody trusts knows nothing.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_now {
    /// The earliest that it can be, in Unix seconds.
    pub lo: u64,
    /// The latest that it can be, in Unix seconds.
    pub hi: u64,
    /// Milliseconds since some start, from a counter that never goes back: see
    /// `kw_lock_clock_restarted`.
    pub uptime: u64,
    /// How far the counter may be off, in parts per million.
    pub drift_ppm: u32,
    /// `KW_KNOWS_TICKS`, `KW_KNOWS_LO` or `KW_KNOWS_BOTH`.
    pub knows: u32,
}

/// What was asked for was done.
pub const KW_DONE: i32 = 0;
/// The bolt or motor jammed; the use is spent all the same.
pub const KW_JAMMED: i32 = 1;
/// Nothing that the actuator reports; so is any number that is none of these.
pub const KW_UNKNOWN: i32 = 2;
/// Out of a lock only: the actuator was never asked, for the permit came too late.
pub const KW_LAPSED: i32 = 3;
/// Out of a lock only: power failed before it knew.
pub const KW_INTERRUPTED: i32 = 4;

/// `unlock`.
pub const KW_RIGHT_UNLOCK: u8 = 0;
/// `lock`.
pub const KW_RIGHT_LOCK: u8 = 1;
/// `hold open`.
pub const KW_RIGHT_HOLD_OPEN: u8 = 2;
/// `status`: nothing moves.
pub const KW_RIGHT_STATUS: u8 = 3;
/// `read log`: nothing moves, and the log may be read.
pub const KW_RIGHT_READ_LOG: u8 = 4;
/// `release`: nothing moves, and the life ends.
pub const KW_RIGHT_RELEASE: u8 = 5;

/// What the actuator is to do, valid while it is called.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_order {
    /// What the right is exercised on.
    pub parameter: *const u8,
    /// Its bytes.
    pub parameter_length: usize,
    /// Secure the door again after so many seconds, network or none; 0 for no such duty.
    pub relock_within: u32,
    /// The right.
    pub right: u8,
}

/// The embedder's condition holds.
pub const KW_HOLDS: i32 = 0;
/// It doesn't.
pub const KW_FAILS: i32 = 1;
/// No condition of this tag is known; so is any number that is none of these.
pub const KW_UNKNOWN_TAG: i32 = 2;

/// A condition of the embedder's own, valid while it is asked for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_app {
    /// Its data.
    pub data: *const u8,
    /// The data's bytes.
    pub data_length: usize,
    /// What the request's right is exercised on.
    pub parameter: *const u8,
    /// Its bytes.
    pub parameter_length: usize,
    /// Names the condition.
    pub tag: u32,
    /// The request's right.
    pub right: u8,
}

/// A lock's host. Callbacks return 0 for done where nothing else is said. They may not call into
/// the lock, which says `KW_REENTERED` to it, nor leave by `longjmp`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_host {
    /// What each callback gets first; it stays the host's.
    pub context: *mut c_void,
    /// Tells the present. While it fails, whatever needs the time says `KW_CALLBACK` and changes
    /// nothing, and a door with a duty to relock is due. One that fails in the midst of a request
    /// makes it too late. Securing, recording, release and reset don't ask.
    pub now: Option<unsafe extern "C" fn(context: *mut c_void, now: *mut kw_now) -> i32>,
    /// Fills bytes from the host's generator.
    pub random:
        Option<unsafe extern "C" fn(context: *mut c_void, bytes: *mut u8, length: usize) -> i32>,
    /// Does what was committed, and returns `KW_DONE`, `KW_JAMMED` or `KW_UNKNOWN`.
    pub act: Option<unsafe extern "C" fn(context: *mut c_void, order: *const kw_order) -> i32>,
    /// Signs a message by the key whose public half is `signer` (32 bytes) with pure Ed25519 into
    /// 64 bytes: a secure element, PSA Crypto. NULL where the lock is given the key's seed.
    pub sign: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            signer: *const u8,
            message: *const u8,
            length: usize,
            signature: *mut u8,
        ) -> i32,
    >,
    /// Says `KW_HOLDS`, `KW_FAILS` or `KW_UNKNOWN_TAG` of an `App` caveat. NULL: none is known.
    pub check: Option<unsafe extern "C" fn(context: *mut c_void, app: *const kw_app) -> i32>,
    /// Where the journal is: a log of the host's own. Either this or `flash` is NULL.
    pub store: *const kw_store,
    /// Where the journal is: a NOR flash, in which the library keeps it.
    pub flash: *const kw_flash,
}

/// A host whose callbacks are there.
pub(crate) struct Host(kw_host);

// SAFETY: a lock is entered by one call at a time, and its callbacks are called from within it; the
// bound is `with_app`'s, whose checker nobody shares.
unsafe impl Sync for Host {}

impl Host {
    pub(crate) fn new(host: &kw_host) -> Result<Self, Fault> {
        let all = host.now.is_some() && host.random.is_some() && host.act.is_some();
        if all { Ok(Self(*host)) } else { Err(Fault(KW_NULL)) }
    }

    /// The present. There is no stand-in for a clock that fails: the core takes what it is told for
    /// ticks that ran, and would count all that ran before as passed since.
    pub(crate) fn now(&self) -> Result<Now, Fault> {
        let mut told = kw_now { lo: 0, hi: 0, uptime: 0, drift_ppm: 0, knows: KW_KNOWS_TICKS };
        let context = self.0.context;
        // SAFETY: the host's callback by its contract; `told` is ours and whole whatever it writes.
        let done = self.0.now.map(|now| unsafe { now(context, &raw mut told) });
        if done == Some(0) { Ok(told.now()) } else { Err(Fault(KW_CALLBACK)) }
    }

    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        let (context, data, length) = (self.0.context, bytes.as_mut_ptr(), bytes.len());
        // SAFETY: the host's callback by its contract; the bytes are ours, and initialised.
        let done = self.0.random.map(|random| unsafe { random(context, data, length) });
        if done == Some(0) { Ok(()) } else { Err(Fault(KW_CALLBACK)) }
    }

    pub(crate) fn act(&self, order: &Order<'_>) -> Outcome {
        let order = kw_order {
            parameter: order.parameter().as_ptr(),
            parameter_length: order.parameter().len(),
            relock_within: order.relock_within().map_or(0, |seconds| seconds.0),
            right: order.right().bit(),
        };
        let context = self.0.context;
        // SAFETY: the host's callback by its contract; the order outlives the call.
        let done = self.0.act.map(|act| unsafe { act(context, &raw const order) });
        done.map_or(Outcome::Unknown, outcome)
    }

    /// Signs by the host's means; `None` where it has none, or fails.
    pub(crate) fn sign<R: role::Role>(
        &self,
        signer: &PublicKey<R>,
        message: &[u8],
    ) -> Option<[u8; 64]> {
        let (sign, mut signature) = (self.0.sign?, [0; 64]);
        let signer = signer.as_bytes().as_ptr();
        let (data, length) = (message.as_ptr(), message.len());
        // SAFETY: the host's callback by its contract; key, message and signature outlive the call.
        let done = unsafe { sign(self.0.context, signer, data, length, signature.as_mut_ptr()) };
        (done == 0).then_some(signature)
    }

    pub(crate) const fn signs(&self) -> bool {
        self.0.sign.is_some()
    }

    pub(crate) const fn checks(&self) -> bool {
        self.0.check.is_some()
    }
}

/// The clock within one call that asks for it more than once.
pub(crate) struct Clock<'h> {
    host: &'h Host,
    first: Option<Now>,
    last: Uptime,
}

impl<'h> Clock<'h> {
    /// Reads the clock for the first time, before anything is done.
    pub(crate) fn begin(host: &'h Host) -> Result<Self, Fault> {
        let first = host.now()?;
        Ok(Self { host, first: Some(first), last: first.uptime })
    }

    /// The present, or what makes the call's request too late.
    pub(crate) fn now(&mut self) -> Now {
        let read = self.first.take().map_or_else(|| self.host.now(), Ok);
        let now = read.unwrap_or_else(|_fault| self.late());
        self.last = now.uptime;
        now
    }

    /// More ticks by a counter that may be off by all of them and by ages: the least that has passed
    /// is nothing, the most is more than any challenge lives or any act may wait.
    const fn late(&self) -> Now {
        Now::ticks(Uptime(self.last.0.saturating_add(60_000)), u32::MAX)
    }
}

impl kw_app {
    pub(crate) fn of(app: &App<'_>, right: Right, parameter: &[u8]) -> Self {
        Self {
            data: app.data.as_ptr(),
            data_length: app.data.len(),
            parameter: parameter.as_ptr(),
            parameter_length: parameter.len(),
            tag: app.tag,
            right: right.bit(),
        }
    }
}

impl AppCheck for Host {
    fn check(&self, app: &App<'_>, right: Right, parameter: &[u8]) -> AppVerdict {
        let asked = kw_app::of(app, right, parameter);
        let context = self.0.context;
        // SAFETY: the host's callback by its contract; what it is asked outlives the call.
        let said = self.0.check.map(|check| unsafe { check(context, &raw const asked) });
        match said {
            Some(KW_HOLDS) => AppVerdict::Holds,
            Some(KW_FAILS) => AppVerdict::Fails,
            _ => AppVerdict::UnknownTag,
        }
    }
}

impl kw_now {
    pub(crate) fn now(&self) -> Now {
        let (lo, hi) = (Time(self.lo), Time(self.hi));
        let time = match self.knows {
            KW_KNOWS_BOTH => Interval::between(lo, hi),
            KW_KNOWS_LO => Interval::not_before(lo),
            _ => Interval::UNKNOWN,
        };
        Now { time, uptime: Uptime(self.uptime), drift_ppm: self.drift_ppm }
    }
}

/// What an actuator may report; the lock makes nothing of what only it can know.
pub(crate) fn outcome(reported: i32) -> Outcome {
    match reported {
        KW_DONE => Outcome::Done,
        KW_JAMMED => Outcome::Jammed,
        _ => Outcome::Unknown,
    }
}

/// An outcome's number.
pub(crate) fn outcome_number(outcome: Outcome) -> i32 {
    match outcome {
        Outcome::Done => KW_DONE,
        Outcome::Jammed => KW_JAMMED,
        Outcome::Lapsed => KW_LAPSED,
        Outcome::Interrupted => KW_INTERRUPTED,
        _ => KW_UNKNOWN,
    }
}

/// The host's generator for one sealed entry, drawn before anything is sealed: a generator that
/// fails must not be able to seal.
pub(crate) struct Drawn {
    bytes: [u8; 64],
    used: usize,
}

impl Drawn {
    pub(crate) fn from(host: &Host) -> Result<Self, Fault> {
        let mut bytes = [0; 64];
        host.fill(&mut bytes)?;
        Ok(Self { bytes, used: 0 })
    }

    /// Whether no more was drawn than there was.
    pub(crate) const fn sufficed(&self) -> bool {
        self.used <= self.bytes.len()
    }
}

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let fresh = self.bytes.get(self.used..).unwrap_or_default();
        out.iter_mut().zip(fresh).for_each(|(byte, fresh)| *byte = *fresh);
        self.used = self.used.saturating_add(out.len());
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}
