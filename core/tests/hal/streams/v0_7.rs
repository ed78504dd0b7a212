//! By `embedded-io` 0.7.

use embedded_io_async_v0_7 as io_async;
use embedded_io_v0_7 as io;

#[path = "each.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for each version")]
mod each;
#[path = "kinds.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for each version")]
mod kinds;
