//! One run of the script: the caller's loop, with the breaker around each request or without.

use std::cell::RefCell;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use halfopen::{CallError, CircuitBreaker, CircuitState, OnTransition, SystemClock, Transition};

use crate::client::{Client, classify};
use crate::scenario::{Health, Scenario};
use crate::screen::Screen;
use crate::server::{FlakyServer, Received};
use crate::timeline::{Answer, Line, Timeline, What};

/// What was measured in a run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Requests that the caller made, the refused ones included.
    pub made: u32,
    /// Of these, answered with 200.
    pub ok: u32,
    /// Refused by the breaker.
    pub refused: u32,
    /// Of these, refused while the service was healthy: what the breaker costs.
    pub refused_in_vain: u32,
    /// Probes that were sent.
    pub probes: u32,
    /// The time that the caller spent on requests while the service was sick.
    pub waited: Duration,
    /// What the server counted.
    pub received: Received,
    /// What the circuit did.
    pub transitions: Vec<Transition>,
}

/// Runs `scenario` against a server of its own, with a circuit breaker or without.
///
/// # Errors
///
/// If the server cannot be started.
pub fn run(scenario: &Scenario, with_breaker: bool, screen: &mut Screen) -> io::Result<Run> {
    let server = FlakyServer::start()?;
    let client = Client::new(server.url(), scenario.client_timeout);
    let recorder = RefCell::new(Recorder::new(screen));

    let observer = OnTransition::new(|_, transition| recorder.borrow_mut().transition(transition));
    let breaker = CircuitBreaker::with_observer("flaky_http", scenario.breaker(), SystemClock, observer);

    let mut number = 0;
    let mut request = || {
        let path = scenario.path(number);
        number += 1;
        let asked = Instant::now();
        let send = || {
            let result = client.get(path);
            recorder.borrow_mut().request(asked, Answer::of(&result));
            result
        };
        let result = match with_breaker {
            true => breaker.call_with(classify, send),
            false => send().map_err(CallError::Inner),
        };
        if let Err(CallError::Open(_)) = result {
            recorder.borrow_mut().request(asked, Answer::Refused);
        }
        sleep(scenario.pace.saturating_sub(asked.elapsed()));
    };

    for phase in &scenario.phases {
        server.set_health(phase.health);
        recorder.borrow_mut().service(phase.health);
        let begun = Instant::now();
        let mut made = 0;
        while !phase.is_over(begun.elapsed(), made) {
            request();
            made += 1;
        }
    }
    // On a machine that stalls, the circuit may need longer to close than the last phase lasts.
    let patience = Instant::now() + scenario.patience;
    while breaker.state() != CircuitState::Closed && Instant::now() < patience {
        request();
    }

    let mut run = recorder.borrow_mut().finish();
    run.received = server.stop();
    Ok(run)
}

/// Writes down what happens, in the order in which it happens.
struct Recorder<'a> {
    started: Instant,
    health: Health,
    circuit: CircuitState,
    timeline: Timeline,
    screen: &'a mut Screen,
    run: Run,
}

impl<'a> Recorder<'a> {
    fn new(screen: &'a mut Screen) -> Self {
        Self {
            started: Instant::now(),
            health: Health::Healthy,
            circuit: CircuitState::Closed,
            timeline: Timeline::default(),
            screen,
            run: Run::default(),
        }
    }

    fn service(&mut self, health: Health) {
        self.health = health;
        self.show(Line { at: self.started.elapsed(), what: What::Service(health) });
    }

    fn transition(&mut self, transition: &Transition) {
        self.circuit = transition.to;
        self.run.transitions.push(*transition);
        self.show(Line { at: self.started.elapsed(), what: What::Circuit(*transition) });
    }

    fn request(&mut self, asked: Instant, answer: Answer) {
        let time = asked.elapsed();
        let refused = answer == Answer::Refused;
        // There is one caller, so what is sent while the circuit is half-open is a probe.
        let probe = self.circuit == CircuitState::HalfOpen && !refused;

        self.run.made += 1;
        self.run.ok += u32::from(answer == Answer::Status(200));
        self.run.refused += u32::from(refused);
        self.run.refused_in_vain += u32::from(refused && !self.health.is_sick());
        self.run.probes += u32::from(probe);
        if self.health.is_sick() {
            self.run.waited += time;
        }
        let what = What::Requests { answer, probe, count: 1, time };
        self.show(Line { at: asked - self.started, what });
    }

    fn show(&mut self, line: Line) {
        if let Some(complete) = self.timeline.push(line) {
            self.screen.complete(&complete);
        }
        if let Some(current) = self.timeline.current() {
            self.screen.growing(current);
        }
    }

    fn finish(&mut self) -> Run {
        if let Some(complete) = self.timeline.finish() {
            self.screen.complete(&complete);
        }
        std::mem::take(&mut self.run)
    }
}
