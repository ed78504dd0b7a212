//! What an instance decides, told by the requests that it sends and the answers that it gets.

extern crate std;
use alloc::string::String;
use std::vec::Vec;

use super::*;
use crate::event::{Outcome, Receipt};
use crate::redis::wire::{Order, Reply, Verdict};
use crate::transition::Reason;

const MS: u64 = 1_000;

fn circuit() -> Circuit {
    let policy = crate::Config::new().failure_threshold(3).validate().unwrap();
    let mut circuit = Circuit::new("a.", policy, FleetOptions::new());
    // The first look.
    assert_eq!(sent(&mut circuit, 0), Some(Operation::Read));
    circuit.heard(0, &reply(Verdict::Ok, View::NEW));
    circuit
}

fn sent(circuit: &mut Circuit, now: u64) -> Option<Operation> {
    circuit.poll(now).map(|request| request.operation.clone())
}

fn reply(verdict: Verdict, view: View) -> Reply {
    Reply { verdict, view, extra: 0, now_ms: 1_000_000, failed_at: None }
}

fn closed(failures: u16) -> View {
    View { failures, ..View::NEW }
}

fn open(gen_no: u64, open_until: u64) -> View {
    let (state, reason) = (CircuitState::Open, Reason::ConsecutiveFailures);
    View { gen_no, state, failures: 3, open_until, reason, ..View::NEW }
}

fn told(circuit: &mut Circuit) -> Vec<String> {
    core::iter::from_fn(|| circuit.take_transition())
        .map(|told| alloc::format!("{} -> {} {}", told.from, told.to, told.reason))
        .collect()
}

#[test]
fn successes_of_a_circuit_without_failures_are_not_sent() {
    let mut circuit = circuit();
    for now in 1..100 {
        assert_eq!(circuit.acquire(now), Answer::Admitted(None));
        assert_eq!(circuit.settle(now, Outcome::Success), Receipt::Recorded);
        assert_eq!(sent(&mut circuit, now), None);
    }
}

#[test]
fn failures_that_come_while_a_report_is_on_its_way_go_together_with_the_next() {
    let mut circuit = circuit();
    circuit.settle(MS, Outcome::Failure);
    assert!(matches!(sent(&mut circuit, MS), Some(Operation::Report { failures: 1, failed_at: MS, .. })));
    circuit.settle(2 * MS, Outcome::Failure);
    assert_eq!(sent(&mut circuit, 2 * MS), None);
    circuit.heard(3 * MS, &reply(Verdict::Ok, closed(1)));
    assert_eq!(circuit.failure_count(), 2);
    let later = circuit.wakes_at();
    assert!((3 * MS..=7 * MS).contains(&later), "{later}");
    assert!(matches!(sent(&mut circuit, later), Some(Operation::Report { failures: 1, .. })));
}

#[test]
fn a_report_that_was_not_answered_is_sent_again_under_the_same_name() {
    let mut circuit = circuit();
    circuit.settle(MS, Outcome::Failure);
    let first = sent(&mut circuit, MS);
    circuit.missed();
    let request = circuit.poll(9 * MS).unwrap();
    assert!(request.again);
    assert_eq!(Some(request.operation.clone()), first);
}

#[test]
fn a_report_that_was_not_answered_is_not_sent_again_once_a_success_has_refuted_it() {
    let mut circuit = circuit();
    circuit.settle(MS, Outcome::Failure);
    assert!(matches!(sent(&mut circuit, MS), Some(Operation::Report { failures: 1, .. })));
    circuit.leave(2 * MS);
    circuit.overhear(3 * MS, Outcome::Success);
    circuit.look_again();
    let next = sent(&mut circuit, 50 * MS);
    let refutes = |operation: &Operation| matches!(operation, Operation::Report { refutes: true, failures: 0, .. });
    assert!(next.as_ref().is_some_and(refutes), "{next:?}");
    let own = (CircuitState::Closed, Mode::Normal);
    circuit.back(51 * MS, &reply(Verdict::Ok, closed(0)), own, None);
    assert_eq!((circuit.failure_count(), circuit.is_heard()), (0, true));
}

#[test]
fn while_a_permit_is_out_it_asks_for_redis_within_a_third_of_its_lease() {
    let mut circuit = circuit();
    let half_open = View { gen_no: 7, state: CircuitState::HalfOpen, failures: 3, ..View::NEW };
    circuit.noticed(MS, half_open);
    assert!(matches!(circuit.acquire(MS), Answer::Asking(_)));
    assert!(matches!(sent(&mut circuit, MS), Some(Operation::Acquire { .. })));
    circuit.heard(2 * MS, &Reply { extra: 1_000, ..reply(Verdict::Granted, half_open) });
    let Answer::Admitted(Some(probe)) = circuit.acquire(2 * MS) else { panic!("no permit") };
    circuit.leave(3 * MS);
    assert_eq!((circuit.probes_out(), circuit.wakes_at()), (1, 3 * MS + 1_000 * MS / 3));
    circuit.settle_probe(4 * MS, probe, Outcome::Success);
    circuit.leave(4 * MS);
    assert!(circuit.wakes_at() >= 804 * MS, "{}", circuit.wakes_at());
}

#[test]
fn enough_failures_of_its_own_open_it_at_once_and_the_fleet_confirms_it() {
    let mut circuit = circuit();
    for at in 1..=3 {
        circuit.settle(at * MS, Outcome::Failure);
    }
    assert_eq!((circuit.state(3 * MS), circuit.face()), (CircuitState::Open, Face::Ask));
    sent(&mut circuit, 3 * MS);
    circuit.heard(4 * MS, &reply(Verdict::Ok, open(7, 30_004 * MS)));
    assert_eq!(told(&mut circuit), ["closed -> open consecutive_failures"]);
    assert_eq!(circuit.retry_after_ms(4 * MS), Some(30_000));
}

#[test]
fn the_fleet_takes_back_what_another_instances_success_has_refuted() {
    let mut circuit = circuit();
    for at in 1..=3 {
        circuit.settle(at * MS, Outcome::Failure);
    }
    sent(&mut circuit, 3 * MS);
    circuit.heard(4 * MS, &reply(Verdict::Ok, View { streak: 1, ..closed(0) }));
    assert_eq!(told(&mut circuit), ["closed -> open consecutive_failures", "open -> closed refuted"]);
    assert_eq!(circuit.acquire(5 * MS), Answer::Admitted(None));
}

#[test]
fn a_streak_that_is_too_young_is_asked_for_again() {
    let mut circuit = circuit();
    for at in 1..=3 {
        circuit.settle(at * MS, Outcome::Failure);
    }
    sent(&mut circuit, 3 * MS);
    circuit.heard(4 * MS, &Reply { extra: 20, ..reply(Verdict::Settle, closed(3)) });
    assert_eq!((circuit.state(4 * MS), circuit.wakes_at()), (CircuitState::Open, 24 * MS));
    assert!(matches!(sent(&mut circuit, 24 * MS), Some(Operation::Report { failures: 0, .. })));
}

#[test]
fn of_many_instances_with_a_success_those_that_hear_of_another_ones_say_nothing() {
    let mut circuit = circuit();
    circuit.noticed(MS, closed(1));
    circuit.settle(2 * MS, Outcome::Success);
    assert_eq!(circuit.failure_count(), 0);
    let at = circuit.wakes_at();
    assert!((2 * MS..=12 * MS).contains(&at), "{at}");
    circuit.noticed(at, View { streak: 1, ..closed(0) });
    assert!(circuit.is_heard());
}

#[test]
fn after_an_opening_one_permit_is_asked_for_and_handed_to_the_next_request() {
    let mut circuit = circuit();
    circuit.noticed(MS, open(7, 10 * MS));
    assert!(matches!(circuit.acquire(5 * MS), Answer::Refused(_)));
    // Ahead of the next request, because one was refused.
    assert_eq!(circuit.wakes_at(), 10 * MS);
    let Some(Operation::Acquire { token }) = sent(&mut circuit, 10 * MS) else { panic!("a permit is asked for") };
    assert_eq!(token, "a.1");
    let half_open = View { gen_no: 8, state: CircuitState::HalfOpen, reason: Reason::RecoveryTimeout, ..open(7, 0) };
    circuit.heard(11 * MS, &reply(Verdict::Granted, half_open));
    let Answer::Admitted(Some(probe)) = circuit.acquire(12 * MS) else { panic!("it is a probe") };
    assert!(matches!(circuit.acquire(12 * MS), Answer::Refused(_)));
    assert_eq!(circuit.settle_probe(13 * MS, probe, Outcome::Success), Receipt::Recorded);
    let done = Operation::Done { token, gen_no: 8, outcome: Outcome::Success };
    assert_eq!(sent(&mut circuit, 13 * MS), Some(done));
    let reason = Reason::ProbesSucceeded;
    circuit.heard(14 * MS, &reply(Verdict::Ok, View { gen_no: 9, reason, ..closed(0) }));
    assert_eq!(circuit.acquire(15 * MS), Answer::Admitted(None));
    assert_eq!(
        told(&mut circuit),
        [
            "closed -> open consecutive_failures",
            "open -> half_open recovery_timeout",
            "half_open -> closed probes_succeeded"
        ]
    );
}

#[test]
fn a_permit_that_no_request_takes_is_given_back() {
    let mut circuit = circuit();
    circuit.noticed(MS, open(7, 10 * MS));
    circuit.acquire(5 * MS);
    sent(&mut circuit, 10 * MS);
    let half_open = View { gen_no: 8, state: CircuitState::HalfOpen, ..open(7, 0) };
    circuit.heard(11 * MS, &reply(Verdict::Granted, half_open));
    // Its lease is counted from when it was asked for.
    let at = circuit.wakes_at();
    assert_eq!(at, 510 * MS + 1);
    assert!(matches!(sent(&mut circuit, at), Some(Operation::Done { outcome: Outcome::Ignored, .. })));
}

#[test]
fn an_order_is_in_force_here_before_the_fleet_has_heard_of_it_and_whatever_is_heard_meanwhile() {
    let mut circuit = circuit();
    circuit.order(MS, Operation::Force(Some(Order::Open), String::new()));
    circuit.noticed(2 * MS, closed(1));
    assert_eq!((circuit.mode(), circuit.retry_after_ms(2 * MS)), (Mode::Isolated, None));
    assert!(matches!(sent(&mut circuit, 2 * MS), Some(Operation::Force(..))));
}

#[test]
fn what_was_counted_alone_is_reported_when_redis_is_back() {
    let mut circuit = circuit();
    circuit.leave(MS);
    assert_eq!(circuit.face(), Face::Alone);
    for at in 2..=4 {
        circuit.overhear(at * MS, Outcome::Failure);
    }
    let opening = Some((30_004 * MS, 3));
    circuit.look_again();
    assert!(matches!(sent(&mut circuit, 5 * MS), Some(Operation::Report { failures: 3, .. })));
    let settle = Reply { extra: 20, ..reply(Verdict::Settle, closed(3)) };
    circuit.back(6 * MS, &settle, (CircuitState::Open, Mode::Normal), opening);
    // It goes on refusing until the answer.
    assert_eq!((circuit.state(6 * MS), circuit.face()), (CircuitState::Open, Face::Ask));
    sent(&mut circuit, 26 * MS);
    circuit.heard(27 * MS, &reply(Verdict::Ok, open(7, 30_027 * MS)));
    assert_eq!(circuit.retry_after_ms(27 * MS), Some(30_000));
    // It was told by the breaker that decided alone.
    assert!(told(&mut circuit).is_empty());
}

#[test]
fn who_has_redis_back_asks_for_a_permit_one_lease_later() {
    let mut circuit = circuit();
    circuit.noticed(MS, open(7, 2 * MS));
    circuit.leave(3 * MS);
    circuit.look_again();
    assert_eq!(sent(&mut circuit, 1_000 * MS), Some(Operation::Read));
    let own = (CircuitState::HalfOpen, Mode::Normal);
    circuit.back(1_001 * MS, &reply(Verdict::Ok, open(7, 1_001 * MS)), own, None);
    let refused = |after| Answer::Refused(Refusal { state: CircuitState::HalfOpen, retry_after_ms: Some(after) });
    assert_eq!(circuit.acquire(1_002 * MS), refused(999));
    // Not even where a place is told of.
    circuit.noticed(1_500 * MS, open(8, 1_501 * MS));
    assert_eq!(circuit.acquire(2_000 * MS), refused(1));
    assert!(!matches!(sent(&mut circuit, 2_000 * MS), Some(Operation::Acquire { .. })));
    circuit.missed();
    assert!(
        matches!(sent(&mut circuit, 2_001 * MS), Some(Operation::Acquire { .. })),
        "for the request that was refused"
    );
}

#[test]
fn a_clock_that_goes_back_makes_no_opening_longer() {
    let mut circuit = circuit();
    circuit.noticed(100_000 * MS, open(7, 110_000 * MS));
    assert_eq!(circuit.retry_after_ms(104_000 * MS), Some(6_000));
    assert_eq!(circuit.retry_after_ms(4_000 * MS), Some(6_000));
    // And what the server says is asked for.
    assert_eq!(sent(&mut circuit, 4_000 * MS), Some(Operation::Read));
}

#[test]
fn one_that_is_told_that_it_comes_too_late_asks_at_last_without_a_deadline() {
    let mut circuit = circuit();
    circuit.settle(MS, Outcome::Failure);
    let mut deadlines = Vec::new();
    for _ in 0..4 {
        deadlines.push(circuit.poll(MS).unwrap().deadline_ms);
        circuit.heard(MS, &reply(Verdict::Expired, View::NEW));
    }
    assert_eq!(deadlines, [1_000_101, 1_000_100, 1_000_100, 0]);
}

#[test]
fn a_reply_that_a_notice_has_outrun_does_not_lower_the_count() {
    let mut circuit = circuit();
    let view = |failures| View { gen_no: 7, streak: 1, failures, ..View::NEW };
    circuit.look_again();
    assert_eq!(sent(&mut circuit, MS), Some(Operation::Read));
    circuit.noticed(2 * MS, view(1));
    circuit.heard(3 * MS, &reply(Verdict::Ok, view(0)));
    assert_eq!(circuit.failure_count(), 1);
    circuit.look_again();
    assert_eq!(sent(&mut circuit, 4 * MS), Some(Operation::Read));
    circuit.heard(5 * MS, &reply(Verdict::Ok, view(0)));
    assert_eq!(circuit.failure_count(), 0);
}

#[test]
fn a_process_that_was_stopped_does_not_use_the_permit_that_it_had() {
    let mut circuit = circuit();
    circuit.noticed(MS, open(7, 10 * MS));
    circuit.acquire(5 * MS);
    sent(&mut circuit, 10 * MS);
    let half_open = View { gen_no: 8, state: CircuitState::HalfOpen, ..open(7, 0) };
    circuit.heard(11 * MS, &reply(Verdict::Granted, half_open));
    assert!(matches!(circuit.acquire(5_000 * MS), Answer::Asking(_)));
    assert!(matches!(sent(&mut circuit, 5_000 * MS), Some(Operation::Done { outcome: Outcome::Ignored, .. })));
}

#[test]
fn who_has_voted_and_whose_opening_is_over_has_nothing_to_say() {
    let policy = crate::Config::new().validate().unwrap();
    let mut circuit = Circuit::new("a.", policy, FleetOptions::new().counting(Counting::Quorum(2)));
    assert_eq!(sent(&mut circuit, 0), Some(Operation::Read));
    circuit.heard(0, &reply(Verdict::Ok, View::NEW));
    circuit.own(MS, CircuitState::Open, Some((500 * MS, 5)));
    assert!(matches!(sent(&mut circuit, MS), Some(Operation::Trip { vote: Some(_), .. })));
    circuit.heard(2 * MS, &reply(Verdict::Votes, View::NEW));
    let mut now = circuit.wakes_at();
    while now < 10_000 * MS {
        assert_eq!(sent(&mut circuit, now), Some(Operation::Read), "at {now}");
        circuit.heard(now, &reply(Verdict::Ok, View::NEW));
        assert!(circuit.wakes_at() > now);
        now = circuit.wakes_at();
    }
}
