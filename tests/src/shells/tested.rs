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

/// Which rules a program has code for: a chip has no room for all of them in one image. Each has the consecutive rule.
pub trait Among {
    /// The others whose way back is the plain one.
    const PLAIN: bool;
    /// Those whose way back adapts.
    const ADAPTIVE: bool;
}

macro_rules! among {
    ($($(#[$docs:meta])* $name:ident, $plain:literal, $adaptive:literal;)*) => { $(
        $(#[$docs])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Among for $name {
            const PLAIN: bool = $plain;
            const ADAPTIVE: bool = $adaptive;
        }
    )* };
}

among! {
    /// Every rule.
    Every, true, true;
    /// The consecutive rule alone.
    First, false, false;
    /// Those whose way back is the plain one.
    Plain, true, false;
    /// The consecutive rule, and those whose way back adapts.
    Adapting, false, true;
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
    ///
    /// # Panics
    ///
    /// Where it is not among `A`.
    pub fn visit<A: Among>(self, visit: impl Visit) -> Result<(), ConfigError> {
        match self {
            Self::Consecutive => return visit.visit::<Consecutive>(),
            Self::ConsecutiveSlow if A::PLAIN => return visit.visit::<ConsecutiveSlow>(),
            Self::CountWindow if A::PLAIN => return visit.visit::<CountWindow<64>>(),
            Self::CountWindow1024 if A::PLAIN => return visit.visit::<CountWindow<1024>>(),
            Self::TimeWindow if A::PLAIN => return visit.visit::<TimeWindow<10>>(),
            _ if !A::ADAPTIVE => {}
            Self::Adaptive => return visit.visit::<Adaptive<Consecutive, Scripted>>(),
            Self::AdaptiveConsecutiveSlow => return visit.visit::<Adaptive<ConsecutiveSlow, Scripted>>(),
            Self::AdaptiveCountWindow => return visit.visit::<Adaptive<CountWindow<64>, Scripted>>(),
            Self::AdaptiveCountWindow1024 => return visit.visit::<Adaptive<CountWindow<1024>, Scripted>>(),
            Self::AdaptiveTimeWindow => return visit.visit::<Adaptive<TimeWindow<10>, Scripted>>(),
            _ => {}
        }
        panic!("there is no code for {self:?}")
    }
}
