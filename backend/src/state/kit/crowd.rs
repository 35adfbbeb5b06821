//! Many at the same time, over several nodes.

use std::sync::Arc;

use keyward::{Scope, id};
use tokio::{sync::Barrier, task::JoinSet};

use super::{Harness, change, held, marked, nodes, number, same, spend, step};
use crate::{
    serials::Serials,
    state::{State, Verdict, clock::HandClock},
};

/// One nonce, many who bring it: one of them is the first.
pub(super) async fn once<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, NODES).await?);
    for nonce in 0..ROUNDS {
        let mark = spend(&clock, nonce);
        let verdicts = together(&nodes, TASKS, move |store, _| {
            let mark = mark.clone();
            async move { marked(&store, &mark).await }
        });
        let (mut first, mut later) = (0, 0);
        for verdict in verdicts.await? {
            match verdict {
                Verdict::Marked => first += 1,
                Verdict::Spent => later += 1,
                other => return Err(format!("a nonce: {other:?}")),
            }
        }
        same("first, and later", (first, later), (1, TASKS - 1))?;
    }
    Ok(())
}

/// One cell, many who found it empty: one of them changes it, and the others are told to what.
pub(super) async fn one_changes<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, NODES).await?);
    for cell in 0..ROUNDS {
        let clock = clock.clone();
        let verdicts = together(&nodes, TASKS, move |store, task| {
            let mark = change(&clock, vec![step(&clock, cell, 0, task + 1)]);
            async move { Ok((task, marked(&store, &mark).await?)) }
        });
        let verdicts = verdicts.await?;
        let marked = |(_, verdict): &&(u64, Verdict)| *verdict == Verdict::Marked;
        let winners: Vec<_> = verdicts.iter().filter(marked).map(|(task, _)| task + 1).collect();
        let [winner] = winners[..] else {
            return Err(format!("an empty cell was changed by {winners:?}"));
        };
        for (_, verdict) in &verdicts {
            match verdict {
                Verdict::Marked => {}
                Verdict::Changed(values) => same("told", number(&values[0])?, winner)?,
                other => return Err(format!("a cell: {other:?}")),
            }
        }
        same("held", held(&nodes[0], cell).await?, winner)?;
    }
    Ok(())
}

/// A count of three, and fifty who use it.
pub(super) async fn counts<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, NODES).await?);
    for cell in 0..ROUNDS {
        let clock = clock.clone();
        let used = together(&nodes, TASKS, move |store, _| uses(store, clock.clone(), cell, 3, 1));
        same("uses", used.await?.iter().sum(), 3)?;
        same("held", held(&nodes[0], cell).await?, 3)?;
    }
    Ok(())
}

/// A count without an end: none of the uses is lost.
pub(super) async fn none_lost<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, NODES).await?);
    let used = together(&nodes, 8, move |store, _| uses(store, clock.clone(), 7, u64::MAX, 5));
    same("uses", used.await?.iter().sum(), 40)?;
    same("held", held(&nodes[1], 7).await?, 40)
}

/// Uses a count so many times, while it is below its limit.
async fn uses(
    store: impl State,
    clock: HandClock,
    cell: u64,
    limit: u64,
    wanted: u64,
) -> Result<u64, String> {
    let (mut used, mut now) = (0, held(&store, cell).await?);
    while used < wanted && now < limit {
        let mark = change(&clock, vec![step(&clock, cell, now, now + 1)]);
        match marked(&store, &mark).await? {
            Verdict::Marked => (used, now) = (used + 1, now + 1),
            Verdict::Changed(values) => now = number(&values[0])?,
            other => return Err(format!("a count: {other:?}")),
        }
    }
    Ok(used)
}

/// Serials of two issuers, reserved by all nodes, before and after a kill.
pub(super) async fn serials<H: Harness>(harness: &mut H) -> Result<(), String> {
    let mut given = [Vec::new(), Vec::new()];
    for life in 0..2 {
        let stores = nodes(harness, NODES).await?;
        let reserved = together(&stores, 16, |store, task| async move {
            let mut ranges = Vec::new();
            for count in 1..=10 {
                let (issuer, count) = (task % 2, u32::try_from(count * (task + 1)).unwrap_or(1));
                let range = reserve(&store, issuer, count).await?;
                same("serials", range.end - range.start, u64::from(count))?;
                ranges.push((issuer, range));
            }
            Ok(ranges)
        });
        for (issuer, range) in reserved.await?.into_iter().flatten() {
            let of = usize::try_from(issuer).unwrap_or(0);
            given[of].push((range.start, range.end));
        }
        if reserve(&stores[0], 0, u32::MAX).await.is_ok() {
            return Err("4 000 000 000 serials at once".into());
        }
        drop(stores);
        if life == 0 {
            if !harness.kill().await {
                break;
            }
            harness.revive().await?;
        }
    }
    for ranges in &mut given {
        ranges.sort_unstable();
        let twice = ranges.windows(2).find(|pair| pair[0].1 > pair[1].0);
        if let Some(twice) = twice {
            return Err(format!("given twice: {twice:?}"));
        }
    }
    Ok(())
}

async fn reserve(
    store: &impl Serials,
    issuer: u64,
    count: u32,
) -> Result<std::ops::Range<u64>, String> {
    let scope = Scope { domain: id::DomainId([7; 32]), epoch: id::Epoch(1) };
    let issuer = id::KeyId(issuer.to_le_bytes());
    store.reserve(&scope, issuer, count).await.map_err(|error| error.to_string())
}

/// Runs tasks at the same moment, in turn over all nodes.
async fn together<S, T, F>(
    nodes: &[S],
    tasks: u64,
    work: impl Fn(S, u64) -> F,
) -> Result<Vec<T>, String>
where
    S: Clone,
    T: Send + 'static,
    F: Future<Output = Result<T, String>> + Send + 'static,
{
    let start = Arc::new(Barrier::new(usize::try_from(tasks).unwrap_or(1)));
    let mut set = JoinSet::new();
    for (task, node) in (0..tasks).zip(nodes.iter().cycle()) {
        let (work, start) = (work(node.clone(), task), Arc::clone(&start));
        set.spawn(async move {
            start.wait().await;
            work.await
        });
    }
    set.join_all().await.into_iter().collect()
}

const NODES: usize = 3;
const TASKS: u64 = 50;
const ROUNDS: u64 = 12;
