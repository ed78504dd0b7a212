//! Other texts of the script, which a worker sends in place of the library's.
//!
//! ```
//! assert_ne!(nemesis::script::text("comment"), halfopen::redis::script::SCRIPT);
//! ```

use std::time::Duration;

use halfopen::redis::connect::{Connect, Connection, ScriptCall, Subscription, Trouble, TroubleKind};
use halfopen::redis::script::SCRIPT;
use halfopen::redis::v1::{RedisConnect, redis};

/// The text of that name.
///
/// # Panics
///
/// There is none, or what it changes is not in the library's any more.
#[must_use]
pub fn text(name: &str) -> String {
    let changed = |from: &str, to: &str| {
        assert!(SCRIPT.contains(from), "the script has no {from:?} any more");
        SCRIPT.replacen(from, to, 1)
    };
    match name {
        "comment" => format!("{SCRIPT}\n-- as a later version has it\n"),
        // Its time is that of a clock which a key of the server sets, in seconds.
        "clock" => changed(
            "local time = redis.call('TIME')",
            "local time = redis.call('TIME')\ntime[1] = time[1] + (redis.call('GET', 'nemesis:clock') or 0)",
        ),
        "no_quiet" => changed("    changes.quiet_until = text(quiet)", "    quiet = 0"),
        "no_grace" => changed("unheard and ends > touched and", "false and"),
        "grace_once" => changed("or ends - by + longest", "or 0"),
        "no_join" => changed("if seen_gen > gen then", "if false then"),
        _ => panic!("no script {name}"),
    }
}

/// Sends that text, each time.
pub struct OtherScript {
    text: String,
    url: String,
    timeout: Duration,
    notices: RedisConnect,
}

impl OtherScript {
    /// Of that name, to one server.
    #[must_use]
    pub fn new(name: &str, url: &str, timeout: Duration, notices: RedisConnect) -> Self {
        Self { text: text(name), url: url.into(), timeout, notices }
    }
}

impl Connect for OtherScript {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        let client = redis::Client::open(self.url.as_str()).map_err(trouble)?;
        let connection = client.get_connection_with_timeout(self.timeout).map_err(trouble)?;
        connection.set_read_timeout(Some(self.timeout)).map_err(trouble)?;
        connection.set_write_timeout(Some(self.timeout)).map_err(trouble)?;
        Ok(Box::new(Line { text: self.text.clone(), connection }))
    }

    fn subscribe(&self, channel: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        self.notices.subscribe(channel)
    }
}

struct Line {
    text: String,
    connection: redis::Connection,
}

impl Connection for Line {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Result<Vec<Result<Vec<String>, Trouble>>, Trouble> {
        let mut answers = Vec::new();
        for call in calls {
            let mut command = redis::cmd("EVAL");
            command.arg(&self.text).arg(1).arg(&call.key).arg(&call.arguments);
            let answer = command.query::<Vec<String>>(&mut self.connection).map_err(trouble);
            match answer {
                Err(trouble) if trouble.kind == TroubleKind::Connection => return Err(trouble),
                answer => answers.push(answer),
            }
        }
        Ok(answers)
    }
}

fn trouble(error: redis::RedisError) -> Trouble {
    let broken = error.is_io_error() || error.is_timeout() || error.is_connection_dropped();
    let kind = if broken { TroubleKind::Connection } else { TroubleKind::Server };
    Trouble { kind, text: error.to_string() }
}
