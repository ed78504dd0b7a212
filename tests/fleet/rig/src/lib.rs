//! What the fleet is tested on: real servers, and the script in an interpreter whose Redis has its time set by hand.
//!
//! ```
//! use rig::{Caller, FakeRedis, Op, Redis};
//!
//! let mut redis = FakeRedis::new();
//! redis.set_time_us(1_764_240_000_000_000);
//! let mut caller = Caller { failure_threshold: 1, recovery_ms: 30_000, ..Caller::default() };
//! let opened = caller.ask(&mut redis, b"circuit_breaker:s3_upload", Op::failure("a.1")).unwrap();
//! assert_eq!((opened.state.as_str(), opened.remaining_ms), ("open", 30_000));
//! redis.advance_ms(30_000);
//! let probe = caller.ask(&mut redis, b"circuit_breaker:s3_upload", Op::Acquire { token: "a.2" }).unwrap();
//! assert_eq!((probe.result.as_str(), probe.state.as_str()), ("granted", "half_open"));
//! ```

mod ask;
mod lua;
mod reply;
#[path = "../../../../core/src/redis/script.rs"]
pub mod script;
mod server;
mod store;

pub use ask::{Caller, Op};
pub use lua::FakeRedis;
pub use reply::{Reply, View};
pub use server::{Kind, Live, Server, servers};
pub use store::{Hash, Store};

/// What can run the script: the interpreter, or a server.
pub trait Redis {
    /// Runs the script on `key` with its arguments.
    ///
    /// # Errors
    ///
    /// The error that the client sees, as text.
    fn eval(&mut self, key: &[u8], args: &[Vec<u8>]) -> Result<Reply, String>;

    /// The fields of a HASH; none if there is no key.
    fn hash(&mut self, key: &[u8]) -> Hash;

    /// Writes one field, as a person does by `redis-cli`.
    fn hset(&mut self, key: &[u8], field: &[u8], value: &[u8]);

    /// Removes one field.
    fn hdel(&mut self, key: &[u8], field: &[u8]);

    /// Removes a key.
    fn del(&mut self, key: &[u8]);

    /// How long the key has to live, in milliseconds; `None`: for ever, or there is none.
    fn ttl_ms(&mut self, key: &[u8]) -> Option<u64>;

    /// The server's time, in microseconds.
    fn time_us(&mut self) -> u64;
}
