//! An SD card that is ejected while the firmware reads it, so that its driver blocks for seconds.
#![no_std]
#![no_main]

use core::time::Duration;

use board::{Delay, Host, SdSpi};
use embedded_sdmmc::{Block, BlockDevice, BlockIdx, SdCard};
use halfopen::rules::CountWindow;
use halfopen::{CallError, CircuitBreaker, Config, TickClock};

/// A quarter of the last eight reads may fail. A single one that is slow is too much.
const CONFIG: Config = Config::new()
    .sliding_window_size(8)
    .minimum_calls(4)
    .failure_rate_threshold(25)
    .slow_call_duration(Duration::from_millis(200))
    .slow_call_rate_threshold(1)
    .recovery_timeout(Duration::from_millis(500));

static CARD: CircuitBreaker<TickClock, (), &str, CountWindow<8>> =
    CircuitBreaker::with_rule("sd_card", CountWindow::<8>::with(CONFIG), TickClock::new(board::millis, 1_000), ());

const PAUSE_MS: u32 = 60;
const READS_AFTER_RECOVERY: u32 = 4;
/// More than the whole play takes: where the circuit does not open, the host waits for ever.
const MOST_ATTEMPTS: u32 = 30;
/// Most that a refusal may take.
const MICROSECONDS: u32 = 100;

#[board::entry]
fn main() -> ! {
    let board = board::take();
    defmt::info!("running on {=str}", board::chip());
    if board::has_argument("broken") {
        CARD.disable(); // lets everything through
    }
    watch(&SdCard::new(board.sd_spi, Delay), board.host)
}

/// Reads the card until it has failed and come back.
fn watch(card: &SdCard<SdSpi, Delay>, mut host: Host) -> ! {
    let (mut has_failed, mut reads_since) = (false, 0);
    let mut blocks = [Block::new()];
    for _ in 0..MOST_ATTEMPTS {
        let start = board::micros();
        let result = CARD.call(|| card.read(&mut blocks, BlockIdx(0)));
        let took = board::micros().wrapping_sub(start);
        match result {
            Ok(()) => {
                defmt::info!("block 0 begins with {=[u8]:#x}", &blocks[0].contents[..4]);
                reads_since += u32::from(has_failed);
            }
            Err(CallError::Open(_)) => {
                defmt::info!("shed in {=u32} us", took);
                defmt::assert!(took <= MICROSECONDS, "a refusal took longer than {=u32} us", MICROSECONDS);
            }
            Err(CallError::Inner(error)) => {
                defmt::warn!("{} after {=u32} ms", defmt::Display2Format(&error), took / 1_000);
                card.mark_card_uninit(); // whatever is there next time is another card
                (has_failed, reads_since) = (true, 0);
            }
        }
        if reads_since == READS_AFTER_RECOVERY {
            board::exit(0);
        }
        host.rest(PAUSE_MS);
    }
    defmt::error!("failed and came back? Not in {=u32} attempts", MOST_ATTEMPTS);
    board::exit(1)
}
