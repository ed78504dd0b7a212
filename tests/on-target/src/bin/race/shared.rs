//! What task and interrupt share besides the breaker: counters, the time, chance.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use halfopen::{Clock, Timestamp};

/// A number that one side alone writes, so that a load and a store will do on every chip.
pub struct Counter(AtomicU32);

impl Counter {
    pub const fn new(number: u32) -> Self {
        Self(AtomicU32::new(number))
    }

    pub fn get(&self) -> u32 {
        self.0.load(SeqCst)
    }

    pub fn set(&self, number: u32) {
        self.0.store(number, SeqCst);
    }

    pub fn add_one(&self) {
        self.set(self.get() + 1);
    }
}

/// One counter for the task, one for the interrupt.
pub struct Each([Counter; 2]);

impl Each {
    pub const fn new() -> Self {
        Self([Counter::new(0), Counter::new(0)])
    }

    /// The counter of the side that asks.
    pub fn mine(&self) -> &Counter {
        &self.0[side()]
    }

    pub fn of(&self, side: usize) -> u32 {
        self.0[side].get()
    }

    pub fn sum(&self) -> u32 {
        self.of(TASK) + self.of(INTERRUPT)
    }

    /// While the interrupt rests.
    pub fn clear(&self) {
        self.0.iter().for_each(|counter| counter.set(0));
    }
}

pub const TASK: usize = 0;
pub const INTERRUPT: usize = 1;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CALLING: [AtomicBool; 2] = [AtomicBool::new(false), AtomicBool::new(false)];

/// Calls of the breaker, when the latest one began, and how often they read the clock.
pub static CALLS: Each = Each::new();
pub static BEGAN: Each = Each::new();
pub static READS: Each = Each::new();
/// Interrupts, and those which found the task inside a call of the breaker.
pub static INTERRUPTS: Counter = Counter::new(0);
pub static LANDED: Counter = Counter::new(0);

/// Which side this is.
pub fn side() -> usize {
    if INTERRUPTED.load(SeqCst) { INTERRUPT } else { TASK }
}

/// Runs `work` as the interrupt.
pub fn interrupting(work: impl FnOnce()) {
    INTERRUPTED.store(true, SeqCst);
    INTERRUPTS.add_one();
    if CALLING[TASK].load(SeqCst) {
        LANDED.add_one();
    }
    work();
    INTERRUPTED.store(false, SeqCst);
}

/// Marks a call of the breaker as one.
pub fn inside<T>(call: impl FnOnce() -> T) -> T {
    let side = side();
    BEGAN.mine().set(INTERRUPTS.get());
    CALLING[side].store(true, SeqCst);
    let answer = call();
    CALLING[side].store(false, SeqCst);
    CALLS.mine().add_one();
    answer
}

/// Each interrupt is a millisecond.
#[derive(Clone)]
pub struct Ticks;

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        if CALLING[side()].load(SeqCst) {
            READS.mine().add_one();
        }
        Timestamp::from_millis(INTERRUPTS.get().into())
    }
}

/// A number by chance, the same ones in each run.
pub fn chance() -> u32 {
    static SEEDS: [Counter; 2] = [Counter::new(0x9e37_79b9), Counter::new(0x85eb_ca6b)];
    let seed = &SEEDS[side()];
    let mut number = seed.get();
    number ^= number << 13;
    number ^= number >> 17;
    number ^= number << 5;
    seed.set(number);
    number
}

static UNPROTECTED: Counter = Counter::new(0);
static INCREMENTS: Each = Each::new();

/// Both sides do it, and nothing protects it: that some are lost proves that the interrupts land everywhere.
pub fn increment() {
    UNPROTECTED.add_one();
    INCREMENTS.mine().add_one();
}

pub fn lost_increments() -> u32 {
    INCREMENTS.sum() - UNPROTECTED.get()
}
