//! One process: the real breaker, and what drives it as the thread of a fleet does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use halfopen::machine::Ticket;
use halfopen::redis::wire::View;
use halfopen::redis::{Fleet, FleetClock, FleetOptions, Hand, SharedBreaker};
use halfopen::rules::Consecutive;
use halfopen::{Clock, Config, Observer, Timestamp, Transition};

use crate::plan::{POLL, Plan, RESPONSE_TIMEOUT, SETTLE};

/// An instance's clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<AtomicU64>);

impl Watch {
    pub(crate) fn set(&self, us: u64) {
        self.0.store(us, Ordering::Relaxed);
    }
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.micros() / 1_000)
    }
}

impl FleetClock for Watch {
    fn micros(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Hears what a breaker tells.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Transition>>>);

impl Told {
    pub(crate) fn take(&self) -> Vec<Transition> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Told {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.lock().unwrap().push(*transition);
    }
}

/// Where an instance's connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ready,
    /// Waits for the answer to this request. `true`: it is asking whether Redis is back.
    Waits(u64, bool),
    /// Redis is away; it will ask after a while.
    Away,
}

/// What kind of call it was let through as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// By a permit of the fleet.
    Probe,
    /// By the own breaker, while Redis was away or where instances count by themselves.
    OwnProbe,
    /// Nobody kept its ticket.
    Unfenced,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) ticket: Option<Ticket>,
    pub(crate) kind: Kind,
    pub(crate) since: u64,
    pub(crate) gen_no: u64,
    pub(crate) fails: bool,
    /// A fault that the page names has happened to its holder: the bound does not count it.
    pub(crate) excused: bool,
}

/// One life of a process.
pub(crate) struct Instance {
    pub(crate) life: u64,
    pub(crate) fleet: Fleet<Watch>,
    pub(crate) breaker: SharedBreaker<Watch, Told, Consecutive>,
    pub(crate) watch: Watch,
    /// Its clock minus the simulation's.
    pub(crate) offset: u64,
    pub(crate) told: Told,
    pub(crate) state_told: halfopen::CircuitState,
    pub(crate) link: Link,
    /// When it sent its latest request.
    pub(crate) sent_at: u64,
    pub(crate) backoff: u64,
    pub(crate) paused: bool,
    /// Cut off until then.
    pub(crate) cut_until: u64,
    pub(crate) deaf_until: u64,
    pub(crate) notices_from: u64,
    pub(crate) wake: u64,
    pub(crate) calls: BTreeMap<u64, Call>,
    /// The view after the latest event.
    pub(crate) view: View,
    /// What it was told of the latest generation; `None` after an order of its own.
    pub(crate) known: Option<View>,
    /// A notice has told it of something later since it sent its latest request.
    pub(crate) outrun: bool,
    /// Whether it was alone after the latest event.
    pub(crate) was_alone: bool,
    /// When it was alone last.
    pub(crate) alone_at: Option<u64>,
    pub(crate) requests: u64,
}

impl Instance {
    pub(crate) fn new(number: usize, life: u64, offset: u64, now: u64, plan: &Plan) -> Self {
        let options = FleetOptions::new()
            .counting(plan.counting)
            .lease(Duration::from_millis(plan.lease_ms))
            .settle(Duration::from_micros(SETTLE))
            .poll_interval(Duration::from_micros(POLL))
            .response_timeout(Duration::from_micros(RESPONSE_TIMEOUT))
            .probe_wait(Duration::ZERO);
        let config = Config::new()
            .failure_threshold(plan.failure_threshold)
            .success_threshold(plan.success_threshold)
            .recovery_timeout(Duration::from_millis(plan.recovery_ms))
            .probe_timeout(Duration::from_millis(plan.probe_timeout_ms))
            .half_open_max_calls(plan.places);
        let (watch, told) = (Watch::default(), Told::default());
        watch.set(now + offset);
        let fleet = Fleet::by_hand(&format!("i{number}l{life}"), options, watch.clone()).expect("good options");
        let breaker = fleet.breaker_with(crate::KEY_NAME, config, told.clone()).expect("a good configuration");
        Self {
            life,
            fleet,
            breaker,
            watch,
            offset,
            told,
            state_told: halfopen::CircuitState::Closed,
            link: Link::Ready,
            sent_at: 0,
            backoff: 0,
            paused: false,
            cut_until: 0,
            deaf_until: 0,
            notices_from: 0,
            wake: u64::MAX,
            calls: BTreeMap::new(),
            view: View::NEW,
            known: Some(View::NEW),
            outrun: false,
            was_alone: false,
            alone_at: None,
            requests: 0,
        }
    }

    pub(crate) fn hand(&self) -> &Hand {
        self.fleet.hand().expect("carried by hand")
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.breaker.sharing() == halfopen::redis::Sharing::Alone
    }

    /// Its probes are its own affair now: nobody could renew them.
    pub(crate) fn excuse(&mut self) {
        let probes = self.calls.values_mut().filter(|call| call.kind == Kind::Probe);
        probes.for_each(|call| call.excused = true);
    }
}
