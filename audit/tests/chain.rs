//! Each finding by the lines that bring it about; `cargo xtask audit-faults` has all of them.

mod world;

use keyward::{
    SigningKey,
    id::{LockId, Sequence},
    receipt::{Event, Log, StatementKind},
    role,
};
use keyward_audit::{
    Audit, Carried, Finding, LockTrust, MAX_LINE, MAX_NAMED_LINES, Missing, Mode, Seen, Tampering,
    Unreadable,
};
use keyward_testkit::logs::{receipt_of, text};

use world::{LOCK, World, line, pinned, read};

fn withheld(from: u64, until: u64) -> Finding {
    let (from, until) = (Sequence(from), Sequence(until));
    Finding::Gap { log: Log::Events, from, until, why: Missing::Withheld }
}

fn whole(from: u64, until: u64) -> Finding {
    Finding::Whole { log: Log::Events, from: Sequence(from), until: Sequence(until) }
}

#[test]
fn entries_that_follow_one_another_are_whole() {
    let log = World::openings(4);
    for mode in [Mode::Fast, Mode::Thorough] {
        assert_eq!(read(&log.entries, &log, mode), [whole(0, 3)]);
    }
}

#[test]
fn what_is_left_out_is_withheld() {
    let log = World::openings(5);
    let rest = [0, 3, 4].map(|n: usize| log.entries[n].clone());
    assert_eq!(read(&rest, &log, Mode::Fast), [withheld(1, 2)]);
}

#[test]
fn what_the_lock_no_longer_held_is_dropped() {
    let mut log = World::openings(3);
    log.scribe.oldest = Sequence(2);
    log.open(3);
    let dropped = Finding::Gap {
        log: Log::Events,
        from: Sequence(0),
        until: Sequence(1),
        why: Missing::Dropped,
    };
    assert_eq!(read(&log.entries[2..], &log, Mode::Fast), [dropped, whole(2, 3)]);
}

#[test]
fn two_signed_entries_of_one_number_are_a_fork() {
    let mut log = World::openings(2);
    let mut other = log.scribe.copy();
    log.open(2);
    std::mem::swap(&mut log.scribe, &mut other);
    log.open(3);
    let seen = |number| Seen::Line(line(number), Carried::Entry);
    let (one, other) = (seen(3), seen(4));
    let fork = Finding::Fork { log: Log::Events, number: Sequence(2), one, other };
    assert_eq!(read(&log.entries, &log, Mode::Fast), [fork]);
}

#[test]
fn a_broken_signature_on_the_last_entry_is_a_tamper_and_the_rest_holds() {
    let mut log = World::openings(3);
    let end = receipt_of(&log.entries[2]).len();
    log.entries[2][end - 1] ^= 0x20;
    let tamper = |number, what| Finding::Tamper {
        log: Log::Events,
        number: Sequence(number),
        line: line(number + 1),
        carried: Carried::Entry,
        what,
    };
    assert_eq!(read(&log.entries, &log, Mode::Fast), [tamper(2, Tampering::Unsigned)]);
    // Below a signed one nobody looks, unless he asks for it.
    let mut log = World::openings(3);
    log.entries[1][end - 1] ^= 0x20;
    assert_eq!(read(&log.entries, &log, Mode::Fast), [whole(0, 2)]);
    let [Finding::Tamper { number: Sequence(1), what: Tampering::Signature(_), .. }] =
        read(&log.entries, &log, Mode::Thorough)[..]
    else {
        panic!("no broken signature was found");
    };
}

#[test]
fn another_private_part_is_a_tamper_and_none_is_erased() {
    let mut log = World::openings(2);
    let salt = receipt_of(&log.entries[0]).len() + 1;
    log.entries[0][salt] ^= 1;
    let [Finding::Tamper { number: Sequence(0), what: Tampering::Private, .. }] =
        read(&log.entries, &log, Mode::Fast)[..]
    else {
        panic!("another private part was taken");
    };
    let mut log = World::openings(2);
    log.entries[0] = world::erased(&log.entries[0]);
    let erased = Finding::Erased { log: Log::Events, number: Sequence(0), line: line(1) };
    assert_eq!(read(&log.entries, &log, Mode::Fast), [erased, whole(0, 1)]);
}

#[test]
fn a_receipt_behind_the_end_and_a_known_head_tell_of_a_truncation() {
    let log = World::openings(4);
    let mut audit = Audit::new(pinned(&log));
    let mut short: String = log.entries[..2].iter().map(|entry| text(entry) + "\n").collect();
    let truncated = |known, by| Finding::Truncation {
        log: Log::Events,
        last: Some(Sequence(1)),
        known: Sequence(known),
        by,
    };
    audit.know_head(Log::Events, Sequence(3), log.scribe.events.hash);
    audit.read_text(short.as_bytes(), &mut ());
    let audited = audit.finish(Mode::Fast, &mut ());
    assert_eq!(audited.findings(), [truncated(3, Seen::KnownHead)]);
    short += &text(&receipt_of(&log.entries[2]));
    let mut audit = Audit::new(pinned(&log));
    audit.read_text(short.as_bytes(), &mut ());
    let audited = audit.finish(Mode::Fast, &mut ());
    assert_eq!(audited.findings(), [truncated(2, Seen::Line(line(3), Carried::Receipt))]);
}

#[test]
fn a_rewritten_history_names_the_receipt_that_it_contradicts() {
    let mut log = World::openings(1);
    let mut true_one = log.scribe.copy();
    log.open(1);
    let told = log.entries.pop().unwrap();
    std::mem::swap(&mut log.scribe, &mut true_one);
    log.open(2);
    let all = [&log.entries[..], &[receipt_of(&told)]].concat();
    let (one, other) = (Seen::Line(line(2), Carried::Entry), Seen::Line(line(3), Carried::Receipt));
    let fork = Finding::Fork { log: Log::Events, number: Sequence(1), one, other };
    assert_eq!(read(&all, &log, Mode::Fast), [fork]);
}

#[test]
fn from_either_card_all_keys_follow() {
    let mut log = World::openings(2);
    let (old, new) =
        (log.scribe.device.public(), SigningKey::<role::Device>::from_secret(&[8; 32]));
    let last = new.public();
    let entry = log.scribe.rotate(new);
    log.entries.push(entry);
    log.open(3);
    for key in [old, last] {
        log.device = key;
        assert_eq!(read(&log.entries, &log, Mode::Thorough), [whole(0, 3)]);
    }
    // Without the change nothing ties the keys to one another.
    log.device = old;
    log.entries.remove(2);
    let found = read(&log.entries, &log, Mode::Fast);
    let [Finding::Tamper { number: Sequence(3), what: Tampering::Unsigned, .. }] = found[..] else {
        panic!("{found:?}");
    };
}

#[test]
fn a_key_that_was_changed_signs_no_later_entry() {
    let mut log = World::openings(1);
    let stolen = SigningKey::<role::Device>::from_secret(log.scribe.device.expose_secret());
    let entry = log.scribe.rotate(SigningKey::from_secret(&[8; 32]));
    log.entries.push(entry);
    log.scribe.device = stolen;
    log.open(2);
    let found = read(&log.entries, &log, Mode::Fast);
    let tampered = |finding: &Finding| {
        matches!(finding, Finding::Tamper { number: Sequence(2), what: Tampering::Unsigned, .. })
    };
    assert!(found.iter().any(tampered), "{found:?}");
}

#[test]
fn copies_and_order_are_told_in_numbers_and_are_no_finding() {
    let log = World::openings(3);
    let mut lines: Vec<_> = log.entries.iter().rev().cloned().collect();
    lines.push(log.entries[1].clone());
    lines.push(receipt_of(&log.entries[0]));
    let text: String = lines.iter().map(|line| text(line) + "\r\n").collect();
    let mut audit = Audit::new(pinned(&log));
    audit.read(text.as_bytes(), &mut ()).unwrap();
    let audited = audit.finish(Mode::Fast, &mut ());
    assert_eq!(audited.findings(), [whole(0, 2)]);
    let counts = audited.counts();
    assert_eq!((counts.entries, counts.doubled, counts.reordered), (4, 1, 3));
    assert_eq!((counts.receipts, counts.witnessed, counts.unreadable), (1, 1, 0));
}

#[test]
fn memory_and_reader_give_the_same() {
    let log = World::openings(300);
    let text: String = log.entries.iter().map(|entry| text(entry) + "\n").collect();
    let mut from_memory = Audit::new(pinned(&log));
    from_memory.read_text(text.as_bytes(), &mut ());
    let mut from_reader = Audit::new(pinned(&log));
    // A buffer that ends within lines.
    let reader = std::io::BufReader::with_capacity(7, text.as_bytes());
    from_reader.read(reader, &mut ()).unwrap();
    let both = [from_memory, from_reader].map(|audit| audit.finish(Mode::Thorough, &mut ()));
    assert_eq!(both[0].findings(), both[1].findings());
    assert_eq!(both[0].findings(), [whole(0, 299)]);
    assert_eq!(both[0].counts(), both[1].counts());
}

#[test]
fn an_unreadable_line_is_named_with_its_reason() {
    let mut log = World::openings(1);
    log.scribe.lock = LockId(*b"another.");
    log.open(1);
    let entry = text(&log.entries[0]);
    let lines = [
        entry.clone() + "=",
        entry[..entry.len() - 1].to_owned(),
        "kw2.entry.AREA".into(),
        "kw1.entry.AREA".into(),
        "A".repeat(MAX_LINE + 1),
        text(&log.entries[1]),
        String::new(),
    ];
    let mut audit = Audit::new(LockTrust::pinned(world::DOMAIN, LOCK, log.device));
    audit.read(lines.join("\n").as_bytes(), &mut ()).unwrap();
    let audited = audit.finish(Mode::Fast, &mut ());
    let reasons: Vec<_> =
        audited.unreadable().iter().map(|(line, why)| (line.number, *why)).collect();
    let base64 = Unreadable::Text(keyward::text::TextError::Base64);
    assert_eq!(reasons[0], (1, base64));
    assert!(matches!(reasons[1], (2, Unreadable::Text(_) | Unreadable::Decode(_))));
    assert_eq!(reasons[2], (3, Unreadable::Text(keyward::text::TextError::Prefix)));
    assert_eq!(reasons[3], (4, Unreadable::Decode(keyward::DecodeError::Truncated)));
    assert_eq!(reasons[4], (5, Unreadable::TooLong));
    assert_eq!(reasons[5], (6, Unreadable::OtherLock(LockId(*b"another."))));
    assert_eq!(reasons.len(), 6);
}

#[test]
fn of_garbage_the_first_lines_are_named_and_all_are_counted() {
    let log = World::openings(1);
    let mut audit = Audit::new(pinned(&log));
    let garbage = "garbage\n".repeat(1_000);
    audit.read(garbage.as_bytes(), &mut ()).unwrap();
    let audited = audit.finish(Mode::Fast, &mut ());
    assert_eq!(audited.counts().unreadable, 1_000);
    assert_eq!(audited.unreadable().len(), MAX_NAMED_LINES);
}

#[test]
fn base64_is_taken_in_its_only_form() {
    use base64ct::{Base64UrlUnpadded, Encoding};

    let log = World::openings(1);
    let object = &log.entries[0];
    // What another decoder refuses this one must, too: every last character, at every length.
    for cut in 0..3 {
        let base64 = Base64UrlUnpadded::encode_string(&object[..object.len() - cut]);
        for last in 0..128_u8 {
            let changed = base64[..base64.len() - 1].to_owned() + &char::from(last).to_string();
            let mut buffer = vec![0; 2_048];
            let refused = Base64UrlUnpadded::decode(&changed, &mut buffer).is_err();
            let mut audit = Audit::new(pinned(&log));
            let text = format!("kw1.entry.{changed}");
            audit.read(text.as_bytes(), &mut ()).unwrap();
            let audited = audit.finish(Mode::Fast, &mut ());
            let base64 = Unreadable::Text(keyward::text::TextError::Base64);
            let found = audited.unreadable().iter().any(|(_, why)| *why == base64);
            // A line's end is none of the text.
            let ends = matches!(last, b'\n' | b'\r');
            assert!(ends || found == refused, "{last} behind {cut}");
        }
    }
}

#[test]
fn a_statement_is_an_entry_without_a_private_part() {
    let mut log = World::openings(0);
    let entry = log.scribe.statement(StatementKind::Keyset, &[3; 32]);
    log.entries.push(entry);
    assert_eq!(read(&log.entries, &log, Mode::Fast), [whole(0, 0)]);
    let mut audit = Audit::new(pinned(&log));
    let text = text(&log.entries[0]);
    audit.read_text(text.as_bytes(), &mut ());
    let audited = audit.finish(Mode::Fast, &mut ());
    let mut events = 0;
    let visited = audited.entries(Log::Events, |_, entry| {
        events += u32::from(matches!(
            entry.receipt.unverified().event,
            Event::Statement { kind: StatementKind::Keyset, .. }
        ));
        Ok::<(), ()>(())
    });
    assert_eq!((visited, events), (Ok(()), 1));
}
