//! Each method of each trait: passed on to its own while all is well, and kept from the bus while the circuit is OPEN.

use embedded_hal::i2c::{ErrorKind as I2cError, Operation as I2cOperation};
use embedded_hal::spi::{ErrorKind as SpiError, Operation as SpiOperation};
use embedded_hal::{delay, i2c, spi};
use halfopen::hal::Guarded;
use halfopen::{CallError, CircuitBreaker, CircuitState, Config, ManualClock};

use crate::bus::{Fake, ready};

type Bus<'a, E> = Guarded<Fake<E>, &'a CircuitBreaker<&'a ManualClock>>;

/// Calls all of `methods` on a healthy circuit, then on an OPEN one; gives the names of those that reached the bus.
fn reached<E: Copy + PartialEq + core::fmt::Debug>(
    mut methods: impl FnMut(&mut Bus<'_, E>) -> Vec<Result<(), CallError<E>>>,
) -> Vec<&'static str> {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("device", Config::new(), &clock);
    let mut bus = Guarded::new(Fake::new(), &breaker);
    let well = methods(&mut bus);
    assert!(!well.is_empty() && well.iter().all(|result| *result == Ok(())));
    let asked = core::mem::take(&mut bus.inner_mut().asked);
    assert_eq!(asked.len(), well.len(), "one call each");

    breaker.trip();
    let refused = methods(&mut bus);
    assert_eq!(refused.len(), well.len());
    for result in refused {
        let Err(CallError::Open(error)) = result else { panic!("{result:?}, and the circuit is OPEN") };
        assert_eq!((error.operation_name, error.state), ("device", CircuitState::Open));
    }
    assert_eq!(bus.release().asked, [""; 0], "a refusal must not touch the bus");
    asked
}

const OF_I2C: [&str; 4] = ["read", "write", "write_read", "transaction"];
const OF_DEVICE: [&str; 5] = ["transaction", "read", "write", "transfer", "transfer_in_place"];
const OF_BUS: [&str; 5] = ["read", "write", "transfer", "transfer_in_place", "flush"];

fn i2c_methods<A>(address: A, bus: &mut Bus<'_, I2cError>) -> Vec<Result<(), CallError<I2cError>>>
where
    A: i2c::AddressMode + Copy,
{
    use i2c::I2c;
    vec![
        bus.read(address, &mut [0]),
        bus.write(address, &[0]),
        bus.write_read(address, &[0], &mut [0]),
        bus.transaction(address, &mut [I2cOperation::Write(&[0])]),
    ]
}

#[test]
fn an_i2c_bus_passes_each_method_on_by_7_and_by_10_bits() {
    assert_eq!(reached(|bus| i2c_methods(0x48_u8, bus)), OF_I2C);
    assert_eq!(reached(|bus| i2c_methods(0x248_u16, bus)), OF_I2C);
}

#[test]
fn an_async_i2c_bus_passes_each_method_on() {
    use embedded_hal_async::i2c::I2c;
    let methods = |bus: &mut Bus<'_, I2cError>| {
        vec![
            ready(bus.read(0x48_u8, &mut [0])),
            ready(bus.write(0x48_u8, &[0])),
            ready(bus.write_read(0x48_u8, &[0], &mut [0])),
            ready(bus.transaction(0x48_u8, &mut [I2cOperation::Write(&[0])])),
        ]
    };
    assert_eq!(reached(methods), OF_I2C);
}

#[test]
fn an_spi_device_passes_each_method_on() {
    use spi::SpiDevice;
    let methods = |bus: &mut Bus<'_, SpiError>| {
        vec![
            bus.transaction(&mut [SpiOperation::Write(&[0])]),
            SpiDevice::read(bus, &mut [0]),
            SpiDevice::write(bus, &[0]),
            SpiDevice::transfer(bus, &mut [0], &[0]),
            SpiDevice::transfer_in_place(bus, &mut [0]),
        ]
    };
    assert_eq!(reached(methods), OF_DEVICE);
}

#[test]
fn an_async_spi_device_passes_each_method_on() {
    use embedded_hal_async::spi::SpiDevice;
    let methods = |bus: &mut Bus<'_, SpiError>| {
        vec![
            ready(bus.transaction(&mut [SpiOperation::Write(&[0])])),
            ready(SpiDevice::read(bus, &mut [0])),
            ready(SpiDevice::write(bus, &[0])),
            ready(SpiDevice::transfer(bus, &mut [0], &[0])),
            ready(SpiDevice::transfer_in_place(bus, &mut [0])),
        ]
    };
    assert_eq!(reached(methods), OF_DEVICE);
}

#[test]
fn an_spi_bus_of_words_passes_each_method_on() {
    use spi::SpiBus;
    let methods = |bus: &mut Bus<'_, SpiError>| {
        vec![
            SpiBus::read(bus, &mut [0_u16]),
            SpiBus::write(bus, &[0_u16]),
            SpiBus::transfer(bus, &mut [0_u16], &[0]),
            SpiBus::transfer_in_place(bus, &mut [0_u16]),
            SpiBus::flush(bus),
        ]
    };
    assert_eq!(reached(methods), OF_BUS);
}

#[test]
fn an_async_spi_bus_of_words_passes_each_method_on() {
    use embedded_hal_async::spi::SpiBus;
    let methods = |bus: &mut Bus<'_, SpiError>| {
        vec![
            ready(SpiBus::read(bus, &mut [0_u16])),
            ready(SpiBus::write(bus, &[0_u16])),
            ready(SpiBus::transfer(bus, &mut [0_u16], &[0])),
            ready(SpiBus::transfer_in_place(bus, &mut [0_u16])),
            ready(SpiBus::flush(bus)),
        ]
    };
    assert_eq!(reached(methods), OF_BUS);
}

#[test]
fn a_delay_is_passed_on_even_while_the_circuit_is_open() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("device", Config::new(), &clock);
    breaker.trip();
    let mut bus = Guarded::new(Fake::<SpiError>::new(), &breaker);
    delay::DelayNs::delay_ns(&mut bus, 1);
    delay::DelayNs::delay_us(&mut bus, 1);
    delay::DelayNs::delay_ms(&mut bus, 1);
    ready(embedded_hal_async::delay::DelayNs::delay_ns(&mut bus, 1));
    ready(embedded_hal_async::delay::DelayNs::delay_us(&mut bus, 1));
    ready(embedded_hal_async::delay::DelayNs::delay_ms(&mut bus, 1));
    assert_eq!(bus.inner().asked, ["delay_ns", "delay_us", "delay_ms", "delay_ns", "delay_us", "delay_ms"]);
}

#[test]
fn an_error_answers_for_the_one_inside_and_a_refusal_is_another() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("device", Config::new(), &clock);
    breaker.trip();
    let refused = breaker.try_acquire().unwrap_err();

    let kept = CallError::<_, &str>::Inner(I2cError::Bus);
    assert_eq!(i2c::Error::kind(&kept), I2cError::Bus);
    assert_eq!(kept.into_inner(), Some(I2cError::Bus));
    assert_eq!(i2c::Error::kind(&CallError::<I2cError>::Open(refused)), I2cError::Other);

    assert_eq!(spi::Error::kind(&CallError::<_, &str>::Inner(SpiError::FrameFormat)), SpiError::FrameFormat);
    assert_eq!(spi::Error::kind(&CallError::<SpiError>::Open(refused)), SpiError::Other);
}
