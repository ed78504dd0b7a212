//! Breakers that are wrong in one way each, because a trial that one of them stands proves nothing.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use halfopen::Config;

use crate::trial::{RECOVERY, THRESHOLD, Trial};

impl Trial {
    /// Does the trial with the right breaker, and then sees that it notices each wrong one.
    ///
    /// # Panics
    ///
    /// If the trial does, or if it does not with a wrong breaker, or for another reason than that one.
    pub fn prove(trial: impl Fn(&Trial)) {
        trial(&Trial::new());
        for (wrong, breaker, complaints) in wrong_breakers() {
            let panic = catch_unwind(AssertUnwindSafe(|| trial(&breaker)))
                .expect_err(&format!("the trial must not be stood by a breaker that {wrong}"));
            let message = message(&*panic);
            let expected = complaints.iter().any(|complaint| message.contains(complaint));
            assert!(expected, "of a breaker that {wrong}, the trial says: {message}");
        }
    }
}

/// What is wrong with each, and of what a trial must complain: in part, one of these.
fn wrong_breakers() -> [(&'static str, Trial, &'static [&'static str]); 5] {
    let right = Config::new().failure_threshold(THRESHOLD).recovery_timeout(RECOVERY);
    let never = Trial::with(right);
    never.breaker().disable();
    let state: &[_] = &["state and failures"];
    let early: &[_] = &["OPEN: what the driver's error carries", "no pending expectation", "none may"];
    let late: &[_] = &["OPEN: what the driver's error carries", "Not all expectations consumed", "calls that reached"];
    [
        ("never opens", never, state),
        ("opens late", Trial::with(right.failure_threshold(THRESHOLD + 1)), state),
        ("opens early", Trial::with(right.failure_threshold(THRESHOLD - 1)), state),
        ("comes back early", Trial::with(right.recovery_timeout(RECOVERY - MOMENT * 2)), early),
        ("comes back late", Trial::with(right.recovery_timeout(RECOVERY + MOMENT)), late),
    ]
}

const MOMENT: Duration = Duration::from_millis(1);

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("something that is no text")
}
