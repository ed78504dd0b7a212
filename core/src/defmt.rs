//! What `defmt` shows of those types for which deriving it would show too little, or demand too much of their parameters.
//!
//! Names and reasons are sent as texts, so that a log on a chip reads as one on a server does. Nothing here links
//! `core::fmt`.
//!
//! ```
//! use halfopen::{CircuitBreaker, FnClock};
//!
//! fn can_be_logged<T: defmt::Format>() {}
//! can_be_logged::<CircuitBreaker<FnClock>>();
//! ```

use core::time::Duration;

use defmt::{Format, Formatter, write};

use crate::breaker::CircuitBreaker;
use crate::circuit::{CircuitState, Mode};
use crate::clock::{Clock, FnClock, ManualClock, TickClock};
#[cfg(any(feature = "fugit-v0_3", feature = "fugit-v0_6"))]
use crate::clock::{FugitClock, FugitInstant};
use crate::config_error::{ConfigError, ConfigErrorText, Problem, Unit};
use crate::contract::Breaker;
use crate::error::{CallError, CircuitOpenError};
#[cfg(feature = "hal")]
use crate::hal::{Guarded, PerAddress, Recover};
use crate::observer::{Observer, OnTransition};
use crate::permit::Permit;
use crate::prefix::KeyPrefix;
#[cfg(feature = "retry")]
use crate::retry::{Again, Classify, OnRetry, RetryAfter, RetryAsync, RetryBudget, RetryError, RetryIf, RetryPolicy};
use crate::rules::{Adaptive, Checked, Rule, Weyl};
use crate::state::State;
use crate::storage::RetainedSnapshot;
use crate::table::{BreakerTable, Entry};
use crate::transition::{Transition, Window};

#[cfg(not(halfopen_loom))]
impl Format for crate::local::LocalBreaker<'_> {
    fn format(&self, fmt: Formatter<'_>) {
        let (state, policy) = self.shown();
        defmt::write!(fmt, "LocalBreaker {{ state: {}, policy: {} }}", state, policy);
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule<Policy: Format>> Format for CircuitBreaker<C, O, N, R> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "CircuitBreaker {{ operation_name: {=str}, state: {}, policy: {} }}",
            self.operation_name(),
            self.look().0,
            self.policy(),
        );
    }
}

impl<B: Breaker<Ticket: Format>> Format for Permit<'_, B> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Permit {{ operation_name: {=str}, ticket: {} }}", self.breaker().name().as_ref(), self.ticket());
    }
}

impl<C: Clock, O: Observer, K: AsRef<str>, R: Rule<Policy: Format>> Format for Entry<'_, C, O, K, R> {
    fn format(&self, f: Formatter<'_>) {
        (**self).format(f);
    }
}

/// Its circuits.
impl<C: Clock + Clone, const N: usize, K: AsRef<str> + Clone, O: Observer + Clone, R: Rule<Policy: Format>> Format
    for BreakerTable<C, N, K, O, R>
{
    fn format(&self, f: Formatter<'_>) {
        write!(f, "[");
        for (i, entry) in self.entries().enumerate() {
            if i > 0 {
                write!(f, ", ");
            }
            write!(f, "{}", entry);
        }
        write!(f, "]");
    }
}

impl<R: Rule<Policy: Format>> Format for Checked<R> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Checked({})", self.policy());
    }
}

impl Format for State {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "State {{ circuit: {}, mode: {}, failure_count: {=u16}, in_flight: {=u8}, successes: {=u8}, \
             generation: {=u16}, since: {=u32} }}",
            self.circuit(),
            self.mode(),
            self.failure_count(),
            self.in_flight(),
            self.successes(),
            self.generation(),
            self.since,
        );
    }
}

/// In the words of its `Display`.
impl Format for Transition {
    fn format(&self, f: Formatter<'_>) {
        let (from, to, reason) = (self.from.as_str(), self.to.as_str(), self.reason.as_str());
        write!(f, "{=str} -> {=str} ({=str}, failure_count {=u16}", from, to, reason, self.failure_count);
        if let Some(tally) = self.tally {
            write!(f, " and slow_calls {=u32} of {=u32} calls in ", tally.slow_calls, tally.calls);
            match tally.window {
                Window::Calls(calls) => write!(f, "a window of {=u16}", calls),
                Window::Millis(ms) => write!(f, "{=u32:ms} s", ms),
            }
        }
        if self.successes > 0 {
            write!(f, ", successes {=u8}", self.successes);
        }
        if !matches!(self.mode, Mode::Normal) {
            write!(f, ", mode {=str}", self.mode.as_str());
        }
        write!(f, ", generation {=u16})", self.generation);
    }
}

/// In the words of its `Display`.
impl<N: AsRef<str>> Format for CircuitOpenError<N> {
    fn format(&self, f: Formatter<'_>) {
        let name = self.operation_name.as_ref();
        match self.state {
            CircuitState::Closed => write!(f, "circuit '{=str}' is ramping up", name),
            state => write!(f, "circuit '{=str}' is {=str}", name, state.as_str()),
        }
        match self.retry_after {
            Some(wait) => write!(f, ", retry after {=u64:ms} s", millis(wait)),
            None => write!(f, " until it is reset"),
        }
    }
}

/// Whole milliseconds: `as_millis` divides 128 bits.
fn millis(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000).saturating_add(time.subsec_millis().into())
}

impl<E: Format, N: AsRef<str>> Format for CallError<E, N> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Open(error) => write!(f, "{}", error),
            Self::Inner(error) => write!(f, "{}", error),
        }
    }
}

/// In the words of its `Display`.
#[cfg(feature = "retry")]
impl<E: Format, N: AsRef<str>> Format for RetryError<E, N> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Open { refused, .. } => write!(f, "{}", refused),
            Self::Inner { error, .. } => write!(f, "{}", error),
        }
        match self.attempts() {
            1 => write!(f, " (1 attempt)"),
            attempts => write!(f, " ({=u32} attempts)", attempts),
        }
    }
}

#[cfg(feature = "retry")]
impl Format for RetryBudget {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "RetryBudget({=u32} retries left)", self.retries_left());
    }
}

#[cfg(feature = "retry")]
impl<T, E> Format for Again<'_, T, E> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Again {{ attempt: {=u32}, delay: {=u64:ms} s }}", self.attempt, millis(self.delay));
    }
}

/// In the words of its `Display`, but with times in milliseconds.
impl Format for ConfigError {
    fn format(&self, f: Formatter<'_>) {
        let field = self.field();
        match *self.problem() {
            Problem::OutOfRange { value, least, max, unit } => {
                write!(f, "{=str} is {=u64}, must be {=u64} to {=u64}", field, value, least, max);
                match unit {
                    Unit::Count => {}
                    Unit::Bytes => write!(f, " bytes"),
                    Unit::Seconds => write!(f, " ms"),
                }
            }
            Problem::Unsupported { value, expected } => {
                write!(f, "{=str} is {=str}, must be {=str}", field, value, expected);
            }
            Problem::Lonely { other } => write!(f, "{=str} is set, must be left out without {=str}", field, other),
        }
    }
}

impl Format for ConfigErrorText {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", self.as_str());
    }
}

impl Format for KeyPrefix {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", self.as_str());
    }
}

impl<F> Format for OnTransition<F> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "OnTransition");
    }
}

/// Few buses and drivers can be logged, and their state is not the guard's to tell.
#[cfg(feature = "hal")]
impl<B, S, K, W> Format for Guarded<B, S, K, W> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Guarded");
    }
}

#[cfg(feature = "hal")]
impl<F, C, const N: usize, K, O, R: Rule> Format for PerAddress<'_, F, C, N, K, O, R> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "PerAddress");
    }
}

#[cfg(feature = "hal")]
impl<F> Format for Recover<F> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Recover");
    }
}

impl Format for RetainedSnapshot {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "RetainedSnapshot({})", self.load());
    }
}

impl<R, G> Format for Adaptive<R, G> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Adaptive");
    }
}

/// What it will give is not told: that would draw a number.
impl Format for Weyl {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Weyl");
    }
}

/// What is mostly functions is shown by its name.
#[cfg(feature = "retry")]
macro_rules! names {
    ($($type:ident<$($parameter:ident),*>, $text:literal;)*) => { $(
        impl<$($parameter),*> Format for $type<$($parameter),*> {
            fn format(&self, f: Formatter<'_>) {
                write!(f, $text);
            }
        }
    )* };
}

#[cfg(feature = "retry")]
names! {
    RetryPolicy<R, S, C, W, G>, "RetryPolicy";
    RetryAsync<D, P, F>, "RetryAsync";
    Classify<R, F>, "Classify";
    RetryIf<R, F>, "RetryIf";
    RetryAfter<R, F>, "RetryAfter";
    OnRetry<R, F>, "OnRetry";
}

/// A clock is shown by the time that it shows.
macro_rules! clocks {
    ($([$($generics:tt)*] $clock:ty, $text:literal;)*) => { $(
        impl<$($generics)*> Format for $clock {
            fn format(&self, f: Formatter<'_>) {
                write!(f, $text, self.now().as_millis());
            }
        }
    )* };
}

clocks! {
    [] ManualClock, "ManualClock({=u64:ms} s)";
    [F: Fn() -> u64] FnClock<F>, "FnClock({=u64:ms} s)";
    [F: Fn() -> u32] TickClock<F>, "TickClock({=u64:ms} s)";
}

#[cfg(any(feature = "fugit-v0_3", feature = "fugit-v0_6"))]
clocks! {
    [I: FugitInstant, F: Fn() -> I] FugitClock<I, F>, "FugitClock({=u64:ms} s)";
}
