//! What the queries say of a world, and what a request then finds.

use halfopen::machine::{Event, Policy, State, Verdict, step};
use halfopen::{CircuitState, Mode, Timestamp};

use super::world::World;

impl World {
    /// The queries say what a request would meet, now and when it has waited as it was told to.
    pub(crate) fn queries_agree(&self, policy: &Policy) {
        let (state, time) = (self.state, self.time());
        let in_force = state.in_force(policy, time);
        let retry_after = state.retry_after(policy, time);
        let asked = step(policy, state, Event::Acquire, time);
        let after = asked.next.unwrap_or(state);
        let refusal = match asked.effect.verdict {
            Verdict::Admitted(ticket) => {
                assert_eq!(retry_after, Some(0));
                assert_eq!(ticket.is_probe(), in_force == CircuitState::HalfOpen);
                assert!(in_force != CircuitState::Open);
                assert_eq!(after.circuit(), in_force);
                return;
            }
            Verdict::Refused(refusal) => {
                assert!(matches!(state.mode(), Mode::Normal | Mode::Isolated));
                assert_eq!(retry_after, refusal.retry_after_ms);
                refusal
            }
            Verdict::Shadowed(_, refusal) => {
                assert_eq!((state.mode(), retry_after), (Mode::Shadow, Some(0)));
                refusal
            }
            other => panic!("a request was answered {other:?}"),
        };
        assert_eq!(refusal.state, in_force);
        let Some(wait) = refusal.retry_after_ms else {
            assert_eq!(state.mode(), Mode::Isolated);
            return self.isolated_for_good(policy);
        };
        assert!(wait > 0);
        let longest = match in_force {
            CircuitState::Open => policy.recovery_timeout_ms(),
            _ => policy.probe_timeout_ms(),
        };
        assert!(wait <= longest, "told to wait for longer than one timeout");
        self.waits_exactly(policy, after, wait);
        // Until somebody asks, a clock that went back has not been noticed.
        if let Some(due) = self.ghost.due {
            self.waits_exactly(policy, state, wait);
            assert!(self.granted_after(policy, state, due - self.ghost.forward), "refused after it was due");
        }
    }

    fn waits_exactly(&self, policy: &Policy, state: State, wait: u32) {
        assert!(!self.granted_after(policy, state, i64::from(wait) - 1), "let through before it was due");
        assert!(self.granted_after(policy, state, i64::from(wait)), "refused although it had waited");
    }

    fn isolated_for_good(&self, policy: &Policy) {
        for wait in [0, 1, 1_000_000, 1 << 40] {
            assert!(!self.granted_after(policy, self.state, wait), "let through while isolated");
        }
    }

    /// Whether a request would be let through by the rules.
    fn granted_after(&self, policy: &Policy, state: State, wait: i64) -> bool {
        let time = Timestamp::from_millis((self.now + wait) as u64);
        matches!(step(policy, state, Event::Acquire, time).effect.verdict, Verdict::Admitted(_))
    }
}
