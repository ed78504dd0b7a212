//! Snapshots as values of a map of the crate `sequential-storage`, version 8.
//!
//! The map has a check value of its own. The snapshot's is stored beside it all the same: it says that a snapshot was
//! stored under the key and nothing else, and it also notices what happens between the map and the breaker.

use sequential_storage::map::{SerializationError, Value};

use crate::snapshot::{Snapshot, SnapshotError};

/// By [`Snapshot::to_bytes`] and [`Snapshot::from_bytes`]. One of another version is
/// [`Custom`](SerializationError::Custom) with that version, and all other errors are
/// [`InvalidData`](SerializationError::InvalidData).
impl Value<'_> for Snapshot {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        let place = buffer.first_chunk_mut().ok_or(SerializationError::BufferTooSmall)?;
        *place = self.to_bytes();
        Ok(place.len())
    }

    fn deserialize_from(buffer: &[u8]) -> Result<(Self, usize), SerializationError> {
        match Self::from_bytes(buffer) {
            Ok(snapshot) => Ok((snapshot, buffer.len())),
            Err(SnapshotError::Version(version)) => Err(SerializationError::Custom(version as i32)),
            Err(_) => Err(SerializationError::InvalidData),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::CircuitBreaker;
    use crate::clock::ManualClock;
    use crate::config::CircuitBreakerConfiguration;

    fn tripped() -> Snapshot {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::with_clock("radio", CircuitBreakerConfiguration::new(), &clock);
        breaker.trip();
        breaker.snapshot()
    }

    #[test]
    fn a_value_is_the_bytes_of_the_snapshot_and_no_more() {
        let mut buffer = [0x77; 40];
        assert_eq!(tripped().serialize_into(&mut buffer), Ok(Snapshot::BYTES));
        assert_eq!(buffer[..Snapshot::BYTES], tripped().to_bytes());
        assert_eq!(buffer[Snapshot::BYTES..], [0x77; 12]);
        assert_eq!(Snapshot::deserialize_from(&buffer[..Snapshot::BYTES]), Ok((tripped(), Snapshot::BYTES)));
        assert_eq!(Snapshot::deserialize_from(&buffer), Err(SerializationError::InvalidData));
    }

    #[test]
    fn a_buffer_that_is_too_small_stays_as_it_is() {
        let mut buffer = [0x77; Snapshot::BYTES - 1];
        assert_eq!(tripped().serialize_into(&mut buffer), Err(SerializationError::BufferTooSmall));
        assert_eq!(buffer, [0x77; Snapshot::BYTES - 1]);
    }

    #[test]
    fn a_value_of_another_version_is_told_by_its_number() {
        let other = Snapshot { version: 9, ..tripped() };
        assert_eq!(Snapshot::deserialize_from(&other.to_bytes()), Err(SerializationError::Custom(9)));
    }
}
