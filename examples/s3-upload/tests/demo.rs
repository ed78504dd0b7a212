//! The demo keeps its promises, and notices when it does not.

use std::process::{Command, Output};

fn demo(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_halfopen-s3-upload")).args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn all_objects_are_stored_and_the_sick_server_is_spared() {
    let output = demo(&["--fast"]);
    let (shown, complaints) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((output.status.code(), complaints), (Some(0), ""), "{shown}");
    for words in ["SlowDown ×", "InternalError ×", "no answer in time ×", "closed -> open", "half_open -> closed"] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    assert!(!shown.contains("other errors"), "{shown}");
    assert!(!shown.contains('\x1b'), "colours in a pipe");
}

#[test]
fn without_the_breaker_it_does_not_hold_though_all_objects_are_stored() {
    let output = demo(&["--fast", "--broken"]);
    let complaints = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaints}");
    for promise in ["the circuit opens", "the sick server gets less than half of the requests"] {
        assert!(complaints.contains(promise), "{promise}: {complaints}");
    }
    assert!(!complaints.contains("each object is stored"), "{complaints}");
}

#[test]
fn a_wrong_argument_is_named_and_help_names_each() {
    let output = demo(&["--fats"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("'--fats' is not known"));
    let help = demo(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(["--fast", "--broken", "Exit code 1"].iter().all(|words| text(&help.stdout).contains(words)));
}
