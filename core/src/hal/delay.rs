//! Delays of a guarded device: passed on, never refused.

use embedded_hal::delay::DelayNs;

use super::Guarded;

impl<B: DelayNs, S, K, W> DelayNs for Guarded<B, S, K, W> {
    #[inline]
    fn delay_ns(&mut self, ns: u32) {
        self.inner_mut().delay_ns(ns);
    }

    #[inline]
    fn delay_us(&mut self, us: u32) {
        self.inner_mut().delay_us(us);
    }

    #[inline]
    fn delay_ms(&mut self, ms: u32) {
        self.inner_mut().delay_ms(ms);
    }
}
