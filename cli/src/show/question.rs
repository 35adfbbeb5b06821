//! What is asked of a lock, and what a token has asked by default.

use keyward::{
    Channel, Right, Rights, Target, Time, Token,
    caveat::Caveat,
    id::{LockId, Nonce},
};

use super::beside::Beside;
use crate::name::CHANNELS;

/// What is asked of which lock, when and how.
pub(super) struct Question {
    pub(super) at: Time,
    /// Whether that is now, rather than a time that was given.
    pub(super) is_now: bool,
    pub(super) lock: Option<LockId>,
    pub(super) right: Right,
    pub(super) channel: Channel,
    /// The session's nonce, where it is known.
    pub(super) nonce: Nonce,
    pub(super) unchallenged: bool,
    pub(super) status: Option<Vec<u8>>,
    pub(super) witnesses: Vec<Vec<u8>>,
}

impl Question {
    /// The right that is asked for by default: unlock, or the first that all links grant.
    pub(super) fn right(token: &Token<'_>) -> Right {
        let granted = sets(token).filter_map(|set| match set {
            Caveat::Rights(rights) => Some(rights.0),
            _ => None,
        });
        let granted = Rights(granted.fold(u32::MAX, |all, rights| all & rights));
        let first = (0..=31).filter_map(Right::new).find(|right| granted.has(*right));
        first.unwrap_or(Right::UNLOCK)
    }

    /// The channel by default: radio, or the first that all links admit.
    pub(super) fn channel(token: &Token<'_>) -> Channel {
        let admits = |channel: Channel| {
            sets(token).all(|caveat| match caveat {
                Caveat::Channel(channels) => channels.has(channel),
                _ => true,
            })
        };
        let preferred = std::iter::once(Channel::Radio).chain(CHANNELS.map(|(channel, _)| channel));
        preferred.into_iter().find(|channel| admits(*channel)).unwrap_or(Channel::Radio)
    }

    /// The lock by default: the first target that has a card, or is a group of a lock that has.
    pub(super) fn lock(token: &Token<'_>, beside: &Beside<'_>) -> Option<LockId> {
        let file = beside.domain.as_ref()?;
        let targets: Vec<_> = sets(token)
            .filter_map(|caveat| match caveat {
                Caveat::Target(targets) => Some(targets.iter().collect::<Vec<_>>()),
                _ => None,
            })
            .flatten()
            .collect();
        let named = targets.iter().find_map(|target| match target {
            Target::Lock(lock) => file.cards().contains_key(lock).then_some(*lock),
            Target::Group(_) => None,
        });
        named.or_else(|| {
            file.cards().keys().copied().find(|lock| {
                let card = file.card(*lock);
                card.is_ok_and(|card| {
                    card.unverified_groups().any(|id| targets.contains(&Target::Group(id)))
                })
            })
        })
    }
}

/// All caveats of all links.
fn sets<'a>(token: &Token<'a>) -> impl Iterator<Item = Caveat<'a>> {
    let links = token.unverified_links().flatten().map(|link| link.caveats);
    links
        .flat_map(|set| set.caveats().flatten().collect::<Vec<_>>())
        .collect::<Vec<_>>()
        .into_iter()
}
