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

use core::marker::PhantomData;
use core::time::Duration;

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

/// The memory: that of the rule, the reopenings since the circuit was CLOSED, the time OPEN, and the source of chance.
#[doc(hidden)]
pub struct AdaptiveMemory<M, G> {
    rule: M,
    reopenings: AtomicU32,
    /// How long the opening that is lasts in all. Stored before the opening is; it says nothing in any other state.
    open_ms: AtomicU32,
    random: G,
}

/// What it says.
#[doc(hidden)]
#[derive(Clone, Copy, Default)]
pub struct AdaptiveEvidence<E> {
    rule: E,
    luck: Luck,
    /// The reopenings as they were read.
    seen: u32,
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
        AdaptiveMemory { rule: R::EMPTY, reopenings: AtomicU32::new(0), open_ms: AtomicU32::new(0), random: G::NEW };

    #[cfg(halfopen_loom)]
    fn empty() -> Self::Memory {
        AdaptiveMemory { rule: R::empty(), reopenings: AtomicU32::new(0), open_ms: AtomicU32::new(0), random: G::NEW }
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
        let seen = memory.reopenings.load(Acquire);
        let opens = matches!(scene.event, Event::Settle(..) | Event::Trip) && policy.recovery.jitter_percent() > 0;
        let asks = matches!(scene.event, Event::Acquire | Event::Inquire) && scene.state.is_ramping();
        let random = if opens || asks { memory.random.next() } else { 0 };
        let open_ms = memory.open_ms.load(Acquire);
        let luck = Luck { reopenings: reopenings_for(seen, scene.state), random, open_ms };
        AdaptiveEvidence { rule: R::evidence(&policy.rule, &memory.rule, scene), luck, seen }
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
        exchange(&memory.reopenings, evidence.seen, pack(next.generation(), evidence.luck.reopenings))
            && exchange(&memory.open_ms, evidence.luck.open_ms, next_open_ms::<R>(policy, evidence.luck))
    }

    fn tripped_again(policy: &Self::Policy, memory: &Self::Memory, evidence: Self::Evidence) {
        exchange(&memory.open_ms, evidence.luck.open_ms, next_open_ms::<R>(policy, evidence.luck));
    }

    #[inline(always)]
    fn open_ms(_: &Self::Policy, memory: &Self::Memory) -> u32 {
        memory.open_ms.load(Acquire)
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

    fn reopenings(memory: &Self::Memory) -> u8 {
        memory.reopenings.load(Acquire) as u8
    }

    fn restore(policy: &Self::Policy, memory: &Self::Memory, generation: u16, reopenings: u8) {
        memory.reopenings.store(pack(generation, reopenings), Release);
        memory.open_ms.store(policy.recovery.max_recovery_timeout_ms(), Release);
    }

    fn restored(policy: &Self::Policy, memory: &Self::Memory, remaining_ms: u32) {
        let longest = policy.recovery.max_recovery_timeout_ms();
        // Unless somebody has gone on meanwhile.
        exchange(&memory.open_ms, longest, remaining_ms.min(longest));
    }
}

/// How long an opening lasts that begins now.
fn next_open_ms<R: TripRule>(policy: &AdaptivePolicy<R::Policy>, luck: Luck) -> u32 {
    policy.recovery.open_ms(R::base(&policy.rule).recovery_timeout_ms(), luck.reopenings, luck.random)
}

/// Puts `new` in the place of `seen`; `false` if that is not there any more.
fn exchange(word: &AtomicU32, seen: u32, new: u32) -> bool {
    new == seen || word.compare_exchange(seen, new, AcqRel, Acquire).is_ok()
}

/// The number of reopenings beside the generation of the opening that it belongs to. Stored before the opening is, so a
/// thread that is stopped in between may leave one that never came to be.
const fn pack(generation: u16, reopenings: u8) -> u32 {
    (generation as u32) << 8 | reopenings as u32
}

/// The number for the opening that an event makes of `state`, or for the one that `state` is.
fn reopenings_for(seen: u32, state: State) -> u8 {
    match state.circuit() {
        CircuitState::Closed => 0,
        CircuitState::Open => seen as u8,
        // Another thread is about to make the same opening.
        CircuitState::HalfOpen if seen >> 8 == u32::from(state.next_generation()) => seen as u8,
        CircuitState::HalfOpen => (seen as u8).saturating_add(1),
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule, G: Random> CircuitBreaker<C, O, N, Adaptive<R, G>> {
    /// Keeps the circuit OPEN for at least `time` from now (rounded up to whole milliseconds), as far as
    /// [`max_recovery_timeout`](CircuitBreakerConfiguration::max_recovery_timeout) allows: for a server that said
    /// `Retry-After`. It lengthens the opening that is, shortens none, and does nothing unless the circuit is OPEN.
    pub fn hold_open(&self, time: Duration) {
        let ms = u32::try_from(ceil_millis(time)).unwrap_or(u32::MAX);
        loop {
            let (state, now) = self.look();
            let (open_ms, recovery) = (self.memory().open_ms.load(Acquire), self.policy().recovery());
            let waits = matches!(state.circuit(), CircuitState::Open) && !matches!(state.mode(), Mode::Isolated);
            let passed = open_ms - state.remaining(open_ms, now);
            match recovery.held(open_ms, passed, ms) {
                // Where the state has changed since it was read, the time is that of another opening or of none.
                Some(longer) if waits && !exchange(&self.memory().open_ms, open_ms, longer) => {}
                _ => return,
            }
        }
    }

    /// How often the circuit has opened again since it was CLOSED, while it is OPEN or HALF_OPEN; at most 255.
    pub fn reopenings(&self) -> u8 {
        match self.circuit() {
            CircuitState::Closed => 0,
            CircuitState::Open | CircuitState::HalfOpen => Adaptive::<R, G>::reopenings(self.memory()),
        }
    }

    /// The source of chance, to be seeded.
    pub fn random(&self) -> &G {
        &self.memory().random
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule, G: Random> Permit<'_, C, O, N, Adaptive<R, G>> {
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
