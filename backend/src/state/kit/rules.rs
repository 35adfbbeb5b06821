//! What is refused, by name, and that nothing is changed by it.

use super::{Harness, change, count, held, marked, name, nodes, same, spend, step};
use crate::state::{Cell, Mark, State, StateError, Verdict};

/// Each refusal has its name.
pub(super) async fn refusals<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, 2).await?);
    let (one, other) = (&nodes[0], &nodes[1]);
    same("a nonce", marked(one, &spend(&clock, 1)).await?, Verdict::Marked)?;
    same("again, elsewhere", marked(other, &spend(&clock, 1)).await?, Verdict::Spent)?;
    same("another", marked(other, &spend(&clock, 2)).await?, Verdict::Marked)?;

    let first = change(&clock, vec![step(&clock, 1, 0, 1), step(&clock, 2, 0, 5)]);
    same("two cells", marked(one, &first).await?, Verdict::Marked)?;
    let changed = Verdict::Changed(vec![count(5), count(1), count(0)]);
    let stale = [step(&clock, 2, 5, 6), step(&clock, 1, 0, 1), step(&clock, 3, 0, 1)];
    same("a stale cell", marked(other, &change(&clock, stale.to_vec())).await?, changed)?;

    let birth = Mark { made: super::START, ..spend(&clock, 3) };
    same("made before the birth", marked(one, &birth).await?, Verdict::Forgotten)?;
    let birth = Mark { nonce: None, ..birth };
    same("the same without a nonce", marked(one, &birth).await?, Verdict::Forgotten)?;

    let twice = change(&clock, vec![step(&clock, 4, 0, 1), step(&clock, 4, 0, 2)]);
    same("a cell twice", one.mark(&twice).await, Err(StateError::TooMuch))?;
    let many = (10..16).map(|cell| step(&clock, cell, 0, 1)).collect();
    same("six cells", one.mark(&change(&clock, many)).await, Err(StateError::TooMuch))?;
    let cell = step(&clock, 5, 0, 1);
    let short = Cell { keep_until: cell.good_until.before(1), ..cell };
    same("a cell that goes first", one.mark(&change(&clock, vec![short])).await, {
        Err(StateError::TooMuch)
    })?;
    same("no cells", one.read(&[]).await, Ok(Vec::new()))?;
    same("in order", one.read(&[name(9), name(2), name(1)]).await, {
        Ok(vec![count(0), count(5), count(1)])
    })
}

/// All of a mark, or none of it.
pub(super) async fn nothing_on_refusal<H: Harness>(harness: &mut H) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, 2).await?);
    let store = &nodes[0];
    same("a count", marked(store, &change(&clock, vec![step(&clock, 1, 0, 3)])).await?, {
        Verdict::Marked
    })?;
    // The first cell is as it was found, the last isn't; whichever is written first.
    for (fit, nonce) in [(20, 1), (21, 2), (22, 3), (23, 4)] {
        for cells in [[step(&clock, fit, 0, 9), step(&clock, 1, 0, 1)], {
            [step(&clock, 1, 2, 3), step(&clock, fit, 0, 9)]
        }] {
            let mark = Mark { cells: cells.to_vec(), ..spend(&clock, nonce) };
            let verdict = marked(store, &mark).await?;
            if !matches!(verdict, Verdict::Changed(_)) {
                return Err(format!("a stale cell: {verdict:?}"));
            }
            same("the cell beside", held(&nodes[1], fit).await?, 0)?;
            same("the stale cell", held(&nodes[1], 1).await?, 3)?;
        }
        same("its nonce", marked(store, &spend(&clock, nonce)).await?, Verdict::Marked)?;
        let cells = vec![step(&clock, fit, 0, 9)];
        let mark = Mark { cells, ..spend(&clock, nonce) };
        same("a spent nonce", marked(store, &mark).await?, Verdict::Spent)?;
        same("the cell of a spent nonce", held(store, fit).await?, 0)?;
    }
    let all = [step(&clock, 30, 0, 1), step(&clock, 1, 3, 4), step(&clock, 31, 0, 1)];
    let mark = Mark { cells: all.to_vec(), ..spend(&clock, 9) };
    same("all of it", marked(store, &mark).await?, Verdict::Marked)?;
    for (cell, must) in [(30, 1), (1, 4), (31, 1)] {
        same("a cell of it", held(&nodes[1], cell).await?, must)?;
    }
    Ok(())
}
