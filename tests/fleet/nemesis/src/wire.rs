//! What a worker, the dependency and the command say to each other.

use std::collections::BTreeMap;
use std::str::FromStr;

/// By what right a worker calls the dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Right {
    /// The circuit is CLOSED, as far as it knows.
    Plain = 0,
    /// A probe of the fleet.
    Probe = 1,
    /// A probe of its own, because Redis is away.
    Alone = 2,
}

impl Right {
    /// From its byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Plain,
            1 => Self::Probe,
            _ => Self::Alone,
        }
    }
}

/// A thing that a worker does wrong on purpose, which a scenario has to notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    #[default]
    None,
    /// A request that is refused in HALF_OPEN is made as a probe.
    Probe,
    /// One refused request of twenty is made.
    Ignore,
    /// While Redis is away everything is refused.
    Refuse,
    /// Each call asks Redis something, and waits for the answer.
    Wait,
    /// Whatever Redis says, the worker goes on with a circuit that has its own key.
    Apart,
}

impl Sabotage {
    const ALL: [(Self, &str); 6] = [
        (Self::None, "none"),
        (Self::Probe, "probe"),
        (Self::Ignore, "ignore"),
        (Self::Refuse, "refuse"),
        (Self::Wait, "wait"),
        (Self::Apart, "apart"),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(sabotage, _)| *sabotage == self).map_or("none", |(_, word)| word)
    }
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its number, which no other of the scenario has.
    pub id: u32,
    /// Where its Redis is.
    pub url: String,
    /// Where the dependency is.
    pub socket: String,
    /// The operation's name, as the text of its bytes in hexadecimal digits.
    pub name: String,
    /// Which text of the script: see `script.rs`.
    pub script: String,
    /// The network namespace that it runs in; empty: none of its own.
    pub netns: String,
    /// What it does wrong.
    pub sabotage: Sabotage,
    /// Threads that call.
    pub threads: u32,
    /// Pause between calls of a thread, in milliseconds.
    pub pace_ms: u64,
    /// `failure_threshold`.
    pub threshold: u32,
    /// `half_open_max_calls`.
    pub places: u32,
    /// `recovery_timeout`, in milliseconds.
    pub recovery_ms: u64,
    /// The lease of a probe, in milliseconds.
    pub lease_ms: u64,
}

impl Setup {
    /// What scenarios begin with.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            id: 0,
            url: url.into(),
            socket: String::new(),
            name: hex(b"s3_upload"),
            script: "plain".into(),
            netns: String::new(),
            sabotage: Sabotage::None,
            threads: 2,
            pace_ms: 8,
            threshold: 5,
            places: 2,
            recovery_ms: 600,
            lease_ms: 600,
        }
    }

    /// As arguments of a command.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<String> {
        vec![
            format!("id={}", self.id),
            format!("url={}", self.url),
            format!("socket={}", self.socket),
            format!("name={}", self.name),
            format!("script={}", self.script),
            format!("sabotage={}", self.sabotage.word()),
            format!("threads={}", self.threads),
            format!("pace_ms={}", self.pace_ms),
            format!("threshold={}", self.threshold),
            format!("places={}", self.places),
            format!("recovery_ms={}", self.recovery_ms),
            format!("lease_ms={}", self.lease_ms),
        ]
    }

    /// From them.
    ///
    /// # Panics
    ///
    /// One is missing or makes no sense: nobody but this crate writes them.
    #[must_use]
    pub fn from_arguments(arguments: &[String]) -> Self {
        let all: BTreeMap<&str, &str> = arguments.iter().filter_map(|argument| argument.split_once('=')).collect();
        let word = |key: &str| all.get(key).unwrap_or_else(|| panic!("no {key}")).to_string();
        Self {
            id: number(&word("id")),
            url: word("url"),
            socket: word("socket"),
            name: word("name"),
            script: word("script"),
            netns: String::new(),
            sabotage: Sabotage::ALL.iter().find(|(_, text)| *text == word("sabotage")).expect("a sabotage").0,
            threads: number(&word("threads")),
            pace_ms: number(&word("pace_ms")),
            threshold: number(&word("threshold")),
            places: number(&word("places")),
            recovery_ms: number(&word("recovery_ms")),
            lease_ms: number(&word("lease_ms")),
        }
    }
}

/// What a worker has seen so far. Times are in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Calls that were let through.
    pub calls: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Panics in the library.
    pub panics: u64,
    /// Probes whose permit said that it had expired.
    pub expired: u64,
    /// The longest time that a call was blocked in the library which must not wait for anything.
    pub waited_us: u64,
    /// The same of calls that may have been probes.
    pub probe_waited_us: u64,
    /// The longest time in the library at all, by the clock: on a busy machine that is mostly the scheduler.
    pub longest_us: u64,
    /// Changes of state.
    pub transitions: u64,
    /// `C`, `O` or `H`.
    pub state: String,
    /// Redis is away, as far as it knows.
    pub alone: bool,
    /// Failures counted.
    pub failures: u64,
    /// Resident memory, in KiB.
    pub memory_kb: u64,
    /// How many reports there were.
    pub lines: u64,
}

impl Report {
    /// As a line.
    #[must_use]
    pub fn to_line(&self) -> String {
        format!(
            "r {} {} {} {} {} {} {} {} {} {} {} {}",
            self.calls,
            self.refused,
            self.panics,
            self.expired,
            self.waited_us,
            self.probe_waited_us,
            self.longest_us,
            self.transitions,
            self.state,
            u8::from(self.alone),
            self.failures,
            self.memory_kb
        )
    }

    /// Takes over a line; whether it was one.
    pub fn read(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let [
            "r",
            calls,
            refused,
            panics,
            expired,
            waited,
            probe_waited,
            longest,
            transitions,
            state,
            alone,
            failures,
            memory,
        ] = words[..]
        else {
            return false;
        };
        *self = Self {
            calls: number(calls),
            refused: number(refused),
            panics: number(panics),
            expired: number(expired),
            waited_us: number(waited),
            probe_waited_us: number(probe_waited),
            longest_us: number(longest),
            transitions: number(transitions),
            state: state.into(),
            alone: alone == "1",
            failures: number(failures),
            memory_kb: number(memory),
            lines: self.lines + 1,
        };
        true
    }

    /// Adds what another worker has seen.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.refused += other.refused;
        self.panics += other.panics;
        self.expired += other.expired;
        self.waited_us = self.waited_us.max(other.waited_us);
        self.probe_waited_us = self.probe_waited_us.max(other.probe_waited_us);
        self.longest_us = self.longest_us.max(other.longest_us);
        self.transitions += other.transitions;
        self.memory_kb = self.memory_kb.max(other.memory_kb);
    }
}

/// The bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of which these are the bytes.
///
/// # Panics
///
/// It is none.
#[must_use]
pub fn unhex(digits: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    String::from_utf8((0..digits.len()).step_by(2).map(byte).collect()).expect("UTF-8")
}

fn number<T: FromStr>(word: &str) -> T {
    word.parse().ok().unwrap_or_else(|| panic!("not a number: {word}"))
}
