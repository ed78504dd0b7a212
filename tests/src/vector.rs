//! A scenario as plain data: what is done, and what must then be seen.

use halfopen::Outcome;

use crate::by::By;
use crate::fact::Fact;
use crate::setup::Setup;
use crate::subject::Capability;

/// How many permits a vector may hold at once.
pub const PERMITS: usize = 8;
/// How many snapshots a vector may keep.
pub const SNAPSHOTS: usize = 4;

/// One scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vector<'a> {
    /// The sentence that it proves.
    pub name: &'a str,
    /// The rule that it belongs to, one of [`RULES`](crate::RULES).
    pub rule: &'a str,
    /// What a shell must be able to do beyond what the steps say by themselves.
    pub needs: &'a [Capability],
    /// The configuration.
    pub setup: Setup<'a>,
    /// What happens.
    pub body: Body<'a>,
}

/// What a vector does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body<'a> {
    /// Builds a breaker and does this to it.
    Steps(&'a [Step<'a>]),
    /// The configuration is refused with this text. `None`: no code can write such a configuration, only a file can.
    Rejected(Option<&'a str>),
}

/// Something that is done, and what must be seen then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<'a> {
    /// What is done.
    pub action: Action<'a>,
    /// How many times: an answer is checked each time, anything else after the last.
    pub times: u16,
    /// What must be seen, in the order in which it is looked at.
    pub facts: &'a [Fact<'a>],
}

/// What is done to a breaker or to its clock. Permits and snapshots are named by the number of their slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action<'a> {
    /// Nothing.
    Look,
    /// `allow_request`.
    AllowRequest,
    /// `record_success`, `record_failure` or `record_ignored`.
    Record(Outcome),
    /// `record_after`, with so many milliseconds.
    RecordAfter(Outcome, u32),
    /// `try_acquire`, whose permit goes to this slot.
    Acquire(u8),
    /// The outcome of the permit in this slot.
    Settle(u8, Outcome),
    /// The permit in this slot is dropped without an outcome.
    Drop(u8),
    /// One of the manual controls.
    Command(Command),
    /// `hold_open`, with so many milliseconds.
    HoldOpen(u32),
    /// The breaker's source of chance gives this number from now on, at first 0.
    SetRandom(u32),
    /// The clock goes on by so many milliseconds; it stops at the end of its time line.
    Advance(u32),
    /// The clock shows this, which may be earlier than before.
    SetClock(Millis),
    /// A snapshot is taken and kept in this slot.
    Snapshot(u8),
    /// The snapshot in this slot is restored.
    Restore(u8),
    /// A snapshot is read from this JSON text and restored.
    RestoreText(&'a str),
    /// A new breaker takes the place of this one, on a clock that shows this time, perhaps by another configuration.
    Restart(Millis, Option<&'a Setup<'a>>),
}

/// The manual controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `trip`.
    Trip,
    /// `isolate`.
    Isolate,
    /// `disable`.
    Disable,
    /// `shadow`.
    Shadow,
    /// `reset`.
    Reset,
}

/// 64 bits of milliseconds, in two halves so that a table of them is no larger than it must be on a 32-bit target.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Millis {
    high: u32,
    low: u32,
}

impl Millis {
    /// So many milliseconds.
    #[must_use]
    pub const fn new(ms: u64) -> Self {
        Self { high: (ms >> 32) as u32, low: ms as u32 }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        ((self.high as u64) << 32) | self.low as u64
    }
}

impl core::fmt::Debug for Millis {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(&self.get(), f)
    }
}

impl Vector<'_> {
    /// The rules that its breakers go by, one after the other.
    pub fn rules(&self) -> impl Iterator<Item = By> {
        let steps = match self.body {
            Body::Steps(steps) => steps,
            Body::Rejected(_) => &[],
        };
        let restarts = steps.iter().filter_map(|step| match step.action {
            Action::Restart(_, Some(setup)) => Some(setup.by),
            _ => None,
        });
        core::iter::once(self.setup.by).chain(restarts)
    }

    /// The first capability in `lacks` without which this vector cannot run at all.
    #[must_use]
    pub fn misses(&self, lacks: &[Capability]) -> Option<Capability> {
        let declared = self.needs.iter().copied().find(|need| lacks.contains(need));
        let ruled = self.setup.needs().filter(|need| lacks.contains(need));
        declared.or(ruled).or_else(|| match self.body {
            Body::Steps(steps) => steps.iter().filter_map(|step| step.action.needs()).find(|need| lacks.contains(need)),
            Body::Rejected(Some(_)) => None,
            Body::Rejected(None) => Some(Capability::ConfigText),
        })
    }
}

impl Action<'_> {
    /// What a shell must be able to do for this.
    #[must_use]
    pub const fn needs(&self) -> Option<Capability> {
        match self {
            Self::Acquire(_) | Self::Settle(..) | Self::Drop(_) => Some(Capability::Permits),
            Self::Command(Command::Shadow) => Some(Capability::Shadow),
            Self::Command(_) => Some(Capability::Manual),
            Self::SetClock(_) => Some(Capability::Clock),
            Self::Snapshot(_) | Self::Restore(_) => Some(Capability::Snapshot),
            Self::RestoreText(_) => Some(Capability::SnapshotText),
            Self::Restart(_, Some(setup)) => setup.needs(),
            _ => None,
        }
    }
}
