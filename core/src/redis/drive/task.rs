//! Tasks on a runtime of tokio that carry what all circuits of a fleet have to say, and hear what is told on its channels.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::{Arc, Weak};
use core::future::poll_fn;
use core::time::Duration;
use std::time::Instant;

use tokio::runtime::Handle;

use super::Driven;
use super::hub::Hub;
use super::listen::{LOOK, PAUSE};
use super::rounds::{Next, Rounds};
use crate::redis::connect::{Answers, AsyncConnect, AsyncConnection, AsyncSubscription, ScriptCall};

pub(in crate::redis) struct Task {
    hub: Arc<Hub>,
    connect: Arc<dyn AsyncConnect>,
    runtime: Handle,
    response_timeout: Duration,
}

impl Task {
    pub(in crate::redis) fn new(
        runtime: &Handle,
        connect: impl AsyncConnect + 'static,
        response_timeout: Duration,
        now: Box<dyn Fn() -> u64 + Send + Sync>,
    ) -> Self {
        Self { hub: Hub::new(now), connect: Arc::new(connect), runtime: runtime.clone(), response_timeout }
    }

    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(super) fn add(&self, number: usize, member: &Arc<dyn Driven>, channel: &str) {
        let needs = self.hub.add(number, member, channel);
        if needs.driver {
            // Made here, so that it is dropped where the runtime takes no tasks any more.
            let (end, connect) = (End(Arc::clone(&self.hub)), Arc::clone(&self.connect));
            self.runtime.spawn(async move { run(&end.0, &*connect).await });
        }
        if needs.listener {
            let (hub, connect) = (Arc::downgrade(&self.hub), Arc::clone(&self.connect));
            self.runtime.spawn(listen(hub, connect, channel.to_string()));
        }
    }
}

impl Drop for Task {
    /// Blocks nobody: the task delivers what there is to say, and ends.
    fn drop(&mut self) {
        self.hub.hurry();
        self.hub.end(Instant::now() + self.response_timeout);
    }
}

/// The end of the task, however it comes: it is over, it has panicked, or its runtime was shut down.
struct End(Arc<Hub>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.stopped();
        // Nobody will hear them any more, so they go on alone.
        self.0.each(|member| member.leave());
    }
}

async fn run(hub: &Hub, connect: &dyn AsyncConnect) {
    let (mut rounds, mut connection) = (Rounds::new(hub.now()), None);
    loop {
        match rounds.next(hub, Instant::now()) {
            Next::Wait(longest) => wait(hub, longest).await,
            Next::Exchange(batch) => {
                let answers = exchange(connect, &mut connection, &batch.calls).await;
                if !rounds.came(hub, &batch, answers) {
                    connection = None;
                }
            }
            Next::Over => break,
        }
        hub.round_over();
    }
}

/// Until somebody rings, or that time is over.
async fn wait(hub: &Hub, longest: Option<Duration>) {
    let rung = poll_fn(|context| hub.poll_rung(context));
    match longest {
        Some(longest) => drop(tokio::time::timeout(longest, rung).await),
        None => rung.await,
    }
}

/// Makes calls over the connection that there is, or over a new one. After an error there is none.
async fn exchange(
    connect: &dyn AsyncConnect,
    connection: &mut Option<Box<dyn AsyncConnection>>,
    calls: &[ScriptCall],
) -> Answers {
    let mut used = match connection.take() {
        Some(used) => used,
        None => connect.connect().await?,
    };
    let answers = used.exchange(calls).await?;
    *connection = Some(used);
    Ok(answers)
}

async fn listen(hub: Weak<Hub>, connect: Arc<dyn AsyncConnect>, channel: String) {
    while hub.upgrade().is_some_and(|fleet| !fleet.is_ending()) {
        match connect.subscribe(&channel).await {
            Ok(Some(mut subscription)) => {
                // What was told before this is lost.
                if let Some(fleet) = hub.upgrade() {
                    fleet.each(|member| member.look_again());
                }
                hear(&hub, &mut *subscription).await;
            }
            Ok(None) => return hub.upgrade().iter().for_each(|fleet| fleet.go_deaf()),
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Until the connection breaks or the fleet is gone.
async fn hear(hub: &Weak<Hub>, subscription: &mut dyn AsyncSubscription) {
    while let Ok(heard) = subscription.next(LOOK).await {
        let Some(fleet) = hub.upgrade().filter(|fleet| !fleet.is_ending()) else { return };
        if let Some(text) = heard {
            fleet.noticed(&text);
        }
    }
}
