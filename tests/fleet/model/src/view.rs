//! What the server holds of a circuit and an instance knows of it: the values that travel.

/// The moment of a call's outcome: its number in the order of all outcomes. 0 is never.
pub type Time = u8;

/// A permit's name. 0 is one that an instance gave itself while Redis was away.
pub type Token = u8;

/// A set of small numbers: of failures, each named by its time, or of instances.
pub type Set = u16;

/// The set of one.
pub fn only(member: u8) -> Set {
    1 << member
}

/// How many are in the set.
pub fn size(set: Set) -> u8 {
    set.count_ones() as u8
}

/// The state of a circuit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Phase {
    #[default]
    Closed,
    HalfOpen,
    Open,
}

/// What somebody has ordered, the field `forced`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Order {
    #[default]
    None,
    Open,
    Closed,
}

/// The part of the hash that every reply and every notice carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct View {
    pub generation: u8,
    pub phase: Phase,
    pub streak: u8,
    pub failures: u8,
    pub order: Order,
}

impl View {
    /// What orders views: a later one replaces an earlier one.
    pub fn rank(self) -> (u8, u8, u8) {
        (self.generation, self.streak, self.failures)
    }
}

/// How a probe ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    Success,
    Failure,
}

/// What an instance asks of the script.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    Read,
    Report(Report),
    Acquire(Token),
    Renew { token: Token, generation: u8 },
    Done { token: Token, generation: u8, outcome: Outcome },
    Vote { generation: u8, instance: u8 },
    Withdraw { instance: u8 },
    Force(Order),
    Reset,
}

/// The arguments of `report`. The report's name, `rid`, is the time of its latest failure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Report {
    pub generation: u8,
    /// The time of the instance's latest success that was timed; 0: none.
    pub success: Time,
    /// The time of the first success that is told only now, for the assumption on time alone.
    pub first_success: Time,
    /// The failures that the success refutes. Nobody sends them: they are there for the properties.
    pub refutes: Set,
    pub failures: u8,
    pub latest: Time,
    /// Which failures those are, again for the properties alone.
    pub which: Set,
}

/// A request with what its sender knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Request {
    pub op: Op,
    pub seen: View,
    /// Those that the sender's view counts, for the properties alone.
    pub seen_which: Set,
    /// It was sent before and no reply came.
    pub again: bool,
    /// And it was run, for the properties alone.
    pub ran: bool,
}

/// The first word of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    Ok,
    Late,
    Duplicate,
    Settle,
    Granted,
    Denied,
    Closed,
    Lost,
    Votes,
}

/// What the script answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reply {
    pub verdict: Verdict,
    pub view: View,
    /// Nothing remains of the opening.
    pub over: bool,
    /// The failures that are counted, for the properties alone.
    pub which: Set,
}

/// Why a circuit changed its state: what the properties look at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    Count,
    Votes,
    Recovery,
    Probe,
    Order,
}
