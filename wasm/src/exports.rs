//! The functions that JavaScript calls.
//!
//! Numbers alone, and free functions: a class's method would take three times as long to call. To the handle 0, that of a
//! breaker that was freed, the functions without a time say "ask by the time"; the others must not be asked then.
//!
//! ```
//! use halfopen_wasm::exports;
//!
//! (0..17).for_each(|place| exports::set(place, f64::NAN));
//! let breaker = exports::create(0, false);
//! let ticket = exports::acquire(breaker);
//! assert!(ticket >= 0);
//! assert!(!exports::settle(breaker, ticket as u32, 1)); // a failure has to be recorded by the time
//! assert_eq!(exports::settle_at(breaker, ticket as u32, 0, 1, 5.0), 0);
//! assert_eq!(exports::failure_count(breaker, 6.0), 1);
//! exports::free(breaker);
//! ```

use halfopen::local::LocalBreaker;
use halfopen::machine::{Event, Ticket, Verdict};
use halfopen::{Outcome, Snapshot};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::breaker::Handle;
use crate::config;
use crate::told::{self, Told};

/// The breaker of a handle.
fn of<'a>(breaker: usize) -> &'a mut LocalBreaker<'static> {
    // SAFETY: JavaScript hands in what `create` gave and has not freed; there is one thread, and no function keeps it.
    unsafe { Handle(breaker).breaker() }
}

/// A handle, or the reason for which there is none: 0 a configuration whose error [`config`] leaves at 0 to 4,
/// 1 no memory.
#[wasm_bindgen]
#[must_use]
pub fn create(rule: u32, adaptive: bool) -> usize {
    match Handle::new(rule, adaptive) {
        Ok(Some(handle)) => handle.0,
        Ok(None) => 1,
        Err(error) => {
            config::refuse(&error);
            0
        }
    }
}

/// Ends a breaker, whose handle is of no use then.
#[wasm_bindgen]
pub fn free(breaker: usize) {
    // SAFETY: as in `of`; JavaScript does not use it again.
    unsafe { Handle(breaker).free() };
}

/// Sets a number of the next configuration or snapshot; NaN where nothing is said.
#[wasm_bindgen]
pub fn set(place: usize, value: f64) {
    config::set(place, value);
}

/// A number that the latest call left: see [`told`].
#[wasm_bindgen]
#[must_use]
pub fn out(place: usize) -> i32 {
    told::read(place)
}

/// Sets what chance says from now on: any number of 32 bits. For breakers with a jitter or a ramp-up before each call.
#[wasm_bindgen]
pub fn chance(number: u32) {
    told::set_chance(number);
}

/// `true`: a request may be made, whatever the time is. Else [`acquire_at`].
#[wasm_bindgen]
#[must_use]
pub fn allow(breaker: usize) -> bool {
    breaker != 0 && of(breaker).allow_untimed()
}

/// `true`: a success is recorded, whatever the time is. Else [`record`] it.
#[wasm_bindgen]
#[must_use]
pub fn succeed(breaker: usize) -> bool {
    breaker != 0 && of(breaker).record_success_untimed()
}

/// A ticket, whatever the time is, as a number of 16 bits; less than 0: ask [`acquire_at`].
#[wasm_bindgen]
#[must_use]
pub fn acquire(breaker: usize) -> i32 {
    if breaker == 0 {
        return -1;
    }
    of(breaker).acquire_untimed().map_or(-1, |ticket| ticket.to_parts().0.into())
}

/// `true`: the outcome of a ticket that [`acquire`] gave is recorded, whatever the time is. Else [`settle_at`].
#[wasm_bindgen]
#[must_use]
pub fn settle(breaker: usize, mark: u32, outcome: u32) -> bool {
    breaker != 0 && of(breaker).settle_untimed(Ticket::from_parts((mark as u16, 0)), outcome_of(outcome))
}

/// Asks now; the two numbers of the ticket are at 52 and 53.
#[wasm_bindgen]
#[must_use]
pub fn acquire_at(breaker: usize, now: f64) -> u32 {
    run(breaker, ACQUIRE, 0, 0.0, now)
}

/// Records an outcome: 0 success, 1 failure, 2 ignored; `took` milliseconds, or less than 0 where that is not known.
#[wasm_bindgen]
#[must_use]
pub fn record(breaker: usize, outcome: u32, took: f64, now: f64) -> u32 {
    match run(breaker, OUTCOME + outcome, 0, took, now) {
        AGAIN => run(breaker, OUTCOME + outcome, 0, took, now),
        packed => packed,
    }
}

/// Hands in the outcome of a ticket.
#[wasm_bindgen]
#[must_use]
pub fn settle_at(breaker: usize, mark: u32, issued: i32, outcome: u32, now: f64) -> u32 {
    run(breaker, OUTCOME_OF_TICKET + outcome, mark, issued.into(), now)
}

/// Gives a command: 0 trip, 1 isolate, 2 disable, 3 shadow, 4 reset.
#[wasm_bindgen]
#[must_use]
pub fn command(breaker: usize, what: u32, now: f64) -> u32 {
    run(breaker, what, 0, 0.0, now)
}

/// Milliseconds until a request would be let through; less than 0: not before a reset.
#[wasm_bindgen]
#[must_use]
pub fn retry_after(breaker: usize, now: f64) -> i32 {
    match run(breaker, INQUIRE, 0, 0.0, now) & told::MAY_NOT {
        told::REFUSED => told::read(told::WAIT),
        _ => 0,
    }
}

// Events as numbers, after the commands; an outcome is added to the last two.
const ACQUIRE: u32 = 5;
const INQUIRE: u32 = 6;
const OUTCOME: u32 = 8;
const OUTCOME_OF_TICKET: u32 = 12;
/// No packed number is this.
const AGAIN: u32 = u32::MAX;

/// What every event does: `at` is when its ticket was issued, or how long the call took. All numbers, and one copy: nothing
/// has to be put into memory to be read there. [`AGAIN`] asks for the same once more.
#[inline(never)]
fn run(breaker: usize, what: u32, mark: u32, at: f64, now: f64) -> u32 {
    let mut took = None;
    let event = match what {
        0 => Event::Trip,
        1 => Event::Isolate,
        2 => Event::Disable,
        3 => Event::Shadow,
        ACQUIRE => Event::Acquire,
        INQUIRE => Event::Inquire,
        OUTCOME..OUTCOME_OF_TICKET => {
            took = (at >= 0.0).then_some(at as u32);
            Event::Settle(None, outcome_of(what - OUTCOME))
        }
        OUTCOME_OF_TICKET.. => {
            let ticket = Ticket::from_parts((mark as u16, at as i32 as u32));
            Event::Settle(Some(ticket), outcome_of(what - OUTCOME_OF_TICKET))
        }
        _ => Event::Reset,
    };
    let (mut ticket, mut refusal, mut answer) = (None, None, 0);
    match of(breaker).step(event, took, told::at(now), &Told) {
        Verdict::Admitted(given) => ticket = Some(given),
        Verdict::Shadowed(given, would) => (ticket, refusal) = (Some(given), Some(would)),
        Verdict::Refused(is) => refusal = Some(is),
        Verdict::Settled(receipt) => answer = receipt as u32,
        Verdict::Done => {}
        Verdict::Again => return AGAIN,
    }
    if let Some(ticket) = ticket {
        let (mark, issued) = ticket.to_parts();
        told::write(52, mark.into());
        told::write(53, issued);
        answer = 1;
    }
    if let Some(refusal) = refusal {
        told::refused(refusal);
    }
    told::packed(answer)
}

/// The state in force: 0 closed, 1 open, 2 half open.
#[wasm_bindgen]
#[must_use]
pub fn state(breaker: usize, now: f64) -> u32 {
    of(breaker).state(told::time(now)) as u32
}

/// The mode: 0 normal, 1 isolated, 2 disabled, 3 shadow.
#[wasm_bindgen]
#[must_use]
pub fn mode(breaker: usize) -> u32 {
    of(breaker).mode() as u32
}

/// The failures counted.
#[wasm_bindgen]
#[must_use]
pub fn failure_count(breaker: usize, now: f64) -> u32 {
    of(breaker).failure_count(told::time(now)).into()
}

/// When the latest failure was, in milliseconds; less than 0: never.
#[wasm_bindgen]
#[must_use]
pub fn last_failure_time(breaker: usize) -> f64 {
    of(breaker).last_failure_time().map_or(-1.0, |at| at.as_millis() as f64)
}

/// The number of the generation.
#[wasm_bindgen]
#[must_use]
pub fn generation(breaker: usize) -> u32 {
    of(breaker).generation().into()
}

/// How often the circuit has opened again since it was CLOSED.
#[wasm_bindgen]
#[must_use]
pub fn reopenings(breaker: usize) -> u32 {
    of(breaker).reopenings().into()
}

/// Keeps an OPEN circuit open for at least so many milliseconds.
#[wasm_bindgen]
pub fn hold_open(breaker: usize, ms: f64, now: f64) {
    of(breaker).hold_open(ms as u32, told::time(now));
}

/// Leaves the numbers of [`Snapshot::to_numbers`] at 0 to 9, but gives the one at 6, which may be missing: less than 0 then.
#[wasm_bindgen]
#[must_use]
pub fn snapshot(breaker: usize, now: f64) -> f64 {
    let snapshot = of(breaker).snapshot(told::time(now));
    let [version, state, mode, failures, successes, remaining, ago, reopenings, trials, ramp] = snapshot.to_numbers();
    let put = |place, number: i64| told::write(place, number as u32);
    put(0, version);
    put(1, state);
    put(2, mode);
    put(3, failures);
    put(4, successes);
    put(5, remaining);
    put(7, reopenings);
    put(8, trials);
    put(9, ramp);
    ago as f64
}

/// Takes over the snapshot whose numbers were set at 0 to 9. Bit 31: it was not taken over, and the lowest bits say which of them
/// is wrong.
#[wasm_bindgen]
#[must_use]
pub fn restore(breaker: usize, now: f64) -> u32 {
    match Snapshot::try_from_numbers(&config::snapshot(), config::long()) {
        Ok(snapshot) => {
            of(breaker).restore(&snapshot, told::time(now), &Told);
            told::packed(0)
        }
        Err(field) => 1 << 31 | field as u32,
    }
}

fn outcome_of(number: u32) -> Outcome {
    match number {
        0 => Outcome::Success,
        1 => Outcome::Failure,
        _ => Outcome::Ignored,
    }
}
