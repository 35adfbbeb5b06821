//! Building caveats: a grant states what link 0 must, a narrowing whatever it likes.
//!
//! A narrowing can't say "more": it holds conditions only, and all conditions of all links must
//! hold.

use core::marker::PhantomData;

use crate::{
    caveat::{CaveatKind, CaveatSet, Channels, FirstUse, Rights, Target, Valid},
    key::{PublicKey, role},
    limits::{MAX_CAVEATS, MAX_EXCEPTIONS, MAX_TARGETS, MAX_WINDOWS, MAX_WITNESS_KEYS},
    schedule::{Dates, Schedule, Window},
    time::Seconds,
    wire::{DecodeError, EncodeError, Encoded, Part, Writer},
};

/// The caveats of a link 0: rights, targets and validity are arguments, for without them nothing
/// can be issued.
///
/// ```compile_fail,E0277
/// use keyward::{Caveats, Grant};
/// let grant: Grant = Caveats::narrowing().into(); // no rights, no targets, no end
/// ```
pub type Grant = Caveats<Granting>;

/// The caveats of a later link.
pub type Narrowing = Caveats<AnyLink>;

/// Marks caveats that suffice for link 0.
#[derive(Clone, Debug)]
pub enum Granting {}

/// Marks caveats of any later link.
#[derive(Clone, Debug)]
pub enum AnyLink {}

/// The caveats of a link that is being built; each kind at most once, in any order.
#[derive(Clone, Debug)]
pub struct Caveats<L> {
    present: u16,
    ends: [usize; CaveatKind::ALL.len()],
    bodies: Encoded<MAX_CAVEATS>,
    link: PhantomData<L>,
}

impl Caveats<Granting> {
    /// Starts a grant: which rights, at which locks, when.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for no right, no or over 8 targets, a doubled one, a time or
    /// duration out of range.
    pub fn grant(rights: Rights, targets: &[Target], valid: Valid) -> Result<Self, EncodeError> {
        Self::empty().rights(rights)?.targets(targets)?.valid(valid)
    }
}

impl Caveats<AnyLink> {
    /// Starts a narrowing without any condition of its own.
    pub const fn narrowing() -> Self {
        Self::empty()
    }
}

impl<L> Caveats<L> {
    const fn empty() -> Self {
        let ends = [0; CaveatKind::ALL.len()];
        Self { present: 0, ends, bodies: Encoded::empty(), link: PhantomData }
    }

    /// Only these rights, at least one.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn rights(self, rights: Rights) -> Result<Self, EncodeError> {
        self.with(CaveatKind::Rights, &|out| out.put(&rights.0))
    }

    /// Only these locks and groups, 1 to 8, in any order.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn targets(self, targets: &[Target]) -> Result<Self, EncodeError> {
        let mut entries = [[0; 9]; MAX_TARGETS];
        let entries = sorted(&mut entries, Part::Targets, targets.iter().map(Target::bytes))?;
        self.with(CaveatKind::Target, &|out| out.put(entries))
    }

    /// Only in this span of time.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn valid(self, valid: Valid) -> Result<Self, EncodeError> {
        self.with(CaveatKind::Valid, &|out| out.put(&(valid.from.0, valid.lasts.0)))
    }

    /// At most this many uses at one lock, at least 1.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn uses(self, uses: u32) -> Result<Self, EncodeError> {
        self.with(CaveatKind::Uses, &|out| out.put(&uses))
    }

    /// Only with the agreement of `of` (1 or 2) of these keys (1 to 4) to each request.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn witness(self, of: u8, keys: &[PublicKey<role::Witness>]) -> Result<Self, EncodeError> {
        let mut entries = [[0; 32]; MAX_WITNESS_KEYS];
        let keys = keys.iter().map(|key| *key.as_bytes());
        let entries = sorted(&mut entries, Part::WitnessKeys, keys)?;
        self.with(CaveatKind::Witness, &|out| out.put(&(of, entries)))
    }

    /// The lock relocks at most this long after opening.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn max_open(self, seconds: Seconds) -> Result<Self, EncodeError> {
        self.with(CaveatKind::MaxOpen, &|out| out.put(&seconds.0))
    }

    /// Only with a status at most this old.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn fresh(self, seconds: Seconds) -> Result<Self, EncodeError> {
        self.with(CaveatKind::Fresh, &|out| out.put(&seconds.0))
    }

    /// Only in these weekly windows (1 to 8) of the lock's local time, and not on these dates (0
    /// to 16 ranges that don't overlap); both in any order.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn schedule(self, windows: &[Window], exceptions: &[Dates]) -> Result<Self, EncodeError> {
        let mut window_entries =
            [Window::weekly(crate::schedule::Weekdays::ALL, 0, 1); MAX_WINDOWS];
        let windows = sorted(&mut window_entries, Part::Windows, windows.iter().copied())?;
        let mut date_entries = [Dates { first: 0, days: 1 }; MAX_EXCEPTIONS];
        let dates = sorted(&mut date_entries, Part::Exceptions, exceptions.iter().copied())?;
        self.with(CaveatKind::Schedule, &|out| Schedule::write(out, windows, dates))
    }

    /// Only from the first use on, for a while.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn first_use(self, first: FirstUse) -> Result<Self, EncodeError> {
        self.with(CaveatKind::FirstUse, &|out| out.put(&(first.by.0, first.lasts.0)))
    }

    /// Only over these channels, at least one.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn channels(self, channels: Channels) -> Result<Self, EncodeError> {
        self.with(CaveatKind::Channel, &|out| out.put(&channels.0))
    }

    /// Only when the embedder's checker for `tag` says so of `data`, at most 32 bytes.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`], [`EncodeError::CaveatTwice`].
    pub fn app(self, tag: u32, data: &[u8]) -> Result<Self, EncodeError> {
        self.with(CaveatKind::App, &|out| out.put(&(tag, data)))
    }

    /// Writes one body behind those of lower bits, and lets the decoder judge it.
    fn with(
        mut self,
        kind: CaveatKind,
        body: &dyn Fn(&mut Writer<'_>),
    ) -> Result<Self, EncodeError> {
        if self.present & kind.mask() != 0 {
            return Err(EncodeError::CaveatTwice(kind.bit()));
        }
        let index = usize::from(kind.bit());
        let before = index.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        let end = self.bodies.as_bytes().len();
        self.bodies.append(body)?;
        let length = self.bodies.as_bytes().len().saturating_sub(end);
        self.bodies.move_back(before, end);
        for later in self.ends.iter_mut().skip(index) {
            *later = later.saturating_add(length);
        }
        self.present |= kind.mask();
        CaveatSet::decode(self.encode()?.as_bytes())?;
        Ok(self)
    }

    /// The bitmap and the bodies, as they stand in a link and in an issuer's limits.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`].
    pub fn encode(&self) -> Result<Encoded<MAX_CAVEATS>, EncodeError> {
        Encoded::written(&|out| {
            out.put(&self.present);
            out.raw(self.bodies.as_bytes());
        })
    }
}

/// Copies entries into a scratch array and sorts them; doubled ones are the decoder's to refuse.
fn sorted<T: Ord>(
    scratch: &mut [T],
    part: Part,
    entries: impl ExactSizeIterator<Item = T>,
) -> Result<&[T], EncodeError> {
    let entries_len = entries.len();
    let room =
        scratch.get_mut(..entries_len).ok_or(EncodeError::Invalid(DecodeError::OverLimit(part)))?;
    for (to, from) in room.iter_mut().zip(entries) {
        *to = from;
    }
    room.sort_unstable();
    Ok(room)
}
