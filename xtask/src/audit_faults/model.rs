//! What an audit must find, by rules over sets of lines. It hashes and verifies nothing: what is
//! true of the lines it is told.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use keyward::{SignatureFault, id::Sequence, receipt::Log};
use keyward_audit::{Carried, Finding, Line, Missing, Mode, Seen, Tampering};

use super::{
    history::{LOCK, Truth, device},
    parsed::{Parsed, parse},
};

/// What an auditor is given.
#[derive(Clone, Default)]
pub struct Given {
    /// Entries and receipts, line by line.
    pub lines: Vec<(Carried, Vec<u8>)>,
    /// Number and hash of an entry that must be there.
    pub head: Option<(Log, u64, [u8; 32])>,
    /// The number of the key that the card names.
    pub card: u8,
}

/// What must be found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub findings: Vec<Finding>,
    pub unreadable: u64,
    pub doubled: u64,
    pub reordered: u64,
    pub witnessed: u64,
}

/// One line that is read.
struct Copy {
    line: Line,
    carried: Carried,
    parsed: Parsed,
}

impl Given {
    /// What must be found in it.
    pub fn expected(&self, truth: &Truth, mode: Mode) -> Expected {
        let mut expected = Expected::default();
        let mut logs: BTreeMap<bool, Vec<Copy>> = BTreeMap::new();
        for (number, (carried, object)) in (1..).zip(&self.lines) {
            let parsed = parse(object, *carried == Carried::Entry);
            match parsed.filter(|parsed| parsed.lock == LOCK.0) {
                Some(parsed) => logs.entry(parsed.event == 3).or_default().push(Copy {
                    line: Line { input: 1, number },
                    carried: *carried,
                    parsed,
                }),
                None => expected.unreadable += 1,
            }
        }
        let keys = self.keys(truth, logs.get(&false).map_or(&[], Vec::as_slice));
        for denials in [false, true] {
            let copies = logs.remove(&denials).unwrap_or_default();
            let log = if denials { Log::Denials } else { Log::Events };
            let head = self.head.filter(|(of, ..)| *of == log).map(|(_, at, hash)| (at, hash));
            let keys =
                keys.iter().map(|(key, last)| (*key, if denials { u64::MAX } else { *last }));
            let rules = Rules { log, copies: &copies, head, truth, keys: keys.collect(), mode };
            rules.apply(&mut expected);
        }
        expected
    }

    /// The keys that are believed, and the last entry that each signs.
    fn keys(&self, truth: &Truth, copies: &[Copy]) -> BTreeMap<u8, u64> {
        let mut keys = BTreeMap::from([(self.card, u64::MAX)]);
        for copy in copies {
            if copy.parsed.event == 2 && is_change(truth, &copy.parsed) {
                // There are no changes but that from key 0 to key 1.
                keys.insert(0, copy.parsed.number);
                keys.entry(1).or_insert(u64::MAX);
            }
        }
        keys
    }
}

fn is_change(truth: &Truth, parsed: &Parsed) -> bool {
    let (epoch, number) = (parsed.epoch.to_le_bytes(), parsed.number.to_le_bytes());
    let signed = [&epoch[..], &parsed.lock, &number, &parsed.before, &parsed.change].concat();
    truth.changes.contains(&(parsed.number, signed))
}

struct Rules<'m> {
    log: Log,
    copies: &'m [Copy],
    head: Option<(u64, [u8; 32])>,
    truth: &'m Truth,
    keys: BTreeMap<u8, u64>,
    mode: Mode,
}

impl<'m> Rules<'m> {
    fn apply(&self, expected: &mut Expected) {
        let genuine = self.genuine();
        let is_genuine = |copy: &&&Copy| genuine.contains(copy.parsed.body.as_slice());
        let entries = || self.copies.iter().filter(|copy| copy.carried == Carried::Entry);
        let start = expected.findings.len();
        let numbers: BTreeSet<u64> = self.copies.iter().map(|copy| copy.parsed.number).collect();
        for number in numbers.iter().copied() {
            let bodies = self.bodies(number);
            for body in &bodies {
                self.copies_of(body, genuine.contains(body), expected);
            }
            self.forks(number, &genuine, &mut expected.findings);
        }
        let last = entries().filter(|copy| is_genuine(&copy)).map(|c| c.parsed.number).max();
        let present: BTreeSet<u64> = entries().map(|copy| copy.parsed.number).collect();
        for missing in (0..last.unwrap_or(0)).filter(|number| !present.contains(number)) {
            let above = self.copies.iter().filter(|copy| is_genuine(&copy));
            let above = above.filter(|copy| copy.parsed.number > missing);
            let dropped = above.map(|copy| copy.parsed.oldest).max() > Some(missing);
            let why = if dropped { Missing::Dropped } else { Missing::Withheld };
            self.gap(missing, why, &mut expected.findings);
        }
        self.truncation(last, &genuine, &mut expected.findings);
        let faulty = expected.findings[start..].iter().any(|finding| match finding {
            Finding::Tamper { carried: Carried::Receipt, what: Tampering::Unsigned, .. } => false,
            finding => finding.is_fault(),
        });
        if let (Some(last), false) = (last, faulty) {
            let from = (0..=last).rev().take_while(|number| present.contains(number)).last();
            let (from, until) = (Sequence(from.unwrap_or(last)), Sequence(last));
            expected.findings.push(Finding::Whole { log: self.log, from, until });
        }
        let mut highest = None;
        for copy in entries() {
            expected.reordered += u64::from(highest > Some(copy.parsed.number));
            highest = highest.max(Some(copy.parsed.number));
        }
    }

    /// The public parts that the lock has said: signed, known, or named by one that it has said.
    fn genuine(&self) -> BTreeSet<&'m [u8]> {
        let mut genuine = BTreeSet::new();
        loop {
            let before = genuine.len();
            for copy in self.copies {
                let Parsed { body, number, .. } = &copy.parsed;
                let known = self.head.is_some_and(|(at, hash)| {
                    at == *number && self.body_of(&hash) == Some(body.as_slice())
                });
                let named = self.copies.iter().any(|above| {
                    above.parsed.number == number + 1
                        && genuine.contains(above.parsed.body.as_slice())
                        && self.body_of(&above.parsed.before) == Some(body.as_slice())
                });
                if known || named || self.holds(copy) {
                    genuine.insert(body.as_slice());
                }
            }
            if genuine.len() == before {
                return genuine;
            }
        }
    }

    fn holds(&self, copy: &Copy) -> bool {
        let Parsed { body, signature, number, .. } = &copy.parsed;
        self.truth.signatures.iter().any(|(of, by, key)| {
            of == body && by == signature && self.keys.get(key).is_some_and(|last| last >= number)
        })
    }

    fn body_of(&self, hash: &[u8; 32]) -> Option<&'m [u8]> {
        self.truth.hashes.iter().find(|(of, _)| of == hash).map(|(_, body)| body.as_slice())
    }

    /// What there is of one number, each once, in the order of the lines.
    fn bodies(&self, number: u64) -> Vec<&'m [u8]> {
        let mut bodies: Vec<&[u8]> = Vec::new();
        for copy in self.copies.iter().filter(|copy| copy.parsed.number == number) {
            if !bodies.contains(&copy.parsed.body.as_slice()) {
                bodies.push(&copy.parsed.body);
            }
        }
        bodies
    }

    fn of(&self, body: &[u8]) -> impl Iterator<Item = &'m Copy> {
        self.copies.iter().filter(move |copy| copy.parsed.body == body)
    }

    fn copies_of(&self, body: &'m [u8], genuine: bool, expected: &mut Expected) {
        let mut tamper = |copy: &Copy, what| {
            let (line, carried) = (copy.line, copy.carried);
            let number = Sequence(copy.parsed.number);
            expected.findings.push(Finding::Tamper { log: self.log, number, line, carried, what });
        };
        if !genuine {
            self.of(body).for_each(|copy| tamper(copy, Tampering::Unsigned));
            return;
        }
        let (mut erased, mut told, mut entries, mut receipts) = (None, false, 0, 0);
        for copy in self.of(body) {
            if self.mode == Mode::Thorough && !self.holds(copy) {
                tamper(copy, Tampering::Signature(SignatureFault::Mismatch));
            }
            match copy.carried {
                Carried::Receipt => receipts += 1,
                Carried::Entry => {
                    entries += 1;
                    match (&copy.parsed.named, &copy.parsed.private) {
                        (None, _) => {}
                        (Some(_), None) => erased = erased.or(Some(copy)),
                        (Some(named), Some((bytes, tag))) => {
                            let true_one = self.truth.privates.contains(&(*named, bytes.clone()));
                            let fits = (*tag == 1) == (self.log == Log::Denials);
                            match true_one && fits {
                                true => told = true,
                                false => tamper(copy, Tampering::Private),
                            }
                        }
                    }
                }
            }
        }
        let first = self.of(body).next();
        if let Some(first) = first.filter(|copy| copy.parsed.event == 2)
            && !is_change(self.truth, &first.parsed)
        {
            tamper(first, Tampering::Change);
        }
        if let (Some(copy), false) = (erased, told) {
            let (log, number) = (self.log, Sequence(copy.parsed.number));
            expected.findings.push(Finding::Erased { log, number, line: copy.line });
        }
        if entries > 0 {
            expected.doubled += entries - 1;
            expected.witnessed += receipts;
        }
    }

    fn seen(&self, body: &[u8]) -> (Line, Carried) {
        let entry = self.of(body).find(|copy| copy.carried == Carried::Entry);
        let copy = entry.or(self.of(body).next()).expect("a line");
        (copy.line, copy.carried)
    }

    fn forks(&self, number: u64, genuine: &BTreeSet<&[u8]>, findings: &mut Vec<Finding>) {
        let said = |number| {
            let mut bodies = self.bodies(number);
            bodies.retain(|body| genuine.contains(body));
            bodies.sort_by_key(|body| self.seen(body));
            bodies
        };
        let (here, above) = (said(number), said(number + 1));
        let Some(first) = here.first() else { return };
        let (line, carried) = self.seen(first);
        let one = Seen::Line(line, carried);
        let mut others: Vec<Seen> = Vec::new();
        for body in &here[1..] {
            let (line, carried) = self.seen(body);
            others.push(Seen::Line(line, carried));
        }
        if let Some((at, hash)) = self.head
            && at == number
            && !here.iter().any(|body| self.body_of(&hash) == Some(*body))
        {
            others.push(Seen::KnownHead);
        }
        // Two above hang from two here: that fork is told there.
        if let [above] = above.as_slice() {
            let before = self.of(above).next().expect("a line").parsed.before;
            if !here.iter().any(|body| self.body_of(&before) == Some(*body)) {
                let (line, carried) = self.seen(above);
                others.push(Seen::NamedBy(line, carried));
            }
        }
        let (log, number) = (self.log, Sequence(number));
        findings.extend(others.into_iter().map(|other| Finding::Fork { log, number, one, other }));
    }

    /// One more missing number: gaps of one reason are told together.
    fn gap(&self, missing: u64, why: Missing, findings: &mut Vec<Finding>) {
        if let Some(Finding::Gap { log, until, why: held, .. }) = findings.last_mut()
            && (*log, until.0 + 1) == (self.log, missing)
            && *held == why
        {
            *until = Sequence(missing);
            return;
        }
        let at = Sequence(missing);
        findings.push(Finding::Gap { log: self.log, from: at, until: at, why });
    }

    fn truncation(
        &self,
        last: Option<u64>,
        genuine: &BTreeSet<&[u8]>,
        findings: &mut Vec<Finding>,
    ) {
        let mut known: Vec<(u64, (Line, Carried))> = Vec::new();
        for copy in self.copies.iter().filter(|c| genuine.contains(c.parsed.body.as_slice())) {
            known.push((copy.parsed.number, self.seen(&copy.parsed.body)));
        }
        known.retain(|(number, _)| Some(*number) > last);
        known.sort_by_key(|(number, seen)| (Reverse(*number), *seen));
        let receipt = known.first().map(|(at, (line, carried))| (*at, Seen::Line(*line, *carried)));
        let head = self.head.map(|(at, _)| (at, Seen::KnownHead));
        let head = head.filter(|(at, _)| Some(*at) > last && Some(*at) >= receipt.map(|r| r.0));
        if let Some((number, by)) = head.or(receipt) {
            let (log, last, known) = (self.log, last.map(Sequence), Sequence(number));
            findings.push(Finding::Truncation { log, last, known, by });
        }
    }
}

/// The public half of the card's key.
pub fn card_key(number: u8) -> keyward::PublicKey<keyward::role::Device> {
    device(number).public()
}
