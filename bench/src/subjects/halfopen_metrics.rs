//! `halfopen` whose calls are counted through the crate `metrics`, by what keeps the counts for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use halfopen::metrics::MetricsObserver;
use halfopen::{CircuitBreaker, Clock, Config, SystemClock};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::halfopen::{Ahead, MILLISECOND, Permits};
use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::heap;
use crate::subject::works;

/// The name of the one that a bar is about.
pub(crate) const COUNTED: &str = "halfopen, counted in metrics";

type Breaker<C> = CircuitBreaker<C, MetricsObserver>;

/// With its counters, as after an exporter was installed.
fn counted<C: Clock>(config: Config, clock: C) -> Breaker<C> {
    let breaker = CircuitBreaker::with_observer("bench", config, clock, MetricsObserver::new());
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || breaker.observer().register("bench"));
    breaker
}

pub(super) fn candidates() -> Vec<Candidate> {
    let counts = "5 failures in a row";
    let facts = Facts {
        name: COUNTED,
        side: Side::Ours,
        window: Window::None,
        counts,
        clock: ("none", "1"),
        shares: "one atomic word, and each counter",
    };
    let clock = Ahead::default();
    let for_cycle = clock.clone();
    let config = |wait: Duration| Config::new().recovery_timeout(wait);
    vec![Candidate::shared(
        facts,
        heap::bytes(|| counted(Config::new(), SystemClock), |breaker| _ = breaker.call(works)),
        move |wait| Permits(Arc::new(counted(config(wait), SystemClock))),
        Cycle {
            make: move |wait| Permits(Arc::new(counted(config(wait).failure_threshold(1), for_cycle.clone()))),
            failures: 1,
            successes: 1,
            wait: MILLISECOND,
            pass: move || clock.put_forward(),
        },
    )]
}
