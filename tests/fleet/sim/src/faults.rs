//! What goes wrong from without, as it happens.

use crate::instance::Link;
use crate::plan::Fault;
use crate::world::{Due, Event, World};

impl World {
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
}
