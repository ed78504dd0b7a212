//! Everything at once, in the thread that needs it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Driven;
use crate::redis::connect::{Connect, Connection, TroubleKind};

pub(in crate::redis) struct Inline {
    connect: Box<dyn Connect>,
    state: Mutex<State>,
    now: Box<dyn Fn() -> u64 + Send + Sync>,
}

#[derive(Default)]
struct State {
    members: BTreeMap<usize, Weak<dyn Driven>>,
    connection: Option<Box<dyn Connection>>,
    busy: bool,
}

impl Inline {
    pub(in crate::redis) fn new(connect: Box<dyn Connect>, now: Box<dyn Fn() -> u64 + Send + Sync>) -> Self {
        Self { connect, state: Mutex::default(), now }
    }

    pub(super) fn add(&self, number: usize, member: &Arc<dyn Driven>) {
        self.lock(|state| state.members.insert(number, Arc::downgrade(member)));
    }

    /// Sends what that member has to say now.
    pub(super) fn ring(&self, number: usize, at: u64) {
        if at <= (self.now)() {
            let member = self.lock(|state| state.members.get(&number).and_then(Weak::upgrade));
            if let Some(member) = member {
                self.exchange(&*member);
            }
        }
    }

    /// Sends what is due, until nothing is.
    pub(in crate::redis) fn pump(&self) {
        while let Some(member) = self.members().into_iter().find(|member| member.wakes_at() <= (self.now)()) {
            self.exchange(&*member);
        }
    }

    /// When something will be due.
    pub(in crate::redis) fn wakes_at(&self) -> u64 {
        self.members().iter().map(|member| member.wakes_at()).min().unwrap_or(u64::MAX)
    }

    /// What was told by the channel.
    pub(in crate::redis) fn noticed(&self, text: &str) {
        if let Ok(notice) = crate::redis::wire::Notice::read(text, (self.now)()) {
            for member in self.members().iter().filter(|member| member.key() == notice.key) {
                member.noticed(notice.view);
            }
        }
    }

    fn members(&self) -> Vec<Arc<dyn Driven>> {
        self.lock(|state| {
            state.members.retain(|_, member| member.strong_count() > 0);
            state.members.values().filter_map(Weak::upgrade).collect()
        })
    }

    fn exchange(&self, member: &dyn Driven) {
        // What is sent while something is on its way is sent by whoever waits for that.
        if self.lock(|state| core::mem::replace(&mut state.busy, true)) {
            return;
        }
        while let Some(call) = member.poll() {
            let kept = self.lock(|state| state.connection.take());
            let made = kept.map_or_else(|| self.connect.connect(), Ok);
            let answer = made.and_then(|mut connection| {
                let mut answers = connection.exchange(core::slice::from_ref(&call))?;
                let answer = answers.pop().unwrap_or_else(|| Ok(Vec::new()));
                if !matches!(&answer, Err(trouble) if trouble.kind == TroubleKind::NotMaster) {
                    self.lock(|state| state.connection = Some(connection));
                }
                answer
            });
            if member.heard(answer).is_err() {
                break;
            }
        }
        self.lock(|state| state.busy = false);
    }

    fn lock<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
