//! Whether the three breakers are the same, as far as anybody can see.

use std::format;
use std::vec::Vec;

use halfopen::{Clock, Snapshot, Timestamp};

use super::kept::Kept;
use super::subjects::ByRule;
use super::told::Told;
use super::trio::Trio;

impl<R: ByRule> Trio<'_, R> {
    /// Compares whatever can be seen without a change, and gives what was told.
    pub(crate) fn compare(&mut self) -> Vec<Told> {
        let (naive, real, now) = (&self.naive, &self.real, self.now);
        assert_eq!(real.clock().now().as_millis(), now);
        assert_eq!((real.state(), real.mode()), (naive.state(now), naive.mode));
        assert_eq!(u32::from(real.failure_count()), naive.failure_count(now));
        assert_eq!(R::reopened(real), naive.shown_reopenings());
        assert_eq!(real.generation(), naive.generation());
        assert_eq!(real.last_failure_time().map(Timestamp::as_millis), naive.last_failure);
        compare_snapshot(&naive.keep(now), &real.snapshot());
        if let Some(bare) = &self.bare {
            let state = bare.state;
            if self.shown != Some(state) {
                self.shown = Some(state);
                assert!(format!("{real:?}").contains(&format!("{state:?}")), "{state:?} is not in {real:?}");
            }
            assert_eq!((state.in_flight().into(), state.successes().into()), (naive.probes.len(), naive.successes));
            assert_eq!(state.in_force(&bare.policy, Timestamp::from_millis(now)), naive.state(now));
            assert_eq!(
                state.retry_after(&bare.policy, Timestamp::from_millis(now)).map(u64::from),
                naive.retry_after(now)
            );
            assert_eq!(bare.last_failure, naive.last_failure);
        }
        let told = core::mem::take(&mut self.naive.told);
        if let Some(bare) = &mut self.bare {
            assert_eq!(core::mem::take(&mut bare.told), told);
        }
        assert_eq!(self.real.observer().0.take(), told);
        told
    }
}

fn compare_snapshot(kept: &Kept, snapshot: &Snapshot) {
    assert_eq!((snapshot.state(), snapshot.mode()), (kept.circuit, kept.mode));
    assert_eq!(u32::from(snapshot.failure_count()), kept.failures);
    assert_eq!(u64::from(snapshot.remaining_ms()), kept.remaining);
    assert_eq!(snapshot.last_failure_ago_ms(), kept.last_failure_ago);
    assert_eq!(
        (u32::from(snapshot.reopenings()), u32::from(snapshot.probe_failures()), u64::from(snapshot.ramp_left_ms())),
        (kept.reopenings, kept.probe_failures, kept.ramp_left)
    );
    assert!(kept.is_possible());
}
