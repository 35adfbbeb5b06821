//! The run under fire: phones bring presentations while nodes and server are killed.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chacha20::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::{
    field::{Field, USUAL},
    phone::{ERRAND, Phone, again},
    servers::Redis,
};

/// How much of it.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Presentations, beside those that are repeated or made anew.
    pub presentations: u64,
    /// Processes that are killed: nodes and the server.
    pub kills: u64,
    /// All that is random follows from it, but for the moments at which processes run.
    pub seed: u64,
}

/// Runs the plan, prints what came of it, and judges.
///
/// # Errors
/// What was broken.
pub async fn run(plan: Plan, folder: &Path) -> Result<(), String> {
    let server = Redis::start(&[]).ok_or("redis-server or valkey-server is missing")?;
    let field = Field::new(plan.seed, &server.url(), folder, USUAL).await?;
    // A store that is born takes nothing that was made in its first second.
    Phone::new(&field, plan.seed, PHONES).errand(1).await;
    field.book.counts.done.store(0, Ordering::Relaxed);

    let began = Instant::now();
    let (next, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let errands = plan.presentations.div_ceil(ERRAND);
    let phones: Vec<_> = (0..PHONES)
        .map(|number| {
            let (field, next) = (Arc::clone(&field), Arc::clone(&next));
            tokio::spawn(async move {
                let mut phone = Phone::new(&field, plan.seed, number);
                loop {
                    let errand = next.fetch_add(1, Ordering::Relaxed);
                    if errand >= errands {
                        break;
                    }
                    phone.errand(errand).await;
                }
                phone.rest().await;
            })
        })
        .collect();
    let shown = tokio::spawn(progress(Arc::clone(&field), plan, Arc::clone(&over)));
    let server = kills(&field, plan, server, &over);
    let all = async {
        for phone in phones {
            phone.await.map_err(|error| error.to_string())?;
        }
        over.store(true, Ordering::Relaxed);
        Ok::<_, String>(())
    };
    let (server, all) = tokio::join!(server, all);
    all?;
    let server = server?;
    shown.await.map_err(|error| error.to_string())?;
    let ended = field.crew.ended();
    let took = began.elapsed();
    let told = told(&field, plan, took);
    drop(server);
    if !ended.is_empty() {
        return Err(format!("nodes {ended:?} have ended by themselves"));
    }
    told
}

/// Kills, each at a moment of its own part of the run; gives the server back.
async fn kills(
    field: &Arc<Field>,
    plan: Plan,
    server: Redis,
    over: &AtomicBool,
) -> Result<Redis, String> {
    let mut rng = ChaCha20Rng::seed_from_u64(plan.seed ^ 0x6b69_6c6c);
    let server = Arc::new(Mutex::new(server));
    let mut brought = Vec::new();
    let mut number = 0;
    while number < plan.kills {
        let part = plan.presentations / plan.kills.max(1);
        let moment = number * part + u64::from(rng.next_u32()) % part.max(1);
        while field.book.counts.done.load(Ordering::Relaxed) < moment
            && !over.load(Ordering::Relaxed)
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_micros((rng.next_u32() % 5000).into())).await;
        let node = field.any(&mut rng);
        let pause = Duration::from_millis((rng.next_u32() % 100).into());
        // One of three kills is of the server, and of those every other takes a node with it.
        let (of_server, of_node) = (number % 3 == 0, number % 3 != 0 || number % 6 == 3);
        if of_server {
            let server = Arc::clone(&server);
            field.recovery.killed(None);
            let killed = move || server.lock().expect("whole").kill();
            tokio::task::spawn_blocking(killed).await.map_err(|error| error.to_string())?;
            number += 1;
        }
        if of_node && number < plan.kills {
            field.recovery.killed(Some(node));
            field.crew.kill(node);
            number += 1;
        }
        let recent: Vec<_> = field.recent.lock().expect("whole").drain(..).collect();
        brought.push(tokio::spawn(again(Arc::clone(field), recent, rng.next_u64())));
        tokio::time::sleep(pause).await;
        if of_server {
            let server = Arc::clone(&server);
            let start = move || server.lock().expect("whole").restart();
            tokio::task::spawn_blocking(start).await.map_err(|error| error.to_string())?;
        }
        if of_node {
            field.crew.restart(node).await?;
        }
    }
    for again in brought {
        again.await.map_err(|error| error.to_string())?;
    }
    let server = Arc::into_inner(server).ok_or("the server is still held")?;
    server.into_inner().map_err(|error| error.to_string())
}

async fn progress(field: Arc<Field>, plan: Plan, over: Arc<AtomicBool>) {
    let (began, mut shown) = (Instant::now(), 0);
    while !over.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let seconds = began.elapsed().as_secs();
        if seconds < shown + PROGRESS_EVERY {
            continue;
        }
        shown = seconds;
        let counts = &field.book.counts;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        println!(
            "{seconds} s: {} of {} presentations, {} kills, {} accepted, {} unknown",
            load(&counts.done),
            plan.presentations,
            field.recovery.kills().len(),
            load(&counts.accepted),
            load(&counts.unknown)
        );
    }
}

fn told(field: &Field, plan: Plan, took: Duration) -> Result<(), String> {
    let counts = &field.book.counts;
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let judgement = field.judge()?;
    let kills = field.recovery.kills();
    let of_server = kills.iter().filter(|kill| kill.node.is_none()).count();
    println!("presentations: {}", load(&counts.done));
    println!("presentations_made: {}", field.book.made());
    println!("replayed: {}", load(&counts.replayed));
    println!("counted_again: {}", load(&counts.counted_again));
    println!("kills: {} (server {of_server}, nodes {})", kills.len(), kills.len() - of_server);
    println!("accepted: {}", load(&counts.accepted));
    println!("unknown: {}", load(&counts.unknown));
    println!("spent_unsaid: {}", load(&counts.spent_unsaid));
    println!("acts_unheard: {}", judgement.unheard);
    println!("uses_lost: {}", load(&counts.uses_lost));
    for (outcome, times) in field.book.refusals() {
        println!("refused_new: {times} {outcome:?}");
    }
    println!("shut_out: {}", load(&counts.shut_out));
    println!("accepted_twice: {}", judgement.accepted_twice);
    let rate = load(&counts.done) as f64 / took.as_secs_f64();
    println!("seconds: {:.1}", took.as_secs_f64());
    println!("presentations_per_s: {rate:.0}");
    for (name, node) in [("server", false), ("node", true)] {
        let took = kills.iter().filter(|kill| kill.node.is_some() == node);
        let mut took: Vec<_> = took.filter_map(|kill| kill.took).collect();
        took.sort_unstable();
        if let (Some(median), Some(worst)) = (took.get(took.len() / 2), took.last()) {
            let (median, worst) = (median.as_millis(), worst.as_millis());
            println!("{name}_kill_to_first_success_ms: {median} median, {worst} worst");
        }
    }
    println!("seed: {}", plan.seed);
    if judgement.accepted_twice > 0 {
        return Err("a presentation or a counted use was accepted twice".into());
    }
    if judgement.untrue > 0 {
        return Err(format!("{} were told of an act that nobody wrote down", judgement.untrue));
    }
    if load(&counts.shut_out) > 0 {
        return Err("somebody was never let in".into());
    }
    Ok(())
}

/// Phones that come at the same time.
pub const PHONES: u64 = 256;

/// Seconds between two lines of progress.
const PROGRESS_EVERY: u64 = 5;
