//! The decorators, errors as a chain, and the sleepers of platforms.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use halfopen::retry::backon::BlockingSleeper;
use halfopen::retry::{GaveUp, SystemSleeper};
use halfopen::{CallError, RetryError, retry, retry_async, wrap_retry, wrap_retry_async};

use super::rig::{block_on, failing, rig};

#[test]
fn a_wrapped_function_keeps_its_argument_and_its_value() {
    let (breaker, policy, nap) = rig(10);
    let breaker = Arc::new(breaker);
    let operation = std::sync::Mutex::new(failing(2));
    let upload = wrap_retry(breaker.clone(), policy.clone(), |(bucket, key): (&str, String)| {
        operation.lock().unwrap().call().map(|_| format!("{bucket}/{key}"))
    });
    assert_eq!(upload(("photos", "cat.jpg".to_owned())).unwrap(), "photos/cat.jpg");
    assert_eq!(nap.slept(), [100, 200]);
    let fetch = wrap_retry_async(breaker, policy, async |path: String| Err::<(), _>(path));
    let error = block_on(fetch.call("/".to_owned())).unwrap_err();
    assert_eq!(error, RetryError::Inner { error: "/".to_owned(), attempts: 3, why: GaveUp::Attempts });
}

#[test]
fn an_error_is_shown_with_the_number_of_attempts_and_the_operation_s_own_is_in_the_chain_once() {
    let (breaker, policy, _) = rig(3);
    let broken = || Err::<(), _>(io::Error::other(io::Error::from(io::ErrorKind::NotFound)));
    let error = retry(&breaker, &policy.clone().attempts(2), broken).unwrap_err();
    assert_eq!(error.to_string(), "entity not found (2 attempts)");
    // Of `io::Error` the source is that of what it holds.
    assert!(error.source().is_none());
    let error = retry(&breaker, &policy, broken).unwrap_err();
    assert_eq!(error.to_string(), "circuit 'rig' is open, retry after 30.000 s (1 attempt)");
    assert_eq!(error.source().unwrap().to_string(), "entity not found");
    assert!(matches!(CallError::from(error), CallError::Open(refused) if refused.operation_name == "rig"));
    let inner: RetryError<&str> = RetryError::Inner { error: "no", attempts: 1, why: GaveUp::Budget };
    assert_eq!(CallError::from(inner), CallError::Inner("no"));
    assert_eq!(
        (inner.last(), inner.into_inner(), inner.to_string()),
        (Some(&"no"), Some("no"), "no (1 attempt)".into())
    );
}

#[test]
fn the_system_s_sleeper_waits() {
    let before = std::time::Instant::now();
    BlockingSleeper::sleep(&SystemSleeper, Duration::from_millis(2));
    assert!(before.elapsed() >= Duration::from_millis(2));
}

#[test]
fn a_future_can_go_to_another_thread() {
    fn can_be_sent<T: Send>(future: T) -> T {
        future
    }
    let (breaker, policy, _) = rig(10);
    let future = can_be_sent(retry_async(&breaker, &policy, async || Ok::<_, ()>(7)));
    assert_eq!(block_on(future), Ok(7));
    let wrapped = wrap_retry_async(&breaker, policy, |number: u32| std::future::ready(Ok::<_, ()>(number)));
    assert_eq!(block_on(can_be_sent(wrapped.call(8))), Ok(8));
}

/// By tokio's clock, which jumps to the next timer where nothing else is to be done.
#[cfg(feature = "retry-sleep")]
#[test]
fn on_tokio_it_waits_by_its_timer() {
    use halfopen::retry::Jitter;
    use halfopen::{CircuitBreaker, Config, RetryPolicy};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let breaker = CircuitBreaker::new("tokio", Config::new().failure_threshold(10));
        let policy = RetryPolicy::new().backoff(Duration::from_secs(10)).jitter(Jitter::None);
        let error = retry_async(&breaker, &policy, async || Err::<(), _>("no")).await.unwrap_err();
        assert_eq!((error.attempts(), start.elapsed().as_secs()), (3, 30));
    });
}

/// By a driver whose time is moved by hand.
#[cfg(feature = "retry-embassy-v0_5")]
#[test]
fn on_embassy_it_waits_by_its_driver() {
    use std::pin::pin;

    use embassy_time_v0_5::{Duration as Ticks, MockDriver};
    use halfopen::retry::{Jitter, backon::EmbassySleeper};
    use halfopen::{CircuitBreaker, Config, EmbassyClock, RetryPolicy};

    use super::rig::poll;

    let driver = MockDriver::get();
    let breaker = CircuitBreaker::with_clock("embassy", Config::new(), EmbassyClock);
    let policy = RetryPolicy::with_clock(EmbassyClock).sleeper(EmbassySleeper).jitter(Jitter::None).attempts(2);
    let mut future = pin!(retry_async(&breaker, &policy, async || Err::<(), _>("no")));
    assert!(poll(future.as_mut()).is_pending());
    driver.advance(Ticks::from_millis(99));
    assert!(poll(future.as_mut()).is_pending());
    driver.advance(Ticks::from_millis(1));
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(breaker.failure_count(), 2);
}
