//! The clock of a function that gives an instant of `fugit`, such as `now` of RTIC's monotonics and of many HALs' timers.
//!
//! For RTIC, with `rtic-monotonics` 3 (features `fugit-v0_6`; for 2 it is `fugit-v0_3`):
//!
//! ```
//! # #[cfg(feature = "fugit-v0_6")] {
//! # extern crate fugit_v0_6 as fugit;
//! # trait Timebase { type Instant; fn now() -> Self::Instant; }
//! # struct Mono; // as `systick_monotonic!(Mono, 1_000)` makes it
//! # impl Timebase for Mono {
//! #     type Instant = fugit::MonotonicTimerInstantU32<1_000>;
//! #     fn now() -> Self::Instant { Self::Instant::from_ticks(42) }
//! # }
//! use halfopen::{CircuitBreaker, Clock, Config, FugitClock};
//!
//! type Uptime = FugitClock<<Mono as Timebase>::Instant>;
//! static RADIO: CircuitBreaker<Uptime> = CircuitBreaker::with_clock("radio", Config::new(), FugitClock::new(Mono::now));
//!
//! assert_eq!(RADIO.clock().now().as_millis(), 42);
//! # }
//! ```

use super::Clock;
use super::wraps::Wraps;
use crate::time::Timestamp;

/// A clock made of a function that gives an instant of `fugit`, at any rate, of 64 bits or of 32 that wrap.
///
/// Instants of 32 bits are extended as by [`TickClock`](crate::TickClock): they MUST be read at least once in each half of
/// the period, 2^31 ticks: 24.8 days at 1 kHz, 35.8 min at 1 MHz. A breaker does not read its clock while all is well, so
/// read it from elsewhere too where the rate is high.
///
/// Milliseconds are rounded down. Rates of whole milliseconds, 1 kHz and 100 Hz, take no division.
#[derive(Debug)]
pub struct FugitClock<I: FugitInstant, F = fn() -> I> {
    now: F,
    wraps: I::Wraps,
}

impl<I: FugitInstant, F: Fn() -> I> FugitClock<I, F> {
    /// Reads the time by `now`.
    pub const fn new(now: F) -> Self {
        Self { now, wraps: I::NO_WRAPS }
    }
}

impl<I: FugitInstant, F: Fn() -> I> Clock for FugitClock<I, F> {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(I::MILLIS.of(I::ticks(&self.wraps, &self.now)))
    }
}

/// An instant of `fugit`: `Instant<u32, ..>` and `Instant<u64, ..>` of each version that a feature names, and no other.
#[diagnostic::on_unimplemented(note = "of `fugit` 0.3 with halfopen's feature `fugit-v0_3`, of 0.6 with `fugit-v0_6`")]
pub trait FugitInstant: Sized + sealed::Sealed {
    /// What is remembered of a counter of this width.
    #[doc(hidden)]
    type Wraps;

    #[doc(hidden)]
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const NO_WRAPS: Self::Wraps;

    #[doc(hidden)]
    const MILLIS: Millis;

    /// Ticks so far.
    #[doc(hidden)]
    fn ticks(wraps: &Self::Wraps, now: impl Fn() -> Self) -> u64;
}

mod sealed {
    pub trait Sealed {}
}

/// Milliseconds of a tick: `whole + part / of`, in lowest terms.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Millis {
    whole: u64,
    part: u64,
    of: u64,
}

impl Millis {
    /// Of ticks that take `numerator / denominator` seconds.
    const fn per_tick(numerator: u64, denominator: u64) -> Self {
        assert!(denominator > 0, "a tick takes x / 0 seconds");
        let (numerator, denominator) = (numerator as u128 * 1_000, denominator as u128);
        let (mut of, mut rest) = (denominator, numerator);
        while rest > 0 {
            (of, rest) = (rest, of % rest);
        }
        let (numerator, denominator) = (numerator / of, denominator / of);
        let whole = numerator / denominator;
        assert!(whole <= u64::MAX as u128, "a tick takes more than 2^64 milliseconds");
        Self { whole: whole as u64, part: (numerator % denominator) as u64, of: denominator as u64 }
    }

    /// The milliseconds of `ticks`, rounded down, at most `u64::MAX`. The rate is known when this is compiled, and with it
    /// which of these lines are left.
    #[inline(always)]
    const fn of(self, ticks: u64) -> u64 {
        let whole = ticks.saturating_mul(self.whole);
        if self.part == 0 {
            return whole;
        }
        // Of full rounds of `of` ticks, and of the rest: so nothing is lost, and 64 bits hold the product.
        let (rounds, rest) = (ticks / self.of, ticks % self.of);
        let rest = if self.of <= 1 << 32 {
            rest * self.part / self.of
        } else {
            (rest as u128 * self.part as u128 / self.of as u128) as u64
        };
        whole.saturating_add(rounds.saturating_mul(self.part)).saturating_add(rest)
    }
}

macro_rules! instants {
    ([$($generics:tt)*] $instant:ident<$nom:ident, $denom:ident $(, $kind:ident)?>, $ticks:ident) => {
        impl<$($generics)*> sealed::Sealed for $instant::Instant<u32, $nom, $denom $(, $kind)?> {}

        impl<$($generics)*> FugitInstant for $instant::Instant<u32, $nom, $denom $(, $kind)?> {
            type Wraps = Wraps;
            const NO_WRAPS: Wraps = Wraps::NONE;
            const MILLIS: Millis = Millis::per_tick($nom as u64, $denom as u64);

            fn ticks(wraps: &Wraps, now: impl Fn() -> Self) -> u64 {
                wraps.extend(|| now().$ticks())
            }
        }

        impl<$($generics)*> sealed::Sealed for $instant::Instant<u64, $nom, $denom $(, $kind)?> {}

        impl<$($generics)*> FugitInstant for $instant::Instant<u64, $nom, $denom $(, $kind)?> {
            type Wraps = ();
            const NO_WRAPS: () = ();
            const MILLIS: Millis = Millis::per_tick($nom as u64, $denom as u64);

            fn ticks((): &(), now: impl Fn() -> Self) -> u64 {
                now().$ticks()
            }
        }
    };
}

#[cfg(feature = "fugit-v0_3")]
instants!([const NOM: u32, const DENOM: u32] fugit_v0_3<NOM, DENOM>, ticks);
#[cfg(feature = "fugit-v0_6")]
instants!([const NOM: u64, const DENOM: u64, K: fugit_v0_6::kind::Kind] fugit_v0_6<NOM, DENOM, K>, as_ticks);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_milliseconds_exactly_whatever_their_rate() {
        let rates = [
            (1, 1_000),
            (1, 100),
            (1, 1),
            (60, 1),
            (1, 32_768),
            (1, 1_000_000),
            (1, 16_000_000),
            (3, 7),
            (1_001, 30_000),
            (u32::MAX.into(), 2),
            (u32::MAX.into(), 1 << 31),
            (1, u32::MAX.into()),
            (7, (1 << 40) + 1),
            (1, 1_000_000_000_000),
        ];
        for (numerator, denominator) in rates {
            let millis = Millis::per_tick(numerator, denominator);
            for ticks in
                [0, 1, 2, 999, 1_000, 16_383, 32_768, 999_999, u32::MAX.into(), (1 << 32) + 7, u64::MAX / 3, u64::MAX]
            {
                let exact = u128::from(ticks) * u128::from(numerator) * 1_000 / u128::from(denominator);
                let exact = u64::try_from(exact).unwrap_or(u64::MAX);
                assert_eq!(millis.of(ticks), exact, "{ticks} ticks of {numerator} / {denominator} s");
            }
        }
    }
}
