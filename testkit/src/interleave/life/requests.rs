//! Requests of a life: good ones, ones that are bent, touched, sent again; and what comes of their
//! permits.

use keyward::{
    Ask, Channel, Origin, Presentation, Request, Right, Time, Token,
    id::{self, Counter},
    ledger::Outcome,
    lock::Permit,
    receipt::Log,
    time::Uptime,
};

use super::{
    Life,
    host::{Held, Sent},
    model::{Asked, LOCKS, Model, Moment, READ_LOG, RELEASE, UNLOCK},
    pool::Chain,
    steps::Attested,
};
use crate::{
    interleave::{
        naive::Said,
        same,
        story::{Grantor, LOCK, What},
    },
    world::{Capability, door::secret},
};

/// How many presentations a thief keeps.
const KEPT: usize = 4;

impl Life<'_> {
    /// Some token, mostly of the epoch and by an issuer that are held.
    fn token(&mut self) -> &'static Chain {
        let (pool, held) = (self.pool, usize::try_from(self.epoch()).unwrap());
        let far = self.choices.once_in(8);
        let epoch = if far { self.choices.below(pool.tokens.len()) } else { held };
        let mut tokens: Vec<_> = pool.tokens[epoch].iter().collect();
        if !self.choices.once_in(4) {
            tokens.retain(|token| self.is_named(token.by));
        }
        // Nobody may be named.
        let tokens = if tokens.is_empty() { pool.tokens[epoch].iter().collect() } else { tokens };
        tokens[self.choices.below(tokens.len())]
    }

    /// Whether the keyset that is held has this issuer; the emergency key always counts.
    fn is_named(&self, by: Grantor) -> bool {
        let (Grantor::Clerk(who), Some(trust)) = (by, &self.model.trust) else { return true };
        trust.named(self.story(), who).is_some()
    }

    /// None, one of the story, or one over a nonce; without a challenge mostly none.
    fn status(&mut self, challenged: bool) -> Option<Attested> {
        match self.choices.below(if challenged { 5 } else { 10 }) {
            2 => {
                let statuses = self.story().statements.iter();
                let statuses = statuses.filter(|s| matches!(s.what, What::Status { .. }));
                let statuses: Vec<_> = statuses.collect();
                let got = statuses[self.choices.below(statuses.len())];
                let What::Status { by, keyset, list } = got.what else { unreachable!() };
                let (epoch, at, nonce, forged) = (got.epoch, got.at, None, got.fault != 0);
                Some((got.bytes.clone(), Said { by, epoch, at, keyset, list, nonce, forged }))
            }
            3 | 4 => self.over_nonce(),
            _ => None,
        }
    }

    /// A presentation over a challenge, and what becomes of it.
    pub(super) fn asks(&mut self) -> Result<(), String> {
        self.perhaps_connect()?;
        if self.seats[self.seat].session.is_none() {
            return Ok(());
        }
        let (token, held) = (self.token(), self.epoch());
        let right = self.choices.pick(&[UNLOCK, UNLOCK, UNLOCK, UNLOCK, LOCKS, READ_LOG, RELEASE]);
        let claimed = self.choices.pick(&[token.epoch, held]);
        let wrong = if self.choices.once_in(8) { 1 + self.choices.below(3) } else { 0 };
        let status = self.status(true);
        let head = self.lock().head(Log::Events).acknowledgement();
        let parameter = if right == READ_LOG && self.choices.once_in(2) { &head[..] } else { b"" };
        let right = Right::new(right).unwrap();
        let ask = Ask { lock: LOCK, right, parameter };
        let sent = self.challenged(token, (claimed, wrong), ask, status);
        self.judged(sent)
    }

    /// The presentation of a request. What may be wrong: the nonce, the holder, the lock.
    pub(super) fn challenged(
        &mut self,
        token: &'static Chain,
        (claimed, wrong): (u64, usize),
        mut ask: Ask<'_>,
        status: Option<Attested>,
    ) -> Sent {
        let (story, seat) = (self.story(), &self.seats[self.seat]);
        let mut challenge = seat.challenge.unwrap();
        challenge.epoch = id::Epoch(claimed);
        match wrong {
            1 => challenge.nonce.0[0] ^= 1,
            3 => challenge.lock.0[0] ^= 1,
            _ => {}
        }
        ask.lock = challenge.lock;
        let right = ask.right.bit();
        let challenge = challenge.encode().unwrap();
        let origin = story.origin(token.by, token.epoch, claimed);
        let held = Capability { origin, token: token.bytes.clone() };
        let holder = &story.holders[token.holder()];
        let (challenge, radio) = (challenge.as_bytes(), Channel::Radio);
        let request = holder.request(&held, ask, challenge, radio, &mut self.rng);
        let bytes = status.as_ref().map(|(bytes, _)| &**bytes);
        let bytes = match wrong {
            2 => story.holders[(token.holder() + 1) % 3].forge(&request, &[], bytes),
            _ => holder.present(&request, &[], bytes),
        };
        let (signed, status) = (wrong == 0, status.map(|(_, said)| said));
        let moment = Moment::Challenged;
        let asked = Asked { token, right, moment, claimed, signed, status };
        Sent { bytes, asked, nonce: self.nonce() }
    }

    /// A presentation that needs no challenge, and what becomes of it.
    pub(super) fn asks_unchallenged(&mut self) -> Result<(), String> {
        let (story, mut token, held) = (self.story(), self.token(), self.epoch());
        if token.by == Grantor::Emergency && !self.choices.once_in(8) {
            token = self.token();
        }
        let claimed = self.choices.pick(&[token.epoch, held]);
        let counter = match self.choices.byte() {
            255 => u64::MAX,
            254 => u64::MAX - 1,
            low => 1000 + u64::from(low),
        };
        let ahead = self.choices.pick(&[3, 3, 2, 3, 1, 0, 8]);
        let time = self.real / 1000 - 3 + ahead - self.choices.pick(&[0, 0, 60, 897, 900, 901]);
        let expires = time + self.choices.pick(&[903, 903, 600, 60, 3600]);
        let right = if self.choices.once_in(12) { Right::LOCK } else { Right::UNLOCK };
        let status = self.status(false);
        let origin = story.origin(token.by, token.epoch, claimed);
        let (origin, decoded) = (Origin::decode(&origin).unwrap(), Token::decode(&token.bytes));
        let ask = Ask { lock: LOCK, right, parameter: b"" };
        let (from, to) = (Time(time), Time(expires));
        let counted = Counter(counter);
        let request =
            Request::unchallenged(&origin, &decoded.unwrap(), ask, counted, from, to).unwrap();
        let bytes = status.as_ref().map(|(bytes, _)| keyward::Status::decode(bytes).unwrap());
        let draft = request.present(&[], bytes.as_ref()).unwrap();
        let bytes = draft.sign(&story.holders[token.holder()].key).unwrap().as_bytes().to_vec();
        let (signed, status) = (true, status.map(|(_, said)| said));
        let (right, moment) = (right.bit(), Moment::Unchallenged { counter, time, expires });
        let asked = Asked { token, right, moment, claimed, signed, status };
        self.judged(Sent { bytes, asked, nonce: None })
    }

    /// What a thief has heard comes again, as it was or touched.
    pub(super) fn sends_again(&mut self) -> Result<(), String> {
        self.perhaps_connect()?;
        if self.sent.is_empty() {
            return Ok(());
        }
        let place = self.choices.below(self.sent.len());
        let sent = self.sent[place].clone();
        let nonce = self.nonce();
        if self.choices.once_in(2) {
            let at = self.choices.below(65_536);
            return self.touched(&sent.bytes, at);
        }
        let asked = sent.again(nonce);
        let is_challenged = matches!(asked.moment, Moment::Challenged);
        if is_challenged && self.seats[self.seat].session.is_none() {
            return Ok(());
        }
        self.judged(Sent { asked, nonce, ..sent })
    }

    /// A bit is turned: all of it is signed, so that nothing is spent, not even the challenge.
    fn touched(&mut self, bytes: &[u8], at: usize) -> Result<(), String> {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        bytes[at / 8 % length] ^= 1 << (at % 8);
        let Ok(presentation) = Presentation::decode(&bytes) else { return Ok(()) };
        let now = self.now();
        let seat = &mut self.seats[self.seat];
        let lock = self.lock.as_mut().unwrap();
        let verdict = match seat.session.as_mut() {
            Some(session) => lock.verify(session, &presentation, now),
            None => lock.verify_unchallenged(&presentation, now),
        };
        match verdict.map(drop) {
            Err(denial) if denial.code() < 400 => Ok(()),
            verdict => Err(format!("touched at {at}, and the lock says {verdict:?}")),
        }
    }

    /// A presentation is judged, and its permit acted on at once, later, or never.
    fn judged(&mut self, sent: Sent) -> Result<(), String> {
        if self.sent.len() == KEPT {
            self.sent.remove(0);
        }
        self.sent.push(sent.clone());
        let how = self.choices.below(8);
        let Ok(held) = self.presents(&sent, if how == 7 { 25_000 } else { 0 })? else {
            return Ok(());
        };
        match how {
            0..4 => self.acts(held, Outcome::Done),
            4 => self.acts(held, Outcome::Jammed),
            5 => {
                self.held = Some(held);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Verifies and, so many milliseconds later, commits. The code of a no is the model's, too.
    pub(super) fn presents(
        &mut self,
        sent: &Sent,
        later: u64,
    ) -> Result<Result<Held, u16>, String> {
        let Sent { bytes, asked, .. } = sent;
        self.note(|_| format!("{asked:?}, {later} ms"));
        let (story, host, now) = (self.story(), self.host(), self.now());
        let then = keyward::Now { uptime: Uptime(now.uptime.0 + later), ..now };
        let seat = &mut self.seats[self.seat];
        let lock = self.lock.as_mut().unwrap();
        let presentation = Presentation::decode(bytes).unwrap();
        let is_challenged = matches!(asked.moment, Moment::Challenged);
        let verified = match seat.session.as_mut().filter(|_| is_challenged) {
            Some(session) => lock.verify(session, &presentation, now),
            None => lock.verify_unchallenged(&presentation, now),
        };
        let permit = verified.and_then(|verified| verified.commit(then));
        let permit = permit.map_err(|denial| denial.code());
        let mut next = self.model.clone();
        if let Some(trust) = &mut next.trust {
            trust.open = seat.given;
        }
        // Behind its end a lane may have been dropped, or not: only what takes its place tells.
        let lanes = next.lanes.clone();
        if permit.as_ref().err() != Some(&470) && next.may_have_dropped(story, asked) {
            next.drop_lane(story, asked);
        }
        let judged = next.judge(self.pool, asked, &host);
        if let (true, Some(given)) = (is_challenged, &mut seat.given) {
            given.spent |= judged.as_ref().map_or_else(|code| *code >= 400, |_| true);
        }
        let expected = judged.and_then(|accepted| match later {
            0 => next.commit(self.pool, asked, accepted, &host),
            _ => Err(505),
        });
        if is_challenged || expected.is_err() {
            next.lanes = lanes;
        }
        let got = permit.as_ref().map(drop).map_err(|code| *code);
        let (right, epoch) = (asked.right, self.epoch());
        self.agree("the request", &got, &expected, next)?;
        let Model { run, secured, decided: number, .. } = self.model;
        let since = host.uptime;
        Ok(permit.map(|permit| Held { permit, right, number, epoch, run, secured, since }))
    }

    /// The permit that was held is acted on, whatever came since.
    pub(super) fn acts_late(&mut self) -> Result<(), String> {
        let outcome = self.choices.pick(&[Outcome::Done, Outcome::Jammed, Outcome::Unknown]);
        match self.held.take() {
            Some(held) => self.acts(held, outcome),
            None => Ok(()),
        }
    }

    /// The actuator moves, if it may, and what it did is recorded.
    pub(super) fn acts(&mut self, held: Held, mut outcome: Outcome) -> Result<(), String> {
        let next = self.pool.identities.get(self.model.life + 1);
        if held.right == RELEASE && next.is_none() {
            outcome = Outcome::Jammed;
        }
        let (now, host, mut moved) = (self.now(), self.host(), false);
        let Held { permit, right, number, epoch, run, secured, since }: Held = held;
        let acted = act(self.lock(), permit, now, outcome, &mut moved);
        let model = &self.model;
        let is_last = model.open.is_some_and(|open| open.number == number);
        let is_good = run == model.run && epoch == self.epoch() && secured == model.secured;
        let lapsed = host.most(since).is_none_or(|most| most > 20);
        let expected = match model.silent() {
            Some((code, _)) => Err(code),
            None if !is_last || !is_good => Err(501),
            None if lapsed => Ok(Outcome::Lapsed),
            None => Ok(outcome),
        };
        let got = acted.as_ref().map(keyward::lock::Acted::outcome).map_err(|code| *code);
        self.counts(&got);
        self.note(|_| format!("acted: {got:?}"));
        same("the act", &got, &expected)?;
        same("whether the bolt moved", &moved, &(expected.is_ok() && !lapsed))?;
        self.summary.acted += u64::from(moved);
        let Ok(acted) = acted else { return Ok(()) };
        let (outcome, mut after) = (acted.outcome(), self.model.clone());
        let lock = self.lock.as_mut().unwrap();
        let (got, expected) = match (right == RELEASE, next) {
            (true, Some(identity)) => {
                let got = lock.release(acted, *identity, secret(identity));
                if outcome == Outcome::Done {
                    after.reset();
                    after.relock = false;
                    (got, Ok(()))
                } else {
                    after.ends(outcome);
                    (got, Err(503))
                }
            }
            _ => {
                after.ends(outcome);
                (lock.record(acted), Ok(()))
            }
        };
        let got = got.map(drop).map_err(|denial| denial.code());
        self.agree("the record", &got, &expected, after)
    }
}

fn act(
    lock: &super::FlashLock,
    permit: Permit,
    now: keyward::Now,
    outcome: Outcome,
    moved: &mut bool,
) -> Result<keyward::lock::Acted, u16> {
    let actuator = |_order: &keyward::lock::Order<'_>| {
        *moved = true;
        outcome
    };
    lock.act(permit, now, actuator).map_err(|denial| denial.code())
}
