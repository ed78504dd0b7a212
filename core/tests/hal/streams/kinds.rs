//! Kinds of errors: what each counts as, and that a guard's error answers for the one inside.

use halfopen::hal::{ByErrorKind, Classifier};
use halfopen::{CallError, CircuitBreaker, Config, ManualClock, Outcome};

use super::io::{Error, ErrorKind, ErrorKind as Io};

#[test]
fn the_default_ignores_what_says_nothing_about_the_device() {
    let ignored = [
        Io::InvalidInput,
        Io::Unsupported,
        Io::PermissionDenied,
        Io::AlreadyExists,
        Io::Interrupted,
        Io::OutOfMemory,
        Io::AddrInUse,
    ];
    for kind in ignored {
        assert_eq!(ByErrorKind.classify(kind), Outcome::Ignored, "{kind:?}");
    }
    for kind in [
        Io::Other,
        Io::NotFound,
        Io::ConnectionRefused,
        Io::ConnectionReset,
        Io::ConnectionAborted,
        Io::NotConnected,
        Io::AddrNotAvailable,
        Io::BrokenPipe,
        Io::InvalidData,
        Io::TimedOut,
        Io::WriteZero,
    ] {
        assert_eq!(ByErrorKind.classify(kind), Outcome::Failure, "{kind:?}");
    }
}

#[test]
fn an_error_answers_for_the_one_inside_and_a_refusal_is_another() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("device", Config::new(), &clock);
    breaker.trip();
    let refused = breaker.try_acquire().unwrap_err();
    assert_eq!(CallError::<_, &str>::Inner(ErrorKind::TimedOut).kind(), ErrorKind::TimedOut);
    assert_eq!(CallError::<ErrorKind>::Open(refused).kind(), ErrorKind::Other);
}
