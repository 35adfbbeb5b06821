//! The steps of an interleaving: each message goes to the lock and to the model.

use keyward::{
    Ask, Challenge, Channel, Right, Taken,
    id::{self, Nonce},
};
use rand_core::Rng;

use crate::{
    interleave::{
        Run,
        cast::{EPOCHS, STRANGER},
        naive::{Asked, Said},
        same,
        story::{ATTEST, LOCK, Side, What, state},
    },
    world::Capability,
};

impl Run<'_, '_> {
    /// Some statement of the story, mostly of the epoch that is held.
    fn any(&mut self, keysets: Option<u64>) -> usize {
        let held = self.naive.epoch;
        let near = !self.dice.once_in(5);
        loop {
            let index = usize::try_from(self.dice.below(self.story.statements.len() as u64));
            let index = index.unwrap();
            let got = &self.story.statements[index];
            let side = got.side <= self.side || got.side == Side::Stranger;
            let fits = match keysets {
                Some(epoch) => matches!(got.what, What::Keyset { .. }) && got.epoch == epoch,
                None => !near || got.epoch == held,
            };
            if side && fits {
                return index;
            }
        }
    }

    pub(super) fn statement(&mut self) -> Result<bool, String> {
        self.perhaps_connect();
        let keysets = self.dice.once_in(6).then_some(self.naive.epoch);
        let index = self.any(keysets);
        let (got, now) = (&self.story.statements[index], self.now());
        self.log.push(format!("{:?} epoch {} at {} {:?}", got.side, got.epoch, got.at, got.what));
        let said = self.door.deliver(&got.bytes, now).map_err(|refusal| refusal.code());
        let expected = self.naive.take(self.story, index, &self.host());
        self.agree("the statement", said, expected)?;
        Ok(matches!(said, Ok(taken) if taken != Taken::Unchanged))
    }

    /// Some epochs, and a keyset of the last, or of another.
    pub(super) fn walk(&mut self) -> Result<bool, String> {
        self.connect();
        let (held, now) = (self.naive.epoch, self.now());
        let first = if self.dice.once_in(2) { 0 } else { held + 1 };
        let (mut last, mut steps) = (held, 0);
        for number in first..EPOCHS as u64 {
            if self.dice.once_in(3) && number > held {
                break;
            }
            if self.dice.once_in(8) {
                continue;
            }
            let (mut code, mut bytes) = (0, &self.story.epochs[usize::try_from(number).unwrap()].0);
            if self.dice.once_in(6) {
                let odd = self.dice.pick(&self.story.odd);
                let bytes = &odd.bytes;
                let code = match odd.number {
                    number if number < last => 611,
                    number if number == last => odd.same,
                    number if number > last + 1 => 613,
                    _ => odd.after,
                };
                self.log.push(format!("odd epoch {}: {code}", odd.number));
                let said = self.door.deliver(bytes, now).map_err(|refusal| refusal.code());
                let expected = if code == 0 { Ok(Taken::Unchanged) } else { Err(code) };
                same("the odd epoch", &said, &expected)?;
                steps += 1;
            }
            if number < last {
                code = 611;
            } else if number > last + 1 {
                code = 613;
            } else {
                last = number;
            }
            if self.dice.once_in(20) {
                // The same again is no news; the sixteen steps of a walk are not used up here.
                bytes = &self.story.epochs[usize::try_from(last).unwrap()].0;
                code = 0;
            }
            self.log.push(format!("epoch {number}: {code}"));
            let said = self.door.deliver(bytes, now).map_err(|refusal| refusal.code());
            let expected = if code == 0 { Ok(Taken::Unchanged) } else { Err(code) };
            same("the epoch", &said, &expected)?;
            steps += 1;
        }
        debug_assert!(steps <= 16);
        let of = if self.dice.once_in(6) { self.dice.below(EPOCHS as u64) } else { last };
        let index = self.any(Some(of));
        let got = &self.story.statements[index];
        self.log.push(format!("{:?} epoch {} at {} {:?}", got.side, got.epoch, got.at, got.what));
        let said = self.door.deliver(&got.bytes, now).map_err(|refusal| refusal.code());
        let host = self.host();
        let expected = self.naive.walked(self.story, last, index, &host);
        self.agree("the keyset of a walk", said, expected)?;
        Ok(matches!(said, Ok(taken) if taken != Taken::Unchanged))
    }

    /// A status over this session's nonce, or another's.
    fn over_nonce(&mut self) -> (Vec<u8>, Said) {
        let clerks: Vec<_> = match &self.story.statements[self.naive.keyset].what {
            What::Keyset { issuers, .. } => issuers
                .iter()
                .filter(|named| named.roles & ATTEST != 0)
                .map(|named| (named.who, named.from, named.until))
                .collect(),
            _ => vec![],
        };
        let (by, from, until) = match clerks.first() {
            Some(named) if !self.dice.once_in(8) => *named,
            _ => (usize::try_from(self.dice.below(STRANGER as u64)).unwrap(), 1, 2),
        };
        let present = self.real / 1000;
        let stolen = self.side >= Side::Issuers && self.dice.once_in(3);
        let at = if stolen { self.dice.pick(&[from, until - 1, until]) } else { present };
        let keyset = self.naive.version(self.story);
        let order = self.naive.list_order(self.story);
        let list = self.dice.pick(&[order, order, order, (0, 0), (keyset, u64::MAX)]);
        let list = if list.0 <= keyset { list } else { (0, 0) };
        let own = !self.dice.once_in(8);
        let mut nonce = Challenge::decode(&self.challenge).unwrap().nonce;
        if !own {
            nonce = Nonce([0; 16]);
        }
        let epoch = self.naive.epoch;
        let bytes = self.story.attest(epoch, by, state(keyset, list, at), Some(&nonce));
        let forged = false;
        (bytes, Said { by, epoch, at, keyset, list, nonce: Some(own), forged })
    }

    pub(super) fn attested(&mut self) -> Result<bool, String> {
        self.perhaps_connect();
        let ((bytes, said), now) = (self.over_nonce(), self.now());
        self.log.push(format!("{said:?}"));
        let got = self.door.deliver(&bytes, now).map_err(|refusal| refusal.code());
        let expected = self.naive.hear(self.story, &said, &self.host());
        self.agree("the status", got, expected)?;
        Ok(got.is_ok())
    }

    pub(super) fn presentation(&mut self) -> Result<bool, String> {
        self.perhaps_connect();
        let (story, held, now) = (self.story, self.naive.epoch, self.now());
        let (mut tokens, keyset) = (story.tokens.iter().collect::<Vec<_>>(), self.naive.keyset);
        if !self.dice.once_in(4) {
            tokens.retain(|token| token.epoch == held && token.is_named_in(story, keyset));
        }
        let token = match self.again {
            Some(token) if self.dice.once_in(4) => token,
            _ => self.dice.pick(&tokens),
        };
        self.again = Some(token);
        let claimed = self.dice.pick(&[token.epoch, held]);
        let status = match self.dice.below(5) {
            0 | 1 => None,
            2 => {
                let statements = || story.statements.iter();
                let statuses = statements().filter(|s| matches!(s.what, What::Status { .. }));
                let got = self.dice.pick(&statuses.collect::<Vec<_>>());
                let What::Status { by, keyset, list } = got.what else { unreachable!() };
                let (epoch, at, nonce, forged) = (got.epoch, got.at, None, got.fault != 0);
                Some((got.bytes.clone(), Said { by, epoch, at, keyset, list, nonce, forged }))
            }
            _ => Some(self.over_nonce()),
        };
        let wrong = if self.dice.once_in(12) { 1 + self.dice.below(2) } else { 0 };
        let asked =
            Asked { token, claimed, signed: wrong == 0, status: status.as_ref().map(|s| s.1) };
        self.log.push(format!("{asked:?}"));
        let mut challenge = Challenge::decode(&self.challenge).unwrap();
        challenge.epoch = id::Epoch(claimed);
        challenge.nonce.0[0] ^= u8::from(wrong == 1);
        let challenge = challenge.encode().unwrap();
        let origin = story.origin(token.by, token.epoch, claimed);
        let held = Capability { origin, token: token.token.clone() };
        let ask = Ask { lock: LOCK, right: Right::UNLOCK, parameter: b"" };
        let holder = &story.holders[token.holder];
        let (challenge, radio) = (challenge.as_bytes(), Channel::Radio);
        let request = holder.request(&held, ask, challenge, radio, self.dice.0);
        let status = status.as_ref().map(|(bytes, _)| &**bytes);
        let bytes = match wrong {
            2 => story.holders[(token.holder + 1) % 3].forge(&request, &[], status),
            _ => holder.present(&request, &[], status),
        };
        let proven = self.door.lock.present(now).unwrap().lo().0;
        let revoked = self.naive.is_live(story, token).is_err();
        let epoch = self.door.lock.trust().unwrap().scope().epoch.0;
        let verdict = self.door.present(&bytes, now).1.map_err(|denial| denial.code());
        if verdict.is_ok() && (revoked || token.until <= proven || token.epoch != epoch) {
            return Err("opened for a token that is revoked, expired or of another epoch".into());
        }
        let expected = self.naive.judge(story, &asked, &self.host());
        self.agree("the request", verdict.as_ref().map(drop).map_err(|code| *code), expected)?;
        Ok(verdict.is_ok())
    }

    fn agree<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        got: Result<T, u16>,
        expected: Result<T, u16>,
    ) -> Result<(), String> {
        let code = got.as_ref().map_or_else(|code| *code, |_| 0);
        *self.codes.entry(code).or_default() += 1;
        same(what, &got, &expected)
    }

    /// Bytes that nobody signed.
    pub(super) fn garbage(&mut self) -> Result<(), String> {
        self.connect();
        // One bit more might mend what a bit has spoilt.
        let index = loop {
            let index = self.any(None);
            if self.story.statements[index].fault == 0 {
                break index;
            }
        };
        let genuine = &self.story.statements[index].bytes;
        let mut bytes = genuine.clone();
        match self.dice.below(6) {
            0 => bytes = self.dice.pick(&self.story.epochs).0,
            1 => bytes = (0..self.dice.below(80)).map(|_| self.dice.0.next_u32() as u8).collect(),
            2 => bytes[1] = self.dice.pick(&[1, 4, 7, 9, 10, 11, 12, 13, 14]),
            _ => {}
        }
        if !bytes.is_empty() {
            let at = usize::try_from(self.dice.below(bytes.len() as u64)).unwrap();
            match self.dice.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, 1),
                _ => bytes[at] ^= 1 << self.dice.below(8),
            }
        }
        if bytes == *genuine {
            return Ok(());
        }
        self.log.push(format!("garbage of {index}: {bytes:02x?}"));
        let now = self.now();
        let said = self.door.deliver(&bytes, now);
        if matches!(said, Ok(taken) if taken != Taken::Unchanged) {
            return Err(format!("garbage was taken: {said:?}"));
        }
        // A walk that a stranger has begun ends with its session.
        self.connect();
        match self.door.present(&bytes, now).1 {
            Err(denial) if denial.code() < 400 => Ok(()),
            verdict => Err(format!("garbage was presented: {verdict:?}")),
        }
    }
}
