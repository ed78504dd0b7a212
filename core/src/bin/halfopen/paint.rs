//! What each state looks like.

use std::io;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use halfopen::CircuitState;
use halfopen::redis::admin::{Entry, Kept};
use halfopen::redis::wire::Order;

pub(crate) type Out = AutoStream<io::Stdout>;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const HEAD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const ODD: Style = AnsiColor::Magenta.on_default();

/// Red, yellow, green.
pub(crate) fn of_state(state: CircuitState) -> Style {
    match state {
        CircuitState::Open => AnsiColor::Red.on_default(),
        CircuitState::HalfOpen => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Green.on_default(),
    }
}

/// Of the whole entry: an order counts, and not what is under it.
pub(crate) fn of_entry(entry: &Entry) -> Style {
    match entry.kept() {
        Kept::Circuit(record) => match record.forced {
            Some(Order::Open) => of_state(CircuitState::Open).bold(),
            Some(Order::Closed) => of_state(CircuitState::Closed).bold(),
            None => of_state(record.state),
        },
        _ => ODD,
    }
}
