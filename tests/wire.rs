//! The decoders against the oracle: keyward accepts what serde and `postcard` accept under the
//! same rules, and nothing else.

use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use keyward::{
    Answer, Card, Challenge, Claim, Claimed, DecodeError, Epoch, Keyset, Origin, Presentation,
    Request, Status, Token, Unclaimed, WitnessStatement,
    caveat::CaveatSet,
    receipt::{Entry, Receipt},
    recording::Recording,
    wire::Part,
};
use keyward_testkit::{
    objects::Draw,
    oracle::{self, encode, receipts, statements},
};
use rand_core::{Rng, SeedableRng};

/// One kind of bytes: both decoders, and a drawing of objects.
struct Codec {
    name: &'static str,
    /// Decodes and, where the crate can, encodes again.
    keyward: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
    oracle: fn(&[u8]) -> bool,
    draw: fn(&mut Draw<'_>) -> Vec<u8>,
    /// Valid objects whose neighbours are tried.
    objects: u32,
}

const CODECS: [Codec; 18] = [
    Codec {
        name: "token",
        keyward: |bytes| {
            Token::decode(bytes).map(|token| token.encode().unwrap().as_bytes().into())
        },
        oracle: oracle::decodes_token,
        draw: |draw| encode(&draw.token()),
        objects: 24,
    },
    Codec {
        name: "origin",
        keyward: |bytes| {
            Origin::decode(bytes).map(|origin| origin.encode().unwrap().as_bytes().into())
        },
        oracle: oracle::decodes_origin,
        draw: |draw| encode(&draw.origin()),
        objects: 24,
    },
    Codec {
        name: "status",
        keyward: |bytes| Status::decode(bytes).map(|_| bytes.into()),
        oracle: oracle::decodes_status,
        draw: |draw| encode(&draw.status()),
        objects: 12,
    },
    Codec {
        name: "challenge",
        keyward: |bytes| {
            Challenge::decode(bytes).map(|challenge| challenge.encode().unwrap().as_bytes().into())
        },
        oracle: oracle::decodes_challenge,
        draw: |draw| encode(&draw.challenge()),
        objects: 24,
    },
    Codec {
        name: "request",
        keyward: |bytes| {
            Request::decode(bytes).map(|request| request.encode().unwrap().as_bytes().into())
        },
        oracle: oracle::decodes_request,
        draw: |draw| encode(&draw.request()),
        objects: 12,
    },
    Codec {
        name: "witness",
        keyward: |bytes| WitnessStatement::decode(bytes).map(|_| bytes.into()),
        oracle: oracle::decodes_witness,
        draw: |draw| encode(&draw.witness()),
        objects: 12,
    },
    Codec {
        name: "presentation",
        keyward: |bytes| Presentation::decode(bytes).map(|_| bytes.into()),
        oracle: oracle::decodes_presentation,
        draw: |draw| encode(&draw.presentation()),
        objects: 12,
    },
    Codec {
        name: "answer",
        keyward: |bytes| Answer::decode(bytes).map(|answer| answer.encode().into()),
        oracle: oracle::decodes_answer,
        draw: |draw| encode(&draw.answer()),
        objects: 8,
    },
    Codec {
        name: "epoch",
        keyward: |bytes| Epoch::decode(bytes).map(|_| bytes.into()),
        oracle: statements::decodes_epoch,
        draw: |draw| encode(&draw.epoch()),
        objects: 12,
    },
    Codec {
        name: "keyset",
        keyward: |bytes| Keyset::decode(bytes).map(|_| bytes.into()),
        oracle: statements::decodes_keyset,
        draw: |draw| encode(&draw.keyset()),
        objects: 12,
    },
    Codec {
        name: "card",
        keyward: |bytes| Card::decode(bytes).map(|_| bytes.into()),
        oracle: statements::decodes_card,
        draw: |draw| encode(&draw.card()),
        objects: 24,
    },
    Codec {
        name: "unclaimed",
        keyward: |bytes| {
            Unclaimed::decode(bytes).map(|shown| shown.encode().unwrap().as_bytes().into())
        },
        oracle: statements::decodes_unclaimed,
        draw: |draw| encode(&draw.unclaimed()),
        objects: 8,
    },
    Codec {
        name: "claim",
        keyward: |bytes| Claim::decode(bytes).map(|_| bytes.into()),
        oracle: statements::decodes_claim,
        draw: |draw| encode(&draw.claim()),
        objects: 8,
    },
    Codec {
        name: "claimed",
        keyward: |bytes| Claimed::decode(bytes).map(|_| bytes.into()),
        oracle: statements::decodes_claimed,
        draw: |draw| encode(&draw.claimed()),
        objects: 8,
    },
    Codec {
        name: "receipt",
        keyward: |bytes| Receipt::decode(bytes).map(|_| bytes.into()),
        oracle: receipts::decodes_receipt,
        draw: |draw| encode(&draw.receipt()),
        objects: 24,
    },
    Codec {
        name: "entry",
        keyward: |bytes| Entry::decode(bytes).map(|_| bytes.into()),
        oracle: receipts::decodes_entry,
        draw: |draw| encode(&draw.entry()),
        objects: 24,
    },
    Codec {
        name: "recording",
        keyward: |bytes| Recording::decode(bytes).map(|_| bytes.into()),
        oracle: receipts::decodes_recording,
        draw: |draw| encode(&draw.recording()),
        objects: 8,
    },
    Codec {
        name: "caveats",
        keyward: |bytes| CaveatSet::decode(bytes).map(|_| bytes.into()),
        oracle: oracle::decodes_caveats,
        draw: |draw| postcard::to_allocvec(&draw.caveats(false, 2)).unwrap(),
        objects: 48,
    },
];

/// What was compared, and what came of it.
#[derive(Debug, Default)]
struct Tally {
    strings: u64,
    accepted: u64,
    errors: BTreeSet<String>,
}

impl Tally {
    /// Holds the two decoders equal on some bytes.
    fn compare(&mut self, codec: &Codec, bytes: &[u8]) {
        let ours = (codec.keyward)(bytes);
        let theirs = (codec.oracle)(bytes);
        assert_eq!(ours.is_ok(), theirs, "{}: {ours:?} for {bytes:02x?}", codec.name);
        self.strings += 1;
        match ours {
            Ok(again) => {
                assert_eq!(again, bytes, "{}", codec.name);
                self.accepted += 1;
            }
            Err(DecodeError::TrailingBytes(_)) => drop(self.errors.insert("TrailingBytes".into())),
            Err(DecodeError::WrongKind(_)) => drop(self.errors.insert("WrongKind".into())),
            Err(DecodeError::WrongVersion(_)) => drop(self.errors.insert("WrongVersion".into())),
            Err(error) => drop(self.errors.insert(format!("{error:?}"))),
        }
    }

    /// All bytes that differ from these in one place.
    fn compare_neighbours(&mut self, codec: &Codec, bytes: &[u8]) {
        for end in 0..bytes.len() {
            self.compare(codec, &bytes[..end]);
        }
        for more in [&[0][..], &[1], &[0xff], &[0; 64], bytes] {
            self.compare(codec, &[bytes, more].concat());
        }
        for (at, &byte) in bytes.iter().enumerate() {
            let mut put = |with: &[u8]| {
                self.compare(codec, &[&bytes[..at], with, &bytes[at + 1..]].concat());
            };
            for bit in 0..8 {
                put(&[byte ^ 1 << bit]);
            }
            for other in [0, 1, 0x7f, 0x80, 0xff, byte.wrapping_add(1), byte.wrapping_sub(1)] {
                put(&[other]);
            }
            // One byte less, one more, and the integers that this byte may be written as.
            put(&[]);
            put(&[byte, byte]);
            put(&[0, byte]);
            put(&[byte | 0x80, 0]);
            put(&[byte | 0x80, 0x80, 0]);
            put(&[byte | 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]);
            put(&[byte | 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]);
            put(&[0xff, 0xff, 0x03]);
            put(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
            put(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
            put(&[0xff; 11]);
        }
    }
}

#[test]
fn neighbours_of_valid_objects_are_judged_alike() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut tally = Tally::default();
    for codec in &CODECS {
        for _ in 0..codec.objects {
            let bytes = (codec.draw)(&mut Draw::valid(&mut rng));
            assert!((codec.oracle)(&bytes), "{}: {bytes:02x?}", codec.name);
            tally.compare(codec, &bytes);
            tally.compare_neighbours(codec, &bytes);
        }
    }
    println!("{} byte strings, {} accepted", tally.strings, tally.accepted);
    assert!(tally.strings >= 1_000_000);
}

#[test]
fn objects_that_stray_from_the_rules_are_judged_alike() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut tally = Tally::default();
    for codec in &CODECS {
        for _ in 0..6000 {
            tally.compare(codec, &(codec.draw)(&mut Draw::straying(&mut rng)));
        }
    }
    println!("{} byte strings, {} accepted", tally.strings, tally.accepted);
    assert!(tally.accepted > tally.strings / 4 && tally.accepted < tally.strings * 5 / 6);
    for rule in STRAYED_FROM {
        assert!(tally.errors.contains(rule), "no object was refused as {rule}");
    }
}

/// The rules that values can break; the others are about bytes.
const STRAYED_FROM: [&str; 62] = [
    "Doubled(Groups)",
    "Doubled(Issuers)",
    "Doubled(Keys)",
    "Doubled(Revocations)",
    "Doubled(Signatures)",
    "Doubled(Targets)",
    "Doubled(Transitions)",
    "Doubled(Windows)",
    "Doubled(WitnessKeys)",
    "Doubled(Witnesses)",
    "Doubled(Zones)",
    "Empty(Channels)",
    "Empty(Keys)",
    "Empty(Links)",
    "Empty(Rights)",
    "Empty(Targets)",
    "Empty(Transitions)",
    "Empty(Windows)",
    "Empty(WitnessKeys)",
    "ListInPresentation",
    "MissingCaveat(0)",
    "MissingCaveat(1)",
    "MissingCaveat(2)",
    "NonCanonicalKey",
    "OutOfRange(Channels)",
    "OutOfRange(Depth)",
    "OutOfRange(Duration)",
    "OutOfRange(Exception)",
    "OutOfRange(Flags)",
    "OutOfRange(Floors)",
    "OutOfRange(ListKeyset)",
    "OutOfRange(Offset)",
    "OutOfRange(Right)",
    "OutOfRange(Roles)",
    "OutOfRange(Signer)",
    "OutOfRange(Threshold)",
    "OutOfRange(Time)",
    "OutOfRange(Uses)",
    "OutOfRange(Window)",
    "OutOfRange(WitnessCount)",
    "OverLimit(AppData)",
    "OverLimit(Exceptions)",
    "OverLimit(Groups)",
    "OverLimit(Issuers)",
    "OverLimit(Keys)",
    "OverLimit(Limits)",
    "OverLimit(Object)",
    "OverLimit(Parameter)",
    "OverLimit(Signatures)",
    "OverLimit(Targets)",
    "OverLimit(Transitions)",
    "OverLimit(Witnesses)",
    "OverLimit(Zones)",
    "Unsorted(Exceptions)",
    "Unsorted(Groups)",
    "Unsorted(Issuers)",
    "Unsorted(Keys)",
    "Unsorted(Signatures)",
    "Unsorted(Transitions)",
    "Unsorted(Windows)",
    "Unsorted(Zones)",
    "WeakKey",
];

#[test]
fn random_bytes_and_spliced_objects_are_judged_alike() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut tally = Tally::default();
    for codec in &CODECS {
        let objects: Vec<_> = (0..40).map(|_| (codec.draw)(&mut Draw::valid(&mut rng))).collect();
        for round in 0..4000 {
            let mut below = |n: usize| usize::try_from(rng.next_u64() % n as u64).unwrap();
            let (one, other) = (&objects[below(40)], &objects[below(40)]);
            // The head of one and the tail of another; then noise behind a head.
            let cut = below(one.len() + 1);
            let back = if round % 2 == 0 { cut.min(other.len()) } else { below(other.len() + 1) };
            tally.compare(codec, &[&one[..cut], &other[back..]].concat());
            let mut noise = vec![0; below(1600)];
            rng.fill_bytes(&mut noise);
            tally.compare(codec, &noise);
            tally.compare(codec, &[&one[..cut.min(2)], &noise].concat());
            tally.compare(codec, &[&one[..cut], &noise[..noise.len() / 8]].concat());
        }
    }
    println!("{} byte strings, {} accepted", tally.strings, tally.accepted);
    assert!(tally.strings >= 240_000);
}

#[test]
fn every_unknown_presence_bit_is_named() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    for bit in 11..=15 {
        let mut caveats = postcard::to_allocvec(&Draw::valid(&mut rng).caveats(false, 2)).unwrap();
        let (present, bodies) = postcard::take_from_bytes::<u16>(&caveats).unwrap();
        caveats = [postcard::to_allocvec(&(present | 1 << bit)).unwrap(), bodies.into()].concat();
        let refused = CaveatSet::decode(&caveats).unwrap_err();
        assert_eq!(refused, DecodeError::UnknownCaveat(bit));
    }
}

#[test]
fn a_token_may_have_768_bytes_and_not_one_more_also_where_it_is_embedded() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut draw = Draw::valid(&mut rng);
    let mut request = draw.request();
    // Two links with 456 bytes of caveats and more are too long; app data fills up to the limit.
    let full = |draw: &mut Draw<'_>| loop {
        let caveats = draw.caveats(true, 1);
        if postcard::to_allocvec(&caveats).unwrap().len() > 300 {
            return caveats;
        }
    };
    let link = request.token.links[0].clone();
    let (mut first, mut second) = (link.clone(), link);
    (first.depth, first.caveats) = (1, full(&mut draw));
    (second.depth, second.caveats) = (0, full(&mut draw));
    request.token.links = vec![first, second];
    let mut length = encode(&request.token).len();
    while length > 768 {
        let link = &mut request.token.links[1].caveats;
        if link.schedule.take().is_none() && link.witness.take().is_none() {
            link.targets = None;
        }
        length = encode(&request.token).len();
    }
    let app = &mut request.token.links[1].caveats;
    app.app = Some((1, vec![]));
    app.schedule = None;
    let mut tried = BTreeSet::new();
    for holidays in 0..=16_u32 {
        for bytes in 0..=32 {
            let exceptions = (0..holidays).map(|index| (1 << 28 | index, 1)).collect();
            let windows =
                vec![oracle::Window { days: 1, start: 200, length: 200, every: 1, phase: 0 }];
            let caveats = &mut request.token.links[1].caveats;
            caveats.schedule = Some(oracle::Schedule { windows, exceptions });
            caveats.app = Some((1, vec![0; bytes]));
            let token = encode(&request.token);
            let over = token.len() > 768;
            let expected = over.then_some(DecodeError::OverLimit(Part::Object));
            assert_eq!(Token::decode(&token).err(), expected, "{} bytes", token.len());
            let embedding = encode(&request);
            assert_eq!(Request::decode(&embedding).err(), expected, "{} bytes", token.len());
            tried.insert(token.len());
        }
    }
    assert!(tried.contains(&768) && tried.contains(&769), "{tried:?}");
}
