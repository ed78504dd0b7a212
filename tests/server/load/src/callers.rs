//! The callers: one after the other at a fixed rate, whether the service answers or not, each with a timeout.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halfopen::rules::{Adaptive, TimeWindow};
use halfopen::{CallError, CircuitBreaker, Config, SystemClock};
use http_body_util::Empty;
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::scenario::Scenario;
use crate::service::{Heard, Service};

/// The rule by which the calls are guarded.
type Rule = Adaptive<TimeWindow<10>>;
type Breaker = CircuitBreaker<SystemClock, (), &'static str, Rule>;

/// What is recommended for callers with a timeout of 200 ms and some hundred calls a second.
pub(crate) const CONFIG: Config = Config::new()
    .sliding_window(Duration::from_secs(1))
    .minimum_calls(20)
    .failure_rate_threshold(50)
    .slow_call_duration(Duration::from_millis(100))
    .slow_call_rate_threshold(80)
    .recovery_timeout(Duration::from_millis(500))
    .recovery_multiplier_percent(150)
    .max_recovery_timeout(Duration::from_millis(1_500))
    .recovery_jitter_percent(20)
    .success_threshold(3)
    .half_open_max_calls(3)
    .probe_timeout(Duration::from_millis(500))
    .ramp_up(Duration::from_secs(1));

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By an answer.
    Answered,
    /// By 503, by a connection that broke, or by the caller's patience.
    Failed,
    /// By the breaker, and so the service was not asked.
    Refused,
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Since the first one.
    pub at: Duration,
    /// How long the caller waited.
    pub took: Duration,
    /// How it ended.
    pub end: End,
}

/// All of what happened.
#[derive(Debug)]
pub struct Run {
    /// Each call, in the order in which they were made.
    pub calls: Vec<Call>,
    /// What the service says.
    pub heard: Heard,
}

/// Lets a scenario happen, with a breaker or without.
///
/// # Panics
///
/// If there is no port or no thread for it.
#[must_use]
pub fn run(scenario: &Scenario, guarded: bool) -> Run {
    let service = Service::new(scenario.service);
    // Apart from the callers, whose times are what is measured.
    let (serves, calls) = (runtime(), runtime());
    let address = serves.block_on(service.serve()).expect("a free port");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || _ = serves.block_on(stopped));
    let breaker = guarded.then(|| {
        let rule = Rule::with(CONFIG);
        Arc::new(Breaker::with_rule("service", rule, SystemClock, ()))
    });
    let calls = calls.block_on(all_calls(scenario, &service, address, breaker));
    drop(stop);
    let _ = server.join();
    Run { calls, heard: service.heard() }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn all_calls(
    scenario: &Scenario,
    service: &Service,
    address: SocketAddr,
    breaker: Option<Arc<Breaker>>,
) -> Vec<Call> {
    let client: Client<HttpConnector, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let uri: Uri = format!("http://{address}/").parse().expect("an address");
    let mut ticks = interval(scenario.pause);
    // Later calls rather than many at once: the rate is never more than it should be.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (begin, patience) = (Instant::now(), scenario.timeout);
    let mut tasks = Vec::with_capacity(scenario.calls);
    for call in 0..scenario.calls {
        ticks.tick().await;
        if call == scenario.sick.0 {
            service.fall_sick();
        } else if call == scenario.sick.1 {
            service.recover();
        }
        let (client, uri, breaker) = (client.clone(), uri.clone(), breaker.clone());
        tasks.push(tokio::spawn(async move {
            let start = Instant::now();
            let asked = || request(client, uri, patience);
            let end = match breaker {
                Some(breaker) => match breaker.call_async(asked).await {
                    Ok(()) => End::Answered,
                    Err(CallError::Inner(())) => End::Failed,
                    Err(CallError::Open(_)) => End::Refused,
                },
                None => asked().await.map_or(End::Failed, |()| End::Answered),
            };
            Call { at: start.duration_since(begin), took: start.elapsed(), end }
        }));
    }
    let mut calls = Vec::with_capacity(tasks.len());
    for task in tasks {
        calls.push(task.await.expect("a call that ends"));
    }
    calls
}

/// One request; whoever has waited long enough goes away.
async fn request(client: Client<HttpConnector, Empty<Bytes>>, uri: Uri, patience: Duration) -> Result<(), ()> {
    match timeout(patience, client.get(uri)).await {
        Ok(Ok(response)) if response.status().is_success() => Ok(()),
        _ => Err(()),
    }
}
