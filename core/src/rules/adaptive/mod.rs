//! The way back, adapted to how the operation recovers: growing times OPEN, k of n probes, a ramp-up.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::rules::{Adaptive, Consecutive};
//! use halfopen::{CircuitBreaker, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let config = Config::new()
//!     .failure_threshold(1)
//!     .recovery_timeout(Duration::from_secs(1))
//!     .recovery_multiplier_percent(200)
//!     .max_recovery_timeout(Duration::from_secs(60));
//! let modem = CircuitBreaker::with_rule("modem", Adaptive::<Consecutive>::with(config), &clock, ());
//!
//! modem.record_failure();
//! for seconds in [1, 2, 4, 8] {
//!     assert_eq!(modem.retry_after(), Some(Duration::from_secs(seconds)));
//!     clock.advance(Duration::from_secs(seconds));
//!     modem.try_acquire()?.failure(); // the probe
//! }
//! // The server said `Retry-After: 40`, which is more than the 32 s that it would be.
//! clock.advance(Duration::from_secs(16));
//! modem.try_acquire()?.failure_retry_after(Duration::from_secs(40));
//! assert_eq!(modem.retry_after(), Some(Duration::from_secs(40)));
//! # Ok::<(), halfopen::CircuitOpenError>(())
//! ```

pub(crate) mod opening;

use core::marker::PhantomData;
use core::time::Duration;

use opening::{Length, Opening};

use super::{
    Call, Checked, Consecutive, ConsecutiveSlow, CountWindow, Moment, Random, Recorded, Room, Rule, Scene, TimeWindow,
    Weyl, count::Calls, sealed::Sealed,
};
use crate::atomics::{AcqRel, Acquire, AtomicU32, Release};
use crate::breaker::CircuitBreaker;
use crate::circuit::{CircuitState, Mode};
use crate::clock::Clock;
use crate::config::{AdaptivePolicy, CircuitBreakerConfiguration, Policy, Recovery};
use crate::config_error::ConfigError;
use crate::event::{Event, Outcome, Receipt};
use crate::observer::Observer;
use crate::permit::Permit;
use crate::rule::{Judgement, Luck, TripRule};
use crate::state::State;
use crate::time::{Timestamp, ceil_millis};
use crate::transition::Tally;

/// Opens as the rule `R` does, and comes back by the fields of the configuration that begin with `max_recovery`,
/// `recovery_`, `half_open_trials` and `ramp_up`. Chance comes from `G`.
#[derive(Debug)]
pub struct Adaptive<R, G = Weyl>(PhantomData<fn() -> (R, G)>);

/// The memory: that of the rule, the latest opening, its length, and the source of chance.
#[doc(hidden)]
pub struct AdaptiveMemory<M, G> {
    rule: M,
    /// An [`Opening`], stored before the state is. No two are the same within 512 generations, so whoever replaces the one
    /// that was there while the circuit was in its state replaces none that came after.
    opening: AtomicU32,
    /// A [`Length`], stored after the opening.
    length: AtomicU32,
    random: G,
}

impl<M, G> AdaptiveMemory<M, G> {
    fn opening(&self) -> Opening {
        Opening(self.opening.load(Acquire))
    }

    fn length(&self) -> Length {
        Length(self.length.load(Acquire))
    }
}

/// What it says.
#[doc(hidden)]
#[derive(Clone, Copy, Default)]
pub struct AdaptiveEvidence<E> {
    rule: E,
    luck: Luck,
    /// As they were read.
    opening: Opening,
    length: Length,
    /// The opening that the event would make.
    next: Opening,
}

constructors!([G: Random] Adaptive<Consecutive, G>, config => config.adaptive(config.consecutive()));
constructors!([G: Random] Adaptive<ConsecutiveSlow, G>, config => config.adaptive(config.consecutive_slow()));
constructors!([G: Random, const N: usize] Adaptive<CountWindow<N>, G> where [Calls<N>: Room], config => config.adaptive(config.count_window(N as u32)));
constructors!([G: Random, const B: usize] Adaptive<TimeWindow<B>, G>, config => config.adaptive(config.time_window(B as u32)));

impl<R: Rule, G: Random> TripRule for Adaptive<R, G> {
    type Policy = AdaptivePolicy<R::Policy>;
    type Evidence = AdaptiveEvidence<R::Evidence>;
    const WINDOW: bool = R::WINDOW;

    #[inline(always)]
    fn base(policy: &Self::Policy) -> &Policy {
        R::base(&policy.rule)
    }

    #[inline(always)]
    fn judge(policy: &Self::Policy, state: State, outcome: Outcome, evidence: Self::Evidence) -> Judgement {
        R::judge(&policy.rule, state, outcome, evidence.rule)
    }

    #[inline(always)]
    fn tally(policy: &Self::Policy, evidence: Self::Evidence) -> Option<Tally> {
        R::tally(&policy.rule, evidence.rule)
    }

    #[inline(always)]
    fn weigh(policy: &Self::Policy, probe: bool, outcome: Outcome, evidence: Self::Evidence) -> Outcome {
        R::weigh(&policy.rule, probe, outcome, evidence.rule)
    }

    #[inline(always)]
    fn slow_call_ms(policy: &Self::Policy) -> u32 {
        R::slow_call_ms(&policy.rule)
    }

    #[inline(always)]
    fn recovery(policy: &Self::Policy) -> Option<&Recovery> {
        Some(&policy.recovery)
    }

    #[inline(always)]
    fn counted(state: State, evidence: Self::Evidence) -> u16 {
        R::counted(state, evidence.rule)
    }

    #[inline(always)]
    fn luck(evidence: Self::Evidence) -> Luck {
        evidence.luck
    }
}

impl<R, G> Sealed for Adaptive<R, G> {}

impl<R: Rule, G: Random> Rule for Adaptive<R, G> {
    type Memory = AdaptiveMemory<R::Memory, G>;

    #[cfg(not(halfopen_loom))]
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const EMPTY: Self::Memory =
        AdaptiveMemory { rule: R::EMPTY, opening: AtomicU32::new(0), length: AtomicU32::new(0), random: G::NEW };

    #[cfg(halfopen_loom)]
    fn empty() -> Self::Memory {
        AdaptiveMemory { rule: R::empty(), opening: AtomicU32::new(0), length: AtomicU32::new(0), random: G::NEW }
    }

    fn check(config: &CircuitBreakerConfiguration) -> Result<Self::Policy, ConfigError> {
        // The rule must not take the fields of the way back for useless ones.
        config.adaptive(R::check(&config.without_recovery()))
    }

    const QUIETS: bool = R::QUIETS;

    #[inline(always)]
    fn is_quiet(memory: &Self::Memory, generation: u16) -> bool {
        R::is_quiet(&memory.rule, generation)
    }

    #[inline(always)]
    fn record(policy: &Self::Policy, memory: &Self::Memory, call: Call, read: impl FnMut() -> Moment) -> Recorded {
        R::record(&policy.rule, &memory.rule, call, read)
    }

    fn evidence(policy: &Self::Policy, memory: &Self::Memory, scene: Scene) -> Self::Evidence {
        let (opening, length) = (memory.opening(), memory.length());
        let opens = matches!(scene.event, Event::Settle(..) | Event::Trip) && policy.recovery.jitter_percent() > 0;
        let asks = matches!(scene.event, Event::Acquire | Event::Inquire) && scene.state.is_ramping();
        let random = if opens || asks { memory.random.next() } else { 0 };
        let next = opening.next(scene.state, random);
        let open_ms = match scene.state.circuit() {
            CircuitState::Open => open_ms::<R>(policy, opening, length),
            CircuitState::Closed | CircuitState::HalfOpen => 0,
        };
        let luck = Luck { reopenings: next.reopenings(), random, open_ms };
        AdaptiveEvidence { rule: R::evidence(&policy.rule, &memory.rule, scene), luck, opening, length, next }
    }

    #[inline(always)]
    fn prepare(
        policy: &Self::Policy,
        memory: &Self::Memory,
        state: State,
        next: State,
        evidence: Self::Evidence,
    ) -> bool {
        let opens = matches!(next.circuit(), CircuitState::Open) && !matches!(state.circuit(), CircuitState::Open);
        // An isolation is no reopening; where the circuit was CLOSED, it begins with none.
        if !opens || matches!((next.mode(), state.circuit()), (Mode::Isolated, CircuitState::HalfOpen)) {
            return true;
        }
        let AdaptiveEvidence { opening, length, next, .. } = evidence;
        if !exchange(&memory.opening, opening.0, next.0) {
            return false;
        }
        // Where another one has stored it, or a thread is stopped here, it is worked out from the opening.
        exchange(&memory.length, length.0, Length::own(next, own_ms::<R>(policy, next)).0);
        true
    }

    fn tripped_again(policy: &Self::Policy, memory: &Self::Memory, evidence: Self::Evidence) {
        let AdaptiveEvidence { opening, length, luck, .. } = evidence;
        let again = opening.with_random(luck.random);
        if exchange(&memory.opening, opening.0, again.0) {
            exchange(&memory.length, length.0, Length::own(again, own_ms::<R>(policy, again)).0);
        }
    }

    #[inline(always)]
    fn open_ms(policy: &Self::Policy, memory: &Self::Memory) -> u32 {
        open_ms::<R>(policy, memory.opening(), memory.length())
    }

    #[inline(always)]
    fn clear(memory: &Self::Memory, generation: u16) {
        R::clear(&memory.rule, generation);
    }

    #[inline(always)]
    fn carry(memory: &Self::Memory, from: u16, to: u16) {
        R::carry(&memory.rule, from, to);
    }

    #[inline(always)]
    fn failures(policy: &Self::Policy, memory: &Self::Memory, state: State, now: impl Fn() -> Timestamp) -> u32 {
        R::failures(&policy.rule, &memory.rule, state, now)
    }

    fn reopenings(memory: &Self::Memory, state: State) -> u8 {
        memory.opening().reopenings_in(state)
    }

    fn restore(policy: &Self::Policy, memory: &Self::Memory, generation: u16, reopenings: u8) {
        let opening = Opening::restored(generation, reopenings);
        memory.opening.store(opening.0, Release);
        memory.length.store(Length::other(opening, policy.recovery.max_recovery_timeout_ms()).0, Release);
    }

    fn restored(policy: &Self::Policy, memory: &Self::Memory, remaining_ms: u32) {
        let (opening, longest) = (memory.opening(), policy.recovery.max_recovery_timeout_ms());
        // Unless somebody has gone on meanwhile.
        let until = Length::other(opening, remaining_ms.min(longest));
        exchange(&memory.length, Length::other(opening, longest).0, until.0);
    }
}

/// How long this opening lasts.
fn open_ms<R: TripRule>(policy: &AdaptivePolicy<R::Policy>, opening: Opening, length: Length) -> u32 {
    length.ms(opening).unwrap_or_else(|| own_ms::<R>(policy, opening))
}

fn own_ms<R: TripRule>(policy: &AdaptivePolicy<R::Policy>, opening: Opening) -> u32 {
    opening.open_ms(&policy.recovery, R::base(&policy.rule).recovery_timeout_ms())
}

/// Puts `new` in the place of `seen`; `false` if that is not there any more.
fn exchange(word: &AtomicU32, seen: u32, new: u32) -> bool {
    new == seen || word.compare_exchange(seen, new, AcqRel, Acquire).is_ok()
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule, G: Random> CircuitBreaker<C, O, N, Adaptive<R, G>> {
    /// Keeps the circuit OPEN for at least `time` from now (rounded up to whole milliseconds), as far as
    /// [`max_recovery_timeout`](CircuitBreakerConfiguration::max_recovery_timeout) allows: for a server that said
    /// `Retry-After`. It lengthens the opening that is, shortens none, and does nothing unless the circuit is OPEN.
    /// From 9.3 hours on the length of the opening rounds up to a multiple of 64 ms.
    pub fn hold_open(&self, time: Duration) {
        let ms = u32::try_from(ceil_millis(time)).unwrap_or(u32::MAX);
        loop {
            let (state, now) = self.look();
            let (opening, length) = (self.memory().opening(), self.memory().length());
            // Else it may be the length of a later opening.
            if !self.is_at(state) {
                continue;
            }
            let (open_ms, recovery) = (open_ms::<R>(self.policy(), opening, length), self.policy().recovery());
            let waits = matches!(state.circuit(), CircuitState::Open) && !matches!(state.mode(), Mode::Isolated);
            let passed = open_ms - state.remaining(open_ms, now);
            match recovery.held(open_ms, passed, ms) {
                Some(longer) if waits => {
                    if exchange(&self.memory().length, length.0, Length::other(opening, longer).0) {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// How often the circuit has opened again since it was CLOSED, while it is OPEN or HALF_OPEN; at most 255.
    pub fn reopenings(&self) -> u8 {
        self.memory().opening().reopenings_in(self.glance())
    }

    /// The source of chance, to be seeded.
    pub fn random(&self) -> &G {
        &self.memory().random
    }
}

impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule, G: Random>
    Permit<'_, CircuitBreaker<C, O, N, Adaptive<R, G>>>
{
    /// The operation failed and said when to come back, as a server does by `Retry-After`: a
    /// [`failure`](Self::failure), and if the circuit is OPEN then, [`hold_open`](CircuitBreaker::hold_open).
    pub fn failure_retry_after(self, time: Duration) -> Receipt {
        let breaker = self.breaker();
        let receipt = self.failure();
        if receipt == Receipt::Recorded {
            breaker.hold_open(time);
        }
        receipt
    }
}
