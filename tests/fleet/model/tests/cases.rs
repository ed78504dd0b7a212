//! The short cases and the controls, each as the sentence that it proves. `cargo run --release -- --long` has more.

use fleet_model::cases::{Case, controls, short};
use fleet_model::check::check;

/// Looks at every state of the case of that name: all must be as the case says.
fn proven(cases: Vec<Case>, name: &str) {
    let case = cases.into_iter().find(|case| case.name == name).expect("a case of that name");
    let outcome = check(&case);
    let complaints = outcome.complaints(&case);
    assert!(complaints.is_empty(), "{name}: {complaints:#?}");
    if case.control {
        assert!(case.violated.is_some_and(|violated| outcome.violated.contains_key(violated)));
    } else {
        assert!(outcome.exhausted, "{name}: not every state was looked at");
        assert!(case.at_least > 1 && outcome.unique >= case.at_least, "{name}: {} states", outcome.unique);
        assert!(!case.examples.is_empty(), "{name}: it has to show that something happens");
    }
}

macro_rules! sentences {
    ($all:ident, $cases:ident: $($sentence:ident = $name:literal;)*) => {
        $(#[test]
        fn $sentence() {
            proven($cases(), $name);
        })*

        #[test]
        fn $all() {
            let names: Vec<_> = $cases().iter().map(|case| case.name).collect();
            assert_eq!(names, [$($name),*]);
        }
    };
}

sentences! { every_short_case_has_a_sentence, short:
    the_count_opens_only_after_consecutive_failures_though_replies_are_lost = "count";
    what_the_server_loses_the_fleet_brings_back = "loss";
    crashes_break_no_promise = "crash";
    two_probes_at_a_time_must_both_succeed_where_two_are_asked_for = "probes";
    one_of_three_instances_alone_never_opens_by_votes = "quorum";
    one_vote_opens_where_one_is_the_quorum = "one vote";
    votes_survive_outages_and_losses_and_no_old_one_counts = "quorum and outage";
    nothing_but_an_order_changes_what_is_ordered = "orders";
    a_person_may_write_another_state_into_the_hash = "edits";
    an_instance_that_comes_back_opens_the_fleet_only_by_the_count = "outage";
    instances_that_are_alone_keep_to_the_bound_each = "outages";
    a_place_outlasts_an_outage_in_which_nobody_could_renew_it = "blackout";
    late_notices_turn_no_view_back = "notices";
    a_failover_that_forgets_may_double_the_probes_and_no_more = "failover";
    after_a_loss_refuted_failures_may_count_which_is_the_exception = "count after a loss";
}

sentences! { every_control_has_a_sentence, controls:
    without_a_settle_time_a_success_on_its_way_does_not_count = "no settle time";
    measured_from_the_first_failure_the_settle_time_is_over_too_soon = "settle time from the first failure";
    without_names_of_reports_a_resend_counts_twice = "resends count again";
    without_a_quiet_time_a_loss_doubles_the_probes = "no quiet time after a loss";
    places_that_end_with_their_half_open_are_given_twice = "transitions drop the places";
    a_vote_that_is_not_counted_opens_alone = "the first vote opens";
    without_the_join_the_server_stays_behind_its_callers = "no join";
    without_a_deadline_one_probe_counts_as_two = "requests run after their deadline";
    views_without_an_order_go_back = "older notices are believed";
    what_a_person_closed_opens_again_if_counts_need_no_time = "a count without a time counts";
    a_failure_overtaken_by_its_own_success_must_not_count = "a success is dropped though its failure is on its way";
    a_vote_from_before_an_outage_opens_alone = "an old vote is sent again";
    an_opening_made_alone_is_no_reason_to_open_the_fleet = "what opened alone trips the fleet";
    what_a_success_has_refuted_must_not_be_sent_again = "a refuted report is sent again";
    places_that_run_out_in_an_outage_are_given_twice = "leases run out in an outage";
    a_place_that_is_put_off_only_once_is_given_twice_after_the_second_outage = "a lease is put off only once";
    a_quiet_time_that_runs_out_in_an_outage_doubles_the_probes = "the quiet time runs out in an outage";
    who_asks_for_a_permit_as_soon_as_redis_is_back_takes_the_place_of_one_that_the_server_has_lost = "who has Redis back asks for a permit at once";
    who_asks_seldom_whether_redis_is_back_loses_its_place = "who has a permit asks seldom whether Redis is back";
    a_script_that_ignores_orders_changes_what_is_ordered = "orders are not obeyed";
    an_instance_that_remembers_refuted_failures_opens_without_reason = "refuted failures are not forgotten";
    a_provisional_opening_that_nobody_asks_about_stays = "nobody asks again after settle";
}
