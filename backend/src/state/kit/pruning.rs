//! Dropping: what is over goes, what isn't stays, and nothing that is gone is taken for new.

use std::time::Duration;

use super::{DAY, Harness, change, marked, nodes, same, spend, step};
use crate::state::{Cell, Mark, Verdict, clock::Clock, rules::NONCE_KEPT};

pub(super) async fn drops<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, 2).await?);
    let store = &nodes[0];
    let old: Vec<_> = (0..MANY).map(|nonce| spend(&clock, nonce)).collect();
    let short = |cell| {
        let keep_until = clock.present().lo().after(NONCE_KEPT);
        Cell { keep_until, ..step(&clock, cell, 0, 1) }
    };
    let brief: Vec<_> = (0..MANY).map(|cell| change(&clock, vec![short(cell)])).collect();
    for mark in old.iter().chain(&brief) {
        same("at first", marked(store, mark).await?, Verdict::Marked)?;
    }
    let long = change(&clock, vec![step(&clock, DAY, 0, 1)]);
    same("a long one", marked(store, &long).await?, Verdict::Marked)?;

    // Just before the end of a nonce's life nothing is dropped, however much is marked.
    clock.wait(NONCE_KEPT / 2);
    let young: Vec<_> = (MANY..2 * MANY).map(|nonce| spend(&clock, nonce)).collect();
    for mark in &young {
        same("young", marked(store, mark).await?, Verdict::Marked)?;
    }
    for mark in &old {
        same("half a life later", marked(&nodes[1], mark).await?, Verdict::Spent)?;
    }
    // Some time beyond it: a store may drop in steps.
    clock.wait(NONCE_KEPT / 2 + SLACK);
    for nonce in 2 * MANY..3 * MANY {
        same("fresh", marked(store, &spend(&clock, nonce)).await?, Verdict::Marked)?;
        if nonce % 64 == 0 {
            // Stores that drop now and then do it by the host's clock.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
    for mark in &young {
        let now = clock.present().lo();
        same("young still", marked(&nodes[1], &Mark { now, ..mark.clone() }).await?, {
            Verdict::Spent
        })?;
    }
    for mark in old.iter().chain(&brief) {
        let mark = &Mark { now: clock.present().lo(), ..mark.clone() };
        match marked(&nodes[1], mark).await? {
            Verdict::Marked => return Err(format!("what was dropped is new: {mark:?}")),
            Verdict::Spent | Verdict::Forgotten => {}
            Verdict::CellForgotten(0) | Verdict::Changed(_) => {}
            other => return Err(format!("what was dropped: {other:?}")),
        }
    }
    let longer = change(&clock, vec![step(&clock, DAY, 1, 2)]);
    same("the long one", marked(store, &longer).await?, Verdict::Marked)?;
    if let Some((held_nonces, held_cells)) = harness.held().await {
        let most = usize::try_from(2 * MANY + MANY / 2).unwrap_or(0);
        if held_nonces > most || held_cells > usize::try_from(MANY / 2).unwrap_or(0) {
            return Err(format!("{held_nonces} nonces and {held_cells} cells are still held"));
        }
    }
    Ok(())
}

const MANY: u64 = 256;

/// Milliseconds by which a store may drop late.
const SLACK: u64 = 10_000;
