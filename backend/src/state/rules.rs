//! The rules that all stores follow: what is refused for a floor, what may be dropped, where
//! serials start.

use std::ops::Range;

use sha2::{Digest, Sha256};

use keyward::{Scope, id::KeyId};

use super::{Cell, MAX_CELLS, Mark, Millis, Name, StateError, Value, Verdict, clock::Present};

/// What a store has forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Floors {
    pub(super) lost: Millis,
    pub(super) counts: Millis,
    pub(super) nonces: Millis,
    pub(super) cells: Millis,
}

impl Floors {
    /// Those of a store that is born: challenges may have been spent at another before it.
    pub(super) fn born(present: &Present) -> Self {
        Self { lost: present.after_all_shown(), ..Self::default() }
    }

    /// What is refused whatever else the store holds.
    pub(super) fn refuse(&self, mark: &Mark) -> Option<Verdict> {
        let forgotten = mark.nonce.is_some_and(|nonce| nonce.given <= self.nonces);
        if mark.made <= self.lost || forgotten {
            return Some(Verdict::Forgotten);
        }
        let forgotten = |cell: &Cell| cell.began <= self.counts || cell.good_until <= self.cells;
        mark.cells.iter().position(forgotten).map(Verdict::CellForgotten)
    }
}

/// Nonces given until then can't be answered any more, by any node's clock.
pub(super) const fn nonces_over(now: Millis) -> Millis {
    now.before(NONCE_KEPT)
}

/// Refuses a mark that no request makes.
pub(super) fn check(mark: &Mark) -> Result<(), StateError> {
    let fits = |value: &Value| value.as_bytes().len() <= Value::MAX;
    let cells = &mark.cells;
    let well = cells.iter().all(|cell| fits(&cell.before) && fits(&cell.after));
    let twice = (1..cells.len()).any(|n| cells[..n].iter().any(|cell| cell.name == cells[n].name));
    let none = cells.iter().any(|cell| cell.after == Value::default());
    let gone = cells.iter().any(|cell| cell.good_until > cell.keep_until);
    if cells.len() > MAX_CELLS || !well || twice || none || gone {
        return Err(StateError::TooMuch);
    }
    Ok(())
}

/// Names the counter of an issuer's serials.
pub(super) fn serials(scope: &Scope, issuer: KeyId) -> Name {
    let mut hash = Sha256::new_with_prefix(b"keyward serials\0");
    hash.update(scope.domain.0);
    hash.update(scope.epoch.to_le_bytes());
    hash.update(issuer.0);
    let mut name = [0; 16];
    name.copy_from_slice(&hash.finalize()[..16]);
    Name(name)
}

/// Serials in the order in which they are given, by a store that may be lost or put back as an old
/// copy. A second has a million of them, and none is given before its second by much:
///
/// * a store that is opened, or connected to, gives none of a second before: an old copy, or one
///   that starts from nothing, goes on above all that was given, unless more than a million a
///   second were;
/// * one that another server goes on with leaps ahead by more than any replica lags behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    /// How often the store had changed servers when it was last used.
    pub(super) servers: u64,
    /// The next serial.
    pub(super) next: u64,
}

impl Counter {
    /// Reserves serials.
    pub(super) fn reserve(
        &mut self,
        servers: u64,
        least: u64,
        count: u32,
        present: &Present,
    ) -> Result<Range<u64>, StateError> {
        let leap = if self.servers == servers { 0 } else { LEAP };
        let start = self.next.saturating_add(leap).max(least);
        let end = start.saturating_add(count.into());
        if count > MAX_SERIALS || end > last_serial(present) {
            return Err(StateError::TooMuch);
        }
        *self = Self { servers, next: end };
        Ok(start..end)
    }
}

/// The first serial of this second, which a store that was opened in it may give.
pub(super) const fn first_serial(present: &Present) -> u64 {
    present.hi().second().0 << SERIALS_A_SECOND
}

/// The end of those that may be given by now.
pub(super) const fn last_serial(present: &Present) -> u64 {
    first_serial(present).saturating_add(AHEAD)
}

/// Serials of a second, as a power of 2: a million.
const SERIALS_A_SECOND: u32 = 20;

/// Serials that may be given in advance of the time: of half an hour.
const AHEAD: u64 = 1 << 31;

/// Serials that are left out when another server goes on: more than were given while it lagged.
pub(super) const LEAP: u64 = 1 << 24;

/// Serials of one reservation, at most.
pub(super) const MAX_SERIALS: u32 = 1 << 20;

/// Milliseconds that a spent nonce is kept: a challenge's life, and as much again for clocks that
/// differ. Less would open nothing, for the floor rises.
pub(super) const NONCE_KEPT: u64 = 2 * keyward::limits::CHALLENGE_LIFETIME * 1000;

/// Things that a mark drops at most, of each kind: more than it adds.
pub(super) const DROPPED_AT_ONCE: usize = 8;
