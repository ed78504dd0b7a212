//! A refusal of a shared breaker waits for no lock, and says what it would have said under it.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use halfopen::redis::connect::{Connect, Connection, Subscription, Trouble, TroubleKind};
use halfopen::redis::{Fleet, FleetOptions, SharedBreaker, Sharing};
use halfopen::{CircuitState, Config, ManualClock, Timestamp};
use shells::{Interpreter, SERVER_EPOCH_US, with_interpreter};

/// No Redis.
struct Gone;

impl Connect for Gone {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        Err(Trouble { kind: TroubleKind::Connection, text: "refused".into() })
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Ok(None)
    }
}

struct Rig {
    fleet: Fleet<Arc<ManualClock>>,
    breaker: SharedBreaker<Arc<ManualClock>>,
    clock: Arc<ManualClock>,
}

impl Rig {
    /// A circuit that three failures have opened at 1 s, for 30 s.
    fn open() -> Self {
        Self::open_by(Interpreter)
    }

    fn open_by(connect: impl Connect + 'static) -> Self {
        with_interpreter(|redis| {
            redis.wipe();
            redis.set_time_us(SERVER_EPOCH_US);
        });
        let clock = Arc::new(ManualClock::new());
        let options = FleetOptions::new().settle(Duration::ZERO);
        let fleet = Fleet::inline(connect, options, Arc::clone(&clock)).unwrap();
        let breaker = fleet.breaker("s3", Config::new().failure_threshold(3)).unwrap();
        let rig = Self { fleet, breaker, clock };
        rig.at(1_000);
        for _ in 0..3 {
            rig.breaker.try_acquire().unwrap().failure();
        }
        assert_eq!(rig.breaker.state(), CircuitState::Open);
        rig
    }

    fn at(&self, ms: u64) {
        self.clock.set(Timestamp::from_millis(ms));
        with_interpreter(|redis| redis.set_time_us(SERVER_EPOCH_US + ms * 1_000));
    }

    /// The state and the wait that a request is refused with.
    fn refused(&self) -> (CircuitState, Option<Duration>) {
        let error = self.breaker.try_acquire().expect_err("it refuses");
        (error.state, error.retry_after)
    }

    /// The same, while this thread has the circuit's lock. `None`: it waited for the lock.
    fn refused_without_the_lock(&self) -> Option<(CircuitState, Option<Duration>)> {
        let (tell, told) = channel();
        let other = self.breaker.clone();
        let (thread, refusal) = self.breaker.with_circuit(|_| {
            let thread = std::thread::spawn(move || {
                let error = other.try_acquire().expect_err("it refuses");
                let _ = tell.send((error.state, error.retry_after));
            });
            (thread, told.recv_timeout(Duration::from_millis(500)).ok())
        });
        thread.join().unwrap();
        refusal
    }
}

const fn secs(state: CircuitState, secs: u64) -> (CircuitState, Option<Duration>) {
    (state, Some(Duration::from_secs(secs)))
}

#[test]
fn after_the_first_one_a_refusal_waits_for_no_lock() {
    let rig = Rig::open();
    assert_eq!(rig.refused(), secs(CircuitState::Open, 30));
    rig.at(3_000);
    assert_eq!(rig.refused_without_the_lock(), Some(secs(CircuitState::Open, 28)));
    // A look at what the fleet says has to learn whether anybody still asks.
    rig.fleet.pump();
    assert_eq!(rig.refused_without_the_lock(), None);
    assert_eq!(rig.refused_without_the_lock(), Some(secs(CircuitState::Open, 28)));
    rig.at(31_000);
    rig.fleet.pump();
    let probe = rig.breaker.try_acquire().expect("the time is over");
    assert!(probe.is_probe());
    assert_eq!(rig.refused(), secs(CircuitState::HalfOpen, 30));
    assert_eq!(rig.refused_without_the_lock(), Some(secs(CircuitState::HalfOpen, 30)));
    probe.failure();
    assert_eq!(rig.refused(), secs(CircuitState::Open, 30));
}

#[test]
fn a_process_that_carries_by_itself_knows_before_its_first_call() {
    let rig = Rig::open();
    rig.at(3_000);
    let options = FleetOptions::new().settle(Duration::ZERO);
    let other = Fleet::inline(Interpreter, options, Arc::clone(&rig.clock)).unwrap();
    let breaker = other.breaker("s3", Config::new().failure_threshold(3)).unwrap();
    let error = breaker.call(|| Ok::<_, ()>(())).expect_err("its first call");
    assert!(error.is_open(), "{error:?}");
    // One that never failed is not in the way of anybody.
    assert!(other.breaker("mail", Config::new()).unwrap().call(|| Ok::<_, ()>(())).is_ok());
}

#[test]
fn an_order_is_in_force_for_the_very_next_request() {
    let rig = Rig::open();
    assert_eq!((rig.refused(), rig.refused()), (secs(CircuitState::Open, 30), secs(CircuitState::Open, 30)));
    rig.breaker.force_open("the bank is down");
    assert_eq!(rig.refused(), (CircuitState::Open, None));
    assert_eq!(rig.refused_without_the_lock(), Some((CircuitState::Open, None)));
    rig.breaker.reset();
    assert!(rig.breaker.allow_request());
    rig.breaker.force_open("");
    assert_eq!((rig.refused(), rig.refused()), ((CircuitState::Open, None), (CircuitState::Open, None)));
    rig.breaker.force_closed("");
    assert!(rig.breaker.allow_request());
}

#[test]
fn a_clock_that_goes_back_stands_still_though_nobody_had_the_lock_meanwhile() {
    let rig = Rig::open();
    assert_eq!(rig.refused(), secs(CircuitState::Open, 30));
    rig.at(21_000);
    // Whoever reads this has no lock: that it was 21 s is known all the same.
    assert_eq!(rig.refused_without_the_lock(), Some(secs(CircuitState::Open, 10)));
    rig.clock.set(Timestamp::from_millis(6_000));
    assert_eq!(rig.refused(), secs(CircuitState::Open, 10));
    assert_eq!(rig.refused(), secs(CircuitState::Open, 10));
    rig.clock.set(Timestamp::from_millis(15_000));
    assert_eq!(rig.refused(), secs(CircuitState::Open, 1));
}

#[test]
fn an_opening_that_a_notice_tells_of_is_known_to_be_asked_for_by_the_first_request() {
    let rig = Rig::open();
    rig.breaker.reset();
    assert!(rig.breaker.allow_request());
    let gen_no = rig.breaker.with_circuit(|circuit| circuit.view().gen_no) + 1_000;
    rig.fleet.noticed(&format!("1|{gen_no}|open|0|3|30000||consecutive_failures|circuit_breaker:s3"));
    // Whoever is refused first has the permit asked for that is to be there at the end.
    assert_eq!(rig.refused_without_the_lock(), None);
    assert_eq!(rig.refused_without_the_lock(), Some(secs(CircuitState::Open, 30)));
}

#[test]
fn an_instance_that_is_alone_takes_no_lock_to_refuse_either() {
    let rig = Rig::open_by(Gone);
    assert_eq!(rig.breaker.sharing(), Sharing::Alone);
    rig.at(3_000);
    assert_eq!(rig.refused_without_the_lock(), Some(secs(CircuitState::Open, 28)));
    rig.at(31_000);
    assert!(rig.breaker.try_acquire().expect("the time is over").is_probe());
}
