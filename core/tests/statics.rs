//! What threads and interrupts may share, and what fits a `static`: most of it is shown by compiling.

#![cfg(not(halfopen_loom))]

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use halfopen::machine::{Effect, Event, Policy, State, Step, Ticket, Verdict};
use halfopen::rules::{Adaptive, Checked, Consecutive, ConsecutiveSlow, CountWindow, TimeWindow};
use halfopen::{
    BreakerTable, CallError, CircuitBreaker, CircuitOpenError, CircuitState, Clock, Config, ConfigError, Entry,
    FnClock, KeyPrefix, ManualClock, Mode, Observer, OnTransition, Outcome, Permit, Reason, Receipt, Refusal, Snapshot,
    SnapshotError, TableError, TickClock, Timestamp, Transition,
};

type Told = OnTransition<fn(&str, &Transition)>;
type Name = Arc<str>;

fn send_and_sync<T: Send + Sync>() {}

#[test]
fn every_public_value_is_send_and_sync() {
    send_and_sync::<(ManualClock, FnClock, TickClock, Timestamp)>();
    send_and_sync::<(Config, Policy, KeyPrefix, ConfigError)>();
    send_and_sync::<(CallError<String, Name>, CircuitOpenError<Name>, TableError, SnapshotError)>();
    send_and_sync::<(State, Event, Step, Effect, Verdict, CircuitState, Mode)>();
    send_and_sync::<(Outcome, Receipt, Ticket, Refusal, Reason, Transition, Snapshot)>();
    send_and_sync::<(CircuitBreaker<FnClock, Told, String>, CircuitBreaker<ManualClock, (), Name>)>();
    #[cfg(feature = "std")]
    send_and_sync::<(CircuitBreaker, halfopen::SystemClock)>();
    #[cfg(feature = "embassy-time-v0_5")]
    send_and_sync::<halfopen::EmbassyClock>();
    #[cfg(feature = "fugit-v0_3")]
    send_and_sync::<halfopen::FugitClock<fugit_v0_3::TimerInstantU32<1_000>>>();
    #[cfg(feature = "fugit-v0_6")]
    send_and_sync::<halfopen::FugitClock<fugit_v0_6::MonotonicTimerInstantU32<1_000>>>();
}

#[test]
fn the_future_of_a_call_can_be_sent_to_another_thread() {
    fn send<T: Send>(_: &T) {}
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("send", Config::new(), &clock);
    send(&breaker.call_async(|| async { Ok::<_, ()>(1) }));
    send(&breaker.call_async_with(|_: &Result<u8, ()>| Outcome::Success, || async { Ok(1) }));
}

static CLOCK: ManualClock = ManualClock::new();

/// A breaker and a table by the rule, each in a `static`: another thread opens them, and this one sees it.
macro_rules! in_a_static {
    ($($test:ident: $rule:ty, $config:expr;)*) => { $(
        #[test]
        fn $test() {
            type Rule = $rule;
            static BREAKER: CircuitBreaker<&ManualClock, (), &str, Rule> =
                CircuitBreaker::with_rule("breaker", Rule::with($config), &CLOCK, ());
            static TABLE: BreakerTable<&ManualClock, 2, &str, (), Rule> =
                BreakerTable::with_rule(Rule::with($config), &CLOCK, ());
            send_and_sync::<(Checked<Rule>, Permit<'_, CircuitBreaker<&ManualClock, Told, Name, Rule>>)>();
            send_and_sync::<(BreakerTable<&ManualClock, 4, Name, Told, Rule>, Entry<'_, &ManualClock, Told, Name, Rule>)>();

            // A permit and a handle go to another thread, and come back.
            let (permit, entry) = (BREAKER.try_acquire().unwrap(), TABLE.register("entry").unwrap());
            let (receipt, entry) = thread::spawn(move || {
                let receipt = permit.failure();
                BREAKER.trip();
                entry.trip();
                (receipt, entry)
            })
            .join()
            .unwrap();
            assert_eq!(receipt, Receipt::Recorded);
            assert_eq!((BREAKER.state(), entry.state()), (CircuitState::Open, CircuitState::Open));
            assert_eq!(TABLE.get("entry").map(|entry| entry.state()), Some(CircuitState::Open));
        }
    )* };
}

const SLOW: Config = Config::new().slow_call_duration(Duration::from_secs(1));
const GROWING: Config = Config::new().recovery_multiplier_percent(200).max_recovery_timeout(Duration::from_secs(300));

in_a_static! {
    the_consecutive_rule_fits_a_static: Consecutive, Config::new();
    slow_calls_as_failures_fit_a_static: ConsecutiveSlow, SLOW;
    a_window_over_calls_fits_a_static: CountWindow<64>, Config::new();
    a_window_over_time_fits_a_static: TimeWindow<10>, Config::new();
    an_adaptive_rule_fits_a_static: Adaptive<Consecutive>, GROWING;
    an_adaptive_window_over_calls_fits_a_static: Adaptive<CountWindow<64>>, GROWING;
    an_adaptive_window_over_time_fits_a_static: Adaptive<TimeWindow<10>>, GROWING;
}

/// Whether a type is `Send` and `Sync`: where the bound holds, the inherent constant goes before the trait's.
struct Ask<T>(PhantomData<T>);

trait Otherwise {
    const SEND: bool = false;
    const SYNC: bool = false;
}

impl<T> Otherwise for Ask<T> {}

impl<T: Send> Ask<T> {
    const SEND: bool = true;
}

impl<T: Sync> Ask<T> {
    const SYNC: bool = true;
}

macro_rules! send_sync {
    ($type:ty) => {
        (<Ask<$type>>::SEND, <Ask<$type>>::SYNC)
    };
}

/// Its own thread's alone to look at.
#[derive(Clone, Default)]
struct Tally(Cell<u32>);

impl Observer for Tally {
    fn on_transition(&self, _: &str, _: &Transition) {
        self.0.set(self.0.get() + 1);
    }
}

impl Clock for Tally {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get().into())
    }
}

#[test]
fn what_a_breaker_holds_decides_whether_threads_may_share_it() {
    assert_eq!(send_sync!(CircuitBreaker<FnClock>), (true, true));
    assert_eq!(send_sync!(CircuitBreaker<FnClock, Tally>), (true, false));
    assert_eq!(send_sync!(CircuitBreaker<Tally>), (true, false));
    assert_eq!(send_sync!(CircuitBreaker<FnClock, (), Rc<str>>), (false, false));
}

#[test]
fn a_permit_a_handle_and_a_table_are_shared_where_their_breakers_may_be() {
    // A permit and a handle are references: to send one is to share the breaker.
    assert_eq!(send_sync!(Permit<'_, CircuitBreaker<FnClock>>), (true, true));
    assert_eq!(send_sync!(Permit<'_, CircuitBreaker<FnClock, Tally>>), (false, false));
    assert_eq!(send_sync!(Entry<'_, FnClock>), (true, true));
    assert_eq!(send_sync!(Entry<'_, FnClock, Tally>), (false, false));
    assert_eq!(send_sync!(BreakerTable<FnClock, 2>), (true, true));
    assert_eq!(send_sync!(BreakerTable<FnClock, 2, &'static str, Tally>), (true, false));
    assert_eq!(send_sync!(BreakerTable<FnClock, 2, Rc<str>>), (false, false));
}
