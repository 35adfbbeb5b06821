//! A server is restarted, emptied, or begun anew over an old copy of its files.

use std::time::Duration;

use keyward_backend::{
    serials::Serials,
    state::{Millis, State, StateError, Verdict, clock::Clock},
};

use crate::bench::{ISSUER, LEAP, OnServer, answers, founded, node, scope, spend, usage};

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

/// An empty server may be a fleet's first: whoever connects first, and knows nothing, can't tell.
#[tokio::test]
async fn an_emptied_server_gives_uses_back_until_one_who_knows_better_asks() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let knows = node(&server, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(knows.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    assert_eq!(knows.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    let challenge = spend(&clock, 2);
    server.ask(&["FLUSHALL"]);
    let fresh = node(&server, &clock).await.unwrap();
    assert_eq!(fresh.mark(&challenge).await, Ok(Verdict::Forgotten));
    clock.wait(1);
    assert_eq!(fresh.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    assert_eq!(knows.mark(&spend(&clock, 3)).await, Ok(Verdict::Forgotten));
    clock.wait(10_001);
    for store in [&fresh, &knows] {
        let seen = store.mark(&usage(&clock, 7, began, 1, 2)).await;
        assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
    }
}

/// The same for an old copy, which is as whole as the newest.
#[tokio::test]
async fn an_old_copy_gives_uses_back_until_one_who_knows_better_asks() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let knows = node(&server, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    server.kill();
    let copy = tempfile::tempdir().unwrap();
    copy_all(&server.files(), copy.path());
    server.restart();
    answers(&knows).await;
    clock.wait(1);
    let challenge = spend(&clock, 1);
    assert_eq!(knows.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    server.kill();
    copy_all(copy.path(), &server.files());
    server.restart();
    let fresh = founded(&server, &clock).await;
    assert_eq!(fresh.mark(&challenge).await, Ok(Verdict::Forgotten));
    clock.wait(1);
    assert_eq!(fresh.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    answers(&knows).await;
    clock.wait(10_001);
    for store in [&fresh, &knows] {
        let seen = store.mark(&usage(&clock, 7, began, 1, 2)).await;
        assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
    }
}

#[tokio::test]
async fn a_fleet_that_was_founded_takes_an_empty_server_for_a_loss() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(store.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    drop(store);
    // A restart over its own files is none.
    server.kill();
    server.restart();
    let store = founded(&server, &clock).await;
    clock.wait(1);
    assert_eq!(store.mark(&usage(&clock, 7, began, 1, 2)).await, Ok(Verdict::Marked));
    drop(store);
    // Nobody lives who knows better.
    server.ask(&["FLUSHALL"]);
    let (one, other) = (founded(&server, &clock).await, founded(&server, &clock).await);
    clock.wait(10_000);
    assert_eq!(one.mark(&spend(&clock, 1)).await, Ok(Verdict::Forgotten));
    clock.wait(1);
    for store in [&one, &other] {
        let seen = store.mark(&usage(&clock, 7, began, 0, 1)).await;
        assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
    }
    let new = usage(&clock, 8, clock.present().lo(), 0, 1);
    assert_eq!(other.mark(&new).await, Ok(Verdict::Marked));
}

#[tokio::test]
async fn an_empty_replica_that_takes_over_is_no_first_server() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    server.ask(&["REPLICAOF", "NO", "ONE"]);
    clock.wait(10);
    let began = clock.present().lo();
    let store = node(&server, &clock).await.unwrap();
    clock.wait(10_000);
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Forgotten));
    clock.wait(1);
    let seen = store.mark(&usage(&clock, 7, began, 0, 1)).await;
    assert_eq!(seen, Ok(Verdict::CellForgotten(0)));
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

#[tokio::test]
async fn a_restart_before_the_first_mark_forgets_no_cell() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    drop(node(&server, &clock).await.unwrap());
    clock.wait(10);
    let began = clock.present().lo();
    for _ in 0..2 {
        server.kill();
        server.restart();
        drop(node(&server, &clock).await.unwrap());
        clock.wait(1);
    }
    let store = node(&server, &clock).await.unwrap();
    assert_eq!(store.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
}

#[tokio::test]
async fn who_lived_through_a_restart_finds_his_counts_again() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let lives = node(&server, &clock).await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(lives.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    server.kill();
    server.restart();
    drop(node(&server, &clock).await.unwrap());
    answers(&lives).await;
    clock.wait(1);
    assert_eq!(lives.mark(&usage(&clock, 7, began, 1, 2)).await, Ok(Verdict::Marked));
}

#[tokio::test]
async fn no_restart_lowers_the_floor_of_a_loss() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let knows = node(&server, &clock).await.unwrap();
    clock.wait(10);
    assert_eq!(knows.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    server.ask(&["FLUSHALL"]);
    assert_eq!(knows.mark(&spend(&clock, 2)).await, Ok(Verdict::Forgotten));
    server.kill();
    server.restart();
    let store = node(&server, &clock).await.unwrap();
    clock.wait(9_999);
    assert_eq!(store.mark(&spend(&clock, 3)).await, Ok(Verdict::Forgotten));
    clock.wait(2);
    assert_eq!(store.mark(&spend(&clock, 4)).await, Ok(Verdict::Marked));
}

#[tokio::test]
async fn a_loss_is_settled_once_for_all_who_knew_better() {
    let Some(OnServer { clock, mut server }) = OnServer::start() else { return };
    let (one, other) = (node(&server, &clock).await.unwrap(), node(&server, &clock).await.unwrap());
    clock.wait(10);
    server.kill();
    let copy = tempfile::tempdir().unwrap();
    copy_all(&server.files(), copy.path());
    server.restart();
    answers(&one).await;
    answers(&other).await;
    clock.wait(1);
    assert_eq!(one.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    assert_eq!(other.mark(&spend(&clock, 2)).await, Ok(Verdict::Marked));
    server.kill();
    copy_all(copy.path(), &server.files());
    server.restart();
    answers(&one).await;
    clock.wait(10_001);
    let began = clock.present().lo();
    assert_eq!(one.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    // What he knows better was lost before this use.
    answers(&other).await;
    assert_eq!(other.mark(&usage(&clock, 7, began, 1, 2)).await, Ok(Verdict::Marked));
}

#[tokio::test]
async fn serials_end_where_leaps_have_used_them_up() {
    let Some(OnServer { clock, server }) = OnServer::start() else { return };
    let store = node(&server, &clock).await.unwrap();
    // 2^20 of them, and behind each change of the server a leap of 2^24: 2^31 ahead of the time, and
    // no more.
    let mut given = 0;
    let refused = loop {
        server.ask(&["HSET", "{keyward}state", "servers", &(given + 2).to_string()]);
        match store.reserve(&scope(), ISSUER, 1 << 20).await {
            Ok(_) => given += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((refused, given), (StateError::TooMuch, 121));
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for old in std::fs::read_dir(to).unwrap().flatten() {
        std::fs::remove_file(old.path()).unwrap();
    }
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
