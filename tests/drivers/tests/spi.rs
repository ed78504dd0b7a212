//! Drivers of SPI devices, blocking and async: each reads, fails, is shed and comes back.

use drivers::Cause::{Hidden, Told};
use drivers::{Flaky, SdCard, SpiScript, Trial};
use ds323x::Ds323x;
use embassy_futures::block_on;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::spi::Transaction;
use lis3dh_async::Lis3dh;
use mfrc522::Mfrc522;
use mfrc522::comm::blocking::spi::SpiInterface;

#[test]
fn ds323x_a_clock_in_1_call() {
    Trial::prove(|trial| {
        let temperature = Transaction::transfer_in_place(vec![0x11, 0, 0], vec![0, 25, 0x40]);
        trial.run(
            Flaky::new(SpiScript::answering([vec![temperature]])),
            Ds323x::new_ds3234,
            |clock| clock.temperature(),
            25.25,
            |error| match error {
                ds323x::Error::Comm(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn mfrc522_a_card_reader_in_1_call_after_13() {
    let writes = |register: u8, value: u8| vec![Transaction::write_vec(vec![register << 1, value])];
    let reads =
        |register: u8, value: u8| vec![Transaction::transfer_in_place(vec![register << 1 | 0x80, 0], vec![0, value])];
    Trial::prove(|trial| {
        let initializes = [
            writes(0x01, 0x0F),
            reads(0x01, 0x20),
            writes(0x12, 0x00),
            writes(0x13, 0x00),
            writes(0x24, 0x26),
            writes(0x2A, 0x80),
            writes(0x2B, 0xA9),
            writes(0x2C, 0x03),
            writes(0x2D, 0xE8),
            writes(0x15, 0x40),
            writes(0x11, 0x3D),
            reads(0x14, 0x80),
            writes(0x14, 0x83),
        ];
        trial.run(
            Flaky::new(SpiScript::answering([reads(0x37, 0x92)]).after(initializes)),
            |bus| Mfrc522::new(SpiInterface::new(bus)).init().expect("the reader works at the start"),
            |reader| reader.version(),
            0x92,
            |error| match error {
                mfrc522::Error::Comm(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn embedded_sdmmc_a_card_in_6_calls_after_26() {
    Trial::prove(|trial| {
        trial.run(
            Flaky::new(SdCard::asked_in(6, 26)),
            |bus| {
                let card = embedded_sdmmc::SdCard::new(bus, NoopDelay::new());
                card.num_bytes().expect("the card works at the start");
                card
            },
            |card| card.num_bytes(),
            SdCard::BYTES,
            |error| match error {
                embedded_sdmmc::SdCardError::Transport => Hidden,
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn lis3dh_async_an_accelerometer_in_1_call() {
    Trial::prove(|trial| {
        let identifies = vec![Transaction::write_vec(vec![0x8F]), Transaction::transfer_in_place(vec![0], vec![0x33])];
        trial.run(
            Flaky::new(SpiScript::answering([identifies])),
            |bus| block_on(Lis3dh::new_spi_without_config(bus)),
            |sensor| block_on(sensor.get_device_id()),
            0x33,
            |error| match error {
                lis3dh_async::Error::Bus(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}
