//! Keys of a prefix and what is stored under them, at one server and in a Cluster.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use redis_v1::{Value, cmd};

use super::answer::lossy;
use super::cluster::Cluster;
use super::errors::{of_server, trouble};
use super::line::{Line, now};
use super::link::Link;
use super::single::Single;
use super::slots::{Node, redirection};
use crate::redis::connect::{Browser, Stored, Trouble, TroubleKind};

/// Keys that a server looks at in one step: about a millisecond.
const STEP: usize = 1_000;

/// How often a key is looked for at another node before it is given up.
const ROUNDS: usize = 3;

impl Browser for Single<Link> {
    fn keys(&mut self, prefix: &str) -> Result<Vec<Vec<u8>>, Trouble> {
        let mut keys = scan(&mut self.line, prefix)?;
        once(&mut keys);
        Ok(keys)
    }

    fn look(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Result<Stored, Trouble>>, Trouble> {
        let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let found = look(&mut self.line, &keys, false)?;
        Ok(found.into_iter().map(|found| found.map_err(|error| of_server(&error))).collect())
    }
}

impl Browser for Cluster<Link> {
    fn keys(&mut self, prefix: &str) -> Result<Vec<Vec<u8>>, Trouble> {
        now(self.freshen())?;
        let mut keys = Vec::new();
        for master in self.masters() {
            keys.append(&mut scan(now(self.line(&master))?, prefix)?);
        }
        once(&mut keys);
        Ok(keys)
    }

    fn look(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Result<Stored, Trouble>>, Trouble> {
        let nowhere = || Err(trouble(TroubleKind::Server, "no node has the slot of this key"));
        let mut answers: Vec<_> = keys.iter().map(|_| nowhere()).collect();
        // The keys that are due, and where a node has sent one for this once.
        let mut due: Vec<(usize, Option<Node>)> = (0..keys.len()).map(|at| (at, None)).collect();
        for _ in 0..ROUNDS {
            now(self.freshen())?;
            let mut sorted: BTreeMap<(Node, bool), Vec<usize>> = BTreeMap::new();
            for (at, sent) in due {
                let asking = sent.is_some();
                if let Some(node) = sent.or_else(|| self.master_of(&keys[at])) {
                    sorted.entry((node, asking)).or_default().push(at);
                }
            }
            due = Vec::new();
            for ((node, asking), those) in sorted {
                let texts: Vec<&[u8]> = those.iter().map(|&at| keys[at].as_slice()).collect();
                for (at, found) in those.into_iter().zip(look(now(self.line(&node))?, &texts, asking)?) {
                    match found.as_ref().err().and_then(|error| redirection(error, &node)) {
                        Some((to, once)) => {
                            self.distrust();
                            due.push((at, once.then_some(to)));
                        }
                        None => answers[at] = found.map_err(|error| of_server(&error)),
                    }
                }
            }
            if due.is_empty() {
                break;
            }
        }
        Ok(answers)
    }
}

/// A server may give a key twice, and two nodes the same while it moves.
fn once(keys: &mut Vec<Vec<u8>>) {
    keys.sort_unstable();
    keys.dedup();
}

/// The keys of one server, by `SCAN`: `KEYS` would keep everybody else waiting.
fn scan(link: &mut Link, prefix: &str) -> Result<Vec<Vec<u8>>, Trouble> {
    let pattern = pattern(prefix);
    let (mut keys, mut cursor) = (Vec::new(), b"0".to_vec());
    loop {
        let step = now(link.ask(cmd("SCAN").arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(STEP)))?;
        let Value::Array(mut parts) = step else { return Err(nonsense()) };
        let (Some(Value::Array(found)), Some(Value::BulkString(next)), None) = (parts.pop(), parts.pop(), parts.pop())
        else {
            return Err(nonsense());
        };
        keys.extend(found.into_iter().filter_map(bytes));
        if next == b"0" {
            return Ok(keys);
        }
        cursor = next;
    }
}

/// What `MATCH` takes for all that begins with `prefix`.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::new();
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

type Found = Result<Stored, redis_v1::ServerError>;

/// What one server has under the keys: in a round trip, and one more if there is anything but a HASH.
fn look(link: &mut Link, keys: &[&[u8]], asking: bool) -> Result<Vec<Found>, Trouble> {
    let ask = |command: &str, keys: &mut dyn Iterator<Item = &&[u8]>, packed: &mut Vec<u8>| {
        for key in keys {
            if asking {
                cmd("ASKING").write_packed_command(packed);
            }
            cmd(command).arg(*key).write_packed_command(packed);
        }
    };
    let mut packed = Vec::new();
    cmd("TIME").write_packed_command(&mut packed);
    ask("HGETALL", &mut keys.iter(), &mut packed);
    ask("PTTL", &mut keys.iter(), &mut packed);
    link.send(&packed)?;
    let now_us = micros(link.next_answer()?)?;
    let mut found = vec![Ok(Stored::Nothing); keys.len()];
    for found in &mut found {
        *found = match answer(link, asking)? {
            Value::ServerError(error) => Err(error),
            value => match pairs(value).ok_or_else(nonsense)? {
                fields if fields.is_empty() => Ok(Stored::Nothing),
                fields => Ok(Stored::Hash { fields, expires_ms: None, now_us }),
            },
        };
    }
    for found in &mut found {
        let lives = answer(link, asking)?;
        if let (Ok(Stored::Hash { expires_ms, .. }), Value::Int(lives)) = (found, lives) {
            *expires_ms = u64::try_from(lives).ok();
        }
    }
    let is_other = |found: &Found| matches!(found, Err(error) if error.code() == "WRONGTYPE");
    let others: Vec<usize> = (0..keys.len()).filter(|&at| is_other(&found[at])).collect();
    packed.clear();
    ask("TYPE", &mut others.iter().map(|&at| &keys[at]), &mut packed);
    if !others.is_empty() {
        link.send(&packed)?;
    }
    for at in others {
        let kind = answer(link, asking)?;
        found[at] = Ok(Stored::Other(bytes(kind).map_or_else(|| "no HASH".into(), lossy)));
    }
    Ok(found)
}

fn answer(link: &mut Link, asking: bool) -> Result<Value, Trouble> {
    if asking {
        link.next_answer()?;
    }
    link.next_answer()
}

fn micros(time: Value) -> Result<u64, Trouble> {
    match time {
        Value::ServerError(error) => return Err(of_server(&error)),
        Value::Array(parts) => {
            let mut parts = parts.into_iter().map(|part| lossy(bytes(part)?).parse::<u64>().ok());
            if let (Some(Some(seconds)), Some(Some(micros))) = (parts.next(), parts.next()) {
                return Ok(seconds.saturating_mul(1_000_000).saturating_add(micros));
            }
        }
        _ => {}
    }
    Err(nonsense())
}

/// Of RESP2 or RESP3.
fn pairs(value: Value) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    match value {
        Value::Map(pairs) => pairs.into_iter().map(|(field, value)| bytes(field).zip(bytes(value))).collect(),
        Value::Array(flat) if flat.len() % 2 == 0 => {
            let mut flat = flat.into_iter();
            core::iter::from_fn(|| flat.next().zip(flat.next()))
                .map(|(field, value)| bytes(field).zip(bytes(value)))
                .collect()
        }
        _ => None,
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

fn nonsense() -> Trouble {
    trouble(TroubleKind::Server, "an answer that makes no sense")
}

#[cfg(test)]
mod tests {
    use redis_v1::parse_redis_value;

    use super::*;

    #[test]
    fn a_prefix_means_itself_whatever_it_holds() {
        assert_eq!(pattern("circuit_breaker:"), "circuit_breaker:*");
        assert_eq!(pattern("a*[b]?\\"), "a\\*\\[b\\]\\?\\\\*");
    }

    #[test]
    fn a_hash_is_read_in_both_forms() {
        let expected = Some(vec![(b"a".to_vec(), b"\xff".to_vec())]);
        assert_eq!(pairs(parse_redis_value(b"*2\r\n$1\r\na\r\n$1\r\n\xff\r\n").unwrap()), expected);
        assert_eq!(pairs(parse_redis_value(b"%1\r\n$1\r\na\r\n$1\r\n\xff\r\n").unwrap()), expected);
        assert_eq!(pairs(parse_redis_value(b"*1\r\n$1\r\na\r\n").unwrap()), None);
    }

    #[test]
    fn a_time_is_seconds_and_microseconds() {
        assert_eq!(micros(parse_redis_value(b"*2\r\n$2\r\n12\r\n$1\r\n7\r\n").unwrap()), Ok(12_000_007));
        assert!(micros(Value::Okay).is_err());
    }
}
