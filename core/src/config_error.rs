//! Why a configuration was refused, in words that are the same at run time, in a compile error and in JavaScript.
//!
//! ```
//! use halfopen::Config;
//!
//! let error = Config::new().half_open_max_calls(99).validate().unwrap_err();
//! assert_eq!(error.field(), "half_open_max_calls");
//! assert_eq!(error.text().as_str(), "half_open_max_calls is 99, must be 1 to 15");
//! ```

use core::fmt;

/// A value of a [`CircuitBreakerConfiguration`](crate::CircuitBreakerConfiguration) that is not in its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError {
    field: &'static str,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    OutOfRange { value: u64, least: u64, max: u64, unit: Unit },
    Unsupported { value: &'static str, expected: &'static str },
    Lonely { other: &'static str },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Bytes,
    /// Kept in milliseconds, told in seconds: the contract's field is in seconds in every language.
    Seconds,
}

impl ConfigError {
    /// Of a rule that is about slow calls.
    pub(crate) const NO_SLOW_CALL_DURATION: Self =
        Self::unsupported("slow_call_duration_seconds", "missing", "set: this rule is about it");

    /// `None` if `value` is `least` to `max`.
    pub(crate) const fn check(field: &'static str, value: u64, least: u64, max: u64, unit: Unit) -> Option<Self> {
        if value >= least && value <= max {
            return None;
        }
        Some(Self::out_of_range(field, value, (least, max), unit))
    }

    pub(crate) const fn out_of_range(field: &'static str, value: u64, (least, max): (u64, u64), unit: Unit) -> Self {
        Self { field, problem: Problem::OutOfRange { value, least, max, unit } }
    }

    /// `field` is set, and the rule has no use for it.
    pub(crate) const fn unused(field: &'static str) -> Self {
        Self::unsupported(field, "set", "left out: this breaker's rule has no use for it")
    }

    pub(crate) const fn unsupported(field: &'static str, value: &'static str, expected: &'static str) -> Self {
        Self { field, problem: Problem::Unsupported { value, expected } }
    }

    /// `field` is set, and says nothing unless `other` is set too.
    pub(crate) const fn lonely(field: &'static str, other: &'static str) -> Self {
        Self { field, problem: Problem::Lonely { other } }
    }

    /// The name of the field.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong with it.
    #[cfg(feature = "defmt")]
    pub(crate) const fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The whole message. It is a `const fn` so that an invalid `static` does not compile and says why.
    #[must_use]
    pub const fn text(&self) -> ConfigErrorText {
        let text = ConfigErrorText::new().push(self.field).push(" is ");
        match self.problem {
            Problem::OutOfRange { value, least, max, unit } => {
                let text = text.push_in(unit, value).push(", must be ");
                let text =
                    if matches!(unit, Unit::Bytes) { text.push_number(least) } else { text.push_in(unit, least) };
                text.push(" to ").push_in(unit, max)
            }
            Problem::Unsupported { value, expected } => text.push(value).push(", must be ").push(expected),
            Problem::Lonely { other } => text.push("set, must be left out without ").push(other),
        }
    }

    /// Stops with the message: at compile time where the configuration is a constant.
    #[track_caller]
    pub(crate) const fn panic(&self) -> ! {
        let text = self.text();
        panic!("{}", text.as_str())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl core::error::Error for ConfigError {}

/// A message of at most 128 bytes without a heap.
#[derive(Clone, Copy)]
pub struct ConfigErrorText {
    bytes: [u8; Self::SIZE],
    len: usize,
}

impl ConfigErrorText {
    /// Room for the longest field, two numbers of 20 digits and their units.
    const SIZE: usize = 128;

    const fn new() -> Self {
        Self { bytes: [0; Self::SIZE], len: 0 }
    }

    /// The message.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the configuration is invalid",
        }
    }

    const fn push(mut self, text: &str) -> Self {
        let from = text.as_bytes();
        let mut i = 0;
        while i < from.len() && self.len < Self::SIZE {
            self.bytes[self.len] = from[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    const fn push_in(self, unit: Unit, value: u64) -> Self {
        match unit {
            Unit::Count => self.push_number(value),
            Unit::Bytes => self.push_number(value).push(" bytes"),
            Unit::Seconds => self.push_number(value / 1_000).push_thousandths(value % 1_000),
        }
    }

    /// A point and the digits after it, without the zeros at the end.
    const fn push_thousandths(mut self, mut rest: u64) -> Self {
        if rest > 0 {
            self = self.push(".");
        }
        while rest > 0 {
            self = self.push_number(rest / 100);
            rest = rest % 100 * 10;
        }
        self
    }

    const fn push_number(mut self, number: u64) -> Self {
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 && self.len < Self::SIZE {
            self.bytes[self.len] = b'0' + (number / unit % 10) as u8;
            self.len += 1;
            unit /= 10;
        }
        self
    }
}

impl fmt::Debug for ConfigErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    #[test]
    fn a_message_that_is_too_long_ends_where_there_is_no_room() {
        let long = "x".repeat(ConfigErrorText::SIZE - 1);
        let text = ConfigErrorText::new().push(&long).push_number(47).push_number(8).push("y");
        assert_eq!(text.as_str(), long + "4");
    }

    #[test]
    fn a_text_is_shown_as_text() {
        assert_eq!(format!("{:?}", ConfigErrorText::new().push("a \"b\"")), r#""a \"b\"""#);
    }
}
