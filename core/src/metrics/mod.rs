//! Counters and gauges of a breaker, by the facade crate `metrics`: whatever exporter the application installs gets them.
//!
//! ```
//! use halfopen::metrics::MetricsObserver;
//! use halfopen::{CircuitBreaker, Config, SystemClock};
//!
//! static UPLOADS: CircuitBreaker<SystemClock, MetricsObserver> =
//!     CircuitBreaker::with_observer("s3_upload", Config::new(), SystemClock, MetricsObserver::new());
//!
//! UPLOADS.observer().register("s3_upload"); // after the exporter is installed
//! let answer = UPLOADS.call(|| Ok::<_, std::io::Error>(42));
//! ```
//!
//! The same observer serves a [`CircuitBreaker`](crate::CircuitBreaker), a [`BreakerTable`](crate::BreakerTable), which
//! clones it for each circuit, and a breaker that a fleet shares; beside another observer it stands in a tuple. Where circuits
//! are made by name, [`MetricsObserver::of`] is the function from the name to the observer.
//!
//! # What there is
//!
#![doc = include_str!("names.md")]
//!
//! The names are those of resilience4j where it has the metric, with its labels and their values: `halfopen` stands in the
//! place of `resilience4j`, so that its dashboards and alarms need one word replaced. OpenTelemetry has no names for
//! circuit breakers yet. Counters end in `_total`, as Prometheus wants it. resilience4j counts calls by a timer; here nothing
//! is timed, and a clock is read at transitions alone.
//!
//! A circuit is 26 series of its own. All are there, at 0, as soon as its observer is registered, so that a rate over the
//! first opening is right; only transitions by an order (`tripped`, `isolated`, `reset` and so on) appear when there is one.
//!
//! An OPEN circuit stays OPEN here until somebody asks after its timeout, for that is when the transition is made. The time in
//! which it is OPEN is added when it ends; what is OPEN now shows in the gauge.
//!
//! # What it costs
//!
//! A call is one look whether the handles are there and one `increment` of the recorder's counter, which is an atomic addition
//! by Prometheus' exporter. A breaker with another observer pays nothing, whether the feature is on or not.

mod handles;
pub mod names;
mod observer;

pub use observer::MetricsObserver;
