//! From bytes that were read to a request that may be committed (SPEC.md section 13).
//!
//! [`verify`] is pure: presentation, trust, memory and time in, a verdict and pending changes out.
//! It allocates nothing, changes nothing, and its work is bounded: at most
//! `MAX_LINKS + MAX_WITNESSES + 2` signatures. Limits and addressing are checked before any
//! signature, the holder's signature before the chain's, and policy only when all signatures hold.

mod chains;

use crate::{
    caveat::{CaveatKind, CaveatSet, Channel, Right},
    crypto::Genuine,
    denial::{Denial, Place},
    id::{Counter, KeyId, KeyName, LinkId, Nonce},
    key::key_name,
    keyset::{Issuer, Roles},
    ledger::{Changes, Heard, Memory, Spent, Uses},
    limits::{CHALLENGE_LIFETIME, MAX_LINKS, MAX_PARAMETER, MAX_WITNESSES, UNCHALLENGED_HORIZON},
    policy::{AppCheck, Facts, Use},
    preimage::{Core, Scope, joined},
    receipt::WitnessName,
    request::{Mode, Moment, Presentation},
    time::{Interval, Now, Seconds, Time, Uptime},
    token::{Chain, Link},
    trust::Trust,
};
pub use chains::{ChainName, Chains, GenuineChain, verify_with};

/// Everything that a presentation is verified against.
#[derive(Clone, Copy)]
pub struct View<'v> {
    /// What the lock trusts.
    pub trust: &'v Trust<'v>,
    /// What the lock remembers.
    pub memory: &'v dyn Memory,
    /// What the host says of the present.
    pub now: Now,
    /// The challenge that is open on this link session, if one is.
    pub challenge: Option<OpenChallenge>,
    /// The embedder's own conditions, if it has any.
    pub app: Option<&'v dyn AppCheck>,
}

/// A challenge that was given and not spent.
#[derive(Clone, Copy, Debug)]
pub struct OpenChallenge {
    /// The nonce.
    pub nonce: Nonce,
    /// The channel that it was given over.
    pub channel: Channel,
    /// When it was given.
    pub issued: Uptime,
}

/// A request that the lock may grant: all signatures and all caveats hold. Made by [`verify`]
/// alone.
///
/// ```compile_fail,E0451
/// # fn changes() -> keyward::ledger::Changes { unimplemented!() }
/// # fn f(a: keyward::verify::Accepted) {
/// let forged = keyward::verify::Accepted { changes: changes(), ..a }; // not without verifying
/// # }
/// ```
#[derive(Debug)]
#[must_use = "an accepted request opens nothing before it is committed"]
pub struct Accepted {
    core: Core,
    right: Right,
    parameter: [u8; MAX_PARAMETER],
    parameter_length: u8,
    relock_within: Option<Seconds>,
    witnesses: [Option<WitnessName>; MAX_WITNESSES],
    time: Interval,
    changes: Changes,
}

impl Accepted {
    /// What binds the request.
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// The right that is granted.
    pub const fn right(&self) -> Right {
        self.right
    }

    /// What the right is exercised on.
    pub fn parameter(&self) -> &[u8] {
        self.parameter.get(..usize::from(self.parameter_length)).unwrap_or(&[])
    }

    /// The longest that the door may stay open, by the strictest link.
    pub const fn relock_within(&self) -> Option<Seconds> {
        self.relock_within
    }

    /// Whose token it is: the issuer of link 0.
    pub const fn issuer(&self) -> KeyId {
        self.changes.issuer
    }

    /// Whose key asked.
    pub const fn holder(&self) -> KeyName {
        self.changes.holder
    }

    /// The links that the request stands on, from the issuer's on.
    pub fn links(&self) -> impl Iterator<Item = LinkId> + Clone {
        self.changes.links.iter().copied().flatten()
    }

    /// The witnesses that agreed, and what they named as evidence.
    pub fn witnesses(&self) -> impl Iterator<Item = WitnessName> + Clone {
        self.witnesses.iter().copied().flatten()
    }

    /// The present, as far as it was known.
    pub const fn time(&self) -> &Interval {
        &self.time
    }

    /// What must become durable before anything moves.
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }
}

/// Verifies a presentation against a view of one lock.
///
/// # Errors
/// The first rule that is broken, in the order of SPEC.md section 13.
pub fn verify(presentation: &Presentation<'_>, view: &View<'_>) -> Result<Accepted, Denial> {
    verify_by(presentation, view, &|admitted| admitted.verify_links())
}

/// [`verify`], with the links' signatures checked by the function that is given.
// The signatures need most of the stack. What is above them lies there once, and all that has its
// end before them, or begins behind, is apart.
fn verify_by(
    presentation: &Presentation<'_>,
    view: &View<'_>,
    verify_links: &dyn Fn(&Admitted<'_, '_>) -> Result<Genuine, Denial>,
) -> Result<Accepted, Denial> {
    match &Admitted::new(presentation, view) {
        Ok(admitted) => admitted.authentic(view, verify_links)?.judge(view),
        Err(denial) => Err(*denial),
    }
}

/// A presentation that passed all that is checked before signatures; nothing of it is proven.
pub(crate) struct Admitted<'v, 'p> {
    presentation: &'v Presentation<'p>,
    scope: &'v Scope,
    /// Who signed link 0, as the lock's trust has it.
    signer: &'v [u8; 32],
    pub(crate) grantor: Grantor<'v>,
    pub(crate) attester: Option<Issuer<'v>>,
    /// The channel of the challenge, if there is one.
    channel: Option<Channel>,
    chain: Chain,
    core: Core,
}

/// A presentation all of whose signatures hold.
struct Authentic<'a, 'v, 'p> {
    admitted: &'a Admitted<'v, 'p>,
    _proof: Proof,
}

/// A link, by number and by name.
type Named<'v, 'p> = (u8, &'v Link<'p>, LinkId);

/// Who signed link 0.
pub(crate) enum Grantor<'v> {
    Issuer(Issuer<'v>),
    Emergency,
}

/// One genuine signature of each kind that the presentation has.
struct Proof {
    _holder: Genuine,
    _links: Genuine,
    _witnesses: [Option<Genuine>; MAX_WITNESSES],
    _status: Option<Genuine>,
}

impl<'v, 'p> Admitted<'v, 'p> {
    #[inline(never)]
    pub(crate) fn new(presentation: &'v Presentation<'p>, view: &View<'v>) -> Result<Self, Denial> {
        let trust = view.trust;
        let scope = &trust.scope;
        let moment = moment(presentation, view)?;
        let (signer, grantor) = grantor(presentation, trust, &moment)?;
        let attester = attester(presentation, trust, &moment)?;
        let channel = match moment {
            Moment::Challenged { channel, .. } => Some(channel),
            Moment::Unchallenged { .. } => None,
        };
        let chain = presentation.token.chain_from(scope, signer);
        let Presentation { right, parameter, .. } = presentation;
        let core = Core::new(scope, &trust.lock, &moment, &chain.leaf(), *right, parameter);
        Ok(Self { presentation, scope, signer, grantor, attester, channel, chain, core })
    }

    /// Checks all signatures, the links' by the function that is given.
    #[inline(never)]
    fn authentic(
        &self,
        view: &View<'_>,
        verify_links: &dyn Fn(&Admitted<'_, '_>) -> Result<Genuine, Denial>,
    ) -> Result<Authentic<'_, 'v, 'p>, Denial> {
        let Self { presentation, scope, core, .. } = self;
        let holder = presentation.verify_holder(core).map_err(Denial::HolderSignature)?;
        let links = verify_links(self)?;
        let mut witnesses = [None, None];
        for ((index, witness), slot) in (0..).zip(presentation.witnesses()).zip(&mut witnesses) {
            let genuine = witness.verify(core);
            *slot =
                Some(genuine.map_err(|fault| Denial::WitnessSignature { witness: index, fault })?);
        }
        let status = match (&presentation.status, &self.attester) {
            (Some(status), Some(attester)) => {
                let nonce = view.challenge.as_ref().map(|challenge| &challenge.nonce);
                let genuine = status.verify(scope, attester.key, nonce);
                Some(genuine.map_err(Denial::StatusSignature)?)
            }
            _ => None,
        };
        let proof =
            Proof { _holder: holder, _links: links, _witnesses: witnesses, _status: status };
        Ok(Authentic { admitted: self, _proof: proof })
    }

    /// Checks the signatures of the token's links.
    pub(crate) fn verify_links(&self) -> Result<Genuine, Denial> {
        let Self { presentation, scope, signer, chain, .. } = self;
        presentation.token.verify_links(scope, signer, chain).map_err(Denial::LinkSignature)
    }

    /// The token's links.
    pub(crate) fn links(&self) -> impl Iterator<Item = Named<'v, 'p>> {
        let links = self.presentation.token.links().zip(self.chain.ids());
        (0..).zip(links).map(|(index, (link, id))| (index, link, id))
    }

    /// What the token's caveats are judged against.
    pub(crate) fn facts<'f>(&'f self, view: &View<'f>, time: Interval) -> Facts<'f, 'p> {
        Facts {
            trust: view.trust,
            presentation: self.presentation,
            channel: self.channel,
            time,
            app: view.app,
            emergency: matches!(self.grantor, Grantor::Emergency),
        }
    }

    /// Denies a serial below the floor.
    pub(crate) fn serial(&self, view: &View<'_>) -> Result<(), Denial> {
        let token = &self.presentation.token;
        let serial = token.unverified_serial();
        let floor = view.trust.list.floor(token.unverified_issuer());
        let above = floor.filter(|floor| serial < *floor);
        above.map_or(Ok(()), |floor| Err(Denial::SerialRevoked { serial, floor }))
    }

    /// The present: what the host knows, and what a status adds. A status signed at T proves that
    /// T has passed; one over this session's nonce also that no more has passed since T than since
    /// the nonce was given.
    pub(crate) fn time(&self, view: &View<'_>) -> Result<(Interval, Option<Heard>), Denial> {
        let (Some(status), Some(attester)) = (&self.presentation.status, &self.attester) else {
            return Ok((view.now.time, None));
        };
        let at = status.state.at;
        // A status over the nonce is signed now: not by a key that is proven to have expired.
        let expired = status.over_nonce && view.now.time.lo() >= attester.until();
        if expired || !attester.covers(at) {
            return Err(Denial::StatusTime { at });
        }
        let time = view.now.time.passed(at);
        let open = view.challenge.filter(|_| status.over_nonce);
        let heard = Some(Heard { at, issued: open.map(|open| open.issued) });
        let most = open.and_then(|open| view.now.most_since(open.issued));
        Ok((most.map_or(time, |most| time.not_after(at.after(most).after(1))), heard))
    }

    /// Judges the counter and the times of an unchallenged request; what they are.
    pub(crate) fn lane(
        &self,
        view: &View<'_>,
        present: Interval,
    ) -> Result<Option<(Counter, Time)>, Denial> {
        let Mode::Unchallenged { counter, time, expires } = self.presentation.mode else {
            return Ok(None);
        };
        let hi = match present.hi() {
            Some(hi) if time <= hi => hi,
            hi => return Err(Denial::RequestFromFuture { hi, time }),
        };
        if hi.since(time) > UNCHALLENGED_HORIZON {
            return Err(Denial::RequestLate { hi, time });
        }
        if hi >= expires {
            return Err(Denial::RequestExpired { hi, expires });
        }
        let holder = key_name(self.presentation.token.leaf()?.grantee);
        match view.memory.counter(&holder, counter) {
            Ok(_unseen) => Ok(Some((counter, time))),
            Err(fault) => Err(Denial::CounterRefused(fault)),
        }
    }
}

impl Authentic<'_, '_, '_> {
    /// Judges revocation, time and every caveat of every link.
    // Apart from the signatures, whose stack it doesn't need.
    #[inline(never)]
    fn judge(self, view: &View<'_>) -> Result<Accepted, Denial> {
        let admitted = self.admitted;
        let presentation = admitted.presentation;
        admitted.serial(view)?;
        admitted.links().try_for_each(|link| unrevoked(view.trust, link))?;
        let (time, heard) = admitted.time(view)?;
        let facts = admitted.facts(view, time);

        let mut relock_within = None;
        if let Grantor::Issuer(issuer) = &admitted.grantor {
            let _holds = facts.valid(Place::Issuer, issuer.from, issuer.until())?;
            let limits = issuer.limits().ok_or(Denial::IssuerDisabled(facts.issuer()))?;
            relock_within = stricter(relock_within, facts.judge(Place::Issuer, &limits, None)?);
        }
        let mut spent = [None; MAX_LINKS];
        let mut keep_until = Time(u64::MAX);
        for (named, slot) in admitted.links().zip(&mut spent) {
            let ((index, link, _id), history) = (named, history(view, named));
            if let Some(until) = link.caveats.until() {
                keep_until = keep_until.min(until);
            }
            let max_open = facts.judge(Place::Link(index), &link.caveats, Some(&history))?;
            relock_within = stricter(relock_within, max_open);
            if counts(&link.caveats) {
                *slot = Some(Spent::once_more(&history.uses, time.lo(), keep_until));
            }
        }
        let lane = admitted.lane(view, time)?;

        let mut links = [None; MAX_LINKS];
        links.iter_mut().zip(admitted.chain.ids()).for_each(|(slot, id)| *slot = Some(id));
        let (issuer, holder) = (facts.issuer(), key_name(presentation.token.leaf()?.grantee));
        let mut witnesses = [None; MAX_WITNESSES];
        for (slot, statement) in witnesses.iter_mut().zip(presentation.witnesses()) {
            let witness = key_name(statement.key);
            *slot = Some(WitnessName { witness, evidence: statement.evidence });
        }
        Ok(Accepted {
            core: admitted.core,
            right: presentation.right,
            parameter: joined(&[presentation.parameter]),
            // At most 64 where it was read.
            parameter_length: u8::try_from(presentation.parameter.len()).unwrap_or(u8::MAX),
            relock_within,
            witnesses,
            time,
            changes: Changes { issuer, holder, links, spent, lane, heard },
        })
    }
}

/// What ties the request to its moment: the session's own nonce and channel, never the wire's.
fn moment(presentation: &Presentation<'_>, view: &View<'_>) -> Result<Moment, Denial> {
    if view.trust.sealed_only && !presentation.sealed {
        return Err(Denial::SealedOnly);
    }
    match presentation.mode {
        Mode::Challenged { fresh } => {
            let open = view.challenge.ok_or(Denial::NoChallenge)?;
            match view.now.most_since(open.issued) {
                Some(..=CHALLENGE_LIFETIME) => {}
                _ => return Err(Denial::ChallengeExpired),
            }
            Ok(Moment::Challenged { nonce: open.nonce, channel: open.channel, fresh })
        }
        Mode::Unchallenged { .. } if !view.trust.unchallenged => Err(Denial::UnchallengedRefused),
        Mode::Unchallenged { .. } if presentation.right != Right::UNLOCK => {
            Err(Denial::UnchallengedRight)
        }
        Mode::Unchallenged { counter, time, expires } => {
            Ok(Moment::Unchallenged { counter, time, expires })
        }
    }
}

/// Looks up who signed link 0, and holds an emergency token to its narrow shape.
fn grantor<'v>(
    presentation: &Presentation<'_>,
    trust: &'v Trust<'v>,
    moment: &Moment,
) -> Result<(&'v [u8; 32], Grantor<'v>), Denial> {
    let id = presentation.token.unverified_issuer();
    if let Some(issuer) = trust.issuer(id) {
        if !issuer.roles.has(Roles::ISSUE) {
            return Err(Denial::NotAnIssuer(id));
        }
        let _decodes = issuer.limits().ok_or(Denial::IssuerDisabled(id))?;
        return Ok((issuer.key, Grantor::Issuer(issuer)));
    }
    let emergency = trust.emergency.as_ref().filter(|key| key.id() == id);
    let emergency = emergency.ok_or(Denial::UnknownIssuer(id))?;
    if presentation.token.links().count() != 1
        || presentation.token.links().any(|link| link.depth != 0)
    {
        return Err(Denial::EmergencyDepth);
    }
    if presentation.right != Right::UNLOCK {
        return Err(Denial::EmergencyRight);
    }
    if matches!(moment, Moment::Unchallenged { .. }) {
        return Err(Denial::EmergencyUnchallenged);
    }
    if presentation.token.links().any(|link| counts(&link.caveats)) {
        return Err(Denial::EmergencyCounted);
    }
    Ok((emergency.as_bytes(), Grantor::Emergency))
}

/// Looks up who signed the status, where the presentation has one.
fn attester<'v>(
    presentation: &Presentation<'_>,
    trust: &'v Trust<'v>,
    moment: &Moment,
) -> Result<Option<Issuer<'v>>, Denial> {
    let Some(status) = &presentation.status else {
        return Ok(None);
    };
    if status.epoch != trust.scope.epoch {
        return Err(Denial::StatusOtherEpoch { held: trust.scope.epoch, got: status.epoch });
    }
    if status.over_nonce && matches!(moment, Moment::Unchallenged { .. }) {
        return Err(Denial::StatusNonceUnchallenged);
    }
    let issuer = trust.issuer(status.issuer).ok_or(Denial::StatusUnknownIssuer(status.issuer))?;
    if !issuer.roles.has(Roles::ATTEST) {
        return Err(Denial::StatusNotAttested(status.issuer));
    }
    let _decodes = issuer.limits().ok_or(Denial::StatusIssuerDisabled(status.issuer))?;
    Ok(Some(issuer))
}

fn counts(set: &CaveatSet<'_>) -> bool {
    set.has(CaveatKind::Uses) || set.has(CaveatKind::FirstUse)
}

/// Denies a revoked link, and a revoked grantee.
pub(crate) fn unrevoked(trust: &Trust<'_>, (index, link, id): Named<'_, '_>) -> Result<(), Denial> {
    if trust.list.has(id) {
        return Err(Denial::LinkRevoked(index));
    }
    if trust.list.has_key(link.grantee) {
        return Err(Denial::KeyRevoked(index));
    }
    Ok(())
}

/// How a link was used at this lock, where it counts.
pub(crate) fn history(view: &View<'_>, (index, link, id): Named<'_, '_>) -> Use {
    let uses = if counts(&link.caveats) { view.memory.uses(&id) } else { Uses::default() };
    Use { link: index, uses }
}

fn stricter(one: Option<Seconds>, other: Option<Seconds>) -> Option<Seconds> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
