//! Makes equal what no rule can tell apart, so that fewer states have to be looked at.
//!
//! Only the order of times matters, so they are numbered anew, without gaps. It renames and decides nothing.

use crate::server::Server;
use crate::view::*;
use crate::world::World;

impl World {
    /// Forgets what can make no difference any more.
    pub fn forget(&mut self) {
        self.truth.told_late &= self.server.which();
        for instance in self.instances.iter_mut().filter(|one| one.untold_successes().next().is_none()) {
            instance.back_at = 0;
        }
        self.instances.iter_mut().for_each(|instance| instance.waits &= instance.view.phase != Phase::Closed);
    }

    /// Numbers the times that still mean something from 1.
    pub fn renumber(&mut self) {
        let mut used: Set = 0;
        self.each_time(&mut |time| used |= only(*time));
        self.each_set(&mut |set| used |= *set);
        let new = |time: Time| size(used & ((1 << time) - 1) & !1) + 1;
        self.each_time(&mut |time| *time = if *time == 0 { 0 } else { new(*time) });
        self.each_set(&mut |set| {
            *set =
                (1..Set::BITS as u8).filter(|time| *set & only(*time) != 0).fold(0, |all, time| all | only(new(time)));
        });
        self.now = size(used & !1);
    }

    fn each_time(&mut self, visit: &mut dyn FnMut(&mut Time)) {
        for server in [Some(&mut self.server), self.replica.as_mut()].into_iter().flatten() {
            visit(&mut server.base_at);
            visit(&mut server.last_ok);
            server.reports.iter_mut().for_each(|counted| visit(&mut counted.rid));
        }
        self.instances.iter_mut().for_each(|instance| visit(&mut instance.back_at));
        self.each_report(&mut |report| {
            visit(&mut report.success);
            visit(&mut report.first_success);
            visit(&mut report.latest);
        });
    }

    fn each_set(&mut self, visit: &mut dyn FnMut(&mut Set)) {
        for server in [Some(&mut self.server), self.replica.as_mut()].into_iter().flatten() {
            let Server { base_which, reports, .. } = server;
            visit(base_which);
            reports.iter_mut().for_each(|counted| visit(&mut counted.which));
        }
        self.each_report(&mut |report| {
            visit(&mut report.refutes);
            visit(&mut report.which);
        });
        for instance in &mut self.instances {
            visit(&mut instance.known);
            instance.sending.iter_mut().for_each(|request| visit(&mut request.seen_which));
        }
        self.zombie.iter_mut().for_each(|request| visit(&mut request.seen_which));
        self.notice.iter_mut().for_each(|notice| visit(&mut notice.which));
        visit(&mut self.truth.standing);
        visit(&mut self.truth.told_late);
    }

    fn each_report(&mut self, visit: &mut dyn FnMut(&mut Report)) {
        let mut inside = |request: &mut Request| {
            if let Op::Report(report) = &mut request.op {
                visit(report);
            }
        };
        self.zombie.iter_mut().for_each(&mut inside);
        for instance in &mut self.instances {
            instance.sending.iter_mut().for_each(&mut inside);
        }
        self.instances.iter_mut().for_each(|instance| visit(&mut instance.kept));
    }

    /// A name for a permit that nothing has: whose permit it was is all that matters of one that is forgotten.
    pub fn new_token(&self, id: u8) -> Token {
        let replica = self.replica.iter().flat_map(|replica| &replica.leases);
        let mut used: Vec<Token> = self.server.leases.iter().chain(replica).copied().collect();
        let requests = self.instances.iter().filter_map(|instance| instance.sending).chain(self.zombie);
        used.extend(requests.filter_map(|request| match request.op {
            Op::Acquire(token) | Op::Done { token, .. } => Some(token),
            _ => None,
        }));
        used.extend(self.instances.iter().flat_map(|instance| &instance.probes).map(|probe| probe.token));
        (id * 16 + 1..id * 16 + 16).find(|token| !used.contains(token)).expect("fewer than 15 permits of one instance")
    }
}
