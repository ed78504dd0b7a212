//! What tasks have, for tests that block.

use std::sync::OnceLock;
use std::time::Duration;

use halfopen::redis::connect::{
    Answers, AsyncConnect, AsyncConnection, AsyncSubscription, Connect, Connection, ScriptCall, Subscription, Trouble,
};
use halfopen::redis::v1::RedisConnect;
use tokio::runtime::{Builder, Runtime};

/// A way to Redis whose connections are those of tasks, on a runtime with one thread.
pub struct ByTasks(RedisConnect);

struct Blocked<T: ?Sized>(Box<T>);

impl ByTasks {
    /// By this way.
    #[must_use]
    pub const fn new(connect: RedisConnect) -> Self {
        Self(connect)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    RUNTIME.get_or_init(start).block_on(future)
}

impl Connect for ByTasks {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        let connection = block_on(AsyncConnect::connect(&self.0))?;
        Ok(Box::new(Blocked(connection)))
    }

    fn subscribe(&self, channel: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        let subscription = block_on(AsyncConnect::subscribe(&self.0, channel))?;
        Ok(subscription.map(|subscription| Box::new(Blocked(subscription)) as Box<dyn Subscription>))
    }
}

impl Connection for Blocked<dyn AsyncConnection> {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Answers {
        block_on(self.0.exchange(calls))
    }
}

impl Subscription for Blocked<dyn AsyncSubscription> {
    fn next(&mut self, timeout: Duration) -> Result<Option<String>, Trouble> {
        block_on(self.0.next(timeout))
    }
}
