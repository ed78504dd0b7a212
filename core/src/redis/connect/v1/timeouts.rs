//! How long a connection waits for a server.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::redis::FleetOptions;
//! use halfopen::redis::v1::Timeouts;
//!
//! let options = FleetOptions::new().response_timeout(Duration::from_millis(50));
//! assert_eq!(Timeouts::from(&options), Timeouts::new().connect(Duration::from_millis(50)).response(Duration::from_millis(50)));
//! ```

use core::time::Duration;

use crate::redis::FleetOptions;

/// A timeout of zero would mean none at all to a socket.
const LEAST: Duration = Duration::from_millis(1);

/// How long a connection waits for a server. Nothing is below 1 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    connect: Duration,
    response: Duration,
    idle: Duration,
}

impl Timeouts {
    /// 100 ms to connect, 100 ms for an answer, 1 s of silence.
    #[must_use]
    pub const fn new() -> Self {
        Self { connect: Duration::from_millis(100), response: Duration::from_millis(100), idle: Duration::from_secs(1) }
    }

    /// For connecting to one address, TLS and the password included. Looking up a name is not: that takes what the system's
    /// resolver takes. With TLS the certificates that the system trusts are read each time: of this, that took 4 to 11 ms in all
    /// as a release and 60 to 90 ms without optimisation, measured with 144 certificates.
    #[must_use]
    pub const fn connect(mut self, time: Duration) -> Self {
        self.connect = time;
        self
    }

    /// For the next answer, and for sending. Of an exchange with many calls each answer may take as long.
    #[must_use]
    pub const fn response(mut self, time: Duration) -> Self {
        self.response = time;
        self
    }

    /// How long a subscription hears nothing before it asks the server whether it is still there.
    #[must_use]
    pub const fn idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    pub(super) fn to_connect(self) -> Duration {
        self.connect.max(LEAST)
    }

    pub(super) fn to_respond(self) -> Duration {
        self.response.max(LEAST)
    }

    pub(super) fn to_be_idle(self) -> Duration {
        self.idle.max(LEAST)
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}

/// Connecting and answering take at most the response timeout; silence lasts at most a poll interval.
impl From<&FleetOptions> for Timeouts {
    fn from(options: &FleetOptions) -> Self {
        Self { connect: options.response_timeout, response: options.response_timeout, idle: options.poll_interval }
    }
}
