//! A replica takes over: what it may lack is refused.

use std::time::{Duration, Instant};

use keyward_backend::{
    serials::Serials,
    state::{
        State, StateError, Verdict,
        clock::{Clock, HandClock},
        kit::START,
    },
};

use crate::{
    bench::{ISSUER, LEAP, OnServer, PATIENCE, node, scope, spend, until, usage},
    servers::{Redis, skipped},
};

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
async fn a_takeover_is_settled_once_for_all_who_knew_better() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let knows = node(&server, &clock).await.unwrap();
    clock.wait(10);
    for nonce in 1..4 {
        assert_eq!(knows.mark(&spend(&clock, nonce)).await, Ok(Verdict::Marked));
    }
    // A replica that lacks two of them goes on.
    server.ask(&["HSET", "{keyward}state", "marks", "1"]);
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    server.ask(&["REPLICAOF", "NO", "ONE"]);
    let first = node(&server, &clock).await.unwrap();
    clock.wait(10_001);
    let began = clock.present().lo();
    assert_eq!(first.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    // Who knew of them comes when all is settled.
    tokio::time::sleep(Duration::from_millis(200)).await;
    clock.wait(1);
    assert_eq!(knows.mark(&usage(&clock, 7, began, 1, 2)).await, Ok(Verdict::Marked));
}
