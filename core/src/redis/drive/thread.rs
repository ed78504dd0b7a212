//! A thread that carries what all circuits of a fleet have to say, many of them in one round trip.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use core::time::Duration;
use std::time::Instant;

use super::Driven;
use super::hub::Hub;
use super::listen;
use super::rounds::{Next, Rounds};
use crate::redis::connect::{Answers, Connect, Connection, ScriptCall};

pub(in crate::redis) struct Thread {
    hub: Arc<Hub>,
    connect: Arc<dyn Connect>,
    response_timeout: Duration,
}

impl Thread {
    pub(in crate::redis) fn new(
        connect: impl Connect + 'static,
        response_timeout: Duration,
        now: Box<dyn Fn() -> u64 + Send + Sync>,
    ) -> Self {
        Self { hub: Hub::new(now), connect: Arc::new(connect), response_timeout }
    }

    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(super) fn add(&self, number: usize, member: &Arc<dyn Driven>, channel: &str) {
        let needs = self.hub.add(number, member, channel);
        if needs.listener {
            listen::start(&self.hub, &self.connect, channel);
        }
        if needs.driver {
            let (hub, connect) = (Arc::clone(&self.hub), Arc::clone(&self.connect));
            // Without a thread every circuit goes on alone, which is what happens without Redis too.
            let name = "halfopen-fleet".to_string();
            drop(std::thread::Builder::new().name(name).spawn(move || run(&hub, &*connect)));
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.hub.flush(self.response_timeout);
        self.hub.end(Instant::now());
        self.hub.join(self.response_timeout);
    }
}

fn run(hub: &Hub, connect: &dyn Connect) {
    let (mut rounds, mut connection) = (Rounds::new(hub.now()), None);
    loop {
        match rounds.next(hub, Instant::now()) {
            Next::Wait(longest) => hub.wait(longest),
            Next::Exchange(batch) => {
                let answers = exchange(connect, &mut connection, &batch.calls);
                if !rounds.came(hub, &batch, answers) {
                    connection = None;
                }
            }
            Next::Over => break,
        }
        hub.round_over();
    }
    hub.stopped();
}

/// Makes calls over the connection that there is, or over a new one. After an error there is none.
fn exchange(connect: &dyn Connect, connection: &mut Option<Box<dyn Connection>>, calls: &[ScriptCall]) -> Answers {
    let mut used = connection.take().map_or_else(|| connect.connect(), Ok)?;
    let answers = used.exchange(calls)?;
    *connection = Some(used);
    Ok(answers)
}
