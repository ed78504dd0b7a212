//! The operations `acquire`, `renew` and `done`: who may probe, and which outcomes count.

mod common;

use common::{Circuit, START_MS};
use rig::{Caller, Op};

fn done<'a>(token: &'a str, admitted: u64, outcome: &'a str) -> Op<'a> {
    Op::Done { token, admitted, outcome, again: false }
}

#[test]
fn no_permit_is_needed_while_closed() {
    let mut circuit = Circuit::new();
    assert_eq!(circuit.ask(&mut Caller::default(), Op::Acquire { token: "a.1" }).result, "closed");
    assert!(circuit.field_names().is_empty());
}

#[test]
fn while_open_a_request_is_told_how_long_to_wait_and_at_the_end_it_is_a_probe() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    circuit.redis.advance_ms(29_999);
    let reply = circuit.ask(&mut caller, Op::Acquire { token: "a.1" });
    assert_eq!((reply.result.as_str(), reply.extra, reply.state.as_str()), ("denied", 1, "open"));
    circuit.redis.advance_ms(1);
    let reply = circuit.ask(&mut caller, Op::Acquire { token: "a.1" });
    assert_eq!((reply.result.as_str(), reply.extra, reply.state.as_str()), ("granted", 1_000, "half_open"));
    assert_eq!((reply.failures, reply.reason.as_str()), (5, "recovery_timeout"));
    let told = format!("1|{}|half_open|0|5|0||recovery_timeout|circuit_breaker:s3_upload", (START_MS + 30_000) * 1_000);
    assert_eq!(circuit.redis.published(), [told]);
}

#[test]
fn no_more_probes_than_may_be_and_the_others_are_told_when_the_first_lease_ends() {
    let mut caller = Caller { half_open_max_calls: 2, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.redis.advance_ms(300);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
    let reply = circuit.ask(&mut caller, Op::Acquire { token: "c.1" });
    assert_eq!((reply.result.as_str(), reply.extra), ("denied", 700));
}

#[test]
fn the_same_token_gets_the_same_answer_and_one_place() {
    let mut caller = Caller { half_open_max_calls: 2, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    for _ in 0..3 {
        let reply = circuit.ask(&mut caller, Op::Acquire { token: "a.1" });
        assert_eq!((reply.result.as_str(), reply.extra), ("granted", 1_000));
    }
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "a.1" }).result, "granted", "with no other place left");
}

#[test]
fn a_renewed_probe_keeps_its_place_for_as_long_as_it_says() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    for _ in 0..20 {
        circuit.redis.advance_ms(333);
        let reply = circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 1_000 });
        assert_eq!((reply.result.as_str(), reply.extra), ("granted", 1_000));
        assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
    }
    circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 400 });
    assert_eq!(circuit.ms_ahead("lease.a.1"), 400);
    circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 9_000 });
    assert_eq!(circuit.ms_ahead("lease.a.1"), 2_000, "more would be cut at the next contact");
}

#[test]
fn a_place_stays_taken_whatever_the_circuit_does_meanwhile() {
    let mut caller = Caller { half_open_max_calls: 2, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    circuit.ask(&mut caller, Op::Acquire { token: "b.1" });
    assert_eq!(circuit.ask(&mut caller, done("b.1", admitted, "fail")).state, "open");
    let renewed = circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 1_000 });
    assert_eq!(renewed.result, "late");
    for _ in 0..60 {
        circuit.redis.advance_ms(500);
        circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 1_000 });
    }
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "c.1" }).result, "granted");
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "c.2" }).result, "denied");
    // Its outcome is of another round, but its place becomes free.
    assert_eq!(circuit.ask(&mut caller, done("a.1", admitted, "fail")).result, "late");
    assert_eq!(caller.seen.state, "half_open");
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "c.2" }).result, "granted");
    circuit.ask(&mut caller, Op::Reset);
    assert!(circuit.field_names().contains(&"lease.c.2".to_owned()));
}

#[test]
fn a_probe_whose_place_somebody_else_has_is_lost() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    circuit.redis.hdel_lease("a.1");
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
    assert_eq!(circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 1_000 }).result, "lost");
    assert_eq!(circuit.ask(&mut caller, done("a.1", admitted, "ok")).result, "late");
    assert_eq!(circuit.look().successes, 0);
}

#[test]
fn an_outcome_whose_lease_is_over_counts_if_nobody_took_the_place_but_not_when_it_is_sent_again() {
    for (again, result, successes) in [(false, "ok", 1), (true, "late", 0)] {
        let mut caller = Caller::default();
        let mut circuit = Circuit::probed_by(&mut caller, "a.1");
        let admitted = caller.seen.generation;
        circuit.redis.hdel_lease("a.1");
        let reply = circuit.ask(&mut caller, Op::Done { token: "a.1", admitted, outcome: "ok", again });
        assert_eq!((reply.result.as_str(), reply.successes), (result, successes));
    }
}

#[test]
fn a_success_that_is_sent_again_counts_once() {
    let mut caller = Caller { success_threshold: 3, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    assert_eq!(circuit.ask(&mut caller, done("a.1", admitted, "ok")).successes, 1);
    for again in [true, false] {
        // A client may send a command twice by itself, and then does not say so.
        let reply = circuit.ask(&mut caller, Op::Done { token: "a.1", admitted, outcome: "ok", again });
        assert_eq!((reply.result.as_str(), reply.successes), ("late", 1), "{again}");
    }
}

#[test]
fn enough_successes_close_it_and_nothing_is_counted() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    let reply = circuit.ask(&mut caller, done("a.1", admitted, "ok"));
    assert_eq!((reply.state.as_str(), reply.successes, reply.failures), ("half_open", 1, 5));
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "a.2" }).result, "granted");
    let reply = circuit.ask(&mut caller, done("a.2", admitted, "ok"));
    assert_eq!((reply.state.as_str(), reply.successes, reply.failures), ("closed", 0, 0));
    assert_eq!(reply.reason, "probes_succeeded");
    assert_eq!(reply.generation, (START_MS + 30_000) * 1_000 + 1, "the same microsecond, the next number");
    let fields = ["failed_at", "gen", "state", "v"];
    assert_eq!(circuit.field_names(), fields);
}

#[test]
fn one_failure_opens_it_again_for_the_whole_time_and_is_counted() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.redis.advance_ms(500);
    let admitted = caller.seen.generation;
    let reply = circuit.ask(&mut caller, done("a.1", admitted, "fail"));
    assert_eq!((reply.state.as_str(), reply.failures, reply.remaining_ms), ("open", 6, 30_000));
    assert_eq!((reply.reason.as_str(), reply.failure_age_ms), ("probe_failed", 0));
}

#[test]
fn a_probe_that_says_nothing_gives_its_place_back() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    let reply = circuit.ask(&mut caller, done("a.1", admitted, "none"));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.successes), ("ok", "half_open", 0));
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
}

#[test]
fn a_probe_is_told_when_its_outcome_will_not_count() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    let renew = |admitted| Op::Renew { token: "a.1", admitted, lease_ms: 1_000 };
    assert_eq!(circuit.ask(&mut caller, renew(admitted)).result, "granted");
    assert_eq!(circuit.ask(&mut caller, renew(admitted - 1)).result, "late", "it is of another round");
    circuit.set("forced", "closed");
    assert_eq!(circuit.ask(&mut caller, renew(admitted)).result, "late", "nothing counts while it is forced");
}

#[test]
fn a_place_that_becomes_free_while_a_person_has_forced_it_is_not_told() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.set("forced", "closed");
    let admitted = caller.seen.generation;
    assert_eq!(circuit.ask(&mut caller, done("a.1", admitted, "none")).result, "late");
    assert_eq!(circuit.redis.published(), [""; 0]);
    assert_eq!(circuit.field("lease.a.1"), "");
}

#[test]
fn successes_of_another_half_open_do_not_count() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    circuit.set("successes", "1");
    circuit.redis.advance_ms(30_000);
    circuit.ask(&mut caller, Op::Acquire { token: "a.1" });
    let admitted = caller.seen.generation;
    let reply = circuit.ask(&mut caller, done("a.1", admitted, "ok"));
    assert_eq!((reply.state.as_str(), reply.successes), ("half_open", 1));
}

#[test]
fn a_place_that_becomes_free_in_half_open_is_told_and_others_are_not() {
    let mut caller = Caller { half_open_max_calls: 2, success_threshold: 9, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    circuit.ask(&mut caller, Op::Acquire { token: "b.0" });
    assert!(circuit.redis.published().is_empty(), "a place that is taken");
    circuit.ask(&mut caller, done("b.0", admitted, "ok"));
    assert_eq!(circuit.redis.published().len(), 1, "a success that does not close it");
    circuit.ask(&mut caller, Op::Acquire { token: "b.1" });
    let told = format!("1|{admitted}|half_open|0|5|0||recovery_timeout|circuit_breaker:s3_upload");
    circuit.ask(&mut caller, done("b.1", admitted, "none"));
    assert_eq!(circuit.redis.published(), [told.as_str()]);
    circuit.ask(&mut caller, done("b.1", admitted, "none"));
    assert!(circuit.redis.published().is_empty(), "it had none");
    circuit.ask(&mut caller, Op::Acquire { token: "b.2" });
    // Of another round, but its place is one of this.
    circuit.ask(&mut caller, done("b.2", admitted - 1, "ok"));
    assert_eq!(circuit.redis.published(), [told.as_str()]);
    // With a transition its own notice is enough, and while it is open there is no place to be had.
    circuit.ask(&mut caller, Op::Acquire { token: "b.3" });
    circuit.ask(&mut caller, done("a.1", admitted, "fail"));
    assert_eq!(circuit.redis.published().len(), 1);
    circuit.ask(&mut caller, done("b.3", admitted, "ok"));
    assert!(circuit.redis.published().is_empty(), "open");
    circuit.redis.advance_ms(30_000);
    circuit.ask(&mut caller, Op::Acquire { token: "a.2" });
    circuit.ask(&mut caller, Op::Force { order: "open", reason: "" });
    circuit.redis.published();
    circuit.ask(&mut caller, done("a.2", admitted, "none"));
    assert!(circuit.redis.published().is_empty(), "no place to be had");
}

#[test]
fn without_a_fence_an_outcome_acts_on_the_state_in_force() {
    // While it is open: it is late.
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    circuit.redis.advance_ms(29_999);
    let reply = circuit.ask(&mut caller, done("", 0, "fail"));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failure_age_ms), ("late", "open", 0));
    // At the end of the opening it is HALF_OPEN first, and both transitions are told.
    circuit.redis.advance_ms(1);
    assert_eq!(circuit.ask(&mut caller, done("", 0, "none")).state, "open");
    let reply = circuit.ask(&mut caller, done("", 0, "fail"));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "open", 6));
    let told = circuit.redis.published();
    let states: Vec<&str> = told.iter().map(|notice| notice.split('|').nth(2).unwrap()).collect();
    assert_eq!(states, ["half_open", "open"]);
    // Two successes without a request before them close it.
    circuit.redis.advance_ms(30_000);
    assert_eq!(circuit.ask(&mut caller, done("", 0, "ok")).state, "half_open");
    assert_eq!(circuit.ask(&mut caller, done("", 0, "ok")).state, "closed");
    // While it is closed, they are counted there.
    assert_eq!(circuit.ask(&mut caller, done("x.1", 0, "fail")).failures, 1);
    assert_eq!(circuit.ask(&mut caller, done("", 0, "ok")).failures, 0);
}

#[test]
fn without_a_fence_what_is_sent_again_counts_if_its_place_is_still_taken() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let again = |token| Op::Done { token, admitted: 0, outcome: "ok", again: true };
    assert_eq!(circuit.ask(&mut caller, again("a.1")).successes, 1);
    let reply = circuit.ask(&mut caller, again("a.1"));
    assert_eq!((reply.result.as_str(), reply.successes), ("late", 1));
}

#[test]
fn the_latest_contact_is_written_only_now_and_then() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let writes = |circuit: &mut Circuit| circuit.redis.store().counts()["HSET"];
    let before = writes(&mut circuit);
    circuit.redis.advance_ms(125);
    circuit.look();
    assert_eq!(writes(&mut circuit), before);
    circuit.redis.advance_ms(1);
    circuit.look();
    assert_eq!((writes(&mut circuit), circuit.ms_ahead("touched")), (before + 1, 0));
}

trait HdelLease {
    fn hdel_lease(&mut self, token: &str);
}

impl HdelLease for rig::FakeRedis {
    fn hdel_lease(&mut self, token: &str) {
        rig::Redis::hdel(self, common::KEY, format!("lease.{token}").as_bytes());
    }
}
