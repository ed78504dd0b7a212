//! What a refusal and a failed call tell: their fields, their texts, their causes, and names of every kind.

#![cfg(not(halfopen_loom))]

use std::error::Error;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use halfopen::{CallError, CircuitBreaker, CircuitOpenError, CircuitState, Config, ManualClock};

const CONFIG: Config = Config::new()
    .failure_threshold(1)
    .recovery_timeout(Duration::from_millis(61_005))
    .probe_timeout(Duration::from_millis(250));

/// An error with a cause.
#[derive(Debug)]
struct Upload(fmt::Error);

impl fmt::Display for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("upload failed")
    }
}

impl Error for Upload {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[track_caller]
fn assert_refused(error: &CircuitOpenError, state: CircuitState, retry_after: Option<Duration>, text: &str) {
    assert_eq!(*error, CircuitOpenError { operation_name: "s3", state, retry_after });
    assert_eq!(error.to_string(), text);
    assert_eq!(CallError::<Upload>::from(*error).to_string(), text);
    assert!(error.source().is_none());
}

#[test]
fn a_refusal_tells_the_name_the_state_and_how_long_to_wait() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("s3", CONFIG, &clock);
    let refused = || breaker.try_acquire().unwrap_err();
    breaker.record_failure();
    let whole = Some(Duration::from_millis(61_005));
    assert_refused(&refused(), CircuitState::Open, whole, "circuit 's3' is open, retry after 61.005 s");
    clock.advance(Duration::from_millis(61_004));
    let least = Some(Duration::from_millis(1));
    assert_refused(&refused(), CircuitState::Open, least, "circuit 's3' is open, retry after 0.001 s");
    clock.advance(Duration::from_millis(1));
    let _probe = breaker.try_acquire().unwrap();
    let lease = Some(Duration::from_millis(250));
    assert_refused(&refused(), CircuitState::HalfOpen, lease, "circuit 's3' is half_open, retry after 0.250 s");
    breaker.isolate();
    assert_refused(&refused(), CircuitState::Open, None, "circuit 's3' is open until it is reset");
}

#[test]
fn a_ticket_s_refusal_says_the_same_as_a_permit_s() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("s3", CONFIG, &clock);
    breaker.trip();
    let (ticket, permit) = (breaker.acquire_ticket().unwrap_err(), breaker.try_acquire().unwrap_err());
    assert_eq!((ticket.state, ticket.retry_after()), (permit.state, permit.retry_after));
    breaker.isolate();
    assert_eq!(breaker.acquire_ticket().unwrap_err().retry_after(), None);
}

#[test]
fn the_operation_s_own_error_is_shown_as_it_is_and_given_back() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("s3", CONFIG, &clock);
    let error = breaker.call(|| Err::<(), _>(Upload(fmt::Error))).unwrap_err();
    assert!(!error.is_open());
    assert_eq!(error.to_string(), "upload failed");
    assert!(error.source().is_some_and(<dyn Error>::is::<fmt::Error>), "the cause is the error's, not the error");
    assert!(matches!(error.into_inner(), Some(Upload(_))));
    let refused = breaker.call(|| Err::<(), _>(Upload(fmt::Error))).unwrap_err();
    assert!(refused.is_open() && refused.source().is_none());
    assert!(refused.into_inner().is_none());
}

#[test]
fn an_error_of_a_call_passes_through_a_question_mark_into_a_box() {
    type Boxed = Box<dyn Error + Send + Sync>;
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock(String::from("s3"), CONFIG, &clock);
    let upload = || -> Result<u32, Boxed> { Ok(breaker.call(|| "x".parse::<u32>())?) };
    let failed = upload().unwrap_err();
    assert_eq!(failed.to_string(), "invalid digit found in string");
    let refused = upload().unwrap_err();
    let refused = refused.downcast_ref::<CallError<std::num::ParseIntError, String>>().unwrap();
    assert!(refused.is_open());
    let acquire = || -> Result<bool, Boxed> { Ok(breaker.try_acquire()?.is_probe()) };
    assert_eq!(acquire().unwrap_err().to_string(), "circuit 's3' is open, retry after 61.005 s");
}

#[test]
fn a_refusal_passes_through_a_question_mark_into_the_error_of_a_call() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("s3", CONFIG, &clock);
    breaker.trip();
    let by_hand = || -> Result<(), CallError<Upload>> {
        let permit = breaker.try_acquire()?;
        permit.success();
        Ok(())
    };
    assert!(matches!(by_hand(), Err(CallError::Open(refused)) if refused.state == CircuitState::Open));
}

#[track_caller]
fn assert_name_is_told<N: AsRef<str> + Clone + Debug + 'static>(name: N) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock(name.clone(), CONFIG, &clock);
    assert_eq!(breaker.operation_name(), "café/2");
    assert!(format!("{breaker:?}").contains("café/2"));
    assert!(format!("{:?}", breaker.try_acquire().unwrap()).contains("café/2"));
    breaker.trip();
    let error: Box<dyn Error> = Box::new(breaker.call(|| Err::<(), _>(Upload(fmt::Error))).unwrap_err());
    assert_eq!(error.to_string(), "circuit 'café/2' is open, retry after 61.005 s");
    assert_eq!(breaker.try_acquire().unwrap_err().operation_name.as_ref(), name.as_ref());
}

#[test]
fn a_name_of_any_kind_of_text_is_told_in_every_error() {
    assert_name_is_told("café/2");
    assert_name_is_told(String::from("café/2"));
    assert_name_is_told(Box::<str>::from("café/2"));
    assert_name_is_told::<Arc<str>>(Arc::from("café/2"));
    assert_name_is_told(heapless::String::<16>::try_from("café/2").unwrap());
}

#[test]
fn a_shared_name_is_cloned_into_a_refusal_and_not_copied() {
    let clock = ManualClock::new();
    let name: Arc<str> = Arc::from("s3");
    let breaker = CircuitBreaker::with_clock(name.clone(), CONFIG, &clock);
    breaker.trip();
    assert!(Arc::ptr_eq(&breaker.try_acquire().unwrap_err().operation_name, &name));
    assert_eq!(Arc::strong_count(&name), 2);
}
