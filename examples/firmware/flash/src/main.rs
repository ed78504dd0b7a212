//! A radio that takes the whole chip down with it, and a breaker that remembers it after the reset.
#![no_std]
#![no_main]

mod memory;

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;

use halfopen::{CallError, CircuitBreaker, Config, TickClock};
use memory::Memory;

type Radio = CircuitBreaker<TickClock>;

const OPEN: Duration = Duration::from_millis(950);
const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(OPEN);

static RADIO: Radio = CircuitBreaker::with_clock("radio", CONFIG, TickClock::new(board::millis, 1_000));

const PAUSE_MS: u32 = 100;
/// One more than there are where the breaker remembers.
const MOST_FAILURES: u32 = 6;

/// How often the chip has started, and how often the radio has failed: for the example's own sake.
// SAFETY: as in `memory.rs`. QEMU's RAM begins as zeros.
#[unsafe(link_section = ".uninit.STARTS")]
static STARTS: AtomicU32 = AtomicU32::new(0);
// SAFETY: as above.
#[unsafe(link_section = ".uninit.FAILURES")]
static FAILURES: AtomicU32 = AtomicU32::new(0);

#[board::entry]
fn main() -> ! {
    let board = board::take();
    let start = one_more(&STARTS);
    defmt::info!("start {=u32} on {=str}", start, board::chip());
    let mut memory = Memory::new(board.flash);
    memory.restore(&RADIO);
    if board::has_argument("broken") {
        RADIO.reset(); // has no memory
    }
    let left = RADIO.retry_after().unwrap_or_default();
    defmt::assert!(left <= OPEN, "{=u32} ms are left, more than one open time", left.as_millis() as u32);
    use_radio(start, &mut memory)
}

/// Sends now and then, until what ends this start.
fn use_radio(start: u32, memory: &mut Memory) -> ! {
    let (mut sent, mut has_failed, mut shed) = (0, false, 0);
    loop {
        match RADIO.call(|| send(start)) {
            Ok(()) => {
                defmt::info!("sent");
                sent += 1;
            }
            Err(CallError::Open(refused)) => {
                let wait = refused.retry_after.unwrap_or_default();
                defmt::info!("shed, ask again in {=u32} ms", wait.as_millis() as u32);
                shed += 1;
            }
            Err(CallError::Inner(NoAnswer)) => {
                defmt::warn!("the radio does not answer");
                if one_more(&FAILURES) == MOST_FAILURES {
                    defmt::error!("failed {=u32} times, because a reset makes it forget", MOST_FAILURES);
                    board::exit(1);
                }
                (has_failed, shed) = (true, 0);
            }
        }
        memory.save(&RADIO);
        if has_failed && shed == 3 {
            end(start, memory);
        }
        if sent == 3 {
            board::exit(0);
        }
        board::wait_ms(PAUSE_MS);
    }
}

/// The circuit is open, and the chip starts anew.
fn end(start: u32, memory: &mut Memory) -> ! {
    match start {
        1 => defmt::warn!("the watchdog resets the chip"),
        2 => {
            defmt::warn!("the power fails: RAM is lost");
            memory.lose_ram();
        }
        _ => {
            defmt::warn!("the power fails, and a bit of the snapshot in flash has changed");
            memory.lose_ram();
            memory.damage(&RADIO);
        }
    }
    board::reset()
}

/// The radio did not answer.
struct NoAnswer;

/// A simulated radio, which answers from the fourth start on.
fn send(start: u32) -> Result<(), NoAnswer> {
    if start < 4 { Err(NoAnswer) } else { Ok(()) }
}

/// Adds one to a count, and gives it. A Cortex-M0 has no instruction for that; nothing else here writes the count.
fn one_more(count: &AtomicU32) -> u32 {
    count.store(count.load(Relaxed) + 1, Relaxed);
    count.load(Relaxed)
}
