//! The lock's host, as far as it remembers: its link sessions, a permit, and what phones have sent.

use keyward::{
    Challenge, Channel,
    id::Nonce,
    lock::{Permit, Session},
};

use super::{
    Life,
    model::{Asked, Moment},
};
use crate::interleave::naive::Open;

/// A link session, and what the model knows of it.
#[derive(Debug, Default)]
pub(super) struct Seat {
    pub(super) session: Option<Session>,
    pub(super) challenge: Option<Challenge>,
    pub(super) given: Option<Open>,
}

/// A permit, and what it was given for.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) permit: Permit,
    pub(super) right: u8,
    pub(super) number: u64,
    pub(super) epoch: u64,
    pub(super) run: u64,
    pub(super) secured: u64,
    pub(super) since: u64,
}

/// A presentation that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) bytes: Vec<u8>,
    pub(super) asked: Asked,
    /// The nonce that it was made for.
    pub(super) nonce: Option<Nonce>,
}

impl Sent {
    /// What it is in another session.
    pub(super) fn again(&self, nonce: Option<Nonce>) -> Asked {
        let mut asked = self.asked.clone();
        let is_own = nonce == self.nonce;
        if matches!(asked.moment, Moment::Challenged) {
            asked.signed &= is_own;
        }
        if let Some(said) = &mut asked.status {
            said.nonce = said.nonce.map(|own| own && is_own);
        }
        asked
    }
}

impl Life<'_> {
    /// A phone connects.
    pub(super) fn connect(&mut self) -> Result<(), String> {
        let (now, number) = (self.now(), self.summary.steps);
        let mut random = [0; 16];
        random[..8].copy_from_slice(&number.to_le_bytes());
        let session = self.lock().challenge(random, Channel::Radio, now);
        let expected = self.model.silent().map_or(Ok(()), |(code, _)| Err(code));
        let code = session.as_ref().map(drop).map_err(|denial| denial.code());
        super::same("the challenge", &code, &expected)?;
        let (given, epoch, run) = (self.uptime, self.epoch(), self.model.run);
        self.seats[self.seat] = match session {
            Ok(session) => Seat {
                challenge: Some(*session.challenge()),
                session: Some(session),
                given: Some(Open { given, epoch, run, spent: false }),
            },
            Err(_) => Seat::default(),
        };
        Ok(())
    }

    /// Mostly a new session; sometimes one from before, of this phone or the other.
    pub(super) fn perhaps_connect(&mut self) -> Result<(), String> {
        let how = self.choices.byte();
        self.seat = usize::from(how & 1);
        if how & 6 == 6 && self.seats[self.seat].session.is_some() {
            return Ok(());
        }
        self.connect()
    }

    pub(super) fn nonce(&self) -> Option<Nonce> {
        self.seats[self.seat].challenge.map(|challenge| challenge.nonce)
    }
}
