//! What a window must hold, whatever the order in which both sides recorded: within a round all outcomes are alike.

use crate::game::{Game, Window};

/// Failures that a window over time may still hold, by rounds.
const ROUNDS: usize = 16;

pub struct Model {
    game: Game,
    /// The latest outcomes of all, a bit each; a failure is 1.
    last: u64,
    rounds: [Round; ROUNDS],
    used: usize,
    /// Of `Tip`: the successes that the window holds already, and since when. `None`: it is yet to be emptied.
    pub successes: Option<(u32, u32)>,
    /// Of `Reopen`: successes of probes since the beginning, closings, and reopenings.
    pub succeeded: u32,
    pub closed: u32,
    pub reopened: u32,
}

/// Outcomes of a round that ended in failures, and when it was.
#[derive(Clone, Copy)]
struct Round {
    begin: u32,
    end: u32,
    failures: u32,
}

impl Model {
    pub const fn new(game: Game) -> Self {
        let rounds = [Round { begin: 0, end: 0, failures: 0 }; ROUNDS];
        Self { game, last: 0, rounds, used: 0, successes: None, succeeded: 0, closed: 0, reopened: 0 }
    }

    pub fn clear(&mut self) {
        (self.last, self.used) = (0, 0);
    }

    /// Nothing more can be followed: the window must be emptied.
    pub fn is_full(&self) -> bool {
        self.used == ROUNDS
    }

    pub fn push(&mut self, failed: bool, number: u32, begin: u32, end: u32) {
        let kept = self.last.checked_shl(number).unwrap_or(0);
        let ones = if failed { 1u64.checked_shl(number).unwrap_or(0).wrapping_sub(1) } else { 0 };
        self.last = kept | ones;
        if failed {
            self.rounds[self.used] = Round { begin, end, failures: number };
            self.used += 1;
        }
        let mut used = 0;
        for i in 0..self.used {
            if end - self.rounds[i].end < self.game.reach() {
                self.rounds[used] = self.rounds[i];
                used += 1;
            }
        }
        self.used = used;
    }

    /// The least and the most failures that the window may hold now.
    pub fn failures(&self, now: u32) -> (u32, u32) {
        if self.game.window != Window::Time {
            let failures = (self.last & ((1 << self.game.size()) - 1)).count_ones();
            return (failures, failures);
        }
        let (reach, bucket) = (self.game.reach(), self.game.bucket());
        let rounds = &self.rounds[..self.used];
        let sum =
            |within: &dyn Fn(&Round) -> bool| rounds.iter().filter(|round| within(round)).map(|it| it.failures).sum();
        (sum(&|round| now - round.begin < reach - bucket), sum(&|round| now - round.end < reach))
    }
}
