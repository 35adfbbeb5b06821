//! The mutilations, kind by kind.

use keyward::receipt::{Entry, Log};
use keyward_audit::{Carried, Mode};
use keyward_testkit::logs::receipt_of;

use super::{Tally, history::History, model::Given};

const BOTH: [Mode; 2] = [Mode::Fast, Mode::Thorough];
/// The number of a key that is nobody's.
const THIEF: u8 = 5;

/// All mutilations of a history.
pub fn all(history: &mut History, tally: &mut Tally) {
    deletions(history, tally);
    orders(history, tally);
    doubles(history, tally);
    erasures(history, tally);
    flips(history, tally);
    rewritings(history, tally);
}

fn given(history: &History, entries: &[Vec<u8>]) -> Given {
    let lines = entries.iter().map(|entry| (Carried::Entry, entry.clone())).collect();
    Given { lines, head: None, card: history.card }
}

fn log_of(history: &History) -> Log {
    Entry::decode(&history.entries[0]).expect("an entry").receipt.unverified().log()
}

/// Every entry as a known head.
fn heads(history: &History) -> impl Iterator<Item = Option<(Log, u64, [u8; 32])>> {
    let log = log_of(history);
    (0..history.entries.len()).map(move |n| Some((log, n as u64, history.hash(n))))
}

fn stray(given: &mut Given, entry: &[u8]) {
    given.lines.push((Carried::Receipt, receipt_of(entry)));
}

/// Every subset is left out, truncations among them: alone, with the head known, with the last
/// receipt, and with every single receipt on a phone.
fn deletions(history: &History, tally: &mut Tally) {
    let count = history.entries.len();
    for kept in 0..1_usize << count {
        let rest: Vec<_> = (0..count).filter(|n| kept >> n & 1 == 1).collect();
        let rest: Vec<_> = rest.iter().map(|n| history.entries[*n].clone()).collect();
        let alone = given(history, &rest);
        for mode in BOTH {
            tally.compare("deletions", &alone, history, mode);
            for head in heads(history) {
                let known = Given { head, ..alone.clone() };
                tally.compare("deletions_with_a_known_head", &known, history, mode);
            }
        }
        for entry in &history.entries {
            let mut witnessed = alone.clone();
            stray(&mut witnessed, entry);
            tally.compare("deletions_with_a_receipt", &witnessed, history, Mode::Fast);
        }
    }
}

/// Every order.
fn orders(history: &History, tally: &mut Tally) {
    let mut order: Vec<usize> = (0..history.entries.len()).collect();
    permutations(&mut order, 0, &mut |order| {
        let entries: Vec<_> = order.iter().map(|n| history.entries[*n].clone()).collect();
        tally.compare("orders", &given(history, &entries), history, Mode::Fast);
    });
}

fn permutations(order: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == order.len() {
        visit(order);
        return;
    }
    for other in from..order.len() {
        order.swap(from, other);
        permutations(order, from + 1, visit);
        order.swap(from, other);
    }
}

/// Every entry comes twice: as it is, erased, by the later key, and with a broken signature.
fn doubles(history: &mut History, tally: &mut Tally) {
    let count = history.entries.len();
    for number in 0..count {
        let entry = history.entries[number].clone();
        let erased = Entry::decode(&entry).expect("an entry").erased().expect("an entry");
        let mut broken = entry.clone();
        broken[receipt_of(&entry).len() - 1] ^= 0x20;
        let again = history.resigned(&entry, 1);
        for copy in [entry, erased.as_bytes().to_vec(), again, broken] {
            for place in 0..=count {
                let mut entries = history.entries.clone();
                entries.insert(place, copy.clone());
                for mode in BOTH {
                    tally.compare("doubles", &given(history, &entries), history, mode);
                }
            }
        }
    }
}

/// Every subset is erased.
fn erasures(history: &History, tally: &mut Tally) {
    let count = history.entries.len();
    for kept in 0..1_usize << count {
        let erased: Vec<_> = (0..count).filter(|n| kept >> n & 1 == 0).collect();
        let mut entries = history.entries.clone();
        for number in &erased {
            let entry = Entry::decode(&entries[*number]).expect("an entry");
            entries[*number] = entry.erased().expect("an entry").as_bytes().to_vec();
        }
        let given = given(history, &entries);
        for mode in BOTH {
            tally.compare("erasures", &given, history, mode);
        }
        tally.search(&given, history, &erased);
    }
    // Another entry's private part, in place of one's own.
    for (number, other) in (0..count).flat_map(|n| (0..count).map(move |other| (n, other))) {
        let mut entries = history.entries.clone();
        let receipt = receipt_of(&entries[number]).len();
        let flag = receipt_of(&entries[other]).len();
        let private = entries[other][flag..].to_vec();
        entries[number].splice(receipt.., private);
        for mode in BOTH {
            tally.compare("exchanged_private_parts", &given(history, &entries), history, mode);
        }
    }
}

/// Every single bit of every entry, and of the last one's receipt on a phone.
fn flips(history: &History, tally: &mut Tally) {
    for number in 0..history.entries.len() {
        for bit in 0..history.entries[number].len() * 8 {
            let mut entries = history.entries.clone();
            entries[number][bit / 8] ^= 1 << (bit % 8);
            tally.compare("flipped_bits", &given(history, &entries), history, Mode::Thorough);
        }
    }
    let last = receipt_of(&history.entries[history.entries.len() - 1]);
    for bit in 16..last.len() * 8 {
        let mut witnessed = given(history, &history.entries[..history.entries.len() - 1]);
        let mut receipt = last.clone();
        receipt[bit / 8] ^= 1 << (bit % 8);
        witnessed.lines.push((Carried::Receipt, receipt));
        tally.compare("flipped_bits_of_receipts", &witnessed, history, Mode::Fast);
    }
}

/// Another history from every number on: by a thief without the lock's key, with his own
/// signatures or the true ones; and by the lock itself, rolled back; by a key of the lock's that leaked; spliced at every number; with
/// the true head known, and with every receipt of the true history on a phone.
fn rewritings(history: &mut History, tally: &mut Tally) {
    let count = history.entries.len();
    for from in 0..count {
        let stolen = history.rewritten(from, Some(THIEF));
        // By the lock's first key, which it may have changed before.
        let leaked = history.rewritten(from, Some(0));
        let rolled = history.rewritten(from, None);
        let mut kept = stolen.clone();
        for (entry, of) in kept.iter_mut().zip(&history.entries).skip(from) {
            let (at, end) = (receipt_of(entry).len(), receipt_of(of).len());
            entry.splice(at - 64..at, of[end - 64..end].iter().copied());
        }
        for (kind, other) in [
            ("resealed", &stolen),
            ("resealed_with_old_signatures", &kept),
            ("by_the_first_key", &leaked),
            ("rolled_back", &rolled),
        ] {
            for cut in 0..=count {
                // The first so many of the true history, and the rest of the other.
                let spliced = [&history.entries[..cut], &other[cut..]].concat();
                compare_witnessed(kind, &spliced, history, tally);
                // The other way round, and both beside one another.
                let spliced = [&other[..cut], &history.entries[cut..]].concat();
                compare_witnessed(kind, &spliced, history, tally);
                let both = [&history.entries[..], &other[..cut]].concat();
                compare_witnessed(kind, &both, history, tally);
                // The other history ends early.
                compare_witnessed(kind, &other[..cut], history, tally);
            }
        }
    }
}

fn compare_witnessed(
    kind: &'static str,
    entries: &[Vec<u8>],
    history: &History,
    tally: &mut Tally,
) {
    let alone = given(history, entries);
    for mode in BOTH {
        tally.compare(kind, &alone, history, mode);
    }
    for head in heads(history) {
        let known = Given { head, ..alone.clone() };
        tally.compare("rewritten_with_a_known_head", &known, history, Mode::Fast);
    }
    let mut all = alone.clone();
    for entry in &history.entries {
        let mut witnessed = alone.clone();
        stray(&mut witnessed, entry);
        stray(&mut all, entry);
        tally.compare("rewritten_with_a_receipt", &witnessed, history, Mode::Fast);
    }
    tally.compare("rewritten_with_all_receipts", &all, history, Mode::Fast);
}
