//! A breaker whose circuit a fleet shares, through a Redis that cannot be reached.

use std::sync::Arc;

use halfopen::redis::connect::{Connect, Connection, Subscription, Trouble, TroubleKind};
use halfopen::redis::{Fleet, FleetOptions};
use halfopen::{Config, ManualClock, RetryError};

use super::rig::{WAYS, failing, rig};

struct Gone;

impl Connect for Gone {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        Err(Trouble { kind: TroubleKind::Connection, text: "gone".to_owned() })
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Ok(None)
    }
}

#[test]
fn a_shared_breaker_is_asked_and_told_as_any_other() {
    for way in WAYS {
        let (_, policy, nap) = rig(1);
        let fleet = Fleet::inline(Gone, FleetOptions::new(), Arc::new(ManualClock::new())).unwrap();
        let breaker = fleet.breaker("shared", Config::new().failure_threshold(2)).unwrap();
        let mut operation = failing(1);
        assert_eq!(way.retry(&breaker, &policy, || operation.call()), Ok(7));
        let error = way.retry(&breaker, &policy.attempts(9), || failing(1).call()).unwrap_err();
        assert!(matches!(error, RetryError::Open { attempts: 2, .. }), "{error:?}");
        assert_eq!(nap.slept(), [100, 100]);
    }
}
