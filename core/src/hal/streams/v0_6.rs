//! By `embedded-io` 0.6.

use embedded_io_v0_6 as io;

#[path = "blocking.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for each version")]
mod blocking;

#[cfg(feature = "embedded-io-async-v0_6")]
use embedded_io_async_v0_6 as io_async;

#[cfg(feature = "embedded-io-async-v0_6")]
#[path = "nonblocking.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for each version")]
mod nonblocking;
