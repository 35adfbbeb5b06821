//! A lock's log, and an auditor of it.
#![allow(dead_code, reason = "each test takes what it needs")]

use keyward::{
    PublicKey, Scope, SigningKey,
    id::{DomainId, Epoch, LockId},
    ledger::Outcome,
    receipt::Entry,
    role,
};
use keyward_audit::{Audit, Finding, Line, LockTrust, Mode};
use keyward_testkit::logs::{Scribe, Who, text};

pub(crate) const DOMAIN: DomainId = DomainId([7; 32]);
pub(crate) const LOCK: LockId = LockId(*b"flat-12a");

/// A log, and the key that its auditor knows.
pub(crate) struct World {
    pub(crate) scribe: Scribe,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) device: PublicKey<role::Device>,
}

impl World {
    pub(crate) fn openings(count: u64) -> Self {
        let device = SigningKey::from_secret(&[9; 32]);
        let key = device.public();
        let scribe = Scribe::new(Scope { domain: DOMAIN, epoch: Epoch(0) }, LOCK, device);
        let mut world = Self { scribe, entries: Vec::new(), device: key };
        (0..count).for_each(|person| world.open(person));
        world
    }

    pub(crate) fn open(&mut self, person: u64) {
        self.scribe.wait(60);
        let core = [u8::try_from(person % 256).unwrap(); 32];
        let entry = self.scribe.opening(&core, Outcome::Done, &Who::number(person));
        self.entries.push(entry);
    }
}

pub(crate) fn pinned(world: &World) -> LockTrust {
    LockTrust::pinned(DOMAIN, LOCK, world.device)
}

/// Audits these lines.
pub(crate) fn read(lines: &[Vec<u8>], world: &World, mode: Mode) -> Vec<Finding> {
    let text: String = lines.iter().map(|line| text(line) + "\n").collect();
    let mut audit = Audit::new(pinned(world));
    audit.read_text(text.as_bytes(), &mut ());
    audit.finish(mode, &mut ()).findings().to_vec()
}

pub(crate) fn line(number: u64) -> Line {
    Line { input: 1, number }
}

pub(crate) fn erased(entry: &[u8]) -> Vec<u8> {
    Entry::decode(entry).unwrap().erased().unwrap().as_bytes().to_vec()
}
