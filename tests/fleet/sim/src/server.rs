//! The server: the real script in the rig's interpreter, with a clock of its own and what can happen to its data.

use rig::{FakeRedis, Hash, Redis, Reply, Store};

use halfopen::redis::connect::ScriptCall;

use crate::Mistake;

pub(crate) const KEY: &str = "circuit_breaker:s3";
/// What its clock shows when that of the simulation shows zero.
const EPOCH_US: u64 = 1_764_240_000_000_000;

pub(crate) struct Server {
    redis: FakeRedis,
    /// Its clock minus the simulation's.
    pub(crate) offset: u64,
    pub(crate) is_down: bool,
    pub(crate) refuses: bool,
    copy: Option<Store>,
}

/// What was stored before an exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    pub(crate) gen_no: u64,
    pub(crate) state: String,
    pub(crate) forced: String,
}

impl Server {
    pub(crate) fn new(mistake: &Mistake) -> Self {
        let mut text = rig::script::SCRIPT.to_string();
        if let Mistake::Script(right, wrong) = mistake {
            assert_eq!(text.matches(right).count(), 1, "the script has changed: {right}");
            text = text.replace(right, wrong);
        }
        let redis = FakeRedis::with_script(&text);
        Self { redis, offset: EPOCH_US, is_down: false, refuses: false, copy: None }
    }

    pub(crate) fn look(&mut self, now: u64) -> Stored {
        self.redis.set_time_us(now + self.offset);
        let hash = self.redis.hash(KEY.as_bytes());
        let text = |field: &str| text_of(&hash, field);
        let gen_no = text("gen").parse().unwrap_or(0);
        Stored { gen_no, state: text("state"), forced: text("forced") }
    }

    pub(crate) fn run(&mut self, call: &ScriptCall, now: u64) -> (Result<Vec<String>, String>, Vec<String>) {
        self.redis.set_time_us(now + self.offset);
        let arguments: Vec<Vec<u8>> = call.arguments.iter().map(|argument| argument.clone().into_bytes()).collect();
        let answer = self.redis.eval(call.key.as_bytes(), &arguments).map(Reply::into_words);
        (answer, self.redis.published())
    }

    pub(crate) fn wipe(&mut self) {
        self.redis.wipe();
    }

    /// Remembers what a replica has.
    pub(crate) fn copy(&mut self) {
        self.copy = Some(self.redis.store().clone());
    }

    /// What the replica has takes over.
    pub(crate) fn fail_over(&mut self) {
        if let Some(copy) = self.copy.clone() {
            let refused = self.redis.store().refused.clone();
            *self.redis.store() = copy;
            self.redis.store().refused = refused;
        }
    }

    pub(crate) fn refuse(&mut self, refuses: bool) {
        self.refuses = refuses;
        let mut store = self.redis.store();
        store.refused.clear();
        if refuses {
            store.refused.insert("HSET");
        }
    }

    pub(crate) fn edit(&mut self, field: &str, value: &str) {
        if value.is_empty() {
            self.redis.hdel(KEY.as_bytes(), field.as_bytes());
        } else {
            self.redis.hset(KEY.as_bytes(), field.as_bytes(), value.as_bytes());
        }
    }

    pub(crate) fn del(&mut self) {
        self.redis.del(KEY.as_bytes());
    }

    pub(crate) fn fields(&mut self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.redis.hash(KEY.as_bytes()).iter().map(|(field, value)| (text(field), text(value))).collect()
    }

    /// A granted renewal of which the server knows nothing: for the mistake of a driver that does not send them.
    pub(crate) fn hash_as_answer(&self, words: &[String]) -> Vec<String> {
        let word = |at: usize| words[at].clone();
        let (now_ms, none) = ("1764240000000".to_string(), "-1".to_string());
        let answer =
            ["granted".to_string(), word(9), word(10), word(11), word(12), word(13), word(14), "1000".into(), now_ms];
        answer.into_iter().chain(["0".into(), none, "recovery_timeout".into()]).collect()
    }
}

fn text_of(hash: &Hash, field: &str) -> String {
    hash.get(field.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}
