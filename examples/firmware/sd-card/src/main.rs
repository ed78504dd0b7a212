//! An SD card that is ejected while the firmware reads it, so that its driver blocks for seconds.
#![no_std]
#![no_main]

use core::time::Duration;

use board::{Delay, Host, SdSpi};
use embedded_sdmmc::sdcard::spi::AcquireOpts;
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

/// By default the driver greets a card that is not there fifty times, each time for as long as a read.
const OPTIONS: AcquireOpts = AcquireOpts { use_crc: true, acquire_retries: 1 };

const PAUSE_MS: u32 = 60;
const READS_AFTER_RECOVERY: u32 = 4;
/// More than there are where the circuit opens. Where it does not, the host waits for ever.
const MOST_FAILURES: u32 = 3;
/// Most that a refusal may take.
const MICROSECONDS: u32 = 100;

#[board::entry]
fn main() -> ! {
    let board = board::take();
    defmt::info!("running on {=str}", board::chip());
    if board::has_argument("broken") {
        CARD.disable(); // lets everything through
    }
    watch(&SdCard::new_with_options(board.sd_spi, Delay, OPTIONS), board.host)
}

/// Reads the card until it has failed and come back.
fn watch(card: &SdCard<SdSpi, Delay>, mut host: Host) -> ! {
    let (mut failures, mut reads_since) = (0, 0);
    let mut blocks = [Block::new()];
    while failures < MOST_FAILURES {
        let start = board::micros();
        let result = CARD.call(|| card.read(&mut blocks, BlockIdx(0)));
        let took = board::micros().wrapping_sub(start);
        match result {
            Ok(()) => {
                defmt::info!("block 0 begins with {=[u8]:#x}", &blocks[0].contents[..4]);
                reads_since += u32::from(failures > 0);
            }
            Err(CallError::Open(_)) => {
                defmt::info!("shed in {=u32} us", took);
                defmt::assert!(took <= MICROSECONDS, "a refusal took longer than {=u32} us", MICROSECONDS);
            }
            Err(CallError::Inner(error)) => {
                defmt::warn!("{} after {=u32} ms", defmt::Display2Format(&error), took / 1_000);
                card.mark_card_uninit(); // whatever is there next time is another card
                (failures, reads_since) = (failures + 1, 0);
            }
        }
        if reads_since == READS_AFTER_RECOVERY {
            board::exit(0);
        }
        host.rest(PAUSE_MS);
    }
    defmt::error!("failed {=u32} times, and nobody sheds the calls", failures);
    board::exit(1)
}
