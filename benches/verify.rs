//! Verifying and making tokens, each beside its floor: the bare signatures.
//!
//! A single run can be a third off, since the speed of dalek's vector code depends on the stack
//! address of a process: `cargo xtask floors` and `cargo xtask peers` give the figures to quote.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward::{
    Ask, Challenge, Channel, Presentation, Request, Right, Status, Token, WitnessStatement,
    id::{Fresh, KeysetVersion, Serial},
    limits::MAX_LINKS,
    role,
};
use keyward_testkit::scene::{
    Attested, CARD, HOLDER, ISSUER, LOCK, Link, NONCE, Scene, WITNESS, key, order,
};

/// Bytes of the labels and fixed fields in front of what varies (SPEC.md section 5).
const LABEL: usize = 16;
const GRANT_CONTEXT: usize = 80;
const LINK_CONTEXT: usize = 72;
const HOLDER_MESSAGE: usize = LABEL + 32;
const WITNESS_MESSAGE: usize = LABEL + 32 + 16;
const STATUS_MESSAGE: usize = LABEL + 146;
/// Bytes of a token in front of its first link: frame, issuer, serial 1 000 000, count.
const HEAD: usize = 14;
const SIGNATURE: usize = 64;

/// A chain of this many links, as the usual delegation has them.
fn chain(links: usize) -> Scene {
    let last = u8::try_from(links - 1).expect("few links");
    Scene::with(|scene| {
        scene.links = (0..=last)
            .map(|index| {
                let grant = Link::grant(last - index);
                Link { targets: if index == 0 { grant.targets.clone() } else { None }, ..grant }
            })
            .collect();
        scene.links[0].uses = Some(1);
    })
}

fn witnessed(links: usize) -> Scene {
    let mut scene = chain(links);
    scene.links[0].witness = Some((1, vec![WITNESS]));
    scene.links[0].fresh = Some(60);
    scene.witnesses = vec![WITNESS];
    scene.status = Some(Attested::new(scene.lo - 30));
    scene
}

/// A key, a message of this length and its signature.
type Signed = ([u8; 32], Vec<u8>, Signature);

fn signed(length: usize) -> Signed {
    let key = SigningKey::from_bytes(&[3; 32]);
    let message = vec![5; length];
    let signature = key.sign(&message);
    (key.verifying_key().to_bytes(), message, signature)
}

/// The lengths of all messages that a presentation's signatures are over.
fn lengths(scene: &Scene) -> Vec<usize> {
    let mut lengths = link_lengths(scene);
    lengths.push(HOLDER_MESSAGE);
    lengths.extend(scene.witnesses.iter().map(|_| WITNESS_MESSAGE));
    lengths.extend(scene.status.iter().map(|_| STATUS_MESSAGE));
    lengths
}

fn link_lengths(scene: &Scene) -> Vec<usize> {
    let mut head = scene.clone();
    let mut before = HEAD;
    let mut lengths = Vec::new();
    for count in 1..=scene.links.len() {
        head.links = scene.links[..count].to_vec();
        let length = head.token().expect("a token").len();
        let context = if count == 1 { GRANT_CONTEXT } else { LINK_CONTEXT };
        lengths.push(LABEL + context + length - before - SIGNATURE);
        before = length;
    }
    lengths
}

fn check_all(floor: &[Signed]) {
    for (key, message, signature) in floor {
        let key = VerifyingKey::from_bytes(black_box(key)).expect("a key");
        assert!(key.verify_strict(black_box(message), black_box(signature)).is_ok());
    }
}

fn verifying(criterion: &mut Criterion) {
    for (name, scene) in
        [("verify", chain as fn(usize) -> Scene), ("verify_witness_status", witnessed)]
    {
        let mut group = criterion.benchmark_group(name);
        for links in 1..=MAX_LINKS {
            let scene = scene(links);
            let presentation = scene.presentation();
            let lock = scene.prepare();
            drop(lock.judge(&presentation).expect("a presentation that is accepted"));
            group.bench_function(BenchmarkId::new("keyward", links), |bencher| {
                bencher.iter(|| lock.judge(black_box(&presentation)));
            });
            let floor: Vec<_> = lengths(&scene).into_iter().map(signed).collect();
            group.bench_function(BenchmarkId::new("signatures_alone", links), |bencher| {
                bencher.iter(|| check_all(black_box(&floor)));
            });
        }
        group.finish();
    }
}

fn making(criterion: &mut Criterion) {
    let issuer = key::<role::Issuer>(ISSUER);
    let holder = key::<role::Holder>(HOLDER);
    let next = key::<role::Holder>(HOLDER + 1);
    let scene = witnessed(2);
    let grant = scene.links[0].granting().expect("a grant");
    let narrowing = scene.links[1].narrowing().expect("a narrowing");
    let origin = scene.origin();
    let (issuer_key, holder_key, next_key) = (issuer.public(), holder.public(), next.public());
    let issue = || {
        let serial = Serial(black_box(1_000_000));
        let draft = Token::issue(Scene::scope(), &issuer_key, serial, &holder_key, 1, &grant);
        draft.expect("a draft").sign(&issuer).expect("a token")
    };
    let parent = issue();
    let attenuate = || {
        let parent = Token::decode(black_box(parent.as_bytes())).expect("a token");
        let draft = parent.attenuate(&origin, &next_key, 0, &narrowing).expect("a draft");
        draft.sign(&holder).expect("a token")
    };
    let token = attenuate();
    let token = Token::decode(token.as_bytes()).expect("a token");
    let statement = scene.statement(&scene.request(&token), WITNESS);
    let statement = WitnessStatement::decode(&statement).expect("a statement");
    let status = scene.attestation().expect("a status");
    let status = Status::decode(&status).expect("a status");
    let challenge = Challenge {
        lock: LOCK,
        nonce: NONCE,
        epoch: Scene::scope().epoch,
        keyset: KeysetVersion(scene.keyset),
        list: order(scene.list),
        card: CARD,
    };
    let ask = Ask { lock: LOCK, right: Right::UNLOCK, parameter: &[] };
    let present = || {
        let (token, fresh) = (black_box(&token), Fresh([7; 16]));
        let request = Request::challenged(&origin, token, ask, &challenge, Channel::Radio, fresh);
        let request = request.expect("a request");
        let draft = request.present(&[statement], Some(&status)).expect("a draft");
        draft.sign(&next).expect("a presentation")
    };

    let mut group = criterion.benchmark_group("make");
    group.bench_function("issue", |bencher| bencher.iter(issue));
    group.bench_function("attenuate", |bencher| bencher.iter(attenuate));
    group.bench_function("present", |bencher| bencher.iter(present));
    let (raw, message) = (SigningKey::from_bytes(&[3; 32]), [7; 200]);
    group.bench_function("signature_alone", |bencher| {
        bencher.iter(|| raw.sign(black_box(&message)));
    });
    group.finish();
}

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for links in 1..=MAX_LINKS {
        let presentation = witnessed(links).presentation();
        group.bench_function(BenchmarkId::new("presentation", links), |bencher| {
            bencher.iter(|| Presentation::decode(black_box(&presentation)).is_ok());
        });
    }
    for links in 1..=MAX_LINKS {
        let token = chain(links).token().expect("a token");
        group.bench_function(BenchmarkId::new("token", links), |bencher| {
            bencher.iter(|| Token::decode(black_box(&token)).is_ok());
        });
    }
    group.finish();
}

criterion_group!(benches, verifying, making, decoding);
criterion_main!(benches);
