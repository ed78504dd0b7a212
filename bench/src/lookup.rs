//! Finding one circuit among many, and asking whether it lets a request through.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use halfopen::{BreakerTable, CircuitBreaker, CircuitBreakerRegistry, Config, RegistryConfig, SystemClock};

use crate::rounds::Row;

/// A way to find a circuit.
pub(crate) struct Lookup {
    pub(crate) way: &'static str,
    pub(crate) circuits: usize,
    pub(crate) row: Row,
}

pub(crate) fn lookups() -> Vec<Lookup> {
    [among::<16>(), among::<1_024>()].into_iter().flatten().chain(by_maps::<MANY>()).collect()
}

pub(crate) const REGISTRY: &str = "CircuitBreakerRegistry, by name";
pub(crate) const MANY: usize = 10_000;

/// A prime far from every N's part, so that no next place is near enough to be fetched before it is asked for.
const STRIDE: usize = 6_131;

/// Goes through all names, in an order that is not that of their places.
struct Walk<const N: usize> {
    names: Arc<[&'static str; N]>,
    at: usize,
}

impl<const N: usize> Walk<N> {
    #[inline(always)]
    fn next(&mut self) -> usize {
        self.at = (self.at + STRIDE) % N;
        self.at
    }

    #[inline(always)]
    fn next_name(&mut self) -> &'static str {
        let at = self.next();
        self.names[at]
    }
}

fn names<const N: usize>() -> Arc<[&'static str; N]> {
    Arc::new(std::array::from_fn(|n| &*format!("service-{n:04}").leak()))
}

fn walks<const N: usize>(names: &Arc<[&'static str; N]>) -> [Walk<N>; 2] {
    [0, N / 2].map(|at| Walk::<N> { names: names.clone(), at })
}

/// By what needs a heap, whatever the number of circuits.
fn by_maps<const N: usize>() -> [Lookup; 2] {
    let names = names::<N>();
    let circuits = CircuitBreakerRegistry::try_new(RegistryConfig::new()).expect("the defaults are valid");
    for name in names.iter() {
        circuits.register(name).expect("there is a place for each");
    }
    let circuits = Arc::new(circuits);
    let breaker = |name: &&'static str| (*name, Arc::new(CircuitBreaker::new(*name, Config::new())));
    let map: Arc<RwLock<HashMap<&str, Arc<CircuitBreaker>>>> =
        Arc::new(RwLock::new(names.iter().map(breaker).collect()));
    let lookup = |way, row: Row| Lookup { way, circuits: N, row: if N >= MANY { row.roaming() } else { row } };
    let more = names.clone();
    [
        lookup(
            REGISTRY,
            Row::shared(
                "registry",
                true,
                || walks(&names).map(|walk| (walk, circuits.clone())),
                |(walk, circuits)| circuits.get(walk.next_name()).is_some_and(|circuit| circuit.allow_request()),
            ),
        ),
        lookup(
            "std RwLock<HashMap>, by name, its Arc cloned",
            Row::shared(
                "map",
                true,
                || walks(&more).map(|walk| (walk, map.clone())),
                |(walk, map)| {
                    let circuit = map.read().expect("nobody panics with it").get(walk.next_name()).cloned();
                    circuit.is_some_and(|circuit| circuit.allow_request())
                },
            ),
        ),
    ]
}

fn among<const N: usize>() -> Vec<Lookup> {
    let names = names::<N>();
    // Leaked, because handles borrow the table.
    let table: &'static BreakerTable<SystemClock, N> =
        Box::leak(Box::new(BreakerTable::new(Config::new(), SystemClock)));
    let handle = |name: &&'static str| table.register(*name).expect("there is a place for each");
    let handles: Arc<[_]> = names.iter().map(handle).collect();
    let lookup = |way, row| Lookup { way, circuits: N, row };
    let mut lookups = vec![
        lookup(
            "BreakerTable, by handle",
            Row::shared(
                "handle",
                true,
                || walks(&names).map(|walk| (walk, handles.clone())),
                |(walk, handles)| handles[walk.next()].allow_request(),
            ),
        ),
        lookup(
            "BreakerTable, by name",
            Row::shared(
                "name",
                true,
                || walks(&names),
                move |walk| table.get(walk.next_name()).is_some_and(|circuit| circuit.allow_request()),
            ),
        ),
    ];
    lookups.extend(by_maps::<N>());
    lookups
}
