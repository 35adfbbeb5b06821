//! Whether a caveat holds: one small total function each (SPEC.md section 7).
//!
//! Every function returns `Holds` or the denial. Nothing here knows of signatures: what is
//! judged was proven genuine before.

use crate::{
    caveat::{
        App, Caveat, CaveatSet, Channel, Channels, FirstUse, Right, Rights, Targets, Witnesses,
    },
    denial::{Denial, Place},
    id::KeyId,
    ledger::Uses,
    request::Presentation,
    schedule::{Schedule, Scheduled},
    time::{Interval, Seconds, Time},
    trust::Trust,
};

/// Shows that one condition was judged and holds.
#[derive(Debug)]
#[must_use = "it is the proof that a caveat holds"]
pub(crate) struct Holds(());

type Judged = Result<Holds, Denial>;

/// The embedder's own conditions. Pure: one answer to one question.
pub trait AppCheck {
    /// Whether an `App` caveat holds for a request.
    fn check(&self, app: &App<'_>, right: Right, parameter: &[u8]) -> AppVerdict;
}

/// What an [`AppCheck`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppVerdict {
    /// The condition holds.
    Holds,
    /// It doesn't.
    Fails,
    /// The checker knows no condition of this tag.
    UnknownTag,
}

/// What every caveat is judged against: the request and its circumstances.
pub(crate) struct Facts<'f, 'p> {
    pub(crate) trust: &'f Trust<'f>,
    pub(crate) presentation: &'f Presentation<'p>,
    /// The channel of the challenge; none where the request is unchallenged.
    pub(crate) channel: Option<Channel>,
    /// The present, as far as the lock's clock and a status over its nonce tell.
    pub(crate) time: Interval,
    pub(crate) app: Option<&'f dyn AppCheck>,
    /// Break-glass: valid unless proven expired.
    pub(crate) emergency: bool,
}

/// A link's history at this lock, and what this use makes of it.
pub(crate) struct Use {
    pub(crate) link: u8,
    pub(crate) uses: Uses,
}

impl Facts<'_, '_> {
    /// Judges every caveat of one set, in the order of their bits; returns how long the door may
    /// stay open. Caveats that count need the link's history.
    pub(crate) fn judge(
        &self,
        place: Place,
        set: &CaveatSet<'_>,
        history: Option<&Use>,
    ) -> Result<Option<Seconds>, Denial> {
        let mut max_open = None;
        for caveat in set.caveats() {
            let caveat = caveat?;
            let _holds = self.judge_one(place, &caveat, history)?;
            if let Caveat::MaxOpen(seconds) = caveat {
                max_open = Some(seconds);
            }
        }
        Ok(max_open)
    }

    /// Judges one caveat.
    #[inline(never)]
    pub(crate) fn judge_one(
        &self,
        place: Place,
        caveat: &Caveat<'_>,
        history: Option<&Use>,
    ) -> Judged {
        match caveat {
            Caveat::Rights(rights) => self.right(place, *rights),
            Caveat::Target(targets) => self.target(place, targets),
            Caveat::Valid(valid) => self.valid(place, valid.from, valid.until()),
            Caveat::Uses(limit) => uses(*limit, history.ok_or_else(|| self.disabled())?),
            Caveat::Witness(witnesses) => self.witness(place, witnesses),
            Caveat::MaxOpen(_) => Ok(Holds(())),
            Caveat::Fresh(seconds) => self.fresh(place, *seconds),
            Caveat::Schedule(schedule) => self.schedule(place, schedule),
            Caveat::FirstUse(first) => {
                self.first_use(*first, history.ok_or_else(|| self.disabled())?)
            }
            Caveat::Channel(channels) => self.channel(place, *channels),
            Caveat::App(app) => self.app(place, app),
        }
    }

    /// The span of an issuer or a link: begun and not ended, each proven.
    pub(crate) fn valid(&self, place: Place, from: Time, until: Time) -> Judged {
        let (lo, hi) = (self.time.lo(), self.time.hi());
        if lo >= until {
            return Err(Denial::Expired { place, lo, until });
        }
        if self.emergency {
            return Ok(Holds(()));
        }
        if lo < from {
            return Err(Denial::TooEarly { place, lo, hi, from });
        }
        match hi {
            Some(hi) if hi < until => Ok(Holds(())),
            _ => Err(Denial::MayHaveExpired { place, hi, until }),
        }
    }

    fn right(&self, place: Place, rights: Rights) -> Judged {
        match rights.has(self.presentation.right) {
            true => Ok(Holds(())),
            false => Err(Denial::RightNotGranted(place)),
        }
    }

    fn target(&self, place: Place, targets: &Targets<'_>) -> Judged {
        match targets.names(self.trust) {
            true => Ok(Holds(())),
            false => Err(Denial::OtherTarget(place)),
        }
    }

    /// Counts presented witnesses that the caveat names. No grantee of the chain counts; each key
    /// counts once, since a presentation holds each once.
    fn witness(&self, place: Place, named: &Witnesses<'_>) -> Judged {
        if self.channel.is_none() {
            return Err(Denial::WitnessUnchallenged(place));
        }
        let mut counted = 0_u8;
        for (index, witness) in (0..).zip(self.presentation.witnesses()) {
            let is_grantee =
                self.presentation.token.links().any(|link| link.grantee == witness.key);
            if is_grantee || !named.keys().contains(witness.key) {
                continue;
            }
            if self.trust.list.has_key(witness.key) {
                return Err(Denial::WitnessRevoked(index));
            }
            counted = counted.saturating_add(1);
        }
        if counted >= named.of() {
            Ok(Holds(()))
        } else {
            Err(Denial::WitnessMissing { place, needed: named.of(), counted })
        }
    }

    /// A status that is new enough, from another key than the token's, naming nothing unknown.
    fn fresh(&self, place: Place, seconds: Seconds) -> Judged {
        let Some(status) = &self.presentation.status else {
            return Err(Denial::StatusMissing(place));
        };
        if status.issuer == self.presentation.token.unverified_issuer() {
            return Err(Denial::StatusSelfAttested(place));
        }
        let (state, hi) = (&status.state, self.time.hi());
        if state.keyset > self.trust.keyset || state.list > self.trust.order {
            return Err(Denial::StatusAhead(place));
        }
        match hi {
            Some(hi) if hi.since(state.at) <= seconds.0.into() => Ok(Holds(())),
            _ => Err(Denial::StatusStale { place, hi, at: state.at }),
        }
    }

    fn schedule(&self, place: Place, schedule: &Schedule<'_>) -> Judged {
        match schedule.judge(&self.time, self.trust.zone.as_ref())? {
            Scheduled::Within => Ok(Holds(())),
            Scheduled::Outside => Err(Denial::OutsideSchedule(place)),
            Scheduled::Excepted => Err(Denial::ExceptedDate(place)),
            Scheduled::ZoneUnknown => Err(Denial::ZoneUnknown(place)),
            Scheduled::TimeUnknown => Err(Denial::ScheduleTimeUnknown(place)),
        }
    }

    /// Before the first use: in time. After it: the longest that can have passed is not too long.
    /// A first use that came too late was another link's, that begins alike.
    fn first_use(&self, first: FirstUse, history: &Use) -> Judged {
        let (link, hi) = (history.link, self.time.hi());
        match history.uses.first {
            None => match hi {
                Some(hi) if hi < first.by => Ok(Holds(())),
                _ => Err(Denial::FirstUseTooLate { link, hi, by: first.by }),
            },
            Some(start) => match hi {
                Some(hi)
                    if start < first.by
                        && hi >= start
                        && hi.since(start) <= first.lasts.0.into() =>
                {
                    Ok(Holds(()))
                }
                _ => {
                    let until = start.after(first.lasts.0.into());
                    Err(Denial::FirstUseOver { link, hi, until })
                }
            },
        }
    }

    fn channel(&self, place: Place, channels: Channels) -> Judged {
        match channels.has(self.channel.unwrap_or(Channel::Remote)) {
            true => Ok(Holds(())),
            false => Err(Denial::ChannelRefused(place)),
        }
    }

    fn app(&self, place: Place, app: &App<'_>) -> Judged {
        let Presentation { right, parameter, .. } = self.presentation;
        match self.app.map(|checker| checker.check(app, *right, parameter)) {
            Some(AppVerdict::Holds) => Ok(Holds(())),
            Some(AppVerdict::Fails) => Err(Denial::AppRefused { place, tag: app.tag }),
            Some(AppVerdict::UnknownTag) | None => {
                Err(Denial::AppUnchecked { place, tag: app.tag })
            }
        }
    }

    /// An issuer's limits must not count: nothing at a lock is counted by issuer.
    fn disabled(&self) -> Denial {
        Denial::IssuerDisabled(self.issuer())
    }

    pub(crate) fn issuer(&self) -> KeyId {
        self.presentation.token.unverified_issuer()
    }
}

fn uses(limit: u32, history: &Use) -> Judged {
    let (link, spent) = (history.link, history.uses.spent);
    if spent < limit { Ok(Holds(())) } else { Err(Denial::UsesSpent { link, spent, limit }) }
}
