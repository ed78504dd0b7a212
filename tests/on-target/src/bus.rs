//! A sensor on an I2C bus, for the images that show what a guard costs: as much as a driver makes of it, on a controller that
//! is not there.

use core::hint::black_box;

use embedded_hal::i2c::{Error, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// A bus whose controller nobody knows: every byte that comes and goes is hidden from the compiler.
pub struct Bus;

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    #[inline(never)]
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        for operation in operations {
            if black_box(address) == 0 {
                return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
            }
            match operation {
                Operation::Read(bytes) => bytes.iter_mut().for_each(|byte| *byte = black_box(0)),
                Operation::Write(bytes) => bytes.iter().for_each(|byte| {
                    black_box(*byte);
                }),
            }
        }
        Ok(())
    }
}

/// Reads the sensor without an end, and looks at the time and at what kind an error is.
pub fn read_forever(mut bus: impl I2c) -> ! {
    loop {
        black_box(crate::now_ms());
        match temperature(&mut bus) {
            Ok(value) => {
                black_box(value);
            }
            Err(error) => {
                black_box(error.kind());
            }
        }
    }
}

#[inline(never)]
fn temperature<B: I2c>(bus: &mut B) -> Result<u16, B::Error> {
    let mut value = [0; 2];
    bus.write_read(0x48, &[0], &mut value)?;
    Ok(u16::from_be_bytes(value))
}
