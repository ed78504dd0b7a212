//! Time for `embassy-time` by SysTick, whose tick is a millisecond. A HAL for embassy has such a driver already.

use core::cell::RefCell;
use core::task::Waker;

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::exception;
use critical_section::Mutex;
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

struct SysTickDriver(Mutex<RefCell<Ticks>>);

struct Ticks {
    now: u64,
    /// When the first of those that wait is due.
    next: u64,
    queue: Queue,
}

time_driver_impl!(static DRIVER: SysTickDriver = SysTickDriver(Mutex::new(RefCell::new(Ticks {
    now: 0,
    next: u64::MAX,
    queue: Queue::new(),
}))));

impl Driver for SysTickDriver {
    fn now(&self) -> u64 {
        critical_section::with(|section| self.0.borrow_ref(section).now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            let ticks = &mut *self.0.borrow_ref_mut(section);
            if ticks.queue.schedule_wake(at, waker) {
                ticks.next = ticks.queue.next_expiration(ticks.now);
            }
        });
    }
}

#[exception]
fn SysTick() {
    critical_section::with(|section| {
        let ticks = &mut *DRIVER.0.borrow_ref_mut(section);
        ticks.now += 1;
        if ticks.now >= ticks.next {
            ticks.next = ticks.queue.next_expiration(ticks.now); // and wakes those that are due
        }
    });
}

/// Starts the time.
pub fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(board::CYCLES_PER_MS - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

// The board's log tells this time too.
board::clock!(|| DRIVER.now() as u32);
