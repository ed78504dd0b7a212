//! One run: the virtual clock, what is due, and who does what when it is.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use halfopen::redis::connect::{ScriptCall, Trouble};
use halfopen::redis::wire::{Notice, View};

use crate::chance::Chance;
use crate::instance::{Instance, Link};
use crate::plan::Plan;
use crate::server::Server;
use crate::truth::Truth;
use crate::{Mistake, Statistics};

pub(crate) const LONGEST_BACKOFF: u64 = 2_000_000;
/// Until then the last of the orders has reached the server.
pub(crate) const ORDERS_ARRIVE: u64 = LONGEST_BACKOFF + 1_000_000;
/// Lines of a trace that are kept.
const LINES: usize = 80;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Call(u64),
    End(u64, u64),
    Wake,
    /// A request reaches the server, which knows nothing of its flight; the answer goes nowhere where that is `None`.
    Arrive(Option<u64>, Box<ScriptCall>),
    Answer(u64, Result<Vec<String>, Trouble>),
    TimeOut(u64),
    Ask(u64),
    Notice(u64, String),
    Hears(u64),
    Resume(u64),
    Start,
}

/// What is due: for an instance, or for the world.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    At(usize, Event),
    Fault,
    Phase,
    ServerBack,
    ServerWrites,
    Copy,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) mistake: Mistake,
    pub(crate) chance: Chance,
    pub(crate) now: u64,
    pub(crate) queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    pub(crate) events: Vec<Option<Due>>,
    free: Vec<usize>,
    sequence: u64,
    numbers: u64,
    pub(crate) instances: Vec<Option<Instance>>,
    pub(crate) held: Vec<Vec<Event>>,
    pub(crate) server: Server,
    pub(crate) truth: Truth,
    pub(crate) failing_permille: u64,
    /// No more calls, no more faults.
    pub(crate) calls_end: u64,
    pub(crate) faults_end: u64,
    pub(crate) statistics: Statistics,
    pub(crate) violation: Option<String>,
    traces: usize,
    pub(crate) lines: VecDeque<String>,
}

impl World {
    pub(crate) fn new(seed: u64, mistake: Mistake, traces: bool) -> Self {
        let mut chance = Chance::new(seed);
        let plan = Plan::new(&mut chance);
        let mut world = Self {
            server: Server::new(&mistake),
            truth: Truth::default(),
            mistake,
            chance,
            now: 1_000_000,
            queue: BinaryHeap::new(),
            events: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            numbers: 0,
            instances: (0..plan.instances).map(|_| None).collect(),
            held: vec![Vec::new(); plan.instances],
            failing_permille: 0,
            calls_end: u64::MAX,
            faults_end: u64::MAX,
            statistics: Statistics::default(),
            violation: None,
            traces: if traces {
                std::env::var("LINES").map_or(LINES, |lines| lines.parse().unwrap_or(LINES))
            } else {
                0
            },
            lines: VecDeque::new(),
            plan,
        };
        world.faults_end = world.now + world.plan.length;
        world.calls_end = world.faults_end + world.patience();
        for at in 0..world.plan.instances {
            let after = world.chance.range(0, 300_000);
            world.later(after, Due::At(at, Event::Start));
        }
        world.later(0, Due::Phase);
        world.later(0, Due::Copy);
        if !world.plan.faults.is_empty() {
            world.later(world.plan.fault_gap, Due::Fault);
        }
        world
    }

    /// From the last fault to the time when all has to be well.
    pub(crate) fn patience(&self) -> u64 {
        let (plan, polls) = (&self.plan, 3 * crate::plan::POLL);
        // A call that began before may fail; then one opening, and probes one after the other.
        let probes = u64::from(plan.success_threshold) * (4 * plan.gap + 400_000);
        let lost = if plan.unfenced_permille > 0 {
            plan.probe_timeout_ms * 1_000 * u64::from(plan.success_threshold)
        } else {
            0
        };
        ORDERS_ARRIVE
            + lost
            + plan.call
            + plan.recovery_ms * 1_000
            + 2 * plan.lease_us()
            + LONGEST_BACKOFF
            + polls
            + probes
    }

    pub(crate) fn later(&mut self, after: u64, due: Due) {
        self.sequence += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.events.push(None);
            self.events.len() - 1
        });
        self.events[place] = Some(due);
        self.queue.push(Reverse((self.now + after, self.sequence, place)));
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        if self.traces > 0 {
            if self.lines.len() == self.traces {
                self.lines.pop_front();
            }
            self.lines.push_back(format!("{:>11.6} {}", self.now as f64 / 1e6, line()));
        }
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.say(|| format!("VIOLATION: {what}"));
        self.violation.get_or_insert(what);
    }

    /// Goes on until then, or until something is wrong.
    pub(crate) fn run_until(&mut self, end: u64) {
        while self.violation.is_none() {
            let Some(&Reverse((at, _, place))) = self.queue.peek() else { break };
            if at > end {
                break;
            }
            self.queue.pop();
            self.now = at;
            let due = self.events[place].take().expect("an event");
            self.free.push(place);
            self.statistics.events += 1;
            match due {
                Due::At(number, event) => self.at(number, event),
                other => self.world_event(other),
            }
        }
        if self.violation.is_none() {
            self.now = end;
        }
    }

    fn at(&mut self, number: usize, event: Event) {
        if let Event::Start = event {
            self.start(number);
        }
        if let Event::Arrive(flight, call) = event {
            return self.arrive(number, flight, *call);
        }
        let Some(instance) = &mut self.instances[number] else { return };
        instance.watch.set(self.now + instance.offset);
        if let Event::Resume(life) = event {
            if life == instance.life && instance.paused {
                instance.paused = false;
                let held = std::mem::take(&mut self.held[number]);
                self.say(|| format!("i{number} goes on"));
                held.into_iter().for_each(|event| self.at(number, event));
            }
        } else if instance.paused {
            if !matches!(event, Event::Call(_)) {
                self.held[number].push(event);
                return;
            }
            self.held[number].push(event);
            return;
        } else {
            self.happens(number, event);
        }
        self.drive(number);
        self.look(number);
    }

    fn happens(&mut self, number: usize, event: Event) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        match event {
            Event::Call(life) if life == instance.life => self.call(number),
            Event::End(life, call) if life == instance.life => self.end(number, call),
            Event::Answer(flight, answer) => self.answered(number, flight, answer),
            Event::TimeOut(flight) if matches!(instance.link, Link::Waits(other, _) if other == flight) => {
                self.statistics.time_outs += 1;
                self.say(|| format!("i{number} waits no longer for #{flight}"));
                self.broken(number, "timeout");
            }
            Event::Ask(life) if life == instance.life && instance.link == Link::Away => {
                instance.hand().look_again(0);
                match instance.hand().poll(0) {
                    Some(call) => self.send(number, call, true),
                    None => {
                        instance.backoff = (instance.backoff * 2).min(LONGEST_BACKOFF);
                        self.ask_later(number);
                    }
                }
            }
            Event::Notice(life, text) if life == instance.life && self.now >= instance.deaf_until => {
                let now = self.now + instance.offset;
                self.statistics.notices += 1;
                if let (Ok(notice), Some(known)) = (Notice::read(&text, now), instance.known) {
                    if notice.view.replaces(&known) {
                        instance.known = Some(notice.view);
                        instance.outrun = true;
                    }
                }
                instance.hand().noticed(0, &text, now);
                self.say(|| format!("i{number} hears {text}"));
            }
            Event::Hears(life) if life == instance.life => instance.hand().look_again(0),
            _ => {}
        }
    }

    fn start(&mut self, number: usize) {
        if self.instances[number].is_some() {
            return;
        }
        let life = self.number();
        let offset = self.chance.range(0, 50_000_000);
        self.instances[number] = Some(Instance::new(number, life, offset, self.now, &self.plan));
        self.held[number].clear();
        self.say(|| format!("i{number} begins its life {life}"));
        let after = self.chance.range(0, self.plan.gap);
        self.later(after, Due::At(number, Event::Call(life)));
    }

    pub(crate) fn view_of(&self, number: usize) -> Option<View> {
        self.instances[number].as_ref().map(|instance| instance.breaker.with_circuit(|circuit| circuit.view()))
    }
}
