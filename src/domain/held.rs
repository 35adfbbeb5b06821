//! What statements are checked against, whoever holds its bytes (SPEC.md section 17).

use super::Change;
use crate::{
    card::{Card, CheckedCard},
    epoch::Epoch,
    id::{DomainId, KeyId, Nonce},
    keyset::{Issuer, Keyset, Roles},
    preimage::Scope,
    refusal::Refusal,
    status::{ListOrder, Status},
    time::Time,
};

/// What a domain holds, read.
pub(crate) struct Held<'h, 'a> {
    id: DomainId,
    epoch: &'h Epoch<'a>,
    keyset: &'h Keyset<'a>,
    list: Option<&'h Status<'a>>,
}

impl<'h, 'a> Held<'h, 'a> {
    /// What an epoch that was verified, and a keyset of it, make together.
    pub(crate) fn found(
        id: DomainId,
        epoch: &'h Epoch<'a>,
        keyset: &'h Keyset<'a>,
    ) -> Result<Self, Refusal> {
        fits(keyset, epoch)?;
        let _genuine = keyset.verify(&Scope { domain: id, epoch: epoch.number }, epoch)?;
        Ok(Self::by(id, epoch, keyset))
    }

    pub(super) const fn by(id: DomainId, epoch: &'h Epoch<'a>, keyset: &'h Keyset<'a>) -> Self {
        Self { id, epoch, keyset, list: None }
    }

    /// The same where a list is held.
    pub(super) const fn with_list(self, list: Option<&'h Status<'a>>) -> Self {
        Self { list, ..self }
    }

    const fn scope(&self) -> Scope {
        Scope { domain: self.id, epoch: self.epoch.number }
    }

    pub(super) fn fits_card(&self, card: &Card<'_>) -> Result<(), Refusal> {
        fits_epoch(self.epoch, card.epoch)?;
        ahead(self.keyset, card.order.keyset)
    }

    pub(crate) fn check_card<'c>(&self, card: &Card<'c>) -> Result<CheckedCard<'c>, Refusal> {
        self.fits_card(card)?;
        let issuer = signer(self.keyset, card.issuer, Roles::ENROL, card.at)?;
        let issuers = self.keyset.issuers.iter().map(|issuer| issuer.key);
        if self.epoch.keys().chain(issuers).any(|key| key == card.device) {
            return Err(Refusal::KeyInTwoClasses);
        }
        let scope = self.scope();
        Ok(CheckedCard::new(*card, scope, card.verify(&scope, &issuer)?))
    }

    pub(crate) fn check_list<'b>(
        &self,
        status: &Status<'b>,
        nonce: Option<&Nonce>,
    ) -> Result<Change<'b>, Refusal> {
        if status.list.is_none() {
            return Err(Refusal::NotAList);
        }
        fits_epoch(self.epoch, status.epoch)?;
        let order = status.state.list;
        ahead(self.keyset, order.keyset)?;
        let held_order = self.list.map_or(ListOrder::NONE, |held| held.state.list);
        if order < held_order {
            return Err(Refusal::Older);
        }
        if self.list.is_some_and(|held| held.unsigned() == status.unsigned()) {
            return Ok(Change::Unchanged);
        }
        let issuer = signer(self.keyset, status.issuer, Roles::REVOKE, status.state.at)?;
        self.signed(status, &issuer, nonce)?;
        if self.list.is_some() && order == held_order {
            return Err(Refusal::Fork);
        }
        Ok(Change::List(status.bytes))
    }

    pub(super) fn signed(
        &self,
        status: &Status<'_>,
        issuer: &Issuer<'_>,
        nonce: Option<&Nonce>,
    ) -> Result<(), Refusal> {
        let genuine = status.verify(&self.scope(), issuer.key, nonce);
        let _genuine = genuine.map_err(|fault| Refusal::StatementSignature { signer: 0, fault })?;
        Ok(())
    }
}

pub(super) fn fits(keyset: &Keyset<'_>, epoch: &Epoch<'_>) -> Result<(), Refusal> {
    let (held, got) = (epoch.number, keyset.epoch);
    if got == held { Ok(()) } else { Err(Refusal::OtherEpoch { held, got }) }
}

pub(super) fn fits_epoch(held: &Epoch<'_>, got: crate::id::Epoch) -> Result<(), Refusal> {
    let held = held.number;
    if got == held { Ok(()) } else { Err(Refusal::OtherEpoch { held, got }) }
}

fn ahead(held: &Keyset<'_>, got: crate::id::KeysetVersion) -> Result<(), Refusal> {
    let held = held.version;
    if got <= held { Ok(()) } else { Err(Refusal::KeysetAhead { held, got }) }
}

/// The issuer that signs a statement of this time in this role.
pub(super) fn signer<'a>(
    keyset: &Keyset<'a>,
    id: KeyId,
    role: Roles,
    at: Time,
) -> Result<Issuer<'a>, Refusal> {
    let issuer = keyset.issuers.find(id).ok_or(Refusal::UnknownIssuer(id))?;
    if !issuer.roles.has(role) {
        return Err(Refusal::WrongRole(id));
    }
    let _decodes = issuer.limits().ok_or(Refusal::IssuerDisabled(id))?;
    if !issuer.covers(at) {
        return Err(Refusal::TimeOutside { at });
    }
    Ok(issuer)
}
