//! Dropping: what is over goes, what isn't stays, and nothing that is gone is taken for new.

use std::time::Duration;

use super::{DAY, Harness, change, count, held, marked, nodes, same, spend, step};
use crate::state::{
    Cell, Mark, Verdict,
    clock::{Clock, HandClock},
    rules::NONCE_KEPT,
};

pub(super) async fn drops<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, 2).await?);
    let store = &nodes[0];
    let old: Vec<_> = (0..MANY).map(|nonce| spend(&clock, nonce)).collect();
    let short = |cell| kept_for(NONCE_KEPT, step(&clock, cell, 0, 1), &clock);
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

/// A cell that is dropped, early by some node's clock, and begun anew says nothing of what it held
/// before: a request that it may have held is refused by its own end, however long the cell is kept
/// from now on.
pub(super) async fn begun_anew<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, 2).await?);
    let first = kept_for(LIFE, step(&clock, 1, 0, 1), &clock);
    let mark = change(&clock, vec![first.clone()]);
    same("the first", marked(&nodes[0], &mark).await?, Verdict::Marked)?;
    clock.wait(LIFE + SLACK);
    for nonce in 0..MANY {
        if held(&nodes[1], 1).await? == 0 {
            break;
        }
        same("beside", marked(&nodes[0], &spend(&clock, nonce)).await?, Verdict::Marked)?;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    if held(&nodes[1], 1).await? != 0 {
        // A store may keep all, if it can't be told how much that is.
        return harness.held().await.map_or(Ok(()), |_| Err("a cell that is over is held".into()));
    }
    let second = step(&clock, 1, 0, 2);
    let (long, mark) = (second.keep_until, change(&clock, vec![second]));
    same("the next", marked(&nodes[0], &mark).await?, Verdict::Marked)?;
    for node in &nodes {
        let again = Cell { before: count(2), after: count(3), keep_until: long, ..first.clone() };
        let again = marked(node, &change(&clock, vec![again])).await?;
        same("the first again", again, Verdict::CellForgotten(0))?;
        same("the cell", held(node, 1).await?, 2)?;
    }
    let last = change(&clock, vec![step(&clock, 1, 2, 3)]);
    same("one that is new", marked(&nodes[1], &last).await?, Verdict::Marked)
}

/// A cell that is over after some milliseconds.
fn kept_for(millis: u64, cell: Cell, clock: &HandClock) -> Cell {
    let until = clock.present().lo().after(millis);
    Cell { good_until: until, keep_until: until, ..cell }
}

/// Milliseconds that a cell lives which is begun anew.
const LIFE: u64 = 1000;

const MANY: u64 = 256;

/// Milliseconds by which a store may drop late.
const SLACK: u64 = 10_000;
