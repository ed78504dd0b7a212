//! What a run is like: everything that its seed decides beforehand. Times are in microseconds unless a name says otherwise.

use halfopen::redis::Counting;

use crate::chance::Chance;

/// What goes wrong from without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing from or to an instance arrives for a while.
    Cut,
    /// An instance's connection is reset.
    Break,
    /// An instance hears no notices for a while.
    Deaf,
    Crash,
    /// SIGSTOP, SIGCONT.
    Pause,
    /// The server is gone for a while, and comes back with what it had.
    Down,
    /// The server refuses writes for a while.
    Refuse,
    Wipe,
    /// An older copy takes over.
    Failover,
    /// The server's clock jumps.
    Jump,
    /// Somebody gives an order by an instance.
    Order,
    /// Somebody edits the hash by hand.
    Edit,
}

const FAULTS: [Fault; 12] = [
    Fault::Cut,
    Fault::Break,
    Fault::Deaf,
    Fault::Crash,
    Fault::Pause,
    Fault::Down,
    Fault::Refuse,
    Fault::Wipe,
    Fault::Failover,
    Fault::Jump,
    Fault::Order,
    Fault::Edit,
];

/// What a run is like.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) instances: usize,
    pub(crate) counting: Counting,
    pub(crate) failure_threshold: u32,
    pub(crate) success_threshold: u32,
    pub(crate) recovery_ms: u64,
    pub(crate) probe_timeout_ms: u64,
    pub(crate) places: u32,
    pub(crate) lease_ms: u64,
    /// One way through the network, at most.
    pub(crate) delay: u64,
    pub(crate) lost_permille: u64,
    pub(crate) repeated_permille: u64,
    /// Between two calls of an instance, on average.
    pub(crate) gap: u64,
    /// A call, at most.
    pub(crate) call: u64,
    /// Calls of which nobody keeps the ticket.
    pub(crate) unfenced_permille: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) fault_gap: u64,
    /// How long faults happen.
    pub(crate) length: u64,
}

pub(crate) const RESPONSE_TIMEOUT: u64 = 100_000;
pub(crate) const SETTLE: u64 = 20_000;
pub(crate) const POLL: u64 = 1_000_000;

impl Plan {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let instances = chance.range(1, 5) as usize;
        let quorum = chance.range(1, instances as u64) as u16;
        let counting = match chance.range(0, 9) {
            0 => Counting::Local,
            1 => Counting::Quorum(quorum),
            _ => Counting::Fleet,
        };
        let recovery_ms = chance.range(1_000, 4_000);
        let delay = chance.one_of(&[500, 2_000, 2_000, 20_000, 60_000, 200_000]);
        let how_many = chance.range(0, 4);
        let faults: Vec<Fault> = (0..how_many).map(|_| chance.one_of(&FAULTS)).collect();
        Self {
            instances,
            counting,
            failure_threshold: chance.range(1, 6) as u32,
            success_threshold: chance.range(1, 3) as u32,
            recovery_ms,
            probe_timeout_ms: chance.range(1_500, 5_000),
            places: chance.range(1, 3) as u32,
            lease_ms: chance.range(700, 1_500).min(2 * recovery_ms),
            delay,
            lost_permille: chance.one_of(&[0, 0, 0, 5, 50]),
            repeated_permille: chance.one_of(&[0, 0, 0, 5, 50]),
            gap: chance.spread(3_000, 300_000),
            call: chance.spread(10_000, 4_000_000),
            unfenced_permille: chance.one_of(&[0, 0, 0, 0, 100, 1_000]),
            faults,
            fault_gap: chance.spread(300_000, 4_000_000),
            length: 20_000_000,
        }
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether a report may come much later than what it tells of.
    pub(crate) fn is_lossy(&self) -> bool {
        let faults = [Fault::Cut, Fault::Break, Fault::Down, Fault::Refuse, Fault::Pause];
        self.lost_permille > 0 || self.delay > 40_000 || faults.iter().any(|fault| self.has(*fault))
    }

    pub(crate) fn lease_us(&self) -> u64 {
        self.lease_ms * 1_000
    }
}
