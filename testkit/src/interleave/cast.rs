//! Who signs what in a story: three epochs with three keysets each, and the thieves of every key.

use keyward::{Card, Epoch, PublicKey, Token, role};

use crate::{
    interleave::story::{
        ATTEST, DAY, ENROL, Granted, Grantor, ISSUE, Named, OddEpoch, REVOKE, Rescue, Side,
        Statement, Story, What, state,
    },
    random::Dice,
    world::{Capability, Library, START},
};

/// Epochs of the story; one more mends what a thief of the roots has done.
pub(super) const EPOCHS: usize = 3;
/// Clerks for each epoch, beside the one that stays through all.
const STAFF: usize = 7;
/// The clerk whom only a thief of the roots names.
pub(super) const INTRUDER: usize = 1 + EPOCHS * STAFF;
/// A clerk whom nobody names.
pub(super) const STRANGER: usize = INTRUDER + 1;
pub(super) const RESCUERS: usize = STRANGER + 1;
/// All clerks.
pub(super) const CAST: usize = RESCUERS + 4 * (EPOCHS + 1);

/// The versions of an epoch's honest keysets.
pub(super) const VERSIONS: [u64; 3] = [1, 2, 5];

/// What happens while a story is written.
struct Author<'a, 'r, 'd> {
    story: &'a mut Story,
    dice: &'d mut Dice<'r>,
    /// Each clerk's validity.
    valid: Vec<(u64, u64)>,
    epoch: u64,
}

/// Writes the story.
pub(super) fn publish(story: &mut Story, dice: &mut Dice<'_>) {
    let valid = vec![(0, 1); story.clerks.len()];
    let mut author = Author { story, dice, valid, epoch: 0 };
    for epoch in 0..EPOCHS {
        author.open(epoch);
        for (index, version) in VERSIONS.into_iter().enumerate() {
            author.reign(index, version);
        }
        author.roots();
        author.strangers();
    }
    author.claims();
    author.rescues();
}

impl Author<'_, '_, '_> {
    /// Time passes.
    fn later(&mut self) -> u64 {
        self.story.end += 60 + self.dice.below(3 * DAY);
        self.story.end
    }

    fn staff(&self, index: usize) -> usize {
        1 + usize::try_from(self.epoch).unwrap() * STAFF + index
    }

    /// A new epoch, and forgeries of it.
    fn open(&mut self, epoch: usize) {
        let at = self.later();
        self.epoch = epoch as u64;
        let story = &mut *self.story;
        let [keys, next] = [&story.keys[epoch], &story.keys[epoch + 1]];
        let bytes = story.sign_epoch(epoch, keys, next, at);
        let number = epoch as u64;
        if epoch == 0 {
            story.domain = Epoch::decode(&bytes).unwrap().domain().unwrap();
        } else {
            let (stranger, next) = (&story.keys[EPOCHS + 1], &story.keys[epoch + 1]);
            let bytes = story.sign_epoch(epoch, stranger, next, at);
            story.odd.push(OddEpoch { bytes, number, after: 623, same: 623 });
            // The keys of the epoch before must not sign this one.
            let (before, next) = (&story.keys[epoch - 1], &story.keys[epoch + 1]);
            let bytes = story.sign_epoch(epoch, before, next, at);
            story.odd.push(OddEpoch { bytes, number, after: 623, same: 623 });
        }
        let mut forged = bytes.clone();
        *forged.last_mut().unwrap() ^= 1;
        story.odd.push(OddEpoch { bytes: forged, number, after: 622, same: 0 });
        story.epochs.push((bytes, at));
        // Cold keys that sign twice: only a lock that holds the epoch sees the fork.
        if epoch == 0 {
            let (keys, next) = (&story.keys[0], &story.keys[EPOCHS + 1]);
            let twice = story.sign_epoch(0, keys, next, at + 1);
            story.odd.push(OddEpoch { bytes: twice, number, after: 0, same: 612 });
        }
    }

    fn named(&self, who: usize, roles: u8) -> Named {
        let (from, until) = self.valid[who];
        Named { who, roles, from, until }
    }

    /// One honest keyset and what is signed under it, by the honest and by thieves.
    fn reign(&mut self, index: usize, version: u64) {
        let at = self.later();
        let [second, a, a2, r, r2, e, e2] = std::array::from_fn(|index| self.staff(index));
        let names = match index {
            0 => vec![(0, ISSUE), (a, ATTEST), (r, REVOKE), (e, ENROL)],
            1 => vec![(0, ISSUE), (second, ISSUE), (a2, ATTEST), (r2, REVOKE), (e2, ENROL)],
            _ => vec![(second, ISSUE), (a2, ATTEST | ISSUE), (r2, REVOKE), (e2, ENROL)],
        };
        for (who, _) in &names {
            if self.valid[*who].1 == 1 {
                let lasts = self.dice.pick(&[100 * DAY, 400 * DAY, 30 * 365 * DAY]);
                self.valid[*who] = (at - DAY, at + lasts);
            }
        }
        let issuers: Vec<_> = names.iter().map(|(who, roles)| self.named(*who, *roles)).collect();
        let keyset = self.keyset(Side::Honest, version, at, issuers.clone());
        self.story.push_forged(keyset);
        let [attester, revoker, enroller] = if index == 0 { [a, r, e] } else { [a2, r2, e2] };
        for issuer in &issuers {
            if issuer.roles & ISSUE != 0 {
                self.tokens(Grantor::Clerk(issuer.who));
            }
        }
        self.tokens(Grantor::Emergency);
        let mut list = (0, 0);
        for number in 1..=1 + self.dice.below(2) {
            let (epoch, at) = (self.epoch, self.later());
            list = (version, number);
            let content = self.revocations(&issuers);
            let honest = self.story.list(Side::Honest, (epoch, at), revoker, list, content);
            let honest = self.story.push(honest);
            self.story.push_forged(honest);
            let at = self.later();
            let card = (!self.dice.once_in(3), 0);
            let card = self.story.card(Side::Honest, (epoch, at), enroller, list, card);
            let card = self.story.push(card);
            self.story.push_forged(card);
            let at = self.later();
            let status = self.story.status(Side::Honest, (epoch, at), attester, (version, list));
            let status = self.story.push(status);
            self.story.push_forged(status);
        }
        self.thieves(version, list, [attester, revoker, enroller]);
    }

    fn keyset(&mut self, side: Side, version: u64, at: u64, issuers: Vec<Named>) -> usize {
        let key = |who: usize| self.story.clerks[who].public();
        let list: Vec<_> = issuers.iter().map(|n| (key(n.who), n.roles, n.from, n.until)).collect();
        let bytes = self.story.sign_keyset((self.epoch, version, at), &list, 2);
        let what = What::Keyset { version, issuers, names_device: false };
        let (body, epoch) = (self.story.statements.len(), self.epoch);
        self.story.push(Statement { bytes, body, side, epoch, at, what, fault: 0 })
    }

    /// Tokens that are valid, will be, or were.
    fn tokens(&mut self, by: Grantor) {
        for _ in 0..2 {
            let from = self.story.end + self.dice.below(3 * DAY) - DAY;
            let lasts = self.dice.pick(&[3600, DAY, 60 * DAY, 3650 * DAY, 3650 * DAY]);
            let holder = usize::try_from(self.dice.below(3)).unwrap();
            let limit = u32::try_from(1 + self.dice.below(2)).unwrap();
            let often = if by == Grantor::Emergency { 8 } else { 2 };
            let uses = self.dice.once_in(often).then_some(limit);
            let fresh = self.dice.once_in(3).then(|| self.dice.pick(&[900, 86_400, u32::MAX]));
            let group = self.dice.once_in(3);
            self.story.grant(Granted {
                token: Vec::new(),
                link: keyward::id::LinkId([0; 16]),
                epoch: self.epoch,
                by,
                holder,
                serial: 0,
                from,
                until: from + lasts,
                group,
                uses,
                fresh: fresh.filter(|_| by != Grantor::Emergency || self.dice.once_in(3)),
            });
        }
    }

    /// Some links, perhaps a holder, perhaps a floor.
    fn revocations(&mut self, issuers: &[Named]) -> (Vec<[u8; 16]>, Vec<(usize, u64)>) {
        let links: Vec<_> = self.story.tokens.iter().map(|token| token.link.0).collect();
        let mut entries: Vec<_> = links.into_iter().filter(|_| self.dice.once_in(4)).collect();
        if self.dice.once_in(5) {
            let holder = usize::try_from(self.dice.below(3)).unwrap();
            entries.push(self.story.holders[holder].public().name().0);
        }
        let issuer = self.dice.pick(issuers).who;
        let first = self.story.tokens.len() as u64;
        let floors = if self.dice.once_in(5) { vec![(issuer, first)] } else { vec![] };
        (entries, floors)
    }

    /// Thieves of every issuer: top orders, far-future times, times outside, roles of others.
    fn thieves(
        &mut self,
        version: u64,
        list: (u64, u64),
        [attester, revoker, enroller]: [usize; 3],
    ) {
        let epoch = self.epoch;
        let last = |author: &Self, who: usize| author.valid[who].1 - 1;
        let everything: Vec<_> =
            self.story.holders.iter().map(|holder| holder.public().name().0).collect();
        for (by, order, outside, content) in [
            (revoker, (version, u64::MAX), 0, everything.clone()),
            (revoker, (version, u64::MAX), 0, vec![[7; 16]]),
            (revoker, (version, u64::MAX - 1), 0, vec![]),
            (revoker, list, 0, vec![[9; 16]]),
            (revoker, (version + 1, u64::MAX), 0, everything.clone()),
            (revoker, (version, u64::MAX), 1, everything.clone()),
            (attester, (version, u64::MAX), 0, everything),
        ] {
            let at = last(self, by) + outside;
            let stolen = self.story.list(Side::Issuers, (epoch, at), by, order, (content, vec![]));
            self.story.push(stolen);
        }
        for (by, outside) in [(attester, 0), (attester, 1), (enroller, 0)] {
            let at = last(self, by) + outside;
            let stolen =
                self.story.status(Side::Issuers, (epoch, at), by, (u64::MAX, (1, u64::MAX)));
            self.story.push(stolen);
        }
        for (by, order, outside, fault) in [
            (enroller, (version, u64::MAX), 0, 0),
            (enroller, (version, u64::MAX - 1), 0, 0),
            (enroller, (version, u64::MAX), 1, 0),
            (enroller, (version + 1, 1), 0, 0),
            (enroller, (version, u64::MAX), 0, self.dice.pick(&[650, 651, 652])),
            (attester, (version, u64::MAX), 0, 0),
        ] {
            let (at, grouped) = (last(self, by) + outside, self.dice.once_in(2));
            let stolen = self.story.card(Side::Issuers, (epoch, at), by, order, (grouped, fault));
            self.story.push(stolen);
        }
    }

    /// Thieves of the roots: top versions dated as late as can be, of an issuer of their own.
    fn roots(&mut self) {
        let (epoch, side, end) = (self.epoch, Side::Roots, (1 << 40) - 1);
        self.valid[INTRUDER] = (0, u64::from(u32::MAX));
        let all = self.named(INTRUDER, ISSUE | ATTEST | REVOKE | ENROL);
        self.keyset(side, u64::MAX, end, vec![all]);
        self.keyset(side, u64::MAX, end - 1, vec![all]);
        self.keyset(side, u64::MAX - 1, 0, vec![]);
        self.keyset(side, VERSIONS[1], end, vec![all]);
        // The device's own key as an issuer: no card fits beside it.
        let device = self.story.door.unclaimed().device;
        let key: PublicKey<role::Issuer> = PublicKey::from_bytes(device.as_bytes()).unwrap();
        let until = u64::from(u32::MAX);
        let intruder = self.story.clerks[INTRUDER].public();
        let named = [(key, ISSUE, 0, until), (intruder, all.roles, 0, until)];
        let version = u64::MAX - 2;
        let bytes = self.story.sign_keyset((epoch, version, 0), &named, 2);
        let what = What::Keyset { version, issuers: vec![all], names_device: true };
        let body = self.story.statements.len();
        self.story.push(Statement { bytes, body, side, epoch, at: 0, what, fault: 0 });
        // A root as an issuer is refused, whoever signs it.
        let root = self.story.keys[usize::try_from(epoch).unwrap()].roots[0].public();
        let key = PublicKey::from_bytes(root.as_bytes()).unwrap();
        let bytes = self.story.sign_keyset((epoch, version, 1), &[(key, ISSUE, 0, until)], 2);
        let what = What::Keyset { version, issuers: vec![], names_device: false };
        let body = self.story.statements.len();
        self.story.push(Statement { bytes, body, side, epoch, at: 1, what, fault: 640 });

        for (order, at) in [((u64::MAX, u64::MAX), until - 1), ((VERSIONS[0], 7), 1)] {
            let content = (vec![[1; 16]], vec![(0, u64::MAX)]);
            let list = self.story.list(side, (epoch, at), INTRUDER, order, content);
            self.story.push(list);
            let card = self.story.card(side, (epoch, at), INTRUDER, order, (true, 0));
            self.story.push(card);
            let status = self.story.status(side, (epoch, at), INTRUDER, (0, (0, 0)));
            self.story.push(status);
        }
        self.tokens(Grantor::Clerk(INTRUDER));
    }

    /// Strangers: issuers that nobody named, and keysets with a root too few.
    fn strangers(&mut self) {
        let (epoch, side, at, order) = (self.epoch, Side::Stranger, self.story.end, (1, u64::MAX));
        let list = self.story.list(side, (epoch, at), STRANGER, order, (vec![], vec![]));
        self.story.push(list);
        let card = self.story.card(side, (epoch, at), STRANGER, order, (true, 0));
        self.story.push(card);
        let status = self.story.status(side, (epoch, at), STRANGER, (1, (0, 0)));
        self.story.push(status);
        let bytes = self.story.sign_keyset((epoch, u64::MAX, at), &[], 1);
        let what = What::Keyset { version: u64::MAX, issuers: vec![], names_device: false };
        let body = self.story.statements.len();
        self.story.push(Statement { bytes, body, side, epoch, at, what, fault: 620 });
        self.tokens(Grantor::Clerk(STRANGER));
    }

    /// The ways in which the lock is claimed.
    fn claims(&mut self) {
        let find = |story: &Story, epoch: u64, wanted: fn(&What) -> bool| {
            let honest = |s: &Statement| s.side == Side::Honest && s.epoch == epoch;
            story.statements.iter().position(|s| honest(s) && wanted(&s.what)).unwrap()
        };
        for (epoch, listed) in [(0, false), (0, true), (1, false)] {
            let story = &mut *self.story;
            let keyset = find(story, epoch, |what| matches!(what, What::Keyset { .. }));
            let card = find(story, epoch, |what| matches!(what, What::Card { .. }));
            let list = find(story, epoch, |what| matches!(what, What::List { .. }));
            let bytes = &story.epochs[usize::try_from(epoch).unwrap()].0;
            let (epoch, door) = (Epoch::decode(bytes).unwrap(), &story.door);
            let signed = Card::decode(&story.statements[card].bytes).unwrap();
            let key = door.claim_key.public();
            let draft = door.unclaimed().claim(story.domain, &epoch, &signed, &key).unwrap();
            let claim = draft.sign(&door.claim_key).unwrap().as_bytes().to_vec();
            story.claims.push((claim, [keyset, card], listed.then_some(list)));
        }
    }

    /// What mends a lock in each epoch, and the epoch that mends what the roots' thieves did.
    fn rescues(&mut self) {
        let at = self.later();
        let bytes = self.story.sign_epoch(
            EPOCHS,
            &self.story.keys[EPOCHS],
            &self.story.keys[EPOCHS + 1],
            at,
        );
        self.story.epochs.push((bytes, at));
        for epoch in 0..=EPOCHS {
            self.epoch = epoch as u64;
            let (first, version) = (RESCUERS + 4 * epoch, 1000);
            let mut names = Vec::new();
            for (index, roles) in [ISSUE, ATTEST, REVOKE, ENROL].into_iter().enumerate() {
                self.valid[first + index] = (START.0 - DAY, START.0 - DAY + u64::from(u32::MAX));
                names.push(self.named(first + index, roles));
            }
            let keyset = self.keyset(Side::Honest, version, at, names);
            let keyset = self.story.statements.remove(keyset).bytes;
            let (story, when, order) = (&mut *self.story, (epoch as u64, at), (version, 1));
            let list = story.list(Side::Honest, when, first + 2, order, (vec![], vec![]));
            let card = story.card(Side::Honest, when, first + 3, order, (true, 0));
            let cards = [(super::story::LOCK, card.bytes)].into();
            let by = Grantor::Clerk(first);
            let token = story.grant(Granted {
                token: Vec::new(),
                link: keyward::id::LinkId([0; 16]),
                epoch: epoch as u64,
                by,
                holder: 0,
                serial: 0,
                from: START.0 - DAY,
                until: START.0 - DAY + u64::from(u32::MAX),
                group: true,
                uses: Some(1),
                // After an epoch even the strictest token holds at once.
                fresh: (epoch == EPOCHS).then_some(60),
            });
            let token = story.tokens.remove(token).token;
            assert!(Token::decode(&token).is_ok());
            let held = Capability { origin: story.origin(by, epoch as u64, epoch as u64), token };
            let epochs = story.epochs[..=epoch].iter().map(|(bytes, _)| bytes.clone()).collect();
            let library = Library { epochs, keyset, list: Some(list.bytes), cards };
            let state = state(version, order, at);
            story.rescues.push(Rescue { library, attester: first + 1, state, held });
        }
    }
}
