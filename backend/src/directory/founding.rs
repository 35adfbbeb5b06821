//! A domain made anew from its statements, as after a restart (SPEC.md section 17).
//!
//! They are taken in the order in which they were made, so that each is judged by the keyset that
//! was in force then: a list and a card stay in force after their signer is dropped.

use std::{iter::Peekable, slice::Iter};

use keyward::{Card, Domain, Epoch, Keyset, Refusal, Status, Walk, wire::DecodeError};

use super::{Bundle, DirectoryError, held::Held};

/// What a domain holds that has taken all of these statements in.
///
/// # Errors
/// [`DirectoryError::NoEpoch`], [`DirectoryError::NoKeyset`]; [`DirectoryError::Refused`] for an
/// epoch or keyset that doesn't follow the one before, and for a list or card that is taken under
/// none of the keysets.
pub(super) fn founded(bundle: &Bundle<'_>) -> Result<Held, DirectoryError> {
    let epochs = all(bundle.epochs, Epoch::decode)?;
    let (first, later) = epochs.split_first().ok_or(DirectoryError::NoEpoch)?;
    let keysets = all(bundle.keysets, Keyset::decode)?;
    let (keyset, newer) = keysets.split_first().ok_or(DirectoryError::NoKeyset)?;
    let mut left = Left {
        list: bundle.list.map(Status::decode).transpose()?,
        cards: all(bundle.cards, |bytes| Ok((Card::decode(bytes)?, bytes)))?,
    };

    let mut later = later.iter().peekable();
    let walk = walked(Walk::from_first(bundle.domain, first)?, &mut later, keyset)?;
    let mut domain = Domain::found(walk, keyset)?;
    let mut held = Held::of(&domain)?;
    let mut refused = left.give(&mut domain, &mut held)?;
    for keyset in newer {
        // A walk ends after 16 epochs; from what is held another begins.
        let walk = walked(domain.walk()?, &mut later, keyset)?;
        domain.take_epoch(walk, keyset)?;
        refused = left.give(&mut domain, &mut held)?;
    }
    match (later.next(), refused) {
        (Some(_), _) => Err(DirectoryError::NoKeyset),
        (None, Some(refusal)) => Err(DirectoryError::Refused(refusal)),
        (None, None) => Ok(held),
    }
}

/// What no keyset has taken yet.
struct Left<'b> {
    list: Option<Status<'b>>,
    cards: Vec<(Card<'b>, &'b [u8])>,
}

impl Left<'_> {
    /// Gives a domain all that it takes by its keyset; returns why the first of the rest is
    /// refused.
    fn give(
        &mut self,
        domain: &mut Domain,
        held: &mut Held,
    ) -> Result<Option<Refusal>, DecodeError> {
        let mut refused = None;
        if let Some(list) = &self.list {
            match domain.take_list(list) {
                Ok(_) => self.list = None,
                Err(refusal) => refused = Some(refusal),
            }
        }
        *held = held.in_domain(domain)?;
        self.cards.retain(|(card, bytes)| match held.with_card(domain, card, bytes) {
            Ok((next, _)) => {
                *held = next;
                false
            }
            Err(refusal) => {
                refused.get_or_insert(refusal);
                true
            }
        });
        Ok(refused)
    }
}

/// Walks on to the epoch that a keyset is of.
fn walked(
    mut walk: Walk,
    later: &mut Peekable<Iter<'_, Epoch<'_>>>,
    keyset: &Keyset<'_>,
) -> Result<Walk, Refusal> {
    let number = keyset.unverified_epoch();
    while let Some(epoch) = later.next_if(|epoch| epoch.unverified_number() <= number) {
        walk.step(epoch)?;
    }
    Ok(walk)
}

fn all<'b, T>(
    statements: &[&'b [u8]],
    decode: impl Fn(&'b [u8]) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    statements.iter().map(|bytes| decode(bytes)).collect()
}
