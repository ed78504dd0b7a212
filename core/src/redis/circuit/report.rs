//! What calls in CLOSED said and the fleet has not heard: four numbers, however many calls there were.

/// What calls said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// The generation in which they were let through.
    pub(super) gen_no: u64,
    /// The latest success of which the time is known.
    pub(super) ok_at: Option<u64>,
    /// The fleet has not heard of it, and it has counted failures before it.
    pub(super) refutes: bool,
    /// Failures since.
    pub(super) failures: u16,
    /// The latest of them.
    pub(super) failed_at: u64,
}

impl Report {
    pub(super) const NOTHING: Self = Self { gen_no: 0, ok_at: None, refutes: false, failures: 0, failed_at: 0 };

    pub(super) const fn is_empty(&self) -> bool {
        !self.refutes && self.failures == 0
    }

    pub(super) fn succeeded(&mut self, now: u64, gen_no: u64) {
        *self = Self { gen_no, ok_at: Some(now), refutes: true, failures: 0, failed_at: 0 };
    }

    /// `ok_at`: the latest success before it.
    pub(super) fn failed(&mut self, now: u64, gen_no: u64, ok_at: Option<u64>) {
        self.ok_at = ok_at;
        self.gen_no = gen_no;
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
    }
}
