//! How many marks a second each store confirms on this machine, and how long one takes.
//!
//! Each mark spends a nonce, or with `counted` also uses a link of its own. Servers are started in
//! folders of their own. Arguments: seconds, how many wait at the same time, `counted`.

#[path = "../tests/servers/mod.rs"]
mod servers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use keyward_backend::state::{
    Cell, Mark, Millis, Name, Spent, State, Value, Verdict,
    clock::{Clock, HostClock},
    postgres,
    ram::Ram,
    redb::Redb,
    valkey,
};

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let number = |place: usize, usual: u64| {
        arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(usual)
    };
    let (seconds, tasks) = (Duration::from_secs(number(0, 5)), number(1, 256));
    let counted = arguments.iter().any(|argument| argument == "counted");
    let clock = HostClock::off_by(Duration::from_millis(1));

    rate("ram", Ram::new(clock), seconds, tasks, counted).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Redb::open(folder.path().join("state"), clock).unwrap();
    rate("redb", store, seconds, tasks, counted).await;
    if let Some(server) = servers::Redis::start(&[]) {
        let store = valkey::Valkey::connect(valkey::Options::new(server.url()), clock);
        rate("valkey", store.await.unwrap(), seconds, tasks, counted).await;
    }
    if let Some(server) = servers::Postgres::start(&[]) {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(server.port).user("postgres");
        let store = postgres::Postgres::connect(postgres::Options::new(config), clock);
        rate("postgres", store.await.unwrap(), seconds, tasks, counted).await;
    }
}

async fn rate<S: State + Clone + 'static>(
    name: &str,
    store: S,
    time: Duration,
    tasks: u64,
    counted: bool,
) {
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (next, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let work = (0..tasks).map(|_| {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while start.elapsed() < time {
                let mark = mark(next.fetch_add(1, Ordering::Relaxed), counted);
                let asked = Instant::now();
                assert_eq!(store.mark(&mark).await, Ok(Verdict::Marked));
                times.push(asked.elapsed());
            }
            times
        })
    });
    let mut times = Vec::new();
    for task in work.collect::<Vec<_>>() {
        times.extend(task.await.unwrap());
    }
    let rate = u128::try_from(times.len()).unwrap() * 1_000_000 / start.elapsed().as_micros();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1000];
    println!("{name}: marks_per_s {rate} p50 {:?} p99 {:?} p999 {:?}", at(500), at(990), at(999));
}

fn mark(number: u64, counted: bool) -> Mark {
    let now = HostClock::default().present().at;
    let mut name = [7; 16];
    name[..8].copy_from_slice(&number.to_be_bytes());
    name[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    let cell = Cell {
        name: Name(name),
        began: Millis::LAST,
        good_until: now.after(60_000),
        keep_until: now.after(60_000),
        before: Value::default(),
        after: Value::new([1; 12]).unwrap(),
    };
    let cells = if counted { vec![cell] } else { Vec::new() };
    let nonce = Some(Spent { name: Name(name), given: now });
    Mark { now, made: now, nonce, cells }
}
