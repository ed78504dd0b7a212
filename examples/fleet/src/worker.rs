//! One worker: a process that calls the service through the circuit of the fleet, and tells what happens, a line each.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use halfopen::redis::v1::{RedisConnect, Timeouts};
use halfopen::redis::{Fleet, FleetOptions, Sharing};
use halfopen::{Config, OnTransition, SystemClock, Transition};

/// The first argument of a worker.
pub(crate) const WORD: &str = "worker";
/// How long the circuit stays open.
pub(crate) const RECOVERY: Duration = Duration::from_secs(2);
/// From one call to the next.
const PACE: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(2);

/// Runs until the input ends.
pub(crate) fn run(number: &str, redis: &str, service: &str) -> ExitCode {
    match work(redis, service) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleet: worker {number}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn work(redis: &str, service: &str) -> Result<(), Box<dyn std::error::Error>> {
    let service: SocketAddr = service.parse()?;
    let options =
        FleetOptions::new().response_timeout(Duration::from_millis(300)).poll_interval(Duration::from_millis(500));
    let config = Config::new().failure_threshold(5).success_threshold(1).recovery_timeout(RECOVERY);

    let redis = RedisConnect::from_url(redis, Timeouts::from(&options))?;
    let fleet = Fleet::with_connect(redis, options, SystemClock)?;
    let observer = OnTransition::new(|_: &str, transition: &Transition| tell(&format!("state {transition}")));
    let breaker = fleet.breaker_with::<_, halfopen::rules::Consecutive>("flaky_http", config, observer)?;

    let over = end_of_input();
    let mut shares = None;
    while !over.load(Ordering::Relaxed) {
        let sharing = breaker.last_contact().map(|_| breaker.sharing());
        if sharing != shares {
            shares = sharing;
            tell(if sharing == Some(Sharing::Shared) { "shared" } else { "alone" });
        }
        let asked = Instant::now();
        match breaker.try_acquire() {
            Err(_) => tell(&format!("refused {}", asked.elapsed().as_micros())),
            Ok(permit) => {
                let mut waited = asked.elapsed();
                let probe = permit.is_probe();
                let works = matches!(get(service, probe), Ok(200));
                let settling = Instant::now();
                if works {
                    permit.success()
                } else {
                    permit.failure()
                };
                waited += settling.elapsed();
                let what = if works { "ok" } else { "failed" };
                tell(&format!("{}{what} {}", if probe { "probe_" } else { "" }, waited.as_micros()));
            }
        }
        std::thread::sleep(PACE.saturating_sub(asked.elapsed()));
    }
    Ok(())
}

/// Nobody listens any more: then there is nothing more to do.
fn tell(line: &str) {
    if writeln!(io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

fn end_of_input() -> Arc<AtomicBool> {
    let over = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&over);
    std::thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        theirs.store(true, Ordering::Relaxed);
    });
    over
}

/// The status that the service answers with.
fn get(service: SocketAddr, probe: bool) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&service, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mark = if probe { "X-Probe: yes\r\n" } else { "" };
    write!(stream, "GET / HTTP/1.1\r\nHost: {service}\r\n{mark}Connection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("no HTTP"))
}
