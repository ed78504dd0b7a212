//! The test worker: a process that calls the dependency through a circuit of the fleet, and tells by lines what it sees.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use halfopen::machine::Ticket;
use halfopen::redis::v1::{RedisConnect, Timeouts, redis};
use halfopen::redis::{Fleet, FleetOptions, SharedBreaker, Sharing};
use halfopen::rules::Consecutive;
use halfopen::{CircuitState, Config, Observer, Outcome, Receipt, SystemClock, Transition};

use crate::script::OtherScript;
use crate::wire::{Report, Right, Sabotage, Setup, unhex};

/// How often it reports.
const EVERY: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Counts {
    calls: AtomicU64,
    refused: AtomicU64,
    panics: AtomicU64,
    expired: AtomicU64,
    waited_us: AtomicU64,
    probe_waited_us: AtomicU64,
    longest_us: AtomicU64,
}

/// Tells transitions as they come.
#[derive(Default)]
struct Teller(AtomicU64);

impl Observer for Teller {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.fetch_add(1, Relaxed);
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        say(&format!("t {at} {:?} {:?} {:?}", transition.from, transition.to, transition.reason));
    }
}

type Shared = SharedBreaker<SystemClock, Teller>;

/// Runs until its standard input ends.
///
/// # Panics
///
/// The arguments make no sense, or the dependency is not there.
pub fn run(arguments: &[String]) {
    let setup = Setup::from_arguments(arguments);
    let fleet = fleet(&setup);
    let mut name = unhex(&setup.name);
    if setup.sabotage == Sabotage::Apart {
        name = format!("{name} of {}", setup.id);
    }
    let config = Config::new()
        .failure_threshold(setup.threshold)
        .success_threshold(2)
        .half_open_max_calls(setup.places)
        .recovery_timeout(Duration::from_millis(setup.recovery_ms))
        .probe_timeout(Duration::from_millis(3_000));
    let breaker: Shared =
        fleet.breaker_with::<_, Consecutive>(name, config, Teller::default()).expect("a configuration");
    // A new instance knows the fleet's state after one round trip; while there is no Redis it begins CLOSED.
    let start = Instant::now();
    while breaker.last_contact().is_none() && start.elapsed() < Duration::from_millis(500) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..setup.threads {
            scope.spawn(|| call_until(&stop, &setup, &breaker, &counts));
        }
        scope.spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            stop.store(true, Relaxed);
        });
        while !stop.load(Relaxed) {
            say(&report(&counts, &breaker).to_line());
            std::thread::sleep(EVERY);
        }
    });
    say(&report(&counts, &breaker).to_line());
    let start = Instant::now();
    drop((breaker, fleet));
    say(&format!("end {}", start.elapsed().as_millis()));
}

fn fleet(setup: &Setup) -> Fleet {
    let options = FleetOptions::new().lease(Duration::from_millis(setup.lease_ms));
    let connect = RedisConnect::from_url(&setup.url, Timeouts::from(&options)).expect("a URL");
    if setup.script == "plain" {
        Fleet::with_connect(connect, options, SystemClock).expect("options")
    } else {
        let other = OtherScript::new(&setup.script, &setup.url, Duration::from_millis(100), connect);
        Fleet::with_connect(other, options, SystemClock).expect("options")
    }
}

fn report(counts: &Counts, breaker: &Shared) -> Report {
    let state = match breaker.state() {
        CircuitState::Closed => "C",
        CircuitState::Open => "O",
        CircuitState::HalfOpen => "H",
    };
    Report {
        calls: counts.calls.load(Relaxed),
        refused: counts.refused.load(Relaxed),
        panics: counts.panics.load(Relaxed),
        expired: counts.expired.load(Relaxed),
        waited_us: counts.waited_us.load(Relaxed),
        probe_waited_us: counts.probe_waited_us.load(Relaxed),
        longest_us: counts.longest_us.load(Relaxed),
        transitions: breaker.observer().0.load(Relaxed),
        state: state.into(),
        alone: breaker.sharing() == Sharing::Alone,
        failures: breaker.failure_count().into(),
        memory_kb: memory_kb(),
        lines: 0,
    }
}

fn call_until(stop: &AtomicBool, setup: &Setup, breaker: &Shared, counts: &Counts) {
    let mut caller = Caller {
        setup,
        breaker,
        counts,
        dependency: UnixStream::connect(&setup.socket).expect("the dependency"),
        schedule: File::open("/proc/thread-self/schedstat").expect("Linux with statistics of its scheduler"),
        redis: None,
    };
    let mut turn = u64::from(setup.id);
    while !stop.load(Relaxed) {
        turn += 1;
        // A panic of the library is told of, and the calls go on.
        if catch_unwind(AssertUnwindSafe(|| caller.call(turn))).is_err() {
            counts.panics.fetch_add(1, Relaxed);
        }
        std::thread::sleep(Duration::from_millis(setup.pace_ms));
    }
}

struct Caller<'a> {
    setup: &'a Setup,
    breaker: &'a Shared,
    counts: &'a Counts,
    dependency: UnixStream,
    schedule: File,
    redis: Option<redis::Connection>,
}

impl Caller<'_> {
    fn call(&mut self, turn: u64) {
        let (breaker, counts) = (self.breaker, self.counts);
        let must_not_wait = || breaker.state() == CircuitState::Closed || breaker.sharing() == Sharing::Alone;
        let before = must_not_wait();
        let (asked, waited) = self.timed(|this| {
            this.harm_by_waiting();
            breaker.try_acquire()
        });
        let of = if before && must_not_wait() { &counts.waited_us } else { &counts.probe_waited_us };
        of.fetch_max(waited, Relaxed);
        let refused_alone = self.setup.sabotage == Sabotage::Refuse && breaker.sharing() == Sharing::Alone;
        match asked {
            Ok(permit) if !refused_alone => {
                counts.calls.fetch_add(1, Relaxed);
                let right = match (permit.is_probe(), is_of_fleet(permit.ticket())) {
                    (false, _) => Right::Plain,
                    (true, true) => Right::Probe,
                    (true, false) => Right::Alone,
                };
                let outcome = self.ask(right);
                let (receipt, waited) = self.timed(|_| permit.settle(outcome));
                counts.waited_us.fetch_max(waited, Relaxed);
                counts.expired.fetch_add((receipt == Receipt::Expired).into(), Relaxed);
            }
            Ok(permit) => {
                counts.refused.fetch_add(1, Relaxed);
                permit.ignore();
            }
            Err(error) => {
                counts.refused.fetch_add(1, Relaxed);
                match self.setup.sabotage {
                    Sabotage::Probe if error.state == CircuitState::HalfOpen => drop(self.ask(Right::Probe)),
                    Sabotage::Ignore if turn % 20 == 0 => drop(self.ask(Right::Plain)),
                    _ => {}
                }
            }
        }
    }

    /// Calls the dependency.
    fn ask(&mut self, right: Right) -> Outcome {
        let mut call = [0; 5];
        call[..4].copy_from_slice(&self.setup.id.to_le_bytes());
        call[4] = right as u8;
        let mut answer = [0];
        let asked = self.dependency.write_all(&call).and_then(|()| self.dependency.read_exact(&mut answer));
        if asked.is_err() {
            // The test is over.
            std::process::exit(0);
        }
        if answer[0] == 1 { Outcome::Success } else { Outcome::Failure }
    }

    /// What something gives, and for how many microseconds the thread was blocked in it: neither running nor waiting for a
    /// processor.
    fn timed<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, u64) {
        let (before, start) = (self.scheduled_us(), Instant::now());
        let result = work(self);
        let all = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counts.longest_us.fetch_max(all, Relaxed);
        (result, all.saturating_sub(self.scheduled_us() - before))
    }

    /// Microseconds for which this thread ran, or wanted to.
    fn scheduled_us(&self) -> u64 {
        let mut bytes = [0; 96];
        let count = self.schedule.read_at(&mut bytes, 0).unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..count]);
        text.split_whitespace().take(2).filter_map(|word| word.parse::<u64>().ok()).sum::<u64>() / 1_000
    }

    fn harm_by_waiting(&mut self) {
        if self.setup.sabotage != Sabotage::Wait {
            return;
        }
        let timeout = Duration::from_millis(200);
        let connect = || redis::Client::open(self.setup.url.as_str()).ok()?.get_connection_with_timeout(timeout).ok();
        let answered = self.redis.take().or_else(connect).and_then(|mut redis| {
            redis.set_read_timeout(Some(timeout)).ok()?;
            redis::cmd("PING").query::<()>(&mut redis).ok()?;
            Some(redis)
        });
        if answered.is_none() {
            std::thread::sleep(timeout);
        }
        self.redis = answered;
    }
}

/// Whether a probe's ticket is the fleet's: two numbers are all of any other.
fn is_of_fleet(ticket: Ticket) -> bool {
    Ticket::from_parts(ticket.to_parts()) != ticket
}

fn memory_kb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn say(line: &str) {
    // Nobody listens: the test is over.
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}
