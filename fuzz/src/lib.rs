//! Lives made of bytes: each input of the fuzzer is one, whatever it is.
//!
//! First comes the rule, then its configuration, field by field, then the clock's beginning, then the operations until the bytes end.
//! What an operation's byte means is fixed once: a new operation takes a number that is free, so that the corpus goes on
//! to mean what it meant.
//!
//! ```
//! let life = halfopen_fuzz::life(&[]);
//! assert_eq!((life.rules.failure_threshold, life.ops.len()), (1, 0));
//! ```

mod bytes;
mod ops;
mod rules;

use bytes::Bytes;
use conformance::reference::Life;
use rules::Kind;

/// The most operations of a life: enough to reach the end of each count, few enough to live thousands in a second.
pub const MOST_OPS: usize = 2_048;

/// The life that these bytes mean.
#[must_use]
pub fn life(bytes: &[u8]) -> Life {
    let mut bytes = Bytes(bytes);
    let kind = Kind::decode(&mut bytes);
    let rules = kind.rules(&mut bytes);
    let start = bytes.time();
    let mut ops = Vec::new();
    while let Some(byte) = bytes.next().filter(|_| ops.len() < MOST_OPS) {
        ops::decode(kind, byte, &mut bytes, &mut ops);
    }
    Life { rules, start, ops }
}
