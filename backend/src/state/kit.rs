//! Runs any store through the contract of [`State`] and [`Serials`].
//!
//! A [`Harness`] says how the store is started, reached and killed; [`run`] takes it through all
//! [`CHECKS`] and names the first that fails. Time is a hand's: all of a store's clocks must be the
//! harness's.

mod crowd;
mod failure;
mod history;
mod pruning;
mod rules;

use std::future::Future;

use super::{
    Cell, Mark, Millis, Name, Spent, State, StateError, Value, Verdict,
    clock::{Clock, HandClock},
};
use crate::serials::Serials;

/// A store, and what can be done to it.
pub trait Harness {
    /// A node's handle; clones are of the same node.
    type Store: State + Serials + Clone + 'static;

    /// Starts an empty store, and forgets any other. The clock is at [`START`] or later.
    fn fresh(&mut self) -> impl Future<Output = Result<(), String>>;

    /// Another node.
    fn node(&mut self) -> impl Future<Output = Result<Self::Store, StateError>>;

    /// The clock of all nodes.
    fn clock(&self) -> HandClock;

    /// Kills the store as a loss of power would, after all that it has confirmed. `false` if it
    /// can't, or remembers nothing over it.
    fn kill(&mut self) -> impl Future<Output = bool>;

    /// Starts it again over what it kept.
    fn revive(&mut self) -> impl Future<Output = Result<(), String>>;

    /// Whether nodes outlive the store, and find it again.
    fn outlived(&self) -> bool {
        true
    }

    /// How many nonces and cells are held, if that can be told.
    fn held(&mut self) -> impl Future<Output = Option<(usize, usize)>> {
        std::future::ready(None)
    }
}

/// What is checked, in this order.
pub const CHECKS: [&str; 12] = [
    "once",
    "one_changes",
    "counts",
    "none_lost",
    "refusals",
    "nothing_on_refusal",
    "serials",
    "history",
    "drops",
    "begun_anew",
    "remembers",
    "outage",
];

/// Runs all checks; the histories are drawn from the seed.
///
/// # Errors
/// The check, and what the store did that the contract rules out.
pub async fn run<H: Harness>(harness: &mut H, seed: u64) -> Result<(), String> {
    for check in CHECKS {
        one(harness, check, seed).await.map_err(|fault| format!("{check}: {fault}"))?;
    }
    Ok(())
}

/// Runs one of the checks over a store that is started for it.
///
/// # Errors
/// What the store did that the contract rules out.
pub async fn one<H: Harness>(harness: &mut H, check: &str, seed: u64) -> Result<(), String> {
    harness.fresh().await?;
    // What is made in the millisecond of a store's birth is refused.
    harness.clock().wait(1);
    match check {
        "once" => crowd::once(harness).await,
        "one_changes" => crowd::one_changes(harness).await,
        "counts" => crowd::counts(harness).await,
        "none_lost" => crowd::none_lost(harness).await,
        "refusals" => rules::refusals(harness).await,
        "nothing_on_refusal" => rules::nothing_on_refusal(harness).await,
        "serials" => crowd::serials(harness).await,
        "history" => history::history(harness, seed).await,
        "drops" => pruning::drops(harness).await,
        "begun_anew" => pruning::begun_anew(harness).await,
        "remembers" => failure::remembers(harness).await,
        "outage" => failure::outage(harness).await,
        _ => Err("there is no such check".into()),
    }
}

/// When a harness's clock starts: 2026-11-24.
pub const START: Millis = Millis::of(keyward::Time(1_795_510_800));

/// A name by a number.
fn name(number: u64) -> Name {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&number.to_le_bytes());
    name[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    Name(name)
}

/// A count, as a cell holds it.
fn count(number: u64) -> Value {
    if number == 0 { Value::default() } else { Value(number.to_le_bytes().to_vec()) }
}

/// What a count is.
fn number(value: &Value) -> Result<u64, String> {
    match value.as_bytes() {
        [] => Ok(0),
        bytes => {
            let bytes = bytes.try_into().map_err(|_| format!("a cell holds {value:?}"))?;
            Ok(u64::from_le_bytes(bytes))
        }
    }
}

/// A mark that spends a nonce now.
fn spend(clock: &HandClock, nonce: u64) -> Mark {
    let now = clock.present().lo();
    let nonce = Some(Spent { name: name(nonce), given: now });
    Mark { now, made: now, nonce, cells: Vec::new() }
}

/// A mark that changes cells now.
fn change(clock: &HandClock, cells: Vec<Cell>) -> Mark {
    let now = clock.present().lo();
    Mark { now, made: now, nonce: None, cells }
}

/// A step of a count that is kept for a day.
fn step(clock: &HandClock, cell: u64, from: u64, to: u64) -> Cell {
    let now = clock.present().lo();
    let (began, until) = (Millis::LAST, now.after(DAY));
    Cell {
        name: name(cell),
        began,
        good_until: until,
        keep_until: until,
        before: count(from),
        after: count(to),
    }
}

/// Marks, and demands an answer.
async fn marked(store: &impl State, mark: &Mark) -> Result<Verdict, String> {
    store.mark(mark).await.map_err(|error| error.to_string())
}

/// Reads one count.
async fn held(store: &impl State, cell: u64) -> Result<u64, String> {
    let values = store.read(&[name(cell)]).await.map_err(|error| error.to_string())?;
    number(values.first().ok_or("no value for a name")?)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, must: T) -> Result<(), String> {
    if is == must { Ok(()) } else { Err(format!("{what}: {is:?}, and must be {must:?}")) }
}

/// The nodes of a check.
async fn nodes<H: Harness>(harness: &mut H, number: usize) -> Result<Vec<H::Store>, String> {
    let mut nodes = Vec::new();
    for _ in 0..number {
        nodes.push(harness.node().await.map_err(|error| error.to_string())?);
    }
    Ok(nodes)
}

const DAY: u64 = 86_400_000;
