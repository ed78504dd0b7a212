//! What goes wrong from without, as it happens.

use crate::instance::Link;
use crate::plan::Fault;
use crate::world::{Due, Event, ORDERS_ARRIVE, World};

impl World {
    /// What is due for the world happens, and what comes after it becomes due.
    pub(crate) fn world_event(&mut self, due: Due) {
        match due {
            Due::Fault if self.now < self.faults_end => {
                let fault = self.chance.one_of(&self.plan.faults.clone());
                self.strike(fault);
                let after = self.chance.range(self.plan.fault_gap / 10, 2 * self.plan.fault_gap);
                self.later(after, Due::Fault);
            }
            Due::Phase if self.now < self.faults_end => {
                self.failing_permille = self.chance.one_of(&[0, 0, 100, 100, 500, 1_000, 1_000]);
                let (permille, after) = (self.failing_permille, self.chance.spread(50_000, 6_000_000));
                self.say(|| format!("the dependency fails {permille} times in 1000"));
                self.later(after, Due::Phase);
            }
            Due::Copy if self.now < self.faults_end => {
                self.server.copy();
                let after = self.chance.spread(10_000, 3_000_000);
                self.later(after, Due::Copy);
            }
            Due::ServerBack => {
                self.say(|| "the server is back".to_string());
                self.server.is_down = false;
            }
            Due::ServerWrites => self.server.refuse(false),
            _ => {}
        }
    }

    pub(crate) fn strike(&mut self, fault: Fault) {
        let number = self.chance.range(0, self.plan.instances as u64 - 1) as usize;
        let time = self.chance.spread(1_000, 5_000_000);
        let now = self.now;
        match fault {
            Fault::Cut => {
                if let Some(instance) = &mut self.instances[number] {
                    instance.cut_until = now + time;
                    instance.deaf_until = now + time;
                    let life = instance.life;
                    self.later(time, Due::At(number, Event::Hears(life)));
                    self.say(|| format!("i{number} is cut off for {time} µs"));
                }
            }
            Fault::Break => {
                if matches!(&self.instances[number], Some(one) if !one.paused && matches!(one.link, Link::Waits(..))) {
                    self.say(|| format!("i{number}: its connection is reset"));
                    self.set_watch(number);
                    self.broken(number, "reset");
                    self.look(number);
                }
            }
            Fault::Deaf => {
                if let Some(instance) = &mut self.instances[number] {
                    instance.deaf_until = now + time;
                    let life = instance.life;
                    self.later(time, Due::At(number, Event::Hears(life)));
                    self.say(|| format!("i{number} hears no notices for {time} µs"));
                }
            }
            Fault::Crash => {
                if self.instances[number].take().is_some() {
                    self.statistics.crashes += 1;
                    self.say(|| format!("i{number} is killed"));
                    self.later(time, Due::At(number, Event::Start));
                }
            }
            Fault::Pause => {
                if let Some(instance) = self.instances[number].as_mut().filter(|instance| !instance.paused) {
                    self.statistics.pauses += 1;
                    instance.paused = true;
                    instance.excuse();
                    instance.alone_at = Some(now + time);
                    let life = instance.life;
                    self.later(time, Due::At(number, Event::Resume(life)));
                    self.say(|| format!("i{number} is stopped for {time} µs"));
                }
            }
            Fault::Down if !self.server.is_down => {
                self.server.is_down = true;
                self.say(|| format!("the server is gone for {time} µs"));
                self.later(time, Due::ServerBack);
                for number in 0..self.plan.instances {
                    if matches!(&self.instances[number], Some(one) if !one.paused && matches!(one.link, Link::Waits(..)))
                    {
                        self.set_watch(number);
                        self.broken(number, "reset");
                        self.look(number);
                    }
                }
            }
            Fault::Refuse if !self.server.refuses => {
                self.say(|| format!("the server refuses writes for {time} µs"));
                self.server.refuse(true);
                self.later(time, Due::ServerWrites);
            }
            Fault::Wipe => {
                self.say(|| "the server loses everything".to_string());
                self.server.wipe();
                self.lose();
            }
            Fault::Failover => {
                self.say(|| "an older copy takes over".to_string());
                self.server.fail_over();
                self.lose();
            }
            Fault::Jump => {
                let by = self.chance.range(1, 60_000_000);
                let ahead = self.chance.permille(500);
                self.say(|| format!("the server's clock jumps by {}{by} µs", if ahead { "" } else { "-" }));
                self.server.offset = if ahead { self.server.offset + by } else { self.server.offset - by };
                // A lease that had no renewal between two jumps may have run out.
                let before = self.truth.jumped_at.replace(now);
                if before.is_some_and(|at| now - at < 2 * self.plan.lease_us()) {
                    self.truth.losses.push(now);
                }
                self.statistics.jumps += 1;
            }
            Fault::Order => self.order(number),
            Fault::Edit => {
                let edits = [
                    ("forced", "open"),
                    ("forced", "closed"),
                    ("forced", ""),
                    ("forced", ""),
                    ("state", "closed"),
                    ("failures", "0"),
                    ("failures", "2"),
                    ("open_until", "1"),
                    ("DEL", ""),
                ];
                let (field, value) = self.chance.one_of(&edits);
                self.statistics.edits += 1;
                self.say(|| format!("somebody writes {field} '{value}'"));
                if field == "DEL" {
                    self.server.del();
                } else {
                    self.server.edit(field, value);
                }
                self.lose();
            }
            Fault::Down | Fault::Refuse => {}
        }
    }

    fn order(&mut self, number: usize) {
        let which = self.chance.range(0, 5);
        self.set_watch(number);
        let Some(instance) = self.instances[number].as_mut().filter(|instance| !instance.paused) else { return };
        let word = match which {
            0 => {
                instance.breaker.force_open("by hand");
                "force open"
            }
            1 => {
                instance.breaker.force_closed("by hand");
                "force closed"
            }
            2 | 3 => {
                instance.breaker.trip();
                "trip"
            }
            _ => {
                instance.breaker.reset();
                "reset"
            }
        };
        instance.known = None;
        self.statistics.orders += 1;
        self.say(|| format!("i{number} orders: {word}"));
        self.drive(number);
        self.look(number);
    }

    fn set_watch(&mut self, number: usize) {
        if let Some(instance) = &mut self.instances[number] {
            instance.watch.set(self.now + instance.offset);
        }
    }

    fn lose(&mut self) {
        self.truth.losses.push(self.now);
        self.statistics.losses += 1;
    }

    /// Ends all that is wrong from without, and orders that nobody would take back.
    pub(crate) fn end_faults(&mut self) {
        self.say(|| "---- the faults are over ----".to_string());
        self.failing_permille = 0;
        self.server.is_down = false;
        self.server.refuse(false);
        for number in 0..self.plan.instances {
            match &mut self.instances[number] {
                Some(instance) => {
                    instance.cut_until = 0;
                    if instance.deaf_until > self.now {
                        instance.deaf_until = 0;
                        let life = instance.life;
                        self.later(0, Due::At(number, Event::Hears(life)));
                    }
                    let life = self.instances[number].as_ref().expect("it runs").life;
                    self.later(0, Due::At(number, Event::Resume(life)));
                }
                None => self.later(0, Due::At(number, Event::Start)),
            }
        }
        if self.plan.has(Fault::Order) || self.plan.has(Fault::Edit) {
            let end = self.now + ORDERS_ARRIVE;
            self.run_until(end);
            if let Some(instance) = &mut self.instances[0] {
                instance.watch.set(self.now + instance.offset);
                instance.breaker.reset();
                instance.known = None;
                self.say(|| "i0 orders: reset".to_string());
                self.drive(0);
                self.look(0);
            }
        }
    }
}
