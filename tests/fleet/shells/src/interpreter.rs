//! A way to Redis that ends in an interpreter, one for each thread.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halfopen::redis::connect::{Connect, Connection, ScriptCall, Subscription, Trouble, TroubleKind};
use rig::{FakeRedis, Redis, Reply};

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

/// Connects to it as long as the flag does not say that it is away.
#[derive(Clone, Debug)]
pub struct Perhaps(pub Arc<AtomicBool>);

impl Connect for Perhaps {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        let gone = Trouble { kind: TroubleKind::Connection, text: "refused".into() };
        if self.0.load(Ordering::Relaxed) { Err(gone) } else { Ok(Box::new(OneExchange(Arc::clone(&self.0)))) }
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Ok(None)
    }
}

/// Breaks when the interpreter goes away.
struct OneExchange(Arc<AtomicBool>);

impl Connection for OneExchange {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Result<Vec<Result<Vec<String>, Trouble>>, Trouble> {
        Perhaps(Arc::clone(&self.0)).connect().map(drop)?;
        Interpreter.connect()?.exchange(calls)
    }
}

fn answer(call: &ScriptCall) -> Result<Vec<String>, Trouble> {
    let arguments: Vec<Vec<u8>> = call.arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    with_interpreter(|redis| redis.eval(call.key.as_bytes(), &arguments))
        .map(Reply::into_words)
        .map_err(|text| Trouble { kind: TroubleKind::Key, text })
}
