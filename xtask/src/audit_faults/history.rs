//! Histories of a lock, and what is true of them: who signed what, which hash is whose.

use keyward::{
    Scope, SigningKey, Time,
    id::{DomainId, Epoch, KeyName, LockId, Sequence},
    ledger::Outcome,
    receipt::{Denied, Entry, Event, Receipt, Rotation, StatementKind},
    role,
};
use keyward_testkit::logs::{Scribe, Who, raw_signature, receipt_of};

pub const DOMAIN: DomainId = DomainId([7; 32]);
pub const LOCK: LockId = LockId(*b"flat-12a");

/// A device key by its number: 0 and 1 are the lock's, before and after a change; the others are
/// anybody's.
pub fn device(number: u8) -> SigningKey<role::Device> {
    SigningKey::from_secret(&[100 + number; 32])
}

/// What is true, whatever somebody makes of the lines.
#[derive(Default)]
pub struct Truth {
    /// Hash and public part.
    pub hashes: Vec<([u8; 32], Vec<u8>)>,
    /// Public part, signature, and the number of the key.
    pub signatures: Vec<(Vec<u8>, [u8; 64], u8)>,
    /// The hash that a public part names, and the private part of that hash.
    pub privates: Vec<([u8; 32], Vec<u8>)>,
    /// Changes from key to key that both have signed: number, fields that they have signed.
    pub changes: Vec<(u64, Vec<u8>)>,
    /// Bytes that name a person, and the entry of the true history that they stand in.
    personal: Vec<(Vec<u8>, usize)>,
}

impl Truth {
    /// Notes an entry that was signed by a key.
    pub fn note(&mut self, entry: &[u8], key: u8) {
        let read = Entry::decode(entry).expect("an entry");
        let (signature, _) = read.receipt.signed(&DOMAIN);
        let body = body_of(entry);
        self.hashes.push((*read.receipt.hash().as_bytes(), body.clone()));
        self.signatures.push((body.clone(), *signature, key));
        if let Some(hash) = read.receipt.unverified().private {
            self.privates.push((*hash, private_of(entry)));
        }
    }

    /// Notes the change that an entry is.
    pub fn note_change(&mut self, entry: &[u8]) {
        let read = Entry::decode(entry).expect("an entry");
        let public = read.receipt.unverified();
        self.changes.push((public.sequence.0, signed_of_change(public)));
    }

    fn name(&mut self, who: &Who, of: usize) {
        let Who { issuer, holder, links, witnesses, salt } = who;
        let links = links.iter().map(|link| link.0.to_vec());
        let witnesses = witnesses
            .iter()
            .flat_map(|witness| [witness.witness.0.to_vec(), witness.evidence.0.to_vec()]);
        let others = [salt.to_vec(), issuer.0.to_vec(), holder.0.to_vec()];
        self.personal.extend(links.chain(witnesses).chain(others).map(|bytes| (bytes, of)));
    }
}

/// What both keys sign at a change, without the label and the domain.
pub fn signed_of_change(public: &keyward::receipt::Public<'_>) -> Vec<u8> {
    let Event::Device(Rotation { old, new, by_old, by_new }) = public.event else {
        return Vec::new();
    };
    let (epoch, number) = (public.epoch.0.to_le_bytes(), public.sequence.0.to_le_bytes());
    [&epoch[..], &public.lock.0, &number, public.before, old, new, by_old, by_new].concat()
}

/// The bytes of an entry's public part.
pub fn body_of(entry: &[u8]) -> Vec<u8> {
    let receipt = receipt_of(entry);
    receipt[2..receipt.len() - 64].to_vec()
}

fn private_of(entry: &[u8]) -> Vec<u8> {
    // Behind the receipt and the flag that says that there is a private part.
    entry[receipt_of(entry).len() + 1..].to_vec()
}

/// A log: entries from number 0 on.
pub struct History {
    pub name: &'static str,
    pub entries: Vec<Vec<u8>>,
    /// The number of the key that the card names.
    pub card: u8,
    /// The lock as it was in front of each entry, and at the end.
    scribes: Vec<Scribe>,
    pub truth: Truth,
}

/// What a log is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Openings alone.
    Openings,
    /// A statement, then openings, and a change of the device key in the middle.
    Changing,
    /// Openings at a lock that holds no more than its last three.
    Ring,
    /// Denials.
    Denials,
    /// Openings, and a change of the device key that the new key didn't sign.
    BadChange,
}

impl History {
    pub fn new(shape: Shape, count: usize, card: u8) -> Self {
        let scope = Scope { domain: DOMAIN, epoch: Epoch(0) };
        let mut history = Self {
            name: match shape {
                Shape::Openings => "openings",
                Shape::Changing => "openings and a change of the key",
                Shape::Ring => "a ring of three",
                Shape::Denials => "denials",
                Shape::BadChange => "a change that one key signed",
            },
            entries: Vec::new(),
            card,
            scribes: vec![Scribe::new(scope, LOCK, device(0))],
            truth: Truth::default(),
        };
        for number in 0..count {
            let mut scribe = history.scribes[number].copy();
            let entry = history.write(&mut scribe, shape, number, count);
            history.scribes.push(scribe);
            history.entries.push(entry);
        }
        history
    }

    fn write(&mut self, scribe: &mut Scribe, shape: Shape, number: usize, count: usize) -> Vec<u8> {
        scribe.wait(60);
        let key = u8::from(shape == Shape::Changing && number > count / 2);
        match shape {
            Shape::Ring => scribe.oldest = Sequence((number as u64).saturating_sub(2)),
            Shape::Changing if number == 0 => {
                let entry = scribe.statement(StatementKind::Keyset, &[3; 32]);
                self.truth.note(&entry, key);
                return entry;
            }
            Shape::Changing if number == count / 2 => {
                let entry = scribe.rotate(device(1));
                self.truth.note(&entry, 0);
                self.truth.note_change(&entry);
                return entry;
            }
            Shape::BadChange if number == count / 2 => {
                let (old, new) = (device(0).public(), device(1).public());
                let by = raw_signature(&device(0), b"not this");
                let (old, new) = (old.as_bytes(), new.as_bytes());
                let change = Rotation { old, new, by_old: &by, by_new: &by };
                let entry = scribe.write(Event::Device(change), &[]);
                self.truth.note(&entry, 0);
                return entry;
            }
            Shape::Denials => {
                let holder = KeyName(Who::number(number as u64).holder.0);
                let (first, last) = (Time(1), Time(2));
                let rows = [
                    Denied { code: 421, holder: Some(holder), count: 2, first, last },
                    Denied { code: 0, holder: None, count: 300, first, last },
                ];
                let salt = Who::number(number as u64).salt;
                let entry = scribe.denied(&salt, &rows);
                self.truth.note(&entry, 0);
                self.truth.personal.push((holder.0.to_vec(), number));
                self.truth.personal.push((salt.to_vec(), number));
                return entry;
            }
            _ => {}
        }
        self.truth.name(&Who::number(number as u64), number);
        let entry = opening(scribe, number as u64);
        self.truth.note(&entry, key);
        entry
    }

    /// Another history of the same lock, from this number on: it was rolled back, or somebody
    /// without its key writes on. `key` signs.
    pub fn rewritten(&mut self, from: usize, key: Option<u8>) -> Vec<Vec<u8>> {
        let mut scribe = self.scribes[from].copy();
        let mut entries = self.entries[..from].to_vec();
        let other = 10 * key.map_or(0, |key| 1 + u64::from(key));
        for number in from..self.entries.len() {
            let signer = key.unwrap_or_else(|| self.signer(number));
            scribe.device = device(signer);
            scribe.wait(60);
            let entry = opening(&mut scribe, 100 + number as u64 + other);
            self.truth.note(&entry, signer);
            entries.push(entry);
        }
        entries
    }

    /// The key that signs an entry of another history: it never changes.
    fn signer(&self, number: usize) -> u8 {
        let at = |scribe: &Scribe, key: u8| scribe.device.public() == device(key).public();
        u8::from(self.scribes.get(number).is_some_and(|scribe| at(scribe, 1)))
    }

    /// The same entry with a signature by another key.
    pub fn resigned(&mut self, entry: &[u8], key: u8) -> Vec<u8> {
        let receipt = receipt_of(entry);
        let (_, message) = Receipt::decode(&receipt).expect("a receipt").signed(&DOMAIN);
        let signature = raw_signature(&device(key), &message);
        let mut out = entry.to_vec();
        let end = receipt.len();
        out[end - 64..end].copy_from_slice(&signature);
        self.truth.note(&out, key);
        out
    }

    /// The bytes that name persons in the true history, and in which entries.
    pub fn personal(&self) -> impl Iterator<Item = (Vec<u8>, usize)> {
        self.truth.personal.iter().cloned()
    }

    /// An entry's hash.
    pub fn hash(&self, number: usize) -> [u8; 32] {
        let entry = Entry::decode(&self.entries[number]).expect("an entry");
        *entry.receipt.hash().as_bytes()
    }
}

fn opening(scribe: &mut Scribe, person: u64) -> Vec<u8> {
    let core = [u8::try_from(person % 251).unwrap_or(0); 32];
    scribe.opening(&core, Outcome::Done, &Who::number(person))
}
