//! A bus with an LM75 on it, of which there is the temperature register and nothing else.

use core::sync::atomic::{AtomicBool, AtomicI8, Ordering::Relaxed};

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

const ADDRESS: u8 = 0x48;
const TEMPERATURE_REGISTER: u8 = 0;

static TAKEN: AtomicBool = AtomicBool::new(false);
static IS_THERE: AtomicBool = AtomicBool::new(true);
static HALF_DEGREES: AtomicI8 = AtomicI8::new(51);

pub(super) fn pull_out() {
    IS_THERE.store(false, Relaxed);
}

pub(super) fn plug_in(half_degrees: i8) {
    HALF_DEGREES.store(half_degrees, Relaxed);
    IS_THERE.store(true, Relaxed);
}

/// The bus.
pub struct SimulatedBus(());

impl SimulatedBus {
    pub(super) fn take() -> Option<Self> {
        // A load and a store will do: only the main program does this. RV32IMC has nothing else.
        (!TAKEN.load(Relaxed)).then(|| TAKEN.store(true, Relaxed)).map(Self)
    }
}

impl ErrorType for SimulatedBus {
    type Error = ErrorKind;
}

impl I2c for SimulatedBus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        if address != ADDRESS || !IS_THERE.load(Relaxed) {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            match operation {
                Operation::Write([TEMPERATURE_REGISTER]) => {}
                Operation::Write(_) => return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data)),
                Operation::Read(bytes) => {
                    // Two's complement of half degrees in the nine highest bits.
                    let register = (i16::from(HALF_DEGREES.load(Relaxed)) << 7).to_be_bytes();
                    bytes.iter_mut().zip(register).for_each(|(place, byte)| *place = byte);
                }
            }
        }
        Ok(())
    }
}
