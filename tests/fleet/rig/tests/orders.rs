//! The operations `trip`, `force` and `reset`, and orders that a person writes into the hash.

mod common;

use common::{Circuit, KEY};
use rig::{Caller, Op, Redis};

fn vote(instance: &str, quorum: u64) -> Op<'_> {
    Op::Trip { admitted: 0, instance, vote_ms: 2_000, quorum, failures: 7, remaining_ms: None }
}

#[test]
fn a_command_to_trip_opens_a_closed_circuit_and_a_half_open_one() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let reply = circuit.ask(&mut caller, Op::trip());
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "open", 5));
    assert_eq!((reply.reason.as_str(), reply.remaining_ms), ("tripped", 30_000));
    let mut circuit = Circuit::new();
    assert_eq!(circuit.ask(&mut Caller::default(), Op::trip()).state, "open");
}

#[test]
fn a_command_to_trip_an_open_circuit_begins_the_wait_anew_and_tells_without_a_transition() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    let generation = caller.seen.generation;
    circuit.redis.advance_ms(20_000);
    let reply = circuit.ask(&mut caller, Op::trip());
    assert_eq!((reply.generation, reply.remaining_ms, reply.failures), (generation, 30_000, 5));
    let told = format!("1|{generation}|open|0|5|30000||consecutive_failures|circuit_breaker:s3_upload");
    assert_eq!(circuit.redis.published(), [told]);
}

#[test]
fn an_instance_that_opened_alone_brings_only_what_remains() {
    let mut circuit = Circuit::new();
    let trip = |remaining_ms| Op::Trip { admitted: 0, instance: "a", vote_ms: 9, quorum: 1, failures: 6, remaining_ms };
    let reply = circuit.ask(&mut Caller::default(), trip(Some(12_000)));
    assert_eq!((reply.state.as_str(), reply.remaining_ms, reply.failures), ("open", 12_000, 6));
    assert_eq!(circuit.ms_ahead("open_until"), 12_000);
    circuit.ask(&mut Caller::default(), Op::Reset);
    assert_eq!(circuit.ask(&mut Caller::default(), trip(Some(99_000))).remaining_ms, 30_000);
}

#[test]
fn as_many_votes_as_the_quorum_open_it_and_each_instance_has_one() {
    let mut circuit = Circuit::new();
    for (instance, count) in [("a", 1), ("a", 1), ("b", 2)] {
        let reply = circuit.ask(&mut Caller::default(), vote(instance, 3));
        assert_eq!((reply.result.as_str(), reply.extra, reply.state.as_str()), ("votes", count, "closed"));
    }
    let reply = circuit.ask(&mut Caller::default(), vote("c", 3));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "open", 7));
    assert!(!circuit.field_names().iter().any(|field| field.starts_with("vote.")));
}

#[test]
fn a_vote_ends_with_its_time_or_when_it_is_taken_back() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), vote("a", 2));
    let withdraw = Op::Trip { admitted: 0, instance: "a", vote_ms: 0, quorum: 2, failures: 0, remaining_ms: None };
    assert_eq!(circuit.ask(&mut Caller::default(), withdraw).result, "ok");
    assert_eq!(circuit.ask(&mut Caller::default(), vote("b", 2)).result, "votes");
    circuit.redis.advance_ms(2_000);
    assert_eq!(circuit.ask(&mut Caller::default(), vote("c", 2)).result, "votes");
    assert_eq!(circuit.field("vote.b"), "");
    circuit.redis.advance_ms(1_999);
    assert_eq!(circuit.ask(&mut Caller::default(), vote("d", 2)).state, "open");
}

#[test]
fn a_vote_of_a_clock_that_has_gone_back_does_not_count() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), vote("a", 2));
    circuit.redis.set_time_us((common::START_MS - 60_000) * 1_000);
    let reply = circuit.ask(&mut Caller::default(), vote("b", 2));
    assert_eq!((reply.result.as_str(), reply.extra), ("votes", 1));
}

#[test]
fn a_trip_that_belongs_to_another_generation_is_late_and_its_vote_is_not_kept() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    let opened = caller.seen.generation;
    let trip =
        |admitted| Op::Trip { admitted, instance: "a", vote_ms: 9_000, quorum: 2, failures: 0, remaining_ms: None };
    assert_eq!(circuit.ask(&mut caller, trip(opened)).result, "late", "it is open already");
    circuit.ask(&mut caller, Op::Reset);
    assert_eq!(circuit.ask(&mut caller, trip(opened)).result, "late");
    assert_eq!(circuit.field("vote.a"), "");
    let closed = caller.seen.generation;
    assert_eq!(circuit.ask(&mut caller, trip(closed)).result, "votes");
}

#[test]
fn an_order_stands_until_it_is_taken_back_which_closes() {
    for (order, reason) in [("open", "isolated"), ("closed", "disabled")] {
        let mut caller = Caller::default();
        let mut circuit = Circuit::opened_by(&mut caller);
        let reply = circuit.ask(&mut caller, Op::Force { order, reason: "a new disk" });
        assert_eq!((reply.forced.as_str(), reply.state.as_str(), reply.reason.as_str()), (order, order, reason));
        assert_eq!(reply.failures, if order == "open" { 5 } else { 0 });
        assert_eq!((circuit.field("forced_reason"), circuit.redis.ttl_ms(KEY)), ("a new disk".into(), None));
        circuit.redis.advance_ms(100_000);
        let answer = circuit.ask(&mut caller, Op::Acquire { token: "a.1" });
        let expected = if order == "open" { ("denied", -1) } else { ("closed", 0) };
        assert_eq!((answer.result.as_str(), answer.extra), expected);
        for op in [Op::failure("a.9"), Op::trip(), Op::Done { token: "", admitted: 0, outcome: "fail", again: false }] {
            assert_eq!(circuit.ask(&mut caller, op).result, "late");
        }
        let age = circuit.look().failure_age_ms;
        assert_eq!(age, if order == "open" { 0 } else { 100_000 }, "while disabled nothing is recorded");
        let reply = circuit.ask(&mut caller, Op::Force { order: "", reason: "" });
        assert_eq!((reply.forced.as_str(), reply.state.as_str(), reply.failures), ("", "closed", 0));
        assert_eq!((circuit.field("forced_reason"), circuit.redis.ttl_ms(KEY)), (String::new(), Some(86_400_000)));
    }
}

#[test]
fn while_an_order_stands_nothing_makes_a_transition() {
    for state in ["closed", "open", "half_open"] {
        for forced in ["open", "closed"] {
            let done = |outcome| Op::Done { token: "a.1", admitted: 0, outcome, again: false };
            let acquire = Op::Acquire { token: "a.1" };
            let renew = Op::Renew { token: "a.1", admitted: 0, lease_ms: 1_000 };
            let ops = [Op::Read, Op::failure("r"), acquire, renew, done("ok"), done("fail"), Op::trip(), vote("i", 1)];
            for op in ops {
                let mut circuit = Circuit::new();
                circuit.set("state", state);
                circuit.set("forced", forced);
                let told = format!("{op:?} in {state}, forced {forced}");
                let mut caller = Caller { failure_threshold: 1, success_threshold: 1, ..Caller::default() };
                let reply = circuit.ask(&mut caller, op);
                assert_eq!(
                    (reply.generation, reply.state.as_str(), reply.forced.as_str()),
                    (0, state, forced),
                    "{told}"
                );
                assert_eq!(circuit.redis.published(), [""; 0], "{told}");
            }
            let mut circuit = Circuit::new();
            circuit.set("forced", forced);
            assert_eq!(circuit.ask(&mut Caller::default(), Op::Reset).reason, "reset");
        }
    }
}

#[test]
fn an_order_that_is_sent_again_changes_nothing_but_its_reason() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, Op::Force { order: "open", reason: "one" });
    let generation = caller.seen.generation;
    assert_eq!(circuit.ask(&mut caller, Op::Force { order: "open", reason: "two" }).generation, generation);
    assert_eq!(circuit.field("forced_reason"), "two");
    circuit.ask(&mut caller, Op::Force { order: "", reason: "" });
    circuit.ask(&mut caller, Op::trip());
    assert_eq!(circuit.ask(&mut caller, Op::Force { order: "", reason: "" }).state, "open", "nothing was ordered");
}

#[test]
fn an_order_that_stands_already_still_makes_the_state_follow() {
    let mut circuit = Circuit::new();
    circuit.set("forced", "open");
    let reply = circuit.ask(&mut Caller::default(), Op::Force { order: "open", reason: "" });
    assert_eq!((reply.state.as_str(), reply.reason.as_str()), ("open", "isolated"));
}

#[test]
fn an_order_that_is_none_is_an_error() {
    let mut circuit = Circuit::new();
    let error = Caller::default().ask(&mut circuit.redis, KEY, Op::Force { order: "half_open", reason: "" });
    assert!(error.unwrap_err().contains("unknown operation"));
}

#[test]
fn what_a_person_writes_counts_from_the_next_read() {
    let mut circuit = Circuit::new();
    circuit.set("forced", "open");
    assert_eq!(circuit.ask(&mut Caller::default(), Op::Acquire { token: "a.1" }).extra, -1);
    circuit.set("forced", "shut");
    assert_eq!(circuit.look().forced, "");
    circuit.redis.wipe();
    circuit.set("state", "open");
    assert_eq!(circuit.look().state, "open");
    assert_eq!(circuit.ask(&mut Caller::default(), Op::Acquire { token: "a.1" }).result, "granted");
}

#[test]
fn a_reset_closes_and_nothing_is_counted_or_ordered_but_probes_keep_their_places() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.ask(&mut caller, Op::Force { order: "open", reason: "" });
    let reply = circuit.ask(&mut caller, Op::Reset);
    assert_eq!((reply.state.as_str(), reply.forced.as_str(), reply.failures), ("closed", "", 0));
    assert_eq!(reply.reason, "reset");
    assert!(circuit.field_names().contains(&"lease.a.1".to_owned()));
}

#[test]
fn a_reset_of_a_closed_circuit_is_no_transition() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, Op::failure("a.1"));
    circuit.ask(&mut caller, vote("a", 2));
    circuit.redis.published();
    let reply = circuit.ask(&mut caller, Op::Reset);
    assert_eq!((reply.generation, reply.failures, reply.streak), (0, 0, 1));
    assert_eq!(circuit.redis.published(), ["1|0|closed|1|0|0|||circuit_breaker:s3_upload"]);
    assert_eq!(circuit.field("vote.a"), "");
    circuit.ask(&mut caller, Op::Reset);
    assert!(circuit.redis.published().is_empty());
}
