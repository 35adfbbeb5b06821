//! Recipes for grants and narrowings: checked once, filled in for each visit (SPEC.md section 7).
//!
//! Whoever writes a template decides what may be granted; whoever fills it in names persons, doors
//! and hours, and can't say more. What no lock would read is refused when the template is made, not
//! when the courier stands before the door.
//!
//! ```
//! use keyward::{PublicKey, Right, Rights, Seconds, Target, Time, id::LockId, role};
//! use keyward_backend::template::{Template, Visit};
//! # fn f(courier: PublicKey<role::Holder>, now: Time) -> Result<(), Box<dyn std::error::Error>> {
//! let parcel = Template::new("parcel", Rights::of(Right::UNLOCK), Seconds::minutes(15))
//!     .uses(1)
//!     .max_open(Seconds::minutes(2))
//!     .checked()?;
//! let flat = [Target::Lock(LockId(*b"flat-12a"))];
//! let order = parcel.order(courier, &Visit::from(now).at(&flat))?; // for `Issuer::issue`
//! # Ok(())
//! # }
//! ```

pub mod home;

use std::fmt;

use keyward::{
    Caveats, Channels, EncodeError, Grant, Narrowing, PublicKey, Rights, Seconds, Target, Time,
    Valid,
    caveat::FirstUse,
    id::LockId,
    limits::{
        MAX_CAVEATS, MAX_EXCEPTION_DAYS, MAX_EXCEPTIONS, MAX_LINKS, MAX_TARGETS, MAX_TIME,
        MAX_TOKEN,
    },
    role,
    schedule::{Dates, Window},
};

use crate::issuer::{Order, Pass};

/// A recipe that is being written; [`checked`](Self::checked) makes a [`Template`] of it.
#[derive(Clone, Debug)]
#[must_use = "a draft grants nothing before it is checked"]
pub struct Draft(Recipe);

/// A recipe whose every filling a lock can read.
#[derive(Clone, Debug)]
pub struct Template(Recipe);

#[derive(Clone, Debug)]
struct Recipe {
    name: Box<str>,
    rights: Rights,
    lasts: Seconds,
    ahead: Seconds,
    targets: usize,
    depth: u8,
    uses: Option<u32>,
    first_use: Option<Seconds>,
    witness: Option<Witness>,
    max_open: Option<Seconds>,
    fresh: Option<Seconds>,
    channels: Option<Channels>,
    windows: Vec<Window>,
    exceptions: Vec<Dates>,
    app: Option<(u32, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum Witness {
    /// So many of these.
    Fixed(u8, Vec<PublicKey<role::Witness>>),
    /// So many of the visit's, which are at most so many.
    OfVisit(u8, usize),
}

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    now: Time,
    from: Time,
    lasts: Option<Seconds>,
    targets: &'a [Target],
    witnesses: &'a [PublicKey<role::Witness>],
    exceptions: &'a [Dates],
}

impl Template {
    /// Starts a recipe by its name, which messages tell; the rights; and how long what is granted
    /// may last. It starts at once, at one lock or group, and can't be passed on, unless more is
    /// said.
    #[expect(clippy::new_ret_no_self, reason = "what isn't checked is no template")]
    pub fn new(name: &str, rights: Rights, lasts: Seconds) -> Draft {
        Draft(Recipe {
            name: name.into(),
            rights,
            lasts,
            ahead: Seconds(0),
            targets: 1,
            depth: 0,
            uses: None,
            first_use: None,
            witness: None,
            max_open: None,
            fresh: None,
            channels: None,
            windows: Vec::new(),
            exceptions: Vec::new(),
            app: None,
        })
    }

    /// The template's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How often a grantee may pass on what he is granted.
    pub const fn depth(&self) -> u8 {
        self.0.depth
    }

    /// Fills the template in as a grant, for an issuer.
    ///
    /// # Errors
    /// Any [`TemplateError`].
    pub fn grant(&self, visit: &Visit<'_>) -> Result<Grant, TemplateError> {
        let valid = self.0.valid(visit)?;
        self.0.targets(visit)?;
        let grant = Caveats::grant(self.0.rights, visit.targets, valid)?;
        self.0.conditions(grant, valid, visit)
    }

    /// Fills the template in as a narrowing, for who passes a token on; without targets where the
    /// visit names none: those of the token hold.
    ///
    /// # Errors
    /// Any [`TemplateError`].
    pub fn narrowing(&self, visit: &Visit<'_>) -> Result<Narrowing, TemplateError> {
        let valid = self.0.valid(visit)?;
        let mut narrowing = Caveats::narrowing().rights(self.0.rights)?.valid(valid)?;
        if !visit.targets.is_empty() {
            self.0.targets(visit)?;
            narrowing = narrowing.targets(visit.targets)?;
        }
        self.0.conditions(narrowing, valid, visit)
    }

    /// The whole order of a grant.
    ///
    /// # Errors
    /// Any [`TemplateError`].
    pub fn order(
        &self,
        grantee: PublicKey<role::Holder>,
        visit: &Visit<'_>,
    ) -> Result<Order, TemplateError> {
        Ok(Order { grantee, depth: self.0.depth, grant: self.grant(visit)? })
    }

    /// The whole order of a narrowing.
    ///
    /// # Errors
    /// Any [`TemplateError`].
    pub fn pass(
        &self,
        grantee: PublicKey<role::Holder>,
        visit: &Visit<'_>,
    ) -> Result<Pass, TemplateError> {
        Ok(Pass { grantee, depth: self.0.depth, caveats: self.narrowing(visit)? })
    }
}

impl Draft {
    /// A visit may be booked this long ahead.
    pub fn ahead(mut self, ahead: Seconds) -> Self {
        self.0.ahead = ahead;
        self
    }

    /// A visit may name up to this many locks and groups.
    pub fn targets(mut self, most: usize) -> Self {
        self.0.targets = most;
        self
    }

    /// The grantee may pass it on this often.
    pub fn depth(mut self, depth: u8) -> Self {
        self.0.depth = depth;
        self
    }

    /// At most this many uses at one lock.
    pub fn uses(mut self, uses: u32) -> Self {
        self.0.uses = Some(uses);
        self
    }

    /// From the first use on it lasts no longer than this.
    pub fn first_use(mut self, lasts: Seconds) -> Self {
        self.0.first_use = Some(lasts);
        self
    }

    /// Only with the agreement of `of` of these witnesses, whatever the door.
    pub fn witness(mut self, of: u8, keys: &[PublicKey<role::Witness>]) -> Self {
        self.0.witness = Some(Witness::Fixed(of, keys.to_vec()));
        self
    }

    /// Only with the agreement of `of` of the witnesses that the visit names, at most `most`: the
    /// cameras at its doors.
    pub fn witness_of_visit(mut self, of: u8, most: usize) -> Self {
        self.0.witness = Some(Witness::OfVisit(of, most));
        self
    }

    /// The lock relocks after this long.
    pub fn max_open(mut self, seconds: Seconds) -> Self {
        self.0.max_open = Some(seconds);
        self
    }

    /// Only with a status at most this old.
    pub fn fresh(mut self, seconds: Seconds) -> Self {
        self.0.fresh = Some(seconds);
        self
    }

    /// Only over these channels.
    pub fn channels(mut self, channels: Channels) -> Self {
        self.0.channels = Some(channels);
        self
    }

    /// Only in these windows of the lock's local time, and not on these dates; a visit may name
    /// further dates.
    pub fn schedule(mut self, windows: &[Window], exceptions: &[Dates]) -> Self {
        self.0.windows = windows.to_vec();
        self.0.exceptions = exceptions.to_vec();
        self
    }

    /// Only when the embedder's checker for `tag` says so of `data`.
    pub fn app(mut self, tag: u32, data: &[u8]) -> Self {
        self.0.app = Some((tag, data.to_vec()));
        self
    }

    /// Checks the recipe: its largest filling is one that every lock reads, and leaves room in a
    /// token for as many links as may follow.
    ///
    /// # Errors
    /// Any [`TemplateError`] but those of a visit.
    pub fn checked(self) -> Result<Template, TemplateError> {
        let recipe = &self.0;
        if usize::from(recipe.depth) >= MAX_LINKS {
            return Err(TemplateError::Depth(recipe.depth));
        }
        if recipe.targets > MAX_TARGETS {
            return Err(TemplateError::Targets { most: recipe.targets });
        }
        let ends = recipe.ahead.0.checked_add(recipe.lasts.0);
        if ends.is_none() || recipe.lasts.0 == 0 {
            return Err(TemplateError::Lasts(recipe.lasts));
        }
        let template = Template(self.0);
        let largest = template.largest()?;
        let room = MAX_TOKEN - usize::from(template.0.depth) * SHORTEST_LINK;
        let token = LONGEST_HEAD + largest + SHORTEST_LINK;
        if token > room { Err(TemplateError::NoRoom { token, room }) } else { Ok(template) }
    }
}

impl Template {
    /// The bytes of the caveats of the largest filling.
    fn largest(&self) -> Result<usize, TemplateError> {
        let targets = (0..).take(self.0.targets).map(|n| Target::Lock(LockId([n; 8])));
        let targets: Vec<_> = targets.collect();
        let most = match self.0.witness {
            Some(Witness::OfVisit(_, most)) => most,
            _ => 0,
        };
        let witnesses = some_keys(most)?;
        // Dates that no calendar has, and that no other range touches.
        let scheduled = if self.0.windows.is_empty() { 0 } else { MAX_EXCEPTIONS };
        let far = |n: u32| Dates { first: u32::MAX - 1000 * n, days: MAX_EXCEPTION_DAYS };
        let exceptions: Vec<_> =
            (0..).map(far).take(scheduled.saturating_sub(self.0.exceptions.len())).collect();
        let latest = Time(MAX_TIME - u64::from(self.0.ahead.0) - u64::from(self.0.lasts.0));
        let visit = Visit::from(latest).at(&targets).witnesses(&witnesses).not_on(&exceptions);
        Ok(self.grant(&visit)?.encode()?.as_bytes().len())
    }
}

/// Keys of nobody, to measure with.
fn some_keys(count: usize) -> Result<Vec<PublicKey<role::Witness>>, TemplateError> {
    let key = |n: usize| {
        let mut bytes = [2; 32];
        bytes[0] = u8::try_from(n).ok()?;
        PublicKey::from_bytes(&bytes).ok()
    };
    (0..count).map(|n| key(n).ok_or(TemplateError::WitnessCount { of: 1, most: count })).collect()
}

impl Recipe {
    fn valid(&self, visit: &Visit<'_>) -> Result<Valid, TemplateError> {
        let from = visit.from;
        if from.since(visit.now) > self.ahead.0.into() || from < visit.now {
            return Err(TemplateError::Starts { now: visit.now, from, ahead: self.ahead });
        }
        let lasts = visit.lasts.unwrap_or(self.lasts);
        if lasts > self.lasts || lasts.0 == 0 {
            return Err(TemplateError::Lasts(lasts));
        }
        Ok(Valid { from, lasts })
    }

    fn targets(&self, visit: &Visit<'_>) -> Result<(), TemplateError> {
        let fit = (1..=self.targets).contains(&visit.targets.len());
        if fit { Ok(()) } else { Err(TemplateError::Targets { most: self.targets }) }
    }

    /// Adds all that is neither right, target nor time.
    fn conditions<L>(
        &self,
        mut caveats: Caveats<L>,
        valid: Valid,
        visit: &Visit<'_>,
    ) -> Result<Caveats<L>, TemplateError> {
        match &self.witness {
            Some(Witness::Fixed(of, keys)) => caveats = caveats.witness(*of, keys)?,
            Some(Witness::OfVisit(of, most)) => {
                if !(usize::from(*of)..=*most).contains(&visit.witnesses.len()) {
                    return Err(TemplateError::WitnessCount { of: *of, most: *most });
                }
                caveats = caveats.witness(*of, visit.witnesses)?;
            }
            // What is filled in never goes unheard.
            None if !visit.witnesses.is_empty() => return Err(TemplateError::NotAsked("witness")),
            None => {}
        }
        if !self.windows.is_empty() || !self.exceptions.is_empty() {
            let exceptions = [&self.exceptions, visit.exceptions].concat();
            caveats = caveats.schedule(&self.windows, &exceptions)?;
        } else if !visit.exceptions.is_empty() {
            return Err(TemplateError::NotAsked("exception"));
        }
        if let Some(uses) = self.uses {
            caveats = caveats.uses(uses)?;
        }
        if let Some(lasts) = self.first_use {
            caveats = caveats.first_use(FirstUse { by: valid.until(), lasts })?;
        }
        if let Some(seconds) = self.max_open {
            caveats = caveats.max_open(seconds)?;
        }
        if let Some(seconds) = self.fresh {
            caveats = caveats.fresh(seconds)?;
        }
        if let Some(channels) = self.channels {
            caveats = caveats.channels(channels)?;
        }
        if let Some((tag, data)) = &self.app {
            caveats = caveats.app(*tag, data)?;
        }
        Ok(caveats)
    }
}

impl<'a> Visit<'a> {
    /// A visit that starts now, for as long as the template allows.
    pub const fn from(now: Time) -> Self {
        Self { now, from: now, lasts: None, targets: &[], witnesses: &[], exceptions: &[] }
    }

    /// It starts later.
    #[must_use]
    pub const fn starts(self, from: Time) -> Self {
        Self { from, ..self }
    }

    /// It is shorter.
    #[must_use]
    pub const fn lasts(self, lasts: Seconds) -> Self {
        Self { lasts: Some(lasts), ..self }
    }

    /// It is to these locks and groups.
    #[must_use]
    pub const fn at(self, targets: &'a [Target]) -> Self {
        Self { targets, ..self }
    }

    /// These cameras and persons are there.
    #[must_use]
    pub const fn witnesses(self, witnesses: &'a [PublicKey<role::Witness>]) -> Self {
        Self { witnesses, ..self }
    }

    /// Not on these dates.
    #[must_use]
    pub const fn not_on(self, exceptions: &'a [Dates]) -> Self {
        Self { exceptions, ..self }
    }
}

/// Why a template or its filling is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// A condition that no lock reads.
    Encode(EncodeError),
    /// It can't be passed on so often.
    Depth(u8),
    /// The caveats leave no room in a token for the links that may follow.
    NoRoom {
        /// Bytes of the token.
        token: usize,
        /// Bytes that it may have.
        room: usize,
    },
    /// The duration is none, longer than the template's, or too long for any.
    Lasts(Seconds),
    /// It starts before now, or later than the template allows.
    Starts {
        /// The present.
        now: Time,
        /// When it would start.
        from: Time,
        /// How far ahead it may.
        ahead: Seconds,
    },
    /// No lock or group, or more than the template allows.
    Targets {
        /// The template's limit.
        most: usize,
    },
    /// Fewer witnesses than must agree, or more than the template allows.
    WitnessCount {
        /// How many must agree.
        of: u8,
        /// The template's limit.
        most: usize,
    },
    /// The visit names what the template has no condition for.
    NotAsked(&'static str),
}

impl From<EncodeError> for TemplateError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Depth(depth) => write!(f, "passed on {depth} times: 3 is the most"),
            Self::NoRoom { token, room } => write!(f, "{token} bytes, where {room} are left"),
            Self::Lasts(seconds) => write!(f, "a duration of {} s is refused", seconds.0),
            Self::Starts { now, from, ahead } => {
                write!(f, "starts at {}, not from {} on within {} s", from.0, now.0, ahead.0)
            }
            Self::Targets { most } => write!(f, "1 to {most} locks and groups"),
            Self::WitnessCount { of, most } => write!(f, "{of} to {most} witnesses"),
            Self::NotAsked(what) => write!(f, "the template asks for no {what}"),
        }
    }
}

impl std::error::Error for TemplateError {}

/// Bytes of a token in front of its first link: version, kind, issuer, serial, number of links.
const LONGEST_HEAD: usize = 2 + 8 + 10 + 1;

/// Bytes of a link beside its caveats, and of a bitmap of none: grantee, depth, signature.
const SHORTEST_LINK: usize = 32 + 1 + 64 + 1;

const _: () = assert!(LONGEST_HEAD + SHORTEST_LINK + MAX_CAVEATS <= MAX_TOKEN);
