//! What the script does before every operation: deadline, join, clock, leases; and what it writes.

mod common;

use common::{Circuit, KEY, START_MS};
use rig::{Caller, Op, Redis, View};

fn knowing(generation: u64, state: &str) -> Caller {
    Caller { seen: View { generation, state: state.into(), ..View::new() }, ..Caller::default() }
}

#[test]
fn a_request_after_its_deadline_does_nothing_and_is_told_the_time() {
    let mut circuit = Circuit::new();
    for (deadline_ms, result) in [
        (START_MS - 1, "expired"),
        (START_MS, "ok"),
        (START_MS + 3_600_000, "ok"),
        (START_MS + 3_600_001, "expired"),
        (0, "ok"),
    ] {
        circuit.redis.wipe();
        let reply = circuit.ask(&mut Caller { deadline_ms, ..Caller::default() }, Op::failure("a.1"));
        assert_eq!((reply.result.as_str(), reply.now_ms), (result, START_MS));
        assert_eq!(circuit.field_names().is_empty(), result == "expired");
    }
}

#[test]
fn a_read_of_nothing_writes_nothing() {
    let mut circuit = Circuit::new();
    circuit.look();
    circuit.ask(&mut Caller::default(), Op::success());
    let counts = circuit.redis.store().counts().clone();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("HGETALL", 2), ("TIME", 2)]);
}

#[test]
fn a_greater_generation_brings_back_what_the_server_lost_and_is_told() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    circuit.redis.advance_ms(1_000);
    caller.seen = circuit.look().view();
    circuit.redis.wipe();
    let reply = circuit.ask(&mut caller, Op::Read);
    assert_eq!((reply.state.as_str(), reply.failures, reply.remaining_ms), ("open", 5, 29_000));
    assert_eq!((reply.generation, reply.reason.as_str()), (START_MS * 1_000, "restored"));
    let told = format!("1|{}|open|0|5|29000||restored|circuit_breaker:s3_upload", START_MS * 1_000);
    assert_eq!(circuit.redis.published(), [told]);
    assert_eq!(circuit.look().view(), reply.view());
}

#[test]
fn after_a_loss_no_new_probe_is_let_in_for_one_lease_but_one_that_runs_takes_its_place_again() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    circuit.redis.wipe();
    for ahead in [1_000, 600, 200] {
        let other = circuit.ask(&mut caller, Op::Acquire { token: "b.1" });
        assert_eq!((other.result.as_str(), other.extra), ("denied", 167), "a sixth of a lease");
        assert_eq!(circuit.ms_ahead("quiet_until"), ahead);
        circuit.redis.advance_ms(if ahead == 200 { 199 } else { 400 });
    }
    let other = circuit.ask(&mut caller, Op::Acquire { token: "b.1" });
    assert_eq!((other.result.as_str(), other.extra), ("denied", 1));
    assert_eq!(circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 1_000 }).result, "granted");
    circuit.redis.advance_ms(1);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
    assert_eq!(
        circuit.ask(&mut caller, Op::Done { token: "a.1", admitted, outcome: "none", again: false }).result,
        "ok"
    );
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
    assert_eq!(circuit.field("quiet_until"), "");
}

#[test]
fn an_order_comes_back_too() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, Op::Force { order: "open", reason: "maintenance" });
    circuit.redis.wipe();
    assert_eq!(circuit.ask(&mut caller, Op::Read).forced, "open");
    assert_eq!(circuit.redis.ttl_ms(KEY), None);
}

#[test]
fn an_older_view_changes_nothing_and_gets_the_later_one() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    let before = circuit.redis.hash(KEY);
    for mut old in [Caller::default(), knowing(caller.seen.generation - 1, "closed"), knowing(5, "half_open")] {
        assert_eq!(circuit.ask(&mut old, Op::Read).view(), caller.seen);
        assert_eq!(old.seen, caller.seen);
    }
    assert_eq!(circuit.redis.hash(KEY), before);
    assert!(circuit.redis.published().is_empty());
}

#[test]
fn in_one_generation_the_later_count_is_taken_over() {
    for (streak, failures, expected) in [(0, 2, (0, 3)), (0, 4, (0, 4)), (1, 1, (1, 1)), (1, 0, (1, 0))] {
        let mut circuit = Circuit::new();
        for rid in ["a.1", "a.2", "a.3"] {
            circuit.ask(&mut Caller::default(), Op::failure(rid));
        }
        let mut other = knowing(0, "closed");
        (other.seen.streak, other.seen.failures) = (streak, failures);
        let reply = circuit.ask(&mut other, Op::Read);
        assert_eq!((reply.streak, reply.failures), expected);
        let reply = circuit.look();
        assert_eq!((reply.streak, reply.failures), expected, "and kept");
    }
}

#[test]
fn a_count_that_was_taken_over_ends_at_the_next_success() {
    let mut circuit = Circuit::new();
    let mut caller = knowing(0, "closed");
    caller.seen.failures = 4;
    assert_eq!(circuit.ask(&mut caller, Op::Read).failures, 4);
    circuit.redis.advance_ms(1);
    let reply = circuit.ask(&mut caller, Op::success());
    assert_eq!((reply.streak, reply.failures), (1, 0));
}

#[test]
fn a_clock_that_goes_back_does_not_make_an_opening_longer() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    circuit.redis.set_time_us((START_MS - 3_600_000) * 1_000);
    assert_eq!(circuit.look().remaining_ms, 30_000);
    circuit.redis.advance_ms(30_000);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "a.1" }).result, "granted");
    // Later generations have greater numbers nevertheless.
    assert_eq!(caller.seen.generation, START_MS * 1_000 + 1);
}

#[test]
fn failures_count_though_the_clock_has_gone_back_behind_a_success() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, Op::failure("a.1"));
    circuit.redis.advance_ms(1);
    circuit.ask(&mut caller, Op::success());
    circuit.redis.set_time_us((START_MS - 60_000) * 1_000);
    let reply = circuit.ask(&mut caller, Op::failure("a.2"));
    assert_eq!((reply.failures, reply.failure_age_ms), (1, 0));
}

#[test]
fn a_success_refutes_failures_whose_times_the_clock_has_gone_back_behind() {
    for taken_over in [false, true] {
        let mut circuit = Circuit::new();
        if taken_over {
            let mut other = knowing(0, "closed");
            other.seen.failures = 3;
            circuit.ask(&mut other, Op::Read);
        } else {
            circuit.ask(&mut Caller::default(), Op::failure("a.1"));
        }
        circuit.redis.set_time_us((START_MS - 60_000) * 1_000);
        assert_eq!(circuit.ask(&mut Caller::default(), Op::success()).failures, 0, "taken over: {taken_over}");
    }
}

#[test]
fn what_is_taken_over_is_counted_with_what_the_same_request_reports() {
    let mut circuit = Circuit::new();
    let mut caller = knowing(START_MS * 1_000 - 1, "closed");
    (caller.seen.failures, caller.failure_threshold) = (4, 9);
    assert_eq!(circuit.ask(&mut caller, Op::failure("a.1")).failures, 5, "a generation that was lost");
    let mut circuit = Circuit::new();
    for rid in ["a.1", "a.2", "a.3"] {
        circuit.ask(&mut Caller::default(), Op::failure(rid));
    }
    let mut caller = knowing(0, "closed");
    (caller.seen.failures, caller.failure_threshold) = (4, 9);
    assert_eq!(circuit.ask(&mut caller, Op::failure("a.4")).failures, 5, "a count that was lost");
    let report = Op::failure("a.3");
    assert_eq!(circuit.ask(&mut caller, report).result, "dup", "which is still known by its name");
}

#[test]
fn a_lease_that_ran_out_is_gone_where_the_server_was_asked_meanwhile() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    for _ in 0..3 {
        circuit.redis.advance_ms(333);
        assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
    }
    circuit.redis.advance_ms(1);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
    assert!(circuit.field("lease.a.1").is_empty());
}

#[test]
fn a_quiet_time_outlasts_outages_as_a_lease_does_and_then_is_over() {
    let mut caller = Caller { probe_timeout_ms: 20_000, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.redis.wipe();
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
    for put_off in [5_000, 10_000] {
        circuit.redis.advance_ms(5_000);
        let other = circuit.ask(&mut caller, Op::Acquire { token: "b.1" });
        assert_eq!((other.result.as_str(), other.extra), ("denied", 167));
        assert_eq!(circuit.ms_ahead("quiet_until"), 1_000);
        assert!(circuit.field("quiet_until").ends_with(&format!("+{put_off}")));
    }
    assert_eq!(circuit.ms_until_granted(&mut caller, "b.1"), 1_000);
    assert_eq!(circuit.field("quiet_until"), "");
    // By then what ran is over.
    circuit.redis.wipe();
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.2" }).result, "denied");
    circuit.redis.advance_ms(21_000);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.2" }).result, "denied", "it may be the clock");
    circuit.redis.advance_ms(1_001);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.2" }).result, "granted");
}

#[test]
fn a_lease_that_nobody_could_renew_is_put_off_as_often_as_that_happens_and_no_longer_than_a_probe_lasts() {
    let mut caller = Caller { probe_timeout_ms: 20_000, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    for (ahead, put_off) in [(1_000, 5_000), (1_000, 10_000), (1_000, 15_000), (1_000, 20_000)] {
        circuit.redis.advance_ms(5_000);
        let other = circuit.ask(&mut caller, Op::Acquire { token: "b.1" });
        assert_eq!((other.result.as_str(), other.extra), ("denied", 167), "a sixth of a lease");
        assert_eq!(circuit.ms_ahead("lease.a.1"), ahead);
        assert!(circuit.field("lease.a.1").ends_with(&format!("+{put_off}")));
    }
    circuit.redis.advance_ms(5_000);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
    assert!(circuit.field("lease.a.1").is_empty());
}

#[test]
fn a_lease_is_put_off_to_the_end_of_its_probe_at_most() {
    let mut caller = Caller { probe_timeout_ms: 1_500, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.redis.advance_ms(1_100);
    circuit.ask(&mut caller, Op::Read);
    assert_eq!((circuit.ms_ahead("lease.a.1"), circuit.field("lease.a.1").ends_with("+1100")), (1_000, true));
    circuit.redis.advance_ms(1_100);
    circuit.ask(&mut caller, Op::Read);
    assert_eq!((circuit.ms_ahead("lease.a.1"), circuit.field("lease.a.1").ends_with("+1500")), (300, true));
}

#[test]
fn a_leap_of_the_clock_ends_no_lease_however_far_it_is() {
    let mut caller = Caller { probe_timeout_ms: 1_500, ..Caller::default() };
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.redis.advance_ms(3_600_000);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
    assert_eq!(circuit.ms_ahead("lease.a.1"), 1_000);
}

#[test]
fn who_asks_as_often_as_it_is_told_to_has_the_place_one_lease_after_the_outage() {
    for silent in [501, 999, 1_000, 5_000] {
        let mut caller = Caller::default();
        let mut circuit = Circuit::probed_by(&mut caller, "a.1");
        circuit.redis.advance_ms(silent);
        assert_eq!(circuit.ms_until_granted(&mut caller, "b.1"), 1_000, "after {silent} ms of silence");
    }
}

#[test]
fn a_lease_that_was_over_at_the_latest_contact_is_not_made_longer() {
    let mut circuit = Circuit::new();
    circuit.set("lease.a.1", &START_MS.to_string());
    circuit.set("touched", &START_MS.to_string());
    circuit.redis.advance_ms(5_000);
    circuit.look();
    assert!(circuit.field_names().is_empty());
}

#[test]
fn a_renewed_lease_may_be_put_off_as_far_again() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    for _ in 0..10 {
        circuit.redis.advance_ms(5_000);
        assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
        assert!(circuit.field("lease.a.1").ends_with("+5000"));
        circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 1_000 });
        assert!(!circuit.field("lease.a.1").contains('+'));
    }
}

#[test]
fn the_last_part_of_a_lease_is_never_put_off() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let admitted = caller.seen.generation;
    circuit.ask(&mut caller, Op::Renew { token: "a.1", admitted, lease_ms: 999 });
    assert_eq!((circuit.field("lease.a.1").ends_with('+'), circuit.ms_ahead("lease.a.1")), (true, 999));
    circuit.redis.advance_ms(998);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).extra, 1);
    circuit.redis.advance_ms(1);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "granted");
}

#[test]
fn an_opening_lasts_no_longer_than_whoever_asks_lets_one_last() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::opened_by(&mut caller);
    let mut other = Caller { recovery_ms: 10_000, ..Caller::default() };
    assert_eq!(circuit.ask(&mut other, Op::Read).remaining_ms, 10_000);
    assert_eq!(circuit.ask(&mut caller, Op::Read).remaining_ms, 10_000);
}

#[test]
fn a_lease_that_ends_too_far_ahead_is_cut_and_its_probe_keeps_the_place() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    circuit.redis.set_time_us((START_MS - 60_000) * 1_000);
    assert_eq!(circuit.ask(&mut caller, Op::Acquire { token: "b.1" }).result, "denied");
    assert_eq!(circuit.ms_ahead("lease.a.1"), 1_000);
    assert_eq!(circuit.ms_until_granted(&mut caller, "b.1"), 2_000, "the place of one of which nothing is heard");
}

#[test]
fn every_write_sets_the_time_to_live_and_a_read_does_not() {
    let mut circuit = Circuit::new();
    let mut caller = Caller::default();
    circuit.ask(&mut caller, Op::failure("a.1"));
    assert_eq!(circuit.redis.ttl_ms(KEY), Some(86_400_000));
    circuit.redis.advance_ms(1_000);
    circuit.look();
    assert_eq!(circuit.redis.ttl_ms(KEY), Some(86_399_000));
    circuit.ask(&mut caller, Op::success());
    assert_eq!(circuit.redis.ttl_ms(KEY), Some(86_400_000));
}

#[test]
fn what_is_refused_is_refused_before_anything_is_changed() {
    let mut caller = Caller::default();
    let mut circuit = Circuit::probed_by(&mut caller, "a.1");
    let (before, admitted) = (circuit.redis.hash(KEY), caller.seen.generation);
    circuit.redis.store().refused.insert("HSET");
    let done = Op::Done { token: "a.1", admitted, outcome: "fail", again: false };
    assert!(caller.ask(&mut circuit.redis, KEY, done).unwrap_err().contains("NOPERM"));
    assert_eq!(circuit.redis.hash(KEY), before);
    assert!(circuit.redis.published().is_empty());
}

#[test]
fn without_the_right_to_the_channel_or_without_a_channel_all_is_stored() {
    for channel in ["circuit_breaker:events", ""] {
        let mut circuit = Circuit::new();
        circuit.redis.store().refused.insert("PUBLISH");
        let mut caller = Caller { failure_threshold: 1, channel: channel.into(), ..Caller::default() };
        assert_eq!(circuit.ask(&mut caller, Op::failure("a.1")).state, "open");
        assert_eq!(circuit.redis.store().counts().contains_key("PUBLISH"), !channel.is_empty());
    }
}

#[test]
fn reports_of_a_streak_that_has_ended_are_not_those_of_the_one_that_is_taken_over() {
    let mut circuit = Circuit::new();
    for rid in ["a.1", "a.2", "a.3"] {
        circuit.ask(&mut Caller::default(), Op::failure(rid));
    }
    let mut other = knowing(0, "closed");
    (other.seen.streak, other.seen.failures) = (1, 3);
    circuit.redis.advance_ms(1);
    let reply = circuit.ask(&mut other, Op::failure("a.1"));
    assert_eq!((reply.result.as_str(), reply.streak, reply.failures), ("ok", 1, 4));
}
