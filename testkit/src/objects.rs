//! Random objects as the oracle's values: valid ones, and ones that stray from the rules.

mod receipts;
mod statements;

use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use rand_core::Rng;

use crate::{
    oracle::{
        Answer, Caveats, Challenge, Channel, Link, List, Mode, Moment, Origin, Presentation,
        Request, Schedule, Signature, Status, Target, Token, Window, Witness, encode,
    },
    random::Dice,
};

/// Draws objects. One that strays breaks a rule now and then, also several at once.
pub struct Draw<'r> {
    dice: Dice<'r>,
    stray: bool,
}

impl<'r> Draw<'r> {
    /// Objects that keep all rules.
    pub fn valid(rng: &'r mut ChaCha20Rng) -> Self {
        Self { dice: Dice(rng), stray: false }
    }

    /// Objects that keep most rules.
    pub fn straying(rng: &'r mut ChaCha20Rng) -> Self {
        Self { dice: Dice(rng), stray: true }
    }

    /// A token.
    pub fn token(&mut self) -> Token {
        // The more caveats, the likelier a token over its limit: then again with fewer.
        for scarcity in 2.. {
            let token = self.token_of(scarcity);
            if self.stray || encode(&token).len() <= 768 {
                return token;
            }
        }
        unreachable!("a token of few caveats fits")
    }

    fn token_of(&mut self, scarcity: u64) -> Token {
        let mut depths = self.set(1, 4, |draw| draw.below(4));
        depths.reverse();
        if self.strays() {
            depths = vec![self.below(5), self.below(5)];
        }
        let links = (0..).zip(depths).map(|(index, depth)| self.link(index == 0, depth, scarcity));
        let links = links.collect();
        Token { issuer: self.bytes(), serial: self.number(), links }
    }

    fn link(&mut self, root: bool, depth: u8, scarcity: u64) -> Link {
        let caveats = self.caveats(root, scarcity);
        Link { grantee: self.key(), depth, caveats, signature: self.signature() }
    }

    /// Caveats of a link, each once in `scarcity`; rights, targets and validity always in a root.
    pub fn caveats(&mut self, root: bool, scarcity: u64) -> Caveats {
        let mut caveats = Caveats::default();
        if self.grants(root, scarcity) {
            caveats.rights = Some(self.at_least_1());
        }
        if self.grants(root, scarcity) {
            caveats.targets = Some(self.set(1, 8, |draw| match draw.below(2) {
                0 => Target::Lock(draw.bytes()),
                _ => Target::Group(draw.bytes()),
            }));
        }
        if self.grants(root, scarcity) {
            caveats.valid = Some((self.time(), self.at_least_1()));
        }
        if self.dice.once_in(scarcity) {
            caveats.uses = Some(self.at_least_1());
        }
        if self.dice.once_in(scarcity) {
            let keys = self.set(1, 4, Self::key);
            let most = u8::try_from(keys.len().clamp(1, 2)).unwrap();
            let of = if self.strays() { self.below(4) } else { 1 + self.below(most) };
            caveats.witness = Some((of, keys));
        }
        if self.dice.once_in(scarcity) {
            caveats.max_open = Some(self.at_least_1());
        }
        if self.dice.once_in(scarcity) {
            caveats.fresh = Some(self.at_least_1());
        }
        if self.dice.once_in(scarcity) {
            caveats.schedule = Some(self.schedule());
        }
        if self.dice.once_in(scarcity) {
            caveats.first_use = Some((self.time(), self.at_least_1()));
        }
        if self.dice.once_in(scarcity) {
            let any = if self.strays() { self.below(20) } else { 1 + self.below(15) };
            caveats.channels = Some(any);
        }
        if self.dice.once_in(scarcity) {
            caveats.app = Some((self.small(), self.data(32)));
        }
        caveats
    }

    fn grants(&mut self, root: bool, scarcity: u64) -> bool {
        if root { !self.strays() } else { self.dice.once_in(scarcity) }
    }

    fn schedule(&mut self) -> Schedule {
        let windows = self.set(1, 8, |draw| {
            let every = 1 + draw.below(52);
            let mut window = Window {
                days: 1 + draw.below(127),
                start: u16::try_from(draw.dice.below(1440)).unwrap(),
                length: u16::try_from(1 + draw.dice.below(1440)).unwrap(),
                every,
                phase: draw.below(every),
            };
            if draw.strays() {
                match draw.below(6) {
                    0 => window.days = draw.dice.pick(&[0, 128, 255]),
                    1 => window.start = draw.dice.pick(&[1439, 1440, u16::MAX]),
                    2 => window.length = draw.dice.pick(&[0, 1, 1440, 1441]),
                    3 => window.every = draw.dice.pick(&[0, 1, 52, 53, 255]),
                    4 => window.phase = every - 1,
                    _ => window.phase = every,
                }
            }
            window
        });
        let mut exceptions = Vec::new();
        let mut first = u64::from(self.small() / 2);
        for _ in 0..self.count(0, 16) {
            let days = u16::try_from(1 + self.dice.below(366)).unwrap();
            let days = if self.strays() { self.dice.pick(&[0, 1, 366, 367]) } else { days };
            exceptions.push((u32::try_from(first).unwrap_or(u32::MAX), days));
            let gap = self.dice.below(3) * self.dice.below(50);
            first = (first + u64::from(days) + gap).saturating_sub(u64::from(self.strays()));
        }
        Schedule { windows, exceptions }
    }

    /// An origin.
    pub fn origin(&mut self) -> Origin {
        Origin { domain: self.bytes(), epoch: self.number(), issuer: self.key() }
    }

    /// A status, with its list half of the time.
    pub fn status(&mut self) -> Status {
        let list = self.dice.once_in(2);
        self.status_with(list)
    }

    fn status_with(&mut self, list: bool) -> Status {
        let list = list.then(|| List {
            entries: self.set(0, 64, Self::bytes),
            floors: {
                let issuers = self.set(0, 8, Self::bytes);
                let floors = issuers.into_iter().map(|issuer| (issuer, self.floor()));
                floors.collect()
            },
        });
        let keyset = self.number();
        let list_keyset = match list.is_some() {
            true if self.strays() => keyset.saturating_sub(1),
            true => keyset,
            false if self.strays() => keyset.saturating_add(1),
            false => self.number().min(keyset),
        };
        Status {
            issuer: self.bytes(),
            epoch: self.number(),
            keyset,
            list_keyset,
            number: self.floor(),
            at: self.time(),
            over_nonce: self.dice.once_in(2),
            list,
            signature: self.signature(),
        }
    }

    /// A number of at least 1; where it strays, 0.
    fn floor(&mut self) -> u64 {
        if self.strays() { 0 } else { self.number().max(1) }
    }

    /// A challenge.
    pub fn challenge(&mut self) -> Challenge {
        Challenge {
            lock: self.bytes(),
            nonce: self.bytes(),
            epoch: self.number(),
            keyset: self.number(),
            list: (self.number(), self.number()),
            card: (self.number(), self.number()),
        }
    }

    /// A request.
    pub fn request(&mut self) -> Request {
        let channels = [Channel::Remote, Channel::Radio, Channel::Contact, Channel::Ranged];
        let moment = if self.dice.once_in(2) {
            let channel = self.dice.pick(&channels);
            Moment::Challenged { nonce: self.bytes(), channel, fresh: self.bytes() }
        } else {
            let counter = self.number();
            Moment::Unchallenged { counter, time: self.time(), expires: self.time() }
        };
        Request {
            origin: self.origin(),
            lock: self.bytes(),
            moment,
            right: self.right(),
            parameter: self.data(64),
            token: self.token(),
        }
    }

    fn right(&mut self) -> u8 {
        if self.strays() { self.below(255) } else { self.below(32) }
    }

    /// A witness's statement.
    pub fn witness(&mut self) -> Witness {
        Witness { key: self.key(), evidence: self.bytes(), signature: self.signature() }
    }

    /// A presentation.
    pub fn presentation(&mut self) -> Presentation {
        let mode = if self.dice.once_in(2) {
            Mode::Challenged { fresh: self.bytes() }
        } else {
            let counter = self.number();
            Mode::Unchallenged { counter, time: self.time(), expires: self.time() }
        };
        let listed = self.strays();
        let status = self.dice.once_in(2).then(|| self.status_with(listed));
        Presentation {
            mode,
            right: self.right(),
            parameter: self.data(64),
            witnesses: self.set(0, 2, Self::witness),
            status,
            token: self.token(),
            signature: self.signature(),
        }
    }

    /// An answer.
    pub fn answer(&mut self) -> Answer {
        self.dice.pick(&[
            Answer::Done,
            Answer::Applied,
            Answer::Denied,
            Answer::NeedTime,
            Answer::NeedStatus,
            Answer::NeedKeyset,
            Answer::NeedWitness,
            Answer::Busy,
        ])
    }

    fn strays(&mut self) -> bool {
        self.stray && self.dice.once_in(40)
    }

    fn below(&mut self, n: u8) -> u8 {
        u8::try_from(self.dice.below(n.into())).unwrap()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.dice.0.fill_bytes(&mut bytes);
        bytes
    }

    fn signature(&mut self) -> Signature {
        (self.bytes(), self.bytes())
    }

    /// A key that decodes; where it strays, one of small order or beyond the field's prime.
    fn key(&mut self) -> [u8; 32] {
        if !self.strays() {
            return self.bytes();
        }
        let mut beyond = [0xff; 32];
        beyond[0] = 0xe0 + self.below(32);
        beyond[31] = self.dice.pick(&[0x7f, 0xff, 0x7e]);
        let weak = curve25519_dalek::constants::EIGHT_TORSION.map(|point| point.compress().0);
        let mut weak = self.dice.pick(&weak);
        weak[31] ^= self.dice.pick(&[0, 0x80]);
        self.dice.pick(&[beyond, weak])
    }

    /// An integer of any length.
    fn number(&mut self) -> u64 {
        self.dice.0.next_u64() >> self.dice.below(64)
    }

    fn small(&mut self) -> u32 {
        self.dice.0.next_u32() >> self.below(32)
    }

    fn at_least_1(&mut self) -> u32 {
        if self.strays() { 0 } else { self.small().max(1) }
    }

    fn time(&mut self) -> u64 {
        let last = (1 << 40) - 1;
        let beyond = self.dice.pick(&[last, last + 1, u64::MAX]);
        if self.strays() { beyond } else { self.number().min(last) }
    }

    fn count(&mut self, least: u64, most: u64) -> u64 {
        match self.strays() {
            true => self.dice.pick(&[0, most, most + 1]),
            false => least + self.dice.below(most - least + 1),
        }
    }

    fn data(&mut self, most: u64) -> Vec<u8> {
        (0..self.count(0, most)).map(|_| self.below(255)).collect()
    }

    /// Entries in ascending order; where it strays, out of order or one of them twice.
    fn set<T: Ord + Clone>(
        &mut self,
        least: u64,
        most: u64,
        mut entry: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = usize::try_from(self.count(least, most)).unwrap();
        let mut entries = BTreeSet::new();
        for _ in 0..count * 50 {
            if entries.len() < count {
                entries.insert(entry(self));
            }
        }
        let mut entries: Vec<_> = entries.into_iter().collect();
        if self.strays() && entries.len() > 1 {
            let at = usize::try_from(self.dice.below(entries.len() as u64 - 1)).unwrap();
            match self.below(2) {
                0 => entries.swap(at, at + 1),
                _ => entries[at] = entries[at + 1].clone(),
            }
        }
        entries
    }
}
