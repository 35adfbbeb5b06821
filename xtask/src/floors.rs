//! Verify and issue beside the bare signatures that they can't do without.
//!
//! Floor and subject are interleaved in one process, from the same stack depth; the median of
//! several processes is reported, since the speed of dalek's vector code depends on the stack
//! address of a process.

use std::{hint::black_box, process::Command, time::Instant};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward::{Epoch, Keyset, Token, id::Serial, role};
use keyward_testkit::{
    scene::{HOLDER, ISSUER, Scene, key},
    world::{START, World},
};

const PROCESSES: usize = 7;
const ROUNDS: usize = 400;
const NAMES: [&str; 5] = [
    "verify_1_link_ratio",
    "verify_3_links_ratio",
    "issue_ratio",
    "verify_epoch_ratio",
    "verify_keyset_ratio",
];

/// Prints the ratios of medians.
pub fn run(arguments: &[String]) -> Result<(), String> {
    if arguments.first().is_some_and(|argument| argument == "--child") {
        for ratio in measure() {
            println!("{ratio}");
        }
        return Ok(());
    }
    println!(
        "{PROCESSES} processes of {ROUNDS} interleaved rounds each; floor: for each signature"
    );
    println!("one raw from_bytes + verify_strict (or one sign) on a message of the same length.\n");
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut ratios = vec![Vec::new(); NAMES.len()];
    for _ in 0..PROCESSES {
        let child = Command::new(&me).args(["floors", "--child"]).output();
        let output = child.map_err(|error| error.to_string())?.stdout;
        let text = String::from_utf8(output).map_err(|error| error.to_string())?;
        for (line, ratios) in text.lines().zip(&mut ratios) {
            ratios.push(line.parse::<f64>().map_err(|error| error.to_string())?);
        }
    }
    for (name, mut ratios) in NAMES.into_iter().zip(ratios) {
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
        println!("{name}: {:.3} (processes: {low:.3} to {high:.3})", ratios[ratios.len() / 2]);
    }
    Ok(())
}

/// The ratios, each a ratio of medians within this process.
fn measure() -> [f64; 5] {
    let one = Scene::with(|scene| scene.links[0].uses = Some(1));
    let mut three = Scene::full();
    three.links[0].witness = None;
    three.witnesses.clear();
    three.status = None;
    let [epoch, keyset] = statement_ratios();
    [verify_ratio(&one), verify_ratio(&three), issue_ratio(&one), epoch, keyset]
}

/// A new epoch, and a newer keyset, of two signatures each, from their bytes to what they change;
/// beside two bare signatures of 88 bytes.
fn statement_ratios() -> [f64; 2] {
    let mut world = World::new(1);
    let (now, held) = (world.now(), world.owner.library.clone());
    world.owner.publish_keyset(START);
    let newer = world.owner.library.keyset.clone();
    world.owner.new_epoch(START, &mut world.rng);
    let next = world.owner.library.epochs[held.epochs.len()].clone();
    let raw = [signed(88), signed(88)];
    let floor = || verify_each(&raw);
    let lock = &mut world.flat.lock;
    let keyset = ratio(
        || {
            let keyset = Keyset::decode(black_box(&newer)).expect("a keyset");
            drop(black_box(lock.verify_keyset(&keyset, now).expect("verified")));
        },
        floor,
    );
    let epoch = ratio(
        || {
            let mut walk = lock.walk().expect("a walk");
            let epoch = Epoch::decode(black_box(&next)).expect("an epoch");
            walk.step(&epoch).expect("verified");
            let _walked = black_box(walk);
        },
        floor,
    );
    [epoch, keyset]
}

fn verify_each(raw: &[([u8; 32], Vec<u8>, Signature)]) {
    for (key, message, signature) in raw {
        let key = VerifyingKey::from_bytes(black_box(key)).expect("a key");
        let held = key.verify_strict(black_box(message), black_box(signature));
        assert!(black_box(held).is_ok());
    }
}

fn verify_ratio(scene: &Scene) -> f64 {
    let presentation = scene.presentation();
    // Message lengths: the holder's label and core, then each link's label, context and body.
    let mut lengths = vec![16 + 32];
    for count in 1..=scene.links.len() {
        let mut head = scene.clone();
        head.links.truncate(count);
        let body = head.token().map_or(0, |token| token.len());
        head.links.truncate(count - 1);
        let before = if count == 1 { 14 } else { head.token().map_or(0, |token| token.len()) };
        let context = if count == 1 { 80 } else { 72 };
        lengths.push(16 + context + body - before - 64);
    }
    let raw: Vec<_> = lengths.iter().map(|length| signed(*length)).collect();
    let prepared = scene.prepare();
    ratio(|| drop(black_box(prepared.judge(black_box(&presentation)))), || verify_each(&raw))
}

fn issue_ratio(scene: &Scene) -> f64 {
    let issuer = key::<role::Issuer>(ISSUER);
    let (public, grantee) = (issuer.public(), key::<role::Holder>(HOLDER).public());
    let grant = scene.links[0].granting().expect("a grant");
    let token = || {
        let serial = Serial(black_box(1_000_000));
        let draft = Token::issue(Scene::scope(), &public, serial, &grantee, 0, &grant);
        draft.expect("a draft").sign(&issuer).expect("a token")
    };
    let length = 16 + 80 + token().as_bytes().len() - 14 - 64;
    let (raw, message) = (SigningKey::from_bytes(&[1; 32]), vec![7; length]);
    ratio(
        || {
            black_box(token());
        },
        || {
            black_box(raw.sign(black_box(&message)));
        },
    )
}

fn signed(length: usize) -> ([u8; 32], Vec<u8>, Signature) {
    let key = SigningKey::from_bytes(&[3; 32]);
    let message = vec![5; length];
    let signature = key.sign(&message);
    (key.verifying_key().to_bytes(), message, signature)
}

/// The median time of the subject over the median time of the floor, run in turns.
fn ratio(mut subject: impl FnMut(), mut floor: impl FnMut()) -> f64 {
    let (mut subjects, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (times, run) in
            [(&mut subjects, &mut subject as &mut dyn FnMut()), (&mut floors, &mut floor)]
        {
            let begin = Instant::now();
            run();
            times.push(begin.elapsed());
        }
    }
    subjects.sort();
    floors.sort();
    subjects[ROUNDS / 2].as_secs_f64() / floors[ROUNDS / 2].as_secs_f64()
}
