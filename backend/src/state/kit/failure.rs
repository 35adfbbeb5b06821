//! A store that dies, and comes back.

use std::time::{Duration, Instant};

use super::{Harness, change, held, marked, name, nodes, same, spend, step};
use crate::state::{Mark, State, StateError, Verdict, clock::Clock};

/// What was confirmed outlives a kill; a restart alone forgets no cell.
pub(super) async fn remembers<H: Harness>(harness: &mut H) -> Result<(), String> {
    let clock = harness.clock();
    for life in 0..3 {
        let stores = nodes(harness, 2).await?;
        let marks: Vec<_> = (life * MANY..(life + 1) * MANY)
            .map(|n| Mark { cells: vec![step(&clock, n, 0, n + 1)], ..spend(&clock, n) })
            .collect();
        for (mark, store) in marks.iter().zip(stores.iter().cycle()) {
            same("a mark", marked(store, mark).await?, Verdict::Marked)?;
        }
        drop(stores);
        if !harness.kill().await {
            return Ok(());
        }
        harness.revive().await?;
        let stores = nodes(harness, 2).await?;
        // A store may have to refuse what was made until its restart.
        clock.wait(SETTLED);
        for (n, mark) in (life * MANY..).zip(&marks) {
            let again = Mark { now: clock.present().lo(), cells: Vec::new(), ..mark.clone() };
            match marked(&stores[0], &again).await? {
                Verdict::Spent | Verdict::Forgotten => {}
                other => return Err(format!("nonce {n} after a kill: {other:?}")),
            }
            same("a cell after a kill", held(&stores[1], n).await?, n + 1)?;
        }
        let cells = vec![step(&clock, life * MANY, life * MANY + 1, 7)];
        let next = change(&clock, cells);
        same("the next use", marked(&stores[1], &next).await?, Verdict::Marked)?;
        clock.wait(1);
    }
    Ok(())
}

/// While the store is dead nobody is told that it marked; when it is back, nodes find it.
pub(super) async fn outage<H: Harness>(harness: &mut H) -> Result<(), String> {
    if !harness.outlived() {
        return Ok(());
    }
    let (clock, stores) = (harness.clock(), nodes(harness, 2).await?);
    same("at first", marked(&stores[0], &spend(&clock, 1)).await?, Verdict::Marked)?;
    if !harness.kill().await {
        return Ok(());
    }
    for nonce in 2..8 {
        let asked = Instant::now();
        let answer = stores[0].mark(&spend(&clock, nonce)).await;
        if !matches!(answer, Err(StateError::Unavailable(_))) {
            return Err(format!("a dead store: {answer:?}"));
        }
        if asked.elapsed() > PATIENCE {
            return Err(format!("{:?} to tell that the store is dead", asked.elapsed()));
        }
        if stores[1].read(&[name(nonce)]).await.is_ok() {
            return Err("a dead store was read".into());
        }
    }
    harness.revive().await?;
    let back = Instant::now();
    for (nonce, store) in (100..).zip(stores.iter().cycle()) {
        clock.wait(SETTLED);
        if store.mark(&spend(&clock, nonce)).await == Ok(Verdict::Marked) {
            break;
        }
        if back.elapsed() > PATIENCE {
            return Err("the store is back, and isn't found".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match marked(&stores[0], &Mark { now: clock.present().lo(), ..spend(&clock, 101) }).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the store was lost again: {error}")),
    }
}

const MANY: u64 = 40;

/// Milliseconds after a restart by which a store takes anything.
const SETTLED: u64 = 100;

/// How long a dead store may keep a caller waiting, and a revived one a node.
const PATIENCE: Duration = Duration::from_secs(10);
