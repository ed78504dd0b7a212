//! A circuit as it is stored, whoever has written it: `docs/fleet-protocol.md` says what each field means.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::reader::Reader;
use crate::circuit::CircuitState;
use crate::redis::wire::Order;
use crate::transition::Reason;

/// A circuit, at the time of the server that has it. A field that is missing, or makes no sense, counts as the script counts
/// it, and is told in [`odd`](Self::odd).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The number of the generation; 0 before the first transition.
    pub gen_no: u64,
    /// How long ago the latest transition was; `None` before the first one.
    pub generation_age: Option<Duration>,
    /// The state that is stored.
    pub state: CircuitState,
    /// How often in this generation the count has fallen.
    pub streak: u64,
    /// Failures that are counted.
    pub failures: u64,
    /// Probes that succeeded in this HALF_OPEN.
    pub successes: u64,
    /// What remains of an opening, zero if it is over and nobody has asked yet; `None`: it is not OPEN.
    pub remaining: Option<Duration>,
    /// How long ago the latest failure was.
    pub last_failure_age: Option<Duration>,
    /// How long ago the latest success was that was reported.
    pub last_success_age: Option<Duration>,
    /// Why the latest transition was; empty: not known.
    pub reason: String,
    /// What somebody has ordered.
    pub forced: Option<Order>,
    /// What he said.
    pub forced_reason: String,
    /// The failures of the streak, as instances reported them.
    pub reports: Vec<StoredReport>,
    /// How long ago those counted failures were of which `reports` says nothing.
    pub base_age: Option<Duration>,
    /// Probes that hold a place, by their tokens.
    pub probes: Vec<Probe>,
    /// Instances that have tripped by themselves.
    pub votes: Vec<StoredVote>,
    /// For how long there is no new probe, because those that ran were lost.
    pub quiet: Option<Duration>,
    /// How long ago the latest contact was while probes were out.
    pub touched_age: Option<Duration>,
    /// When Redis forgets it; `None`: never, or it does not let us ask.
    pub expires: Option<Duration>,
    /// What the script would not have written so, by the fields' names.
    pub odd: Vec<Odd>,
}

/// What an instance has reported of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredReport {
    /// Which report it is: the instance, and a number.
    pub id: String,
    /// How many failures there were.
    pub failures: u64,
    /// How long ago the latest of them was.
    pub age: Duration,
}

/// A probe that holds a place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// Which one.
    pub token: String,
    /// What remains of its lease; zero if it is over and nobody has taken the place yet.
    pub remaining: Duration,
    /// By how much the script has put its end off since its holder spoke.
    pub put_off: Duration,
    /// The script does not put it off: it is its last.
    pub last: bool,
}

/// An instance that has tripped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredVote {
    /// Which one.
    pub instance: String,
    /// For how long that holds.
    pub remaining: Duration,
}

/// A field that the script would not have written so: somebody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Odd {
    /// Its name.
    pub field: String,
    /// What it holds; empty if it is missing.
    pub value: String,
    /// What it counts as.
    pub counts: String,
}

/// More failures are not counted.
const MOST_FAILURES: u64 = 1_023;

impl Record {
    /// Reads the fields of a HASH at `now_us`, the server's time in microseconds.
    #[must_use]
    pub fn read(fields: &[(Vec<u8>, Vec<u8>)], expires_ms: Option<u64>, now_us: u64) -> Self {
        let by_name = fields.iter().map(|(field, value)| (String::from_utf8_lossy(field).into_owned(), &**value));
        let mut reader = Reader { fields: by_name.collect(), odd: Vec::new() };
        let now = now_us / 1_000;
        let version = reader.take("v");
        if version != Some(b"1") {
            reader.mark("v", version.unwrap_or_default(), "as written by hand, or by another version");
        }
        let gen_no = reader.number("gen").unwrap_or(0);
        let says = reader.word("state", state_of);
        let state = says.unwrap_or(CircuitState::Closed);
        let forced = reader.word("forced", order_of);
        let reason = match reader.take("reason") {
            None if gen_no > 0 => ordinary(state).as_str().to_string(),
            said => {
                let said = said.unwrap_or_default();
                let plain = said.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
                if !plain {
                    reader.mark("reason", said, "as none");
                }
                String::from_utf8_lossy(if plain { said } else { b"" }).into_owned()
            }
        };
        let failures = reader.number("failures").unwrap_or(0);
        if failures > MOST_FAILURES {
            reader.mark("failures", failures.to_string().as_bytes(), "as 1023");
        }
        let until = reader.number("open_until").unwrap_or(0);
        let ordered = forced.map(|order| if order == Order::Open { CircuitState::Open } else { CircuitState::Closed });
        if says.is_some() && ordered.is_some_and(|ordered| ordered != state) {
            reader.mark("state", state.as_str().as_bytes(), "for nothing while it is forced otherwise");
        }
        let ago = |then: Option<u64>| then.map(|then| Duration::from_millis(now.saturating_sub(then)));
        let ago_us = |then: Option<u64>| then.map(|then| Duration::from_micros(now_us.saturating_sub(then)));
        let left = |end: u64| Duration::from_millis(end.saturating_sub(now));
        let by_failures = reason == Reason::ConsecutiveFailures.as_str() || reason == Reason::ProbeFailed.as_str();
        let opened_at = (state == CircuitState::Open && by_failures && gen_no > 0).then_some(gen_no / 1_000);
        let failed_at = reader.number("failed_at").max(opened_at);
        let quiet = reader.take("quiet_until").and_then(|value| reader.ending("quiet_until", value).0);
        let quiet = quiet.filter(|until| *until > now).map(left);
        let mut record = Self {
            gen_no,
            generation_age: ago_us(Some(gen_no).filter(|gen_no| *gen_no > 0)),
            state,
            streak: reader.number("streak").unwrap_or(0),
            failures: failures.min(MOST_FAILURES),
            successes: reader.number("successes").unwrap_or(0),
            remaining: (state == CircuitState::Open && forced.is_none()).then(|| left(until)),
            last_failure_age: None,
            last_success_age: ago_us(reader.number("last_ok")),
            reason,
            forced,
            forced_reason: reader.text("forced_reason"),
            reports: Vec::new(),
            base_age: ago_us(reader.number("base_at")),
            probes: Vec::new(),
            votes: Vec::new(),
            quiet,
            touched_age: ago(reader.number("touched")),
            expires: expires_ms.map(Duration::from_millis),
            odd: Vec::new(),
        };
        for (field, value) in core::mem::take(&mut reader.fields) {
            if let Some(token) = field.strip_prefix("lease.") {
                let (end, put_off_ms) = reader.ending(&field, value);
                let (remaining, last) = (left(end.unwrap_or(0)), put_off_ms.is_none());
                let put_off = Duration::from_millis(put_off_ms.unwrap_or(0));
                record.probes.push(Probe { token: token.into(), remaining, put_off, last });
            } else if let Some(id) = field.strip_prefix("fail.") {
                let halves =
                    value.iter().position(|byte| *byte == b'*').map(|star| (&value[..star], &value[star + 1..]));
                let (at, failures) = halves.unwrap_or((value, b"1"));
                let at = reader.checked(&field, at, value);
                if let (Some(at), Some(failures)) = (at, at.and_then(|_| reader.checked(&field, failures, value))) {
                    let age = Duration::from_micros(now_us.saturating_sub(at));
                    record.reports.push(StoredReport { id: id.into(), failures, age });
                }
            } else if let Some(instance) = field.strip_prefix("vote.") {
                let end = reader.checked(&field, value, value).unwrap_or(0);
                record.votes.push(StoredVote { instance: instance.into(), remaining: left(end) });
            } else if !field.starts_with("ok.") {
                reader.mark(&field, value, "for nothing: there is no such field");
            }
        }
        let reported = record.reports.iter().map(|report| report.age).min().filter(|_| state == CircuitState::Closed);
        record.last_failure_age = ago(failed_at).into_iter().chain(reported).min();
        reader.odd.sort_by(|one, other| one.field.cmp(&other.field));
        record.odd = reader.odd;
        record
    }

    /// Probes whose leases are not over.
    #[must_use]
    pub fn probes_out(&self) -> usize {
        self.probes.iter().filter(|probe| !probe.remaining.is_zero()).count()
    }

    /// Votes that hold.
    #[must_use]
    pub fn votes_held(&self) -> usize {
        self.votes.iter().filter(|vote| !vote.remaining.is_zero()).count()
    }

    /// Whether nothing but time has passed between the two.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let gist = |record: &Self| {
            let tokens: Vec<String> = record.probes.iter().map(|probe| probe.token.clone()).collect();
            let voters: Vec<String> = record.votes.iter().map(|vote| vote.instance.clone()).collect();
            (record.gen_no, record.state, record.streak, record.failures, record.successes, tokens, voters)
        };
        let said =
            |record: &Self| (record.forced, record.forced_reason.clone(), record.reason.clone(), record.odd.clone());
        gist(self) == gist(other) && said(self) == said(other)
    }
}

/// Why a circuit is in the state, where nothing else is written.
const fn ordinary(state: CircuitState) -> Reason {
    match state {
        CircuitState::Closed => Reason::ProbesSucceeded,
        CircuitState::Open => Reason::ConsecutiveFailures,
        CircuitState::HalfOpen => Reason::RecoveryTimeout,
    }
}

fn state_of(text: &[u8]) -> Option<CircuitState> {
    let all = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen];
    all.into_iter().find(|state| state.as_str().as_bytes() == text)
}

fn order_of(text: &[u8]) -> Option<Order> {
    [Order::Open, Order::Closed].into_iter().find(|order| order.as_str().as_bytes() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_764_240_000_000;

    fn read(fields: &[(&str, &str)]) -> Record {
        let fields: Vec<_> =
            fields.iter().map(|(field, value)| (field.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
        Record::read(&fields, Some(5_000), NOW_MS * 1_000)
    }

    fn marks(record: &Record) -> Vec<(&str, &str, &str)> {
        record.odd.iter().map(|odd| (&*odd.field, &*odd.value, &*odd.counts)).collect()
    }

    #[test]
    fn what_the_script_wrote_is_read_and_nothing_is_odd() {
        let record = read(&[
            ("v", "1"),
            ("gen", "1764239999000000"),
            ("state", "open"),
            ("failures", "5"),
            ("open_until", "1764240029000"),
            ("failed_at", "1764239998000"),
            ("fail.a.1", "1764239998000000"),
            ("fail.b.7", "1764239999000000*4"),
            ("ok.a.0", "1"),
            ("lease.a.1", "1764240000700+"),
            ("lease.b.1", "1764239999999"),
            ("lease.c.1", "1764240000900+4000"),
            ("quiet_until", "1764240000600+3000"),
            ("vote.b", "1764240002000"),
            ("touched", "1764239999900"),
        ]);
        assert_eq!(marks(&record), []);
        assert_eq!((record.state, record.failures, record.forced), (CircuitState::Open, 5, None));
        assert_eq!(record.reason, "consecutive_failures", "the ordinary one is not written");
        assert_eq!(record.remaining, Some(Duration::from_secs(29)));
        assert_eq!(record.generation_age, Some(Duration::from_secs(1)));
        assert_eq!(record.last_failure_age, Some(Duration::from_secs(1)), "by which it opened");
        let reports: Vec<_> =
            record.reports.iter().map(|report| (&*report.id, report.failures, report.age.as_secs())).collect();
        assert_eq!(reports, [("a.1", 1, 2), ("b.7", 4, 1)]);
        assert_eq!((record.probes.len(), record.probes_out(), record.votes_held()), (3, 2, 1));
        let probes: Vec<_> = record.probes.iter().map(|one| (one.remaining, one.put_off, one.last)).collect();
        let ms = Duration::from_millis;
        assert_eq!(probes, [(ms(700), ms(0), true), (ms(0), ms(0), false), (ms(900), ms(4_000), false)]);
        assert_eq!(record.quiet, Some(ms(600)));
        assert_eq!(
            (record.touched_age, record.expires),
            (Some(Duration::from_millis(100)), Some(Duration::from_secs(5)))
        );
    }

    #[test]
    fn garbage_counts_as_the_script_counts_it_and_is_marked() {
        let record = read(&[
            ("v", "1"),
            ("gen", "abc"),
            ("state", "opne"),
            ("failures", "-7"),
            ("successes", "1e0"),
            ("forced", "yes"),
            ("reason", "because I say so"),
            ("lease.a", "soon"),
            ("lease.b", "1764240000900+long"),
            ("fail.a", "now"),
            ("fail.b", "7*many"),
            ("colour", "red"),
        ]);
        assert_eq!((record.gen_no, record.state, record.failures, record.successes), (0, CircuitState::Closed, 0, 1));
        assert_eq!((record.forced, record.probes_out(), record.reason.as_str()), (None, 0, ""));
        assert_eq!(
            marks(&record),
            [
                ("colour", "red", "for nothing: there is no such field"),
                ("fail.a", "now", "as missing"),
                ("fail.b", "7*many", "as missing"),
                ("failures", "-7", "as missing"),
                ("forced", "yes", "as missing"),
                ("gen", "abc", "as missing"),
                ("lease.a", "soon", "as missing"),
                ("lease.b", "1764240000900+long", "as missing"),
                ("reason", "because I say so", "as none"),
                ("state", "opne", "as missing"),
                ("successes", "1e0", "as 1"),
            ]
        );
    }

    #[test]
    fn an_order_by_hand_is_in_force_and_what_it_leaves_wrong_is_marked() {
        let record = read(&[("forced", "open"), ("open_until", "1764249999999")]);
        assert_eq!((record.forced, record.remaining), (Some(Order::Open), None));
        let fields: Vec<_> = marks(&record).into_iter().map(|(field, ..)| field).collect();
        assert_eq!(fields, ["v"]);
        let record = read(&[("v", "1"), ("state", "half_open"), ("forced", "closed")]);
        assert_eq!(marks(&record), [("state", "half_open", "for nothing while it is forced otherwise")]);
    }

    #[test]
    fn an_opening_that_is_over_has_nothing_left() {
        let record = read(&[("v", "1"), ("state", "open")]);
        assert_eq!(record.remaining, Some(Duration::ZERO));
    }

    #[test]
    fn the_latest_failure_is_told_of_by_the_field_that_has_it() {
        let age = |fields: &[(&str, &str)]| read(fields).last_failure_age.map(|age| age.as_millis());
        let opened = [("v", "1"), ("state", "open"), ("gen", "1764239999000000")];
        assert_eq!(age(&opened), Some(1_000));
        assert_eq!(age(&[&opened[..], &[("reason", "probe_failed")]].concat()), Some(1_000));
        assert_eq!(age(&[&opened[..], &[("reason", "tripped")]].concat()), None);
        assert_eq!(age(&[&opened[..], &[("failed_at", "1764239999800")]].concat()), Some(200));
        let counted = [("v", "1"), ("failures", "2"), ("fail.a", "1764239999100000"), ("fail.b", "1764239999300000")];
        assert_eq!(age(&counted), Some(700));
        assert_eq!(age(&counted[..2]), None);
    }

    #[test]
    fn time_alone_changes_nothing() {
        let fields = [("v", "1"), ("state", "half_open"), ("lease.a", "1764240000700")];
        let later = [("v", "1"), ("state", "half_open"), ("lease.a", "1764240001000"), ("touched", "1764240000000")];
        assert!(read(&fields).is_like(&read(&later)));
        assert!(!read(&fields).is_like(&read(&fields[..2])));
    }
}
