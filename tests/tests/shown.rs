//! What pages show and nothing else runs: the front page's firmware, by a sensor that does not answer, and a line of the log.

use core::cell::RefCell;
use core::time::Duration;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use halfopen::hal::Guarded;
use halfopen::rules::{Adaptive, Consecutive, ConsecutiveSlow, CountWindow, Rule, TimeWindow};
use halfopen::{
    CallError, CircuitBreaker, CircuitState, Config, ManualClock, OnTransition, SystemClock, TickClock, Transition,
};

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_millis(500));

static THERMOMETER: CircuitBreaker<TickClock> =
    CircuitBreaker::with_clock("thermometer", CONFIG, TickClock::new(millis, 1_000));

fn millis() -> u32 {
    0 // your board's counter; it may wrap
}

fn wrap(i2c: impl I2c) -> impl I2c {
    Guarded::new(i2c, &THERMOMETER) // wrap the bus once, and keep the driver
}

/// A bus on which nobody answers.
#[derive(Default)]
struct DeadBus {
    asked: u32,
}

impl ErrorType for &mut DeadBus {
    type Error = ErrorKind;
}

impl I2c for &mut DeadBus {
    fn transaction(&mut self, _: u8, _: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        self.asked += 1;
        Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address))
    }
}

#[test]
fn three_transactions_without_an_answer_open_the_circuit_and_the_bus_is_left_alone() {
    let mut bus = DeadBus::default();
    let mut guarded = wrap(&mut bus);
    for _ in 0..10 {
        assert!(guarded.write(0x48, &[0]).is_err());
    }
    drop(guarded);
    assert_eq!(bus.asked, 3);
    assert_eq!(THERMOMETER.state(), CircuitState::Open);
    let mut guarded = Guarded::new(&mut bus, &THERMOMETER);
    assert!(matches!(guarded.write(0x48, &[0]), Err(CallError::Open(_))));
}

#[test]
fn the_example_is_here_line_by_line() {
    let (_, rest) = include_str!("../../README.md").split_once("## Firmware\n\n```rust\n").expect("the example");
    let (example, _) = rest.split_once("```").expect("its end");
    let (uses, program): (Vec<_>, Vec<_>) =
        example.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with("use "));
    assert!(uses.len() >= 4 && program.len() >= 9);
    let here: Vec<_> = include_str!("shown.rs").lines().collect();
    for line in program {
        assert!(here.contains(&line), "not in shown.rs: {line}");
    }
}

#[test]
fn the_line_of_the_log_that_the_guide_explains_is_one_that_a_breaker_says() {
    let told = RefCell::new(String::new());
    let observer = OnTransition::new(|name: &str, transition: &Transition| {
        told.replace(format!("circuit '{name}': {transition}"));
    });
    let config = Config::new().sliding_window(Duration::from_secs(5)).minimum_calls(76).failure_rate_threshold(50);
    let breaker = CircuitBreaker::with_rule("payments", TimeWindow::<10>::with(config), ManualClock::new(), observer);
    for call in 0..76 {
        let _ = breaker.call(|| if call % 2 == 0 { Ok(()) } else { Err("down") });
    }
    let page = include_str!("../../docs/guide/src/operations.md");
    let (_, line) = page.split_once("## Reading a log line\n\n```text\n").expect("the line");
    assert_eq!(line.lines().next(), Some(told.take().as_str()));
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_rule_takes_the_bytes_that_the_guide_says() {
    const fn more<R: Rule>() -> usize {
        size_of::<CircuitBreaker<SystemClock, (), &str, R>>() - size_of::<CircuitBreaker>()
    }
    let page = include_str!("../../docs/guide/src/rules.md");
    for (rule, bytes) in [
        ("Consecutive", "0".into()),
        ("ConsecutiveSlow", more::<ConsecutiveSlow>().to_string()),
        ("CountWindow<N>", format!("{} for 64", more::<CountWindow<64>>())),
        ("TimeWindow<B>", format!("{} for 10", more::<TimeWindow<10>>())),
        ("Adaptive<R>", more::<Adaptive<Consecutive>>().to_string()),
    ] {
        let row = page.lines().rfind(|line| line.starts_with(&format!("| `{rule}` |"))).expect(rule);
        assert!(row.ends_with(&format!(" {bytes} |")), "{rule} takes {bytes}: {row}");
    }
}
