//! What happens, and how the uploads and their breaker are set up.

use std::time::Duration;

use halfopen::Config;

/// How the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It does what S3 does.
    Well,
    /// It answers 503 with S3's code `SlowDown`.
    Throttling,
    /// It answers 500 with S3's code `InternalError`.
    Failing,
    /// It takes requests and never answers.
    Hanging,
}

impl Health {
    /// In a few words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Well => "is well",
            Self::Throttling => "throttles: 503 SlowDown",
            Self::Failing => "fails: 500 InternalError",
            Self::Hanging => "hangs: it does not answer",
        }
    }
}

/// A time of illness.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Illness {
    pub(crate) health: Health,
    pub(crate) lasts: Duration,
    /// It lasts longer if fewer requests have come by then, so that a machine that stalls skips nothing.
    pub(crate) requests: u32,
}

/// The whole script. The server is well until a third of the objects is stored, and after all illnesses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) uploaders: u32,
    /// Of each uploader.
    pub(crate) objects: u32,
    /// From one object to the next.
    pub(crate) pace: Duration,
    pub(crate) illnesses: [Illness; 3],
    /// How long the client waits for an answer.
    pub(crate) timeout: Duration,
    /// How long the circuit stays open.
    pub(crate) recovery_timeout: Duration,
    /// Of a retry: the first backoff and the longest one.
    pub(crate) backoff: [Duration; 2],
}

impl Scenario {
    pub(crate) const fn full() -> Self {
        let ms = Duration::from_millis;
        Self {
            uploaders: 4,
            objects: 24,
            pace: ms(60),
            illnesses: [
                Illness { health: Health::Throttling, lasts: ms(1_500), requests: 6 },
                Illness { health: Health::Failing, lasts: ms(1_500), requests: 1 },
                Illness { health: Health::Hanging, lasts: ms(1_500), requests: 1 },
            ],
            timeout: ms(400),
            recovery_timeout: ms(600),
            backoff: [ms(50), ms(200)],
        }
    }

    /// The same in a third of the time.
    pub(crate) const fn fast() -> Self {
        let ms = Duration::from_millis;
        let mut fast = Self { objects: 12, pace: ms(20), timeout: ms(200), recovery_timeout: ms(250), ..Self::full() };
        let mut i = 0;
        while i < fast.illnesses.len() {
            fast.illnesses[i].lasts = ms(500);
            i += 1;
        }
        fast.backoff = [ms(20), ms(80)];
        fast
    }

    /// Of the breaker: opens at five failures in a row, closes after one good probe.
    pub(crate) const fn breaker(&self) -> Config {
        Config::new().failure_threshold(5).recovery_timeout(self.recovery_timeout)
    }
}
