//! Whatever stands in the hash, the script answers, and heals what makes no sense.

mod common;

use common::{Circuit, KEY};
use proptest::prelude::*;
use rig::{Caller, Op, Redis};

const FIELDS: [&str; 17] = [
    "v",
    "gen",
    "state",
    "streak",
    "failures",
    "successes",
    "open_until",
    "failed_at",
    "reason",
    "forced",
    "forced_reason",
    "last_ok",
    "fail.a.1",
    "base_at",
    "quiet_until",
    "touched",
    "",
];

fn every_op() -> Vec<Op<'static>> {
    let done = |admitted, outcome, again| Op::Done { token: "t", admitted, outcome, again };
    vec![
        Op::Read,
        Op::Report { admitted: 0, ok_age_us: Some(9), failures: 2, age_us: 3, rid: "r", settle_ms: 10 },
        Op::failure("s"),
        Op::success(),
        Op::Acquire { token: "t" },
        Op::Renew { token: "t", admitted: 3, lease_ms: 50 },
        done(0, "ok", false),
        done(0, "fail", true),
        done(7, "none", false),
        Op::trip(),
        Op::Trip { admitted: 0, instance: "i", vote_ms: 5, quorum: 3, failures: 2_000, remaining_ms: Some(1 << 60) },
        Op::Force { order: "open", reason: "because" },
        Op::Force { order: "", reason: "" },
        Op::Reset,
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        "-?[0-9]{1,20}(\\.[0-9])?\\+?".prop_map(String::into_bytes),
        "(nan|inf|-inf|1e308|0x1p9| 7 |-0|open|closed|half_open)".prop_map(String::into_bytes),
        "[0-9]{1,20}[*x][0-9]{1,20}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_field_makes_the_script_fail_and_every_answer_makes_sense(
        fields in prop::collection::vec((prop::sample::select(&FIELDS[..]), value()), 0..19),
        odd in prop::collection::vec((prop::sample::select(&["lease.", "vote.", "fail.", "ok.", ""][..]), value(), value()), 0..9),
        seen in (value(), value()),
    ) {
        let mut circuit = Circuit::new();
        for (field, value) in &fields {
            circuit.redis.hset(KEY, field.as_bytes(), value);
        }
        for (prefix, name, value) in &odd {
            circuit.redis.hset(KEY, &[prefix.as_bytes(), name].concat(), value);
        }
        for op in every_op() {
            let mut args = Caller::default().args(&op);
            (args[9], args[12]) = seen.clone();
            // `Reply` takes no number that is negative, has a point or an exponent.
            let reply = circuit.redis.eval(KEY, &args).expect("an answer");
            prop_assert!(["closed", "open", "half_open"].contains(&reply.state.as_str()));
            prop_assert!(["", "open", "closed"].contains(&reply.forced.as_str()));
            prop_assert!(reply.remaining_ms <= 30_000 && reply.failures <= 1_023 && reply.failure_age_ms >= -1);
            prop_assert!(reply.generation < 1 << 53 && reply.streak < 1 << 53);
            circuit.redis.advance_ms(700);
        }
    }

    #[test]
    fn no_argument_makes_the_script_fail(at in 1..23usize, value in value()) {
        let mut circuit = Circuit::new();
        for op in every_op() {
            let mut args = Caller::default().args(&op);
            if at < args.len() {
                args[at] = value.clone();
            }
            let answer = circuit.redis.eval(KEY, &args);
            prop_assert!(answer.is_ok() || args[0] == b"force", "{answer:?}");
        }
    }
}

#[test]
fn leases_and_times_that_make_no_sense_are_gone() {
    let mut circuit = Circuit::new();
    circuit.set("state", "half_open");
    for (field, value) in
        [("lease.a", "soon"), ("lease.b", ""), ("lease.c", "-5"), ("lease.d", "1e99"), ("quiet_until", "9e15")]
    {
        circuit.set(field, value);
    }
    assert_eq!(circuit.ask(&mut Caller::default(), Op::Acquire { token: "t" }).result, "granted");
    assert_eq!(circuit.field_names(), ["lease.t", "state", "touched", "v"]);
}

#[test]
fn more_fields_than_the_stack_has_room_for_are_no_matter() {
    let mut circuit = Circuit::new();
    for number in 0..20_000 {
        circuit.set(&format!("lease.{number}"), "1");
    }
    assert_eq!(circuit.look().result, "ok");
    assert!(circuit.field_names().is_empty());
    circuit.redis.advance_ms(1);
    // And those that are cut instead, which is a write each.
    for number in 0..20_000 {
        circuit.set(&format!("lease.{number}"), "9007199254740991");
    }
    assert_eq!(circuit.look().result, "ok");
    assert_eq!(circuit.ms_ahead("lease.19999"), 1_000);
}

#[test]
fn at_the_greatest_number_there_is_the_generation_stays_what_it_is() {
    let mut circuit = Circuit::new();
    circuit.set("gen", "9007199254740991");
    let reply = circuit.ask(&mut Caller::default(), Op::trip());
    assert_eq!((reply.generation, reply.state.as_str()), ((1 << 53) - 1, "open"));
}
