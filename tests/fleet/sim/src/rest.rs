//! What must be so once the faults are over, and once nobody calls any more.

use halfopen::{CircuitState, Mode};

use crate::world::World;

impl World {
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
}
