//! An instance that is alone for the second time, while a probe of the first time still runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halfopen::machine::Ticket;
use halfopen::redis::{Fleet, FleetClock, FleetOptions, SharedBreaker, Sharing};
use halfopen::{CircuitState, Config};
use shells::{Perhaps, SERVER_EPOCH_US, with_interpreter};

/// It, in HALF_OPEN.
pub(crate) struct Instance<C: FleetClock> {
    /// Keeps what drives the breaker.
    _fleet: Fleet<C>,
    pub(crate) breaker: SharedBreaker<C>,
    /// What is left of the first time.
    pub(crate) earlier: Ticket,
}

/// Makes it, with so many places for probes; `set` sets its clock to so many milliseconds.
pub(crate) fn alone_again<C: FleetClock>(clock: C, set: impl Fn(u64), places: u32) -> Instance<C> {
    with_interpreter(|redis| redis.wipe());
    let away = Arc::new(AtomicBool::new(false));
    let options = FleetOptions::new().poll_interval(Duration::from_millis(100));
    let fleet = Fleet::inline(Perhaps(Arc::clone(&away)), options, clock).unwrap();
    let config = Config::new()
        .failure_threshold(3)
        .half_open_max_calls(places)
        .recovery_timeout(Duration::from_secs(2))
        .probe_timeout(Duration::from_secs(60));
    let breaker = fleet.breaker("s3", config).unwrap();
    let show = |ms: u64| {
        set(ms);
        with_interpreter(|redis| redis.set_time_us(SERVER_EPOCH_US + ms * 1_000));
        fleet.pump();
    };
    show(0);
    away.store(true, Ordering::Relaxed);
    for ms in [1_000, 1_010, 1_020] {
        show(ms);
        breaker.try_acquire().unwrap().failure();
    }
    show(3_100);
    assert_eq!(breaker.sharing(), Sharing::Alone);
    let earlier = breaker.acquire_ticket().expect("a probe of its own");
    // Redis is back, hears of the failures, and is gone again before the opening is over.
    away.store(false, Ordering::Relaxed);
    (32..40).for_each(|ms| show(ms * 100));
    assert_eq!((breaker.sharing(), breaker.state()), (Sharing::Shared, CircuitState::Open));
    away.store(true, Ordering::Relaxed);
    (40..60).for_each(|ms| show(ms * 100));
    assert_eq!((breaker.sharing(), breaker.state()), (Sharing::Alone, CircuitState::HalfOpen));
    Instance { _fleet: fleet, breaker, earlier }
}
