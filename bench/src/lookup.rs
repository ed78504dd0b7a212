//! Finding one circuit among many, and asking whether it lets a request through.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use halfopen::{BreakerTable, CircuitBreaker, Config, SystemClock};

use crate::rounds::Row;

/// A way to find a circuit.
pub(crate) struct Lookup {
    pub(crate) way: &'static str,
    pub(crate) circuits: usize,
    pub(crate) row: Row,
}

pub(crate) fn lookups() -> Vec<Lookup> {
    [among::<16>(), among::<1_024>()].into_iter().flatten().collect()
}

/// Goes through all names, in an order that is not that of their places.
struct Walk<const N: usize> {
    names: Arc<[&'static str; N]>,
    at: usize,
}

impl<const N: usize> Walk<N> {
    #[inline(always)]
    fn next(&mut self) -> usize {
        self.at = (self.at + 7) % N;
        self.at
    }

    #[inline(always)]
    fn next_name(&mut self) -> &'static str {
        let at = self.next();
        self.names[at]
    }
}

fn among<const N: usize>() -> [Lookup; 3] {
    let names: Arc<[&'static str; N]> = Arc::new(std::array::from_fn(|n| &*format!("service-{n:04}").leak()));
    // Leaked, because handles borrow the table.
    let table: &'static BreakerTable<SystemClock, N> =
        Box::leak(Box::new(BreakerTable::new(Config::new(), SystemClock)));
    let handle = |name: &&'static str| table.register(*name).expect("there is a place for each");
    let handles: Arc<[_]> = names.iter().map(handle).collect();
    let breaker = |name: &&'static str| (*name, Arc::new(CircuitBreaker::new(*name, Config::new())));
    let map: Arc<RwLock<HashMap<&str, Arc<CircuitBreaker>>>> =
        Arc::new(RwLock::new(names.iter().map(breaker).collect()));

    let walks = || [0, N / 2].map(|at| Walk::<N> { names: names.clone(), at });
    let lookup = |way, row| Lookup { way, circuits: N, row };
    [
        lookup(
            "BreakerTable, by handle",
            Row::shared(
                "handle",
                true,
                || walks().map(|walk| (walk, handles.clone())),
                |(walk, handles)| handles[walk.next()].allow_request(),
            ),
        ),
        lookup(
            "BreakerTable, by name",
            Row::shared("name", true, walks, move |walk| {
                table.get(walk.next_name()).is_some_and(|circuit| circuit.allow_request())
            }),
        ),
        lookup(
            "std RwLock<HashMap>, by name, its Arc cloned",
            Row::shared(
                "map",
                true,
                || walks().map(|walk| (walk, map.clone())),
                |(walk, map)| {
                    let circuit = map.read().expect("nobody panics with it").get(walk.next_name()).cloned();
                    circuit.is_some_and(|circuit| circuit.allow_request())
                },
            ),
        ),
    ]
}
