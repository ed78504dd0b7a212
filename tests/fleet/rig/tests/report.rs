//! The operation `report`: which failures count, which a success refutes, and when they open the circuit.

mod common;

use common::{Circuit, START_MS};
use rig::{Caller, Op, Redis, View};

const MS: u64 = 1_000;

fn failures(rid: &str, failures: u64, age_us: u64) -> Op<'_> {
    Op::Report { admitted: 0, ok_age_us: None, failures, age_us, rid, settle_ms: 0 }
}

const fn success_ago(age_us: u64) -> Op<'static> {
    Op::Report { admitted: 0, ok_age_us: Some(age_us), failures: 0, age_us: 0, rid: "", settle_ms: 0 }
}

#[test]
fn failures_of_all_instances_count_together_and_the_threshold_opens() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 3, 0));
    let mut late = Caller::default();
    assert_eq!(circuit.ask(&mut late, Op::Read).failures, 3);
    assert_eq!(circuit.ask(&mut late, failures("b.1", 1, 0)).state, "closed");
    let reply = circuit.ask(&mut late, failures("b.2", 1, 0));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "open", 5));
    assert_eq!((reply.remaining_ms, reply.reason.as_str()), (30_000, "consecutive_failures"));
    assert_eq!(reply.generation, START_MS * 1_000);
    assert_eq!((circuit.ms_ahead("open_until"), circuit.reports()), (30_000, 0));
}

#[test]
fn a_report_that_is_sent_again_counts_once() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    for (rid, result, count) in [("a.1", "ok", 2), ("a.1", "dup", 2), ("a.2", "ok", 4), ("a.1", "dup", 4)] {
        let reply = circuit.ask(&mut caller, failures(rid, 2, 0));
        assert_eq!((reply.result.as_str(), reply.failures), (result, count));
    }
}

#[test]
fn a_later_success_refutes_the_failures_before_it_whoever_had_it() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 2, 30 * MS));
    circuit.ask(&mut Caller::default(), failures("b.1", 1, 10 * MS));
    let reply = circuit.ask(&mut Caller::default(), success_ago(20 * MS));
    assert_eq!((reply.failures, reply.streak), (1, 1));
    let reply = circuit.ask(&mut Caller::default(), success_ago(5 * MS));
    assert_eq!((reply.failures, reply.streak), (0, 2));
}

#[test]
fn an_earlier_success_refutes_nothing() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 2, 10 * MS));
    let reply = circuit.ask(&mut Caller::default(), success_ago(20 * MS));
    assert_eq!((reply.failures, reply.streak), (2, 0));
}

#[test]
fn failures_before_the_latest_success_do_not_count_when_they_come_late() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 1, 30 * MS));
    circuit.ask(&mut Caller::default(), success_ago(10 * MS));
    assert_eq!(circuit.ask(&mut Caller::default(), failures("b.1", 4, 20 * MS)).failures, 0);
    assert_eq!(circuit.ask(&mut Caller::default(), failures("b.2", 4, 5 * MS)).failures, 4);
}

#[test]
fn a_report_of_a_success_and_the_failures_after_it_begins_a_new_streak() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, failures("a.1", 3, 9 * MS));
    let op = Op::Report { admitted: 0, ok_age_us: Some(5 * MS), failures: 2, age_us: MS, rid: "a.2", settle_ms: 0 };
    let reply = circuit.ask(&mut caller, op);
    assert_eq!((reply.failures, reply.streak), (2, 1));
}

#[test]
fn the_threshold_opens_only_when_the_failure_that_reached_it_is_older_than_the_settle_time() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    let report = |failures, rid| Op::Report { admitted: 0, ok_age_us: None, failures, age_us: 0, rid, settle_ms: 10 };
    assert_eq!(circuit.ask(&mut caller, report(4, "a.1")).result, "ok");
    circuit.redis.advance_ms(30);
    let reply = circuit.ask(&mut caller, report(1, "a.2"));
    assert_eq!((reply.result.as_str(), reply.extra, reply.state.as_str(), reply.failures), ("settle", 10, "closed", 5));
    // One more does not begin it anew.
    circuit.redis.advance_ms(3);
    assert_eq!(circuit.ask(&mut caller, report(1, "a.3")).extra, 7);
    circuit.redis.advance_ms(6);
    assert_eq!(circuit.ask(&mut caller, report(0, "")).extra, 1);
    circuit.redis.advance_ms(1);
    let reply = circuit.ask(&mut caller, report(0, ""));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "open", 6));
}

#[test]
fn the_failure_that_reached_the_threshold_is_found_by_the_times_and_not_by_the_order_of_the_reports() {
    let mut circuit = Circuit::new();
    let report =
        |failures, age_us, rid| Op::Report { admitted: 0, ok_age_us: None, failures, age_us, rid, settle_ms: 20 };
    // Two now, two 9 ms ago, two 15 ms ago: the fifth in time is one of those of now.
    for (failures, age_us, rid) in [(2, 0, "a.1"), (2, 15 * MS, "b.1")] {
        assert_eq!(circuit.ask(&mut Caller::default(), report(failures, age_us, rid)).result, "ok");
    }
    let reply = circuit.ask(&mut Caller::default(), report(2, 9 * MS, "c.1"));
    assert_eq!((reply.result.as_str(), reply.extra), ("settle", 20));
    // One more of 12 ms ago, and the fifth is one of those of 9 ms ago.
    assert_eq!(circuit.ask(&mut Caller::default(), report(1, 12 * MS, "d.1")).extra, 11);
}

#[test]
fn failures_that_were_taken_over_settle_by_the_time_at_which_they_were() {
    let mut circuit = Circuit::new();
    let mut caller = Caller { seen: View { failures: 5, ..View::new() }, ..Caller::default() };
    let report = Op::Report { admitted: 0, ok_age_us: None, failures: 0, age_us: 0, rid: "", settle_ms: 10 };
    let reply = circuit.ask(&mut caller, report.clone());
    assert_eq!((reply.result.as_str(), reply.extra), ("settle", 10));
    circuit.redis.advance_ms(4);
    assert_eq!(circuit.ask(&mut caller, report.clone()).extra, 6);
    circuit.redis.advance_ms(6);
    assert_eq!(circuit.ask(&mut caller, report).state, "open");
}

#[test]
fn a_circuit_that_a_person_closes_stays_closed() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    assert_eq!(circuit.field("failures"), "5");
    circuit.set("state", "closed");
    let reply = circuit.ask(&mut caller, Op::Read);
    assert_eq!((reply.state.as_str(), reply.failures), ("closed", 0));
    let reply = circuit.ask(&mut caller, failures("a.1", 1, 0));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "closed", 1));
    assert_eq!((circuit.field("failures"), circuit.field("base_at")), ("1".into(), String::new()));
}

#[test]
fn a_count_that_a_person_raises_counts_only_what_has_a_time() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 2, 0));
    circuit.set("failures", "9");
    assert_eq!(circuit.look().failures, 2);
    let now = circuit.redis.time_us().to_string();
    circuit.set("base_at", &now);
    assert_eq!(circuit.look().failures, 9);
}

#[test]
fn a_success_within_the_settle_time_keeps_it_closed() {
    let mut circuit = Circuit::new();
    let report =
        |failures, ok| Op::Report { admitted: 0, ok_age_us: ok, failures, age_us: 0, rid: "a.1", settle_ms: 10 };
    assert_eq!(circuit.ask(&mut Caller::default(), report(5, None)).result, "settle");
    circuit.redis.advance_ms(5);
    circuit.ask(&mut Caller::default(), report(0, Some(MS)));
    circuit.redis.advance_ms(6);
    let reply = circuit.ask(&mut Caller::default(), report(0, None));
    assert_eq!((reply.result.as_str(), reply.state.as_str(), reply.failures), ("ok", "closed", 0));
}

#[test]
fn what_another_generation_let_through_does_not_count() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    let admitted = caller.seen.generation;
    circuit.ask(&mut caller, Op::Reset);
    let report = |admitted| Op::Report { admitted, ok_age_us: None, failures: 1, age_us: 0, rid: "a.1", settle_ms: 0 };
    assert_eq!(circuit.ask(&mut caller, report(admitted)).result, "late");
    assert_eq!(circuit.look().failures, 0);
    assert_eq!(circuit.ask(&mut Caller::default(), report(caller.seen.generation)).failures, 1);
}

#[test]
fn without_a_fence_what_happened_before_the_generation_does_not_count() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, Op::trip());
    circuit.ask(&mut caller, Op::Reset);
    circuit.redis.advance_ms(10);
    assert_eq!(circuit.ask(&mut caller, failures("a.1", 1, 11 * MS)).result, "late");
    assert_eq!(circuit.ask(&mut caller, failures("a.2", 1, 9 * MS)).failures, 1);
}

#[test]
fn outside_of_closed_nothing_counts_but_while_open_the_time_of_a_failure_is_kept() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    circuit.redis.advance_ms(7_000);
    let reply = circuit.ask(&mut caller, failures("a.1", 1, 2_000 * MS));
    assert_eq!((reply.result.as_str(), reply.failures, reply.failure_age_ms), ("late", 5, 2_000));
    circuit.redis.advance_ms(23_000);
    let reply = circuit.ask(&mut caller, failures("a.2", 1, 0));
    assert_eq!((reply.result.as_str(), reply.failure_age_ms), ("late", 25_000));
}

#[test]
fn more_reports_than_are_kept_by_name_count_too_and_end_with_a_success() {
    let mut circuit = Circuit::new();
    let mut caller = Caller { failure_threshold: 1_023, ..Caller::default() };
    for number in 0..100 {
        circuit.redis.advance_ms(1);
        circuit.ask(&mut caller, failures(&format!("a.{number}"), 1, 0));
    }
    assert_eq!(circuit.reports(), 64);
    assert_eq!(circuit.look().failures, 100);
    assert_eq!(circuit.ask(&mut caller, success_ago(50 * MS)).failures, 36 + 14);
    assert_eq!(circuit.ask(&mut caller, success_ago(0)).failures, 0);
    assert_eq!((circuit.reports(), circuit.field("base_at")), (0, String::new()));
}

#[test]
fn reports_without_a_name_count_and_the_latest_is_what_a_success_must_be_later_than() {
    let mut circuit = Circuit::new();
    let mut caller = Caller { failure_threshold: 9, ..Caller::default() };
    for count in [1, 2] {
        assert_eq!(circuit.ask(&mut caller, failures("", 1, 0)).failures, count);
    }
    assert_eq!(circuit.ask(&mut caller, failures("", 1, 20 * MS)).failures, 3);
    assert_eq!(circuit.ask(&mut caller, success_ago(10 * MS)).failures, 3);
    assert_eq!(circuit.reports(), 0);
    assert_eq!(circuit.look().failure_age_ms, 0, "an earlier failure is not the latest");
}

#[test]
fn a_name_may_hold_anything() {
    let mut circuit = Circuit::new();
    let mut caller = Caller { failure_threshold: 9, ..Caller::default() };
    for name in ["a 1", "@x*\r\n", "ü"] {
        for _ in [1, 2] {
            circuit.ask(&mut caller, failures(name, 1, 0));
        }
    }
    assert_eq!((circuit.reports(), circuit.look().failures), (3, 3));
}

#[test]
fn the_count_ends_at_1023() {
    let mut circuit = Circuit::new();
    let mut caller = Caller { failure_threshold: 1_023, ..Caller::default() };
    let report = |failures, rid| Op::Report { admitted: 0, ok_age_us: None, failures, age_us: 0, rid, settle_ms: 5 };
    assert_eq!(circuit.ask(&mut caller, report(1_000, "a.1")).failures, 1_000);
    assert_eq!(circuit.ask(&mut caller, report(9_000, "a.2")).failures, 1_023);
    circuit.redis.advance_ms(5);
    let opened = circuit.ask(&mut caller, report(1, "a.3"));
    assert_eq!((opened.state.as_str(), opened.failures), ("open", 1_023));
}

#[test]
fn a_streak_that_begins_or_ends_is_told_and_one_that_goes_on_is_not() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, failures("a|1", 1, 0));
    assert_eq!(circuit.redis.published(), ["1|0|closed|0|1|0|||circuit_breaker:s3_upload"]);
    circuit.ask(&mut caller, failures("a.2", 1, 0));
    assert!(circuit.redis.published().is_empty());
    circuit.redis.advance_ms(1);
    circuit.ask(&mut caller, success_ago(0));
    assert_eq!(circuit.redis.published(), ["1|0|closed|1|0|0|||circuit_breaker:s3_upload"]);
    circuit.redis.advance_ms(1);
    circuit.ask(&mut caller, success_ago(0));
    assert!(circuit.redis.published().is_empty());
}

#[test]
fn five_failures_open_it_though_the_server_lost_the_first_four() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, failures("a.1", 4, 0));
    circuit.redis.wipe();
    assert_eq!(circuit.ask(&mut caller, failures("a.2", 1, 0)).state, "open");
    // Nobody who knew: a new one begins at nothing.
    circuit.redis.wipe();
    assert_eq!(circuit.ask(&mut Caller { seen: View::new(), ..caller }, failures("a.3", 1, 0)).failures, 1);
}

#[test]
fn a_count_that_a_person_lowers_counts_from_then_on() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 4, 0));
    circuit.set("failures", "1");
    let reply = circuit.ask(&mut Caller::default(), failures("a.2", 1, 0));
    assert_eq!((reply.state.as_str(), reply.failures), ("closed", 2));
    assert_eq!(circuit.redis.time_us(), START_MS * 1_000);
}

#[test]
fn where_the_count_was_lowered_no_report_is_known_by_its_name_any_more() {
    let mut circuit = Circuit::new();
    circuit.ask(&mut Caller::default(), failures("a.1", 2, 30 * MS));
    circuit.ask(&mut Caller::default(), failures("a.2", 2, 10 * MS));
    circuit.set("failures", "1");
    assert_eq!(circuit.ask(&mut Caller::default(), success_ago(20 * MS)).failures, 1);
    assert_eq!(circuit.ask(&mut Caller::default(), success_ago(5 * MS)).failures, 0);
}

#[test]
fn a_streak_that_follows_another_in_one_report_is_told_though_both_count_as_many() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, failures("a.1", 2, 9 * MS));
    circuit.redis.published();
    let op = Op::Report { admitted: 0, ok_age_us: Some(5 * MS), failures: 2, age_us: MS, rid: "a.2", settle_ms: 0 };
    assert_eq!(circuit.ask(&mut caller, op).failures, 2);
    assert_eq!(circuit.redis.published(), ["1|0|closed|1|2|0|||circuit_breaker:s3_upload"]);
}

#[test]
fn where_generations_are_ahead_of_the_clock_a_success_still_refutes_what_comes_late() {
    let mut circuit = Circuit::new();
    let ahead = View { generation: (START_MS + 3_600_000) * 1_000, ..View::new() };
    let mut caller = Caller { seen: ahead, ..Caller::default() };
    circuit.ask(&mut caller, failures("a.1", 1, 30 * MS));
    assert_eq!(circuit.ask(&mut caller, success_ago(0)).failures, 0);
    circuit.ask(&mut caller, Op::trip());
    assert_eq!(circuit.ask(&mut caller, Op::Reset).state, "closed");
    assert_eq!(circuit.ask(&mut caller, failures("a.2", 1, 10 * MS)).failures, 0);
}

#[test]
fn the_latest_failure_has_a_field_of_its_own_only_where_no_other_tells_of_it() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::new();
    let asked =
        |circuit: &mut Circuit| (circuit.look().failure_age_ms, circuit.field_names().contains(&"failed_at".into()));
    circuit.ask(&mut caller, Op::failure("a.1"));
    circuit.redis.advance_ms(70);
    assert_eq!(asked(&mut circuit), (70, false), "the report does");
    circuit.ask(&mut caller, Op::success());
    assert_eq!(asked(&mut circuit), (70, true), "it is refuted");
    circuit.redis.advance_ms(1);
    for rid in ["a.2", "a.3", "a.4", "a.5", "a.6"] {
        circuit.ask(&mut caller, Op::failure(rid));
    }
    circuit.redis.advance_ms(30_000);
    assert_eq!((caller.seen.state.as_str(), asked(&mut circuit)), ("open", (30_000, false)), "it began with one");
    circuit.ask(&mut caller, Op::Acquire { token: "a.7" });
    assert_eq!(asked(&mut circuit), (30_000, true), "another generation has begun since");
    let admitted = caller.seen.generation;
    circuit.ask(&mut caller, Op::Done { token: "a.7", admitted, outcome: "fail", again: false });
    assert_eq!(asked(&mut circuit), (0, false), "the probe has failed");
    circuit.ask(&mut caller, Op::Reset);
    circuit.redis.advance_ms(5);
    assert_eq!(asked(&mut circuit), (5, true));
    circuit.ask(&mut caller, Op::trip());
    assert_eq!(asked(&mut circuit), (5, true), "it did not open by a failure");
    // Counted by the name of nobody, as by `record_failure` without an instance.
    circuit.ask(&mut caller, Op::Reset);
    circuit.ask(&mut caller, Op::failure(""));
    assert_eq!(asked(&mut circuit), (0, true));
}
