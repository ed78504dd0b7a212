//! The rules as the shells here make breakers by them.

use core::cell::Cell;
use core::time::Duration;

use halfopen::rules::{Adaptive, Checked, Consecutive, ConsecutiveSlow, CountWindow, Random, Rule, TimeWindow};
use halfopen::{CircuitBreaker, Clock, Config, ConfigError, Observer};

use crate::by::By;

/// A source of chance that gives what a vector says, at first 0.
#[derive(Debug)]
pub struct Scripted(Cell<u32>);

impl Random for Scripted {
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const NEW: Self = Self(Cell::new(0));

    fn next(&self) -> u32 {
        self.0.get()
    }
}

/// A rule, and what can be done to a breaker by it that cannot be done to every breaker.
pub trait Tested: Rule {
    /// A configuration that is valid for it.
    const PLAIN: Config;

    /// Its constructor.
    ///
    /// # Errors
    ///
    /// What is wrong with `config`.
    fn checked(config: Config) -> Result<Checked<Self>, ConfigError>;

    /// `hold_open`.
    fn hold<C: Clock, O: Observer, N: AsRef<str>>(breaker: &CircuitBreaker<C, O, N, Self>, ms: u32) {
        let _ = (breaker, ms);
    }

    /// Lets chance give `number` from now on.
    fn chance<C: Clock, O: Observer, N: AsRef<str>>(breaker: &CircuitBreaker<C, O, N, Self>, number: u32) {
        let _ = (breaker, number);
    }

    /// `reopenings`.
    fn reopened<C: Clock, O: Observer, N: AsRef<str>>(breaker: &CircuitBreaker<C, O, N, Self>) -> u8 {
        let _ = breaker;
        0
    }
}

macro_rules! tested {
    ($($rule:ty, $plain:expr;)*) => { $(
        impl Tested for $rule {
            const PLAIN: Config = $plain;

            fn checked(config: Config) -> Result<Checked<Self>, ConfigError> {
                Self::try_with(config)
            }
        }

        impl Tested for Adaptive<$rule, Scripted> {
            const PLAIN: Config = $plain;

            fn checked(config: Config) -> Result<Checked<Self>, ConfigError> {
                Self::try_with(config)
            }

            fn hold<C: Clock, O: Observer, N: AsRef<str>>(breaker: &CircuitBreaker<C, O, N, Self>, ms: u32) {
                breaker.hold_open(Duration::from_millis(ms.into()));
            }

            fn chance<C: Clock, O: Observer, N: AsRef<str>>(breaker: &CircuitBreaker<C, O, N, Self>, number: u32) {
                breaker.random().0.set(number);
            }

            fn reopened<C: Clock, O: Observer, N: AsRef<str>>(breaker: &CircuitBreaker<C, O, N, Self>) -> u8 {
                breaker.reopenings()
            }
        }
    )* };
}

tested! {
    Consecutive, Config::new();
    ConsecutiveSlow, Config::new().slow_call_duration(Duration::from_secs(1));
    CountWindow<64>, Config::new();
    CountWindow<1024>, Config::new();
    TimeWindow<10>, Config::new();
}

/// What is done with a rule that is only known at run time.
pub trait Visit {
    /// With this one.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    fn visit<R: Tested>(self) -> Result<(), ConfigError>;
}

impl By {
    /// Calls `visit` with the type that this stands for.
    ///
    /// # Errors
    ///
    /// Those of `visit`.
    pub fn visit(self, visit: impl Visit) -> Result<(), ConfigError> {
        match self {
            Self::Consecutive => visit.visit::<Consecutive>(),
            Self::ConsecutiveSlow => visit.visit::<ConsecutiveSlow>(),
            Self::CountWindow => visit.visit::<CountWindow<64>>(),
            Self::CountWindow1024 => visit.visit::<CountWindow<1024>>(),
            Self::TimeWindow => visit.visit::<TimeWindow<10>>(),
            Self::Adaptive => visit.visit::<Adaptive<Consecutive, Scripted>>(),
            Self::AdaptiveConsecutiveSlow => visit.visit::<Adaptive<ConsecutiveSlow, Scripted>>(),
            Self::AdaptiveCountWindow => visit.visit::<Adaptive<CountWindow<64>, Scripted>>(),
            Self::AdaptiveCountWindow1024 => visit.visit::<Adaptive<CountWindow<1024>, Scripted>>(),
            Self::AdaptiveTimeWindow => visit.visit::<Adaptive<TimeWindow<10>, Scripted>>(),
        }
    }
}
