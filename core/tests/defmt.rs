//! The feature `defmt`: every public type has `Format`. `tests/on-target/src/bin/logs.rs` is where formats are sent.

#![cfg(not(halfopen_loom))]
#![cfg(feature = "defmt")]

use std::collections::BTreeSet;
use std::path::Path;
use std::{any, fs};

use halfopen::local::{At, ConfigNumbers, LocalBreaker, LocalPolicy, LocalRule, NumbersError, NumbersProblem};
use halfopen::machine::{
    AdaptivePolicy, Counts, Effect, Event, Judgement, Luck, Policy, Recovery, SlowPolicy, State, Step, Ticket,
    TimeWindowPolicy, Verdict, WindowPolicy,
};
use halfopen::rules::{Adaptive, Calls, Checked, Consecutive, ConsecutiveSlow, CountWindow, Rule, TimeWindow, Weyl};
use halfopen::{
    BreakerTable, CallError, CallReport, CircuitBreaker, CircuitOpenError, CircuitState, Config, ConfigError,
    ConfigErrorText, Entry, FnClock, KeyPrefix, ManualClock, Mode, OnTransition, Outcome, Permit, Reason, Receipt,
    Refusal, Snapshot, SnapshotError, StatePersistence, TableError, Tally, TickClock, Timestamp, Transition, Window,
};

/// A name that has no `Format`: texts of other crates have it by a feature of theirs alone.
#[derive(Clone)]
struct Name;

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        "name"
    }
}

type Told = OnTransition<fn(&str, &Transition)>;

/// The name of a type without its path and parameters.
fn name_of<T>() -> &'static str {
    let path = any::type_name::<T>().split('<').next().unwrap();
    path.rsplit("::").next().unwrap()
}

/// The name of a type that can be logged: that this compiles is the test.
fn loggable<T: defmt::Format>() -> &'static str {
    name_of::<T>()
}

/// The types that a rule brings along can be logged.
fn loggable_by<R: Rule<Policy: defmt::Format> + defmt::Format>() -> [&'static str; 6] {
    [
        loggable::<R>(),
        loggable::<Checked<R>>(),
        loggable::<CircuitBreaker<FnClock, Told, Name, R>>(),
        loggable::<BreakerTable<&ManualClock, 4, Name, (), R>>(),
        loggable::<Entry<'_, &ManualClock, (), Name, R>>(),
        loggable::<Permit<'_, CircuitBreaker<&ManualClock, Told, Name, R>>>(),
    ]
}

macro_rules! loggable {
    ($($type:ty),* $(,)?) => { [$(loggable::<$type>()),*] };
}

/// The names of all types that can be logged.
fn all_loggable() -> BTreeSet<&'static str> {
    let rules = [
        loggable_by::<Consecutive>(),
        loggable_by::<ConsecutiveSlow>(),
        loggable_by::<CountWindow<64>>(),
        loggable_by::<TimeWindow<10>>(),
        loggable_by::<Adaptive<CountWindow<64>>>(),
    ];
    let values = loggable![
        halfopen::storage::RetainedSnapshot,
        AdaptivePolicy<WindowPolicy>, CallError<u8, Name>, CallReport, Calls<64>, CircuitOpenError<Name>, CircuitState, Config,
        ConfigError, ConfigErrorText, Counts, Effect, Event, FnClock, Judgement, KeyPrefix, Luck, ManualClock, Mode,
        Outcome, Policy, Reason, Receipt, Recovery, Refusal, SlowPolicy, Snapshot, SnapshotError, State,
        StatePersistence, Step, TableError, Tally, Told, Ticket, TickClock, TimeWindowPolicy, Timestamp, Transition,
        Verdict, Weyl, Window, WindowPolicy, At, ConfigNumbers, LocalBreaker<'_>, LocalPolicy, LocalRule, NumbersError,
        NumbersProblem,
    ];
    #[allow(unused_mut)] // where no feature adds one
    let mut names: BTreeSet<_> = rules.into_iter().flatten().chain(values).collect();
    #[cfg(feature = "std")]
    names.insert(loggable::<halfopen::SystemClock>());
    #[cfg(feature = "embassy-time-v0_5")]
    names.insert(loggable::<halfopen::EmbassyClock>());
    #[cfg(feature = "fugit-v0_3")]
    names.insert(loggable::<halfopen::FugitClock<fugit_v0_3::TimerInstantU32<1_000>>>());
    #[cfg(feature = "fugit-v0_6")]
    names.insert(loggable::<halfopen::FugitClock<fugit_v0_6::WrappingTimerInstantU32<1_000>>>());
    #[cfg(feature = "hal")]
    {
        use halfopen::hal::{ByErrorKind, EveryError, Guarded, NoRecovery, PerAddress, Recover, WritesToo};
        type NoFormat = std::cell::Cell<fn()>;
        names.extend(loggable![
            ByErrorKind,
            EveryError,
            Guarded<NoFormat, NoFormat, NoFormat, NoFormat>,
            NoRecovery,
            Recover<NoFormat>,
            WritesToo<ByErrorKind>,
            PerAddress<'_, NoFormat, FnClock, 4, Name, Told, CountWindow<64>>,
        ]);
    }
    #[cfg(feature = "retry")]
    {
        use halfopen::retry::*;
        type NoFormat = std::cell::Cell<fn()>;
        names.extend(loggable![
            Again<'_, NoFormat, NoFormat>,
            ByDefault,
            Classify<NoFormat, NoFormat>,
            GaveUp,
            Jitter,
            OnRetry<NoFormat, NoFormat>,
            RetryAfter<NoFormat, NoFormat>,
            RetryAsync<NoFormat, NoFormat, NoFormat>,
            RetryBudget,
            RetryError<u8, Name>,
            RetryIf<NoFormat, NoFormat>,
            RetryPolicy<NoFormat, NoFormat, NoFormat, NoFormat, NoFormat>,
            SystemSleeper,
        ]);
    }
    names
}

/// The types that are behind a feature which is off.
const LEFT_OUT: &[&[&str]] = &[
    #[cfg(not(feature = "hal"))]
    &["ByErrorKind", "EveryError", "Guarded", "NoRecovery", "PerAddress", "Recover", "WritesToo"],
    #[cfg(not(feature = "retry"))]
    &[
        "Again",
        "ByDefault",
        "Classify",
        "GaveUp",
        "Jitter",
        "OnRetry",
        "RetryAfter",
        "RetryAsync",
        "RetryBudget",
        "RetryError",
        "RetryIf",
        "RetryPolicy",
        "SystemSleeper",
    ],
    #[cfg(not(feature = "std"))]
    &["SystemClock"],
    #[cfg(not(feature = "embassy-time-v0_5"))]
    &["EmbassyClock"],
    #[cfg(not(any(feature = "fugit-v0_3", feature = "fugit-v0_6")))]
    &["FugitClock"],
];

/// The names of the `pub struct`s and `pub enum`s in a file that are not hidden from the docs.
fn public_types(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut hidden = false;
    for line in source.lines() {
        let Some(item) = line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum ")) else {
            // Attributes and docs stand right before their item.
            hidden = line == "#[doc(hidden)]" || hidden && (line.starts_with('#') || line.starts_with("//"));
            continue;
        };
        if !hidden {
            names.push(item.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned());
        }
        hidden = false;
    }
    names
}

/// What only a server has, whose logs are others.
const ON_A_SERVER: [&str; 5] = ["bin", "metrics", "redis", "registry", "tower"];

fn read_all(folder: &Path, read: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if ON_A_SERVER.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            read_all(&path, read);
        } else {
            read(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_public_type_of_the_crate_can_be_logged() {
    let mut public = BTreeSet::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |source| public.extend(public_types(source)));
    public.retain(|name| !LEFT_OUT.concat().contains(&&**name));
    let public: BTreeSet<_> = public.iter().map(String::as_str).collect();
    let loggable = all_loggable();
    let missing: Vec<_> = public.difference(&loggable).collect();
    assert!(missing.is_empty(), "give these `defmt::Format`, and add them above: {missing:?}");
    let gone: Vec<_> = loggable.difference(&public).collect();
    assert!(gone.is_empty(), "not found in the source, so the look at it is wrong: {gone:?}");
}

#[test]
fn a_public_type_is_found_and_a_hidden_one_is_not() {
    let source = "/// One.\n#[derive(Debug)]\npub struct One<T>(T);\n\n#[doc(hidden)]\n#[derive(Debug)]\npub enum Two {}\n\
                  pub(crate) struct Three;\n    pub struct Four;\npub enum Five {}\n";
    assert_eq!(public_types(source), ["One", "Five"]);
}
