//! What both sides do to a window, and what must be true afterwards.

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;

use halfopen::machine::Event;
use halfopen::{CircuitState, Config, Outcome, Receipt};

use crate::circuit::Circuit;
use crate::found::Found;
use crate::model::Model;
use crate::moves::{self, churn, dawdle};
use crate::shared::{CALLS, Counter, Each, INTERRUPT, INTERRUPTS, READS, chance, side};
use crate::told::{self, Books, Opening};

/// Transitions of a round that either side can have told.
pub const ROOM: usize = 128;

#[derive(Clone, Copy, PartialEq)]
pub enum Window {
    /// The last ten calls, in one word.
    Ten,
    /// The last forty, in four words.
    Forty,
    /// Over time, in four buckets.
    Time,
    /// The last forty, and openings that grow.
    Adaptive,
}

impl Window {
    pub const ALL: [Self; 4] = [Self::Ten, Self::Forty, Self::Time, Self::Adaptive];

    pub const fn name(self) -> &'static str {
        ["ten", "forty", "time", "adaptive"][self as usize]
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Play {
    /// Outcomes of one kind in each round, by both: the window must hold exactly those.
    Fill,
    /// Successes, then failures until it opens: once, by exactly what was recorded.
    Tip,
    /// Everything that a circuit can do: every transition must be told, once, and lead on from the one before.
    Churn,
    /// Permits alone, two probes at a time: each one that fails and counts is one reopening.
    Reopen,
}

impl Play {
    pub const ALL: [Self; 4] = [Self::Fill, Self::Tip, Self::Churn, Self::Reopen];

    pub const fn name(self) -> &'static str {
        ["fill", "tip", "churn", "reopen"][self as usize]
    }
}

#[derive(Clone, Copy)]
pub struct Game {
    pub window: Window,
    pub play: Play,
}

/// What both record, how much of it, and until when they go on if that is later.
static FAILING: AtomicBool = AtomicBool::new(false);
static LIMIT: Counter = Counter::new(0);
static UNTIL: Counter = Counter::new(0);
static BEGAN: Counter = Counter::new(0);

static RECORDED: Each = Each::new();
static UNWANTED: Each = Each::new();
static FAILED: Each = Each::new();
static SUCCEEDED: Each = Each::new();
static UNDERWAY: Counter = Counter::new(0);
static CONTENDED: Counter = Counter::new(0);

impl Game {
    /// So many interrupts make a game: two sides seldom tip a long window at the same time.
    pub const fn interrupts(self) -> u32 {
        if matches!(self.play, Play::Tip) && self.size() == 40 { 16_000 } else { 4_000 }
    }

    /// Calls of the window, or those that the one over time must hold before it opens.
    pub const fn size(self) -> u32 {
        [10, 40, 20, 40][self.window as usize]
    }

    /// How far the window over time reaches, and how much of that one bucket is.
    pub const fn reach(self) -> u32 {
        if matches!(self.play, Play::Tip) { 48 } else { 16 }
    }

    pub const fn bucket(self) -> u32 {
        self.reach() / 4
    }

    const fn minimum_calls(self) -> u32 {
        match (self.play, self.window) {
            (Play::Fill, Window::Time) => 65_535,
            (Play::Fill | Play::Tip, _) => self.size(),
            (Play::Churn, _) => 4,
            (Play::Reopen, _) => 2,
        }
    }

    const fn rate(self) -> u32 {
        if matches!(self.play, Play::Fill) { 100 } else { 50 }
    }

    const fn recovery_timeout(self) -> u32 {
        [1_000_000, 1_000_000, 2, 1][self.play as usize]
    }

    /// A tick of the clock is an interrupt.
    pub const fn config(self) -> Config {
        let config = Config::new()
            .failure_rate_threshold(self.rate())
            .minimum_calls(self.minimum_calls())
            .success_threshold(2)
            .half_open_max_calls(if matches!(self.play, Play::Reopen) { 2 } else { 1 })
            .recovery_timeout(Duration::from_millis(self.recovery_timeout() as u64))
            .probe_timeout(Duration::from_millis(1_000_000));
        match self.window {
            Window::Ten | Window::Forty => config,
            Window::Time => config.sliding_window(Duration::from_millis(self.reach() as u64)),
            Window::Adaptive => config
                .recovery_multiplier_percent(200)
                .max_recovery_timeout(Duration::from_millis(8 * self.recovery_timeout() as u64)),
        }
    }

    pub const fn has_leases(self) -> bool {
        false
    }

    /// For how long it is OPEN after so many reopenings.
    pub fn open_for(self, reopenings: u32) -> u32 {
        let doubled = if self.window == Window::Adaptive { reopenings.min(3) } else { 0 };
        self.recovery_timeout() << doubled
    }

    /// Whether the rule may have opened the circuit by these counts.
    pub fn may_open(self, opening: Opening) -> bool {
        let Opening { count, calls, failures, .. } = opening;
        let most = if self.window == Window::Time { u32::MAX } else { self.size() };
        let enough = failures * 100 >= self.rate() * calls;
        count == failures && failures <= calls && (self.minimum_calls()..=most).contains(&calls) && enough
    }

    /// Does one thing to `circuit`, as the task or as the interrupt.
    pub fn play(self, circuit: &dyn Circuit) {
        match self.play {
            Play::Fill | Play::Tip => record(circuit),
            Play::Churn => churn(circuit, false),
            // Or it would always be the first to ask when a timeout ends.
            Play::Reopen if side() == INTERRUPT && chance() & 3 != 0 => {}
            Play::Reopen => probe(circuit),
        }
    }

    /// Before a round.
    pub fn begin(self, circuit: &dyn Circuit, model: &mut Model) {
        for counter in [&RECORDED, &UNWANTED, &FAILED, &SUCCEEDED, &CALLS, &READS] {
            counter.clear();
        }
        CONTENDED.set(0);
        moves::forget();
        BEGAN.set(INTERRUPTS.get());
        match self.play {
            Play::Fill => self.begin_to_fill(circuit, model),
            Play::Tip => self.begin_to_tip(circuit, model),
            Play::Churn | Play::Reopen => {}
        }
    }

    fn begin_to_fill(self, circuit: &dyn Circuit, model: &mut Model) {
        let chance = chance();
        match chance >> 4 & 15 {
            0 => empty(circuit, model),
            // The window goes on in another generation.
            1 => circuit.command(Event::Shadow),
            _ if model.is_full() => empty(circuit, model),
            _ => {}
        }
        let (_, held) = model.failures(INTERRUPTS.get());
        // One more may come while the round ends, and one success must stay.
        let room = if self.window == Window::Time { 20 } else { (self.size() - 2).saturating_sub(held) };
        let failing = chance & 8 == 0 && room > 0;
        let most = if failing { room } else { 2 * self.size() };
        FAILING.store(failing, SeqCst);
        LIMIT.set(1 + (chance >> 8) % most);
        let rests = self.window == Window::Time && chance & 7 == 0;
        UNTIL.set(INTERRUPTS.get() + if rests { (chance >> 16) % (2 * self.reach()) } else { 0 });
    }

    fn begin_to_tip(self, circuit: &dyn Circuit, model: &mut Model) {
        FAILING.store(model.successes.is_some(), SeqCst);
        LIMIT.set(u32::MAX);
        if model.successes.is_none() {
            circuit.command(Event::Reset);
            // At most half of the window, one more included that may come while the round ends.
            LIMIT.set(chance() % (self.size() / 2));
        }
    }

    /// The round is full.
    pub fn is_full(self) -> bool {
        match self.play {
            Play::Fill => RECORDED.sum() >= LIMIT.get() && INTERRUPTS.get() >= UNTIL.get(),
            Play::Tip if FAILING.load(SeqCst) => told::count() > 0,
            Play::Tip => RECORDED.sum() >= LIMIT.get(),
            Play::Churn => false,
            Play::Reopen => told::count() >= 12,
        }
    }

    /// After a round, while the interrupt rests.
    pub fn end(self, circuit: &dyn Circuit, books: &Books, model: &mut Model, found: &mut Found) {
        let (began, now) = (BEGAN.get(), INTERRUPTS.get());
        found.recorded += RECORDED.sum();
        found.openings += u32::from(self.play == Play::Tip && books.opening.is_some());
        found.reopened += books.reopened;
        found.contended += CONTENDED.get();
        match self.play {
            Play::Fill => {
                model.push(FAILING.load(SeqCst), RECORDED.sum(), began, now);
                let ((least, most), counted) = (model.failures(now), u32::from(circuit.failure_count()));
                found.exact += u32::from(least == most);
                found.wrong_if(counted < least, "fewer failures in the window than were recorded");
                found.wrong_if(counted > most, "more failures in the window than were recorded");
                found.wrong_if(UNWANTED.sum() > 0, "an outcome that a CLOSED circuit did not want");
                found.wrong_if(circuit.state() != CircuitState::Closed, "opened by less than its threshold");
            }
            Play::Tip => match model.successes.take() {
                None => {
                    model.successes = Some((RECORDED.sum(), began));
                    found.wrong_if(circuit.failure_count() > 0, "failures in a window of successes");
                    found.wrong_if(UNWANTED.sum() > 0, "an outcome that a CLOSED circuit did not want");
                }
                Some((successes, since)) => {
                    found.wrong_if(books.told != 1, "not one opening");
                    let counted = u32::from(circuit.failure_count());
                    match books.opening {
                        // Nothing is out of the window yet.
                        Some(opening) if self.window != Window::Time || now - since < self.reach() - self.bucket() => {
                            found.wrong_if(counted != opening.failures, "not as many failures kept as opened it");
                            self.tipped(successes, opening, found);
                        }
                        Some(_) => {}
                        None => found.wrong_if(true, "not opened by the rule"),
                    }
                }
            },
            Play::Churn => {}
            Play::Reopen => {
                found.wrong_if(FAILED.sum() != books.reopened, "not as many reopenings as probes that failed");
                model.succeeded += SUCCEEDED.sum();
                model.closed += books.closed;
                model.reopened += books.reopened;
                // What ends by a failure has had one success at most, and so has what goes on.
                let least = 2 * model.closed;
                let possible = least..=least + model.reopened + 1;
                found.wrong_if(!possible.contains(&model.succeeded), "not two probes that succeeded for each closing");
            }
        }
    }

    /// Whether the window opened by all that was recorded and nothing else.
    fn tipped(self, successes: u32, opening: Opening, found: &mut Found) {
        // The last of these tips the window. The other side may put one more into it before that opens it, and where a
        // failure is counted in two steps, one that goes by while the first of them alone is done.
        let need = self.size() - successes;
        let over_time = self.window == Window::Time;
        let most = if over_time { need + 2 } else { need + 1 };
        let held = |failures: u32| match over_time {
            true => (successes + failures, failures),
            false => (self.size(), failures.min(self.size())),
        };
        let seen = (opening.calls, opening.failures);
        let whole = (need..=most).any(|failures| RECORDED.sum() == failures && seen == held(failures));
        // The one that the interrupt found the task at: it came too late, or was half counted.
        let late = (need..=most).any(|failures| RECORDED.sum() == failures + 1 && seen == held(failures));
        let half = (need..=most).any(|failures| {
            let (calls, failures_held) = held(failures);
            over_time && RECORDED.sum() == failures && seen == (calls, failures_held - 1)
        });
        let plain = whole && RECORDED.sum() == need;
        let raced = whole || opening.by_interrupt && (late || half);
        found.exact += 1;
        found.raced += u32::from(raced && !plain);
        found.wrong_if(!plain && !raced, "opened by other counts than were recorded");
    }
}

fn empty(circuit: &dyn Circuit, model: &mut Model) {
    circuit.command(Event::Reset);
    model.clear();
}

fn record(circuit: &dyn Circuit) {
    if RECORDED.sum() >= LIMIT.get() {
        return;
    }
    let outcome = if FAILING.load(SeqCst) { Outcome::Failure } else { Outcome::Success };
    let receipt = if chance() & 1 == 0 {
        Some(circuit.record(outcome))
    } else {
        circuit.attempt(outcome, &mut |_| dawdle(false))
    };
    let counter = if receipt == Some(Receipt::Recorded) { &RECORDED } else { &UNWANTED };
    counter.mine().add_one();
}

fn probe(circuit: &dyn Circuit) {
    let failed = chance() & 7 < 5;
    let outcome = if failed { Outcome::Failure } else { Outcome::Success };
    let interrupt = side() == INTERRUPT;
    let mut is_probe = false;
    let receipt = circuit.attempt(outcome, &mut |ticket| {
        is_probe = ticket.is_probe();
        if is_probe && interrupt && UNDERWAY.get() == 1 {
            CONTENDED.add_one();
        }
        if is_probe && !interrupt {
            UNDERWAY.set(1);
            dawdle(chance() & 3 == 0);
            UNDERWAY.set(0);
        }
    });
    if is_probe && receipt == Some(Receipt::Recorded) {
        if failed { FAILED.mine().add_one() } else { SUCCEEDED.mine().add_one() }
    }
}
