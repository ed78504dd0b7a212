//! Two drivers on one SPI bus, one of them with a chip select that fails: its guard sheds it alone.

use std::cell::RefCell;
use std::io;

use critical_section::Mutex;
use ds323x::Ds323x;
use embedded_hal::spi::{ErrorKind, SpiDevice};
use embedded_hal_bus::spi::{CriticalSectionDevice, DeviceError, RefCellDevice};

use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::digital::{Mock as Pin, State, Transaction as PinTransaction};
use embedded_hal_mock::eh1::spi::{Mock as Bus, Transaction};
use halfopen::hal::Guarded;
use halfopen::{CallError, CircuitBreaker, CircuitState, Config, ManualClock};

const CONFIG: Config = Config::new().failure_threshold(2);

type PinError = DeviceError<ErrorKind, MockError>;

/// The wires: the bus and the two chip selects.
struct Wires {
    bus: Bus<u8>,
    pins: [Pin; 2],
}

impl Wires {
    /// With both pins as a device sets them when it is made.
    fn new() -> Self {
        let pins = [(); 2].map(|()| Pin::new(&[PinTransaction::set(State::High)]));
        Self { bus: Bus::new(&[]), pins }
    }

    /// What the next reading of each is.
    fn expect(&mut self, [first, second]: [Next; 2]) {
        let reading = [Transaction::transfer_in_place(vec![0x11, 0, 0], vec![0, 25, 0x40]), Transaction::flush()];
        let readings = [first, second].iter().filter(|next| **next == Next::Reading).count();
        self.bus.update_expectations(&vec![reading; readings].concat());
        for (pin, next) in self.pins.iter_mut().zip([first, second]) {
            let (low, high) = (PinTransaction::set(State::Low), PinTransaction::set(State::High));
            let broken = || low.clone().with_error(MockError::Io(io::ErrorKind::Other));
            match next {
                Next::Reading => pin.update_expectations(&[low, high]),
                Next::Broken => pin.update_expectations(&[broken()]),
                Next::Nothing => pin.update_expectations(&[]),
            }
        }
    }

    fn done(&mut self) {
        self.bus.done();
        self.pins.iter_mut().for_each(|pin| pin.done());
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Reading,
    Broken,
    Nothing,
}

fn lives_beside_a_dead_neighbour<D>(mut wires: Wires, shares: [D; 2])
where
    D: SpiDevice<Error = PinError>,
{
    wires.done();
    let clock = ManualClock::new();
    let [dead, alive] = ["dead", "alive"].map(|name| CircuitBreaker::with_clock(name, CONFIG, &clock));
    let [first, second] = shares;
    let mut first = Ds323x::new_ds3234(Guarded::new(first, &dead));
    let mut second = Ds323x::new_ds3234(Guarded::new(second, &alive));
    let mut read = |first_does| {
        wires.expect([first_does, Next::Reading]);
        let found = (first.temperature(), second.temperature().ok());
        wires.done();
        assert_eq!(found.1, Some(25.25), "a dead neighbour sheds the living");
        found.0
    };

    assert_eq!(read(Next::Reading).ok(), Some(25.25));
    for _ in 0..2 {
        assert_eq!(dead.state(), CircuitState::Closed);
        let error = read(Next::Broken);
        assert!(matches!(error, Err(ds323x::Error::Comm(CallError::Inner(DeviceError::Cs(_))))), "{error:?}");
    }
    for _ in 0..3 {
        let error = read(Next::Nothing);
        assert!(matches!(error, Err(ds323x::Error::Comm(CallError::Open(_)))), "{error:?}");
    }
    clock.advance(dead.retry_after().expect("it is OPEN"));
    assert_eq!(read(Next::Reading).ok(), Some(25.25));
    assert_eq!((dead.state(), alive.state()), (CircuitState::Closed, CircuitState::Closed));
}

#[test]
fn one_guard_for_each_device_around_its_share_of_the_bus() {
    let wires = Wires::new();
    let bus = RefCell::new(wires.bus.clone());
    let shares = wires.pins.clone().map(|pin| RefCellDevice::new(&bus, pin, NoopDelay::new()).expect("a pin"));
    lives_beside_a_dead_neighbour(wires, shares);
}

#[test]
fn the_same_between_a_task_and_an_interrupt() {
    let wires = Wires::new();
    let bus = Mutex::new(RefCell::new(wires.bus.clone()));
    let shares = wires.pins.clone().map(|pin| CriticalSectionDevice::new(&bus, pin, NoopDelay::new()).expect("a pin"));
    lives_beside_a_dead_neighbour(wires, shares);
}
