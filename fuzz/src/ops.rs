//! Operations out of bytes: five bits say what, three bits say which of its kind.

use conformance::reference::{Kept, Op, Span};
use halfopen::machine::Event;
use halfopen::{CircuitState, Mode, Outcome};

use crate::bytes::Bytes;
use crate::rules::Kind;

const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Ignored];
const MODES: [Event; 3] = [Event::Isolate, Event::Disable, Event::Shadow];

/// Adds what `first` and perhaps the bytes after it mean.
pub(crate) fn decode(kind: Kind, first: u8, bytes: &mut Bytes<'_>, ops: &mut Vec<Op>) {
    let which = first % 8;
    ops.push(match first / 8 {
        0 => Op::Ask,
        1 => Op::AskAndHold,
        2 => Op::AskAndDrop,
        3 => Op::AskBare,
        4 => Op::End(which.into(), Outcome::Success),
        5 => Op::End(which.into(), Outcome::Failure),
        6 => Op::End(which.into(), Outcome::Ignored),
        7 => Op::Abandon(which.into()),
        8 => Op::Report(pick(OUTCOMES, which)),
        9 => Op::WouldAllow,
        10 => Op::RetryAfter,
        11 => Op::Forward(Span::Millis(which.into())),
        12 => Op::Forward(span(which, bytes)),
        13 => Op::Back(Span::Millis(which.into())),
        14 => Op::Back(span(which, bytes)),
        15 => Op::Command(Event::Trip),
        16 => Op::Command(pick(MODES, which)),
        17 => Op::Command(Event::Reset),
        18 => Op::Keep,
        19 => Op::Restore,
        20 => Op::Invent(kept(bytes)),
        21 => Op::Restart(bytes.time(), None),
        22 => Op::Restart(bytes.time(), Some(kind.rules(bytes))),
        // The latest operations once more, several times.
        23 => return repeat(1 + usize::from(which), bytes.byte(), ops),
        24 => Op::ReportAfter(pick(OUTCOMES, which), bytes.interval()),
        25 => Op::HoldOpen(bytes.interval()),
        26 => Op::Chance(bytes.chance()),
        27 => Op::Forward(Span::Window(bytes.few())),
        28 => Op::Back(Span::Window(bytes.few())),
        29 => Op::Invent(kept_of_a_way_back(bytes)),
        // Free.
        _ => return,
    });
}

fn pick<T: Copy, const N: usize>(from: [T; N], which: u8) -> T {
    from[usize::from(which) % N]
}

fn span(which: u8, bytes: &mut Bytes<'_>) -> Span {
    match which {
        0 => Span::Wait(bytes.few()),
        1 => Span::Recovery(bytes.few()),
        2 => Span::Lease(bytes.few()),
        3 => Span::Longest(bytes.few()),
        4 => Span::Wrap(bytes.few()),
        _ => Span::Millis(1 << (bytes.byte() % 62)),
    }
}

fn kept(bytes: &mut Bytes<'_>) -> Kept {
    const CIRCUITS: [CircuitState; 3] = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen];
    const MODES: [Mode; 4] = [Mode::Normal, Mode::Isolated, Mode::Disabled, Mode::Shadow];
    let first = bytes.byte();
    // Zero, a number in its range, or the one after it.
    let number = |bytes: &mut Bytes<'_>, most: u64| match bytes.byte() {
        byte @ 0..0x80 => u64::from(byte % 4).min(most),
        byte @ 0x80..0xC0 => most - u64::from(byte % 2),
        byte @ 0xC0..0xF8 => 1 << (u32::from(byte) % most.ilog2()),
        _ => most + 1,
    };
    Kept {
        circuit: pick(CIRCUITS, first / 8),
        mode: pick(MODES, first),
        failures: number(bytes, 1_023) as u32,
        successes: number(bytes, 63) as u32,
        remaining: number(bytes, (1 << 31) - 1),
        last_failure_ago: (first % 8 < 4).then(|| number(bytes, (1 << 53) - 1)),
        reopenings: 0,
        probe_failures: 0,
        ramp_left: 0,
    }
}

/// With what only a way back that adapts keeps.
fn kept_of_a_way_back(bytes: &mut Bytes<'_>) -> Kept {
    let (reopenings, probe_failures) = (u32::from(bytes.byte()), u32::from(bytes.byte()));
    Kept {
        reopenings: if reopenings < 0x80 { reopenings % 4 } else { reopenings * 2 - 254 },
        probe_failures: probe_failures % 17,
        ramp_left: if bytes.byte() < 0x80 { 0 } else { bytes.interval() },
        ..kept(bytes)
    }
}

/// Lives get longer than their bytes by this alone.
fn repeat(latest: usize, times: u8, ops: &mut Vec<Op>) {
    let latest = ops[ops.len().saturating_sub(latest)..].to_vec();
    for _ in 0..times {
        if ops.len() + latest.len() > crate::MOST_OPS {
            return;
        }
        ops.extend(&latest);
    }
}
