//! Logs that no lock has written: entries one by one, signed or not, for whoever audits them.

use keyward::{
    Interval, Right, Scope, SigningKey, Time,
    id::{EvidenceId, KeyId, KeyName, LinkId, LockId, Sequence},
    ledger::Outcome,
    receipt::{Denied, Draft, Event, Head, Public, Receipt, Rotation, StatementKind, WitnessName},
    role, seam,
};

use crate::world::START;

/// Who opened, as a private part has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The issuer.
    pub issuer: KeyId,
    /// The holder.
    pub holder: KeyName,
    /// The token's links.
    pub links: Vec<LinkId>,
    /// The witnesses.
    pub witnesses: Vec<WitnessName>,
    /// The salt.
    pub salt: [u8; 16],
}

impl Who {
    /// A person of this number, by two links and before one witness: no two bytes of two persons
    /// are the same by chance.
    pub fn number(number: u64) -> Self {
        let fill = |tag: u64| {
            let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (a, b) = (mixed ^ tag, mixed.rotate_left(32) ^ (tag << 56));
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&a.to_be_bytes());
            bytes[8..].copy_from_slice(&b.to_be_bytes());
            bytes
        };
        let witness = WitnessName { witness: KeyName(fill(5)), evidence: EvidenceId(fill(6)) };
        Self {
            issuer: KeyId(*fill(1).first_chunk().unwrap()),
            holder: KeyName(fill(2)),
            links: vec![LinkId(fill(3)), LinkId(fill(4))],
            witnesses: vec![witness],
            salt: fill(7),
        }
    }
}

/// Writes a lock's logs.
#[derive(Debug)]
pub struct Scribe {
    /// The domain and epoch.
    pub scope: Scope,
    /// The lock.
    pub lock: LockId,
    /// The key that signs.
    pub device: SigningKey<role::Device>,
    /// The ends of events and of denials.
    pub events: Head,
    /// The end of the denials.
    pub denials: Head,
    /// The oldest entry of events that is still held.
    pub oldest: Sequence,
    /// How often the lock has started.
    pub starts: u64,
    /// What the lock knows of the present.
    pub time: Interval,
    /// Whether entries are signed; otherwise their signatures are zeros.
    pub signs: bool,
}

impl Scribe {
    /// A lock that has just been claimed.
    pub fn new(scope: Scope, lock: LockId, device: SigningKey<role::Device>) -> Self {
        Self {
            scope,
            lock,
            device,
            events: Head::START,
            denials: Head::START,
            oldest: Sequence(0),
            starts: 1,
            time: Interval::exactly(START),
            signs: true,
        }
    }

    /// The same lock at another time, or in another history.
    pub fn copy(&self) -> Self {
        let device = SigningKey::from_secret(self.device.expose_secret());
        Self { device, ..*self }
    }

    /// Somebody opens.
    pub fn opening(&mut self, core: &[u8; 32], outcome: Outcome, who: &Who) -> Vec<u8> {
        let Who { salt, issuer, holder, links, witnesses } = who;
        let private = seam::private_opening(salt, *issuer, *holder, links, witnesses).unwrap();
        let event = Event::Opening { core, right: Right::UNLOCK, outcome };
        self.write(event, private.as_bytes())
    }

    /// A statement is taken in.
    pub fn statement(&mut self, kind: StatementKind, hash: &[u8; 32]) -> Vec<u8> {
        self.write(Event::Statement { kind, hash }, &[])
    }

    /// Requests were denied.
    pub fn denied(&mut self, salt: &[u8; 16], rows: &[Denied]) -> Vec<u8> {
        let private = seam::private_denials(salt, rows).unwrap();
        let count = rows.iter().map(|row| row.count).sum();
        self.write(Event::Denials { count }, private.as_bytes())
    }

    /// The lock changes its key.
    pub fn rotate(&mut self, new: SigningKey<role::Device>) -> Vec<u8> {
        let (old_key, new_key) = (self.device.public(), new.public());
        let message = seam::rotation(self.scope, self.lock, &self.events, &old_key, &new_key);
        let sign = |key: &SigningKey<role::Device>| raw_signature(key, message.as_bytes());
        let (by_old, by_new) = (sign(&self.device), sign(&new));
        let (old, new_bytes) = (old_key.as_bytes(), new_key.as_bytes());
        let rotation = Rotation { old, new: new_bytes, by_old: &by_old, by_new: &by_new };
        let entry = self.write(Event::Device(rotation), &[]);
        self.device = new;
        entry
    }

    /// Writes an entry of any event.
    pub fn write(&mut self, event: Event<'_>, private: &[u8]) -> Vec<u8> {
        let denials = matches!(event, Event::Denials { .. });
        let head = if denials { self.denials } else { self.events };
        let public = Public {
            lock: self.lock,
            epoch: self.scope.epoch,
            sequence: head.next,
            before: &head.hash,
            oldest: if denials { Sequence(0) } else { self.oldest },
            starts: self.starts,
            time: self.time,
            private: None,
            event,
        };
        let draft = seam::draft(self.scope.domain, self.device.public(), &public, private).unwrap();
        let receipt = self.sign(&draft);
        let head = Head::behind(&Receipt::decode(&receipt).unwrap());
        *(if denials { &mut self.denials } else { &mut self.events }) = head;
        seam::whole_entry(&draft, &receipt).unwrap().as_bytes().to_vec()
    }

    fn sign(&self, draft: &Draft) -> Vec<u8> {
        let unsigned = draft.receipt().unwrap();
        match self.signs {
            true => unsigned.sign(&self.device).unwrap().as_bytes().to_vec(),
            false => [unsigned.unsigned_bytes(), &[0; 64]].concat(),
        }
    }

    /// Time passes.
    pub fn wait(&mut self, seconds: u64) {
        self.time = Interval::exactly(Time(self.time.lo().0 + seconds));
    }
}

/// A signature that the types would not let a device key make.
pub fn raw_signature(key: &SigningKey<role::Device>, message: &[u8]) -> [u8; 64] {
    use ed25519_dalek::Signer;

    ed25519_dalek::SigningKey::from_bytes(key.expose_secret()).sign(message).to_bytes()
}

/// The receipt of an entry, as a phone is given it.
pub fn receipt_of(entry: &[u8]) -> Vec<u8> {
    let erased = keyward::receipt::Entry::decode(entry).unwrap().erased().unwrap();
    let bytes = erased.as_bytes();
    // Behind version and kind, in front of the flag that says that there is no private part.
    [&[1, keyward::wire::Kind::Receipt.byte()], &bytes[2..bytes.len() - 1]].concat()
}

/// The text form of an object.
pub fn text(object: &[u8]) -> String {
    let mut buffer = [0; keyward::text::MAX_TEXT];
    keyward::text::encode(object, &mut buffer).unwrap().to_owned()
}
