//! The calls that an instance makes: how they begin and end, and what each means for what must hold.

use halfopen::redis::Counting;
use halfopen::{CircuitState, Outcome, Receipt};

use crate::instance::{Call, Kind, Link};
use crate::world::{Due, Event, World};

impl World {
    pub(crate) fn call(&mut self, number: usize) {
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

    pub(crate) fn end(&mut self, number: usize, id: u64) {
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
}
