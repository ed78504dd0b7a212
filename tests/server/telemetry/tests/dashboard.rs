//! The dashboard and the alarms of `examples/prometheus` ask for nothing that is not there.

use std::collections::BTreeSet;

use halfopen::metrics::{MetricsObserver, names};
use metrics::with_local_recorder;
use serde_json::Value;
use telemetry::Endpoint;

const DASHBOARD: &str = include_str!("../../../../examples/prometheus/dashboard.json");
const ALARMS: &str = include_str!("../../../../examples/prometheus/alarms.yml");
const PREFIX: &str = "halfopen_circuitbreaker_";

/// A metric with what a query demands of one of its labels: `(label, value, whether by a pattern or a negation)`.
type Selector<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// The selectors of a query. `name` may be anything, and what is negated needs not be there.
fn selectors(query: &str) -> Vec<Selector<'_>> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = query.match_indices(PREFIX).map(|(at, _)| at);
    starts
        .map(|at| {
            let (metric, rest) = query[at..].split_at(query[at..].find(|c| !is_word(c)).unwrap_or(query.len() - at));
            let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(labels, _)| labels);
            let demands = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
                let (label, value) = label.split_once('=').expect("a label with its value");
                (label.trim_end_matches('!'), value.trim_matches(['~', '"']))
            });
            (metric, demands.filter(|(label, _)| *label != names::NAME).collect())
        })
        .collect()
}

/// Every text in a JSON that asks for something.
fn queries(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.contains(PREFIX) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(queries).collect(),
        Value::Object(all) => all.values().flat_map(queries).collect(),
        _ => Vec::new(),
    }
}

/// Metrics that a text asks for; fails where no series of the scrape has what it demands.
fn check(query: &str, scrape: &str) -> Vec<String> {
    let selectors = selectors(query);
    for (metric, demands) in &selectors {
        for (label, values) in demands {
            for value in values.split('|') {
                let there = scrape.lines().any(|line| {
                    line.strip_prefix(metric)
                        .is_some_and(|rest| rest.starts_with('{') && rest.contains(&format!("{label}=\"{value}\"")))
                });
                assert!(there, "no {metric} with {label}=\"{value}\", which is asked for by {query}");
            }
        }
        assert!(scrape.contains(&format!("\n{metric}{{")), "no {metric}, which is asked for by {query}");
    }
    selectors.into_iter().map(|(metric, _)| metric.to_owned()).collect()
}

fn scrape() -> String {
    let endpoint = Endpoint::open();
    with_local_recorder(&endpoint.recorder, || MetricsObserver::of("a"));
    endpoint.scrape()
}

#[test]
fn the_dashboard_asks_for_every_metric_and_for_none_that_is_not_there() {
    let (scrape, dashboard) = (scrape(), serde_json::from_str::<Value>(DASHBOARD).expect("JSON"));
    let asked: BTreeSet<String> = queries(&dashboard).iter().flat_map(|query| check(query, &scrape)).collect();
    assert_eq!(asked, names::ALL.iter().map(|metric| metric.name.to_owned()).collect());
}

#[test]
fn the_alarms_ask_for_nothing_that_is_not_there() {
    let asked = check(ALARMS, &scrape());
    assert!(asked.len() >= ALARMS.matches("alert:").count(), "an alarm that asks for nothing");
    assert!(asked.len() > 4);
}

#[test]
#[should_panic(expected = "no halfopen_circuitbreaker_state with state=\"ajar\"")]
fn a_query_for_a_label_that_is_not_there_is_noticed() {
    check("max(halfopen_circuitbreaker_state{name=~\"$name\",state=\"ajar\"})", &scrape());
}

#[test]
#[should_panic(expected = "no halfopen_circuitbreaker_calls, which")]
fn a_query_for_a_metric_that_is_not_there_is_noticed() {
    check("rate(halfopen_circuitbreaker_calls[5m])", &scrape());
}
