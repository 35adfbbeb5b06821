//! What an opening is joined to, how it is told, exported and erased.

mod world;

use std::convert::Infallible;

use chacha20::ChaCha20Rng;
use keyward::{
    Caveats, Epoch, Keyset, Right, Rights, Seconds, SigningKey, Target, Time, Token, Unclaimed,
    Valid,
    id::{ClaimNonce, EvidenceId, KeyName, LinkId, Sequence},
    ledger::Outcome,
    receipt::{Denied, Entry, Log, StatementKind, WitnessName},
    recording::Closed,
    role,
};
use keyward_audit::{
    Audit, Audited, Book, Finding, Mode, Statements, Teller, Trust, Who, erase::Erasure, export,
};
use keyward_testkit::{
    logs::{self, Scribe, receipt_of, text},
    world::{Camera, Holder, Owner, START, Settings},
};
use rand_core::SeedableRng;

use world::LOCK;

/// An owner whose company's courier has opened the door before the camera, and failed once.
struct Story {
    owner: Owner,
    lines: Vec<String>,
    courier: KeyName,
    company: KeyName,
    camera: KeyName,
    links: Vec<LinkId>,
}

const EVIDENCE: EvidenceId = EvidenceId(*b"evidence-of-hall");
const SALT: [u8; 16] = *b"salt-of-an-entry";

fn story() -> Story {
    let mut rng = ChaCha20Rng::seed_from_u64(24);
    let mut owner = Owner::new(START, &mut rng);
    let device = SigningKey::<role::Device>::from_secret(&[9; 32]);
    let unclaimed = Unclaimed { device: device.public(), nonce: ClaimNonce([4; 16]) };
    owner.enrol(unclaimed, LOCK, Settings::default(), START);
    let (company, courier) = (Holder::new(&mut rng), Holder::new(&mut rng));
    let camera = Camera::new(LOCK, &mut rng);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(LOCK)], valid).unwrap();
    let held = owner.grant(&company.public(), 1, &grant);
    let held = company.delegate(&held, &courier.public(), 0, &Caveats::narrowing());
    let origin = owner.origin();
    let links: Vec<_> = Token::decode(&held.token)
        .unwrap()
        .check(&origin)
        .unwrap()
        .links()
        .map(|link| link.id())
        .collect();
    let mut scribe = Scribe::new(owner.scope(), LOCK, device);
    let epoch = Epoch::decode(&owner.library.epochs[0]).unwrap().body_hash();
    let keyset = Keyset::decode(&owner.library.keyset).unwrap().body_hash();
    let core = [0x5a; 32];
    let who = logs::Who {
        issuer: owner.issuer.public().id(),
        holder: courier.public().name(),
        links: links.clone(),
        witnesses: vec![WitnessName { witness: camera.key.public().name(), evidence: EVIDENCE }],
        salt: SALT,
    };
    let mut objects = owner.library.epochs.clone();
    objects.push(owner.library.keyset.clone());
    objects.push(owner.library.cards[&LOCK].clone());
    objects.push(scribe.statement(StatementKind::Epoch, epoch.as_bytes()));
    objects.push(scribe.statement(StatementKind::Keyset, keyset.as_bytes()));
    objects.push(scribe.opening(&core, Outcome::Done, &who));
    scribe.starts += 2;
    for (number, outcome) in
        (1..).zip([Outcome::Interrupted, Outcome::Jammed, Outcome::Lapsed, Outcome::Unknown])
    {
        scribe.wait(60);
        objects.push(scribe.opening(&[number; 32], outcome, &who));
    }
    let row = |code, holder| Denied { code, holder, count: 3, first: START, last: START.after(9) };
    let rows = [row(421, Some(courier.public().name())), row(0, None)];
    objects.push(scribe.denied(&SALT, &rows));
    objects.push(held.token.clone());
    objects.push(held.origin.clone());
    let closed = Closed {
        core,
        evidence: EVIDENCE,
        hash: [0xcc; 32],
        from: Time(START.0 - 60),
        until: START.after(600),
    };
    let draft = closed.draft(&camera.key.public()).unwrap();
    objects.push(draft.sign(&camera.key).unwrap().as_bytes().to_vec());
    Story {
        owner,
        lines: objects.iter().map(|object| text(object)).collect(),
        courier: courier.public().name(),
        company: company.public().name(),
        camera: camera.key.public().name(),
        links,
    }
}

impl Story {
    fn book(&self) -> Book {
        let mut book = Book::default();
        book.call(self.courier, "the courier");
        book.call(self.company, "the company");
        book.call(self.camera, "the hall's camera");
        book.call_issuer(self.owner.issuer.public().id(), "the owner");
        book
    }

    fn trust(&self, text: &str) -> Trust {
        let mut statements = Statements::new(self.owner.domain);
        statements.read_text(text.as_bytes());
        statements.verify()
    }

    fn with<T>(&self, visit: impl FnOnce(&Audited<'_>, &Trust) -> T) -> T {
        self.with_text(&self.lines.join("\n"), visit)
    }

    fn with_text<T>(&self, text: &str, visit: impl FnOnce(&Audited<'_>, &Trust) -> T) -> T {
        let trust = self.trust(text);
        let mut audit = Audit::new(trust.lock(LOCK).unwrap());
        audit.read_text(text.as_bytes(), &mut ());
        visit(&audit.finish(Mode::Thorough, &mut ()), &trust)
    }

    fn told(&self, text: &str, log: Log) -> Vec<String> {
        self.with_text(text, |audited, trust| {
            let (joins, book) = (audited.joins(), self.book());
            let mut told = Vec::new();
            let _done: Result<(), Infallible> = Teller::new(audited, &joins, Some(trust), &book)
                .tell(log, |sentence| {
                    told.push(sentence.to_owned());
                    Ok(())
                });
            told
        })
    }
}

#[test]
fn an_opening_is_told_in_one_sentence() {
    let story = story();
    let told = story.told(&story.lines.join("\n"), Log::Events);
    let start = "at 2026-11-24T09:00:00Z by the lock's clock";
    assert_eq!(told[0], format!("Event 0, {start}: the lock took in epoch 0."));
    assert_eq!(told[1], format!("Event 1, {start}: the lock took in keyset 1 of epoch 0."));
    let who = "the courier was granted unlock by the authority of the owner → the company → the \
               courier (token 1000000), before the witness the hall's camera with evidence \
               65766964656e63652d6f662d68616c6c";
    let recorded = format!(
        "(recorded from 2026-11-24T08:59:00Z until 2026-11-24T09:10:00Z, hash {})",
        "cc".repeat(32)
    );
    assert_eq!(
        told[2],
        format!("Event 2, {start}: {who} {recorded}, under keyset 1 of epoch 0; the bolt opened.")
    );
    assert_eq!(told[3], "Between 2 and 3 the lock started 2 times.");
    for (sentence, end) in told[4..].iter().zip([
        "power failed before the lock knew what the bolt did: it may have moved or not.",
        "the bolt jammed, and the use is spent.",
        "the permit came too late, so the bolt never moved, and the use is spent.",
        "what the bolt did the lock didn't learn: it may have moved or not.",
    ]) {
        assert!(sentence.ends_with(end), "{sentence}");
        // The recording is of one request and of no other.
        assert!(sentence.contains("(which was not closed, as far as the auditor has seen)"));
    }
    assert_eq!(told.len(), 8);
}

#[test]
fn denials_are_told_row_by_row() {
    let story = story();
    let told = story.told(&story.lines.join("\n"), Log::Denials);
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("the courier was denied 3 times for 421 Expired, first not before"));
    assert!(told[1].contains("somebody unproven was denied 3 times for reasons that had no row"));
}

#[test]
fn a_token_that_is_not_genuine_joins_nothing() {
    let mut story = story();
    let token = story.lines.iter().position(|line| line.starts_with("kw1.token.")).unwrap();
    let mut buffer = [0; keyward::text::MAX_TEXT];
    let mut object = keyward::text::decode(&story.lines[token], &mut buffer).unwrap().to_vec();
    *object.last_mut().unwrap() ^= 1;
    story.lines[token] = text(&object);
    story.with(|audited, _| {
        let joins = audited.joins();
        assert_eq!(joins.refused().len(), 1);
        let mut steps = Vec::new();
        let _done: Result<(), Infallible> = audited.facts(Log::Events, &joins, None, |facts| {
            if let Who::Opened(_, authority, _) = &facts.who {
                assert_eq!(authority.serial, None);
                steps = authority.steps.clone();
            }
            Ok(())
        });
        let grantees: Vec<_> = steps.iter().map(|step| step.grantee).collect();
        assert_eq!(grantees, [None, Some(story.courier)]);
        assert_eq!(steps.iter().map(|step| step.link).collect::<Vec<_>>(), story.links);
    });
}

#[test]
fn another_witness_closes_nothing() {
    let mut story = story();
    let thief = SigningKey::<role::Witness>::from_secret(&[1; 32]);
    let closed = Closed {
        core: [0x5a; 32],
        evidence: EVIDENCE,
        hash: [1; 32],
        from: START,
        until: START.after(1),
    };
    let forged = closed.draft(&thief.public()).unwrap().sign(&thief).unwrap();
    *story.lines.last_mut().unwrap() = text(forged.as_bytes());
    let told = story.told(&story.lines.join("\n"), Log::Events);
    assert!(told[2].contains("(which was not closed, as far as the auditor has seen)"));
}

#[test]
fn a_card_by_nobody_is_not_believed() {
    let story = story();
    let other = self::story_of_another_domain();
    let mut statements = Statements::new(story.owner.domain);
    statements.read_text(other.as_bytes());
    let trust = statements.verify();
    assert!(trust.lock(LOCK).is_none());
    assert_eq!(trust.refused().len(), 3);
}

/// Epoch, keyset and card of an owner of another domain.
fn story_of_another_domain() -> String {
    let mut rng = ChaCha20Rng::seed_from_u64(99);
    let mut owner = Owner::new(START, &mut rng);
    let device = SigningKey::<role::Device>::from_secret(&[9; 32]).public();
    let unclaimed = Unclaimed { device, nonce: ClaimNonce([4; 16]) };
    owner.enrol(unclaimed, LOCK, Settings::default(), START);
    let card = &owner.library.cards[&LOCK];
    [&owner.library.epochs[0], &owner.library.keyset, card].map(|object| text(object)).join("\n")
}

#[test]
fn trust_follows_all_epochs() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut owner = Owner::new(START, &mut rng);
    let device = SigningKey::<role::Device>::from_secret(&[9; 32]).public();
    let unclaimed = Unclaimed { device, nonce: ClaimNonce([4; 16]) };
    owner.enrol(unclaimed, LOCK, Settings::default(), START);
    let mut lines = vec![text(&owner.library.keyset)];
    // More than one walk has steps for.
    for _ in 0..20 {
        owner.new_epoch(START, &mut rng);
        lines.push(text(&owner.library.keyset));
    }
    lines.extend(owner.library.epochs.iter().rev().map(|epoch| text(epoch)));
    lines.push(text(&owner.library.cards[&LOCK]));
    let mut statements = Statements::new(owner.domain);
    statements.read(lines.join("\n").as_bytes()).unwrap();
    let trust = statements.verify();
    assert_eq!(trust.refused(), []);
    assert!(trust.lock(LOCK).is_some());
}

#[test]
fn exports_are_rows_with_stable_names() {
    let story = story();
    story.with(|audited, _| {
        let joins = audited.joins();
        let (mut json, mut csv) = (Vec::new(), Vec::new());
        export::json_lines(audited, &joins, &mut json, &mut ()).unwrap();
        export::csv(audited, &joins, &mut csv, &mut ()).unwrap();
        let rows: Vec<serde_json::Value> = json
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(rows.len(), 9);
        let opening = &rows[2];
        assert_eq!(opening["event"], "opening");
        assert_eq!(opening["outcome"], "done");
        assert_eq!(opening["holder"], story.courier.to_string());
        assert_eq!(opening["serial"], 1_000_000);
        assert_eq!(opening["grantees"][0], story.company.to_string());
        assert_eq!(opening["lo"], START.0);
        assert_eq!(rows[7]["code"], 421);
        assert_eq!(rows[7]["denial"], "Expired");
        let csv = String::from_utf8(csv).unwrap();
        let lines: Vec<_> = csv.split("\r\n").collect();
        assert!(lines[0].starts_with("log,number,input,line,epoch,starts,lo,hi,quality,event,"));
        assert_eq!(lines.len(), 1 + 9 + 1);
        assert!(lines[3].contains(&story.courier.to_string()));
    });
}

#[test]
fn who_is_erased_is_nowhere_left_and_the_chain_holds() {
    let story = story();
    let erasures = [
        Erasure { holders: [story.courier].into(), ..Erasure::default() },
        Erasure { before: Some(START.after(86_400)), ..Erasure::default() },
        Erasure {
            numbers: (0..9)
                .flat_map(|n| [(Log::Events, Sequence(n)), (Log::Denials, Sequence(n))])
                .collect(),
            ..Erasure::default()
        },
    ];
    let log: Vec<_> =
        story.lines.iter().filter(|line| !line.starts_with("kw1.token.")).cloned().collect();
    for erasure in erasures {
        let mut out = Vec::new();
        let done = erasure.write(log.join("\n").as_bytes(), &mut out).unwrap();
        assert_eq!((done.erased, done.unreadable), (6, 0));
        let out = String::from_utf8(out).unwrap();
        let mut buffer = [0; keyward::text::MAX_TEXT];
        for line in out.lines().filter(|line| line.starts_with("kw1.entry.")) {
            let object = keyward::text::decode(line, &mut buffer).unwrap();
            for person in [&story.courier.0, &story.camera.0, &story.links[0].0, &EVIDENCE.0, &SALT]
            {
                assert!(!object.windows(16).any(|window| window == person));
            }
            assert_eq!(receipt_of(object).len() + 1, object.len());
        }
        story.with_text(&out, |audited, _| {
            let erased = |finding: &&Finding| matches!(finding, Finding::Erased { .. });
            assert_eq!(audited.findings().iter().filter(erased).count(), 6);
            let whole = |finding: &&Finding| matches!(finding, Finding::Whole { .. });
            assert_eq!(audited.findings().iter().filter(whole).count(), 2);
        });
        let told = story.told(&out, Log::Events);
        assert!(told[2].contains("somebody was granted unlock, and who, by whose authority"));
        assert!(story.told(&out, Log::Denials)[0].contains("6 requests were denied"));
    }
}

#[test]
fn an_erasure_spares_what_it_does_not_name() {
    let story = story();
    let erasure = Erasure { numbers: [(Log::Events, Sequence(2))].into(), ..Erasure::default() };
    let mut out = Vec::new();
    let text = story.lines.join("\n") + "\nnot an object\n";
    let done = erasure.write(text.as_bytes(), &mut out).unwrap();
    assert_eq!((done.erased, done.unreadable), (1, 1));
    let out = String::from_utf8(out).unwrap();
    let same = out.lines().zip(&story.lines).filter(|(now, before)| now == before).count();
    assert_eq!(same, story.lines.len() - 1);
    let mut buffer = [0; keyward::text::MAX_TEXT];
    let entry = keyward::text::decode(&story.lines[5], &mut buffer).unwrap();
    assert_eq!(out.lines().nth(5).unwrap(), logs::text(&world::erased(entry)));
    assert!(Entry::decode(entry).unwrap().disclosed().is_ok());
}

#[test]
fn an_address_book_is_read_line_by_line() {
    let book = Book::read(
        "# names\n\n000102030405060708090a0b0c0d0e0f the guest\n0001020304050607 owner\n",
    );
    let name = KeyName([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert_eq!(book.unwrap().label(&name), Some("the guest"));
    for wrong in ["0001 too short", "000102030405060708090a0b0c0d0e0g label", "nothing"] {
        assert_eq!(Book::read(wrong).unwrap_err().line, 1);
    }
}
