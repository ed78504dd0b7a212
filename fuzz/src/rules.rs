//! A configuration out of bytes: which rule, then what every rule has, then what this one has.

use conformance::reference::{Back, Rates, Rules, Trip};

use crate::bytes::Bytes;

/// The longest window over time: seven days.
const LONGEST_WINDOW_MS: u64 = 604_800_000;
/// Every count of a configuration that must be a rate is in percent.
const WHOLE: u64 = 100;

/// Which rule, by a number that stays the same through a life: a breaker that restarts has the same kind of memory.
#[derive(Clone, Copy)]
pub(crate) struct Kind(u8);

impl Kind {
    pub(crate) fn decode(bytes: &mut Bytes<'_>) -> Self {
        Self(bytes.byte() % 9)
    }

    /// One byte for each field.
    pub(crate) fn rules(self, bytes: &mut Bytes<'_>) -> Rules {
        let rules = Rules {
            failure_threshold: bytes.count(1_023),
            recovery_ms: bytes.interval(),
            success_threshold: bytes.count(63),
            max_calls: bytes.count(15) as usize,
            lease_ms: bytes.interval(),
            trip: Trip::InARow,
            back: None,
        };
        let trip = match self.0 {
            1 | 6 => Trip::InARowSlow(bytes.interval()),
            2 | 7 => calls(bytes, 64),
            3 => time(bytes, 2),
            4 | 8 => time(bytes, 5),
            _ => Trip::InARow,
        };
        let back = (self.0 >= 5).then(|| back(bytes, &rules));
        Rules { trip, back, ..rules }
    }
}

fn calls(bytes: &mut Bytes<'_>, most: u32) -> Trip {
    let size = bytes.count(most);
    Trip::Calls(size as usize, rates(bytes, size))
}

fn time(bytes: &mut Bytes<'_>, buckets: usize) -> Trip {
    let bucket_ms = bytes.interval().min(LONGEST_WINDOW_MS / buckets as u64);
    Trip::Time(buckets, bucket_ms, rates(bytes, 20))
}

fn rates(bytes: &mut Bytes<'_>, calls: u32) -> Rates {
    let minimum = (bytes.count(20) as usize).min(calls as usize);
    let failures = bytes.percent(1, WHOLE) as usize;
    let slow = match bytes.byte() {
        0..0x80 => None,
        byte => Some((1 + u64::from(byte % 4), bytes.percent(1, WHOLE) as usize)),
    };
    Rates { minimum, failures, slow }
}

fn back(bytes: &mut Bytes<'_>, rules: &Rules) -> Back {
    let more = u32::from(bytes.byte());
    Back {
        longest_ms: bytes.interval().max(rules.recovery_ms),
        multiplier: bytes.percent(WHOLE, 1_000),
        jitter: bytes.percent(0, WHOLE),
        trials: (more > 0 && rules.success_threshold <= 15).then(|| (rules.success_threshold + more % 4).min(15)),
        ramp_ms: if bytes.byte() < 0x80 { 0 } else { bytes.interval() },
        ramp_from: bytes.percent(1, WHOLE),
    }
}
