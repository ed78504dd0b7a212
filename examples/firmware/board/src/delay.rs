//! Waiting, by whole milliseconds.

use embedded_hal::delay::DelayNs;

/// Waits by the millisecond tick, asleep. Any wait takes at least one tick, as with the delay of most operating systems
/// for microcontrollers: a driver that asks for 10 us many times waits much longer than it thinks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delay;

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        crate::wait_ms(ns.div_ceil(1_000_000));
    }
}

/// Sleeps until at least `ms` ticks of the millisecond clock have passed.
pub fn wait_ms(ms: u32) {
    let start = crate::millis();
    while crate::millis().wrapping_sub(start) < ms {
        crate::machine::sleep_until_interrupt();
    }
}
