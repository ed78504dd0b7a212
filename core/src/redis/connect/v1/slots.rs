//! Which node of a Cluster has which key.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use redis_v1::{ErrorKind, RedisError, ServerError, ServerErrorKind, Value};

use super::answer::texts;

/// A node by its address.
pub(super) type Node = (String, u16);

/// Ranges of slots, first and last, and the master of each.
#[derive(Debug, Default)]
pub(super) struct Slots(Vec<(u16, u16, Node)>);

impl Slots {
    /// From the answer of `asked` to `CLUSTER SLOTS`; `None` if it is none.
    pub(super) fn read(answer: Value, asked: &Node) -> Option<Self> {
        let Value::Array(ranges) = answer else { return None };
        ranges.into_iter().map(|range| read_range(range, asked)).collect::<Option<_>>().map(Self)
    }

    pub(super) fn master_of(&self, key: &[u8]) -> Option<&Node> {
        let slot = slot(key);
        self.0.iter().find(|(first, last, _)| (*first..=*last).contains(&slot)).map(|(_, _, master)| master)
    }

    /// Every master, some of them more than once.
    pub(super) fn masters(&self) -> impl Iterator<Item = &Node> {
        self.0.iter().map(|(_, _, master)| master)
    }
}

fn read_range(range: Value, asked: &Node) -> Option<(u16, u16, Node)> {
    let Value::Array(parts) = range else { return None };
    let mut parts = parts.into_iter();
    let (Value::Int(first), Value::Int(last), Value::Array(master)) = (parts.next()?, parts.next()?, parts.next()?)
    else {
        return None;
    };
    let mut master = master.into_iter();
    let (host, Value::Int(port)) = (master.next()?, master.next()?) else { return None };
    let host = texts(Value::Array([host].into())).ok().and_then(|texts| texts.into_iter().next());
    Some((
        first.try_into().ok()?,
        last.try_into().ok()?,
        node(host.as_deref().unwrap_or_default(), port.try_into().ok()?, asked),
    ))
}

/// A node that does not know its own address leaves it out: it is the one that was asked.
fn node(host: &str, port: u16, asked: &Node) -> Node {
    let host = if matches!(host, "" | "?") { &asked.0 } else { host };
    (host.to_string(), port)
}

/// Where an error of `asked` sends a call, and whether only for this once.
pub(super) fn redirection(error: &ServerError, asked: &Node) -> Option<(Node, bool)> {
    let once = match error.kind()? {
        ServerErrorKind::Ask => true,
        ServerErrorKind::Moved => false,
        _ => return None,
    };
    let error: RedisError = error.clone().into();
    debug_assert!(matches!(error.kind(), ErrorKind::Server(_)));
    let (host, port) = error.redirect_node()?.0.rsplit_once(':')?;
    Some((node(host, port.parse().ok()?, asked), once))
}

/// CRC-16/XMODEM of the key, or of what stands in its first braces, modulo 16,384.
fn slot(key: &[u8]) -> u16 {
    let find = |text: &[u8], brace| text.iter().position(|&byte| byte == brace);
    let tag =
        find(key, b'{').map(|open| &key[open + 1..]).and_then(|rest| find(rest, b'}').map(|close| &rest[..close]));
    let hashed = tag.filter(|tag| !tag.is_empty()).unwrap_or(key);
    let crc = hashed.iter().fold(0u16, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 })
    });
    crc % 16_384
}

#[cfg(test)]
mod tests {
    use redis_v1::parse_redis_value;

    use super::*;

    fn asked() -> Node {
        ("10.0.0.1".into(), 7000)
    }

    fn error(line: &[u8]) -> ServerError {
        let Value::ServerError(error) = parse_redis_value(line).unwrap() else { panic!("no error") };
        error
    }

    #[test]
    fn a_key_has_the_slot_that_redis_gives_it() {
        // By CLUSTER KEYSLOT of Redis 7.0.15.
        let known = [
            ("", 0),
            ("123456789", 12739),
            ("foo", 12182),
            ("{foo}bar", 12182),
            ("a{foo}b{c}", 12182),
            ("{}foo", 9500),
            ("{", 4092),
        ];
        for (key, expected) in known {
            assert_eq!(slot(key.as_bytes()), expected, "{key:?}");
        }
    }

    #[test]
    fn a_node_that_leaves_its_address_out_is_the_one_that_was_asked() {
        let answer = b"*2\r\n*3\r\n:0\r\n:8191\r\n*2\r\n$0\r\n\r\n:7000\r\n*3\r\n:8192\r\n:16383\r\n*2\r\n$8\r\n10.0.0.2\r\n:7001\r\n";
        let slots = Slots::read(parse_redis_value(answer).unwrap(), &asked()).unwrap();
        assert_eq!(slots.master_of(b""), Some(&asked()));
        assert_eq!(slots.master_of(b"foo"), Some(&("10.0.0.2".into(), 7001)));
        assert!(Slots::read(Value::Okay, &asked()).is_none());
    }

    #[test]
    fn a_redirection_is_followed_for_once_or_for_good() {
        assert_eq!(redirection(&error(b"-MOVED 866 ::1:7001\r\n"), &asked()), Some((("::1".into(), 7001), false)));
        assert_eq!(
            redirection(&error(b"-ASK 866 10.0.0.2:7001\r\n"), &asked()),
            Some((("10.0.0.2".into(), 7001), true))
        );
        assert_eq!(redirection(&error(b"-MOVED 866 :7001\r\n"), &asked()), Some((("10.0.0.1".into(), 7001), false)));
        assert_eq!(redirection(&error(b"-MOVED 866\r\n"), &asked()), None);
        assert_eq!(redirection(&error(b"-READONLY no\r\n"), &asked()), None);
    }
}
