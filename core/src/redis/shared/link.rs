//! How the drive works with a member: takes requests from it, and hands in what comes back.

use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use super::Member;
use crate::circuit::{CircuitState, Mode};
use crate::observer::Observer;
use crate::redis::FleetClock;
use crate::redis::connect::{ScriptCall, Trouble, TroubleKind};
use crate::redis::drive::Driven;
use crate::redis::wire::{Reply, View};
use crate::rules::Rule;

impl<C: FleetClock, O: Observer, R: Rule> Driven for Member<C, O, R>
where
    Self: Send + Sync,
{
    fn key(&self) -> &str {
        &self.key
    }

    fn poll(&self) -> Option<ScriptCall> {
        let (mut shared, now) = (self.lock(), self.now());
        // Who asks from now on is seen to have done so.
        self.in_use.store(false, Ordering::Relaxed);
        let fixed = shared.circuit.fixed(&self.channel);
        let arguments = shared.circuit.poll(now).map(|request| request.arguments(&fixed, now));
        shared.wakes_at = shared.circuit.wakes_at();
        // It may have opened ahead of the fleet.
        self.after(shared);
        let arguments = arguments?;
        Some(ScriptCall { key: self.key.clone(), arguments })
    }

    fn wakes_at(&self) -> u64 {
        self.lock().wakes_at
    }

    fn heard(&self, answer: Result<Vec<String>, Trouble>) -> Result<(), Trouble> {
        // The time after the lock, or what another thread has told meanwhile would make a clock of it that goes back.
        let (mut shared, now) = (self.lock(), self.now());
        let reply = answer.and_then(|fields| {
            Reply::read(&fields, now)
                .map_err(|error| Trouble { kind: TroubleKind::Key, text: alloc::format!("{error}") })
        });
        let result = match reply {
            Ok(reply) if shared.circuit.is_alone() => {
                let own = self.local.snapshot();
                let opening = (own.state() == CircuitState::Open && own.mode() == Mode::Normal)
                    .then(|| (now + u64::from(own.remaining_ms()) * 1_000, own.failure_count()));
                shared.circuit.back(now, &reply, (own.state(), own.mode()), opening);
                Ok(())
            }
            Ok(reply) => {
                shared.circuit.heard(now, &reply);
                Ok(())
            }
            Err(trouble) => {
                shared.circuit.leave(now);
                Err(trouble)
            }
        };
        shared.wakes_at = u64::MAX;
        self.after(shared);
        self.wake();
        result
    }

    fn noticed(&self, view: View) {
        let mut shared = self.lock();
        shared.circuit.noticed(self.now(), view);
        self.after(shared);
        self.wake();
    }

    fn leave(&self) {
        let mut shared = self.lock();
        shared.circuit.leave(self.now());
        shared.wakes_at = u64::MAX;
        self.after(shared);
        self.wake();
    }

    fn look_again(&self) {
        let mut shared = self.lock();
        shared.circuit.look_again();
        self.after(shared);
    }

    fn poll_often(&self) {
        let mut shared = self.lock();
        shared.circuit.poll_often();
        self.after(shared);
    }

    fn hurry(&self) {
        let mut shared = self.lock();
        shared.circuit.hurry();
        self.after(shared);
    }

    fn is_heard(&self) -> bool {
        self.lock().circuit.is_heard()
    }

    fn patience(&self) -> Option<core::time::Duration> {
        self.lock().circuit.patience()
    }
}
