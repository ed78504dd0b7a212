//! Three circuits before three dependencies that fail, grow slow and work, as Prometheus sees them.

mod args;
mod dependencies;

use std::net::TcpListener;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use halfopen::metrics::MetricsObserver;
use halfopen::rules::TimeWindow;
use halfopen::{CircuitBreaker, Config, OnTransition, SystemClock, Transition};
use metrics_exporter_prometheus::PrometheusBuilder;

use args::Args;
use dependencies::{Dependency, Trouble};

/// Who is told: the metrics, and whoever reads the terminal.
type Told = (MetricsObserver, OnTransition<fn(&str, &Transition)>);
type Breaker = CircuitBreaker<SystemClock, Told, &'static str, TimeWindow<10>>;

const CONFIG: Config = Config::new()
    .sliding_window(Duration::from_secs(5))
    .minimum_calls(10)
    .failure_rate_threshold(50)
    .slow_call_duration(Duration::from_millis(40))
    .slow_call_rate_threshold(80)
    .recovery_timeout(Duration::from_secs(1));

/// Between two calls of one client.
const PAUSE: Duration = Duration::from_millis(50);

fn breaker(name: &'static str) -> Breaker {
    let tell: fn(&str, &Transition) = |name, transition| println!("{name}: {transition}");
    let observer = (MetricsObserver::of(name), OnTransition::new(tell));
    CircuitBreaker::with_rule(name, TimeWindow::with(CONFIG), SystemClock, observer)
}

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(code) => return code,
    };
    if let Err(problem) = serve(&args) {
        eprintln!("{problem}");
        return ExitCode::FAILURE;
    }
    let begin = Instant::now();
    thread::scope(|scope| {
        for (name, trouble) in [("payments", Trouble::Fails), ("search", Trouble::GrowsSlow), ("mail", Trouble::None)] {
            scope.spawn(move || client(&breaker(name), &Dependency::new(trouble, begin), begin, args.seconds));
        }
    });
    ExitCode::SUCCESS
}

/// Calls a dependency until the time is over. What it answers, and whether it was asked at all, is in the metrics.
fn client(breaker: &Breaker, dependency: &Dependency, begin: Instant, seconds: Option<u64>) {
    while seconds.is_none_or(|seconds| begin.elapsed() < Duration::from_secs(seconds)) {
        let _ = breaker.call(|| dependency.call());
        thread::sleep(PAUSE);
    }
}

/// Opens the endpoint, in a thread that the exporter makes. Before any breaker is made: its metrics go where they can then.
fn serve(args: &Args) -> Result<(), String> {
    // The exporter does not say which port it was given, so that the choice is made here.
    let free = TcpListener::bind(args.address).and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| format!("cannot listen on {}: {error}", args.address))?;
    PrometheusBuilder::new()
        .with_http_listener(address)
        .install()
        .map_err(|error| format!("no endpoint on {address}: {error}"))?;
    println!("http://{address}/metrics");
    Ok(())
}
