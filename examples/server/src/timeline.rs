//! The time line: equal requests in a row become one line. Pure; the times are arguments.

use std::fmt;
use std::time::Duration;

use halfopen::{CircuitState, Transition};

use crate::scenario::Health;

/// How a request ended for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The service answered with this status.
    Status(u16),
    /// The client gave up waiting.
    TimedOut,
    /// Something else went wrong on the way.
    Broken,
    /// The breaker refused it: it was not sent.
    Refused,
}

impl Answer {
    /// The answer that a result of [`Client::get`](crate::client::Client::get) is.
    #[must_use]
    pub fn of(result: &Result<u16, ureq::Error>) -> Self {
        match result {
            Ok(status) => Self::Status(*status),
            Err(ureq::Error::Timeout(_)) => Self::TimedOut,
            Err(_) => Self::Broken,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(200) => f.write_str("ok"),
            Self::Status(status) => write!(f, "{status}"),
            Self::TimedOut => f.write_str("timeout"),
            Self::Broken => f.write_str("no answer"),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The service is like this from now on.
    Service(Health),
    /// Requests that ended alike.
    Requests {
        /// How.
        answer: Answer,
        /// They were probes.
        probe: bool,
        /// How many.
        count: u32,
        /// The time that the caller spent on all of them.
        time: Duration,
    },
    /// The circuit changed its state.
    Circuit(Transition),
}

/// A line: what happened, and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Since the start of the run.
    pub at: Duration,
    /// What.
    pub what: What,
}

impl Line {
    /// Takes in `next` if it continues this line.
    fn absorb(&mut self, next: &Self) -> bool {
        match (&mut self.what, next.what) {
            (
                What::Requests { answer, probe, count, time },
                What::Requests { answer: next_answer, probe: next_probe, count: more, time: longer },
            ) if (*answer, *probe) == (next_answer, next_probe) => {
                *count += more;
                *time += longer;
                true
            }
            _ => false,
        }
    }
}

/// The time, a mark for what is no request, what, and details: at most 80 columns.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.2} s  ", self.at.as_secs_f64())?;
        match self.what {
            What::Service(Health::Healthy) => f.write_str("--- the service is healthy"),
            What::Service(Health::Failing) => f.write_str("--- the service fails: it answers 503 at once"),
            What::Service(Health::Hanging) => f.write_str("--- the service hangs: it does not answer"),
            What::Requests { answer, probe, count, time } => {
                let probe = if probe { "probe: " } else { "" };
                let (times, each) = if count > 1 { (format!(" ×{count}"), " each") } else { Default::default() };
                let what = format!("{probe}{answer}{times}");
                let time = Short(time / count.max(1));
                let note = match answer {
                    Answer::Refused => ", not sent",
                    Answer::Status(400..500) => ", ignored: the caller's mistake",
                    _ => "",
                };
                write!(f, "    {what:<20}  {time}{each}{note}")
            }
            What::Circuit(transition) => {
                let what = format!("{} -> {}", word(transition.from), word(transition.to));
                write!(f, ">>> {what:<20}  {}, ", transition.reason)?;
                match transition.successes {
                    0 => write!(f, "failure_count {}", transition.failure_count),
                    successes => write!(f, "successes {successes}"),
                }
            }
        }
    }
}

const fn word(state: CircuitState) -> &'static str {
    match state {
        CircuitState::Closed => "closed",
        CircuitState::Open => "open",
        CircuitState::HalfOpen => "half-open",
    }
}

/// A duration, to two digits or so.
struct Short(Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.as_secs_f64() * 1e6;
        match us {
            ..100.0 => write!(f, "{us:.1} µs"),
            ..1_000.0 => write!(f, "{us:.0} µs"),
            ..10_000.0 => write!(f, "{:.1} ms", us / 1e3),
            _ => write!(f, "{:.0} ms", us / 1e3),
        }
    }
}

/// Puts lines together.
#[derive(Debug, Default)]
pub struct Timeline {
    current: Option<Line>,
}

impl Timeline {
    /// Adds what happened now, and gives the line that ended with it.
    #[must_use]
    pub fn push(&mut self, next: Line) -> Option<Line> {
        if self.current.as_mut().is_some_and(|current| current.absorb(&next)) {
            return None;
        }
        self.current.replace(next)
    }

    /// The line that may still grow.
    #[must_use]
    pub fn current(&self) -> Option<&Line> {
        self.current.as_ref()
    }

    /// Ends the line that may still grow.
    #[must_use]
    pub fn finish(&mut self) -> Option<Line> {
        self.current.take()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use halfopen::{CircuitBreaker, Config, ManualClock, OnTransition};

    use super::*;

    fn request(at_ms: u64, answer: Answer, probe: bool) -> Line {
        let what = What::Requests { answer, probe, count: 1, time: Duration::from_micros(1_500) };
        Line { at: Duration::from_millis(at_ms), what }
    }

    fn compressed(lines: impl IntoIterator<Item = Line>) -> Vec<String> {
        let mut timeline = Timeline::default();
        let mut done: Vec<_> = lines.into_iter().filter_map(|line| timeline.push(line)).collect();
        done.extend(timeline.finish());
        done.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_requests_in_a_row_become_one_line_that_begins_with_the_first() {
        let ok = Answer::Status(200);
        let failed = Answer::Status(503);
        let lines = [
            request(0, ok, false),
            request(50, ok, false),
            request(100, failed, false),
            request(150, ok, false),
            request(200, ok, false),
            request(250, ok, false),
        ];
        assert_eq!(
            compressed(lines),
            [
                "  0.00 s      ok ×2                 1.5 ms each",
                "  0.10 s      503                   1.5 ms",
                "  0.15 s      ok ×3                 1.5 ms each",
            ]
        );
    }

    #[test]
    fn a_probe_is_not_lost_among_other_requests() {
        let ok = Answer::Status(200);
        let lines = [request(0, ok, true), request(50, ok, true), request(100, ok, false)];
        assert_eq!(
            compressed(lines),
            ["  0.00 s      probe: ok ×2          1.5 ms each", "  0.10 s      ok                    1.5 ms"]
        );
    }

    #[test]
    fn a_change_of_the_service_ends_a_run() {
        let change = Line { at: Duration::from_millis(20), what: What::Service(Health::Hanging) };
        let lines = [request(0, Answer::TimedOut, false), change, request(1_250, Answer::TimedOut, false)];
        assert_eq!(
            compressed(lines),
            [
                "  0.00 s      timeout               1.5 ms",
                "  0.02 s  --- the service hangs: it does not answer",
                "  1.25 s      timeout               1.5 ms",
            ]
        );
    }

    #[test]
    fn the_line_that_grows_can_be_seen() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.push(request(0, Answer::Refused, false)), None);
        assert_eq!(timeline.push(request(50, Answer::Refused, false)), None);
        let current = timeline.current().map(ToString::to_string);
        assert_eq!(current.as_deref(), Some("  0.00 s      refused ×2            1.5 ms each, not sent"));
    }

    #[test]
    fn a_transition_tells_its_reason_and_counts() {
        let clock = ManualClock::new();
        let lines = RefCell::new(Vec::new());
        let note = OnTransition::new(|_, transition| {
            lines.borrow_mut().push(Line { at: Duration::ZERO, what: What::Circuit(*transition) }.to_string());
        });
        let config = Config::new().failure_threshold(1).recovery_timeout(Duration::from_millis(1));
        let breaker = CircuitBreaker::with_observer("test", config, &clock, note);
        breaker.record_failure();
        clock.advance(Duration::from_millis(1));
        breaker.record_success();
        assert_eq!(
            *lines.borrow(),
            [
                "  0.00 s  >>> closed -> open        consecutive_failures, failure_count 1",
                "  0.00 s  >>> open -> half-open     recovery_timeout, failure_count 1",
                "  0.00 s  >>> half-open -> closed   probes_succeeded, successes 1",
            ]
        );
    }

    #[test]
    fn times_are_short_whatever_their_size() {
        let short = |ns| Short(Duration::from_nanos(ns)).to_string();
        assert_eq!(short(310), "0.3 µs");
        assert_eq!(short(310_000), "310 µs");
        assert_eq!(short(1_510_000), "1.5 ms");
        assert_eq!(short(401_000_000), "401 ms");
    }
}
