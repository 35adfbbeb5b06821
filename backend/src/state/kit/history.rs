//! Random histories, beside a naive model that forgets nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Harness, count, marked, name, nodes};
use crate::state::{
    Cell, Mark, Millis, Name, Spent, Value, Verdict,
    clock::{Clock, HandClock},
    rules::NONCE_KEPT,
};

pub(super) async fn history<H: Harness>(harness: &mut H, seed: u64) -> Result<(), String> {
    let (clock, nodes) = (harness.clock(), nodes(harness, 3).await?);
    let mut random = Random(seed);
    let mut model = Model::default();
    for at in 0..STEPS {
        let at_most = if random.below(20) == 0 { 20_000 } else { 300 };
        clock.wait(random.below(at_most));
        let mark = model.draw(&clock, &mut random);
        let node = &nodes[usize::try_from(random.below(3)).unwrap_or(0)];
        let verdict = marked(node, &mark).await?;
        model
            .allows(&mark, &verdict)
            .map_err(|fault| format!("seed {seed}, step {at}: {fault}"))?;
    }
    Ok(())
}

#[derive(Default)]
struct Model {
    nonces: BTreeSet<Name>,
    cells: BTreeMap<Name, (Value, Millis)>,
    /// Nonces that were drawn.
    drawn: Vec<Spent>,
    latest: Millis,
}

impl Model {
    /// A mark as requests make them, mostly right.
    fn draw(&mut self, clock: &HandClock, random: &mut Random) -> Mark {
        let now = clock.present().lo();
        let again = self.drawn.len() > 4 && random.below(3) == 0;
        let nonce = if again {
            let back = usize::try_from(random.below(40)).unwrap_or(0).min(self.drawn.len() - 1);
            self.drawn[self.drawn.len() - 1 - back]
        } else {
            let given = now.before(random.below(2000).min(now.get() - super::START.get() - 1));
            self.drawn.push(Spent { name: name(random.next()), given });
            self.drawn[self.drawn.len() - 1]
        };
        let mut cells: Vec<Cell> = Vec::new();
        for _ in 0..random.below(4) {
            let number = random.below(6);
            let cell = name(number);
            if cells.iter().any(|other| other.name == cell) {
                continue;
            }
            let held = self.cells.get(&cell);
            let right = held.map(|(value, _)| value.clone()).unwrap_or_default();
            let before = if random.below(8) == 0 { count(random.below(3)) } else { right };
            // Half of the cells are kept until a fixed end, half for some time from now.
            let good_until = match held {
                Some((_, until)) if number < 3 => *until,
                Some(_) => now.after(random.below(90_000)),
                None => now.after(1000 + random.below(90_000)),
            };
            let keep_until = held.map_or(good_until, |(_, until)| good_until.max(*until));
            let (began, after) = (Millis::LAST, count(1 + random.below(1000)));
            cells.push(Cell { name: cell, began, good_until, keep_until, before, after });
        }
        let nonce = Some(nonce).filter(|_| cells.is_empty() || random.below(4) != 0);
        // A request may be older than its challenge; without one it is made now.
        let made = nonce.map_or(now, |nonce| {
            let before = nonce.given.get() - super::START.get() - 1;
            nonce.given.before(random.below(500).min(before))
        });
        Mark { now, made, nonce, cells }
    }

    /// Whether a verdict is one that a store may give; what it says to have marked is marked.
    fn allows(&mut self, mark: &Mark, verdict: &Verdict) -> Result<(), String> {
        self.latest = self.latest.max(mark.now);
        let over = |until: Millis| until <= self.latest;
        let forgettable = mark.nonce.is_some_and(|nonce| over(nonce.given.after(NONCE_KEPT)));
        match verdict {
            Verdict::Forgotten if forgettable => return Ok(()),
            Verdict::CellForgotten(place) => {
                let cell = mark.cells.get(*place).ok_or("a place without a cell")?;
                if over(cell.good_until) {
                    return Ok(());
                }
            }
            _ => {}
        }
        // Cells that are over may be there or not.
        let held = |cell: &Cell, gone: bool| match self.cells.get(&cell.name) {
            Some((_, until)) if gone && over(*until) => Value::default(),
            Some((value, _)) => value.clone(),
            None => Value::default(),
        };
        let mut must = Vec::new();
        for choice in 0..1_u32 << mark.cells.len() {
            let values: Vec<_> = (0..)
                .zip(&mark.cells)
                .map(|(place, cell)| held(cell, choice >> place & 1 == 1))
                .collect();
            let same = mark.cells.iter().zip(&values).all(|(cell, value)| cell.before == *value);
            let naive = match mark.nonce {
                Some(nonce) if self.nonces.contains(&nonce.name) => Verdict::Spent,
                _ if same => Verdict::Marked,
                _ => Verdict::Changed(values),
            };
            must.push(naive);
        }
        if !must.contains(verdict) {
            return Err(format!("{mark:?}: {verdict:?}, and must be one of {must:?}"));
        }
        if *verdict == Verdict::Marked {
            self.nonces.extend(mark.nonce.map(|nonce| nonce.name));
            for Cell { name, after, keep_until, .. } in &mark.cells {
                self.cells.insert(*name, (after.clone(), *keep_until));
            }
        }
        Ok(())
    }
}

/// SplitMix64: a history by a number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

const STEPS: usize = 1500;
