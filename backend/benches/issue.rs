//! How many tokens a second, beside the bare signatures in them: `cargo bench -p keyward-backend
//! --bench issue [rounds]`.
//!
//! Subject and floor take turns in one process, over the same bytes on the same cores; the median
//! of the rounds' ratios counts. The floor signs messages that lie ready; the subject draws
//! serials, encodes, hashes, signs and hands out tokens.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use ed25519_dalek::Signer as _;
use keyward::{
    Caveats, Narrowing, Right, Rights, Scope, Seconds, SigningKey, Target, Time, Token, Valid,
    id::{DomainId, Epoch, KeyId, LockId, Serial},
    role,
};
use keyward_backend::{
    issuer::{Delegate, Issuer, Local, Order, Pass},
    serials::{Ahead, Serials},
    state::StateError,
};
use rand_core::SeedableRng;
use rayon::prelude::*;

const SCOPE: Scope = Scope { domain: DomainId([7; 32]), epoch: Epoch(3) };
const TOKENS: usize = 8192;

/// Counts as a store does that takes a millisecond to be durable.
struct Disk(AtomicU64);

impl Serials for Disk {
    async fn reserve(
        &self,
        _scope: &Scope,
        _issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let start = self.0.fetch_add(count.into(), Relaxed);
        Ok(start..start + u64::from(count))
    }
}

type Local1 = Local<role::Issuer>;

fn main() {
    let rounds = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(31);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let cores = rayon::current_num_threads();
    let mut rng = chacha20::ChaCha20Rng::seed_from_u64(1);
    let key = SigningKey::<role::Issuer>::generate(&mut rng);
    let raw = ed25519_dalek::SigningKey::from_bytes(key.expose_secret());
    let orders: Vec<_> = (0..TOKENS).map(|_| order(&mut rng)).collect();
    let messages: Vec<_> = orders
        .iter()
        .map(|order| {
            let serial = Serial(1_000_000);
            let Order { grantee, depth, grant } = order;
            let draft = Token::issue(SCOPE, &key.public(), serial, grantee, *depth, grant);
            draft.unwrap().to_sign().clone()
        })
        .collect();
    let disk = Disk(AtomicU64::new(1_000_000));
    let issuer: Issuer<_, Local1, _> = Issuer::new(SCOPE, Local::new(key), disk, Ahead::default());
    let holder = SigningKey::<role::Holder>::generate(&mut rng);
    let raw_holder = ed25519_dalek::SigningKey::from_bytes(holder.expose_secret());
    let (held, delegate) = runtime.block_on(async {
        let order = Order { grantee: holder.public(), ..orders[0].clone() };
        let token = issuer.issue(&order).await.unwrap().token;
        let delegate = Delegate::new(Local::new(holder));
        (delegate.hold(issuer.origin(), &token).unwrap(), Arc::new(delegate))
    });
    let passes: Vec<_> = orders.iter().map(pass).collect();
    let pass_messages: Vec<_> = passes
        .iter()
        .map(|pass| {
            let token = Token::decode(held.token()).unwrap();
            let draft = token.attenuate(held.origin(), &pass.grantee, 0, &pass.caveats);
            draft.unwrap().to_sign().clone()
        })
        .collect();

    let floor = |key: &ed25519_dalek::SigningKey, messages: &[keyward::Message]| {
        timed(|| messages.par_iter().map(|one| key.sign(one.as_bytes())).collect::<Vec<_>>())
    };
    let (mut many, mut ones, mut blocking, mut narrow, mut rates) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let raw_time = floor(&raw, &messages);
        let orders = orders.clone();
        let time = timed(|| runtime.block_on(issuer.issue_many(orders)).unwrap());
        many.push(raw_time / time);
        rates.push(TOKENS as f64 / time);

        let raw_time = floor(&raw, &messages);
        ones.push(raw_time / one_by_one(&runtime, &issuer, cores, false));
        let raw_time = floor(&raw, &messages);
        blocking.push(raw_time / one_by_one(&runtime, &issuer, cores, true));

        let raw_time = floor(&raw_holder, &pass_messages);
        let passes = passes.clone();
        narrow.push(raw_time / timed(|| runtime.block_on(delegate.pass_many(&held, passes))));
    }
    println!("cores: {cores}");
    println!("issued_per_s: {:.0}", median(&mut rates));
    println!("issue_ratio: {:.3}", median(&mut many));
    println!("issue_one_ratio: {:.3}", median(&mut ones));
    println!("issue_one_on_another_thread_ratio: {:.3}", median(&mut blocking));
    println!("narrow_ratio: {:.3}", median(&mut narrow));
}

/// As many tasks as cores, each of which issues one token after the other: where it is asked to, or
/// handed to a thread for blocking work each time.
fn one_by_one(
    runtime: &tokio::runtime::Runtime,
    issuer: &Issuer<role::Issuer, Local1, Disk>,
    cores: usize,
    elsewhere: bool,
) -> f64 {
    let mut rng = chacha20::ChaCha20Rng::seed_from_u64(2);
    let order = Arc::new(order(&mut rng));
    let run = || {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..cores)
                .map(|_| {
                    let (issuer, order) = (issuer.clone(), Arc::clone(&order));
                    tokio::spawn(async move {
                        for _ in 0..TOKENS / cores {
                            if elsewhere {
                                let (issuer, order) = (issuer.clone(), Arc::clone(&order));
                                let handle = tokio::runtime::Handle::current();
                                let work = move || handle.block_on(issuer.issue(&order));
                                tokio::task::spawn_blocking(work).await.unwrap().unwrap();
                            } else {
                                issuer.issue(&order).await.unwrap();
                            }
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    };
    timed(run)
}

fn order(rng: &mut chacha20::ChaCha20Rng) -> Order {
    let grantee = SigningKey::generate(rng).public();
    let valid = Valid { from: Time(1_795_510_800), lasts: Seconds::days(365) };
    let target = [Target::Lock(LockId(*b"flat-12a"))];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &target, valid).unwrap();
    let grant = grant.uses(1).unwrap().max_open(Seconds(30)).unwrap();
    Order { grantee, depth: 1, grant }
}

fn pass(order: &Order) -> Pass {
    let valid = Valid { from: Time(1_795_510_800), lasts: Seconds::minutes(15) };
    let caveats: Narrowing = Caveats::narrowing().valid(valid).unwrap().uses(1).unwrap();
    Pass { grantee: order.grantee, depth: 0, caveats }
}

/// Seconds; what is made is dropped behind the clock.
fn timed<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let made = run();
    let took = start.elapsed();
    drop(made);
    took.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
