//! What an error of the server or of the client means for whoever has to go on.

use alloc::format;
use alloc::string::{String, ToString};

use redis_v1::{ErrorKind, RedisError, ServerError};

use crate::redis::connect::{Trouble, TroubleKind};

/// Codes by the kind that they are of. What is none of these is the server's.
const CODES: [(&str, TroubleKind); 16] = [
    ("WRONGTYPE", TroubleKind::Key),
    ("READONLY", TroubleKind::NotMaster),
    ("NOAUTH", TroubleKind::Refused),
    ("WRONGPASS", TroubleKind::Refused),
    ("NOPERM", TroubleKind::Refused),
    ("DENIED", TroubleKind::Refused),
    ("LOADING", TroubleKind::Server),
    ("BUSY", TroubleKind::Server),
    ("OOM", TroubleKind::Server),
    ("MISCONF", TroubleKind::Server),
    ("NOREPLICAS", TroubleKind::Server),
    ("CLUSTERDOWN", TroubleKind::Server),
    ("TRYAGAIN", TroubleKind::Server),
    ("MASTERDOWN", TroubleKind::Server),
    ("MOVED", TroubleKind::Server),
    ("ASK", TroubleKind::Server),
];

/// What errors without a code of their own say.
const PHRASES: [(&str, TroubleKind); 6] = [
    // No script, or it has another name here: it stays so until somebody allows it.
    ("unknown command", TroubleKind::Refused),
    // What a server without the password says to a command of more than ten arguments.
    ("unauthenticated", TroubleKind::Refused),
    // A right that the script has not: Redis 7.2, and before.
    ("ACL failure", TroubleKind::Refused),
    ("The user executing the script", TroubleKind::Refused),
    ("invalid password", TroubleKind::Refused),
    ("no such user", TroubleKind::Refused),
];

/// What a server means by an error.
pub(super) fn of_server(error: &ServerError) -> Trouble {
    let details = error.details().unwrap_or_default();
    Trouble { kind: kind(error.code(), details), text: format!("{} {details}", error.code()) }
}

/// What went wrong while `doing` something with a whole connection.
pub(super) fn of_client(error: &RedisError, doing: &str) -> Trouble {
    let said = if error.is_timeout() { "no answer in time".to_string() } else { error.to_string() };
    let kind = match error.kind() {
        ErrorKind::AuthenticationFailed => TroubleKind::Refused,
        ErrorKind::Server(_) | ErrorKind::Extension => {
            kind(error.code().unwrap_or("ERR"), error.detail().unwrap_or_default())
        }
        // What a server without RESP3, or without the right to it, says to HELLO.
        ErrorKind::RESP3NotSupported => TroubleKind::Refused,
        _ => TroubleKind::Connection,
    };
    Trouble { kind, text: format!("{doing}: {said}") }
}

/// A trouble of which nobody but this module knows the text.
pub(super) fn trouble(kind: TroubleKind, text: impl Into<String>) -> Trouble {
    Trouble { kind, text: text.into() }
}

fn kind(code: &str, details: &str) -> TroubleKind {
    let by_code = CODES.iter().find(|(known, _)| *known == code);
    if let Some((_, kind)) = by_code {
        return *kind;
    }
    // An error in a script has no code of its own up to Redis 6.2, but names it: "ERR Error running script … WRONGTYPE …".
    let named = PHRASES.iter().chain(&CODES).find(|(phrase, _)| code == "ERR" && details.contains(phrase));
    match named {
        Some((_, kind)) => *kind,
        // The script itself failed, and what it found in the key is all that it depends on.
        None if code == "ERR" && details.contains("user_script") => TroubleKind::Key,
        None => TroubleKind::Server,
    }
}

#[cfg(test)]
mod tests {
    use redis_v1::{Value, parse_redis_value};

    use super::*;

    fn kind_of(line: &str) -> TroubleKind {
        let Value::ServerError(error) = parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap() else {
            panic!("{line} is no error");
        };
        let trouble = of_server(&error);
        assert_eq!(trouble.text, line, "the text is what the server said");
        // The same, if the client made an error of its own of it.
        assert_eq!(of_client(&error.into(), "asking").kind, trouble.kind);
        trouble.kind
    }

    #[test]
    fn an_error_of_the_key_is_known_whether_the_script_passes_it_on_or_wraps_it() {
        for line in [
            "WRONGTYPE Operation against a key holding the wrong kind of value script: 47e0f2, on @user_script:27.",
            "ERR Error running script (call to f_47e0f2): @user_script:27: WRONGTYPE Operation against a key holding the wrong kind of value",
            "ERR user_script:12: attempt to compare nil with number script: 47e0f2, on @user_script:12.",
        ] {
            assert_eq!(kind_of(line), TroubleKind::Key, "{line}");
        }
    }

    #[test]
    fn a_replica_is_known_whether_the_script_passes_it_on_or_wraps_it() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "READONLY You can't write against a read only replica. script: 47e0f2, on @user_script:27.",
            "ERR Error running script (call to f_47e0f2): @user_script:27: @user_script: 27: -READONLY You can't write against a read only replica.",
        ] {
            assert_eq!(kind_of(line), TroubleKind::NotMaster, "{line}");
        }
    }

    #[test]
    fn a_missing_right_is_a_refusal_even_where_the_server_calls_it_an_error_of_the_protocol() {
        for line in [
            "NOAUTH Authentication required.",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "NOPERM this user has no permissions to run the 'evalsha' command",
            "ERR Protocol error: unauthenticated multibulk length",
            "ERR Protocol error: unauthenticated bulk length",
            "DENIED Redis is running in protected mode because protected mode is enabled",
            "ERR unknown command 'EVALSHA', with args beginning with: '47e0f2' '1' 'READONLY'",
            "ERR ACL failure in script: No permissions to access a key script: 47e0f2, on @user_script:27.",
            "ERR The user executing the script can't run this command or subcommand script: 47e0f2, on @user_script:436.",
            "ERR invalid password",
        ] {
            assert_eq!(kind_of(line), TroubleKind::Refused, "{line}");
        }
    }

    #[test]
    fn a_server_that_cannot_now_is_none_that_is_gone() {
        for line in [
            "LOADING Redis is loading the dataset in memory",
            "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
            "OOM command not allowed when used memory > 'maxmemory'. script: 47e0f2, on @user_script:27.",
            "ERR Error running script (call to f_47e0f2): @user_script:27: @user_script: 27: -OOM command not allowed when used memory > 'maxmemory'.",
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
            "NOREPLICAS Not enough good replicas to write.",
            "CLUSTERDOWN The cluster is down",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "MOVED 866 127.0.0.1:7001",
            "ERR max number of clients reached",
            "SOMETHING that is not known yet",
        ] {
            assert_eq!(kind_of(line), TroubleKind::Server, "{line}");
        }
    }

    #[test]
    fn a_timeout_and_a_broken_connection_are_of_the_connection() {
        use std::io;
        for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut, io::ErrorKind::UnexpectedEof] {
            let trouble = of_client(&io::Error::from(kind).into(), "asking 127.0.0.1:6379");
            assert_eq!(trouble.kind, TroubleKind::Connection, "{kind}");
            assert!(trouble.text.starts_with("asking 127.0.0.1:6379: "), "{}", trouble.text);
        }
        let timeout = of_client(&io::Error::from(io::ErrorKind::WouldBlock).into(), "asking");
        assert_eq!(timeout.text, "asking: no answer in time");
    }
}
