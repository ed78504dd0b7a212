//! Calls of the script at one server.

use alloc::vec;
use alloc::vec::Vec;

use redis_v1::pipe;

use super::answer::{By, command, is_no_script, texts};
use super::errors::trouble;
use super::line::{Line, now};
use super::link::Link;
use crate::redis::connect::{Answers, Connection, ScriptCall, TroubleKind};

/// A connection to one server.
pub(super) struct Single<L> {
    pub(super) line: L,
}

impl<L: Line> Single<L> {
    pub(super) fn new(line: L) -> Self {
        Self { line }
    }

    pub(super) async fn make(&mut self, calls: &[ScriptCall]) -> Answers {
        let mut answers = vec![Err(trouble(TroubleKind::Server, "it forgets the script again and again")); calls.len()];
        let mut due: Vec<usize> = (0..calls.len()).collect();
        for attempt in 0..By::ATTEMPTS {
            if due.is_empty() {
                break;
            }
            let mut commands = pipe();
            for (position, &call) in due.iter().enumerate() {
                commands.add_command(command(&calls[call], By::attempt(attempt, position == 0)));
            }
            self.line.send(commands).await?;
            let mut unknown = Vec::new();
            for call in due {
                let value = self.line.receive().await?;
                if is_no_script(&value) {
                    unknown.push(call);
                } else {
                    answers[call] = texts(value);
                }
            }
            due = unknown;
        }
        Ok(answers)
    }
}

impl Connection for Single<Link> {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Answers {
        now(self.make(calls))
    }
}
