//! What a driver does next, and what comes of it: free of threads, tasks and sockets.
//!
//! A driver asks [`Rounds::next`] for what to do, does it, hands in by [`Rounds::came`] what came of an exchange, tells the hub that
//! a round is over, and asks again. In its hands it has the connection alone.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::time::Instant;

use super::Driven;
use super::hub::Hub;
use crate::redis::connect::{Answers, ScriptCall, Trouble, TroubleKind};

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// What a driver is to do.
pub(super) enum Next {
    /// Wait until the bell rings, but no longer than that.
    Wait(Option<Duration>),
    /// Make these calls, over a connection that there is or over a new one.
    Exchange(Batch),
    /// End.
    Over,
}

/// Calls of one round trip.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) calls: Vec<ScriptCall>,
    members: Vec<Arc<dyn Driven>>,
}

/// What a driver knows of Redis.
pub(super) struct Rounds {
    away: Option<Away>,
    chance: u64,
}

#[derive(Clone, Copy)]
struct Away {
    /// How long to wait at most before asking again.
    backoff: Duration,
    /// How long it is waited this time.
    until: Option<Instant>,
}

impl Rounds {
    pub(super) fn new(chance: u64) -> Self {
        Self { away: None, chance: chance | 1 }
    }

    /// What to do at this time.
    pub(super) fn next(&mut self, hub: &Hub, at: Instant) -> Next {
        match self.away {
            Some(away) => self.ask_whether_it_is_back(hub, at, away),
            None => serve(hub, at),
        }
    }

    /// What came of a batch. `true`: the connection is of use still.
    #[must_use]
    pub(super) fn came(&mut self, hub: &Hub, batch: &Batch, answers: Answers) -> bool {
        let (mut answered, mut of_use) = (false, true);
        match answers {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for member in &batch.members {
                    let nothing = || Err(Trouble { kind: TroubleKind::Key, text: "no answer".to_string() });
                    match member.heard(answers.next().unwrap_or_else(nothing)) {
                        Ok(()) => answered = true,
                        // In a cluster the others may be well, and they will say so when they are not: this one alone goes on alone.
                        Err(trouble) => {
                            of_use &= trouble.kind != TroubleKind::NotMaster;
                            crate::logging::alone(member.key(), &trouble);
                        }
                    }
                }
            }
            Err(trouble) => {
                of_use = false;
                batch.members.iter().for_each(|member| drop(member.heard(Err(trouble.clone()))));
                if self.away.is_none() {
                    crate::logging::away(&trouble);
                    hub.each(|member| member.leave());
                    self.away = Some(Away { backoff: FIRST_BACKOFF, until: None });
                }
            }
        }
        if answered && self.away.take().is_some() {
            crate::logging::back();
            hub.each(|member| member.look_again());
        }
        of_use
    }

    /// Waits a while, by chance, and tries with one circuit.
    fn ask_whether_it_is_back(&mut self, hub: &Hub, at: Instant, away: Away) -> Next {
        let until = away.until.unwrap_or_else(|| {
            let most = hub.patience().unwrap_or(LONGEST_BACKOFF);
            at + self.part_of(away.backoff.min(most))
        });
        let member = {
            let queue = hub.lock();
            if queue.is_over(at) {
                return Next::Over;
            }
            if at < until {
                self.away = Some(Away { until: Some(until), ..away });
                return Next::Wait(queue.no_longer_than(Some(until - at), at));
            }
            // By chance, because in a cluster one may be well where another is not.
            queue.nth(self.below(queue.count()))
        };
        self.away = Some(Away { backoff: (away.backoff * 2).min(LONGEST_BACKOFF), until: None });
        let Some(member) = member else { return Next::Wait(Some(Duration::ZERO)) };
        member.look_again();
        match member.poll() {
            Some(call) => Next::Exchange(Batch { calls: [call].into(), members: [member].into() }),
            None => Next::Wait(Some(Duration::ZERO)),
        }
    }

    fn random(&mut self) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance
    }

    /// A part of `longest`, by chance.
    fn part_of(&mut self, longest: Duration) -> Duration {
        longest.mul_f64((self.random() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// By chance, less than `count`.
    fn below(&mut self, count: usize) -> usize {
        (self.random() as usize).checked_rem(count).unwrap_or(0)
    }
}

/// What is due, or until when nothing is.
fn serve(hub: &Hub, at: Instant) -> Next {
    loop {
        let due = {
            let (mut queue, now) = (hub.lock(), hub.now());
            let due = queue.take_due(now);
            if due.is_empty() {
                return if queue.is_over(at) {
                    Next::Over
                } else {
                    Next::Wait(queue.no_longer_than(queue.due_in(now), at))
                };
            }
            due
        };
        let mut batch = Batch::default();
        for (number, member) in due {
            match member.poll() {
                Some(call) => {
                    batch.calls.push(call);
                    batch.members.push(member);
                }
                None => {
                    let at = member.wakes_at();
                    if at < u64::MAX {
                        hub.lock().put(number, at);
                    }
                }
            }
        }
        if !batch.calls.is_empty() {
            return Next::Exchange(batch);
        }
        hub.round_over();
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::redis::wire::View;

    /// A circuit that has this many requests to make.
    #[derive(Default)]
    struct Talker {
        left: AtomicUsize,
        answered: AtomicUsize,
        failed: AtomicUsize,
        left_alone: AtomicUsize,
    }

    impl Talker {
        fn seen(&self) -> [usize; 3] {
            [&self.answered, &self.failed, &self.left_alone].map(|count| count.load(Ordering::Relaxed))
        }
    }

    impl Driven for Talker {
        fn key(&self) -> &str {
            "key"
        }
        fn poll(&self) -> Option<ScriptCall> {
            let left = self.left.load(Ordering::Relaxed).checked_sub(1)?;
            self.left.store(left, Ordering::Relaxed);
            Some(ScriptCall { key: "key".into(), arguments: Vec::new() })
        }
        fn wakes_at(&self) -> u64 {
            u64::MAX
        }
        fn heard(&self, answer: Result<Vec<alloc::string::String>, Trouble>) -> Result<(), Trouble> {
            let count = if answer.is_ok() { &self.answered } else { &self.failed };
            count.fetch_add(1, Ordering::Relaxed);
            answer.map(drop)
        }
        fn noticed(&self, _: View) {}
        fn leave(&self) {
            self.left_alone.fetch_add(1, Ordering::Relaxed);
        }
        fn look_again(&self) {
            self.left.fetch_add(1, Ordering::Relaxed);
        }
        fn poll_often(&self) {}
        fn hurry(&self) {}
        fn patience(&self) -> Option<Duration> {
            None
        }

        fn is_heard(&self) -> bool {
            self.left.load(Ordering::Relaxed) == 0
        }
    }

    /// So many circuits, each of which has rung with one request at the time 0.
    fn fleet(count: usize) -> (Arc<Hub>, Rounds, Vec<Arc<Talker>>) {
        let hub = Hub::new(Box::new(|| 1_000));
        let talkers: Vec<_> = (0..count).map(|_| Arc::new(Talker { left: 1.into(), ..Talker::default() })).collect();
        for (number, talker) in talkers.iter().enumerate() {
            let member: Arc<dyn Driven> = talker.clone();
            hub.add(number, &member, "events");
            hub.bell().ring(number, 0);
        }
        (hub, Rounds::new(7), talkers)
    }

    fn calls(next: Next) -> Batch {
        match next {
            Next::Exchange(batch) => batch,
            Next::Wait(longest) => panic!("it waits for {longest:?}"),
            Next::Over => panic!("it is over"),
        }
    }

    fn trouble(kind: TroubleKind) -> Trouble {
        Trouble { kind, text: "a trouble".into() }
    }

    fn answers(batch: &Batch) -> Answers {
        Ok(batch.calls.iter().map(|_| Ok(Vec::new())).collect())
    }

    #[test]
    fn what_is_due_goes_out_in_round_trips_of_128_and_then_it_waits_for_the_bell() {
        let (hub, mut rounds, talkers) = fleet(130);
        let at = Instant::now();
        for size in [128, 2] {
            let batch = calls(rounds.next(&hub, at));
            assert_eq!(batch.calls.len(), size);
            assert!(rounds.came(&hub, &batch, answers(&batch)));
        }
        assert!(matches!(rounds.next(&hub, at), Next::Wait(None)));
        assert!(talkers.iter().all(|talker| talker.seen() == [1, 0, 0]));
        hub.bell().ring(0, 3_500);
        assert!(matches!(rounds.next(&hub, at), Next::Wait(Some(wait)) if wait == Duration::from_micros(2_500)));
    }

    #[test]
    fn after_an_error_of_a_whole_exchange_all_are_left_alone_once_and_one_asks_after_ever_longer_waits_until_it_is_answered()
     {
        let (hub, mut rounds, talkers) = fleet(3);
        let mut at = Instant::now();
        let batch = calls(rounds.next(&hub, at));
        assert!(!rounds.came(&hub, &batch, Err(trouble(TroubleKind::Connection))));
        assert!(talkers.iter().all(|talker| talker.seen() == [0, 1, 1]));
        let (mut longest, mut waits) = (FIRST_BACKOFF, Vec::new());
        for _ in 0..8 {
            // By chance it may be no wait at all.
            let batch = match rounds.next(&hub, at) {
                Next::Wait(Some(wait)) => {
                    assert!(wait <= longest, "{wait:?} of {longest:?}");
                    waits.push(wait);
                    // Asked again before that is over, it still waits for the same moment.
                    assert!(matches!(rounds.next(&hub, at), Next::Wait(Some(again)) if again == wait));
                    at += wait;
                    calls(rounds.next(&hub, at))
                }
                next => calls(next),
            };
            assert_eq!(batch.calls.len(), 1);
            assert!(!rounds.came(&hub, &batch, Err(trouble(TroubleKind::Connection))));
            longest = (longest * 2).min(LONGEST_BACKOFF);
        }
        assert!(waits.len() > 5 && waits.iter().any(|wait| *wait > FIRST_BACKOFF * 4), "{waits:?}");
        assert!(talkers.iter().all(|talker| talker.seen()[2] == 1), "they took leave once");
        at += LONGEST_BACKOFF;
        let batch = match rounds.next(&hub, at) {
            Next::Wait(Some(wait)) => calls(rounds.next(&hub, at + wait)),
            next => calls(next),
        };
        assert!(rounds.came(&hub, &batch, answers(&batch)));
        assert!(talkers.iter().all(|talker| talker.left.load(Ordering::Relaxed) == 1), "all look again");
    }

    #[test]
    fn an_error_of_one_circuit_is_its_own_and_one_that_is_no_master_costs_the_connection() {
        for (kind, of_use) in [(TroubleKind::Key, true), (TroubleKind::NotMaster, false)] {
            let (hub, mut rounds, talkers) = fleet(2);
            let batch = calls(rounds.next(&hub, Instant::now()));
            assert_eq!(rounds.came(&hub, &batch, Ok([Err(trouble(kind)), Ok(Vec::new())].into())), of_use);
            assert_eq!([talkers[0].seen(), talkers[1].seen()], [[0, 1, 0], [1, 0, 0]]);
            assert!(matches!(rounds.next(&hub, Instant::now()), Next::Wait(None)), "nobody is away");
        }
    }

    #[test]
    fn an_answer_that_is_missing_is_an_error_of_its_circuit() {
        let (hub, mut rounds, talkers) = fleet(2);
        let batch = calls(rounds.next(&hub, Instant::now()));
        assert!(rounds.came(&hub, &batch, Ok([Ok(Vec::new())].into())));
        assert_eq!([talkers[0].seen(), talkers[1].seen()], [[1, 0, 0], [0, 1, 0]]);
    }

    #[test]
    fn it_ends_when_everything_is_said_and_in_time_where_it_cannot_be() {
        let (hub, mut rounds, _talkers) = fleet(1);
        let at = Instant::now();
        let end = at + Duration::from_secs(1);
        hub.end(end);
        let batch = calls(rounds.next(&hub, at));
        assert!(rounds.came(&hub, &batch, answers(&batch)));
        assert!(matches!(rounds.next(&hub, at), Next::Over));

        let (hub, mut rounds, talkers) = fleet(1);
        let batch = calls(rounds.next(&hub, at));
        assert!(!rounds.came(&hub, &batch, Err(trouble(TroubleKind::Connection))));
        talkers[0].look_again();
        hub.end(end);
        assert!(!matches!(rounds.next(&hub, at), Next::Over));
        assert!(matches!(rounds.next(&hub, end), Next::Over));
    }
}
