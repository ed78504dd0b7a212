//! Retries as a share of all calls: a bucket of tokens that calls fill and retries empty.
//!
//! ```
//! use halfopen::RetryBudget;
//!
//! static BUDGET: RetryBudget = RetryBudget::new(10, 20); // 10 at first, then one for five calls
//! assert_eq!(BUDGET.retries_left(), 10);
//! ```

use portable_atomic::{AtomicU32, Ordering::Relaxed};

/// How many retries there may be, for all who share it.
///
/// Without one, `attempts` retries of each call multiply the load of a service that is sick, and layers of clients
/// multiply each other's. With one, retries are at most `percent` of the calls, over those that it holds at first.
///
/// It is a bucket of tokens. A call whose first attempt the circuit has let through puts in a part of a token, and a retry takes
/// a whole one, as in Finagle's `RetryBudget` (`percentCanRetry`, there with a reserve for each second). It has no clock, as those
/// of gRPC (proposal A6, "Throttling Retry Attempts and Hedged RPCs") and of the AWS SDKs' standard mode have none, so that it works
/// everywhere: what the bucket holds takes the place of a reserve. An attempt that the circuit refuses takes nothing.
///
/// Lock-free, one word; share it by reference, as a `static` or in an `Arc`.
#[derive(Debug)]
pub struct RetryBudget {
    /// Hundredths of a retry.
    balance: AtomicU32,
    most: u32,
    percent: u32,
}

/// A retry, in the unit of the balance.
const RETRY: u32 = 100;

impl RetryBudget {
    /// A full one that holds `capacity` retries at most, and gets `percent` of a retry from each call.
    ///
    /// Finagle's default is 20 %. With a capacity of 0 nothing is ever tried again; with 0 % no more than the capacity is.
    #[must_use]
    pub const fn new(capacity: u16, percent: u8) -> Self {
        let most = capacity as u32 * RETRY;
        Self { balance: AtomicU32::new(most), most, percent: percent as u32 }
    }

    /// How many retries it would allow now.
    #[must_use]
    pub fn retries_left(&self) -> u32 {
        self.balance.load(Relaxed) / RETRY
    }

    /// For a call.
    pub(super) fn deposit(&self) {
        self.put(self.percent);
    }

    /// For a retry; `false` if there is none left.
    #[must_use]
    pub(super) fn withdraw(&self) -> bool {
        // No other memory is published by it.
        self.balance.fetch_update(Relaxed, Relaxed, |balance| balance.checked_sub(RETRY)).is_ok()
    }

    /// Of a retry that was not made.
    pub(super) fn refund(&self) {
        self.put(RETRY);
    }

    fn put(&self, amount: u32) {
        // A full bucket is not written to, so that calls that go well do not fight for a cache line.
        let _ = self.balance.fetch_update(Relaxed, Relaxed, |balance| {
            (balance < self.most).then(|| balance.saturating_add(amount).min(self.most))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_at_first_and_is_empty_after_as_many_retries() {
        let budget = RetryBudget::new(3, 20);
        assert_eq!([(); 4].map(|()| budget.withdraw()), [true, true, true, false]);
        assert_eq!(budget.retries_left(), 0);
    }

    #[test]
    fn calls_fill_it_by_their_share_and_never_beyond_what_it_holds() {
        let budget = RetryBudget::new(1, 30);
        assert!(budget.withdraw());
        (0..3).for_each(|_| budget.deposit());
        assert!(!budget.withdraw(), "90 %");
        (0..100).for_each(|_| budget.deposit());
        assert_eq!([(); 2].map(|()| budget.withdraw()), [true, false]);
    }

    #[test]
    fn one_without_a_share_or_without_room_never_fills() {
        let dry = RetryBudget::new(1, 0);
        assert!(dry.withdraw());
        (0..1_000).for_each(|_| dry.deposit());
        let flat = RetryBudget::new(0, u8::MAX);
        (0..1_000).for_each(|_| flat.deposit());
        assert_eq!((dry.withdraw(), flat.withdraw()), (false, false));
    }

    #[test]
    fn a_retry_that_was_not_made_is_given_back_once() {
        let budget = RetryBudget::new(2, 0);
        assert!(budget.withdraw());
        budget.refund();
        budget.refund();
        assert_eq!(budget.retries_left(), 2);
    }

    #[cfg(feature = "std")]
    #[test]
    fn threads_take_exactly_what_there_is() {
        let budget = RetryBudget::new(1_000, 0);
        let taken = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| (0..1_000).filter(|_| budget.withdraw()).count()));
            threads.map(|thread| thread.join().unwrap()).iter().sum::<usize>()
        });
        assert_eq!(taken, 1_000);
    }
}
