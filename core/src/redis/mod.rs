//! Circuits that a fleet of processes shares through Redis or Valkey.
//!
//! Processes on many hosts that call the same thing share one circuit for each operation name. What one of them learns all
//! know about a millisecond later; while all is well nobody asks Redis anything; and when Redis is away each goes on alone, by the same rules.
//!
//! ```
//! use halfopen::Config;
//! use halfopen::redis::{Fleet, FleetOptions};
//!
//! let fleet = Fleet::from_url("redis://127.0.0.1:6379/", FleetOptions::new())?;
//! let uploads = fleet.breaker("s3_upload", Config::new().failure_threshold(5))?;
//!
//! match uploads.call(|| "42".parse::<u32>()) {
//!     Ok(value) => assert_eq!(value, 42),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`SharedBreaker`] has the calls of [`CircuitBreaker`](crate::CircuitBreaker), and both are a [`Breaker`](crate::Breaker).
//!
//! # What is promised
//!
//! - A successful call of a circuit in which nothing is counted sends nothing, and reads one atomic word.
//! - No call fails, hangs or waits because of Redis. A request that would be a probe waits for its permit, at most
//!   [`probe_wait`](FleetOptions::probe_wait); [`call_async`](SharedBreaker::call_async) does not block its thread meanwhile.
//! - In HALF_OPEN no more than `half_open_max_calls` probes are in flight in the whole fleet: permits have leases in Redis,
//!   which are renewed while a probe runs and run out if its process is gone. Outages of Redis do not end them, and after one
//!   nobody asks for a permit for one lease.
//! - What Redis forgets, the first process that still knows it brings back: the fleet is the replica of the state.
//! - Clocks of hosts do not matter.
//!
//! Exceptions: after a failover that lost writes there may be twice as many probes for a third of a lease; while Redis is away
//! the bound holds for each process; a breaker that was just built lets requests through until the first answer of Redis, about a
//! millisecond later; a process that was stopped in the middle of a probe does not know that its lease has
//! run out.
//!
//! # Who counts
//!
//! [`Counting`] says who counts failures, and what opens the circuit for all:
//!
//! | counting | opens | for |
//! | --- | --- | --- |
//! | [`Fleet`](Counting::Fleet) (default) | at n failures in a row wherever they happen; any later success begins anew | a dependency that is down for everybody; processes that live for one call, by [`Fleet::inline`] |
//! | [`Local`](Counting::Local) | as soon as one process trips, by any rule | few processes, each of which sees enough calls to know |
//! | [`Quorum(n)`](Counting::Quorum) | when n processes have tripped, each by any rule | fleets in which one bad node must not cut off the others |
//!
//! A count in a row that many share is reached by chance sooner than one that one process has. If a share `p` of all calls fails without
//! there being an outage, n failures in a row come once in `(1 - pⁿ) / ((1 - p) pⁿ)` calls:
//!
//! ```
//! let calls = |p: f64, n: i32| (1.0 - p.powi(n)) / ((1.0 - p) * p.powi(n));
//! // With 1 % failures a threshold of 5 is reached by chance once in 10 thousand million calls,
//! assert!(calls(0.01, 5) > 1.0e10);
//! // with 10 % once in 111,110: at 1,000 calls a second in the whole fleet every two minutes.
//! assert_eq!(calls(0.1, 5).round(), 111_110.0);
//! // A threshold of 10 then lasts for four months,
//! assert!(calls(0.1, 10) / 1_000.0 / 86_400.0 > 120.0);
//! // and 20 processes that count 5 by themselves trip as often together, each at another time.
//! assert_eq!((calls(0.1, 5) / 1_000.0).round(), 111.0);
//! ```
//!
//! So let the threshold grow with the rate of calls and of failures that are no outage, or count rates by a window in each process and
//! choose a quorum: that two of twenty processes trip by chance in the same seconds is rare, and an outage trips all.
//!
//! # When Redis is away
//!
//! Building a breaker never waits for Redis. After an error or no answer within
//! [`response_timeout`](FleetOptions::response_timeout) each process decides alone by the same configuration, from where its
//! circuits are: one that is OPEN stays so for the rest of its time, less a share of chance where the configuration has a
//! [jitter](Fleet::breaker_with), so that they do not probe all together. [`sharing`](SharedBreaker::sharing) and
//! [`last_contact`](SharedBreaker::last_contact) tell, and a line at WARN where a log is switched on. When Redis is back, what the fleet knows comes first, and what was
//! counted meanwhile is reported.
//!
//! # Threads or tasks
//!
//! [`Fleet::from_url`] has a thread of its own talk to Redis, and another one listen. That serves tasks of any runtime too. With
//! the feature `redis-tokio`, `Fleet::from_url_tokio` and `Fleet::spawn_on` do the same by tasks on your runtime, by a URL, a
//! `redis::Client`, an async connection that you have already (`v1::Brought`), or a client of another kind (`connect::AsyncConnect`).
//! Tasks call by [`call_async`](SharedBreaker::call_async) and end by [`flush_async`](Fleet::flush_async): the calls that are not
//! async may wait for a probe's permit for `probe_wait`, and `flush` waits for all that there is to say, in the thread.
//!
//! # By hand
//!
//! `redis-cli HGETALL circuit_breaker:s3_upload` shows a circuit. `HSET circuit_breaker:s3_upload forced open` forces it open, `HDEL … forced` takes
//! that back; both are seen at the next poll. `DEL` is no reset: the fleet brings the circuit back.
//! [`force_open`](SharedBreaker::force_open), [`force_closed`](SharedBreaker::force_closed) and [`reset`](SharedBreaker::reset)
//! are the same from a program, at once.
//!
//! A user of Redis needs these rights, with the prefix of the circuits:
//! `~circuit_breaker:* &circuit_breaker:* +eval +evalsha +hgetall +hset +hdel +pexpire +persist +time +publish +subscribe +ping`.
//! For the program `halfopen` and for [`admin`] add `+scan +pttl +type`: without the first they cannot list or watch, without the
//! second they take a circuit for one that is kept for ever.
//! Names and prefixes come from code: let nobody else choose them, and let a prefix end with `:`.

pub mod admin;
pub mod circuit;
pub mod connect;
mod drive;
mod error;
mod fleet;
mod name;
mod options;
pub mod script;
mod shared;
pub mod wire;

pub use connect::v1;
#[doc(hidden)]
pub use drive::Hand;
pub use error::FleetError;
pub use fleet::{Fleet, FleetClock};
pub use options::{Counting, FleetOptions};
pub use shared::{SharedBreaker, Sharing};
