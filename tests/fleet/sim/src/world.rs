//! One run: the virtual clock, what is due, and who does what when it is.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use halfopen::redis::Counting;
use halfopen::redis::connect::{ScriptCall, Trouble, TroubleKind};
use halfopen::redis::wire::{Notice, Reply, View};
use halfopen::{CircuitState, Mode, Outcome, Receipt};

use crate::chance::Chance;
use crate::instance::{Call, Instance, Kind, Link};
use crate::plan::{Fault, Plan, RESPONSE_TIMEOUT};
use crate::server::Server;
use crate::truth::Truth;
use crate::{Mistake, Statistics};

const FIRST_BACKOFF: u64 = 50_000;
const LONGEST_BACKOFF: u64 = 2_000_000;
/// Until then the last of the orders has reached the server.
const ORDERS_ARRIVE: u64 = LONGEST_BACKOFF + 1_000_000;
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

    // ---- calls ------------------------------------------------------------------------------------------------------

    fn call(&mut self, number: usize) {
        if self.now >= self.calls_end {
            return;
        }
        let gap = self.chance.range(0, 2 * self.plan.gap);
        let unfenced = self.chance.permille(self.plan.unfenced_permille);
        let healthy = self.now >= self.faults_end;
        let most = if healthy { self.plan.call.min(100_000) } else { self.plan.call };
        let took = self.chance.range(most / 10, most);
        let fails = self.chance.permille(self.failing_permille);
        let instance = self.instances[number].as_mut().expect("one that runs");
        let life = instance.life;
        let (alone, view) = (instance.is_alone(), instance.breaker.with_circuit(|circuit| circuit.view()));
        let own = alone || (self.plan.counting != Counting::Fleet && view.state == CircuitState::Closed);
        let (ticket, kind) = if unfenced {
            if instance.breaker.allow_request() { (None, Some(Kind::Unfenced)) } else { (None, None) }
        } else {
            match instance.breaker.acquire_ticket() {
                Ok(ticket) => {
                    let kind = match (ticket.is_probe(), own) {
                        (true, true) => Kind::OwnProbe,
                        (true, false) => Kind::Probe,
                        _ => Kind::Plain,
                    };
                    (Some(ticket), Some(kind))
                }
                Err(_) => (None, None),
            }
        };
        self.statistics.calls += 1;
        self.later(gap.max(1), Due::At(number, Event::Call(life)));
        let Some(kind) = kind else {
            self.statistics.refused += 1;
            return;
        };
        let id = self.number();
        let call = Call { ticket, kind, since: self.now, gen_no: view.gen_no, fails, excused: false };
        self.say(|| format!("i{number} call {id} {kind:?}{}", if alone { " alone" } else { "" }));
        self.check_admission(number, kind);
        self.instances[number].as_mut().expect("one that runs").calls.insert(id, call);
        self.later(took, Due::At(number, Event::End(life, id)));
        if kind == Kind::Probe {
            self.statistics.probes += 1;
            self.check_bound();
        }
        if kind == Kind::OwnProbe {
            self.statistics.own_probes += 1;
            self.check_own_bound(number);
        }
    }

    fn end(&mut self, number: usize, id: u64) {
        let dropped = self.chance.permille(20);
        let instance = self.instances[number].as_mut().expect("one that runs");
        let Some(call) = instance.calls.remove(&id) else { return };
        let outcome = match (dropped && call.ticket.is_some(), call.fails) {
            (true, _) => Outcome::Ignored,
            (_, true) => Outcome::Failure,
            _ => Outcome::Success,
        };
        let alone = instance.is_alone();
        let (view, counted) =
            (instance.breaker.with_circuit(|circuit| circuit.view()), instance.breaker.failure_count());
        let unheard = self.plan.is_lossy() || alone || instance.link != Link::Ready;
        let receipt = match call.ticket {
            Some(ticket) => instance.breaker.settle_ticket(ticket, outcome),
            None => match outcome {
                Outcome::Success => instance.breaker.record_success(),
                _ => instance.breaker.record_failure(),
            },
        };
        self.say(|| format!("i{number} call {id} {:?} ends: {outcome:?}, {receipt:?}", call.kind));
        let counts = receipt == Receipt::Recorded;
        match (call.kind, outcome) {
            (Kind::Plain | Kind::Unfenced | Kind::OwnProbe, Outcome::Failure) if counts => {
                self.truth.failed(self.now, view.gen_no, unheard);
            }
            (Kind::Plain | Kind::Unfenced, Outcome::Success) if counts && counted > 0 && !alone => {
                let closed = view.state == CircuitState::Closed;
                if closed {
                    self.truth.refuted(self.now, view.gen_no, number, self.instances[number].as_ref().unwrap().life);
                }
            }
            (Kind::Probe, Outcome::Success) => {
                self.truth.proved(call.gen_no.max(view.gen_no.min(call.gen_no)));
                if receipt == Receipt::Expired && self.now - call.since < self.plan.probe_timeout_ms * 1_000 {
                    self.fail(format!("i{number}: a probe of {} µs has expired", self.now - call.since));
                }
            }
            (Kind::Probe, Outcome::Failure) => self.truth.probe_failed(self.now, view.gen_no),
            _ => {}
        }
    }

    // ---- requests and answers ---------------------------------------------------------------------------------------

    /// What the thread of a fleet does when it comes round.
    pub(crate) fn drive(&mut self, number: usize) {
        let Some(instance) = &mut self.instances[number] else { return };
        if instance.paused || instance.link != Link::Ready {
            return;
        }
        let (now, wakes_at) = (self.now + instance.offset, instance.hand().wakes_at(0));
        if wakes_at > now {
            if wakes_at < u64::MAX && instance.wake != wakes_at {
                instance.wake = wakes_at;
                self.later(wakes_at - now, Due::At(number, Event::Wake));
            }
            return;
        }
        match instance.hand().poll(0) {
            Some(call) => self.send(number, call, false),
            None => {
                let wakes_at = instance.hand().wakes_at(0);
                if wakes_at <= now {
                    self.fail(format!("i{number}: has nothing to say, and wants to be asked at once"));
                } else {
                    self.drive(number);
                }
            }
        }
    }

    fn send(&mut self, number: usize, call: ScriptCall, asking: bool) {
        let flight = self.number();
        let instance = self.instances[number].as_mut().expect("one that runs");
        instance.requests += 1;
        instance.wake = u64::MAX;
        instance.link = Link::Waits(flight, asking);
        instance.sent_at = self.now;
        instance.outrun = false;
        self.statistics.requests += 1;
        let words = call.arguments.clone();
        self.say(|| {
            let (seen, rest) = (words[8..14].join(" "), words[15..].join(" "));
            format!("i{number} #{flight} sends {} {rest} | knows {seen}", words[0])
        });
        if self.server.is_down {
            return self.broken(number, "refused");
        }
        if self.mistake == Mistake::NoRenewals && words[0] == "renew" {
            let answer = self.server.hash_as_answer(&words);
            return self.later(500, Due::At(number, Event::Answer(flight, Ok(answer))));
        }
        self.later(RESPONSE_TIMEOUT, Due::At(number, Event::TimeOut(flight)));
        let quiet = self.now >= self.faults_end;
        let cut = self.now < self.instances[number].as_ref().expect("one that runs").cut_until;
        if cut || (!quiet && self.chance.permille(self.plan.lost_permille)) {
            self.statistics.lost += 1;
            return self.say(|| format!("       #{flight} is lost"));
        }
        let delay = self.delay();
        // The outcome of a probe counts twice if it is sent twice as if for the first time: a connection must not do that.
        if !quiet && words[0] != "done" && self.chance.permille(self.plan.repeated_permille) {
            self.statistics.repeated += 1;
            let again = self.delay();
            self.later(delay + again, Due::At(number, Event::Arrive(None, Box::new(call.clone()))));
        }
        self.later(delay, Due::At(number, Event::Arrive(Some(flight), Box::new(call))));
    }

    pub(crate) fn delay(&mut self) -> u64 {
        // Once the faults are over the network is good enough for the response timeout.
        let most = if self.now >= self.faults_end { self.plan.delay.min(40_000) } else { self.plan.delay };
        self.chance.spread(50, most)
    }

    fn arrive(&mut self, number: usize, flight: Option<u64>, call: ScriptCall) {
        if self.server.is_down {
            return;
        }
        let before = self.server.look(self.now);
        let (answer, published) = self.server.run(&call, self.now);
        self.say(|| {
            let whose = flight.map_or("again".to_string(), |flight| format!("#{flight}"));
            let words = answer.as_ref().map_or_else(Clone::clone, |words| words.join(" "));
            format!("server {whose} {} of i{number}: {words}", call.arguments[0])
        });
        for text in published {
            self.say(|| format!("server tells {text}"));
            self.publish(&text);
        }
        let answer = match answer {
            Ok(words) => {
                self.check_exchange(number, flight.is_none(), &before, &call.arguments, &words);
                Ok(words)
            }
            Err(text) => {
                if !self.server.refuses {
                    self.fail(format!("the script raises an error: {text}"));
                }
                Err(Trouble { kind: TroubleKind::Server, text })
            }
        };
        let Some(flight) = flight else { return };
        let quiet = self.now >= self.faults_end;
        let cut = self.instances[number].as_ref().is_some_and(|instance| self.now < instance.cut_until);
        if cut || (!quiet && self.chance.permille(self.plan.lost_permille)) {
            self.statistics.lost += 1;
            return self.say(|| format!("       the answer to #{flight} is lost"));
        }
        let delay = self.delay();
        self.later(delay, Due::At(number, Event::Answer(flight, answer)));
    }

    fn publish(&mut self, text: &str) {
        for number in 0..self.plan.instances {
            let delay = self.delay();
            let lost = self.now < self.faults_end && self.chance.permille(self.plan.lost_permille);
            let Some(instance) = &mut self.instances[number] else { continue };
            if self.now < instance.cut_until || self.now < instance.deaf_until || lost {
                self.statistics.unheard += 1;
                continue;
            }
            // One connection keeps their order.
            instance.notices_from = instance.notices_from.max(self.now + delay);
            let (at, life) = (instance.notices_from, instance.life);
            self.later(at - self.now, Due::At(number, Event::Notice(life, text.to_string())));
        }
    }

    fn answered(&mut self, number: usize, flight: u64, answer: Result<Vec<String>, Trouble>) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        let Link::Waits(waited, asking) = instance.link else { return };
        if waited != flight {
            return;
        }
        let now = self.now + instance.offset;
        let later = if instance.outrun { View::replaces } else { View::corrects };
        if let (Ok(words), Some(known)) = (&answer, instance.known) {
            if let Ok(reply) = Reply::read(words, now) {
                if reply.verdict != halfopen::redis::wire::Verdict::Expired && later(&reply.view, &known) {
                    // A notice may have come sooner, and says better how long that is.
                    let same = (reply.view.gen_no, reply.view.state) == (known.gen_no, known.state);
                    let sooner = same && !self.plan.has(Fault::Order) && !self.plan.has(Fault::Edit);
                    let until =
                        if sooner { known.open_until.min(reply.view.open_until) } else { reply.view.open_until };
                    instance.known = Some(View { open_until: until, ..reply.view });
                }
            }
        }
        self.say(|| format!("i{number} #{flight} is answered"));
        let instance = self.instances[number].as_mut().expect("one that runs");
        instance.link = Link::Ready;
        let answered = instance.hand().heard(0, answer);
        if answered && asking {
            instance.backoff = 0;
            instance.hand().look_again(0);
        } else if asking {
            instance.backoff = (instance.backoff * 2).min(LONGEST_BACKOFF);
            self.ask_later(number);
        }
    }

    /// The connection is of no use any more.
    pub(crate) fn broken(&mut self, number: usize, text: &str) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        let (waits, asking) = match instance.link {
            Link::Waits(_, asking) => (true, asking),
            _ => (false, false),
        };
        if !waits {
            return;
        }
        if self.mistake == Mistake::NotMissed {
            instance.link = Link::Ready;
            return;
        }
        let trouble = Trouble { kind: TroubleKind::Connection, text: text.to_string() };
        instance.hand().heard(0, Err(trouble));
        if asking {
            instance.backoff = (instance.backoff * 2).min(LONGEST_BACKOFF);
        } else {
            instance.hand().leave(0);
            instance.backoff = FIRST_BACKOFF;
            self.statistics.times_alone += 1;
        }
        self.ask_later(number);
    }

    fn ask_later(&mut self, number: usize) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        instance.link = Link::Away;
        let (backoff, life) = (instance.backoff, instance.life);
        let after = self.chance.range(0, backoff);
        self.later(after, Due::At(number, Event::Ask(life)));
    }

    fn world_event(&mut self, due: Due) {
        match due {
            Due::Fault if self.now < self.faults_end => {
                let fault = self.chance.one_of(&self.plan.faults.clone());
                self.strike(fault);
                let after = self.chance.range(self.plan.fault_gap / 10, 2 * self.plan.fault_gap);
                self.later(after, Due::Fault);
            }
            Due::Phase if self.now < self.faults_end => {
                self.failing_permille = self.chance.one_of(&[0, 0, 100, 100, 500, 1_000, 1_000]);
                let (permille, after) = (self.failing_permille, self.chance.spread(50_000, 6_000_000));
                self.say(|| format!("the dependency fails {permille} times in 1000"));
                self.later(after, Due::Phase);
            }
            Due::Copy if self.now < self.faults_end => {
                self.server.copy();
                let after = self.chance.spread(10_000, 3_000_000);
                self.later(after, Due::Copy);
            }
            Due::ServerBack => {
                self.say(|| "the server is back".to_string());
                self.server.is_down = false;
            }
            Due::ServerWrites => self.server.refuse(false),
            _ => {}
        }
    }

    /// Ends all that is wrong from without, and orders that nobody would take back.
    pub(crate) fn end_faults(&mut self) {
        self.say(|| "---- the faults are over ----".to_string());
        self.failing_permille = 0;
        self.server.is_down = false;
        self.server.refuse(false);
        for number in 0..self.plan.instances {
            match &mut self.instances[number] {
                Some(instance) => {
                    instance.cut_until = 0;
                    if instance.deaf_until > self.now {
                        instance.deaf_until = 0;
                        let life = instance.life;
                        self.later(0, Due::At(number, Event::Hears(life)));
                    }
                    let life = self.instances[number].as_ref().expect("it runs").life;
                    self.later(0, Due::At(number, Event::Resume(life)));
                }
                None => self.later(0, Due::At(number, Event::Start)),
            }
        }
        if self.plan.has(Fault::Order) || self.plan.has(Fault::Edit) {
            let end = self.now + ORDERS_ARRIVE;
            self.run_until(end);
            if let Some(instance) = &mut self.instances[0] {
                instance.watch.set(self.now + instance.offset);
                instance.breaker.reset();
                instance.known = None;
                self.say(|| "i0 orders: reset".to_string());
                self.drive(0);
                self.look(0);
            }
        }
    }

    /// Whether all is as it should be after the faults.
    pub(crate) fn check_end(&mut self) {
        for number in 0..self.plan.instances {
            let Some(instance) = &self.instances[number] else { continue };
            let (state, mode, alone) = (instance.breaker.state(), instance.breaker.mode(), instance.is_alone());
            if (state, mode, alone) != (CircuitState::Closed, Mode::Normal, false) {
                return self.fail(format!("i{number} is {state} ({mode:?}, alone: {alone}) though all is well"));
            }
        }
    }

    /// Lets everybody look, which nobody does by himself who does nothing.
    pub(crate) fn look_once(&mut self) {
        for number in 0..self.plan.instances {
            let Some(instance) = &mut self.instances[number] else { continue };
            instance.watch.set(self.now + instance.offset);
            instance.requests = 0;
            instance.hand().look_again(0);
            self.drive(number);
        }
    }

    /// Whether nothing is left when nobody calls any more.
    pub(crate) fn check_rest(&mut self) {
        let fields = self.server.fields();
        if let Some((field, value)) = fields.iter().find(|(field, _)| field.starts_with("lease.")) {
            return self.fail(format!("a lease is left: {field} {value}"));
        }
        let gen_no: u64 =
            fields.iter().find(|(field, _)| field == "gen").map_or(0, |(_, value)| value.parse().unwrap_or(0));
        for number in 0..self.plan.instances {
            let Some(instance) = &mut self.instances[number] else { continue };
            let (heard, kept) = (instance.hand().is_heard(0), instance.breaker.with_circuit(|circuit| circuit.kept()));
            let (view, requests) = (instance.breaker.with_circuit(|circuit| circuit.view()), instance.requests);
            instance.requests = 0;
            if !heard {
                return self.fail(format!("i{number} has something to say for ever"));
            }
            if kept != [0, 0, 0] {
                return self.fail(format!("i{number} keeps {kept:?} (probes, orders, transitions)"));
            }
            if view.gen_no != gen_no {
                return self.fail(format!("i{number} knows of {view:?}, the server of {fields:?}"));
            }
            // Polls every 0.8 to 1.2 s, and the latest of what there was to say.
            if requests > 20 {
                return self.fail(format!("i{number} has sent {requests} requests in 12 s of rest"));
            }
        }
    }

    pub(crate) fn view_of(&self, number: usize) -> Option<View> {
        self.instances[number].as_ref().map(|instance| instance.breaker.with_circuit(|circuit| circuit.view()))
    }
}
