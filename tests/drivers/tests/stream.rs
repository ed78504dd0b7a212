//! Drivers of devices on a serial line, blocking and async: each reads, fails, is shed and comes back.

use drivers::Cause::Told;
use drivers::{Flaky, Line, Trial};
use embassy_futures::block_on;
use embedded_hal_mock::eh1::delay::NoopDelay;
use sds011::{SDS011, SDS011Error};
use tmc2209_uart::Tmc2209;

#[test]
fn tmc2209_a_motor_driver_in_4_calls() {
    Trial::prove(|trial| {
        let request = vec![0x05, 0, 0x02, 0x8F];
        // One wire: the line hears its own request first.
        let answer = [&request[..], &[0x05, 0xFF, 0x02, 0, 0, 0, 7, 0xE2]].concat();
        trial.run(
            Flaky::new(Line::answering([(request, answer)], 4)),
            |line| Tmc2209::new(line, 0),
            |motor| motor.ifcnt(),
            7,
            |error| match error {
                tmc2209_uart::Error::Uart(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn sds011_a_dust_meter_in_8_calls_after_8() {
    Trial::prove(|trial| {
        let initializes = [
            asked(0xFFFF, &[6, 1, 1], &[0xC5, 6, 1, 1]),
            asked(0xFFFF, &[2, 1, 1], &[0xC5, 2, 1, 1]),
            asked(0xFFFF, &[7], &[0xC5, 7, 15, 7, 10]),
            asked(0xFFFF, &[6, 1, 0], &[0xC5, 6, 1, 0]),
        ];
        let measures = [
            asked(SENSOR, &[6, 1, 1], &[0xC5, 6, 1, 1]),
            asked(SENSOR, &[4], &[0xC0, 0xFF, 0x00, 0xFF, 0x00]), // while the fan spins up, not used
            asked(SENSOR, &[4], &[0xC0, 0xD4, 0x04, 0x3A, 0x0A]),
            asked(SENSOR, &[6, 1, 0], &[0xC5, 6, 1, 0]),
        ];
        trial.run(
            Flaky::new(Line::answering(measures, 8).after(initializes, 8)),
            |line| {
                let sensor = SDS011::new(line, sds011::Config::default());
                block_on(sensor.init(&mut NoopDelay::new())).expect("the sensor works at the start")
            },
            |sensor| block_on(sensor.measure(&mut NoopDelay::new())).map(|found| (found.pm25(), found.pm10())),
            (1_236, 2_618),
            |error| match error {
                SDS011Error::WriteError(cause) | SDS011Error::ReadError(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

/// The number of the sensor.
const SENSOR: u16 = 0xA160;

/// What the sensor of this number is asked, and its answer.
fn asked(number: u16, command: &[u8], reply: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let sum = |bytes: &[u8]| bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    let mut request = vec![0xAA, 0xB4];
    request.extend(command);
    request.resize(15, 0);
    request.extend(number.to_be_bytes());
    request.extend([sum(&request[2..]), 0xAB]);
    let mut answer = vec![0xAA];
    answer.extend(reply);
    answer.resize(6, 0);
    answer.extend(SENSOR.to_be_bytes());
    answer.extend([sum(&answer[2..]), 0xAB]);
    (request, answer)
}
