//! What is done wrong on purpose is found: otherwise the runs would prove nothing.

use sim::{Mistake, run};

/// Runs until the mistake is found, and says how. `first`: a seed not long before one that finds it.
fn found(mistake: &Mistake, first: u64) -> String {
    let found = (first..first + 4_000)
        .find_map(|seed| run(seed, mistake).err())
        .unwrap_or_else(|| panic!("not found: {mistake:?}"));
    let what = found.lines().next().unwrap_or_default().to_string();
    println!("{mistake:?}\n  {what}");
    what
}

#[track_caller]
fn finds(right: &'static str, wrong: &'static str, first: u64, what: &str) {
    let found = found(&Mistake::Script(right, wrong), first);
    assert!(found.contains(what), "{found}");
}

#[test]
fn that_a_place_is_given_to_everybody_is_found() {
    finds("taken < places and quiet == 0", "quiet == 0", 0, "probes run");
}

#[test]
fn that_what_was_lost_is_not_brought_back_is_found() {
    finds("if seen_gen > gen then", "if false then", 0, "the server knows of generation");
}

#[test]
fn that_a_success_refutes_nothing_is_found() {
    finds("if one.at > ok_at then", "if true then", 0, "it opens after");
}

#[test]
fn that_what_is_sent_twice_counts_twice_is_found() {
    finds("local field = 'fail.' .. rid", "local field = 'fail.' .. rid .. text(us)", 350, "it opens after");
}

#[test]
fn that_a_generation_is_the_time_alone_is_found() {
    finds("min(max(us, gen + 1), MOST), why", "us, why", 0, "the server knows of generation");
}

#[test]
fn that_a_lost_answer_is_not_told_is_found() {
    let found = found(&Mistake::NotMissed, 0);
    assert!(found.contains("all is well") || found.contains("for ever"), "{found}");
}

#[test]
fn that_no_renewal_is_sent_is_found() {
    assert!(found(&Mistake::NoRenewals, 0).contains("probes run"));
}

#[test]
fn that_a_clock_that_jumps_ends_the_leases_is_found() {
    finds("unheard and ends > touched and", "false and", 2_450, "prob");
}
