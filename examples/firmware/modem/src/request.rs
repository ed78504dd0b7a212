//! One request to the modem, by whatever carries bytes.

use at_commands::builder::CommandBuilder;
use at_commands::parser::CommandParser;
use embedded_io::{Error, ErrorKind, Read, Write};

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub enum RequestError {
    /// The line says so.
    Line(ErrorKind),
    /// Something was said, but not that.
    Garbled,
}

impl RequestError {
    /// By this a guard sorts it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Line(kind) => *kind,
            Self::Garbled => ErrorKind::InvalidData,
        }
    }
}

impl defmt::Format for RequestError {
    fn format(&self, to: defmt::Formatter<'_>) {
        match self {
            Self::Line(ErrorKind::TimedOut) => defmt::write!(to, "no answer in time"),
            Self::Line(_) => defmt::write!(to, "the line is broken"),
            Self::Garbled => defmt::write!(to, "that is no answer"),
        }
    }
}

const LONGEST: usize = 32;

/// Asks for the strength of the signal, 0 to 31.
pub fn signal_quality<L: Read + Write>(line: &mut L) -> Result<i32, RequestError> {
    let by_line = |error: L::Error| RequestError::Line(error.kind());
    let mut buffer = [0; LONGEST];
    let request = CommandBuilder::create_execute(&mut buffer, true).named("+CSQ").finish();
    line.write_all(request.map_err(|_| RequestError::Garbled)?).map_err(by_line)?;

    let mut answer = [0; LONGEST];
    let mut length = 0;
    while !answer[..length].ends_with(b"OK\r\n") {
        match line.read(&mut answer[length..]).map_err(by_line)? {
            0 => return Err(RequestError::Garbled),
            count => length += count,
        }
    }
    let (quality, _errors) = CommandParser::parse(&answer[..length])
        .expect_identifier(b"\r\n+CSQ:")
        .expect_int_parameter()
        .expect_int_parameter()
        .expect_identifier(b"\r\n\r\nOK\r\n")
        .finish()
        .map_err(|_| RequestError::Garbled)?;
    Ok(quality)
}
