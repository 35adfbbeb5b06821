//! The store on a Valkey or Redis server: through the kit, and what only such a server can do.

mod bench;
mod losses;
#[path = "../servers/mod.rs"]
mod servers;
mod takeovers;

use std::time::Duration;

use bench::{OnServer, node, spend};
use keyward_backend::state::{
    State, StateError, Verdict,
    clock::{Clock, HandClock},
    kit::{self, START},
    valkey::Options,
};
use servers::{Redis, skipped};

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

#[tokio::test]
async fn the_last_nonce_of_those_that_are_dropped_is_refused_with_them() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(1);
    assert_eq!(store.mark(&spend(&clock, 9)).await, Ok(Verdict::Marked));
    // The last millisecond of 8 seconds whose nonces lie together.
    clock.wait(8_000 - clock.present().lo().get() % 8_000 + 7_999);
    let last = spend(&clock, 1);
    assert_eq!(last.made.get() % 8_000, 7_999);
    assert_eq!(store.mark(&last).await, Ok(Verdict::Marked));
    clock.wait(60_000);
    assert_eq!(store.mark(&last).await, Ok(Verdict::Spent));
    // Each mark drops one set.
    for nonce in [2, 3] {
        assert_eq!(store.mark(&spend(&clock, nonce)).await, Ok(Verdict::Marked));
    }
    assert_eq!(store.mark(&last).await, Ok(Verdict::Forgotten));
    let left = server.ask(&["KEYS", "{keyward}nonces:*"]);
    assert_eq!(left.matches("nonces:").count(), 1, "{left}");
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
