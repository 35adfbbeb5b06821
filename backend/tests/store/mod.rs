//! A store in memory that counts serials.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use keyward::{Scope, id::KeyId};
use keyward_backend::{serials::Serials, state::StateError};

/// Counts for each issuer apart, and may be down.
#[derive(Default)]
pub struct Counter {
    next: Mutex<BTreeMap<KeyId, u64>>,
    /// Whether it is down.
    pub down: AtomicBool,
}

impl Counter {
    /// From 0 on.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Serials for Counter {
    async fn reserve(
        &self,
        _scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        if self.down.load(SeqCst) {
            return Err(StateError::Unavailable("down".into()));
        }
        let mut next = self.next.lock().unwrap();
        let next = next.entry(issuer).or_default();
        let start = *next;
        *next += u64::from(count);
        Ok(start..*next)
    }
}
