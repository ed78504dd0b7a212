//! What the clients depend on: not there, but as bad as the real ones.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// A round of good and bad times, and the bad part of it.
const ROUND: Duration = Duration::from_secs(20);
const BAD_FROM: Duration = Duration::from_secs(2);
const BAD_UNTIL: Duration = Duration::from_secs(8);

const USUALLY: Duration = Duration::from_millis(2);
const SLOWLY: Duration = Duration::from_millis(60);

/// What a dependency has in bad times.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    None,
    Fails,
    GrowsSlow,
}

/// Something that is called.
pub(crate) struct Dependency {
    trouble: Trouble,
    begin: Instant,
}

impl Dependency {
    pub(crate) fn new(trouble: Trouble, begin: Instant) -> Self {
        Self { trouble, begin }
    }

    /// Does something, for as long as it takes now.
    pub(crate) fn call(&self) -> io::Result<()> {
        let at = Duration::from_millis((self.begin.elapsed().as_millis() % ROUND.as_millis()) as u64);
        let bad = (BAD_FROM..BAD_UNTIL).contains(&at);
        thread::sleep(if bad && matches!(self.trouble, Trouble::GrowsSlow) { SLOWLY } else { USUALLY });
        if bad && matches!(self.trouble, Trouble::Fails) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(())
    }
}
