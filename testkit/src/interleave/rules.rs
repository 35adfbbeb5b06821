//! The rules of SPEC.md section 13 that both naive models go by, in plain numbers.

use super::{
    naive::{Host, Naive, Said},
    story::{ATTEST, Grantor, ISSUE, Named, Story, What},
};

/// The times that the lock takes the present to lie between.
type Times = (u64, Option<u64>);

impl Naive {
    /// The clerk who issued a token.
    pub(super) fn issuer(&self, story: &Story, who: usize) -> Result<Named, u16> {
        let named = self.named(story, who).ok_or(200_u16)?;
        if named.roles & ISSUE == 0 { Err(201) } else { Ok(named) }
    }

    /// A status that a holder brings, and who says it.
    pub(super) fn attester(
        &self,
        story: &Story,
        status: Option<Said>,
        is_challenged: bool,
    ) -> Result<Option<(Said, Named)>, u16> {
        let Some(said) = status else { return Ok(None) };
        if said.epoch != self.epoch {
            return Err(230);
        }
        if said.nonce.is_some() && !is_challenged {
            return Err(233);
        }
        let named = self.named(story, said.by).ok_or(231_u16)?;
        if named.roles & ATTEST == 0 { Err(232) } else { Ok(Some((said, named))) }
    }

    /// Whether all signatures hold: the holder's for an epoch, the token's, the status's.
    pub(super) fn genuine(
        &self,
        (signed, claimed): (bool, u64),
        token: u64,
        status: Option<Said>,
    ) -> Result<(), u16> {
        if !signed || claimed != self.epoch {
            return Err(300);
        }
        if token != self.epoch {
            return Err(301);
        }
        let is_forged = status.is_some_and(|said| said.forged || said.nonce == Some(false));
        if is_forged { Err(303) } else { Ok(()) }
    }

    /// The refined interval, and what a status adds to it; `most` has passed since the challenge.
    pub(super) fn times(
        &self,
        host: &Host,
        attester: Option<(Said, Named)>,
        most: u64,
    ) -> Result<Times, u16> {
        let (mut lo, mut hi) = self.refined(host);
        let Some((said, named)) = attester else { return Ok((lo, hi)) };
        let expired = said.nonce.is_some() && lo >= named.until;
        if expired || said.at < named.from || said.at >= named.until {
            return Err(454);
        }
        lo = lo.max(said.at);
        if said.nonce.is_some() {
            let latest = said.at + most + 1;
            hi = Some(hi.map_or(latest, |hi| hi.min(latest)));
        }
        Ok((lo, hi.map(|hi| hi.max(lo))))
    }

    /// Whether the list that is held revokes a token of these links, each with its holder's name.
    pub(super) fn revoked(
        &self,
        story: &Story,
        (by, serial): (Grantor, u64),
        links: impl IntoIterator<Item = ([u8; 16], usize)>,
    ) -> Result<(), u16> {
        let held = self.list.map(|list| &story.statements[list].what);
        let Some(What::List { entries, floors, .. }) = held else { return Ok(()) };
        let floor = floors.iter().find(|(who, _)| by == Grantor::Clerk(*who));
        if floor.is_some_and(|(_, first)| serial < *first) {
            return Err(400);
        }
        for (link, holder) in links {
            if entries.contains(&link) {
                return Err(401);
            }
            if entries.contains(&story.holders[holder].public().name().0) {
                return Err(402);
            }
        }
        Ok(())
    }

    /// Whether the lock is in the group that a token is for.
    pub(super) fn grouped(&self, story: &Story) -> bool {
        let card = &story.statements[self.card];
        matches!(card.what, What::Card { grouped: true, .. }) && card.epoch == self.epoch
    }

    /// Whether a status is young enough for a link of this grantor's.
    pub(super) fn fresh(
        &self,
        story: &Story,
        (by, seconds): (Grantor, u32),
        status: Option<Said>,
        hi: Option<u64>,
    ) -> Result<(), u16> {
        let said = status.ok_or(450_u16)?;
        if by == Grantor::Clerk(said.by) {
            return Err(452);
        }
        if said.keyset > self.version(story) || said.list > self.list_order(story) {
            return Err(453);
        }
        let is_old = hi.is_none_or(|hi| hi.saturating_sub(said.at) > u64::from(seconds));
        if is_old { Err(451) } else { Ok(()) }
    }
}

/// Whether a span covers the present; for break-glass, which has no issuer, whether it may.
pub(super) fn valid(
    issuer: Option<Named>,
    (lo, hi): Times,
    (from, until): (u64, u64),
) -> Result<(), u16> {
    match (issuer, hi) {
        _ if lo >= until => Err(421),
        (None, _) => Ok(()),
        _ if lo < from => Err(420),
        (_, Some(hi)) if hi < until => Ok(()),
        _ => Err(422),
    }
}
