//! Transitions are logged through `defmt` at INFO, with their reason and numbers, and every value of the library can be,
//! in an image without `core::fmt`.
#![no_std]
#![no_main]

mod frames;

use core::hint::black_box;
use core::time::Duration;

use board::say;
use defmt::Format;
use halfopen::machine::{Event, State, step};
use halfopen::rules::{Adaptive, Consecutive, CountWindow};
use halfopen::{BreakerTable, CallError, CircuitBreaker, CircuitOpenError, Clock, Config, ManualClock, Outcome};

board::silent_panic_handler!();

static CLOCK: ManualClock = ManualClock::new();
static IMU: CircuitBreaker<&ManualClock> =
    CircuitBreaker::with_clock("imu", Config::new().failure_threshold(2), &CLOCK);
static RADIO: CircuitBreaker<&ManualClock, (), &str, CountWindow<16>> = CircuitBreaker::with_rule(
    "radio",
    CountWindow::<16>::with(
        Config::new().minimum_calls(4).failure_rate_threshold(75).slow_call_duration(Duration::from_secs(1)),
    ),
    &CLOCK,
    (),
);
static TABLE: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new(), &CLOCK);

/// Counts what was right, and says what was not.
struct Checks {
    made: u32,
    wrong: u32,
}

impl Checks {
    fn check(&mut self, what: &str, right: bool) {
        self.made += 1;
        if !right {
            self.wrong += 1;
            say(&["WRONG: ", what, "\n"]);
        }
    }

    /// `act` logs one line at INFO with each of `parts` in it.
    fn logs(&mut self, what: &str, act: impl FnOnce(), parts: &[&[u8]]) {
        let before = frames::count();
        act();
        self.check(
            what,
            frames::count() == before + 1 && frames::is_info() && parts.iter().all(|part| frames::has(part)),
        );
    }

    /// `act` logs nothing.
    fn quiet(&mut self, what: &str, act: impl FnOnce()) {
        let before = frames::count();
        act();
        self.check(what, frames::count() == before);
    }

    /// `value` can be logged, and what comes has each of `parts` in it.
    fn formats(&mut self, what: &str, value: &impl Format, parts: &[&[u8]]) {
        self.logs(what, || defmt::info!("{}", black_box(value)), parts);
    }
}

#[board::entry]
fn main() -> ! {
    board::start();
    let checks = &mut Checks { made: 0, wrong: 0 };
    transitions(checks);
    values(checks);
    let done = if checks.wrong == 0 && checks.made == 30 { "every line is as it should be\n" } else { "FAILED\n" };
    say(&[board::TARGET, ": ", done]);
    board::exit(i32::from(checks.wrong > 0 || checks.made != 30))
}

/// A broken logger, a rule that does not tell and a level below INFO would each be noticed here.
fn transitions(checks: &mut Checks) {
    checks.quiet("the first failure", || _ = IMU.record_failure());
    checks.logs(
        "the second one",
        || _ = IMU.record_failure(),
        &[b"imu", b"closed", b"open", b"consecutive_failures", &2u16.to_le_bytes()],
    );
    checks.quiet("a refusal", || _ = IMU.allow_request());
    CLOCK.advance(Duration::from_secs(30));
    checks.logs("a probe", || _ = IMU.allow_request(), &[b"imu", b"half_open", b"recovery_timeout"]);
    checks.logs("its success", || _ = IMU.record_success(), &[b"imu", b"closed", b"probes_succeeded"]);
    checks.logs("a switch", || IMU.shadow(), &[b"imu", b"shadowed", b"shadow"]);

    checks.quiet("three slow calls, two of them failed", || {
        for outcome in [Outcome::Success, Outcome::Failure, Outcome::Failure] {
            if let Ok(permit) = RADIO.try_acquire() {
                CLOCK.advance(Duration::from_secs(2));
                permit.settle(outcome);
            }
        }
    });
    checks.logs(
        "a window that opens",
        || _ = RADIO.record_failure(),
        &[
            b"radio",
            b"failure_rate",
            &3u16.to_le_bytes(),
            // Three slow calls of four.
            &[3, 0, 0, 0, 4, 0, 0, 0],
            &16u16.to_le_bytes(),
        ],
    );
}

/// Those that are not just a text or a number.
fn values(checks: &mut Checks) {
    let wrong = Config::new().half_open_max_calls(99);
    checks.formats("a breaker", &IMU, &[b"imu"]);
    checks.formats("one with a window", &RADIO, &[b"radio"]);
    checks.formats("an empty table", &TABLE, &[]);
    let _ = (TABLE.register("bme280").map(drop), TABLE.register("ssd1306").map(drop));
    checks.formats("a table", &TABLE, &[b"bme280", b"ssd1306"]);
    checks.formats("no entry", &TABLE.get("lm75"), &[]);
    checks.formats("an entry", &TABLE.get("bme280"), &[b"bme280"]);
    checks.formats("an error of a table", &TABLE.register("").map(drop), &[]);
    checks.formats("a permit", &TABLE.get("bme280").as_ref().map(|entry| entry.try_acquire()), &[b"bme280"]);
    checks.formats("a refusal", &RADIO.try_acquire(), &[b"radio", b"open", &30_000u64.to_le_bytes()]);
    let refused = CircuitOpenError { operation_name: "lte", state: halfopen::CircuitState::Closed, retry_after: None };
    checks.formats("an error of a call", &CallError::<u8>::Open(refused), &[b"lte"]);
    checks.formats("another one", &CallError::<u32>::Inner(0x1234_5678), &[&[0x78, 0x56, 0x34, 0x12]]);
    checks.formats("a configuration", &wrong, &[b"circuit_breaker:"]);
    checks.formats("its error", &wrong.validate(), &[b"half_open_max_calls", &[99, 0, 0, 0, 0, 0, 0, 0]]);
    checks.formats(
        "a time out of range",
        &Config::new().recovery_timeout(Duration::MAX).validate(),
        &[b"recovery_timeout"],
    );
    checks.formats(
        "its text",
        &wrong.validate().map_err(|error| error.text()),
        &[b"half_open_max_calls is 99, must be 1 to 15"],
    );
    checks.formats("a rule", &Adaptive::<Consecutive>::try_with(Config::new()), &[&30_000u32.to_le_bytes()]);
    checks.formats("a snapshot", &RADIO.snapshot(), &[&3u16.to_le_bytes()]);
    checks.formats("a step", &step(IMU.policy(), State::NEW, Event::Acquire, CLOCK.now()), &[]);
    checks.formats("a clock", &CLOCK, &[&36_000u64.to_le_bytes()]);
    checks.formats(
        "a transition",
        &step(IMU.policy(), State::NEW, Event::Trip, CLOCK.now()).effect.transition,
        &[b"tripped"],
    );
    checks.formats("the modes", &[IMU.mode(), RADIO.mode()], &[]);
    checks.formats("the states", &[IMU.state(), RADIO.state()], &[]);
}
