//! The firmware's log.

use std::io::Read;

use anyhow::{Context, Result, anyhow, bail};
use defmt_decoder::{DecodeError, StreamDecoder, Table};
use defmt_parser::Level;

/// By this line the firmware says that the host may act.
const YOUR_TURN: &str = "(the host's turn)";

/// What the log says next.
pub enum Heard {
    Line(Line),
    YourTurn,
}

/// A line of the log, or something that the host did.
pub struct Line {
    /// The firmware's milliseconds, if it was the firmware.
    pub time: Option<String>,
    pub text: String,
    is_alarming: bool,
}

impl Line {
    pub fn by_host(text: &str) -> Self {
        Self { time: None, text: format!("-- host: {text}"), is_alarming: false }
    }

    /// As it is shown while the firmware runs.
    pub fn live(&self, colored: bool) -> String {
        let (begin, end) = match (colored, &self.time) {
            (false, _) => ("", ""),
            (true, None) => ("\x1b[36m", "\x1b[0m"),
            (true, Some(_)) if self.is_alarming => ("\x1b[33m", "\x1b[0m"),
            (true, Some(_)) => ("", ""),
        };
        match &self.time {
            Some(time) => format!("{time:>7} ms  {begin}{}{end}", self.text),
            None => format!("{:>10}  {begin}{}{end}", "", self.text),
        }
    }
}

/// The texts of an image's log, which are in its file and not on the chip.
pub fn table(image: &[u8]) -> Result<Table> {
    Table::parse(image).context("the image's log cannot be read")?.ok_or_else(|| anyhow!("the image has no defmt log"))
}

/// Decodes a stream of defmt frames.
pub struct Log<'a, R> {
    source: R,
    decoder: Box<dyn StreamDecoder + Send + Sync + 'a>,
}

impl<'a, R: Read> Log<'a, R> {
    pub fn new(table: &'a Table, source: R) -> Self {
        Self { source, decoder: table.new_stream_decoder() }
    }

    /// Waits for the next line; `None` when there will be no more.
    pub fn next(&mut self) -> Result<Option<Heard>> {
        loop {
            match self.decoder.decode() {
                Ok(frame) => {
                    let text = frame.display_message().to_string();
                    if text == YOUR_TURN {
                        return Ok(Some(Heard::YourTurn));
                    }
                    return Ok(Some(Heard::Line(Line {
                        time: frame.display_timestamp().map(|time| time.to_string()),
                        text,
                        is_alarming: frame.level() >= Some(Level::Warn),
                    })));
                }
                Err(DecodeError::UnexpectedEof) => {
                    let mut bytes = [0; 4096];
                    match self.source.read(&mut bytes).context("QEMU's output cannot be read")? {
                        0 => return Ok(None),
                        count => self.decoder.received(&bytes[..count]),
                    }
                }
                Err(DecodeError::Malformed) => bail!("the log is garbled: is QEMU running another image than this?"),
            }
        }
    }
}
