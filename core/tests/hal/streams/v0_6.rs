//! By `embedded-io` 0.6.

use embedded_io_async_v0_6 as io_async;
use embedded_io_v0_6 as io;

#[path = "each.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for each version")]
mod each;
#[path = "kinds.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for each version")]
mod kinds;
