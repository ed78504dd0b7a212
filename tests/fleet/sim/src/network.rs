//! What is said between instances and the server, and what becomes of it on its way.

use halfopen::redis::connect::{ScriptCall, Trouble, TroubleKind};
use halfopen::redis::wire::{Reply, View};

use crate::Mistake;
use crate::instance::Link;
use crate::plan::{Fault, RESPONSE_TIMEOUT};
use crate::world::{Due, Event, LONGEST_BACKOFF, World};

const FIRST_BACKOFF: u64 = 50_000;

impl World {
    /// What the thread of a fleet does when it comes round.
    pub(crate) fn drive(&mut self, number: usize) {
        let Some(instance) = &mut self.instances[number] else { return };
        if instance.paused || instance.link != Link::Ready {
            return;
        }
        let (now, wakes_at) = (self.now + instance.offset, instance.hand().wakes_at(0));
        if wakes_at > now {
            if wakes_at < u64::MAX && instance.wake != wakes_at {
                instance.wake = wakes_at;
                self.later(wakes_at - now, Due::At(number, Event::Wake));
            }
            return;
        }
        match instance.hand().poll(0) {
            Some(call) => self.send(number, call, false),
            None => {
                let wakes_at = instance.hand().wakes_at(0);
                if wakes_at <= now {
                    self.fail(format!("i{number}: has nothing to say, and wants to be asked at once"));
                } else {
                    self.drive(number);
                }
            }
        }
    }

    pub(crate) fn send(&mut self, number: usize, call: ScriptCall, asking: bool) {
        let flight = self.number();
        let instance = self.instances[number].as_mut().expect("one that runs");
        instance.requests += 1;
        instance.wake = u64::MAX;
        instance.link = Link::Waits(flight, asking);
        instance.sent_at = self.now;
        instance.outrun = false;
        self.statistics.requests += 1;
        let words = call.arguments.clone();
        self.say(|| {
            let (seen, rest) = (words[9..15].join(" "), words[16..].join(" "));
            format!("i{number} #{flight} sends {} {rest} | knows {seen}", words[0])
        });
        if self.server.is_down {
            return self.broken(number, "refused");
        }
        if self.mistake == Mistake::NoRenewals && words[0] == "renew" {
            let answer = self.server.hash_as_answer(&words);
            return self.later(500, Due::At(number, Event::Answer(flight, Ok(answer))));
        }
        self.later(RESPONSE_TIMEOUT, Due::At(number, Event::TimeOut(flight)));
        let quiet = self.now >= self.faults_end;
        let cut = self.now < self.instances[number].as_ref().expect("one that runs").cut_until;
        if cut || (!quiet && self.chance.permille(self.plan.lost_permille)) {
            self.statistics.lost += 1;
            return self.say(|| format!("       #{flight} is lost"));
        }
        let delay = self.delay();
        // The outcome of a probe counts twice if it is sent twice as if for the first time: a connection must not do that.
        if !quiet && words[0] != "done" && self.chance.permille(self.plan.repeated_permille) {
            self.statistics.repeated += 1;
            let again = self.delay();
            self.later(delay + again, Due::At(number, Event::Arrive(None, Box::new(call.clone()))));
        }
        self.later(delay, Due::At(number, Event::Arrive(Some(flight), Box::new(call))));
    }

    pub(crate) fn delay(&mut self) -> u64 {
        // Once the faults are over the network is good enough for the response timeout.
        let most = if self.now >= self.faults_end { self.plan.delay.min(40_000) } else { self.plan.delay };
        self.chance.spread(50, most)
    }

    pub(crate) fn arrive(&mut self, number: usize, flight: Option<u64>, call: ScriptCall) {
        if self.server.is_down {
            return;
        }
        let before = self.server.look(self.now);
        let (answer, published) = self.server.run(&call, self.now);
        self.say(|| {
            let whose = flight.map_or("again".to_string(), |flight| format!("#{flight}"));
            let words = answer.as_ref().map_or_else(Clone::clone, |words| words.join(" "));
            format!("server {whose} {} of i{number}: {words}", call.arguments[0])
        });
        for text in published {
            self.say(|| format!("server tells {text}"));
            self.publish(&text);
        }
        let answer = match answer {
            Ok(words) => {
                self.check_exchange(number, flight.is_none(), &before, &call.arguments, &words);
                Ok(words)
            }
            Err(text) => {
                if !self.server.refuses {
                    self.fail(format!("the script raises an error: {text}"));
                }
                Err(Trouble { kind: TroubleKind::Server, text })
            }
        };
        let Some(flight) = flight else { return };
        let quiet = self.now >= self.faults_end;
        let cut = self.instances[number].as_ref().is_some_and(|instance| self.now < instance.cut_until);
        if cut || (!quiet && self.chance.permille(self.plan.lost_permille)) {
            self.statistics.lost += 1;
            return self.say(|| format!("       the answer to #{flight} is lost"));
        }
        let delay = self.delay();
        self.later(delay, Due::At(number, Event::Answer(flight, answer)));
    }

    fn publish(&mut self, text: &str) {
        for number in 0..self.plan.instances {
            let delay = self.delay();
            let lost = self.now < self.faults_end && self.chance.permille(self.plan.lost_permille);
            let Some(instance) = &mut self.instances[number] else { continue };
            if self.now < instance.cut_until || self.now < instance.deaf_until || lost {
                self.statistics.unheard += 1;
                continue;
            }
            // One connection keeps their order.
            instance.notices_from = instance.notices_from.max(self.now + delay);
            let (at, life) = (instance.notices_from, instance.life);
            self.later(at - self.now, Due::At(number, Event::Notice(life, text.to_string())));
        }
    }

    pub(crate) fn answered(&mut self, number: usize, flight: u64, answer: Result<Vec<String>, Trouble>) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        let Link::Waits(waited, asking) = instance.link else { return };
        if waited != flight {
            return;
        }
        let now = self.now + instance.offset;
        let later = if instance.outrun { View::replaces } else { View::corrects };
        if let (Ok(words), Some(known)) = (&answer, instance.known) {
            if let Ok(reply) = Reply::read(words, now) {
                if reply.verdict != halfopen::redis::wire::Verdict::Expired && later(&reply.view, &known) {
                    // A notice may have come sooner, and says better how long that is.
                    let same = (reply.view.gen_no, reply.view.state) == (known.gen_no, known.state);
                    let sooner = same && !self.plan.has(Fault::Order) && !self.plan.has(Fault::Edit);
                    let until =
                        if sooner { known.open_until.min(reply.view.open_until) } else { reply.view.open_until };
                    instance.known = Some(View { open_until: until, ..reply.view });
                }
            }
        }
        self.say(|| format!("i{number} #{flight} is answered"));
        let instance = self.instances[number].as_mut().expect("one that runs");
        instance.link = Link::Ready;
        let answered = instance.hand().heard(0, answer);
        if answered && asking {
            instance.backoff = 0;
            instance.hand().look_again(0);
        } else if asking {
            instance.backoff = (instance.backoff * 2).min(LONGEST_BACKOFF);
            self.ask_later(number);
        }
    }

    /// The connection is of no use any more.
    pub(crate) fn broken(&mut self, number: usize, text: &str) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        let (waits, asking) = match instance.link {
            Link::Waits(_, asking) => (true, asking),
            _ => (false, false),
        };
        if !waits {
            return;
        }
        if self.mistake == Mistake::NotMissed {
            instance.link = Link::Ready;
            return;
        }
        let trouble = Trouble { kind: TroubleKind::Connection, text: text.to_string() };
        instance.hand().heard(0, Err(trouble));
        if asking {
            instance.backoff = (instance.backoff * 2).min(LONGEST_BACKOFF);
        } else {
            instance.hand().leave(0);
            instance.backoff = FIRST_BACKOFF;
            self.statistics.times_alone += 1;
        }
        self.ask_later(number);
    }

    pub(crate) fn ask_later(&mut self, number: usize) {
        let instance = self.instances[number].as_mut().expect("one that runs");
        instance.link = Link::Away;
        let (backoff, life) = (instance.backoff, instance.life);
        let after = self.chance.range(0, backoff);
        self.later(after, Due::At(number, Event::Ask(life)));
    }
}
