//! Where the time line is shown: on a terminal with colour and with the current line growing, elsewhere plain.

use std::env;
use std::io::{self, IsTerminal, Write};

use halfopen::CircuitState;

use crate::timeline::{Answer, Line, What};

/// Where lines go. What cannot be written is dropped: a closed pipe is no reason to stop measuring.
pub struct Screen {
    out: Box<dyn Write>,
    color: bool,
    live: bool,
}

impl Screen {
    /// Standard output. Colour only on a terminal, and neither with `no_color` nor where `NO_COLOR` is set.
    #[must_use]
    pub fn stdout(no_color: bool) -> Self {
        let live = io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let forbidden = no_color || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { out: Box::new(io::stdout()), color: live && !forbidden, live }
    }

    /// Nowhere.
    #[must_use]
    pub fn silent() -> Self {
        Self { out: Box::new(io::sink()), color: false, live: false }
    }

    /// Shows a text that is not part of the time line.
    pub fn text(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// Shows a heading.
    pub fn heading(&mut self, text: &str) {
        let text = self.painted(text, "1");
        self.text(&text);
    }

    /// Shows a line that may still grow, where that is possible.
    pub fn growing(&mut self, line: &Line) {
        if self.live {
            let text = self.painted(&line.to_string(), color(line));
            let _ = write!(self.out, "\r{text}\x1b[K");
            let _ = self.out.flush();
        }
    }

    /// Shows a line that is complete.
    pub fn complete(&mut self, line: &Line) {
        let text = self.painted(&line.to_string(), color(line));
        let _ = match self.live {
            true => writeln!(self.out, "\r{text}\x1b[K"),
            false => writeln!(self.out, "{text}"),
        };
    }

    fn painted(&self, text: &str, color: &str) -> String {
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The parameters of the escape sequence.
const fn color(line: &Line) -> &'static str {
    const GREEN: &str = "32";
    const YELLOW: &str = "33";
    const RED: &str = "31";
    match line.what {
        What::Service(_) => "1",
        What::Requests { answer: Answer::Status(..400), .. } => GREEN,
        What::Requests { answer: Answer::Status(400..500), .. } => "0",
        What::Requests { answer: Answer::Refused, .. } => YELLOW,
        What::Requests { .. } => RED,
        What::Circuit(transition) => match transition.to {
            CircuitState::Closed => "1;32",
            CircuitState::Open => "1;31",
            CircuitState::HalfOpen => "1;33",
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn colour_is_around_the_line_and_only_where_wanted() {
        let what = What::Requests { answer: Answer::Refused, probe: false, count: 1, time: Duration::ZERO };
        let line = Line { at: Duration::ZERO, what };
        let mut screen = Screen::silent();
        assert_eq!(screen.painted("x", color(&line)), "x");
        screen.color = true;
        assert_eq!(screen.painted("x", color(&line)), "\x1b[33mx\x1b[0m");
    }
}
