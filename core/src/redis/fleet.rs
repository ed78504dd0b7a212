//! The processes that share circuits, as one of them sees it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use core::sync::atomic::{AtomicUsize, Ordering};

use super::circuit::Circuit;
#[cfg(feature = "redis-tokio")]
use super::connect::AsyncConnect;
use super::connect::Connect;
use super::connect::v1::{RedisConnect, Timeouts};
#[cfg(feature = "redis-tokio")]
use super::drive::Task;
use super::drive::{Drive, Driven, Hand, Inline, Thread};
use super::error::FleetError;
use super::name;
use super::options::{Counting, FleetOptions};
use super::shared::{Member, Parts, SharedBreaker};
use crate::clock::{Clock, FnClock, ManualClock};
use crate::config::CircuitBreakerConfiguration;
use crate::config_error::ConfigError;
use crate::observer::Observer;
use crate::rules::{Checked, Consecutive, Rule};
use crate::system_clock::SystemClock;
use crate::time::Timestamp;

/// A clock that is fine enough to tell in which order things happened in a fleet.
pub trait FleetClock: Clock + Clone + Send + Sync + 'static {
    /// Microseconds since the origin of the clock; whole milliseconds will do where nothing else is there.
    fn micros(&self) -> u64 {
        self.now().as_millis().saturating_mul(1_000)
    }
}

impl FleetClock for SystemClock {
    fn micros(&self) -> u64 {
        crate::system_clock::micros()
    }
}

impl FleetClock for Arc<ManualClock> {}
impl FleetClock for &'static ManualClock {}
impl<F: Fn() -> u64 + Clone + Send + Sync + 'static> FleetClock for FnClock<F> {}

/// A fleet, as one of its processes sees it: makes the breakers whose circuits it shares.
///
/// Building one neither blocks nor fails because Redis is away. Dropped with all its breakers, it first delivers what the
/// fleet has not heard, within one response timeout.
pub struct Fleet<C: FleetClock = SystemClock> {
    drive: Arc<Drive>,
    /// How its circuits are named; `None`: by chance.
    instance: Option<String>,
    options: FleetOptions,
    clock: C,
    numbers: AtomicUsize,
}

impl Fleet {
    /// A fleet by a URL: see [`RedisConnect::from_url`] for what it may be. Nothing is connected before the first breaker is made, and
    /// no error of Redis is told here or there.
    ///
    /// ```
    /// use halfopen::redis::{Fleet, FleetOptions};
    /// use halfopen::Config;
    ///
    /// let fleet = Fleet::from_url("redis://127.0.0.1:6379/", FleetOptions::new())?;
    /// let uploads = fleet.breaker("s3_upload", Config::new().failure_threshold(5))?;
    /// // With or without Redis:
    /// assert_eq!(uploads.call(|| "42".parse::<u32>()), Ok(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`FleetError`]: the URL or an option is wrong.
    pub fn from_url(url: &str, options: FleetOptions) -> Result<Self, FleetError> {
        let connect = RedisConnect::from_url(url, Timeouts::from(&options))?;
        Ok(Self::with_connect(connect, options, SystemClock)?)
    }

    /// As [`from_url`](Self::from_url), driven by tasks on the runtime of tokio that this is called in, which needs its timers and
    /// its network (`enable_all`): see [`spawn_on`](Self::spawn_on).
    ///
    /// ```
    /// use halfopen::redis::{Fleet, FleetOptions};
    /// use halfopen::Config;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let fleet = Fleet::from_url_tokio("redis://127.0.0.1:6379/", FleetOptions::new())?;
    /// let uploads = fleet.breaker("s3_upload", Config::new().failure_threshold(5))?;
    /// // With or without Redis:
    /// assert_eq!(uploads.call_async(async || "42".parse::<u32>()).await, Ok(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// let outside = Fleet::from_url_tokio("redis://127.0.0.1:6379/", FleetOptions::new());
    /// assert!(matches!(outside, Err(halfopen::redis::FleetError::NoRuntime)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`FleetError`]: the URL or an option is wrong, or there is no runtime.
    #[cfg(feature = "redis-tokio")]
    pub fn from_url_tokio(url: &str, options: FleetOptions) -> Result<Self, FleetError> {
        let connect = RedisConnect::from_url(url, Timeouts::from(&options))?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| FleetError::NoRuntime)?;
        Ok(Self::spawn_on(&runtime, connect, options, SystemClock)?)
    }
}

impl<C: FleetClock> Fleet<C> {
    /// A fleet that reaches Redis by `connect`, from a thread of its own that begins with the first breaker.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first option that is out of its range.
    pub fn with_connect(connect: impl Connect + 'static, options: FleetOptions, clock: C) -> Result<Self, ConfigError> {
        options.check()?;
        let now = clock.clone();
        let drive = Drive::Thread(Thread::new(connect, options.response_timeout, Box::new(move || now.micros())));
        Ok(Self::with_drive(drive, options, clock))
    }

    /// A fleet that reaches Redis by `connect`, from tasks on `runtime` that begin with the first breaker: one for what there is
    /// to say, and one for the notices of each prefix. The runtime needs its timers and its network (`enable_all`).
    ///
    /// No call blocks a thread of the runtime, with one exception: outside `call_async`, a request that would be a probe waits for
    /// its permit, at most [`probe_wait`](FleetOptions::probe_wait), and where the runtime has one thread it waits for nothing. Tasks
    /// ask by [`call_async`](SharedBreaker::call_async) or
    /// [`poll_acquire_ticket`](crate::contract::Breaker::poll_acquire_ticket), or set `probe_wait` to zero.
    ///
    /// Dropped with all its breakers, it blocks nobody: its task goes on until the fleet has heard everything, for one
    /// response timeout at most. A runtime that shuts down before drops what was not said, so
    /// [`flush_async`](Self::flush_async) before that. Breakers that outlive their runtime, or whose runtime lacks timers, go on alone.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first option that is out of its range.
    #[cfg(feature = "redis-tokio")]
    pub fn spawn_on(
        runtime: &tokio::runtime::Handle,
        connect: impl AsyncConnect + 'static,
        options: FleetOptions,
        clock: C,
    ) -> Result<Self, ConfigError> {
        options.check()?;
        let now = clock.clone();
        let task = Task::new(runtime, connect, options.response_timeout, Box::new(move || now.micros()));
        Ok(Self::with_drive(Drive::Task(task), options, clock))
    }

    /// A fleet without a thread: whoever uses a breaker carries what it has to say to Redis, at once, and waits for the answer.
    /// There are no notices. For tests by a manual clock, and for programs that make a call or two and end: a breaker of it asks
    /// when it is built, so that the first call is refused where the fleet's circuit is OPEN.
    ///
    /// ```
    /// use halfopen::redis::v1::{RedisConnect, Timeouts};
    /// use halfopen::redis::{Fleet, FleetOptions};
    /// use halfopen::{Config, SystemClock};
    ///
    /// let options = FleetOptions::new();
    /// let redis = RedisConnect::from_url("redis://127.0.0.1:6379/", Timeouts::from(&options))?;
    /// let fleet = Fleet::inline(redis, options, SystemClock)?;
    /// let uploads = fleet.breaker("s3_upload", Config::new())?;
    /// assert_eq!(uploads.call(|| "42".parse::<u32>()), Ok(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first option that is out of its range.
    pub fn inline(connect: impl Connect + 'static, options: FleetOptions, clock: C) -> Result<Self, ConfigError> {
        options.check()?;
        let now = clock.clone();
        let drive = Drive::Inline(Inline::new(Box::new(connect), Box::new(move || now.micros())));
        Ok(Self::with_drive(drive, options, clock))
    }

    /// A fleet without anything that carries what it has to say: see [`hand`](Self::hand). For simulations, which name its
    /// instance too.
    #[doc(hidden)]
    pub fn by_hand(instance: &str, options: FleetOptions, clock: C) -> Result<Self, ConfigError> {
        options.check()?;
        Ok(Self {
            instance: Some(instance.to_string()),
            ..Self::with_drive(Drive::Hand(Hand::default()), options, clock)
        })
    }

    /// What is carried by hand.
    #[doc(hidden)]
    pub fn hand(&self) -> Option<&Hand> {
        match &*self.drive {
            Drive::Hand(hand) => Some(hand),
            _ => None,
        }
    }

    fn with_drive(drive: Drive, options: FleetOptions, clock: C) -> Self {
        Self { drive: Arc::new(drive), instance: None, options, clock, numbers: AtomicUsize::new(0) }
    }

    /// A breaker by the consecutive rule, whose circuit has this name.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the field, the value and the range; the name is one too, and empty it is none.
    pub fn breaker(
        &self,
        operation_name: impl Into<Arc<str>>,
        config: CircuitBreakerConfiguration,
    ) -> Result<SharedBreaker<C>, ConfigError> {
        self.breaker_with::<(), Consecutive>(operation_name, config, ())
    }

    /// A breaker by a rule of your choice, which tells `observer` what happens. Every rule but the consecutive one needs
    /// [`Counting::Local`] or [`Counting::Quorum`].
    ///
    /// Of [`Adaptive`](crate::rules::Adaptive) it takes the
    /// [jitter](CircuitBreakerConfiguration::recovery_jitter_percent), whoever counts: while Redis is away it shortens each
    /// opening of this instance by a share of chance, what is left of a shared one too, so that instances that are alone do not
    /// probe all together. One of the fleet needs none: the fleet probes once. Where instances count by themselves, whoever
    /// opens the circuit shortens the opening for all.
    ///
    /// ```
    /// use halfopen::Config;
    /// use halfopen::redis::{Fleet, FleetOptions};
    /// use halfopen::rules::{Adaptive, Consecutive};
    ///
    /// let fleet = Fleet::from_url("redis://127.0.0.1:6379/", FleetOptions::new())?;
    /// let config = Config::new().failure_threshold(5).recovery_jitter_percent(20);
    /// let uploads = fleet.breaker_with::<_, Adaptive<Consecutive>>("s3_upload", config, ())?;
    /// // What else adapts the way back is no part of a fleet.
    /// let config = config.recovery_multiplier_percent(200);
    /// assert!(fleet.breaker_with::<_, Adaptive<Consecutive>>("s3_upload", config, ()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`breaker`](Self::breaker).
    pub fn breaker_with<
        O: Observer + Send + Sync + 'static,
        R: Rule<Policy: Send + Sync, Memory: Send + Sync> + 'static,
    >(
        &self,
        operation_name: impl Into<Arc<str>>,
        config: CircuitBreakerConfiguration,
        observer: O,
    ) -> Result<SharedBreaker<C, O, R>, ConfigError> {
        let name = operation_name.into();
        if name.is_empty() {
            return Err(ConfigError::unsupported("operation_name", "empty", "a name: the circuit is shared by it"));
        }
        let policy = self.checked::<R>(&config)?;
        let counts = self.counts();
        let base = *R::base(&policy);
        let prefix = config.key_prefix().as_str();
        let (key, channel) = (alloc::format!("{prefix}{name}"), alloc::format!("{prefix}events"));
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let instance = match &self.instance {
            Some(instance) => alloc::format!("{instance}-{number}."),
            None => name::by_chance(),
        };
        let circuit = Circuit::new(&instance, base, self.options);
        let member = Arc::new(Member::new(Parts {
            name,
            key,
            channel: channel.clone(),
            rule: Checked::new(policy),
            circuit,
            clock: self.clock.clone(),
            observer,
            bell: self.drive.bell(),
            inline: self.drive.is_inline(),
            number,
            counts,
            probe_wait: self.options.probe_wait,
        }));
        let driven: Arc<dyn Driven> = member.clone();
        self.drive.add(number, &driven, &channel);
        driven.look_again();
        Ok(SharedBreaker { member, drive: Arc::clone(&self.drive) })
    }

    /// Whether failures are counted in the fleet.
    fn counts(&self) -> bool {
        matches!(self.options.counting, Counting::Fleet)
    }

    /// What this fleet can do by `config` and the rule R.
    fn checked<R: Rule>(&self, config: &CircuitBreakerConfiguration) -> Result<R::Policy, ConfigError> {
        let policy = R::check(config)?;
        if self.counts() && (R::WINDOW || R::slow_call_ms(&policy) > 0) {
            return Err(ConfigError::unsupported(
                "counting",
                "fleet",
                "local or quorum: only failures in a row are counted in the fleet",
            ));
        }
        // A fleet comes back after a fixed time, by one probe. Only who is alone has to be out of step with the others.
        if let Some(error) = config.extras.unused_beside_jitter() {
            return Err(error);
        }
        self.options.check_for(R::base(&policy).recovery_timeout_ms())?;
        Ok(policy)
    }

    /// Waits until the fleet has heard all that there was to say when this was called, but no longer than `timeout`. `false` if
    /// it has not. A task does not call this, because it blocks its thread: it has [`flush_async`](Self::flush_async).
    pub fn flush(&self, timeout: Duration) -> bool {
        self.pump();
        match self.drive.hub() {
            Some(hub) => hub.flush(timeout),
            None => self.hand().is_none(),
        }
    }

    /// As [`flush`](Self::flush), without blocking the thread, and on any runtime. It may be late by one exchange.
    pub async fn flush_async(&self, timeout: Duration) -> bool {
        self.pump();
        match self.drive.hub() {
            Some(hub) => hub.flush_async(timeout).await,
            None => self.hand().is_none(),
        }
    }

    /// Without a thread: sends what is due now. With one it does nothing.
    pub fn pump(&self) {
        if let Drive::Inline(inline) = &*self.drive {
            inline.pump();
        }
    }

    /// Without a thread: when [`pump`](Self::pump) will have something to send, in microseconds of the clock.
    #[must_use]
    pub fn wakes_at(&self) -> Option<u64> {
        match &*self.drive {
            Drive::Inline(inline) => Some(inline.wakes_at()).filter(|at| *at < u64::MAX),
            _ => None,
        }
    }

    /// Without a thread: hands in what somebody has heard on the channel.
    pub fn noticed(&self, text: &str) {
        if let Drive::Inline(inline) = &*self.drive {
            inline.noticed(text);
        }
    }
}

impl<C: FleetClock> fmt::Debug for Fleet<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Breakers of a fleet by the consecutive rule, in a registry: an `Arc` of the fleet is a factory too.
///
/// ```
/// use std::sync::Arc;
/// use halfopen::redis::{Fleet, FleetOptions};
/// use halfopen::{CircuitBreakerRegistry, RegistryConfig};
///
/// let fleet = Arc::new(Fleet::from_url("redis://127.0.0.1:6379/", FleetOptions::new())?);
/// let circuits = CircuitBreakerRegistry::try_with_factory(RegistryConfig::new(), Arc::clone(&fleet))?;
/// assert_eq!(circuits.register("s3_upload")?.call(|| "42".parse::<u32>()), Ok(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(not(halfopen_loom))]
impl<C: FleetClock> crate::registry::BreakerFactory for Fleet<C> {
    type Breaker = SharedBreaker<C>;

    fn check(&self, config: &CircuitBreakerConfiguration) -> Result<(), ConfigError> {
        self.checked::<Consecutive>(config).map(drop)
    }

    fn make(&self, name: Arc<str>, config: &CircuitBreakerConfiguration) -> Result<SharedBreaker<C>, ConfigError> {
        self.breaker(name, *config)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
