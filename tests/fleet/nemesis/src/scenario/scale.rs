//! Sizes: many instances, many reports, many circuits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use halfopen::redis::connect::{Connect, ScriptCall};
use halfopen::redis::v1::{RedisConnect, Timeouts};
use halfopen::redis::{Fleet, FleetOptions, SharedBreaker};
use halfopen::rules::Consecutive;
use halfopen::{CircuitState, Config, Observer, SystemClock, Transition};
use rig::Server;

use super::{Outcome, admin, server, tell};
use crate::scene::{Plan, Row, pause};

/// Holds the time of the latest opening, in nanoseconds since an instant.
struct Stamp(Instant, Arc<AtomicU64>);

impl Observer for Stamp {
    fn on_transition(&self, _: &str, transition: &Transition) {
        if transition.to == CircuitState::Open {
            let nanos = u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.1.store(nanos, SeqCst);
        }
    }
}

fn fleet(redis: &Server, options: FleetOptions) -> Fleet {
    let connect = RedisConnect::from_url(&redis.url(), Timeouts::from(&options)).expect("a URL");
    Fleet::with_connect(connect, options, SystemClock).expect("options")
}

fn await_true(what: &str, limit: Duration, so: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
    start.elapsed()
}

/// From the failure that opens it, of which Redis is told at once, until the last of 64 instances refuses.
pub(super) fn fleet_64(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut row = Row { processes: 1, ..Row::default() };
    for settle_ms in [0, 20] {
        let options = FleetOptions::new().settle(Duration::from_millis(settle_ms));
        let config = Config::new().failure_threshold(1).recovery_timeout(Duration::from_secs(600));
        let (start, mut fleets, mut members) = (Instant::now(), Vec::new(), Vec::new());
        for _ in 0..64 {
            let (fleet, stamp) = (fleet(&redis, options), Arc::new(AtomicU64::new(0)));
            let name = format!("settle_{settle_ms}");
            let breaker: SharedBreaker<SystemClock, Stamp> = fleet
                .breaker_with::<_, Consecutive>(name, config, Stamp(start, Arc::clone(&stamp)))
                .expect("a configuration");
            fleets.push(fleet);
            members.push((breaker, stamp));
        }
        let limit = Duration::from_secs(10);
        await_true("everybody has heard of Redis", limit, || {
            members.iter().all(|(breaker, _)| breaker.last_contact().is_some())
        });
        pause(500);
        let mut times = Vec::new();
        for round in 0..if plan.long { 200 } else { 60 } {
            members.iter().for_each(|(_, stamp)| stamp.store(0, SeqCst));
            let (breaker, _) = &members[round % 64];
            let permit = breaker.try_acquire().map_err(|error| error.to_string())?;
            let sent = start.elapsed();
            permit.failure();
            await_true("all refuse", limit, || members.iter().all(|(_, stamp)| stamp.load(SeqCst) > 0));
            let last = members.iter().map(|(_, stamp)| stamp.load(SeqCst)).max().unwrap_or(0);
            times.push(Duration::from_nanos(last) - sent);
            let refused = members.iter().filter(|(breaker, _)| breaker.try_acquire().is_err()).count();
            row.sum.refused += refused as u64;
            if refused < 64 {
                row.wrong.push(format!("let through: {} of 64 instances", 64 - refused));
            }
            breaker.reset();
            await_true("all are closed again", limit, || {
                members.iter().all(|(breaker, _)| breaker.state() == CircuitState::Closed)
            });
            pause(5);
        }
        times.sort_unstable();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0;
        row.notes.push(format!(
            "settle {settle_ms} ms: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms of {} openings",
            at(50),
            at(99),
            at(100),
            times.len()
        ));
    }
    Ok(row)
}

/// Connections that report at the same time, as the instances of a fleet do: one alone waits for half of the time.
const REPORTERS: usize = 2;

/// Reports of a failure and of the success that refutes it, 128 in a round trip on each connection.
pub(super) fn reports(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut row = Row { processes: 1, ..Row::default() };
    let connect =
        RedisConnect::from_url(&redis.url(), Timeouts::new().response(Duration::from_secs(5))).expect("a URL");
    let mut admin = admin(&redis);
    for circuits in [1_usize, 100, 10_000, 100_000] {
        let count = (2 * circuits).max(if plan.long { 100_000 } else { 20_000 });
        tell(&mut admin, "CONFIG RESETSTAT")?;
        let start = Instant::now();
        let sent: Vec<Result<usize, String>> = std::thread::scope(|scope| {
            let connect = &connect;
            let reporters: Vec<_> =
                (0..REPORTERS).map(|at| scope.spawn(move || report_all(connect, at, count, circuits))).collect();
            reporters.into_iter().map(|reporter| reporter.join().expect("a reporter")).collect()
        });
        let took = start.elapsed();
        let mut sum = 0;
        for sent in sent {
            match sent {
                Ok(sent) => sum += sent,
                Err(refused) => row.wrong.push(format!("refused: {refused}")),
            }
        }
        row.sum.calls += sum as u64;
        let rate = sum as f64 / took.as_secs_f64();
        let stats = tell(&mut admin, "INFO commandstats")?;
        let calls = stats.split("cmdstat_evalsha:").nth(1).unwrap_or_default();
        let each = calls.split("usec_per_call=").nth(1).and_then(|text| text.split(',').next()).unwrap_or("?");
        row.notes.push(format!("{circuits} circuits: {rate:.0} reports/s, {each} µs of the server's time each"));
    }
    Ok(row)
}

/// One reporter's share of `count` reports, every one of which has to be answered.
fn report_all(connect: &RedisConnect, reporter: usize, count: usize, circuits: usize) -> Result<usize, String> {
    let mut connection = connect.connect().map_err(|trouble| trouble.to_string())?;
    let numbers: Vec<usize> = (0..count).filter(|number| number / 128 % REPORTERS == reporter).collect();
    for numbers in numbers.chunks(128) {
        let calls: Vec<ScriptCall> = numbers.iter().map(|&number| report(number, circuits)).collect();
        for answer in connection.exchange(&calls).map_err(|trouble| trouble.to_string())? {
            answer.map_err(|trouble| trouble.to_string())?;
        }
    }
    Ok(numbers.len())
}

fn report(number: usize, circuits: usize) -> ScriptCall {
    // Each circuit has a failure and then a success, in turns.
    let (circuit, fails) = (number % circuits, (number / circuits) % 2 == 0);
    let own = if fails { ["0", "-1", "1", "0"] } else { ["0", "0", "0", "0"] };
    let fixed = ["report", "circuit_breaker:events", "5", "2", "30000", "1", "1000", "30000", "86400000"];
    let seen = ["0", "closed", "0", "0", "0", "", "0"];
    let mut arguments: Vec<String> = fixed.iter().chain(&seen).chain(&own).map(|&text| text.into()).collect();
    arguments.extend([format!("r.{number}"), "20".into()]);
    ScriptCall { key: format!("circuit_breaker:c{circuit}"), arguments }
}

pub(super) fn circuits(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut admin = admin(&redis);
    let mut row = Row { processes: 1, ..Row::default() };
    let count = if plan.long { 100_000 } else { 20_000 };
    let limit = Duration::from_secs(60);
    // Each circuit in use is read once in this time.
    let fleet = fleet(&redis, FleetOptions::new().poll_interval(Duration::from_secs(30)));
    let (before, redis_before) = (memory_kb(), used_memory(&mut admin));
    let start = Instant::now();
    let breakers: Vec<SharedBreaker> =
        (0..count).map(|number| fleet.breaker(format!("c{number}"), Config::new()).expect("a configuration")).collect();
    let built = start.elapsed();
    await_true("all have heard of Redis", limit, || breakers.iter().all(|breaker| breaker.last_contact().is_some()));
    row.notes.push(format!(
        "{count} circuits: built in {:.2} s, all read after {:.2} s, {} bytes each",
        built.as_secs_f64(),
        start.elapsed().as_secs_f64(),
        (memory_kb() - before) * 1_024 / count
    ));
    let start = Instant::now();
    let mut longest = Duration::ZERO;
    for breaker in &breakers {
        let call = Instant::now();
        if let Ok(permit) = breaker.try_acquire() {
            permit.failure();
            row.sum.calls += 1;
        }
        longest = longest.max(call.elapsed());
    }
    let flushed = fleet.flush(limit);
    row.notes.push(format!(
        "a failure of each told in {:.2} s, longest call {:.1} ms",
        start.elapsed().as_secs_f64(),
        longest.as_secs_f64() * 1_000.0
    ));
    let keys = tell(&mut admin, "DBSIZE").unwrap_or_default();
    let each = used_memory(&mut admin).saturating_sub(redis_before) / count;
    row.notes.push(format!("{each} bytes of Redis for a circuit with a failure counted"));
    let all = row.sum.calls == count && flushed && keys == format!("int({count})");
    if !all {
        row.wrong.push(format!("lost: {} calls, flushed: {flushed}, keys {keys}", row.sum.calls));
    }
    // Healthy again, after which they are read less and less and cost nothing.
    let start = Instant::now();
    for permit in breakers.iter().filter_map(|breaker| breaker.try_acquire().ok()) {
        permit.success();
    }
    if !fleet.flush(limit) {
        row.wrong.push("lost: successes were not delivered".into());
    }
    let each = used_memory(&mut admin).saturating_sub(redis_before) / count;
    let seconds = start.elapsed().as_secs_f64();
    row.notes.push(format!("and a success that refutes it in {seconds:.2} s, which leaves {each} bytes of Redis each"));
    let failed = breakers.iter().filter(|breaker| breaker.failure_count() > 0).count();
    if failed > 0 {
        row.wrong.push(format!("counted: {failed} circuits still count a failure"));
    }
    let start = Instant::now();
    drop((breakers, fleet));
    row.notes.push(format!("dropped in {:.2} s", start.elapsed().as_secs_f64()));
    Ok(row)
}

fn memory_kb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn used_memory(admin: &mut rig::Live) -> u64 {
    let info = tell(admin, "INFO memory").unwrap_or_default();
    let after = info.split("used_memory:").nth(1).unwrap_or("0");
    after.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}
