//! A way to Redis that ends in an interpreter, one for each thread.

use std::cell::RefCell;
use std::time::Duration;

use halfopen::redis::connect::{Connect, Connection, ScriptCall, Subscription, Trouble, TroubleKind};
use rig::{FakeRedis, Redis};

/// What the server's clock shows when that of the breakers shows zero.
pub const SERVER_EPOCH_US: u64 = 1_764_240_000_000_000;

thread_local! {
    static REDIS: RefCell<FakeRedis> = RefCell::new(FakeRedis::new());
}

/// Uses this thread's Redis.
pub fn with_interpreter<T>(use_it: impl FnOnce(&mut FakeRedis) -> T) -> T {
    REDIS.with_borrow_mut(use_it)
}

/// Connects to this thread's Redis.
#[derive(Clone, Copy, Debug)]
pub struct Interpreter;

impl Connect for Interpreter {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        Ok(Box::new(*self))
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Ok(Some(Box::new(*self)))
    }
}

impl Connection for Interpreter {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Result<Vec<Result<Vec<String>, Trouble>>, Trouble> {
        Ok(calls.iter().map(answer).collect())
    }
}

impl Subscription for Interpreter {
    fn next(&mut self, _: Duration) -> Result<Option<String>, Trouble> {
        Ok(None)
    }
}

fn answer(call: &ScriptCall) -> Result<Vec<String>, Trouble> {
    let arguments: Vec<Vec<u8>> = call.arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let reply = with_interpreter(|redis| redis.eval(call.key.as_bytes(), &arguments))
        .map_err(|text| Trouble { kind: TroubleKind::Key, text })?;
    Ok(vec![
        reply.result,
        reply.generation.to_string(),
        reply.state,
        reply.streak.to_string(),
        reply.failures.to_string(),
        reply.remaining_ms.to_string(),
        reply.forced,
        reply.extra.to_string(),
        reply.now_ms.to_string(),
        reply.successes.to_string(),
        reply.failure_age_ms.to_string(),
        reply.reason,
    ])
}
