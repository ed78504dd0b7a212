//! A driver for thermometers such as the LM75 and the TMP105, as short as it can be. It knows nothing of breakers.

use embedded_hal_async::i2c::I2c;

const TEMPERATURE: u8 = 0;
/// To all devices on the bus: those that know it begin anew.
const GENERAL_CALL: u8 = 0;
const RESET: u8 = 6;

/// Degrees Celsius, in halves.
pub async fn read<B: I2c>(bus: &mut B, address: u8) -> Result<f32, B::Error> {
    let mut bytes = [0; 2];
    bus.write_read(address, &[TEMPERATURE], &mut bytes).await?;
    Ok(f32::from(i16::from_be_bytes(bytes) >> 7) / 2.0)
}

/// Resets all thermometers on the bus.
pub async fn reset_all<B: I2c>(bus: &mut B) -> Result<(), B::Error> {
    bus.write(GENERAL_CALL, &[RESET]).await
}
