//! The steps of a life but for requests: each goes to the lock and to the model.

use std::fmt::Debug;

use keyward::{
    Card, Epoch, Keyset, Presentation, Refusal, Status, Taken, id::Nonce, ledger::Outcome,
    lock::Bundle,
};

use super::{
    Life,
    model::{Model, Moment},
    pool::WAYS,
};
use crate::{
    interleave::{
        Mode,
        cast::{EPOCHS, RESCUERS, STRANGER},
        naive::Said,
        same,
        story::{ATTEST, DAY, What, state},
    },
    world::door::secret,
};

/// A status: its bytes, and what the model knows of it.
pub(super) type Attested = (Vec<u8>, Said);

impl Life<'_> {
    pub(super) fn step(&mut self) -> Result<(), String> {
        let what = self.choices.byte();
        if self.model.silent().is_some() && what & 1 == 0 {
            return if self.model.releasing { self.resets() } else { self.claims() };
        }
        match what % 22 {
            0..4 => self.statement(),
            4..6 => self.walk(),
            6 => self.attested(),
            7..11 => self.asks(),
            11..14 => self.asks_unchallenged(),
            14 => self.sends_again(),
            15 => self.acts_late(),
            16 => self.secures(),
            17 => self.clock(),
            18 => self.waits(),
            19 => self.claims(),
            20 => self.starts(false),
            _ if self.choices.once_in(4) => self.resets(),
            _ => self.writes_denials(),
        }
    }

    /// The lock says what it must, or power has failed; then nobody knows what it holds.
    pub(super) fn agree<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        got: &Result<T, u16>,
        expected: &Result<T, u16>,
        next: Model,
    ) -> Result<(), String> {
        self.counts(got);
        self.note(|_| format!("{what}: {got:?}"));
        let writes = matches!(expected, Ok(_) | Err(503));
        if writes && matches!(got, Err(502 | 690)) && self.flash.flash().is_off() {
            self.may = Some(next);
            return Ok(());
        }
        same(what, got, expected)?;
        self.model = next;
        Ok(())
    }

    pub(super) fn counts<T>(&mut self, got: &Result<T, u16>) {
        *self.summary.codes.entry(got.as_ref().err().copied().unwrap_or(0)).or_default() += 1;
    }

    /// By its own claim, by another life's, or by one that was touched.
    fn claims(&mut self) -> Result<(), String> {
        let (way, now) = (self.choices.below(WAYS), self.now());
        let others = self.choices.once_in(5);
        let touched = self.choices.once_in(5);
        let lives = self.pool.stories.len();
        let of = (self.model.life + usize::from(others)) % lives;
        let story = &self.pool.stories[of];
        let (claim, [keyset, card], list) = &story.claims[way];
        let mut claim = claim.clone();
        *claim.last_mut().unwrap() ^= u8::from(touched);
        let epoch = story.statements[*keyset].epoch;
        let bundle = Bundle {
            claim: &claim,
            epoch: &story.epochs[usize::try_from(epoch).unwrap()].0,
            keyset: &story.statements[*keyset].bytes,
            card: &story.statements[*card].bytes,
            list: list.map(|list| &*story.statements[list].bytes),
        };
        let got = self.lock().verify_claim(&bundle, false, now).and_then(|update| update.commit());
        let (mut next, host) = (self.model.clone(), self.host());
        let expected = match next.silent() {
            Some((195, refused)) => Err(refused),
            None => Err(602),
            _ if of != next.life => Err(651),
            _ if touched => Err(661),
            _ => {
                next.claim(story, way, &host);
                Ok(Taken::Claim)
            }
        };
        self.agree("a claim", &got.map_err(|refusal| refusal.code()), &expected, next)
    }

    fn statement(&mut self) -> Result<(), String> {
        self.perhaps_connect()?;
        let far = self.choices.once_in(8);
        let held = usize::try_from(self.epoch()).unwrap();
        let epoch = if far { self.choices.below(EPOCHS + 1) } else { held };
        let (pool, story) = (self.pool, self.story());
        let mine = &pool.of_epoch[epoch];
        // What lets unchallenged requests in is one of many.
        let admits = |index: &&usize| {
            let card = &story.statements[**index];
            card.fault == 0 && card.epoch == epoch as u64
        };
        let cards: Vec<_> = pool.admitting.iter().filter(admits).collect();
        let index = match self.choices.once_in(6) {
            true => *cards[self.choices.below(cards.len())],
            false => mine[self.choices.below(mine.len())],
        };
        let touched = self.choices.once_in(8).then(|| self.choices.below(65_536));
        self.delivers(index, touched)
    }

    /// A statement comes, or one of which a bit was turned.
    pub(super) fn delivers(&mut self, index: usize, touched: Option<usize>) -> Result<(), String> {
        let story = self.story();
        let got = &story.statements[index];
        let (mut next, host) = (self.model.clone(), self.host());
        let mut bytes = got.bytes.clone();
        // One bit more might mend what a bit has spoilt.
        let touched = touched.filter(|_| got.fault == 0);
        if let Some(place) = touched {
            let length = bytes.len();
            bytes[place / 8 % length] ^= 1 << (place % 8);
        }
        self.note(|_| format!("{:?} epoch {} at {} {:?}", got.side, got.epoch, got.at, got.what));
        let said = self.deliver(&bytes).map_err(|refusal| refusal.code());
        if touched.is_some() {
            self.note(|_| format!("touched at {touched:?}: {said:?}"));
            return match said {
                Err(_) | Ok(Taken::Unchanged) => Ok(()),
                Ok(taken) => Err(format!("what was touched was taken: {taken:?}")),
            };
        }
        let expected = self.told_by(&mut next, |naive| naive.take(story, index, &host));
        self.took(&said);
        self.agree("the statement", &said, &expected, next)
    }

    /// What the part of a model says that takes statements in, in the session of this seat.
    fn told_by(
        &self,
        next: &mut Model,
        take: impl FnOnce(&mut super::super::naive::Naive) -> Result<Taken, u16>,
    ) -> Result<Taken, u16> {
        if let Some((_, refused)) = next.silent() {
            return Err(refused);
        }
        let Some(naive) = &mut next.trust else { return Err(601) };
        naive.open = self.seats[self.seat].given;
        let epoch = naive.epoch;
        let said = take(naive);
        if naive.epoch != epoch {
            next.forget();
        }
        said
    }

    fn took(&mut self, said: &Result<Taken, u16>) {
        self.summary.taken += u64::from(matches!(said, Ok(taken) if *taken != Taken::Unchanged));
    }

    fn deliver(&mut self, statement: &[u8]) -> Result<Taken, Refusal> {
        let now = self.now();
        let lock = self.lock.as_mut().unwrap();
        // A lock that says no to all does so whatever the bytes are.
        lock.walk()?;
        match statement.get(1) {
            Some(10) => lock.verify_keyset(&Keyset::decode(statement)?, now)?.commit(),
            Some(11) => lock.verify_card(&Card::decode(statement)?, now)?.commit(),
            _ => {
                let status = Status::decode(statement)?;
                let session = self.seats[self.seat].session.as_ref();
                lock.verify_status(&status, session, now)?.commit()
            }
        }
    }

    /// Some epochs, genuine or odd, and a keyset of the last, or of another.
    fn walk(&mut self) -> Result<(), String> {
        self.connect()?;
        let (held, mut walk) = (usize::try_from(self.epoch()).unwrap(), Vec::new());
        let odd = self.story().odd.len();
        for step in 0..1 + self.choices.below(3) {
            walk.push(match self.choices.once_in(4) {
                true => self.choices.below(EPOCHS + 1 + odd),
                false => (held + 1 + step).min(EPOCHS),
            });
        }
        let last = walk.iter().copied().filter(|number| *number <= EPOCHS).max().unwrap_or(held);
        let other = self.choices.once_in(8);
        let epoch = if other { self.choices.below(EPOCHS + 1) } else { last };
        let keysets = |index: &&usize| {
            matches!(self.pool.stories[0].statements[**index].what, What::Keyset { .. })
        };
        let keysets: Vec<_> = self.pool.of_epoch[epoch].iter().filter(keysets).collect();
        let index = *keysets[self.choices.below(keysets.len())];
        self.walks(&walk, index)
    }

    /// Epochs by their numbers, odd ones behind them, and the keyset that ends the walk.
    pub(super) fn walks(&mut self, walk: &[usize], index: usize) -> Result<(), String> {
        let (story, now, host) = (self.story(), self.now(), self.host());
        let mut next = self.model.clone();
        let mut last = self.epoch();
        let begun = self.lock().walk().map_err(|refusal| refusal.code());
        let refused = next.silent().map(|(_, refused)| refused);
        same("the walk", &begun.as_ref().err().copied(), &refused)?;
        let Ok(mut begun) = begun else { return Ok(()) };
        for number in walk.iter().copied() {
            let (bytes, number, code) = match number.checked_sub(EPOCHS + 1) {
                Some(odd) => {
                    let odd = &story.odd[odd];
                    let code = match odd.number {
                        number if number < last => 611,
                        number if number == last => odd.same,
                        number if number > last + 1 => 613,
                        _ => odd.after,
                    };
                    (&odd.bytes, last, code)
                }
                None => {
                    let (bytes, number) = (&story.epochs[number].0, number as u64);
                    let code = match number {
                        number if number < last => 611,
                        number if number > last + 1 => 613,
                        _ => 0,
                    };
                    (bytes, number, code)
                }
            };
            let said = Epoch::decode(bytes).map_err(Refusal::from);
            let said = said.and_then(|epoch| begun.step(&epoch));
            let said = said.map_or_else(|refusal| refusal.code(), |()| 0);
            self.note(|_| format!("epoch {number}: {said}"));
            same("the epoch", &said, &code)?;
            if code == 0 {
                last = last.max(number);
            }
        }
        let got = &story.statements[index];
        self.note(|_| format!("{:?} epoch {} at {} {:?}", got.side, got.epoch, got.at, got.what));
        let lock = self.lock.as_mut().unwrap();
        let said = Keyset::decode(&got.bytes).map_err(Refusal::from);
        let said = said.and_then(|keyset| lock.verify_epoch(begun, &keyset, now)?.commit());
        let said = said.map_err(|refusal| refusal.code());
        let expected = self.told_by(&mut next, |naive| naive.walked(story, last, index, &host));
        self.took(&said);
        self.agree("the keyset of a walk", &said, &expected, next)
    }

    /// A status over this session's nonce, or over another.
    pub(super) fn over_nonce(&mut self) -> Option<Attested> {
        let (story, trust) = (self.story(), self.model.trust.as_ref()?);
        let What::Keyset { issuers, .. } = &story.statements[trust.keyset].what else {
            return None;
        };
        let clerk = issuers.iter().find(|named| named.roles & ATTEST != 0);
        let (order, version) = (trust.list_order(story), trust.version(story));
        let (by, from, until) = match clerk {
            Some(named) if !self.choices.once_in(8) => (named.who, named.from, named.until),
            _ => (self.choices.below(STRANGER), 1, 2),
        };
        let present = self.real / 1000;
        let at = self.choices.pick(&[present, present, present, from, until - 1, until]);
        // Whoever mends has no thieves.
        let at = if by < RESCUERS { at } else { present };
        let list = self.choices.pick(&[order, order, order, (0, 0), (version, u64::MAX)]);
        let own = !self.choices.once_in(8);
        Some(self.attests(by, at, Some(list).filter(|list| list.0 <= version), own))
    }

    /// A status by a clerk on what is held, or on another list.
    pub(super) fn attests(
        &self,
        by: usize,
        at: u64,
        list: Option<(u64, u64)>,
        own: bool,
    ) -> Attested {
        let (story, trust) = (self.story(), self.model.trust.as_ref());
        let version = trust.map_or(0, |trust| trust.version(story));
        let list = list.or_else(|| Some(trust?.list_order(story))).unwrap_or((0, 0));
        let (epoch, keyset, forged) = (self.epoch(), version, false);
        let nonce = self.nonce().filter(|_| own).unwrap_or(Nonce([0; 16]));
        let bytes = story.attest(epoch, by, state(keyset, list, at), Some(&nonce));
        (bytes, Said { by, epoch, at, keyset, list, nonce: Some(own), forged })
    }

    fn attested(&mut self) -> Result<(), String> {
        self.perhaps_connect()?;
        let Some((bytes, said)) = self.over_nonce() else { return Ok(()) };
        let (story, host, mut next) = (self.story(), self.host(), self.model.clone());
        self.note(|_| format!("{said:?}"));
        let got = self.deliver(&bytes).map_err(|refusal| refusal.code());
        let expected = self.told_by(&mut next, |naive| naive.hear(story, &said, &host));
        self.took(&got);
        self.agree("the status", &got, &expected, next)
    }

    /// The door closes, or jams.
    fn secures(&mut self) -> Result<(), String> {
        let outcome = self.choices.pick(&[Outcome::Done, Outcome::Done, Outcome::Jammed]);
        self.note(|_| format!("secured: {outcome:?}"));
        self.lock().secure(|| outcome);
        let before = self.model.clone();
        if outcome == Outcome::Done {
            self.model.secures();
        }
        // Whether that is durable the lock doesn't tell.
        if self.flash.flash().is_off() {
            self.may = Some(before);
        }
        Ok(())
    }

    /// The host's clock is right, wrong, or none; or it starts anew.
    fn clock(&mut self) -> Result<(), String> {
        let wide = self.choices.pick(&[0, 0, 2, 600]);
        let days = i64::from(self.choices.byte()) - 128;
        let off = days * days.abs() * i64::try_from(DAY / 8).unwrap();
        self.mode = match self.choices.below(4) {
            0 => Mode::Off(0, wide),
            1 => Mode::None,
            2 => Mode::Off(off, wide),
            _ => {
                self.uptime = self.choices.pick(&[self.uptime, 0, self.uptime / 2]);
                self.lock().restart();
                self.model.clock_restarts();
                self.mode
            }
        };
        self.note(|life| format!("clock {:?}, {} ms", life.mode, life.uptime));
        Ok(())
    }

    fn waits(&mut self) -> Result<(), String> {
        let unit = self.choices.pick(&[101, 1000, 60_000, DAY * 1000]);
        let ticks = unit * u64::from(self.choices.byte());
        (self.real, self.uptime) = (self.real + ticks, self.uptime + ticks);
        self.note(|_| format!("wait {ticks} ms"));
        Ok(())
    }

    /// A reset by hand, now and then by the identity that the lock has.
    fn resets(&mut self) -> Result<(), String> {
        let own = self.choices.once_in(8);
        let place = self.model.life + usize::from(!own);
        let Some(identity) = self.pool.identities.get(place) else { return Ok(()) };
        let got = self.lock().reset(*identity, secret(identity)).map_err(|denial| denial.code());
        let mut next = self.model.clone();
        if !own {
            next.reset();
        }
        let expected = if own { Err(504) } else { Ok(()) };
        self.agree("a reset", &got, &expected, next)
    }

    /// Somebody without a challenge is denied, and that is written down: often enough, it makes the
    /// lock write its log anew.
    fn writes_denials(&mut self) -> Result<(), String> {
        let often = self.choices.byte() % 64;
        let sent = self.sent.iter().find(|sent| matches!(sent.asked.moment, Moment::Challenged));
        let sent = sent.map(|sent| sent.bytes.clone());
        self.note(|_| format!("{often} denials"));
        for _ in 0..=often {
            let (now, lock) = (self.now(), self.lock.as_mut().unwrap());
            if let Some(sent) = &sent {
                let verdict = lock.verify_unchallenged(&Presentation::decode(sent).unwrap(), now);
                let code = verdict.map(drop).map_err(|denial| denial.code());
                same("the denial", &code, &Err(self.model.silent().map_or(210, |(code, _)| code)))?;
            }
            let got = lock.write_denials(now).map_err(|denial| denial.code());
            let expected = self.model.silent().map_or(Ok(()), |(code, _)| Err(code));
            self.agree("the denials", &got, &expected, self.model.clone())?;
            if got.is_err() {
                break;
            }
        }
        Ok(())
    }
}
