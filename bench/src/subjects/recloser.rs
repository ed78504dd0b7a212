//! `recloser`, a ring of the latest results under a spin lock, and its state behind a pointer that epochs protect.

use std::sync::Arc;
use std::time::Duration;

use recloser::{Error, Recloser, RecloserBuilder};

use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::heap;
use crate::subject::{Fault, Shared, Subject, works};

struct Ring(Arc<Recloser>);

impl Subject for Ring {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        !matches!(self.0.call(operation), Err(Error::Rejected))
    }
}

impl Shared for Ring {
    fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

pub(super) fn candidates() -> Vec<Candidate> {
    let facts = Facts {
        name: "recloser",
        side: Side::Peer,
        window: Window::Slides,
        counts: "half of the latest 100 calls",
        clock: ("none", "1"),
        shares: "a spin lock",
    };
    let make = |builder: RecloserBuilder, wait: Duration| Ring(Arc::new(builder.open_wait(wait).build()));
    let bytes = heap::bytes(Recloser::default, |breaker| _ = breaker.call(works));
    vec![Candidate::shared(
        facts,
        bytes,
        // Its defaults.
        move |wait| make(Recloser::custom(), wait),
        Cycle {
            // It judges by a full ring, from the call on that comes after.
            make: move |wait| make(Recloser::custom().closed_len(1).half_open_len(1), wait),
            failures: 2,
            successes: 2,
            wait: Duration::ZERO,
            pass: || {},
        },
    )]
}
