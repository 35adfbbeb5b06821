//! What a verifier holds of a domain, and how it takes statements in (SPEC.md section 17).
//!
//! Every check here is pure: statement and state in, a [`Change`] or a refusal out. A lock makes
//! the change durable before it applies it; a server or phone applies it at once.

mod held;

use crate::{
    card::{Card, CheckedCard},
    crypto::Genuine,
    epoch::{Commitment, Epoch},
    id::DomainId,
    key::public_key,
    keyset::{Keyset, Roles},
    limits::{MAX_EPOCH, MAX_EPOCHS, MAX_KEYSET, MAX_STATUS},
    preimage::{BodyHash, Scope},
    refusal::Refusal,
    seal::SealingKey,
    status::Status,
    time::{Time, Uptime},
    trust::Trust,
    verify::OpenChallenge,
    wire::{DecodeError, Encoded},
};

pub(crate) use held::Held;
use held::{fits, fits_epoch, signer};

/// One domain in one epoch: its epoch, its keyset and its newest revocation list, each verified.
#[derive(Clone, Debug)]
pub struct Domain {
    id: DomainId,
    epoch: Encoded<MAX_EPOCH>,
    keyset: Encoded<MAX_KEYSET>,
    list: Option<Encoded<MAX_STATUS>>,
}

/// A statement that was verified, and what it changes. Only a lock or domain that has verified it
/// makes one that anybody acts on.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "no heap to put the epoch on")]
pub enum Change<'b> {
    /// The same is held already.
    Unchanged,
    /// A lock's first owner, or next one.
    Claim {
        /// The domain.
        domain: DomainId,
        /// The encoded epoch.
        epoch: &'b [u8],
        /// The encoded keyset.
        keyset: &'b [u8],
        /// The encoded card.
        card: &'b [u8],
        /// The encoded list, if there is one.
        list: Option<&'b [u8]>,
    },
    /// A new epoch with its keyset: a clean slate.
    Epoch {
        /// The encoded epoch.
        epoch: Encoded<MAX_EPOCH>,
        /// The encoded keyset.
        keyset: &'b [u8],
    },
    /// A newer keyset.
    Keyset(&'b [u8]),
    /// A newer list.
    List(&'b [u8]),
    /// A newer card.
    Card(&'b [u8]),
    /// An attester's time, and since when it bounds the present.
    Time {
        /// What the attester signed.
        at: Time,
        /// When the challenge was given that the status is over.
        issued: Option<Uptime>,
    },
}

impl Domain {
    /// A domain from its epoch 0, which its id vouches for, or from a later epoch that was walked
    /// to, with the keyset of the last.
    ///
    /// # Errors
    /// Those of SPEC.md section 17.3.
    pub fn found(walk: Walk, keyset: &Keyset<'_>) -> Result<Self, Refusal> {
        let _held = Held::found(walk.domain, &Epoch::decode(walk.last.as_bytes())?, keyset)?;
        let keyset = Encoded::copy_of(keyset.bytes);
        Ok(Self { id: walk.domain, epoch: walk.last, keyset, list: None })
    }

    /// A domain whose statements are still to be read from a journal.
    pub(crate) const fn blank(id: DomainId) -> Self {
        Self { id, epoch: Encoded::empty(), keyset: Encoded::empty(), list: None }
    }

    /// Takes an epoch from a journal, which was verified before it was written there.
    pub(crate) fn hold_epoch(&mut self, epoch: &[u8]) {
        self.epoch.hold(epoch);
    }

    fn hold_list(&mut self, list: Option<&[u8]>) {
        match list {
            Some(list) => self.list.get_or_insert(Encoded::empty()).hold(list),
            None => self.list = None,
        }
    }

    pub(crate) const fn id(&self) -> DomainId {
        self.id
    }

    /// The encoded epoch, keyset and list that are held, for a server that keeps many domains in
    /// less room; [`Domain::pinned`] makes a domain of them again.
    pub fn bytes(&self) -> (&[u8], &[u8], Option<&[u8]>) {
        let list = self.list.as_ref().map(Encoded::as_bytes);
        (self.epoch.as_bytes(), self.keyset.as_bytes(), list)
    }

    /// A domain that nobody's signature vouches for, only the caller: for servers that have the
    /// statements from a domain that verified them. Signatures are not looked at.
    pub fn pinned(
        id: DomainId,
        epoch: &Epoch<'_>,
        keyset: &Keyset<'_>,
        list: Option<&Status<'_>>,
    ) -> Self {
        let (epoch, keyset) = (Encoded::copy_of(epoch.bytes), Encoded::copy_of(keyset.bytes));
        Self { id, epoch, keyset, list: list.map(|list| Encoded::copy_of(list.bytes)) }
    }

    /// Starts a walk to a later epoch from the one that is held.
    ///
    /// # Errors
    /// None that a domain could give.
    pub fn walk(&self) -> Result<Walk, DecodeError> {
        let start = Some(self.epoch()?.body_hash());
        Ok(Walk { domain: self.id, start, last: self.epoch.clone(), steps: 0 })
    }

    /// Whether a walk started from the epoch that is held.
    pub(crate) fn starts(&self, walk: &Walk) -> bool {
        let start = self.epoch().map(|epoch| Some(epoch.body_hash()));
        walk.domain == self.id && Ok(walk.start) == start
    }

    /// Takes the epoch in that was walked to, with its keyset.
    ///
    /// # Errors
    /// Those of SPEC.md section 17.4.
    pub fn take_epoch(&mut self, walk: Walk, keyset: &Keyset<'_>) -> Result<Taken, Refusal> {
        let change = self.check_epoch(walk, keyset)?;
        Ok(self.apply(&change))
    }

    /// Takes a newer keyset in.
    ///
    /// # Errors
    /// Those of SPEC.md section 17.3.
    pub fn take_keyset(&mut self, keyset: &Keyset<'_>) -> Result<Taken, Refusal> {
        let change = self.check_keyset(keyset)?;
        Ok(self.apply(&change))
    }

    /// Takes a newer list in.
    ///
    /// # Errors
    /// Those of SPEC.md section 17.5, [`Refusal::NotAList`].
    pub fn take_list(&mut self, list: &Status<'_>) -> Result<Taken, Refusal> {
        let change = self.check_list(list)?;
        Ok(self.apply(&change))
    }

    /// Checks a lock's card as apps and auditors must before they believe it.
    ///
    /// # Errors
    /// Those of SPEC.md section 17.6, steps 1, 3, 4 and 5.
    pub fn check_card<'c>(&self, card: &Card<'c>) -> Result<CheckedCard<'c>, Refusal> {
        let (epoch, keyset) = (self.epoch()?, self.keyset()?);
        Held::by(self.id, &epoch, &keyset).check_card(card)
    }

    /// What a lock with this card trusts, for a server that verifies in its place. The server keeps
    /// the newest card of each lock; one that was checked stays in force like a lock's own.
    ///
    /// # Errors
    /// [`Refusal::OtherDomain`] for a card that another domain, or this one in another epoch, has
    /// checked.
    pub fn trust<'a>(&'a self, card: &CheckedCard<'a>) -> Result<Trust<'a>, Refusal> {
        Ok(self.trust_by(card.card_in(&self.scope()?)?)?)
    }

    /// The same by a card that was checked when it was taken in, perhaps in an epoch before.
    pub(crate) fn trust_by<'a>(&'a self, card: &Card<'a>) -> Result<Trust<'a>, DecodeError> {
        let (epoch, keyset) = (self.epoch()?, self.keyset()?);
        let emergency = match epoch.emergency {
            Some(key) => Some(public_key(key)?),
            None => None,
        };
        let scope = Scope { domain: self.id, epoch: epoch.number };
        Ok(Trust::pinned(scope, emergency, &keyset, card, self.list()?.as_ref()))
    }

    /// The domain and its epoch.
    ///
    /// # Errors
    /// None that a domain could give.
    pub fn scope(&self) -> Result<Scope, DecodeError> {
        Ok(Scope { domain: self.id, epoch: self.epoch()?.number })
    }

    /// The epoch that is held.
    ///
    /// # Errors
    /// None that a domain could give.
    pub fn epoch(&self) -> Result<Epoch<'_>, DecodeError> {
        Epoch::decode(self.epoch.as_bytes())
    }

    /// The keyset that is held.
    ///
    /// # Errors
    /// None that a domain could give.
    pub fn keyset(&self) -> Result<Keyset<'_>, DecodeError> {
        Keyset::decode(self.keyset.as_bytes())
    }

    /// The key that private log entries are sealed to, by the keyset that is held.
    ///
    /// # Errors
    /// None that a domain could give.
    pub fn log_to(&self) -> Result<Option<SealingKey>, DecodeError> {
        Ok(self.keyset()?.unverified_log_to())
    }

    /// The list that is held, if one is.
    ///
    /// # Errors
    /// None that a domain could give.
    pub fn list(&self) -> Result<Option<Status<'_>>, DecodeError> {
        self.list.as_ref().map(|list| Status::decode(list.as_bytes())).transpose()
    }

    #[inline(never)]
    pub(crate) fn check_epoch<'b>(
        &self,
        walk: Walk,
        keyset: &Keyset<'b>,
    ) -> Result<Change<'b>, Refusal> {
        if !self.starts(&walk) {
            return Err(Refusal::NotCommitted);
        }
        if walk.steps == 0 {
            return self.check_keyset(keyset);
        }
        let _held = Held::found(walk.domain, &Epoch::decode(walk.last.as_bytes())?, keyset)?;
        Ok(Change::Epoch { epoch: walk.last, keyset: keyset.bytes })
    }

    #[inline(never)]
    pub(crate) fn check_keyset<'b>(&self, keyset: &Keyset<'b>) -> Result<Change<'b>, Refusal> {
        let (epoch, held) = (self.epoch()?, self.keyset()?);
        fits(keyset, &epoch)?;
        if keyset.version < held.version {
            return Err(Refusal::Older);
        }
        if keyset.body == held.body {
            return Ok(Change::Unchanged);
        }
        let _genuine = keyset.verify(&self.scope()?, &epoch)?;
        if keyset.version == held.version {
            return Err(Refusal::Fork);
        }
        Ok(Change::Keyset(keyset.bytes))
    }

    /// Checks a status as it stands alone: with a list it replaces one, without it tells the time.
    pub(crate) fn check_status<'b>(
        &self,
        status: &Status<'b>,
        session: Option<&OpenChallenge>,
        lo: Time,
    ) -> Result<Change<'b>, Refusal> {
        let nonce = session.map(|open| &open.nonce);
        if status.list.is_some() {
            return self.check_list_over(status, nonce);
        }
        let epoch = self.epoch()?;
        fits_epoch(&epoch, status.epoch)?;
        let (keyset, at) = (self.keyset()?, status.state.at);
        let signer = signer(&keyset, status.issuer, Roles::ATTEST, at)?;
        // It is signed now: not by a key that is proven to have expired.
        if status.over_nonce && lo >= signer.until() {
            return Err(Refusal::TimeOutside { at });
        }
        Held::by(self.id, &epoch, &keyset).signed(status, &signer, nonce)?;
        let issued = session.filter(|_| status.over_nonce).map(|open| open.issued);
        Ok(Change::Time { at, issued })
    }

    pub(crate) fn check_list<'b>(&self, list: &Status<'b>) -> Result<Change<'b>, Refusal> {
        self.check_list_over(list, None)
    }

    fn check_list_over<'b>(
        &self,
        status: &Status<'b>,
        nonce: Option<&crate::id::Nonce>,
    ) -> Result<Change<'b>, Refusal> {
        let (epoch, keyset, list) = (self.epoch()?, self.keyset()?, self.list()?);
        let held = Held::by(self.id, &epoch, &keyset).with_list(list.as_ref());
        held.check_list(status, nonce)
    }

    pub(crate) fn fits_card(&self, card: &Card<'_>) -> Result<(), Refusal> {
        let (epoch, keyset) = (self.epoch()?, self.keyset()?);
        Held::by(self.id, &epoch, &keyset).fits_card(card)
    }

    /// Applies a change that this domain has checked, in the state that it still has.
    pub(crate) fn apply(&mut self, change: &Change<'_>) -> Taken {
        match change {
            Change::Epoch { epoch, keyset } => {
                self.epoch.hold(epoch.as_bytes());
                self.keyset.hold(keyset);
                self.list = None;
            }
            Change::Claim { domain, epoch, keyset, list, .. } => {
                self.id = *domain;
                self.epoch.hold(epoch);
                self.keyset.hold(keyset);
                self.hold_list(*list);
            }
            Change::Keyset(keyset) => self.keyset.hold(keyset),
            Change::List(list) => self.hold_list(Some(list)),
            Change::Card(_) | Change::Time { .. } | Change::Unchanged => {}
        }
        change.taken()
    }
}

impl Change<'_> {
    pub(crate) const fn taken(&self) -> Taken {
        match self {
            Self::Unchanged => Taken::Unchanged,
            Self::Claim { .. } => Taken::Claim,
            Self::Epoch { .. } => Taken::Epoch,
            Self::Keyset(_) => Taken::Keyset,
            Self::List(_) => Taken::List,
            Self::Card(_) => Taken::Card,
            Self::Time { .. } => Taken::Time,
        }
    }
}

/// What was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the statement of its name")]
pub enum Taken {
    Claim,
    Epoch,
    Keyset,
    List,
    Card,
    Time,
    /// Nothing: it was held already.
    Unchanged,
}

/// A walk over epochs, one by one, each named by the one before; in memory, until a keyset of the
/// last comes.
#[derive(Clone, Debug)]
pub struct Walk {
    domain: DomainId,
    /// The epoch from which a held domain started.
    start: Option<BodyHash>,
    last: Encoded<MAX_EPOCH>,
    steps: usize,
}

impl Walk {
    /// Starts at a domain's epoch 0, whose hash is its name.
    ///
    /// # Errors
    /// [`Refusal::OtherDomain`], and those of SPEC.md section 17.2.
    pub fn from_first(domain: DomainId, epoch: &Epoch<'_>) -> Result<Self, Refusal> {
        if epoch.domain() != Some(domain) {
            return Err(Refusal::OtherDomain);
        }
        Self::from_claimed(domain, epoch)
    }

    /// Starts at an epoch for which the claim key vouches; an epoch 0 must be the domain's own.
    fn from_claimed(domain: DomainId, epoch: &Epoch<'_>) -> Result<Self, Refusal> {
        let _genuine = Self::check_claimed(domain, epoch)?;
        let last = Encoded::copy_of(epoch.bytes);
        Ok(Self { domain, start: None, last, steps: 0 })
    }

    /// Checks an epoch for which the claim key vouches.
    pub(crate) fn check_claimed(domain: DomainId, epoch: &Epoch<'_>) -> Result<Genuine, Refusal> {
        if epoch.domain().is_some_and(|own| own != domain) {
            return Err(Refusal::OtherDomain);
        }
        epoch.verify(domain)
    }

    /// Walks to the next epoch.
    ///
    /// # Errors
    /// Those of SPEC.md section 17.4; the walk then stays where it is.
    pub fn step(&mut self, epoch: &Epoch<'_>) -> Result<(), Refusal> {
        let last = Epoch::decode(self.last.as_bytes())?;
        if epoch.number < last.number {
            return Err(Refusal::Older);
        }
        if epoch.number == last.number {
            return same_or_fork(self.domain, &last, epoch);
        }
        if epoch.number.0 != last.number.0.saturating_add(1) {
            return Err(Refusal::EpochSkipped { held: last.number, got: epoch.number });
        }
        if self.steps >= MAX_EPOCHS {
            return Err(Refusal::TooManyEpochs);
        }
        if Commitment::of(&epoch.cold) != last.next {
            return Err(Refusal::NotCommitted);
        }
        let _genuine = epoch.verify(self.domain)?;
        self.last = Encoded::copy_of(epoch.bytes);
        self.steps = self.steps.saturating_add(1);
        Ok(())
    }
}

/// The same body is no news; another is a fork only if the same cold keys have signed it.
fn same_or_fork(domain: DomainId, held: &Epoch<'_>, got: &Epoch<'_>) -> Result<(), Refusal> {
    if held.body == got.body {
        return Ok(());
    }
    if held.cold.bytes != got.cold.bytes {
        return Err(Refusal::NotCommitted);
    }
    let _genuine = got.verify_signatures(domain)?;
    Err(Refusal::Fork)
}
