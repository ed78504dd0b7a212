//! Drivers of I2C devices, async: each reads, fails, is shed and comes back.

use drivers::Cause::Told;
use drivers::{I2cDevice, Trial};
use embassy_futures::block_on;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::Transaction;
use lis3dh_async::{Lis3dh, SlaveAddr};
use sht4x::Sht4xAsync;

#[test]
fn sht4x_a_hygrometer_in_2_calls() {
    Trial::prove(|trial| {
        let serial_number = vec![0xBE, 0xEF, 0x92, 0xBE, 0xEF, 0x92];
        trial.run(
            I2cDevice::answering([
                vec![Transaction::write(0x44, vec![0x89])],
                vec![Transaction::read(0x44, serial_number)],
            ]),
            Sht4xAsync::new,
            |sensor| block_on(sensor.serial_number(&mut NoopDelay::new())),
            0xBEEF_BEEF,
            |error| match error {
                sht4x::Error::I2c(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn lis3dh_an_accelerometer_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![Transaction::write_read(0x18, vec![0x0F], vec![0x33])]]),
            |bus| block_on(Lis3dh::new_i2c_without_config(bus, SlaveAddr::Default)),
            |sensor| block_on(sensor.get_device_id()),
            0x33,
            |error| match error {
                lis3dh_async::Error::Bus(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}
