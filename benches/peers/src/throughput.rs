//! Rates of a server beside their floors, on all cores.
//!
//! Every phase runs on the threads of one pool, from one stack depth, and all phases take turns.

use std::{
    hint::black_box,
    num::NonZeroUsize,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward::{Caveats, Rights, Seconds, Target, Token, Valid, id::Serial};
use keyward_backend::{chains::KnownChains, many::Verifiers};
use keyward_testkit::{
    fleet::{Fleet, Visit},
    world::START,
};

use crate::{jobs::biscuit_job, server::Server};

const ROUNDS: usize = 25;
/// Presentations, signatures and tokens of one phase.
const JOBS: usize = 1024;
/// Biscuits of one phase; each takes several times as long.
const BISCUITS: usize = 128;
/// Presentations and signatures of a phase on one core: so few that most are not interrupted.
const FEW: usize = 32;
/// Room for all chains of the phases.
const CACHE: usize = 1 << 20;
/// What a holder signs: a label and the request's core.
const HOLDER_MESSAGE: usize = 16 + 32;

/// A key's bytes, a message and its signature.
type Signed = ([u8; 32], Vec<u8>, Signature);

/// Prints a line a figure: its name and the median of the rounds' values.
pub fn run() {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let all = Verifiers::new(cores, 0).expect("threads");
    let one = Verifiers::new(NonZeroUsize::MIN, 0).expect("a thread");

    let mut fleet = Fleet::new(1, 64, 32);
    let three: Vec<_> = (0..JOBS).map(|number| fleet.visit(number, 3)).collect();
    let two: Vec<_> = (0..JOBS).map(|number| fleet.visit(number, 2)).collect();
    let domain = fleet.domain();
    let server = Server::new(&fleet, &domain);
    let known = KnownChains::within(CACHE);
    let holders: Vec<_> = (0..JOBS).map(|number| signed(number, HOLDER_MESSAGE)).collect();
    let (_, third) = biscuit_job(3, true);
    let (_, third_of_two) = biscuit_job(2, true);
    let (_, plain) = biscuit_job(3, false);
    let biscuits = [(); BISCUITS];
    let issuing = Issuing::new(&fleet);
    let tokens = [(); JOBS];

    let serve = |visits: &[Visit], chains: &KnownChains| {
        server.forget();
        seconds(&all, visits, |visit| server.serve(visit, chains))
    };
    serve(&three, &known);
    serve(&two, &known);

    // The same work beside the same floor on one core, in small turns.
    let (mut floors, mut warms) = (Vec::new(), Vec::new());
    for visits in three.chunks(FEW).cycle().take(ROUNDS * JOBS / FEW) {
        floors.push(seconds(&one, &holders[..FEW], verify));
        server.forget();
        warms.push(seconds(&one, visits, |visit| server.serve(visit, &known)));
    }
    println!("ratio_to_floor_on_one_core|{}", median(floors) / median(warms));

    let (per_core, cores) = (1.0 / JOBS as f64, cores.get() as f64);
    let mut figures: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..ROUNDS {
        // One core's work while the others are idle: the floor of one verify.
        let floor = seconds(&one, &holders, verify) * per_core;
        let floors = seconds(&all, &holders, verify) * per_core;
        let warm = serve(&three, &known) * per_core;
        let cold = serve(&three, &KnownChains::within(CACHE)) * per_core;
        let cold_of_two = serve(&two, &KnownChains::within(CACHE)) * per_core;
        let biscuit =
            |job: &(dyn Fn() + Sync)| seconds(&all, &biscuits, |()| job()) / BISCUITS as f64;
        let (third, third_of_two, plain) =
            (biscuit(&third), biscuit(&third_of_two), biscuit(&plain));
        let signing = seconds(&all, &tokens, |()| issuing.sign()) * per_core;
        let issuing = seconds(&all, &tokens, |()| issuing.issue()) * per_core;
        let round = [
            ("verifies_per_s", 1.0 / warm),
            ("cold_verifies_per_s", 1.0 / cold),
            ("floor_verifies_per_s", cores / floor),
            ("ratio_to_floor", floor / cores / warm),
            ("floor_on_all_cores", floor / cores / floors),
            ("cold_ratio_to_biscuit", third / cold),
            ("cold_ratio_to_biscuit_plain", plain / cold),
            ("cold_ratio_to_biscuit_of_two", third_of_two / cold_of_two),
            // Three signers each: owner, company and courier, whose third block is his proof.
            ("cold_ratio_to_biscuit_three_signers", third / cold_of_two),
            ("warm_ratio_to_biscuit", third / warm),
            ("issues_per_s", 1.0 / issuing),
            ("issue_ratio", signing / issuing),
        ];
        if figures.is_empty() {
            figures = round.map(|(name, _)| (name, Vec::new())).into();
        }
        figures.iter_mut().zip(round).for_each(|((_, values), (_, value))| values.push(value));
    }
    assert_eq!(known.tally().misses, 2 * JOBS as u64, "all but the first look are warm");
    for (name, values) in figures {
        println!("{name}|{}", median(values));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long a pool takes for all items.
fn seconds<T: Sync>(pool: &Verifiers, items: &[T], call: impl Fn(&T) + Sync) -> f64 {
    let begin = Instant::now();
    let results = pool.map(items, call);
    let time = begin.elapsed().as_secs_f64();
    assert!(results.iter().all(Result::is_ok), "a job failed");
    time
}

fn signed(number: usize, length: usize) -> Signed {
    let mut seed = [3; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let (key, message) = (SigningKey::from_bytes(&seed), vec![5; length]);
    let signature = key.sign(&message);
    (key.verifying_key().to_bytes(), message, signature)
}

fn verify((key, message, signature): &Signed) {
    let key = VerifyingKey::from_bytes(black_box(key)).expect("a key");
    let held = key.verify_strict(black_box(message), black_box(signature));
    assert!(black_box(held).is_ok());
}

/// Tokens of one link by a key in memory, and the bare signature that each must have.
struct Issuing<'a> {
    fleet: &'a Fleet,
    grant: keyward::Grant,
    raw: SigningKey,
    message: Vec<u8>,
    serial: AtomicU64,
}

impl<'a> Issuing<'a> {
    fn new(fleet: &'a Fleet) -> Self {
        let valid = Valid { from: START, lasts: Seconds(900) };
        let target = Target::Lock(fleet.doors[0]);
        let grant = Caveats::grant(Rights(1), &[target], valid).expect("a grant");
        let grant = grant.uses(1).expect("a grant");
        let raw = SigningKey::from_bytes(fleet.owner.issuer.expose_secret());
        let serial = AtomicU64::new(2_000_000);
        let mut issuing = Self { fleet, grant, raw, message: Vec::new(), serial };
        issuing.message = issuing.draft().to_sign().as_bytes().to_vec();
        issuing
    }

    fn draft(&self) -> keyward::UnsignedToken<keyward::role::Issuer> {
        let serial = Serial(self.serial.fetch_add(1, Ordering::Relaxed));
        let (issuer, holder) =
            (self.fleet.owner.issuer.public(), self.fleet.companies[0].0.public());
        let scope = self.fleet.owner.scope();
        Token::issue(scope, &issuer, serial, &holder, 1, &self.grant).expect("a draft")
    }

    fn issue(&self) {
        drop(black_box(self.draft().sign(&self.fleet.owner.issuer).expect("a token")));
    }

    fn sign(&self) {
        black_box(self.raw.sign(black_box(&self.message)));
    }
}
