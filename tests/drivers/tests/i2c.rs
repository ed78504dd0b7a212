//! Drivers of I2C devices, blocking: each reads, fails, is shed and comes back.

use ads1x1x::{Ads1x1x, TargetAddr, channel};
use bme280::i2c::BME280;
use drivers::Cause::{Hidden, Told};
use drivers::{I2cDevice, Trial};
use ds1307::{Ds1307, Rtcc};
use eeprom24x::{Eeprom24x, SlaveAddr as EepromAddress};
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::Transaction;
use ina219::SyncIna219;
use ina226::INA226;
use lm75::Lm75;
use mcp9808::MCP9808;
use mcp9808::reg_res::ResolutionVal;
use mcp9808::reg_temp_generic::ReadableTempRegister;
use pcf857x::{Pcf8574, PinFlag, SlaveAddr as ExpanderAddress};
use scd4x::Scd4x;
use ssd1306::prelude::{DisplayRotation, DisplaySize128x64};
use ssd1306::{I2CDisplayInterface, Ssd1306};
use tmp117::Tmp117;

/// A register's address, and its content.
fn reads(address: u8, register: u8, content: &[u8]) -> Transaction {
    Transaction::write_read(address, vec![register], content.to_vec())
}

fn writes(address: u8, bytes: &[u8]) -> Transaction {
    Transaction::write(address, bytes.to_vec())
}

#[test]
fn lm75_a_thermometer_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![reads(0x48, 0, &[0x19, 0x80])]]),
            |bus| Lm75::new(bus, lm75::Address::default()),
            |sensor| sensor.read_temperature(),
            25.5,
            |error| match error {
                lm75::Error::I2C(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn mcp9808_a_thermometer_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![reads(0x18, 5, &[0xC1, 0x94])]]),
            MCP9808::new,
            |sensor| sensor.read_temperature().map(|register| register.get_milli_celsius(ResolutionVal::Deg_0_25C)),
            25_250,
            |error| match error {
                mcp9808::error::Error::I2c(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn tmp117_a_thermometer_in_4_calls() {
    Trial::prove(|trial| {
        let measures_once = [
            vec![reads(0x48, 1, &[0x02, 0x20])],
            vec![writes(0x48, &[1, 0x0E, 0x00])],
            vec![reads(0x48, 1, &[0x2C, 0x00])],
            vec![reads(0x48, 0, &[0x0C, 0x80])],
        ];
        trial.run(
            I2cDevice::answering(measures_once),
            |bus| Tmp117::new(bus, 0x48, NoopDelay::new()),
            |sensor| sensor.oneshot(tmp117::register::Average::NoAverage),
            25.0,
            |error| match error {
                tmp117::Error::Bus(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn shtcx_a_hygrometer_in_2_calls() {
    Trial::prove(|trial| {
        let identifies = [vec![writes(0x70, &[0xEF, 0xC8])], vec![Transaction::read(0x70, vec![0x08, 0x87, 0x5B])]];
        trial.run(
            I2cDevice::answering(identifies),
            shtcx::shtc3,
            |sensor| sensor.device_identifier(),
            0x47,
            |error| match error {
                shtcx::Error::I2c(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn scd4x_a_co2_meter_in_2_calls() {
    Trial::prove(|trial| {
        let measures = [
            vec![writes(0x62, &[0xEC, 0x05])],
            vec![Transaction::read(0x62, vec![0x01, 0xF4, 0x33, 0x66, 0x67, 0xA2, 0x5E, 0xB9, 0x3C])],
        ];
        trial.run(
            I2cDevice::answering(measures),
            |bus| Scd4x::new(bus, NoopDelay::new()),
            |sensor| sensor.measurement().map(|found| (found.co2, found.temperature.round(), found.humidity.round())),
            (500, 25.0, 37.0),
            |error| match error {
                scd4x::Error::I2c(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

/// Calibration, raw values, and what they mean, from the sensor's data sheet.
#[test]
fn bme280_a_barometer_in_4_calls_after_10() {
    let calibration: [i32; 12] =
        [27_504, 26_435, -1_000, 36_477, -10_685, 3_024, 2_855, 140, -7, 15_500, -14_600, 6_000];
    let mut of_temperature_and_pressure: Vec<u8> =
        calibration.iter().flat_map(|word| (*word as u16).to_le_bytes()).collect();
    of_temperature_and_pressure.extend([0, 0]);
    let pressure_and_temperature = [0x65, 0x5A, 0xC0, 0x7E, 0xED, 0x00, 0, 0];
    Trial::prove(|trial| {
        let initializes = [
            reads(0x76, 0xD0, &[0x60]),
            writes(0x76, &[0xE0, 0xB6]),
            reads(0x76, 0x88, &of_temperature_and_pressure),
            reads(0x76, 0xE1, &[0; 7]),
            reads(0x76, 0xF4, &[0]),
            writes(0x76, &[0xF2, 0b1]),
            reads(0x76, 0xF4, &[0]),
            writes(0x76, &[0xF4, 0b0101_0100]),
            reads(0x76, 0xF5, &[0]),
            writes(0x76, &[0xF5, 0b1_0000]),
        ];
        let measures = [
            vec![reads(0x76, 0xF4, &[0b0101_0100])],
            vec![reads(0x76, 0xF4, &[0b0101_0100])],
            vec![writes(0x76, &[0xF4, 0b0101_0101])],
            vec![reads(0x76, 0xF7, &pressure_and_temperature)],
        ];
        let made = |bus| {
            let mut sensor = BME280::new_primary(bus);
            sensor.init(&mut NoopDelay::new()).expect("the sensor works at the start");
            sensor
        };
        trial.run(
            I2cDevice::answering(measures).after(initializes),
            made,
            |sensor| {
                let found = sensor.measure(&mut NoopDelay::new())?;
                Ok(((found.temperature * 100.0).round(), found.pressure.round()))
            },
            (2_508.0, 100_653.0),
            |error| match error {
                bme280::Error::Bus(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn ina219_a_power_meter_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![reads(0x40, 2, &[0x1F, 0x40])]]),
            |bus| {
                SyncIna219::new_unchecked(bus, ina219::address::Address::default(), ina219::calibration::UnCalibrated)
            },
            |sensor| sensor.bus_voltage().map(|voltage| voltage.voltage_mv()),
            4_000,
            |error| match error {
                ina219::errors::BusVoltageReadError::I2cError(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn ina226_a_power_meter_in_2_calls() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![writes(0x40, &[2])], vec![Transaction::read(0x40, vec![0x12, 0x34])]]),
            |bus| INA226::new(bus, 0x40),
            |sensor| sensor.bus_voltage_raw(),
            0x1234,
            Told,
        );
    });
}

#[test]
fn ads1x1x_a_converter_in_5_calls() {
    Trial::prove(|trial| {
        let converts = [
            vec![reads(0x48, 1, &[0x85, 0x83])],
            vec![writes(0x48, &[1, 0xC5, 0x83])],
            vec![reads(0x48, 1, &[0x45, 0x83])],
            vec![reads(0x48, 1, &[0xC5, 0x83])],
            vec![reads(0x48, 0, &[0x12, 0x34])],
        ];
        trial.run(
            I2cDevice::answering(converts),
            |bus| Ads1x1x::new_ads1115(bus, TargetAddr::default()),
            |converter| nb::block!(converter.read(channel::SingleA0)),
            0x1234,
            |error| match error {
                ads1x1x::Error::I2C(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn ds1307_a_clock_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![reads(0x68, 1, &[0x59])]]),
            Ds1307::new,
            |clock| clock.minutes(),
            59,
            |error| match error {
                ds1307::Error::I2C(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn eeprom24x_a_memory_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![reads(0x50, 0x10, &[0xAB])]]),
            |bus| Eeprom24x::new_24x02(bus, EepromAddress::default()),
            |memory| memory.read_byte(0x10),
            0xAB,
            |error| match error {
                eeprom24x::Error::I2C(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn pcf857x_an_expander_in_2_calls() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![writes(0x20, &[0b1])], vec![Transaction::read(0x20, vec![0b1])]]),
            |bus| Pcf8574::new(bus, ExpanderAddress::default()),
            |pins| pins.get(PinFlag::P0),
            0b1,
            |error| match error {
                pcf857x::Error::I2C(cause) => Told(cause),
                other => panic!("{other:?}"),
            },
        );
    });
}

#[test]
fn ssd1306_a_display_in_1_call() {
    Trial::prove(|trial| {
        trial.run(
            I2cDevice::answering([vec![writes(0x3C, &[0, 0xAF])]]),
            |bus| Ssd1306::new(I2CDisplayInterface::new(bus), DisplaySize128x64, DisplayRotation::Rotate0),
            |display| display.set_display_on(true),
            (),
            |_| Hidden,
        );
    });
}
