//! A call of the script as a command, and what the server answers as texts.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use redis_v1::{Cmd, ServerErrorKind, Value, cmd};

use super::errors::{of_server, trouble};
use crate::redis::connect::{ScriptCall, Trouble, TroubleKind};
use crate::redis::script::{SCRIPT, SCRIPT_SHA1};

/// How a server is told which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// `EVALSHA`.
    Hash,
    /// `EVAL`, after which the server knows it by its hash too.
    Text,
}

impl By {
    /// How to call in the given attempt: after `NOSCRIPT` the first call brings the text for all, and only where it was
    /// forgotten meanwhile does each bring its own.
    pub(super) fn attempt(attempt: usize, first: bool) -> Self {
        if attempt >= 2 || (attempt == 1 && first) { Self::Text } else { Self::Hash }
    }

    /// Attempts until a server must have answered with something else than `NOSCRIPT`.
    pub(super) const ATTEMPTS: usize = 3;
}

/// The call as a command.
pub(super) fn command(call: &ScriptCall, by: By) -> Cmd {
    let (name, script) = match by {
        By::Hash => ("EVALSHA", SCRIPT_SHA1),
        By::Text => ("EVAL", SCRIPT),
    };
    let mut command = cmd(name);
    command.arg(script).arg(1).arg(call.key.as_str()).arg(call.arguments.as_slice());
    command
}

pub(super) fn is_no_script(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.kind() == Some(ServerErrorKind::NoScript))
}

/// The texts of an answer. Bytes that are no UTF-8 came into the hash by hand, and say nothing that matters.
pub(super) fn texts(value: Value) -> Result<Vec<String>, Trouble> {
    match value {
        Value::ServerError(error) => Err(of_server(&error)),
        Value::Array(values) => values.into_iter().map(text).collect(),
        _ => Err(none_of_the_script()),
    }
}

fn text(value: Value) -> Result<String, Trouble> {
    match value {
        Value::BulkString(bytes) => Ok(lossy(bytes)),
        Value::SimpleString(text) => Ok(text),
        Value::Okay => Ok("OK".to_string()),
        Value::Int(number) => Ok(number.to_string()),
        _ => Err(none_of_the_script()),
    }
}

/// Text of a server, whatever it is.
pub(super) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn none_of_the_script() -> Trouble {
    trouble(TroubleKind::Key, "an answer that is none of the script")
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use redis_v1::parse_redis_value;

    use super::*;

    #[test]
    fn strings_and_integers_of_every_form_become_texts() {
        let answer = parse_redis_value(b"*5\r\n$2\r\nok\r\n:-17\r\n+open\r\n+OK\r\n$0\r\n\r\n").unwrap();
        assert_eq!(texts(answer).unwrap(), ["ok", "-17", "open", "OK", ""]);
    }

    #[test]
    fn an_answer_that_is_none_of_the_script_is_of_the_key() {
        for bytes in [&b"+OK\r\n"[..], b"$-1\r\n", b":1\r\n", b"*2\r\n$2\r\nok\r\n$-1\r\n", b"*1\r\n*0\r\n"] {
            assert_eq!(texts(parse_redis_value(bytes).unwrap()).unwrap_err().kind, TroubleKind::Key, "{bytes:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_spoil_an_answer() {
        let answer = parse_redis_value(b"*2\r\n$2\r\nok\r\n$2\r\n\xff!\r\n").unwrap();
        assert_eq!(texts(answer).unwrap(), ["ok", "\u{fffd}!"]);
    }

    #[test]
    fn a_call_keeps_every_byte_of_key_and_arguments() {
        let call = ScriptCall { key: "a\r\n\0 {b}|ü".into(), arguments: vec!["".into(), "$1\r\nx".into()] };
        let packed = command(&call, By::Hash).get_packed_command();
        let Value::Array(parts) = parse_redis_value(&packed).unwrap() else { panic!("no command") };
        let parts: Vec<String> = parts.into_iter().map(|part| text(part).unwrap()).collect();
        assert_eq!(parts, ["EVALSHA", SCRIPT_SHA1, "1", "a\r\n\0 {b}|ü", "", "$1\r\nx"]);
    }

    #[test]
    fn the_text_is_sent_once_for_all_and_only_then_for_each() {
        let forms = |attempt| [By::attempt(attempt, true), By::attempt(attempt, false)];
        assert_eq!(forms(0), [By::Hash, By::Hash]);
        assert_eq!(forms(1), [By::Text, By::Hash]);
        assert_eq!(forms(By::ATTEMPTS - 1), [By::Text, By::Text]);
    }
}
