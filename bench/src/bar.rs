//! What was promised of a time, as a ratio of two figures of the same run.

use crate::Measured;
use crate::candidate::{Candidate, Side, Window};
use crate::lookup::{MANY, REGISTRY};
use crate::reference::{ADD, CLOCK, CLOCK_AND_ADDS, INSTANT, INSTANT_AND_ADDS, LOADS, SERVICE};
use crate::rounds::Row;
use crate::subjects::names::{BARE, CONSECUTIVE_SERVICE, COUNT, COUNTED, FUTURES, KEYED, LAYER, PERMITS, TIME};
use crate::table::{nanos, table};

/// How many threads.
#[derive(Clone, Copy)]
enum Threads {
    One,
    Two,
}

/// A time with the name of what takes it.
struct Figure {
    name: String,
    time: Option<f64>,
}

enum Limit {
    /// The first takes at most so many times as long as the second.
    AtMost(f64),
    /// The second takes at least so many times as long as the first.
    Faster(f64),
    /// The first takes at most so many nanoseconds more than the second.
    Over(f64),
    /// Only to be seen, the first against the second.
    None,
}

/// Two figures of one run, and how far apart they may or must be.
struct Bar(Figure, Figure, Limit);

/// The bars as a table.
pub(crate) fn bars(measured: &Measured) -> String {
    let all = consecutive(measured).into_iter().chain(windows(measured)).chain(services(measured));
    let lines: Vec<_> = all.map(Bar::into_line).collect();
    table(["what", "ns", "compared with", "ns", "ratio", "bar", ""], &[2, 5, 6], &lines)
}

fn consecutive(measured: &Measured) -> Vec<Bar> {
    use Limit::{AtMost, Faster, None, Over};
    use Threads::{One, Two};
    let [bare, permits, futures, counted, service] =
        [BARE, PERMITS, FUTURES, COUNTED, CONSECUTIVE_SERVICE].map(|it| measured.candidate(it));
    let reference = |name| figure(name, &measured.reference(name).row, One);
    let peer = |threads| fastest(measured, "peer", threads, |_| true);

    let closed = "closed: allow_request + record_success";
    let two = "the same, per thread of 2";
    let between = Figure { name: "the same from 1 thread".to_owned(), time: bare.closed.together.map(|it| it.one) };
    vec![
        Bar(figure(closed, &bare.closed, One), reference(LOADS), AtMost(1.5)),
        Bar(figure(two, &bare.closed, Two), between, AtMost(1.1)),
        Bar(figure(closed, &bare.closed, One), peer(One), Faster(20.0)),
        Bar(figure(two, &bare.closed, Two), peer(Two), Faster(100.0)),
        Bar(figure("closed: try_acquire + success", &permits.closed, One), peer(One), Faster(20.0)),
        Bar(figure(two, &permits.closed, Two), peer(Two), Faster(100.0)),
        Bar(
            figure("closed: the same, counted in metrics", &counted.closed, One),
            figure("not counted", &permits.closed, One),
            Over(30.0),
        ),
        Bar(
            figure("closed: call_async", &futures.closed, One),
            figure(CONSECUTIVE_SERVICE, &service.closed, One),
            None,
        ),
        Bar(figure("refused: allow_request", &bare.refused, One), reference(INSTANT), AtMost(1.3)),
        Bar(figure("the same", &bare.refused, One), reference(CLOCK), None),
        Bar(figure("refused: try_acquire, with its error", &permits.refused, One), reference(INSTANT), AtMost(1.3)),
        Bar(figure("the same", &permits.refused, One), reference(CLOCK), None),
    ]
}

fn windows(measured: &Measured) -> Vec<Bar> {
    use Limit::{AtMost, Faster, None};
    use Threads::{One, Two};
    let [count, time] = [COUNT, TIME].map(|it| measured.candidate(it));
    let reference = |name| figure(name, &measured.reference(name).row, One);
    let peer = |threads| fastest(measured, "peer's window", threads, |it| it.facts.window != Window::None);
    let times = measured.growth(TIME).times;
    let few = Figure { name: "the same, after 10".to_owned(), time: times[0] };
    let many = Figure { name: "closed: time window, after 1,000,000 calls".to_owned(), time: times[times.len() - 1] };
    vec![
        Bar(figure("closed: count window 64", &count.closed, One), reference(ADD), AtMost(1.5)),
        Bar(figure("the same", &count.closed, One), peer(One), Faster(1.0)),
        Bar(figure("the same, per thread of 2", &count.closed, Two), peer(Two), Faster(1.0)),
        Bar(figure("closed: time window", &time.closed, One), reference(CLOCK_AND_ADDS), AtMost(1.0)),
        Bar(figure("the same", &time.closed, One), reference(INSTANT_AND_ADDS), None),
        Bar(many, few, AtMost(1.1)),
    ]
}

fn services(measured: &Measured) -> Vec<Bar> {
    use Limit::{None, Over};
    use Threads::{One, Two};
    let [layer, keyed, peer] = [LAYER, KEYED, CONSECUTIVE_SERVICE].map(|it| measured.candidate(it));
    let alone = |threads| figure(SERVICE, &measured.reference(SERVICE).row, threads);
    let registry = measured.lookups.iter().find(|it| it.way == REGISTRY && it.circuits == MANY);
    let registry = &registry.expect("bars are about look-ups of the table").row;
    let nothing = Figure { name: "nothing".to_owned(), time: Some(0.0) };
    vec![
        Bar(figure("closed: tower layer", &layer.closed, One), alone(One), Over(60.0)),
        Bar(figure("the same, per thread of 2", &layer.closed, Two), alone(Two), None),
        Bar(figure("closed: tower layer by a key", &keyed.closed, One), alone(One), None),
        Bar(figure(CONSECUTIVE_SERVICE, &peer.closed, One), alone(One), None),
        Bar(figure("one of 10,000 in a registry", registry, One), nothing, Over(50.0)),
    ]
}

fn figure(name: &str, row: &Row, threads: Threads) -> Figure {
    let time = match threads {
        Threads::One => Some(row.alone),
        Threads::Two => row.together.map(|times| times.two),
    };
    Figure { name: name.to_owned(), time }
}

/// The fastest peer of those that threads can share, and that are `which`.
fn fastest(measured: &Measured, word: &str, threads: Threads, which: impl Fn(&Candidate) -> bool) -> Figure {
    let is_peer = |it: &&Candidate| it.facts.side == Side::Peer && it.closed.two.is_ok() && which(it);
    let peers = measured.candidates.iter().filter(is_peer);
    let figures = peers.map(|peer| figure(&format!("the fastest {word}, {}", peer.facts.name), &peer.closed, threads));
    let fastest = figures.filter_map(|it| it.time.map(|time| (time, it))).min_by(|a, b| a.0.total_cmp(&b.0));
    fastest.map_or_else(|| Figure { name: format!("the fastest {word}"), time: None }, |(_, figure)| figure)
}

impl Bar {
    fn into_line(self) -> [String; 7] {
        let Self(figure, other, limit) = self;
        let both = figure.time.zip(other.time);
        let longer = both.map(|(time, other)| time / other);
        let faster = longer.map(f64::recip);
        let more = both.map(|(time, other)| time - other);
        let (ratio, bar, within) = match limit {
            Limit::Over(most) => (longer, format!("at most {most} ns more"), more.map(|it| it <= most)),
            Limit::AtMost(most) => (longer, format!("at most {most}"), longer.map(|it| it <= most)),
            Limit::Faster(least) => (faster, format!("at least {least}"), faster.map(|it| it >= least)),
            Limit::None => (longer, "-".to_owned(), None),
        };
        let verdict = match within {
            Some(true) => "within",
            Some(false) => "over",
            None if both.is_none() => "not measured",
            None => "-",
        };
        let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        [figure.name, nanos(figure.time), other.name, nanos(other.time), ratio, bar, verdict.to_owned()]
    }
}
