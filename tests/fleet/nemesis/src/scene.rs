//! One scenario on its way: a dependency, workers, and what has gone wrong so far.

use std::thread;
use std::time::{Duration, Instant};

use crate::dependency::{Dependency, Health};
use crate::process::Process;
use crate::wire::{Report, Sabotage, Setup};

/// How long a call that must not wait may have been blocked: on a lock whose owner the scheduler has put aside.
const PATIENCE_US: u64 = 40_000;
/// `probe_wait`, the longest time that a would-be probe waits.
const PROBE_WAIT_US: u64 = 50_000;
/// How long a control goes on at most until probes meet, which takes chance.
const CHANCE: Duration = Duration::from_secs(60);

/// How a run is to go.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The full one.
    pub long: bool,
    /// What workers do wrong.
    pub sabotage: Sabotage,
    /// Another text of the script for all of them.
    pub script: &'static str,
    /// By what word a mistake must be found wrong, in a control.
    pub awaited: Option<&'static str>,
    /// How long a history is.
    pub history: Duration,
}

impl Plan {
    /// Workers of a scenario.
    #[must_use]
    pub fn processes(&self) -> usize {
        if self.long { 8 } else { 4 }
    }

    /// How long a phase lasts.
    #[must_use]
    pub fn phase(&self) -> Duration {
        Duration::from_millis(if self.long { 6_000 } else { 2_500 })
    }
}

/// What came of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Processes at once.
    pub processes: usize,
    /// What workers have seen in all.
    pub sum: Report,
    /// The most probes of the fleet at once.
    pub most_probes: usize,
    /// Probes of the fleet that were too many when they began.
    pub excesses: u64,
    /// Failures and refusals that are the library's or Redis's fault.
    pub faults: u64,
    /// What is wrong. Each begins with a word by which a control knows it.
    pub wrong: Vec<String>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// A scenario on its way.
pub struct Scene {
    /// What workers call.
    pub dependency: Dependency,
    /// Those that run.
    pub workers: Vec<Process>,
    /// What the next one starts with.
    pub setup: Setup,
    /// How many probes are allowed at once.
    pub bound: usize,
    /// How long a probe takes at most while the dependency is sick, in milliseconds.
    pub probe_ms: u64,
    /// A phase lasts for as many faults at least.
    pub least_turns: u32,
    sick: bool,
    plan: Plan,
    next_id: u32,
    row: Row,
    refused_before: u64,
}

impl Scene {
    /// With so many workers on that Redis, each of which has reported.
    #[must_use]
    pub fn new(plan: &Plan, processes: usize, setup: Setup) -> Self {
        let places = setup.places as usize;
        let dependency = Dependency::new(places);
        let mut setup = Setup { socket: dependency.socket(), sabotage: plan.sabotage, ..setup };
        if plan.script != "plain" {
            setup.script = plan.script.into();
        }
        let row = Row { processes, ..Row::default() };
        let (workers, plan) = (Vec::new(), *plan);
        let mut scene = Self {
            dependency,
            workers,
            setup,
            bound: places,
            probe_ms: 700,
            least_turns: 0,
            sick: false,
            plan,
            next_id: 0,
            row,
            refused_before: 0,
        };
        for _ in 0..processes {
            scene.start_worker();
        }
        scene.until("starts", Duration::from_secs(10), |scene| scene.reports().iter().all(|report| report.lines > 1));
        assert!(scene.row.wrong.is_empty(), "workers do not start: see above");
        scene
    }

    /// Another worker.
    ///
    /// # Panics
    ///
    /// The operating system refuses.
    pub fn start_worker(&mut self) {
        self.setup.id = self.next_id;
        self.next_id += 1;
        self.workers.push(Process::start(&self.setup).expect("a process"));
    }

    /// Kills a worker, and starts another one in its place.
    pub fn replace_worker(&mut self, at: usize) {
        let report = self.workers.remove(at).kill();
        self.row.sum.add(&report);
        self.start_worker();
    }

    /// The same with one whose probe the dependency does not have.
    pub fn replace_idle_worker(&mut self) {
        let probing = self.dependency.probing();
        let idle = self.workers.iter().position(|worker| !probing.contains(&worker.id()));
        self.replace_worker(idle.unwrap_or(0));
    }

    /// The place of a worker whose probe the dependency has at the moment.
    #[must_use]
    pub fn prober(&self) -> Option<usize> {
        let id = *self.dependency.probing().first()?;
        self.workers.iter().position(|worker| worker.id() == id)
    }

    /// While the dependency is sick, waits for a probe: at most 1.5 s.
    pub fn await_prober(&self) {
        for _ in 0..75 {
            if !self.sick || self.prober().is_some() {
                return;
            }
            pause(20);
        }
    }

    /// What is wrong.
    pub fn wrong(&mut self, word: &str, text: &str) {
        self.row.wrong.push(format!("{word}: {text}"));
    }

    /// What has to be so.
    pub fn check(&mut self, so: bool, word: &str, text: &str) {
        if !so {
            self.wrong(word, text);
        }
    }

    /// What there is to say beside that.
    pub fn note(&mut self, text: impl Into<String>) {
        self.row.notes.push(text.into());
    }

    /// Their latest reports.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.workers.iter().map(Process::report).collect()
    }

    /// Waits until something is so; how long that took. If it is not in time, that is wrong.
    pub fn until(&mut self, word: &str, limit: Duration, so: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !so(self) {
            if start.elapsed() > limit {
                let states: Vec<String> = self
                    .reports()
                    .iter()
                    .map(|report| format!("{}{}{}", report.state, if report.alone { "a" } else { "" }, report.failures))
                    .collect();
                self.wrong(word, &format!("not within {limit:?}: {}", states.join(" ")));
                self.show_lines();
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        start.elapsed()
    }

    /// Waits until what was before is in all reports.
    pub fn settle(&mut self) {
        let before: Vec<(u32, u64)> = self.workers.iter().map(|worker| (worker.id(), worker.report().lines)).collect();
        self.until("reports", Duration::from_secs(5), |scene| {
            let seen = |id| before.iter().find(|(other, _)| *other == id).map_or(0, |(_, lines)| *lines);
            scene.workers.iter().all(|worker| worker.report().lines > seen(worker.id()) + 1)
        });
    }

    /// With `NEMESIS_LOG`, the latest transitions of all workers.
    fn show_lines(&self) {
        if std::env::var_os("NEMESIS_LOG").is_some() {
            for worker in &self.workers {
                eprintln!("worker {}:\n  {}", worker.id(), worker.lines().join("\n  "));
            }
        }
    }

    fn refused(&self) -> u64 {
        self.row.sum.refused + self.reports().iter().map(|report| report.refused).sum::<u64>()
    }

    /// A phase in which the dependency is well, but for one call of 32, and nothing may be refused. What happens in it is done
    /// again and again.
    pub fn well(&mut self, fault: &mut dyn FnMut(&mut Self, u32)) {
        self.dependency.set(Health::Well(32));
        self.settle();
        self.refused_before = self.refused();
        self.dependency.mark();
        self.repeat(fault);
        self.settle();
        self.none_refused();
        let seen = self.dependency.seen();
        self.check(seen.failed > 5, "vacuous", &format!("{} failures while well", seen.failed));
    }

    /// The same for so long, in which nothing happens and nothing fails.
    pub fn well_for(&mut self, time: Duration) {
        self.settle();
        self.refused_before = self.refused();
        thread::sleep(time);
        self.settle();
        self.none_refused();
    }

    /// How much is wrong so far.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.row.wrong.len()
    }

    fn none_refused(&mut self) {
        let refused = self.refused() - self.refused_before;
        self.row.faults += refused;
        if refused > 0 {
            self.show_lines();
        }
        self.check(refused == 0, "refused", &format!("{refused} calls while the dependency was well"));
    }

    /// A phase in which it is sick: everybody refuses at last, and from then on nobody calls but to probe.
    pub fn sick(&mut self, fault: &mut dyn FnMut(&mut Self, u32)) {
        self.fall_sick();
        self.repeat(fault);
        self.stay_refused();
    }

    /// Everybody refuses.
    pub fn fall_sick(&mut self) {
        self.dependency.set(Health::Sick(self.probe_ms));
        self.sick = true;
        let took = self
            .until("opens", Duration::from_secs(5), |scene| scene.reports().iter().all(|report| report.state != "C"));
        self.note(format!("all refuse {} ms after the outage begins", took.as_millis()));
        self.settle();
        self.dependency.mark();
    }

    /// Nobody has called meanwhile but to probe.
    pub fn stay_refused(&mut self) {
        let seen = self.dependency.seen();
        let text = format!("{} calls that were no probes while the circuit was OPEN", seen.plain);
        self.check(seen.plain == 0, "let through", &text);
        self.check(seen.probes + seen.alone >= 2, "vacuous", &format!("{} probes", seen.probes + seen.alone));
        self.note(format!("{} probes of the fleet, {} of instances that were alone", seen.probes, seen.alone));
    }

    /// It is well again: everybody lets everything through, within a recovery time and what the fleet needs to find Redis.
    pub fn recover(&mut self) {
        self.dependency.set(Health::Well(0));
        self.sick = false;
        let took = self.until("closes", Duration::from_secs(8), |scene| {
            scene.reports().iter().all(|report| report.state == "C" && !report.alone && report.failures == 0)
        });
        self.note(format!("agreed and CLOSED {} ms after it ends", took.as_millis()));
    }

    /// Does it again and again for a phase.
    pub fn repeat(&mut self, fault: &mut dyn FnMut(&mut Self, u32)) {
        let start = Instant::now();
        let mut turn = 0;
        while start.elapsed() < self.plan.phase() || turn < self.least_turns || self.awaits_probes(start.elapsed()) {
            fault(self, turn);
            turn += 1;
        }
    }

    /// Too many probes at once are to be seen, and were not yet.
    fn awaits_probes(&self, since: Duration) -> bool {
        let awaited = self.sick && self.plan.awaited == Some("probes");
        awaited && since < CHANCE && self.dependency.seen().most <= self.bound
    }

    /// The three phases, with a fault in the first two.
    pub fn life(&mut self, mut fault: impl FnMut(&mut Self, u32)) {
        self.well(&mut fault);
        self.sick(&mut fault);
        self.recover();
    }

    /// Ends it.
    #[must_use]
    pub fn finish(mut self) -> Row {
        for worker in std::mem::take(&mut self.workers) {
            let (report, ended) = worker.end();
            self.row.sum.add(&report);
            self.check(ended, "hangs", "a worker did not end within five seconds");
        }
        let (seen, sum) = (self.dependency.seen(), self.row.sum.clone());
        self.row.most_probes = seen.most;
        self.row.excesses = seen.excesses;
        self.row.faults += sum.panics;
        let text = format!("{} at once, {} times; {} are allowed", seen.most, seen.excesses, self.bound);
        self.check(seen.most <= self.bound, "probes", &text);
        // As in one process, a probe that an earlier HALF_OPEN still has in flight takes no place in the next.
        if self.probe_ms < self.setup.recovery_ms {
            let text = format!("{} of one instance alone at once", seen.most_alone);
            self.check(seen.most_alone <= self.setup.places as usize, "probes", &text);
        }
        self.check(sum.panics == 0, "panics", &sum.panics.to_string());
        let text = format!("{} ms in a call that must not", sum.waited_us / 1_000);
        self.check(sum.waited_us < PATIENCE_US, "waited", &text);
        let text = format!("{} ms for a probe", sum.probe_waited_us / 1_000);
        self.check(sum.probe_waited_us < PROBE_WAIT_US + PATIENCE_US, "waited", &text);
        self.check(sum.calls > 100, "vacuous", &format!("{} calls", sum.calls));
        self.row
    }
}

/// Sleeps.
pub fn pause(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}
