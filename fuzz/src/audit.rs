use std::{collections::BTreeSet, convert::Infallible, sync::LazyLock};

use keyward::{
    Scope, SigningKey,
    id::{DomainId, Epoch, LockId},
    ledger::Outcome,
    receipt::{Denied, Entry, Log, StatementKind},
    role, text,
};
use keyward_audit::{Audit, Finding, LockTrust, Mode};
use keyward_testkit::{
    logs::{Scribe, Who, receipt_of, text as line},
    world::START,
};

use crate::mutated::edited_among;

const DOMAIN: DomainId = DomainId([0xd0; 32]);
const LOCK: LockId = LockId(*b"fuzzdoor");

/// A lock's logs: statements, openings, denials, a new device key, and receipts on phones.
static OBJECTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let scope = Scope { domain: DOMAIN, epoch: Epoch(3) };
    let mut scribe = Scribe::new(scope, LOCK, device(1));
    let mut objects = vec![
        scribe.statement(StatementKind::Epoch, &[1; 32]),
        scribe.statement(StatementKind::Keyset, &[2; 32]),
        scribe.opening(&[3; 32], Outcome::Done, &Who::number(1)),
        scribe.opening(&[4; 32], Outcome::Interrupted, &Who::number(2)),
        scribe.rotate(device(2)),
    ];
    scribe.wait(60);
    objects.push(scribe.opening(&[5; 32], Outcome::Jammed, &Who::number(3)));
    let row = Denied { code: 430, holder: None, count: 2, first: START, last: START };
    objects.push(scribe.denied(&[7; 16], &[row]));
    let receipts = [receipt_of(&objects[2]), receipt_of(&objects[5])];
    objects.extend(receipts);
    objects
});

fn device(seed: u8) -> SigningKey<role::Device> {
    SigningKey::from_secret(&[seed; 32])
}

/// Edits a log, its lines and their bytes, and audits it: nothing is believed that the lock hasn't
/// said, and nothing is whole that has lost an entry.
pub fn audit_mutated(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    let mode = if mode % 2 == 0 { Mode::Fast } else { Mode::Thorough };
    let (order, edits) = data.split_at(data.len().min(9));
    // Each byte picks a line, or leaves one out; then one of them is edited.
    let picked = order.iter().filter_map(|byte| OBJECTS.get(usize::from(*byte)));
    let mut objects: Vec<Vec<u8>> = picked.cloned().collect();
    if let (Some((at, edits)), false) = (edits.split_first(), objects.is_empty()) {
        let at = usize::from(*at) % objects.len();
        let others: Vec<_> = OBJECTS.iter().map(Vec::as_slice).collect();
        objects[at] = edited_among(&others, &objects[at], edits);
    }
    let lines: Vec<_> = objects.iter().filter_map(|object| written(object)).collect();
    let lines = lines.join("\n");

    let mut audit = Audit::new(LockTrust::pinned(DOMAIN, LOCK, device(2).public()));
    audit.read_text(lines.as_bytes(), &mut ());
    let audited = audit.finish(mode, &mut ());
    let joins = audited.joins();
    let said: BTreeSet<_> = OBJECTS.iter().filter_map(|object| hash(object)).collect();
    for log in [Log::Events, Log::Denials] {
        let mut numbers = BTreeSet::new();
        let Ok(()) = audited.entries(log, |line, entry| -> Result<(), Infallible> {
            let hash = entry.receipt.hash();
            assert!(said.contains(hash.as_bytes()), "the lock hasn't said what is on {line}");
            numbers.insert(entry.receipt.unverified().sequence);
            Ok(())
        });
        let Ok(()) = audited.facts(log, &joins, None, |_| Ok::<(), Infallible>(()));
        for finding in audited.findings() {
            if let Finding::Whole { log: own, from, until } = finding
                && *own == log
            {
                let held = numbers.range(*from..=*until).count();
                assert_eq!(u64::try_from(held).unwrap(), until.0 - from.0 + 1, "{finding}");
            }
        }
    }
}

fn hash(object: &[u8]) -> Option<[u8; 32]> {
    Entry::decode(object).ok().map(|entry| *entry.receipt.hash().as_bytes())
}

/// The text form, where the bytes still have one.
fn written(object: &[u8]) -> Option<String> {
    let mut buffer = [0; text::MAX_TEXT];
    text::encode(object, &mut buffer).ok().map(|_| line(object))
}
