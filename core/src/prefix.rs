//! A short text of its own, so that a configuration needs neither a heap nor a lifetime.
//!
//! ```
//! use halfopen::KeyPrefix;
//!
//! const PREFIX: KeyPrefix = KeyPrefix::new("billing:");
//! assert_eq!(PREFIX.as_str(), "billing:");
//! ```

use core::fmt;

/// What stands before the operation's name in a Redis key: at most [`MAX`](Self::MAX) bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPrefix {
    bytes: [u8; Self::MAX],
    /// As long as was asked for: more than `MAX` makes the configuration invalid.
    len: u32,
}

impl KeyPrefix {
    /// The greatest length in bytes.
    pub const MAX: usize = 63;

    /// Keeps `text`. One that is too long is told by [`validate`](crate::CircuitBreakerConfiguration::validate).
    #[must_use]
    pub const fn new(text: &str) -> Self {
        let from = text.as_bytes();
        let mut bytes = [0; Self::MAX];
        let mut i = 0;
        while i < from.len() && i < Self::MAX {
            bytes[i] = from[i];
            i += 1;
        }
        Self { bytes, len: from.len() as u32 }
    }

    /// The text; empty for one that was too long.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        if self.len as usize > Self::MAX {
            return "";
        }
        match core::str::from_utf8(self.bytes.split_at(self.len as usize).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    pub(crate) const fn asked_len(&self) -> u64 {
        self.len as u64
    }
}

impl fmt::Debug for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    #[test]
    fn a_prefix_is_shown_as_text() {
        let prefix = KeyPrefix::new("billing:");
        assert_eq!(format!("{prefix} {prefix:?}"), r#"billing: "billing:""#);
    }

    #[test]
    fn one_that_is_too_long_is_kept_as_nothing_but_its_length() {
        let text = "x".repeat(64);
        assert_eq!((KeyPrefix::new(&text).as_str(), KeyPrefix::new(&text).asked_len()), ("", 64));
        assert_eq!(KeyPrefix::new(&text[1..]).as_str(), &text[1..]);
    }
}
