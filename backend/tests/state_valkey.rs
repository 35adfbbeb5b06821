//! The store on a Valkey or Redis server: through the kit, and what only such a server can do.

mod servers;

use std::time::{Duration, Instant};

use keyward_backend::{
    serials::Serials,
    state::{
        Cell, Mark, Millis, Name, Spent, State, StateError, Value, Verdict,
        clock::{Clock, HandClock},
        kit::{self, Harness, START},
        valkey::{Options, Valkey},
    },
};
use servers::{Redis, skipped};

struct OnServer {
    clock: HandClock,
    server: Redis,
}

impl OnServer {
    fn start() -> Option<Self> {
        let server = Redis::start(&[]);
        if server.is_none() {
            skipped("redis-server");
        }
        Some(Self { clock: HandClock::at(START), server: server? })
    }
}

async fn node(server: &Redis, clock: &HandClock) -> Result<Valkey, StateError> {
    let mut options = Options::new(server.url());
    options.look_every = Duration::from_millis(50);
    Valkey::connect(options, clock.clone()).await
}

impl Harness for OnServer {
    type Store = Valkey;

    async fn fresh(&mut self) -> Result<(), String> {
        self.server.ask(&["FLUSHALL"]);
        self.clock = HandClock::at(START);
        // The first node's connection is the store's birth.
        node(&self.server, &self.clock).await.map(drop).map_err(|error| error.to_string())
    }

    async fn node(&mut self) -> Result<Valkey, StateError> {
        node(&self.server, &self.clock).await
    }

    fn clock(&self) -> HandClock {
        self.clock.clone()
    }

    async fn kill(&mut self) -> bool {
        self.server.kill();
        true
    }

    async fn revive(&mut self) -> Result<(), String> {
        self.server.restart();
        Ok(())
    }

    async fn held(&mut self) -> Option<(usize, usize)> {
        let number = |text: String| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
        // Whatever lies there, listed for its end or not.
        let count = "local n = 0 for _, key in ipairs(redis.call('KEYS', ARGV[1])) do n = n + \
                     redis.call('SCARD', key) end return n";
        let nonces = number(self.server.ask(&["EVAL", count, "0", "{keyward}nonces:*"]))?;
        Some((nonces, number(self.server.ask(&["HLEN", "{keyward}cells"]))?))
    }
}

fn spend(clock: &HandClock, nonce: u8) -> Mark {
    let now = clock.present().lo();
    let nonce = Some(Spent { name: Name([nonce; 16]), given: now });
    Mark { now, made: now, nonce, cells: Vec::new() }
}

/// A use of a link that became valid at this instant.
fn usage(clock: &HandClock, link: u8, began: Millis, before: u8, after: u8) -> Mark {
    let value = |uses| Value::new(if uses == 0 { vec![] } else { vec![uses] }).unwrap();
    let (name, keep_until) = (Name([link; 16]), Millis::LAST);
    let (before, after) = (value(before), value(after));
    let cells = vec![Cell { name, began, keep_until, before, after }];
    Mark { nonce: None, cells, ..spend(clock, 0) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_on_a_server_keeps_the_contract() {
    let Some(mut server) = OnServer::start() else { return };
    assert_eq!(kit::run(&mut server, 1).await, Ok(()));
}

#[tokio::test]
async fn a_server_that_could_lose_what_it_confirms_is_refused() {
    for (name, value) in [
        ("appendonly", "no"),
        ("appendfsync", "everysec"),
        ("appendfsync", "no"),
        ("no-appendfsync-on-rewrite", "yes"),
        ("maxmemory-policy", "allkeys-lru"),
    ] {
        let Some(server) = Redis::start(&[(name, value)]) else { return skipped("redis-server") };
        let refused = node(&server, &HandClock::at(START)).await.err();
        let Some(StateError::Unfit(why)) = refused else { panic!("{name}: {refused:?}") };
        assert!(why.contains(name), "{why}");
    }
}

#[tokio::test]
async fn a_server_that_becomes_unfit_is_left_and_found_again() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(1);
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    server.ask(&["CONFIG", "SET", "appendfsync", "everysec"]);
    let mut answer = Ok(Verdict::Marked);
    for nonce in 2..60 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = store.mark(&spend(&clock, nonce)).await;
        if answer.is_err() {
            break;
        }
    }
    assert!(matches!(answer, Err(StateError::Unfit(_))), "{answer:?}");
    server.ask(&["CONFIG", "SET", "appendfsync", "always"]);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(store.mark(&spend(&clock, 100)).await, Ok(Verdict::Marked));
}

#[tokio::test]
async fn a_full_server_refuses_and_forgets_nothing() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(1);
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let full = store.mark(&spend(&clock, 2)).await;
    assert!(matches!(full, Err(StateError::Unavailable(_))), "{full:?}");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Spent));
    assert_eq!(store.mark(&spend(&clock, 2)).await, Ok(Verdict::Marked));
}

/// A master, and two replicas that have all that it confirmed; the master needs one of them.
async fn three(clock: &HandClock) -> Option<(Redis, Redis, Redis)> {
    let master = Redis::start(&[("repl-diskless-sync-delay", "0")])?;
    let of = format!("127.0.0.1 {}", master.port);
    let (one, other) = (Redis::start(&[("replicaof", &of)])?, Redis::start(&[("replicaof", &of)])?);
    for replica in [&one, &other] {
        until(|| replica.ask(&["INFO", "replication"]).contains("master_link_status:up"));
    }
    let unfenced = node(&master, clock).await.err();
    let Some(StateError::Unfit(why)) = unfenced else { panic!("{unfenced:?}") };
    assert!(why.contains("min-replicas-to-write"), "{why}");
    for server in [&master, &one, &other] {
        server.ask(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    }
    Some((master, one, other))
}

/// Waits for a server; none takes this long.
fn until(there: impl Fn() -> bool) {
    let since = Instant::now();
    while !there() {
        assert!(since.elapsed() < PATIENCE, "it doesn't come to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a node finds its server again.
async fn answers(store: &Valkey) {
    let since = Instant::now();
    while store.read(&[Name([7; 16])]).await.is_err() {
        assert!(since.elapsed() < PATIENCE, "the server isn't found again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn caught_up(master: &Redis, replica: &Redis) {
    let marks = master.ask(&["HGET", "{keyward}state", "marks"]);
    until(|| replica.ask(&["HGET", "{keyward}state", "marks"]) == marks);
}

#[tokio::test]
async fn a_replica_that_takes_over_counts_all_before_it_as_seen() {
    let clock = HandClock::at(START);
    let Some((mut master, one, other)) = three(&clock).await else {
        return skipped("redis-server");
    };
    let store = node(&master, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    caught_up(&master, &one);
    let reserved = store.reserve(&scope(), ISSUER, 10).await.unwrap();
    clock.wait(1);
    // These are confirmed, and the replicas don't hear of them.
    master.ask(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    for replica in [&one, &other] {
        replica.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    }
    let lost = [spend(&clock, 2), usage(&clock, 8, began, 0, 1)];
    for mark in &lost {
        assert_eq!(store.mark(mark).await, Ok(Verdict::Marked));
    }
    master.kill();
    one.ask(&["REPLICAOF", "NO", "ONE"]);
    other.ask(&["REPLICAOF", "127.0.0.1", &one.port.to_string()]);
    until(|| one.ask(&["INFO", "replication"]).contains("state=online"));

    // A node that knows nothing of what came before. It may have to wait for the replica's own
    // file.
    let since = Instant::now();
    let store = loop {
        match node(&one, &clock).await {
            Err(StateError::Unavailable(_)) if since.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            store => break store.unwrap(),
        }
    };
    for mark in [&lost[0], &spend(&clock, 3)] {
        assert_eq!(store.mark(mark).await, Ok(Verdict::Forgotten));
    }
    // As long as the former master may live on, cut off.
    clock.wait(9_900);
    assert_eq!(store.mark(&spend(&clock, 5)).await, Ok(Verdict::Forgotten));
    clock.wait(101);
    let old = |before, after| usage(&clock, 7, began, before, after);
    assert_eq!(store.mark(&old(1, 2)).await, Ok(Verdict::CellForgotten(0)));
    assert_eq!(store.mark(&usage(&clock, 8, began, 0, 1)).await, Ok(Verdict::CellForgotten(0)));
    let new = usage(&clock, 9, clock.present().lo(), 0, 1);
    assert_eq!(store.mark(&new).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&spend(&clock, 4)).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&spend(&clock, 4)).await, Ok(Verdict::Spent));
    let next = store.reserve(&scope(), ISSUER, 10).await.unwrap();
    assert!(next.start >= reserved.end + LEAP - 10, "{reserved:?} {next:?}");
}

#[tokio::test]
async fn a_replica_that_takes_over_and_restarts_is_still_found_out() {
    let clock = HandClock::at(START);
    let Some((master, mut one, _other)) = three(&clock).await else {
        return skipped("redis-server");
    };
    let store = node(&master, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(store.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    caught_up(&master, &one);
    drop(master);
    until(|| one.ask(&["INFO", "persistence"]).contains("aof_rewrite_in_progress:0"));
    one.ask(&["REPLICAOF", "NO", "ONE"]);
    one.kill();
    one.promote_settings();
    one.restart();
    assert!(one.ask(&["INFO", "replication"]).contains("master_replid2:000000"));
    let store = node(&one, &clock).await.unwrap();
    clock.wait(10_001);
    assert_eq!(store.mark(&usage(&clock, 7, began, 1, 2)).await, Ok(Verdict::CellForgotten(0)));
}

#[tokio::test]
async fn an_old_copy_and_an_empty_server_are_found_out_by_a_node_that_knows_better() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let (knows, stale) =
        (node(&server, &clock).await.unwrap(), node(&server, &clock).await.unwrap());
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(stale.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    server.kill();
    let copy = tempfile::tempdir().unwrap();
    copy_all(&server.files(), copy.path());
    server.restart();
    clock.wait(10);
    answers(&knows).await;
    clock.wait(1);
    assert_eq!(knows.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    server.kill();
    copy_all(copy.path(), &server.files());
    server.restart();
    // One who doesn't know takes the copy for the newest; what he can't know of moments doesn't
    // matter.
    answers(&stale).await;
    assert_eq!(stale.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Forgotten));
    // One who does raises the floor for all.
    answers(&knows).await;
    clock.wait(10_001);
    for store in [&stale, &knows] {
        let seen = store.mark(&usage(&clock, 7, began, 0, 1)).await;
        assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
    }

    // The same for nothing where there was something.
    let began = clock.present().lo();
    assert_eq!(knows.mark(&usage(&clock, 9, began, 0, 1)).await, Ok(Verdict::Marked));
    server.ask(&["FLUSHALL"]);
    assert_eq!(knows.mark(&usage(&clock, 9, began, 0, 1)).await, Ok(Verdict::Forgotten));
    clock.wait(10_001);
    let seen = knows.mark(&usage(&clock, 9, began, 0, 1)).await;
    assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
}

#[tokio::test]
async fn who_knows_better_finds_an_emptied_server_out_that_another_has_begun_anew() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let knows = node(&server, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(knows.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    let given = knows.reserve(&scope(), ISSUER, 10).await.unwrap();
    server.ask(&["FLUSHALL"]);
    clock.wait(2_000);
    let begins = node(&server, &clock).await.unwrap();
    clock.wait(1);
    assert_eq!(begins.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    // The process is the same, and so is the connection.
    assert_eq!(knows.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Forgotten));
    let next = knows.reserve(&scope(), ISSUER, 10).await.unwrap();
    assert!(next.start >= given.end, "{given:?} {next:?}");
    clock.wait(10_001);
    for store in [&begins, &knows] {
        let seen = store.mark(&usage(&clock, 7, began, 0, 1)).await;
        assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
    }
    // The floor is the last instant that is refused.
    let floor = server.ask(&["HGET", "{keyward}state", "counts"]);
    let floor = floor.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
    let at = |instant, link| usage(&clock, link, Millis::new(instant), 0, 1);
    assert_eq!(knows.mark(&at(floor, 8)).await, Ok(Verdict::CellForgotten(0)));
    assert_eq!(knows.mark(&at(floor + 1, 9)).await, Ok(Verdict::Marked));

    // Serials too are given by no store that others have begun.
    server.ask(&["FLUSHALL"]);
    node(&server, &clock).await.unwrap();
    let after = knows.reserve(&scope(), ISSUER, 10).await.unwrap();
    assert!(after.start >= next.end, "{next:?} {after:?}");
}

#[tokio::test]
async fn who_is_told_of_another_run_connects_anew() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(1);
    let mark = spend(&clock, 1);
    // The data of a server that went on elsewhere, with the floor that this node knows.
    server.ask(&["HSET", "{keyward}state", "run", "another"]);
    assert_eq!(store.mark(&mark).await, Ok(Verdict::Forgotten));
    let given = store.reserve(&scope(), ISSUER, 10).await.unwrap();
    server.ask(&["HSET", "{keyward}state", "run", "another"]);
    let next = store.reserve(&scope(), ISSUER, 10).await.unwrap();
    assert!(next.start >= given.end + LEAP - 10, "{given:?} {next:?}");
}

#[tokio::test]
async fn the_last_nonce_of_those_that_are_dropped_is_refused_with_them() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    // The last millisecond of 8 seconds whose nonces lie together.
    clock.wait(8_000 - clock.present().lo().get() % 8_000 + 7_999);
    let last = spend(&clock, 1);
    assert_eq!(last.made.get() % 8_000, 7_999);
    assert_eq!(store.mark(&last).await, Ok(Verdict::Marked));
    clock.wait(60_000);
    assert_eq!(store.mark(&last).await, Ok(Verdict::Spent));
    assert_eq!(store.mark(&spend(&clock, 2)).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&last).await, Ok(Verdict::Forgotten));
}

/// What another server has marked meanwhile, this one may never have heard of.
#[tokio::test]
async fn a_master_that_was_a_replica_meanwhile_is_another_server() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    for stays in [false, true] {
        let before = node(&server, &clock).await.unwrap();
        clock.wait(10);
        let (challenge, began) = (spend(&clock, 1), clock.present().lo());
        server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
        server.ask(&["REPLICAOF", "NO", "ONE"]);
        clock.wait(1);
        // One that stayed connected has slept too long to believe in what it saw.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let store = if stays { before } else { node(&server, &clock).await.unwrap() };
        assert_eq!(store.mark(&challenge).await, Ok(Verdict::Forgotten), "stays: {stays}");
        clock.wait(10_001);
        let used = store.mark(&usage(&clock, 7, began, 0, 1)).await;
        assert_eq!(used, Ok(Verdict::CellForgotten(0)));
    }
}

#[tokio::test]
async fn who_has_slept_looks_before_the_first_mark() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(1);
    server.ask(&["CONFIG", "SET", "appendfsync", "everysec"]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let first = store.mark(&spend(&clock, 1)).await;
    assert!(matches!(first, Err(StateError::Unfit(_))), "{first:?}");
}

#[test]
fn options_show_no_password() {
    let shown = format!("{:?}", Options::new("redis://user:s3cret@127.0.0.1/"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn a_restart_alone_forgets_no_cell() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(store.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    server.ask(&["BGREWRITEAOF"]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(store.mark(&usage(&clock, 7, began, 1, 2)).await, Ok(Verdict::Marked));
    server.kill();
    server.restart();
    drop(store);
    let store = node(&server, &clock).await.unwrap();
    assert_eq!(store.mark(&usage(&clock, 7, began, 2, 3)).await, Ok(Verdict::Forgotten));
    clock.wait(1);
    assert_eq!(store.mark(&usage(&clock, 7, began, 2, 3)).await, Ok(Verdict::Marked));
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for old in std::fs::read_dir(to).unwrap().flatten() {
        std::fs::remove_file(old.path()).unwrap();
    }
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn scope() -> keyward::Scope {
    let (domain, epoch) = (keyward::id::DomainId([7; 32]), keyward::id::Epoch(1));
    keyward::Scope { domain, epoch }
}

const ISSUER: keyward::id::KeyId = keyward::id::KeyId([9; 8]);
/// How far serials leap where some may have been lost.
const LEAP: u64 = 1 << 24;
const PATIENCE: Duration = Duration::from_secs(20);
