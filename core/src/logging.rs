//! One line at INFO for each transition, in every log that a feature has switched on. With none, nothing is left.

use crate::transition::Transition;

/// Calls a logging macro where its feature is on; takes its arguments away where it is not.
macro_rules! log_with {
    ($feature:literal, $($call:tt)*) => {
        #[cfg(feature = $feature)]
        $($call)*;
    };
}

#[inline]
pub(crate) fn transition(operation_name: &str, transition: &Transition) {
    let _ = (operation_name, transition);
    log_with!("log", log::info!(target: "halfopen", "circuit '{operation_name}': {transition}"));
    log_with!(
        "tracing",
        tracing::info!(
            target: "halfopen",
            operation_name,
            from = transition.from.as_str(),
            to = transition.to.as_str(),
            mode = transition.mode.as_str(),
            reason = transition.reason.as_str(),
            failure_count = transition.failure_count,
            successes = transition.successes,
            generation = transition.generation,
            calls = transition.tally.map(|tally| tally.calls),
            failures = transition.tally.map(|tally| tally.failures),
            slow_calls = transition.tally.map(|tally| tally.slow_calls),
            "circuit changed its state"
        )
    );
    log_with!("defmt", defmt::info!("circuit '{=str}': {}", operation_name, transition));
}

/// Redis is away, and every circuit of a fleet goes on alone.
#[cfg(feature = "redis")]
pub(crate) fn away(trouble: &crate::redis::connect::Trouble) {
    let _ = trouble;
    log_with!("log", log::warn!(target: "halfopen", "redis is away, every circuit goes on alone: {trouble}"));
    log_with!(
        "tracing",
        tracing::warn!(target: "halfopen", error = %trouble, "redis is away, every circuit goes on alone")
    );
}

/// Redis does not do what it is asked for one circuit.
#[cfg(feature = "redis")]
pub(crate) fn alone(key: &str, trouble: &crate::redis::connect::Trouble) {
    let _ = (key, trouble);
    log_with!("log", log::warn!(target: "halfopen", "circuit '{key}' goes on alone: {trouble}"));
    log_with!("tracing", tracing::warn!(target: "halfopen", key, error = %trouble, "circuit goes on alone"));
}

/// Redis is back.
#[cfg(feature = "redis")]
pub(crate) fn back() {
    log_with!("log", log::info!(target: "halfopen", "redis is back"));
    log_with!("tracing", tracing::info!(target: "halfopen", "redis is back"));
}
