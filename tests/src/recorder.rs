//! The observer of the suite: keeps what a breaker told until somebody looks.

use core::cell::Cell;

use halfopen::{Mode, Observer, Receipt, Refusal, Tally, Transition};

use crate::fact::{Change, Told};

/// One more than a vector may expect at once, so that a surplus is seen although not all of it is kept.
const KEPT: usize = 9;

/// Keeps the first few transitions, refusals and late outcomes that it is told of, in order.
#[derive(Debug, Default)]
pub struct Recorder {
    transitions: Queue<(Change, Option<Tally>)>,
    tally: Cell<Option<Tally>>,
    refusals: Queue<Told>,
    late: Queue<Receipt>,
}

impl Recorder {
    /// Nothing told yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { transitions: Queue::new(), tally: Cell::new(None), refusals: Queue::new(), late: Queue::new() }
    }

    /// Takes the oldest transition out.
    pub fn next_transition(&self) -> Option<Change> {
        let (change, tally) = self.transitions.pop()?;
        self.tally.set(tally);
        Some(change)
    }

    /// What the window held, of the transition that was taken out last.
    pub fn tally(&self) -> Option<Tally> {
        self.tally.get()
    }

    /// Takes the oldest refusal out.
    pub fn next_refusal(&self) -> Option<Told> {
        self.refusals.pop()
    }

    /// Takes the oldest late outcome out.
    pub fn next_late(&self) -> Option<Receipt> {
        self.late.pop()
    }

    /// For shells without an [`Observer`]: a transition was told.
    pub fn transition(&self, change: Change, tally: Option<Tally>) {
        self.transitions.push((change, tally));
    }

    /// For shells without an [`Observer`]: a refusal was told.
    pub fn refusal(&self, refusal: &Refusal, shadow: bool) {
        self.refusals.push(Told { state: refusal.state, retry_after_ms: refusal.retry_after_ms, shadow });
    }

    /// For shells without an [`Observer`]: a late outcome was told.
    pub fn late(&self, receipt: Receipt) {
        self.late.push(receipt);
    }
}

impl Observer for Recorder {
    fn on_transition(&self, _operation_name: &str, transition: &Transition) {
        self.transition(transition.into(), transition.tally);
    }

    fn on_refused(&self, _operation_name: &str, refusal: &Refusal, mode: Mode) {
        self.refusal(refusal, mode == Mode::Shadow);
    }

    fn on_late(&self, _operation_name: &str, receipt: Receipt) {
        self.late(receipt);
    }
}

struct Queue<T: Copy>(Cell<[Option<T>; KEPT]>);

impl<T: Copy> Queue<T> {
    const fn new() -> Self {
        Self(Cell::new([None; KEPT]))
    }

    fn push(&self, item: T) {
        let mut items = self.0.get();
        if let Some(free) = items.iter_mut().find(|place| place.is_none()) {
            *free = Some(item);
        }
        self.0.set(items);
    }

    fn pop(&self) -> Option<T> {
        let mut items = self.0.get();
        let first = items[0].take();
        items.rotate_left(1);
        self.0.set(items);
        first
    }
}

impl<T: Copy> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + core::fmt::Debug> core::fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.0.get().iter().flatten()).finish()
    }
}
