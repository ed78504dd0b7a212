//! The few commands of Redis that the script uses, over hashes in memory and a time that is set by hand.
//!
//! ```
//! let mut store = rig::Store::default();
//! store.time_us = 5_000;
//! store.hset(b"key", b"field", b"value");
//! assert_eq!(store.hash(b"key")[&b"field"[..]], b"value");
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The fields of a HASH.
pub type Hash = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Debug, Default)]
struct Entry {
    hash: Hash,
    expires_ms: Option<u64>,
}

/// All that a server holds. A copy of it is what a replica has that then becomes the server.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The server's clock, in microseconds.
    pub time_us: u64,
    /// Commands that are refused, in upper case.
    pub refused: BTreeSet<&'static str>,
    keys: HashMap<Vec<u8>, Entry>,
    published: Vec<(Vec<u8>, Vec<u8>)>,
    counts: BTreeMap<&'static str, u64>,
}

/// What a command answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Int(i64),
    List(Vec<Vec<u8>>),
}

impl Store {
    /// The fields of a key; none if there is no key.
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> Hash {
        self.entry(key).map(|entry| entry.hash.clone()).unwrap_or_default()
    }

    /// Writes one field.
    pub fn hset(&mut self, key: &[u8], field: &[u8], value: &[u8]) {
        self.forget_if_over(key);
        self.keys.entry(key.to_vec()).or_default().hash.insert(field.to_vec(), value.to_vec());
    }

    /// Removes one field, and the key with the last one.
    pub fn hdel(&mut self, key: &[u8], field: &[u8]) {
        self.forget_if_over(key);
        if let Some(entry) = self.keys.get_mut(key) {
            entry.hash.remove(field);
            if entry.hash.is_empty() {
                self.keys.remove(key);
            }
        }
    }

    /// Removes a key.
    pub fn del(&mut self, key: &[u8]) {
        self.keys.remove(key);
    }

    /// `FLUSHALL`.
    pub fn wipe(&mut self) {
        self.keys.clear();
    }

    /// How long a key has to live, in milliseconds.
    #[must_use]
    pub fn ttl_ms(&self, key: &[u8]) -> Option<u64> {
        self.entry(key)?.expires_ms.map(|at| at - self.time_us / 1_000)
    }

    /// What was published since this was last asked: channels and messages.
    pub fn take_published(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        std::mem::take(&mut self.published)
    }

    /// How often each command was called.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.keys.get(key).filter(|entry| entry.expires_ms.is_none_or(|at| at > self.time_us / 1_000))
    }

    fn forget_if_over(&mut self, key: &[u8]) {
        if self.entry(key).is_none() {
            self.keys.remove(key);
        }
    }

    /// One command of the script, as Redis does it.
    pub(crate) fn command(&mut self, name: &str, args: &[Vec<u8>]) -> Result<Answer, String> {
        let name = ["TIME", "HGETALL", "HSET", "HDEL", "PEXPIRE", "PERSIST", "PUBLISH"]
            .into_iter()
            .find(|known| *known == name)
            .ok_or_else(|| format!("ERR unknown command '{name}'"))?;
        *self.counts.entry(name).or_default() += 1;
        if self.refused.contains(name) {
            return Err(format!("NOPERM this user has no permissions to run the '{}' command", name.to_lowercase()));
        }
        let wrong = || Err(format!("ERR wrong number of arguments for '{}' command", name.to_lowercase()));
        match (name, args) {
            ("TIME", []) => {
                let (seconds, micros) = (self.time_us / 1_000_000, self.time_us % 1_000_000);
                Ok(Answer::List(vec![seconds.to_string().into(), micros.to_string().into()]))
            }
            ("HGETALL", [key]) => {
                let pairs = self.entry(key).into_iter().flat_map(|entry| &entry.hash);
                Ok(Answer::List(pairs.flat_map(|(field, value)| [field.clone(), value.clone()]).collect()))
            }
            ("HSET", [key, pairs @ ..]) if !pairs.is_empty() && pairs.len() % 2 == 0 => {
                for pair in pairs.chunks(2) {
                    self.hset(key, &pair[0], &pair[1]);
                }
                Ok(Answer::Int(1))
            }
            ("HDEL", [key, fields @ ..]) if !fields.is_empty() => {
                for field in fields {
                    self.hdel(key, field);
                }
                Ok(Answer::Int(1))
            }
            ("PEXPIRE", [key, ms]) => {
                let ms: u64 =
                    std::str::from_utf8(ms).ok().and_then(|ms| ms.parse().ok()).ok_or("ERR value is not an integer")?;
                self.forget_if_over(key);
                let at = self.time_us / 1_000 + ms;
                Ok(Answer::Int(self.keys.get_mut(key).map_or(0, |entry| {
                    entry.expires_ms = Some(at);
                    1
                })))
            }
            ("PERSIST", [key]) => {
                self.forget_if_over(key);
                Ok(Answer::Int(self.keys.get_mut(key).map_or(0, |entry| i64::from(entry.expires_ms.take().is_some()))))
            }
            ("PUBLISH", [channel, message]) => {
                self.published.push((channel.clone(), message.clone()));
                Ok(Answer::Int(0))
            }
            _ => wrong(),
        }
    }
}
