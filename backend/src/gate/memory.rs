//! What the store holds, in the forms that the core asks for.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use keyward::{
    Time,
    id::{Counter, KeyName, LinkId},
    ledger::{Memory, Uses},
    replay::{CounterFault, Unseen, Window},
};
use quick_cache::sync::Cache;

use super::door::Door;
use crate::state::{Mark, Name, Value};

/// The last that this node saw of cells: what it guesses before it asks. A wrong guess costs a
/// round to the store, and never a verdict: what is accepted by one is compared by the mark, and
/// what is denied by one is judged again.
pub(super) struct Guesses(Cache<Name, Value>);

impl Default for Guesses {
    fn default() -> Self {
        Self(Cache::new(GUESSES))
    }
}

impl Guesses {
    pub(super) fn keep(&self, mark: &Mark) {
        mark.cells.iter().for_each(|cell| self.0.insert(cell.name, cell.after.clone()));
    }
}

/// The memory that one request is verified against.
pub(super) struct Snapshot<'g> {
    door: &'g Door,
    guesses: &'g Guesses,
    held: Mutex<BTreeMap<Name, Held>>,
}

#[derive(Clone)]
enum Held {
    /// By a guess.
    Guessed(Value),
    /// By the store, a moment ago.
    Known(Value),
}

impl<'g> Snapshot<'g> {
    pub(super) fn new(door: &'g Door, guesses: &'g Guesses) -> Self {
        Self { door, guesses, held: Mutex::default() }
    }

    /// What a cell holds, as far as is known or guessed.
    pub(super) fn value(&self, name: &Name) -> Value {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let guess = || Held::Guessed(self.guesses.0.get(name).unwrap_or_default());
        match held.entry(*name).or_insert_with(guess) {
            Held::Guessed(value) | Held::Known(value) => value.clone(),
        }
    }

    /// The cells that were asked for.
    pub(super) fn asked(&self) -> Vec<Name> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.keys().copied().collect()
    }

    /// Whether anything that was asked for was answered by a guess.
    pub(super) fn is_guessed(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().any(|held| matches!(held, Held::Guessed(_)))
    }

    /// Takes what the store holds.
    pub(super) fn learn(&mut self, names: &[Name], values: Vec<Value>) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in names.iter().zip(values) {
            self.guesses.0.insert(*name, value.clone());
            held.insert(*name, Held::Known(value));
        }
    }
}

impl Memory for Snapshot<'_> {
    fn uses(&self, link: &LinkId) -> Uses {
        uses(&self.value(&self.door.link(link)))
    }

    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        match lane(&self.value(&self.door.holder(holder))) {
            Some((window, _)) => window.check(counter),
            None => Window::<1>::check_first(counter),
        }
    }
}

/// A link's uses in a cell: how often in 4 bytes, and when first in 8. None is a link without any.
pub(super) fn of_uses(uses: &Uses) -> Value {
    let Uses { spent, first } = uses;
    let Some(first) = first else {
        return Value::default();
    };
    let bytes = [&spent.to_le_bytes()[..], &first.0.to_le_bytes()].concat();
    Value::new(bytes).unwrap_or_default()
}

/// Reads them; what nobody wrote is spent as often as can be.
fn uses(value: &Value) -> Uses {
    let bytes = value.as_bytes();
    if bytes.is_empty() {
        return Uses::default();
    }
    let parts = bytes.split_first_chunk().and_then(|(spent, rest)| {
        Some((u32::from_le_bytes(*spent), u64::from_le_bytes(rest.try_into().ok()?)))
    });
    let (spent, first) = parts.unwrap_or((u32::MAX, 0));
    Uses { spent, first: Some(Time(first)) }
}

/// A holder's window in a cell: highest, which were seen below, the latest time; 8 bytes each.
type Lane = (Window<1>, Time);

fn lane(value: &Value) -> Option<Lane> {
    let bytes = value.as_bytes();
    if bytes.is_empty() {
        return None;
    }
    let number = |place: usize| {
        let bytes = bytes.get(place * 8..place * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u64::from_le_bytes)
    };
    // What nobody wrote has seen all counters.
    let highest = Counter(number(0).unwrap_or(u64::MAX - 1));
    let window = Window::from_parts(highest, number(1));
    Some((window, Time(number(2).unwrap_or(0))))
}

/// The lane once a counter was seen, and the latest time that it ever saw.
pub(super) fn seen(
    before: &Value,
    counter: Counter,
    time: Time,
) -> Result<(Value, Time), CounterFault> {
    let (window, latest) = match lane(before) {
        Some((mut window, latest)) => {
            let _unseen = window.mark(counter)?;
            (window, latest.max(time))
        }
        None => (Window::starting(counter)?, time),
    };
    let numbers = [window.highest().0, window.seen().next().unwrap_or(u64::MAX), latest.0];
    let bytes: Vec<_> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Ok((Value::new(bytes).unwrap_or_default(), latest))
}

/// Cells that are remembered for guesses: some 10 MB.
const GUESSES: usize = 65_536;
