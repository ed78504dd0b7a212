//! What a window may hold after threads have recorded at once: what it holds after one of their orders.

use std::collections::BTreeSet;

/// Every order of the calls of these threads, each of which does its own one after the other. A call is a letter: `s` for
/// a success, `f` for a failure.
pub(crate) fn orders(threads: &[&str]) -> BTreeSet<String> {
    if threads.iter().all(|thread| thread.is_empty()) {
        return BTreeSet::from([String::new()]);
    }
    let mut all = BTreeSet::new();
    for (number, thread) in threads.iter().enumerate().filter(|(_, thread)| !thread.is_empty()) {
        let mut left = threads.to_vec();
        left[number] = &thread[1..];
        all.extend(orders(&left).into_iter().map(|rest| thread[..1].to_owned() + &rest));
    }
    all
}

/// The failures among the last `size` of these calls.
pub(crate) fn failures(calls: &str, size: usize) -> usize {
    calls.bytes().rev().take(size).filter(|call| *call == b'f').count()
}

/// The failures in a window of `size` after `calls`, and after each of so many successes that come then: they tell at
/// which place each failure is.
pub(crate) fn traces(past: &str, threads: &[&str], size: usize) -> BTreeSet<Vec<usize>> {
    let trace =
        |order: String| (0..=size).map(|more| failures(&format!("{past}{order}{}", "s".repeat(more)), size)).collect();
    orders(threads).into_iter().map(trace).collect()
}

#[test]
fn the_orders_of_two_threads_are_all_there() {
    let found: Vec<String> = orders(&["sf", "f"]).into_iter().collect();
    assert_eq!(found, ["fsf", "sff"]);
    assert_eq!(orders(&["sf", "sf", "s"]).len(), 5);
    assert_eq!(traces("f", &["s", "f"], 2), BTreeSet::from([vec![1, 0, 0], vec![1, 1, 0]]));
}
