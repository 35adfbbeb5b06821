//! Verifying without a lock: by trust that the caller vouches for, as servers and gateways do.

use core::ffi::c_void;

use keyward::{
    Card, Denial, Keyset, Presentation, PublicKey, Scope, Status, Time, Trust,
    id::{Counter, DomainId, Epoch, KeyName, LinkId, Nonce},
    ledger::{Memory, Uses},
    limits::{MAX_LINKS, MAX_WITNESSES},
    policy::{AppCheck, AppVerdict},
    replay::{CounterFault, Unseen, Window},
    seal::SealFault,
    time::Uptime,
    verify::{Accepted, OpenChallenge, View, verify},
    wire::Kind,
};

use crate::{
    claim::kw_bytes,
    host::{KW_FAILS, KW_HOLDS, kw_app, kw_now},
    memory::{Span, apart_from, array, bytes, object, read_only},
    session::channel_of,
    status::{Fault, KW_KEY, KW_NULL, KW_RANGE, kw_status, told},
};

/// Links of a token, at most.
pub const KW_MAX_LINKS: usize = 4;
const _: () = assert!(KW_MAX_LINKS == MAX_LINKS);
/// Witnesses of a presentation, at most.
pub const KW_MAX_WITNESSES: usize = 2;
const _: () = assert!(KW_MAX_WITNESSES == MAX_WITNESSES);

/// How a link was used.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_uses {
    /// The lower bound of the time at the first use.
    pub first: u64,
    /// The number of uses.
    pub spent: u32,
    /// Whether `first` is known: 1 or 0.
    pub has_first: u8,
}

/// Which counters of a holder were seen.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_window {
    /// The highest.
    pub highest: u64,
    /// Bit n: `highest - n` was.
    pub seen: u64,
    /// Whether any was: 1 or 0.
    pub is_known: u8,
}

/// A challenge that was given and not spent.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_open_challenge {
    /// When it was given, by `kw_now`'s `uptime`.
    pub issued: u64,
    /// `KW_CHANNEL_REMOTE` to `KW_CHANNEL_RANGED`.
    pub channel: u32,
    /// The nonce.
    pub nonce: [u8; 16],
}

/// What a presentation is verified against. Nobody looks at the signatures of keyset, card and
/// list: the caller vouches for them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kw_view {
    /// What each callback gets first; it stays the caller's.
    pub context: *mut c_void,
    /// The domain, 32 bytes.
    pub domain: *const u8,
    /// The epoch's emergency key, 32 bytes. NULL where there is none.
    pub emergency: *const u8,
    /// The keyset.
    pub keyset: kw_bytes,
    /// The lock's card.
    pub card: kw_bytes,
    /// The revocation list; its data NULL where there is none.
    pub list: kw_bytes,
    /// The challenge of the session. NULL where none is open.
    pub challenge: *const kw_open_challenge,
    /// Tells how a link (16 bytes) was used.
    pub uses:
        Option<unsafe extern "C" fn(context: *mut c_void, link: *const u8, uses: *mut kw_uses)>,
    /// Tells which counters of a holder (16 bytes) were seen.
    pub window: Option<
        unsafe extern "C" fn(context: *mut c_void, holder: *const u8, window: *mut kw_window),
    >,
    /// As `kw_host`'s.
    pub check: Option<unsafe extern "C" fn(context: *mut c_void, app: *const kw_app) -> i32>,
    /// The epoch.
    pub epoch: u64,
    /// The present.
    pub now: kw_now,
}

/// One use that a request would spend.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_counted {
    /// Must be kept until then.
    pub keep_until: u64,
    /// The first use, from now on.
    pub first: u64,
    /// The uses, from now on.
    pub spent: u32,
    /// The link.
    pub link: [u8; 16],
    /// Link 0 of its token.
    pub root: [u8; 16],
    /// The token's issuer.
    pub issuer: [u8; 8],
}

/// A request that may be granted, once what it spends is durable.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct kw_accepted {
    /// The earliest that the present can be.
    pub lo: u64,
    /// The latest, where `has_hi` is 1.
    pub hi: u64,
    /// The counter that it spends, where `has_counter` is 1.
    pub counter: u64,
    /// The time that the request names, where `has_counter` is 1. The holder's lane keeps the
    /// greatest, and is over once the durable floor is above it by more than 900 (SPEC.md section
    /// 14.2).
    pub time: u64,
    /// The time that an attester signed, where `has_heard` is 1.
    pub heard: u64,
    /// What binds the request.
    pub core: [u8; 32],
    /// Whose key asked.
    pub holder: [u8; 16],
    /// The links, from the issuer's on.
    pub links: [[u8; 16]; KW_MAX_LINKS],
    /// What the witnesses named as evidence.
    pub evidence: [[u8; 16]; KW_MAX_WITNESSES],
    /// The uses that it spends.
    pub counted: [kw_counted; KW_MAX_LINKS],
    /// The issuer.
    pub issuer: [u8; 8],
    /// The longest that the door may stay open, in seconds; 0 for no bound.
    pub relock_within: u32,
    /// How many links there are.
    pub links_count: u8,
    /// How many witnesses.
    pub evidence_count: u8,
    /// How many uses.
    pub counted_count: u8,
    /// The right.
    pub right: u8,
    /// 1 or 0.
    pub has_hi: u8,
    /// 1 or 0.
    pub has_counter: u8,
    /// 1 or 0.
    pub has_heard: u8,
    /// Of a denial too: whether all signatures held, 1 or 0.
    pub is_evidence: u8,
    /// Of a denial: the coarse answer for the wire.
    pub answer: [u8; 3],
}

/// Verifies a presentation. It changes nothing, here or there: what `accepted` says is spent the
/// caller makes durable before anything moves. A sealed one is 215 `NotOpened` here.
///
/// The status is the denial's number; `accepted` tells `answer` and `is_evidence` of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kw_verify(
    view: *const kw_view,
    presentation: *const u8,
    presentation_length: usize,
    accepted: *mut kw_accepted,
) -> kw_status {
    // SAFETY: the caller's word.
    told(unsafe { verified(view, presentation, presentation_length, accepted) })
}

unsafe fn verified(
    view: *const kw_view,
    presentation: *const u8,
    presentation_length: usize,
    accepted: *mut kw_accepted,
) -> Result<(), Fault> {
    let (view, accepted) = (read_only(view)?, object(accepted)?);
    let written = [Span::of(accepted.as_ptr(), 1)];
    let read = [Span::of(view.as_ptr(), 1), Span::of(presentation, presentation_length)];
    apart_from(&written, &read)?;
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    let (view, presentation) = unsafe { (view.read(), bytes(presentation, presentation_length)?) };
    // SAFETY: the caller's word.
    let done = unsafe { view.verify(presentation, &written) }?;
    let (told, done) = match done {
        Ok(request) => (kw_accepted::of(&request), Ok(())),
        Err(denial) => {
            let answer = denial.answer().encode();
            let is_evidence = denial.is_evidence().into();
            (kw_accepted { answer, is_evidence, ..kw_accepted::default() }, Err(denial.into()))
        }
    };
    // SAFETY: not NULL, aligned; the rest is the caller's word.
    unsafe { accepted.write(told) };
    done
}

impl kw_view {
    /// # Safety
    /// All pointers of the view are NULL, or the caller's.
    unsafe fn verify(
        &self,
        presentation: &[u8],
        written: &[Span],
    ) -> Result<Result<Accepted, Denial>, Fault> {
        let spans =
            [self.keyset, self.card, self.list].map(|part| Span::of(part.data, part.length));
        apart_from(written, &spans)?;
        // SAFETY: the caller's word.
        let (domain, emergency, keyset, card, list) = unsafe {
            let list = if self.list.data.is_null() { None } else { Some(self.list.get()?) };
            let domain = array(self.domain).ok_or(Fault(KW_NULL))?;
            (domain, array(self.emergency), self.keyset.get()?, self.card.get()?, list)
        };
        let scope = Scope { domain: DomainId(domain), epoch: Epoch(self.epoch) };
        let emergency = emergency.map(|key| PublicKey::from_bytes(&key)).transpose();
        let emergency = emergency.map_err(|_| Fault(KW_KEY))?;
        let trouble = |_| Fault(KW_RANGE);
        let (keyset, card) =
            (Keyset::decode(keyset).map_err(trouble)?, Card::decode(card).map_err(trouble)?);
        let list = list.map(Status::decode).transpose().map_err(trouble)?;
        let trust = Trust::pinned(scope, emergency, &keyset, &card, list.as_ref());
        let challenge = if self.challenge.is_null() {
            None
        } else {
            // SAFETY: not NULL, aligned; the rest is the caller's word.
            let open = unsafe { read_only(self.challenge)?.read() };
            let (nonce, issued) = (Nonce(open.nonce), Uptime(open.issued));
            Some(OpenChallenge { nonce, channel: channel_of(open.channel)?, issued })
        };
        if self.uses.is_none() || self.window.is_none() {
            return Err(Fault(KW_NULL));
        }
        let checks = self.check.is_some();
        let app = checks.then_some(self as &dyn AppCheck);
        if presentation.get(1) == Some(&Kind::Sealed.byte()) {
            return Ok(Err(SealFault::NoKey.into()));
        }
        let now = self.now.now();
        let view = View { trust: &trust, memory: self, now, challenge, app };
        let presentation = Presentation::decode(presentation).map_err(Denial::from);
        Ok(presentation.and_then(|presentation| verify(&presentation, &view)))
    }
}

impl Memory for kw_view {
    fn uses(&self, link: &LinkId) -> Uses {
        let mut told = kw_uses::default();
        let Some(uses) = self.uses else { return Uses { spent: u32::MAX, first: None } };
        // SAFETY: the caller's callback by its contract; link and answer outlive the call.
        unsafe { uses(self.context, link.0.as_ptr(), &raw mut told) };
        Uses { spent: told.spent, first: (told.has_first == 1).then_some(Time(told.first)) }
    }

    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        let mut told = kw_window::default();
        let window = self.window.ok_or(CounterFault::TooOld)?;
        // SAFETY: the caller's callback by its contract; holder and answer outlive the call.
        unsafe { window(self.context, holder.0.as_ptr(), &raw mut told) };
        match told.is_known {
            1 => Window::<1>::from_parts(Counter(told.highest), [told.seen]).check(counter),
            _ => Window::<1>::check_first(counter),
        }
    }
}

impl AppCheck for kw_view {
    fn check(
        &self,
        app: &keyward::caveat::App<'_>,
        right: keyward::Right,
        parameter: &[u8],
    ) -> AppVerdict {
        let asked = kw_app::of(app, right, parameter);
        // SAFETY: the caller's callback by its contract; what it is asked outlives the call.
        let said = self.check.map(|check| unsafe { check(self.context, &raw const asked) });
        match said {
            Some(KW_HOLDS) => AppVerdict::Holds,
            Some(KW_FAILS) => AppVerdict::Fails,
            _ => AppVerdict::UnknownTag,
        }
    }
}

impl kw_accepted {
    fn of(request: &Accepted) -> Self {
        let mut told = Self {
            lo: request.time().lo().0,
            core: *request.core().as_bytes(),
            holder: request.holder().0,
            issuer: request.issuer().0,
            relock_within: request.relock_within().map_or(0, |seconds| seconds.0),
            right: request.right().bit(),
            is_evidence: 1,
            ..Self::default()
        };
        let changes = request.changes();
        for (link, slot) in request.links().zip(&mut told.links) {
            *slot = link.0;
            told.links_count += 1;
        }
        for (witness, slot) in request.witnesses().zip(&mut told.evidence) {
            *slot = witness.evidence.0;
            told.evidence_count += 1;
        }
        for (counted, slot) in changes.counted().zip(&mut told.counted) {
            *slot = kw_counted {
                keep_until: counted.keep_until.0,
                first: counted.after.first.map_or(0, |first| first.0),
                spent: counted.after.spent,
                link: counted.link.0,
                root: counted.root.0,
                issuer: counted.issuer.0,
            };
            told.counted_count += 1;
        }
        if let Some(hi) = request.time().hi() {
            (told.hi, told.has_hi) = (hi.0, 1);
        }
        if let Some(lane) = changes.lane() {
            (told.counter, told.time, told.has_counter) = (lane.counter.0, lane.time.0, 1);
        }
        if let Some(heard) = changes.heard() {
            (told.heard, told.has_heard) = (heard.at.0, 1);
        }
        told
    }
}
