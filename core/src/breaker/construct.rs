//! How a breaker is made: by a configuration, or by a rule that was checked before.

use super::CircuitBreaker;
use crate::atomics::{AtomicMillis, const_unless_loom};
use crate::cell::StateCell;
use crate::clock::Clock;
use crate::config::{CircuitBreakerConfiguration, Policy};
use crate::config_error::ConfigError;
use crate::observer::Observer;
use crate::rules::{Checked, Rule};

impl<C: Clock, N: AsRef<str>> CircuitBreaker<C, (), N> {
    const_unless_loom! {
        /// A breaker by a clock of your own. A `const fn`: it fits a `static`.
        ///
        /// # Panics
        ///
        /// With the text of the [`ConfigError`] if `config` is invalid. In a `const` or `static` that is a compile
        /// error:
        ///
        /// ```compile_fail,E0080
        /// use halfopen::{CircuitBreaker, Config, ManualClock};
        /// static CLOCK: ManualClock = ManualClock::new();
        /// static BAD: CircuitBreaker<&ManualClock> =
        ///     CircuitBreaker::with_clock("bad", Config::new().failure_threshold(0), &CLOCK);
        /// ```
        #[track_caller]
        pub fn with_clock(operation_name: N, config: CircuitBreakerConfiguration, clock: C) -> Self {
            Self::with_observer(operation_name, config, clock, ())
        }
    }

    /// A breaker by a clock of your own.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the field, the value and the range.
    pub fn try_with_clock(
        operation_name: N,
        config: CircuitBreakerConfiguration,
        clock: C,
    ) -> Result<Self, ConfigError> {
        Self::try_with_observer(operation_name, config, clock, ())
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>> CircuitBreaker<C, O, N> {
    const_unless_loom! {
        /// A breaker that tells `observer` what happens.
        ///
        /// # Panics
        ///
        /// As [`with_clock`](CircuitBreaker::with_clock).
        #[track_caller]
        pub fn with_observer(
            operation_name: N,
            config: CircuitBreakerConfiguration,
            clock: C,
            observer: O,
        ) -> Self {
            match config.validate_in_memory() {
                Ok(policy) => Self::with_policy(operation_name, policy, clock, observer),
                Err(error) => error.panic(),
            }
        }
    }

    const_unless_loom! {
        /// A breaker by a configuration that was checked before: cannot fail.
        pub fn with_policy(operation_name: N, policy: Policy, clock: C, observer: O) -> Self {
            Self::with_rule(operation_name, Checked::new(policy), clock, observer)
        }
    }

    /// A breaker that tells `observer` what happens.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the field, the value and the range.
    pub fn try_with_observer(
        operation_name: N,
        config: CircuitBreakerConfiguration,
        clock: C,
        observer: O,
    ) -> Result<Self, ConfigError> {
        Ok(Self::with_policy(operation_name, config.validate_in_memory()?, clock, observer))
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> CircuitBreaker<C, O, N, R> {
    const_unless_loom! {
        /// A breaker by a rule of your choice, whose configuration was checked before: cannot fail.
        ///
        /// ```
        /// use halfopen::rules::CountWindow;
        /// use halfopen::{CircuitBreaker, Config, ManualClock};
        ///
        /// static CLOCK: ManualClock = ManualClock::new();
        /// static RADIO: CircuitBreaker<&ManualClock, (), &str, CountWindow<64>> =
        ///     CircuitBreaker::with_rule("radio", CountWindow::<64>::with(Config::new()), &CLOCK, ());
        /// assert!(RADIO.allow_request());
        /// ```
        pub fn with_rule(operation_name: N, rule: Checked<R>, clock: C, observer: O) -> Self {
            Self {
                name: operation_name,
                policy: *rule.policy(),
                #[cfg(not(halfopen_loom))]
                memory: R::EMPTY,
                #[cfg(halfopen_loom)]
                memory: R::empty(),
                cell: StateCell::new(),
                last_failure: AtomicMillis::new(None),
                clock,
                observer,
            }
        }
    }
}
