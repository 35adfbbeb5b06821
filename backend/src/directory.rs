//! What the doors of a million domains trust: swapped whole, under readers that never wait.
//!
//! Who verifies for many domains picks trust by the door that he *knows* the request came for, by
//! the route, the account, the radio that it came over: never by what the request itself claims,
//! and never by trying (SPEC.md section 13.1). So the only way in is a [`Door`], and the answer is
//! one door's trust or none.
//!
//! | what | held as | bytes |
//! | --- | --- | --- |
//! | a [`keyward::Domain`] | arrays as long as the longest statement | 2968 |
//! | the same here | the statements' own bytes, shared by all its doors | about 700 |
//!
//! The bytes are read anew for each request, which costs a hundredth of verifying it, and never
//! verified anew: that they are genuine follows from where they come from. What is held has private
//! fields; it is made by [`Directory::found`], [`Directory::hold`] and the `take_` functions alone,
//! each of which lets the core verify every signature first; and nothing changes it afterwards. A
//! change makes another, and puts it in the place of the first in one step.

mod founding;
mod held;

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
};

use keyward::{
    Card, Domain, Epoch, Keyset, Refusal, Status, Taken,
    id::{DomainId, LockId},
};

use held::Held;
pub use held::{DoorTrust, Statements};

/// A door: which lock of which domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Door {
    /// The domain.
    pub domain: DomainId,
    /// The lock.
    pub lock: LockId,
}

/// Domains and their doors, each as it was taken in last.
///
/// A reader gets what is held at that moment and keeps it for as long as he likes; he waits for
/// nobody. A change is seen by every lookup that begins after the function that made it has
/// returned. Writers of one domain wait for each other, so that none builds on what is past.
#[derive(Default)]
pub struct Directory {
    domains: papaya::HashMap<DomainId, Arc<Held>>,
    /// Writers of a domain take its lock, which it shares with a few others.
    writers: Writers,
}

struct Writers {
    locks: [Mutex<()>; WRITERS],
    hash: RandomState,
}

impl Directory {
    /// Holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a door trusts, or nothing where the door isn't known.
    pub fn trust(&self, door: &Door) -> Option<DoorTrust> {
        let held = self.held(&door.domain)?;
        let card = held.card(door.lock)?;
        Some(DoorTrust::new(held, card))
    }

    /// The statements of a domain, for phones and auditors to fetch.
    pub fn statements(&self, domain: &DomainId) -> Option<Statements> {
        self.held(domain).map(Statements::new)
    }

    /// How many domains are held.
    pub fn len(&self) -> usize {
        self.domains.len()
    }

    /// Whether no domain is held.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }

    /// Takes a domain in, from its epoch 0 on, with its keysets, list and cards, each judged by
    /// what was in force when it was made. All signatures are verified. So a restart trusts what
    /// the process before it trusted, though list and cards be by signers that were dropped since.
    ///
    /// # Errors
    /// [`DirectoryError::AlreadyHeld`], [`DirectoryError::NoEpoch`], [`DirectoryError::NoKeyset`],
    /// [`DirectoryError::Refused`]; nothing is held then.
    pub fn found(&self, bundle: &Bundle<'_>) -> Result<(), DirectoryError> {
        self.put(bundle.domain, founding::founded(bundle)?)
    }

    /// Takes a domain in that the caller has, with its newest cards, which are verified against the
    /// keyset that it has. Cards by an enroller that was dropped since come in by
    /// [`Directory::found`] alone.
    ///
    /// # Errors
    /// [`DirectoryError::AlreadyHeld`], [`DirectoryError::Refused`]; nothing is held then.
    pub fn hold(&self, domain: &Domain, cards: &[&[u8]]) -> Result<(), DirectoryError> {
        let mut held = Held::of(domain)?;
        for card in cards {
            held = held.with_card(domain, &Card::decode(card)?, card)?.0;
        }
        self.put(domain.scope()?.domain, held)
    }

    fn put(&self, domain: DomainId, held: Held) -> Result<(), DirectoryError> {
        let _alone = self.writers.lock(&domain);
        // What is held may be newer: it changes by its own rules, and is never replaced.
        match self.domains.pin().try_insert(domain, Arc::new(held)) {
            Ok(_) => Ok(()),
            Err(_) => Err(DirectoryError::AlreadyHeld),
        }
    }

    /// Forgets a domain and its doors.
    pub fn remove(&self, domain: &DomainId) -> bool {
        let _alone = self.writers.lock(domain);
        self.domains.pin().remove(domain).is_some()
    }

    /// Forgets a door: released, or another owner's.
    pub fn remove_door(&self, door: &Door) -> bool {
        let changed = self.change(&door.domain, |_, held| {
            let left = held.without_card(door.lock);
            Ok((left.is_some(), left))
        });
        changed.unwrap_or(false)
    }

    /// Takes a newer keyset in.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownDomain`], those of [`Domain::take_keyset`].
    pub fn take_keyset(&self, domain: &DomainId, keyset: &[u8]) -> Result<Taken, DirectoryError> {
        let keyset = Keyset::decode(keyset)?;
        self.take(domain, |domain| domain.take_keyset(&keyset))
    }

    /// Takes a newer revocation list in.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownDomain`], those of [`Domain::take_list`].
    pub fn take_list(&self, domain: &DomainId, list: &[u8]) -> Result<Taken, DirectoryError> {
        let list = Status::decode(list)?;
        self.take(domain, |domain| domain.take_list(&list))
    }

    /// Takes the next epochs in, with the keyset of the last: a clean slate, in which cards of the
    /// epoch before still name their locks, and no group.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownDomain`], those of [`Walk::step`](keyward::Walk::step) and
    /// [`Domain::take_epoch`].
    pub fn take_epochs(
        &self,
        domain: &DomainId,
        epochs: &[&[u8]],
        keyset: &[u8],
    ) -> Result<Taken, DirectoryError> {
        let keyset = Keyset::decode(keyset)?;
        self.take(domain, |domain| {
            let mut walk = domain.walk()?;
            for epoch in epochs {
                walk.step(&Epoch::decode(epoch)?)?;
            }
            domain.take_epoch(walk, &keyset)
        })
    }

    /// Takes a newer card of a door in, or the first.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownDomain`], those of [`Domain::check_card`], and
    /// [`Refusal::Older`] and [`Refusal::Fork`] beside the card that is held.
    pub fn take_card(&self, domain: &DomainId, bytes: &[u8]) -> Result<Taken, DirectoryError> {
        let card = Card::decode(bytes)?;
        self.change(domain, |domain, held| {
            let (held, taken) = held.with_card(domain, &card, bytes)?;
            Ok((taken, (taken != Taken::Unchanged).then_some(held)))
        })
    }

    fn held(&self, domain: &DomainId) -> Option<Arc<Held>> {
        self.domains.pin().get(domain).cloned()
    }

    /// Changes a domain's statements by what the core takes in.
    fn take(
        &self,
        domain: &DomainId,
        take: impl FnOnce(&mut Domain) -> Result<Taken, Refusal>,
    ) -> Result<Taken, DirectoryError> {
        self.change(domain, |domain, held| match take(domain)? {
            Taken::Unchanged => Ok((Taken::Unchanged, None)),
            taken => Ok((taken, Some(held.in_domain(domain)?))),
        })
    }

    /// Puts what `change` makes of a domain in its place; nothing where it makes nothing.
    fn change<T>(
        &self,
        domain: &DomainId,
        change: impl FnOnce(&mut Domain, &Held) -> Result<(T, Option<Held>), Refusal>,
    ) -> Result<T, DirectoryError> {
        let _alone = self.writers.lock(domain);
        let held = self.held(domain).ok_or(DirectoryError::UnknownDomain)?;
        let (told, next) = change(&mut held.domain()?, &held)?;
        if let Some(next) = next {
            self.domains.pin().insert(*domain, Arc::new(next));
        }
        Ok(told)
    }
}

impl Default for Writers {
    fn default() -> Self {
        Self { locks: std::array::from_fn(|_| Mutex::default()), hash: RandomState::new() }
    }
}

impl Writers {
    fn lock(&self, domain: &DomainId) -> std::sync::MutexGuard<'_, ()> {
        let place = self.hash.hash_one(domain) % WRITERS as u64;
        let lock = &self.locks[place as usize];
        lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks of writers: a domain of a million shares its own with 4000, and is changed once a day.
const WRITERS: usize = 256;

/// All statements of a domain, as whoever fills a directory keeps them.
///
/// A list or card by a signer that a later keyset has dropped is taken, as a lock takes it that is
/// brought the statements in this order. So the list is to be the one that a directory has taken,
/// not one that turned up afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    /// Its id, from a source that the caller trusts.
    pub domain: DomainId,
    /// Its epochs, from the first on.
    pub epochs: &'a [&'a [u8]],
    /// Its keysets, from older to newer: each under which the list or a card was signed, one of
    /// every 16th epoch at least (SPEC.md section 17.4), and the newest.
    pub keysets: &'a [&'a [u8]],
    /// The newest revocation list that was taken.
    pub list: Option<&'a [u8]>,
    /// The newest card of each of its doors that was taken.
    pub cards: &'a [&'a [u8]],
}

/// Why nothing is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The domain isn't held.
    UnknownDomain,
    /// The domain is held already.
    AlreadyHeld,
    /// There is no epoch to begin with.
    NoEpoch,
    /// There is no keyset of the newest epoch.
    NoKeyset,
    /// The statement is refused.
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for DirectoryError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl std::fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownDomain => f.write_str("the domain isn't held"),
            Self::AlreadyHeld => f.write_str("the domain is held already"),
            Self::NoEpoch => f.write_str("no epoch"),
            Self::NoKeyset => f.write_str("no keyset of the newest epoch"),
            Self::Refused(refusal) => write!(f, "refused: {refusal:?}"),
        }
    }
}

impl std::error::Error for DirectoryError {}
