//! How long a node takes, from a presentation's arrival to the answer, at half of saturation.
//!
//! Presentations are made before the clock runs: four of five by a courier's own token, whose chain
//! is known, one by a new single-use token. Saturation is what the fleet answers when many are
//! always on their way. Then they arrive at half that rate, evenly, whether or not those before
//! have been answered; a late arrival counts from when it was due. The driver, the nodes and the
//! server share one machine: figures are told and not judged.
//!
//! A machine may itself stand still now and then, and one pause of ten milliseconds a second is a
//! hundredth of all arrivals. So the pauses of the idle machine are told as well, and beside the
//! percentiles of all arrivals the medians of those of each quarter of a second.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use chacha20::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::sync::Semaphore;

use crate::{
    crew::Heard,
    estate::Courier,
    field::{Field, USUAL},
    phone::Phone,
    servers::Redis,
    wire::{Brought, Outcome},
};

/// Measures both, and prints them.
///
/// # Errors
/// When a presentation isn't admitted.
pub async fn run(seed: u64, folder: &Path) -> Result<(), String> {
    let server = Redis::start(&[]).ok_or("redis-server or valkey-server is missing")?;
    let field = Field::new(seed, &server.url(), folder, USUAL).await?;
    Phone::new(&field, seed, 0).errand(1).await;
    let pauses = tokio::task::spawn_blocking(pauses).await.map_err(|error| error.to_string())?;
    println!("idle_pauses_per_s: {:.1}", pauses.len() as f64 / PAUSES_FOR.as_secs_f64());
    println!("idle_pause_longest_ms: {:.1}", pauses.iter().max().map_or(0.0, millis));

    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let made = made(&field, seed + round, AT_ONCE * 16).await;
        let (count, began) = (made.len(), Instant::now());
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut answers = Vec::new();
        for one in made {
            let slot = Arc::clone(&slots).acquire_owned().await;
            let slot = slot.map_err(|error| error.to_string())?;
            let field = Arc::clone(&field);
            answers.push(tokio::spawn(async move {
                let _slot = slot;
                one.go(&field).await
            }));
        }
        for answer in answers {
            answer.await.map_err(|error| error.to_string())??;
        }
        rates.push(count as f64 / began.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let saturation = rates[rates.len() / 2];
    println!("saturation_per_s: {saturation:.0}");

    let every = Duration::from_secs_f64(2.0 / saturation);
    let count = (saturation / 2.0 * SECONDS) as usize;
    let made = made(&field, seed + ROUNDS, count).await;
    let (began, runtime) = (Instant::now(), tokio::runtime::Handle::current());
    let arrivals = Arc::clone(&field);
    // A thread of its own: the runtime's clock has whole milliseconds.
    let arrive = move || {
        let mut answers = Vec::new();
        for (number, one) in (0..).zip(made) {
            let due = began + every * number;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let field = Arc::clone(&arrivals);
            answers.push(runtime.spawn(async move {
                one.go(&field).await?;
                Ok::<_, String>(due.elapsed())
            }));
        }
        answers
    };
    let answers = tokio::task::spawn_blocking(arrive).await.map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    for answer in answers {
        times.push(answer.await.map_err(|error| error.to_string())??);
    }
    let part = (times.len() as f64 / SECONDS / 4.0) as usize;
    let mut parts: Vec<_> = times.chunks_exact(part).map(Percentiles::of).collect();
    let all = Percentiles::of(&times);
    println!("half_per_s: {:.0}", saturation / 2.0);
    println!("p50_ms: {:.2}", all.p50);
    println!("p99_ms: {:.2}", all.p99);
    println!("p999_ms: {:.2}", all.p999);
    println!("p99_to_p50: {:.2}", all.ratio());
    parts.sort_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    let median = &parts[parts.len() / 2];
    println!("quarter_seconds: {}", parts.len());
    println!("quarter_p50_ms: {:.2}", median.p50);
    println!("quarter_p99_ms: {:.2}", median.p99);
    println!("quarter_p99_to_p50: {:.2}", median.ratio());
    drop(server);
    Ok(())
}

/// How long loops that do nothing else, one a core, stood still each time that they did.
fn pauses() -> Vec<Duration> {
    let watch = || {
        let (began, mut last, mut pauses) = (Instant::now(), Instant::now(), Vec::new());
        while began.elapsed() < PAUSES_FOR {
            let gap = last.elapsed();
            last += gap;
            if gap > PAUSE {
                pauses.push(gap);
            }
        }
        pauses
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let watches: Vec<_> = (0..cores).map(|_| std::thread::spawn(watch)).collect();
    watches.into_iter().flat_map(|watch| watch.join().expect("a loop")).collect()
}

/// In milliseconds.
struct Percentiles {
    p50: f64,
    p99: f64,
    p999: f64,
}

impl Percentiles {
    fn of(times: &[Duration]) -> Self {
        let mut times = times.to_vec();
        times.sort_unstable();
        let at = |part: usize| millis(&times[(times.len() - 1) * part / 1000]);
        Self { p50: at(500), p99: at(990), p999: at(999) }
    }

    fn ratio(&self) -> f64 {
        self.p99 / self.p50
    }
}

fn millis(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A presentation that is ready, and to which node it goes.
struct Made {
    node: usize,
    door: u32,
    brought: Brought,
}

impl Made {
    async fn go(self, field: &Field) -> Result<(), String> {
        match field.crew.ask(self.node, self.door, Some(&self.brought)).await {
            Heard::Answer(answer) if answer.outcome == Outcome::Accepted => Ok(()),
            Heard::Answer(answer) => Err(format!("not admitted: {:?}", answer.outcome)),
            Heard::Down | Heard::Nothing => Err("no answer".into()),
        }
    }
}

/// Makes presentations on all cores.
async fn made(field: &Arc<Field>, seed: u64, count: usize) -> Vec<Made> {
    let makers = std::thread::available_parallelism().map_or(1, usize::from) * 4;
    let parts = (0..makers).map(|maker| {
        let field = Arc::clone(field);
        tokio::spawn(async move {
            let seed = seed * 1000 + maker as u64;
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let mut courier = Courier::new(&field.estate, seed, 0);
            let mut made = Vec::new();
            for number in (maker..count).step_by(makers) {
                let door = Field::door(&mut rng);
                let (nonce, challenge) = field.challenge(door, &mut rng).await;
                let lock = field.lock(door);
                let held = match number % 5 {
                    0 => courier.counted(&field.estate, lock, 1),
                    _ => courier.held.clone(),
                };
                let bytes = courier.answer(&held, lock, &challenge);
                let brought =
                    Brought { name: field.book.presentation(None), nonce: Some(nonce), bytes };
                made.push((number, Made { node: number % field.crew.len(), door, brought }));
            }
            made
        })
    });
    let mut all = Vec::new();
    for part in parts.collect::<Vec<_>>() {
        all.extend(part.await.expect("a maker"));
    }
    all.sort_unstable_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, made)| made).collect()
}

/// Presentations on their way when saturation is measured.
const AT_ONCE: usize = 256;
/// Rounds of it; the median counts.
const ROUNDS: u64 = 5;
/// Seconds of arrivals: challenges live for 30, and are made before.
const SECONDS: f64 = 8.0;
/// How long the idle machine is watched, and what counts as a pause there.
const PAUSES_FOR: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(1);
