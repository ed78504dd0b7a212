//! Wrong rules with a memory: the right breaker, made by a configuration that somebody got wrong.

use conformance::{BreakerShell, By, Shell, Subject};
use halfopen::{Config, ConfigError};
use serde_json::{Map, Value};

pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    /// The rule of the suite that has to catch it.
    pub(crate) rule: &'static str,
    wrong: fn(&mut Fields),
}

/// A configuration as somebody changes it.
struct Fields {
    by: By,
    json: Map<String, Value>,
}

impl Shell for Mutant {
    fn name(&self) -> &'static str {
        self.name
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        BreakerShell.build(by, config, &mut |_| {})?;
        let Ok(Value::Object(json)) = serde_json::to_value(config) else {
            unreachable!("a configuration is an object")
        };
        let mut fields = Fields { by, json };
        (self.wrong)(&mut fields);
        // Where no configuration is wrong in this way, it is right.
        let wrong = serde_json::from_value(Value::Object(fields.json)).unwrap_or(config);
        match BreakerShell.build(by, wrong, &mut |_| {}) {
            Ok(()) => BreakerShell.build(by, wrong, use_it),
            Err(_) => BreakerShell.build(by, config, use_it),
        }
    }
}

impl Fields {
    fn is_window(&self) -> bool {
        self.is_over_calls() || matches!(self.by, By::TimeWindow | By::AdaptiveTimeWindow)
    }

    fn is_over_calls(&self) -> bool {
        self.room().is_some()
    }

    fn room(&self) -> Option<i64> {
        match self.by {
            By::CountWindow | By::AdaptiveCountWindow => Some(64),
            By::CountWindow1024 | By::AdaptiveCountWindow1024 => Some(1_024),
            _ => None,
        }
    }

    /// Adds to a number of things that is `usual` where it is not given.
    fn add(&mut self, field: &str, usual: i64, more: i64) {
        let number = self.json.get(field).and_then(Value::as_i64).unwrap_or(usual) + more;
        self.json.insert(field.into(), number.into());
    }

    fn add_ms(&mut self, field: &str, more: f64) {
        if let Some(seconds) = self.json.get(field).and_then(Value::as_f64) {
            self.json.insert(field.into(), (seconds + more / 1_000.0).into());
        }
    }

    fn set(&mut self, field: &str, value: impl Into<Value>) {
        if self.json.contains_key(field) {
            self.json.insert(field.into(), value.into());
        }
    }

    /// As many calls as the window waits for.
    fn minimum(&self) -> i64 {
        let size = self.json.get("sliding_window_size").and_then(Value::as_i64).or(self.room());
        size.unwrap_or(10).min(10)
    }
}

const fn mutant(name: &'static str, rule: &'static str, wrong: fn(&mut Fields)) -> Mutant {
    Mutant { name, rule, wrong }
}

pub(crate) const RIGHT: Mutant = mutant("nothing is wrong", "threshold", |_| {});

fn rate(fields: &mut Fields, more: i64) {
    if fields.is_window() {
        fields.add("failure_rate_threshold", 50, more);
    }
}

fn minimum(fields: &mut Fields, more: i64) {
    if fields.is_window() {
        fields.add("minimum_calls", fields.minimum(), more);
    }
}

fn size(fields: &mut Fields, more: i64) {
    if let Some(room) = fields.room() {
        fields.add("sliding_window_size", room, more);
    }
}

pub(crate) const ALL: &[Mutant] = &[
    mutant("a failure rate is exceeded, not reached", "count-window", |fields| rate(fields, 1)),
    mutant("a failure rate over time is exceeded, not reached", "time-window", |fields| rate(fields, 1)),
    mutant("a failure rate is a percent too low", "count-window", |fields| rate(fields, -1)),
    mutant("no minimum of calls is waited for", "count-window", |fields| {
        minimum(fields, 0);
        fields.set("minimum_calls", 1);
    }),
    mutant("a minimum is exceeded, not reached", "time-window", |fields| minimum(fields, 1)),
    mutant("a minimum is a call too low", "count-window", |fields| minimum(fields, -1)),
    mutant("a window forgets a call too early", "count-window", |fields| size(fields, -1)),
    mutant("a window remembers a call too many", "count-window", |fields| size(fields, 1)),
    mutant("a window remembers for a bucket's millisecond too long", "time-window", |fields| {
        fields.add_ms("sliding_window_seconds", 10.0);
    }),
    mutant("a window forgets a bucket's millisecond too early", "time-window", |fields| {
        fields.add_ms("sliding_window_seconds", -10.0);
    }),
    mutant("a window over time never forgets", "time-window", |fields| fields.set("sliding_window_seconds", 400_000)),
    mutant("a call that takes as long as it may is slow", "slow-calls", |fields| {
        fields.add_ms("slow_call_duration_seconds", -1.0);
    }),
    mutant("a slow call is slow a millisecond late", "slow-calls", |fields| {
        fields.add_ms("slow_call_duration_seconds", 1.0);
    }),
    mutant("no call is slow", "slow-calls", |fields| fields.set("slow_call_duration_seconds", 2_147_483)),
    mutant("a slow-call rate is exceeded, not reached", "slow-calls", |fields| {
        fields.set("slow_call_rate_threshold", 100);
    }),
    mutant("one slow call is enough", "slow-calls", |fields| fields.set("slow_call_rate_threshold", 1)),
    mutant("an opening never grows", "growing-open-time", |fields| fields.set("recovery_multiplier_percent", 100)),
    mutant("an opening grows by a percent too much", "growing-open-time", |fields| {
        if fields.json.contains_key("recovery_multiplier_percent") {
            fields.add("recovery_multiplier_percent", 100, 1);
        }
    }),
    mutant("an opening grows over its maximum", "growing-open-time", |fields| {
        fields.add_ms("max_recovery_timeout_seconds", 100_000.0);
    }),
    mutant("chance shortens nothing", "jitter", |fields| fields.set("recovery_jitter_percent", 0)),
    mutant("chance shortens by all that there is", "jitter", |fields| fields.set("recovery_jitter_percent", 100)),
    mutant("a server may ask for any time", "retry-after", |fields| {
        fields.add_ms("max_recovery_timeout_seconds", 100_000_000.0);
    }),
    mutant("one probe more may fail", "half-open-by-rate", |fields| {
        if fields.json.contains_key("half_open_trials") {
            fields.add("half_open_trials", 0, 1);
        }
    }),
    mutant("one probe fewer may fail", "half-open-by-rate", |fields| {
        if fields.json.contains_key("half_open_trials") {
            fields.add("half_open_trials", 0, -1);
        }
    }),
    mutant("no probe may fail", "half-open-by-rate", |fields| drop(fields.json.remove("half_open_trials"))),
    mutant("there is no ramp", "ramp-up", |fields| drop(fields.json.remove("ramp_up_seconds"))),
    mutant("a ramp ends a millisecond early", "ramp-up", |fields| fields.add_ms("ramp_up_seconds", -1.0)),
    mutant("a ramp ends a millisecond late", "ramp-up", |fields| fields.add_ms("ramp_up_seconds", 1.0)),
    mutant("a ramp begins with everything", "ramp-up", |fields| fields.add("ramp_up_from_percent", 10, 90)),
    mutant("a ramp begins with a percent too much", "ramp-up", |fields| fields.add("ramp_up_from_percent", 10, 1)),
];
