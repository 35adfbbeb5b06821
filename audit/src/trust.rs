//! Whom an auditor believes: a domain's epochs from the first on, its keysets, and the cards of its
//! locks (SPEC.md sections 16 and 17).

use std::{
    collections::BTreeMap,
    io::{self, BufRead},
};

use keyward::{
    Card, Domain, Epoch, Keyset, PublicKey, Refusal, Roles, Walk,
    id::{self, DomainId, KeyId, KeysetVersion, LockId},
    receipt::StatementKind,
    role,
    wire::Kind,
};

use crate::line::{Buffer, Line, MAX_LINE, Text, decode, lines, read_lines, split};

/// Epochs, keysets or cards that are kept, each: far more than a domain has in its life, and so few
/// that whoever adds others costs no more than seconds. What is over it is left out, and counted.
pub const MAX_STATEMENTS: usize = 10_000;

/// Statements as they were read, before anybody asks whether they hold.
#[derive(Debug)]
pub struct Statements {
    domain: DomainId,
    epochs: Vec<(Line, Vec<u8>)>,
    keysets: Vec<(Line, Vec<u8>)>,
    cards: Vec<(Line, Vec<u8>)>,
    left_out: u64,
    inputs: u32,
}

impl Statements {
    /// No statements yet, of a domain that the auditor knows by name.
    pub fn new(domain: DomainId) -> Self {
        let (epochs, keysets, cards) = (Vec::new(), Vec::new(), Vec::new());
        Self { domain, epochs, keysets, cards, left_out: 0, inputs: 0 }
    }

    /// How many statements there were no room for.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes the epochs, keysets and cards of a text; all else is passed over.
    pub fn read_text(&mut self, text: &[u8]) {
        self.inputs = self.inputs.saturating_add(1);
        let input = self.inputs;
        lines(text, |number, line| self.line(Line { input, number }, line));
    }

    /// Takes the epochs, keysets and cards of a reader's lines; all else is passed over.
    ///
    /// # Errors
    /// The reader's.
    pub fn read(&mut self, reader: impl BufRead) -> io::Result<()> {
        self.inputs = self.inputs.saturating_add(1);
        let input = self.inputs;
        read_lines(reader, |number, line| self.line(Line { input, number }, line)).map(drop)
    }

    fn line(&mut self, line: Line, text: Text<'_>) {
        let Text::Whole(text) = text else { return };
        let Ok((kind, base64)) = split(text) else { return };
        let held = match kind {
            Kind::Epoch => &mut self.epochs,
            Kind::Keyset => &mut self.keysets,
            Kind::Card => &mut self.cards,
            _ => return,
        };
        let mut buffer: Buffer = [0; MAX_LINE];
        let Ok(object) = decode(kind, base64, &mut buffer) else { return };
        let reads = match kind {
            Kind::Epoch => Epoch::decode(object).is_ok(),
            Kind::Keyset => Keyset::decode(object).is_ok(),
            _ => Card::decode(object).is_ok(),
        };
        if reads && held.iter().all(|(_, known)| known != object) {
            match held.len() {
                ..MAX_STATEMENTS => held.push((line, object.to_vec())),
                _ => self.left_out = self.left_out.saturating_add(1),
            }
        }
    }

    /// What of the statements holds: epochs from the domain's own first one, each committed to by
    /// the one before; keysets that the roots of such an epoch signed; cards under the newest of
    /// the keysets of their epoch.
    pub fn verify(&self) -> Trust {
        let mut trust = Trust::nobody(self.domain);
        let mut walk = self.first(&mut trust);
        for number in 1_u64.. {
            let Some(walk) = &mut walk else { break };
            let domain = self.keysets(&mut trust, walk);
            if let Some(domain) = &domain {
                self.cards(&mut trust, domain);
                // From a domain the walk has all its steps again.
                if let Ok(anew) = domain.walk() {
                    *walk = anew;
                }
            }
            if !self.step(&mut trust, walk, number) {
                break;
            }
        }
        trust.refuse_the_rest(self);
        trust
    }

    fn first(&self, trust: &mut Trust) -> Option<Walk> {
        for (line, bytes) in &self.epochs {
            let Ok(epoch) = Epoch::decode(bytes) else { continue };
            if epoch.domain() != Some(self.domain) {
                continue;
            }
            match Walk::from_first(self.domain, &epoch) {
                Ok(walk) => {
                    trust.epochs.push(KnownEpoch::of(*line, &epoch));
                    return Some(walk);
                }
                Err(refusal) => trust.refused.push(Refused { line: *line, refusal }),
            }
        }
        None
    }

    fn step(&self, trust: &mut Trust, walk: &mut Walk, number: u64) -> bool {
        for (line, bytes) in &self.epochs {
            let Ok(epoch) = Epoch::decode(bytes) else { continue };
            if epoch.unverified_number().0 != number {
                continue;
            }
            match walk.step(&epoch) {
                Ok(()) => {
                    trust.epochs.push(KnownEpoch::of(*line, &epoch));
                    return true;
                }
                Err(refusal) => trust.refused.push(Refused { line: *line, refusal }),
            }
        }
        false
    }

    /// Takes the keysets of the epoch that was walked to; returns the domain with the newest.
    fn keysets(&self, trust: &mut Trust, walk: &Walk) -> Option<Domain> {
        let mut newest: Option<(KeysetVersion, Domain)> = None;
        for (line, bytes) in &self.keysets {
            let Ok(keyset) = Keyset::decode(bytes) else { continue };
            let domain = match Domain::found(walk.clone(), &keyset) {
                Ok(domain) => domain,
                Err(Refusal::OtherEpoch { .. }) => continue,
                Err(refusal) => {
                    trust.refused.push(Refused { line: *line, refusal });
                    continue;
                }
            };
            let (Ok(scope), version) = (domain.scope(), keyset.unverified_version()) else {
                continue;
            };
            let issuers = keyset.unverified_issuers().map(|issuer| (issuer.id(), issuer.roles()));
            trust.keysets.push(KnownKeyset {
                line: *line,
                epoch: scope.epoch,
                version,
                hash: *keyset.body_hash().as_bytes(),
                issuers: issuers.collect(),
            });
            if newest.as_ref().is_none_or(|(held, _)| *held < version) {
                newest = Some((version, domain));
            }
        }
        newest.map(|(_, domain)| domain)
    }

    fn cards(&self, trust: &mut Trust, domain: &Domain) {
        for (line, bytes) in &self.cards {
            let Ok(card) = Card::decode(bytes) else { continue };
            let hash = *card.body_hash().as_bytes();
            let checked = match domain.check_card(&card) {
                Ok(checked) => checked,
                Err(Refusal::OtherEpoch { .. }) => continue,
                Err(refusal) => {
                    trust.refused.push(Refused { line: *line, refusal });
                    continue;
                }
            };
            if let Ok(device) = checked.device() {
                let known = KnownCard { line: *line, hash, device };
                trust.cards.entry(checked.lock()).or_default().push(known);
            }
        }
    }
}

/// The statements that hold.
#[derive(Clone, Debug)]
pub struct Trust {
    domain: DomainId,
    epochs: Vec<KnownEpoch>,
    keysets: Vec<KnownKeyset>,
    cards: BTreeMap<LockId, Vec<KnownCard>>,
    refused: Vec<Refused>,
}

/// A statement that doesn't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it is.
    pub line: Line,
    /// Why.
    pub refusal: Refusal,
}

#[derive(Clone, Debug)]
struct KnownEpoch {
    line: Line,
    number: id::Epoch,
    hash: [u8; 32],
}

impl KnownEpoch {
    fn of(line: Line, epoch: &Epoch<'_>) -> Self {
        let (number, hash) = (epoch.unverified_number(), *epoch.body_hash().as_bytes());
        Self { line, number, hash }
    }
}

#[derive(Clone, Debug)]
struct KnownKeyset {
    line: Line,
    epoch: id::Epoch,
    version: KeysetVersion,
    hash: [u8; 32],
    issuers: Vec<(KeyId, Roles)>,
}

#[derive(Clone, Debug)]
struct KnownCard {
    line: Line,
    hash: [u8; 32],
    device: PublicKey<role::Device>,
}

impl Trust {
    fn nobody(domain: DomainId) -> Self {
        let (epochs, keysets, cards) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { domain, epochs, keysets, cards, refused: Vec::new() }
    }

    /// The domain.
    pub const fn domain(&self) -> DomainId {
        self.domain
    }

    /// The statements that don't hold, and why.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The locks of which there is a card that holds.
    pub fn locks(&self) -> impl Iterator<Item = LockId> {
        self.cards.keys().copied()
    }

    /// What there is to believe of one lock; none without a card of it that holds.
    pub fn lock(&self, lock: LockId) -> Option<LockTrust> {
        let devices = self.cards.get(&lock)?.iter().map(|card| card.device).collect();
        Some(LockTrust { domain: self.domain, lock, devices })
    }

    /// Which statement an entry names, if it is one that holds.
    pub fn statement(&self, kind: StatementKind, hash: &[u8; 32]) -> Option<Named> {
        match kind {
            StatementKind::Epoch => {
                let epoch = self.epochs.iter().find(|epoch| epoch.hash == *hash)?;
                Some(Named::Epoch(epoch.number))
            }
            StatementKind::Keyset => {
                let keyset = self.keysets.iter().find(|keyset| keyset.hash == *hash)?;
                Some(Named::Keyset(keyset.epoch, keyset.version))
            }
            StatementKind::Card => {
                let card = self.cards.values().flatten().find(|card| card.hash == *hash)?;
                Some(Named::Card(card.line))
            }
            StatementKind::List => None,
        }
    }

    /// Whether an issuer of this id may issue by a keyset of this epoch and version.
    pub fn issues(&self, epoch: id::Epoch, version: KeysetVersion, issuer: KeyId) -> bool {
        let of = |keyset: &&KnownKeyset| keyset.epoch == epoch && keyset.version == version;
        let mut issuers = self.keysets.iter().filter(of).flat_map(|keyset| &keyset.issuers);
        issuers.any(|(id, roles)| *id == issuer && roles.has(Roles::ISSUE))
    }

    /// What no epoch that holds had a place for.
    fn refuse_the_rest(&mut self, statements: &Statements) {
        let cards = self.cards.values().flatten().map(|card| card.line);
        let known: Vec<Line> = (self.epochs.iter().map(|epoch| epoch.line))
            .chain(self.keysets.iter().map(|keyset| keyset.line))
            .chain(cards)
            .chain(self.refused.iter().map(|refused| refused.line))
            .collect();
        let all = [&statements.epochs, &statements.keysets, &statements.cards];
        for (line, _) in all.into_iter().flatten() {
            if !known.contains(line) {
                self.refused.push(Refused { line: *line, refusal: Refusal::NotCommitted });
            }
        }
    }
}

/// A statement that an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The epoch of this number.
    Epoch(id::Epoch),
    /// The keyset of this epoch and version.
    Keyset(id::Epoch, KeysetVersion),
    /// The card on this line.
    Card(Line),
}

/// One lock's id, and the device keys that its cards name.
#[derive(Clone, Debug)]
pub struct LockTrust {
    pub(crate) domain: DomainId,
    pub(crate) lock: LockId,
    pub(crate) devices: Vec<PublicKey<role::Device>>,
}

impl LockTrust {
    /// A lock whose device key the auditor knows for himself.
    pub fn pinned(domain: DomainId, lock: LockId, device: PublicKey<role::Device>) -> Self {
        Self { domain, lock, devices: vec![device] }
    }

    /// The lock.
    pub const fn lock(&self) -> LockId {
        self.lock
    }
}
