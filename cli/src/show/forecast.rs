//! What a lock would say of a token now, by the lock's own judgement of each caveat.

use keyward::{
    Denial, Interval, Now, Presentation, Status, Time, Token, Trust, WitnessStatement,
    caveat::{Caveat, CaveatSet},
    denial::Place,
    id::{Counter, Fresh, KeyName, LinkId, LockId},
    inspect::{Subject, foretell},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen, Window},
    request::Mode,
    time::Uptime,
    verify::{OpenChallenge, View, verify},
};

use super::{beside::Beside, question::Question};
use crate::name::lock_name;

/// How one thing is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Holds,
    /// Denied, or still to be brought.
    Denied(Denial),
    /// There is no lock to judge by, and time alone doesn't tell.
    Unknown,
}

/// What a lock would say, or why nobody can tell.
pub(super) struct Outlook {
    /// What isn't a caveat of a link: admission, signatures, revocation, the issuer.
    pub(super) rest: Vec<Denial>,
    /// The marks of the issuer's limits.
    pub(super) limits: Vec<(String, Mark)>,
    /// The marks of each link's caveats, in their order.
    pub(super) links: Vec<Vec<Mark>>,
    /// All denials in the lock's order.
    pub(super) denials: Vec<Denial>,
    /// What else must be there, in words.
    pub(super) ifs: Vec<String>,
    /// What is missing for a judgement.
    pub(super) missing: Option<String>,
}

impl Outlook {
    /// What the lock would say, or what of time alone can be said.
    pub(super) fn of(
        token: &Token<'_>,
        presented: Option<&Presentation<'_>>,
        question: &Question,
        beside: &Beside<'_>,
    ) -> Self {
        let mut outlook = Self {
            rest: Vec::new(),
            limits: Vec::new(),
            links: Vec::new(),
            denials: Vec::new(),
            ifs: Vec::new(),
            missing: None,
        };
        match outlook.judge(token, presented, question, beside) {
            Ok(()) => {}
            Err(missing) => outlook.missing = Some(missing),
        }
        let judged = outlook.missing.is_none() && !outlook.links.is_empty();
        if !judged {
            outlook.by_time_alone(token, question.at);
        }
        outlook
    }

    fn judge(
        &mut self,
        token: &Token<'_>,
        presented: Option<&Presentation<'_>>,
        question: &Question,
        beside: &Beside<'_>,
    ) -> Result<(), String> {
        let Some(file) = &beside.domain else {
            return Err(format!("{}; give --domain", beside.missing));
        };
        let Some(lock) = question.lock else {
            return Err(
                "no lock that it is for has a card in the domain's file; give --lock".into()
            );
        };
        let told = |error: crate::fail::Failure| error.to_string();
        let trust = file.trust(lock).map_err(told)?;
        let mode = match question.unchallenged {
            true => Mode::Unchallenged {
                counter: Counter(question.at.0),
                time: question.at,
                expires: question.at.after(CODE_LASTS),
            },
            false => Mode::Challenged { fresh: Fresh([0; 16]) },
        };
        let witnesses = question.witnesses.iter().map(|bytes| WitnessStatement::decode(bytes));
        let witnesses: Vec<_> =
            witnesses.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let status = question.status.as_deref().map(Status::decode).transpose();
        let status = status.map_err(|error| error.to_string())?;
        let supposed = Presentation::supposed(token, question.right, &[], mode, &witnesses, status);
        let supposed = supposed.map_err(|error| error.to_string())?;
        let view = view(&trust, question);
        let links = token.unverified_links().count();
        foretell(presented.unwrap_or(&supposed), &view, |forecast| {
            let mark = forecast.denied.map_or(Mark::Holds, Mark::Denied);
            self.denials.extend(forecast.denied);
            match forecast.subject {
                Subject::Caveat(Place::Link(index), caveat) => {
                    self.links.resize(links, Vec::new());
                    if let Some(marks) = self.links.get_mut(usize::from(index)) {
                        marks.push(mark);
                    }
                    self.ifs.extend(needs(&caveat, mark, lock, beside));
                }
                Subject::Caveat(Place::Issuer, caveat) => {
                    self.limits.push((super::caveat::sentence(&caveat, &beside.words), mark));
                    self.ifs.extend(needs(&caveat, mark, lock, beside));
                }
                _ => {
                    if !matches!(forecast.subject, Subject::Admission) || forecast.denied.is_none()
                    {
                        self.links.resize(links, Vec::new());
                    }
                    self.rest.extend(forecast.denied);
                }
            }
        });
        Ok(())
    }

    /// Marks what the time alone shows.
    fn by_time_alone(&mut self, token: &Token<'_>, at: Time) {
        self.links.clear();
        for (index, link) in (0_u8..).zip(token.unverified_links()) {
            let set = link.map(|link| link.caveats);
            let marks: Vec<_> = set.iter().flat_map(CaveatSet::caveats).flatten().collect();
            let marks = marks.iter().map(|caveat| by_time(caveat, Place::Link(index), at));
            let marks: Vec<_> = marks.collect();
            let denied = marks.iter().filter_map(|mark| match mark {
                Mark::Denied(denial) => Some(*denial),
                _ => None,
            });
            self.denials.extend(denied);
            self.links.push(marks);
        }
    }

    /// The first denial that nothing brought along would lift.
    pub(super) fn denied(&self) -> Option<&Denial> {
        self.denials.iter().find(|denial| !super::denial::is_need(denial))
    }
}

/// A lock that has just given its challenge, and remembers nothing of the token.
fn view<'v>(trust: &'v Trust<'v>, question: &Question) -> View<'v> {
    let (nonce, channel) = (question.nonce, question.channel);
    let challenge = OpenChallenge { nonce, channel, issued: Uptime(0) };
    let now = Now { time: Interval::exactly(question.at), uptime: Uptime(0), drift_ppm: 0 };
    let challenge = Some(challenge).filter(|_| !question.unchallenged);
    View { trust, memory: &Unused, now, challenge, app: None }
}

/// The lock's own verdict on a presentation, signatures and all.
pub(super) fn verdict(
    presented: &Presentation<'_>,
    question: &Question,
    beside: &Beside<'_>,
) -> Option<Result<(), Denial>> {
    let trust = beside.domain.as_ref()?.trust(question.lock?).ok()?;
    Some(verify(presented, &view(&trust, question)).map(drop))
}

fn by_time(caveat: &Caveat<'_>, place: Place, at: Time) -> Mark {
    match caveat {
        Caveat::Valid(valid) if at >= valid.until() => {
            Mark::Denied(Denial::Expired { place, lo: at, until: valid.until() })
        }
        Caveat::Valid(valid) if at < valid.from => {
            Mark::Denied(Denial::TooEarly { place, lo: at, hi: Some(at), from: valid.from })
        }
        Caveat::Valid(_) | Caveat::MaxOpen(_) => Mark::Holds,
        _ => Mark::Unknown,
    }
}

/// What must be brought, or be so at the lock, for a caveat to hold.
fn needs(caveat: &Caveat<'_>, mark: Mark, lock: LockId, beside: &Beside<'_>) -> Option<String> {
    let lock = lock_name(&lock);
    match (caveat, mark) {
        (
            Caveat::Witness(witnesses),
            Mark::Denied(Denial::WitnessMissing { needed, counted, .. }),
        ) => {
            let names: Vec<_> =
                super::caveat::keys(witnesses).map(|key| beside.words.key(&key)).collect();
            Some(match (needed, counted) {
                (1, _) => format!("{} agrees", super::words::either(&names)),
                (all, 0) => format!("{all} of {} agree", names.join(", ")),
                (all, some) => format!("{all} of {} agree, not {some} alone", names.join(", ")),
            })
        }
        (Caveat::Fresh(seconds), Mark::Denied(Denial::StatusMissing(_))) => {
            let age = crate::when::tell_duration(*seconds);
            Some(format!("a status no older than {age} is brought"))
        }
        (Caveat::App(app), Mark::Denied(Denial::AppUnchecked { .. })) => {
            Some(format!("the lock's host agrees to condition {}", app.tag))
        }
        (Caveat::Uses(limit), Mark::Holds) => Some(match limit {
            1 => format!("it was never used at {lock} before"),
            limit => format!("it was used fewer than {limit} times at {lock} before"),
        }),
        (Caveat::FirstUse(first), _) => {
            let lasts = crate::when::tell_duration(first.lasts);
            Some(format!("its first use at {lock} is this one, or at most {lasts} ago"))
        }
        _ => None,
    }
}

/// Seconds that a code without a challenge is supposed to be good for.
const CODE_LASTS: u64 = 300;

/// A lock that remembers nothing of the token.
struct Unused;

impl Memory for Unused {
    fn uses(&self, _link: &LinkId) -> Uses {
        Uses::default()
    }

    fn counter(&self, _holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        Window::<1>::check_first(counter)
    }
}
