//! keyward's decoders against the `postcard` crate's: for any bytes, both take them or neither.

use chacha20::ChaCha20Rng;
use keyward::text::{self, TextError};
use keyward_testkit::{
    malformed,
    oracle::{
        self, Caveats, Challenge, Link, Origin, Presentation, Request, Signature, Status, Target,
        Token, Witness,
    },
    random::Dice,
    scene::{self, HOLDER},
};
use rand_core::{Rng, SeedableRng};

const SIGNATURE: Signature = ([1; 32], [2; 32]);

/// Whether the oracle takes the bytes.
fn decodes(kind: &str, bytes: &[u8]) -> bool {
    match kind {
        "token" => oracle::decodes_token(bytes),
        "origin" => oracle::decodes_origin(bytes),
        "status" => oracle::decodes_status(bytes),
        "challenge" => oracle::decodes_challenge(bytes),
        "request" => oracle::decodes_request(bytes),
        "witness" => oracle::decodes_witness(bytes),
        "presentation" => oracle::decodes_presentation(bytes),
        _ => oracle::decodes_answer(bytes),
    }
}

/// Compares both decoders on one string of bytes; tells whether they take it.
fn compare(kind: &str, bytes: &[u8]) -> bool {
    let (ours, theirs) = (malformed::decode(kind, bytes), decodes(kind, bytes));
    assert_eq!(ours.is_none(), theirs, "{kind}: {ours:?}\n{bytes:02x?}");
    theirs
}

/// Random values at and around the edges of their ranges.
fn edge(dice: &mut Dice<'_>, limit: u64) -> u64 {
    let near = [0, 1, 127, 128, limit.saturating_sub(1), limit, limit.saturating_add(1)];
    if dice.once_in(3) { dice.below(limit.max(1)) } else { dice.pick(&near) }
}

fn key(dice: &mut Dice<'_>) -> [u8; 32] {
    match dice.below(40) {
        0 => [0; 32],
        1 => [0xff; 32],
        number => {
            *scene::key::<keyward::role::Holder>(u8::try_from(number).unwrap()).public().as_bytes()
        }
    }
}

fn short(value: u64) -> u16 {
    u16::try_from(value & 0xffff).unwrap()
}

fn byte(value: u64) -> u8 {
    u8::try_from(value & 0xff).unwrap()
}

fn word(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap()
}

fn caveats(dice: &mut Dice<'_>, root: bool) -> Caveats {
    let mut caveats = Caveats::default();
    let some = |dice: &mut Dice<'_>| dice.once_in(4);
    if root || some(dice) {
        caveats.rights = Some(word(dice.below(100)));
    }
    if root || some(dice) {
        let mut targets: Vec<_> = (0..1 + dice.below(9))
            .map(|_| {
                let id = [byte(dice.below(20)); 8];
                if dice.once_in(2) { Target::Lock(id) } else { Target::Group(id) }
            })
            .collect();
        if !dice.once_in(10) {
            targets.sort();
            targets.dedup();
        }
        caveats.targets = Some(targets);
    }
    if root || some(dice) {
        caveats.valid = Some((edge(dice, (1 << 40) - 1), word(edge(dice, 900))));
    }
    if some(dice) {
        caveats.uses = Some(word(edge(dice, 3)));
    }
    if some(dice) {
        let mut keys: Vec<_> = (0..dice.below(6)).map(|_| key(dice)).collect();
        if !dice.once_in(10) {
            keys.sort_unstable();
            keys.dedup();
        }
        caveats.witness = Some((byte(dice.below(4)), keys));
    }
    if some(dice) {
        caveats.max_open = Some(word(edge(dice, 30)));
    }
    if some(dice) {
        caveats.fresh = Some(word(edge(dice, 60)));
    }
    if some(dice) {
        let mut windows: Vec<_> = (0..1 + dice.below(4))
            .map(|_| {
                let days = byte(1 + dice.below(128));
                let (start, length) = (short(edge(dice, 1439)), short(edge(dice, 1440)));
                let every = byte(1 + dice.below(3));
                {
                    let phase = byte(dice.below(u64::from(every)));
                    oracle::Window { days, start, length, every, phase }
                }
            })
            .collect();
        let mut dates: Vec<_> =
            (0..dice.below(4)).map(|_| (word(dice.below(900)), short(edge(dice, 366)))).collect();
        if !dice.once_in(10) {
            windows.sort_unstable();
            dates.sort_unstable();
        }
        caveats.schedule = Some(oracle::Schedule { windows, exceptions: dates });
    }
    if some(dice) {
        caveats.first_use = Some((edge(dice, (1 << 40) - 1), word(edge(dice, 900))));
    }
    if some(dice) {
        caveats.channels = Some(byte(edge(dice, 15)));
    }
    if some(dice) {
        let length = usize::try_from(edge(dice, 32)).unwrap();
        caveats.app = Some((word(edge(dice, 1 << 31)), vec![7; length.min(40)]));
    }
    caveats
}

fn token(dice: &mut Dice<'_>) -> Token {
    let most = if dice.once_in(10) { 5 } else { 4 };
    let count = 1 + dice.below(most);
    let links = (0..count).map(|index| {
        let root = index == 0 && !dice.once_in(30);
        let usual = byte(3_u64.saturating_sub(index));
        Link {
            grantee: key(dice),
            depth: if dice.once_in(20) { byte(dice.below(5)) } else { usual },
            caveats: caveats(dice, root),
            signature: SIGNATURE,
        }
    });
    let links = links.collect();
    Token { issuer: [3; 8], serial: edge(dice, u64::MAX - 1), links }
}

fn status(dice: &mut Dice<'_>, list: bool) -> Status {
    let list = list.then(|| {
        let mut entries: Vec<_> =
            (0..edge(dice, 64).min(66)).map(|_| [byte(dice.below(255)); 16]).collect();
        let mut floors: Vec<_> =
            (0..dice.below(10)).map(|_| ([byte(dice.below(99)); 8], dice.below(99))).collect();
        if !dice.once_in(6) {
            entries.sort_unstable();
            entries.dedup();
            floors.sort_unstable();
            floors.dedup_by_key(|(issuer, _)| *issuer);
        }
        oracle::List { entries, floors }
    });
    Status {
        issuer: [5; 8],
        epoch: edge(dice, u64::MAX - 1),
        keyset: edge(dice, 300),
        number: edge(dice, 300),
        at: edge(dice, (1 << 40) - 1),
        over_nonce: dice.once_in(2),
        list,
        signature: SIGNATURE,
    }
}

fn moment(dice: &mut Dice<'_>) -> (u64, u64, u64) {
    (edge(dice, u64::MAX - 1), edge(dice, (1 << 40) - 1), edge(dice, 1 << 39))
}

fn parameter(dice: &mut Dice<'_>) -> Vec<u8> {
    vec![9; usize::try_from(edge(dice, 64).min(70)).unwrap()]
}

/// A random object, most often a valid one.
fn object(dice: &mut Dice<'_>) -> (&'static str, Vec<u8>) {
    let witness =
        |dice: &mut Dice<'_>| Witness { key: key(dice), evidence: [4; 16], signature: SIGNATURE };
    match dice.below(8) {
        0 => ("token", oracle::encode(&token(dice))),
        1 => (
            "origin",
            oracle::encode(&Origin {
                domain: [6; 32],
                epoch: edge(dice, u64::MAX - 1),
                issuer: key(dice),
            }),
        ),
        2 => {
            let list = dice.once_in(2);
            ("status", oracle::encode(&status(dice, list)))
        }
        3 => {
            let (a, b, c) = moment(dice);
            (
                "challenge",
                oracle::encode(&Challenge {
                    lock: [6; 8],
                    nonce: [7; 16],
                    epoch: a,
                    keyset: b,
                    number: c,
                }),
            )
        }
        4 => {
            let moment = if dice.once_in(2) {
                {
                    use oracle::Channel::{Contact, Radio, Ranged, Remote};
                    let channel = dice.pick(&[Remote, Radio, Contact, Ranged]);
                    oracle::Moment::Challenged { nonce: [1; 16], channel, fresh: [2; 16] }
                }
            } else {
                let (counter, time, expires) = moment(dice);
                oracle::Moment::Unchallenged { counter, time, expires }
            };
            let request = Request {
                origin: Origin { domain: [1; 32], epoch: edge(dice, 300), issuer: key(dice) },
                lock: [8; 8],
                moment,
                right: byte(edge(dice, 31)),
                parameter: parameter(dice),
                token: token(dice),
            };
            ("request", oracle::encode(&request))
        }
        5 => ("witness", oracle::encode(&witness(dice))),
        6 => {
            let mode = if dice.once_in(2) {
                oracle::Mode::Challenged { fresh: [1; 16] }
            } else {
                let (counter, time, expires) = moment(dice);
                oracle::Mode::Unchallenged { counter, time, expires }
            };
            let mut witnesses: Vec<_> = (0..dice.below(4)).map(|_| witness(dice)).collect();
            if !dice.once_in(8) {
                witnesses.sort_by_key(|witness| witness.key);
            }
            let list = dice.once_in(8);
            let presentation = Presentation {
                mode,
                right: byte(edge(dice, 31)),
                parameter: parameter(dice),
                witnesses,
                status: dice.once_in(2).then(|| status(dice, list)),
                token: token(dice),
                signature: SIGNATURE,
            };
            ("presentation", oracle::encode(&presentation))
        }
        _ => ("answer", vec![1, 8, byte(dice.below(10))]),
    }
}

#[test]
fn random_objects_and_their_mutants() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let (mut compared, mut taken) = (0_u64, 0_u64);
    while compared < 250_000 {
        let (kind, bytes) = object(&mut Dice(&mut rng));
        taken += u64::from(compare(kind, &bytes));
        compared += 1;
        for _ in 0..12 {
            let mut mutant = bytes.clone();
            let mut dice = Dice(&mut rng);
            let at = usize::try_from(dice.below(mutant.len() as u64)).unwrap();
            match dice.below(6) {
                0 => mutant[at] ^= 1 << dice.below(8),
                1 => mutant[at] = byte(dice.below(256)),
                2 => mutant.truncate(at),
                3 => mutant.insert(at, byte(dice.below(3))),
                4 => drop(mutant.remove(at)),
                // One more byte to what may be an integer.
                _ => {
                    mutant[at] |= 0x80;
                    mutant.insert(at + 1, byte(dice.below(2)));
                }
            }
            taken += u64::from(compare(kind, &mutant));
            compared += 1;
        }
    }
    println!("{compared} strings of bytes, {taken} taken by both");
    assert!(taken > compared / 10, "{taken} taken: too few to mean anything");
}

#[test]
fn every_bit_flip_and_truncation_of_a_valid_object_of_each_kind() {
    for (kind, bytes) in malformed::valid() {
        assert!(compare(kind, &bytes));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            compare(kind, &flipped);
        }
        for length in 0..bytes.len() {
            assert!(!compare(kind, &bytes[..length]));
        }
    }
}

#[test]
fn the_malformed_are_so_for_the_oracle_too() {
    for case in malformed::cases() {
        assert_eq!(decodes(case.kind, &case.bytes), case.error.is_none(), "{}", case.name);
    }
}

#[test]
fn random_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let kinds = malformed::valid();
    for _ in 0..30_000 {
        let (kind, valid) = Dice(&mut rng).pick(&kinds);
        let mut bytes = vec![0; usize::try_from(Dice(&mut rng).below(200)).unwrap()];
        rng.fill_bytes(&mut bytes);
        compare(kind, &bytes);
        // Behind a true head, and behind a true beginning.
        compare(kind, &[&valid[..2], &bytes].concat());
        let at = usize::try_from(Dice(&mut rng).below(valid.len() as u64)).unwrap();
        compare(kind, &[&valid[..at], &bytes].concat());
    }
}

/// What the oracle encodes for a scene's link.
fn oracle_caveats(link: &scene::Link) -> Caveats {
    let sorted = |keys: &[u8]| {
        let mut keys: Vec<_> = keys
            .iter()
            .map(|number| *scene::key::<keyward::role::Witness>(*number).public().as_bytes())
            .collect();
        keys.sort_unstable();
        keys
    };
    let target = |target: &keyward::Target| match target {
        keyward::Target::Lock(id) => Target::Lock(id.0),
        keyward::Target::Group(id) => Target::Group(id.0),
    };
    Caveats {
        rights: link.rights,
        targets: link.targets.as_ref().map(|targets| {
            let mut targets: Vec<_> = targets.iter().map(target).collect();
            targets.sort();
            targets
        }),
        valid: link.valid,
        uses: link.uses,
        witness: link.witness.as_ref().map(|(of, keys)| (*of, sorted(keys))),
        max_open: link.max_open,
        fresh: link.fresh,
        schedule: link.schedule.as_ref().map(|(windows, dates)| {
            let window = |w: &keyward::schedule::Window| oracle::Window {
                days: w.days.0,
                start: w.start,
                length: w.length,
                every: w.every,
                phase: w.phase,
            };
            let mut windows: Vec<_> = windows.iter().map(window).collect();
            let mut dates: Vec<_> = dates.iter().map(|dates| (dates.first, dates.days)).collect();
            windows.sort_unstable();
            dates.sort_unstable();
            oracle::Schedule { windows, exceptions: dates }
        }),
        first_use: link.first_use,
        channels: link.channels,
        app: link.app.clone(),
    }
}

#[test]
fn keywards_encoders_give_the_oracles_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    for _ in 0..300 {
        let scene = Dice(&mut rng).scene();
        let bytes = scene.presentation();
        let read: Presentation = oracle::decode(&bytes).unwrap();
        assert_eq!(oracle::encode(&read), bytes);
        assert_eq!(oracle::encode(&read.token), scene.token().unwrap());
        for (index, (link, described)) in (0..).zip(read.token.links.iter().zip(&scene.links)) {
            assert_eq!(link.caveats, oracle_caveats(described));
            assert_eq!(link.depth, described.depth);
            let holder = scene::key::<keyward::role::Holder>(HOLDER + index).public();
            assert_eq!(&link.grantee, holder.as_bytes());
        }
        assert_eq!((read.token.serial, read.right), (scene.serial, scene.right.bit()));
    }
}

#[test]
fn the_order_of_the_builders_calls_does_not_matter() {
    use keyward::{Caveats, Rights, Seconds};
    let one = Caveats::narrowing()
        .uses(3)
        .and_then(|caveats| caveats.rights(Rights(1))?.max_open(Seconds(9))?.fresh(Seconds(8)));
    let other = Caveats::narrowing()
        .fresh(Seconds(8))
        .and_then(|caveats| caveats.max_open(Seconds(9))?.uses(3)?.rights(Rights(1)));
    assert_eq!(one.unwrap().encode().unwrap(), other.unwrap().encode().unwrap());
    let twice = Caveats::narrowing().uses(3).and_then(|caveats| caveats.uses(3));
    assert_eq!(twice.unwrap_err(), keyward::EncodeError::CaveatTwice(3));
}

#[test]
fn text_forms() {
    let mut buffer = [0; text::MAX_TEXT];
    let mut back = [0; 1536];
    for (kind, bytes) in malformed::valid() {
        let form = text::encode(&bytes, &mut buffer).unwrap();
        assert!(form.starts_with(&format!("kw1.{kind}.")));
        assert_eq!(text::decode(form, &mut back).unwrap(), bytes);
        let padded = format!("{form}=");
        assert_eq!(text::decode(&padded, &mut back), Err(TextError::Base64));
        let other = form.replacen("kw1.", "kw2.", 1);
        assert_eq!(text::decode(&other, &mut back), Err(TextError::Prefix));
        let renamed = form.replacen(kind, "key", 1);
        assert_eq!(text::decode(&renamed, &mut back), Err(TextError::Kind));
    }
    // Two bytes in three characters leave two spare bits, which must be zero.
    let spared = |(_, bytes): &(&str, Vec<u8>)| bytes.len() % 3 == 2;
    let (_, object) = malformed::valid().into_iter().find(spared).unwrap();
    let form = text::encode(&object, &mut buffer).unwrap().to_owned();
    let spare: Vec<_> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['-', '_'])
        .filter(|last| {
            let changed = format!("{}{last}", &form[..form.len() - 1]);
            text::decode(&changed, &mut back).is_ok()
        })
        .collect();
    assert_eq!(spare.len(), 16, "only those whose spare bits are zero: {spare:?}");
    assert_eq!(text::encode(&[2, 1], &mut buffer), Err(TextError::Kind));
    assert_eq!(text::encode(&object, &mut [0; 8]), Err(TextError::BufferTooSmall));
}
