//! The script's text and its name belong together, and it leaves nothing behind in the interpreter.

mod common;

use common::Circuit;
use rig::{Caller, FakeRedis, Op, Redis, script};
use sha1::{Digest, Sha1};

#[test]
fn the_sha1_is_that_of_the_text() {
    let digest = Sha1::digest(script::SCRIPT);
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(script::SCRIPT_SHA1, digits, "write the right one into core/src/redis/script.rs");
}

#[test]
fn a_script_that_makes_or_reads_a_global_is_an_error_as_it_is_in_redis() {
    for (text, complaint) in [("x = 1", "create global variable 'x'"), ("return y", "nonexistent global variable 'y'")]
    {
        let error = FakeRedis::with_script(text).eval(b"key", &[]).unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn an_operation_that_is_none_is_an_error_and_writes_nothing() {
    let mut circuit = Circuit::new();
    circuit.set("lease.a.1", "1");
    let before = circuit.redis.hash(common::KEY);
    let mut args = Caller::default().args(&Op::Read);
    args[0] = b"erase".to_vec();
    let error = circuit.redis.eval(common::KEY, &args).unwrap_err();
    assert!(error.contains("unknown operation"), "{error}");
    assert_eq!(circuit.redis.hash(common::KEY), before);
}

#[test]
fn a_number_has_no_exponent_and_no_point_however_great_it_is() {
    let mut circuit = Circuit::new();
    let mut caller = Caller { failure_threshold: 1, recovery_ms: 2_147_483_647, ..Caller::default() };
    circuit.redis.set_time_us((1 << 52) + 1);
    let opened = circuit.ask(&mut caller, Op::failure("a.1"));
    assert_eq!(opened.generation, (1 << 52) + 1);
    assert_eq!(circuit.field("gen"), "4503599627370497");
    assert_eq!(circuit.field("open_until"), "4505747111017");
}
