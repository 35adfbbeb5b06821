//! What the service counts, as Prometheus reads it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Counters of a running service. No label is a person's, a token's or a caller's to choose: a
/// route is named by its pattern, and a door not at all.
pub(super) struct Meter {
    registry: Mutex<Registry>,
    answers: Family<Answer, Counter>,
    took: Family<Route, Histogram, fn() -> Histogram>,
    /// Requests under way.
    pub(super) at_work: Gauge,
    /// Open connections.
    pub(super) connections: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    route: String,
    status: u16,
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

impl Meter {
    pub(super) fn new() -> Self {
        let answers = Family::<Answer, Counter>::default();
        let took = Family::new_with_constructor(histogram as fn() -> Histogram);
        let (at_work, connections): (Gauge, Gauge) = Default::default();
        let mut registry = Registry::with_prefix("keyward");
        registry.register("answers", "Answers by route, status and code", answers.clone());
        registry.register("seconds", "How long an answer took", took.clone());
        registry.register("requests_at_work", "Requests under way", at_work.clone());
        registry.register("connections", "Open connections", connections.clone());
        Self { registry: Mutex::new(registry), answers, took, at_work, connections }
    }

    pub(super) fn answered(&self, route: &str, status: u16, code: String, took: Duration) {
        let route = route.to_owned();
        self.took.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.answers.get_or_create(&Answer { route, status, code }).inc();
    }

    pub(super) fn text(&self) -> String {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a string doesn't fail.
        let _written = encode(&mut text, &registry);
        text
    }
}

/// From a quarter of a millisecond, a few signatures, to 4 s.
fn histogram() -> Histogram {
    Histogram::new((0..15).map(|step| 0.000_25 * f64::from(1 << step)))
}

/// Counts down when what was counted up ends, however it ends.
pub(super) struct While(Gauge);

impl While {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for While {
    fn drop(&mut self) {
        self.0.dec();
    }
}
