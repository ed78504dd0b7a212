//! A line for each event, with its time and who tells it.

use std::io::{IsTerminal, Write, stdout};
use std::time::Duration;

const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Where the demo is shown, and what was shown so far.
pub(crate) struct Screen {
    colors: bool,
    shown: String,
}

impl Screen {
    pub(crate) fn new(no_color: bool) -> Self {
        let colors = !no_color && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Self { colors, shown: String::new() }
    }

    /// A line, or some.
    pub(crate) fn text(&mut self, text: &str) {
        self.write("", text);
    }

    /// What somebody did, or what was done to him.
    pub(crate) fn event(&mut self, at: Duration, who: &str, what: &str) {
        let color = match what {
            _ if !self.colors => "",
            _ if who == "service" || who == "redis" => BOLD,
            _ if what.contains("-> open") || what.contains("503") => RED,
            _ if what.contains("-> half_open") || what.contains("alone") => YELLOW,
            _ if what.contains("-> closed") || what.contains("probe: 200") || what.contains("shares") => GREEN,
            _ => "",
        };
        self.write(color, &format!("{:>6.2} s  {who:<9} {what}", at.as_secs_f64()));
    }

    fn write(&mut self, color: &str, text: &str) {
        let end = if color.is_empty() { "" } else { PLAIN };
        self.shown.push_str(text);
        self.shown.push('\n');
        let mut out = stdout().lock();
        let _ = writeln!(out, "{color}{text}{end}").and_then(|()| out.flush());
    }

    /// All that was shown, without colours.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}
