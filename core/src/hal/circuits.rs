//! Which circuit a guard asks: always the same, or one for each address of a bus.

use core::ops::Deref;

use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::observer::Observer;
use crate::rules::Rule;
use crate::table::{BreakerTable, Entry};

/// Where a guard finds its circuit: a `&CircuitBreaker`, a table's [`Entry`], an `Arc<CircuitBreaker>`, or [`PerAddress`].
pub trait Circuits {
    /// The clock of the circuits.
    type Clock: Clock;
    /// Who is told what they do.
    type Observer: Observer;
    /// What holds their names.
    type Name: AsRef<str> + Clone;
    /// By what they open.
    type Rule: Rule;
    /// A circuit in use.
    type Circuit<'a>: Deref<Target = CircuitBreaker<Self::Clock, Self::Observer, Self::Name, Self::Rule>>
    where
        Self: 'a;
}

/// Finds the circuit for an address: `u8` and `u16` on an I2C bus, `()` where there are none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no circuit for an address of type `{A}`",
    note = "a `&CircuitBreaker` serves every bus; `PerAddress` serves I2C, by a function of `u8` (or of `u16`, for 10 bits)"
)]
pub trait CircuitFor<A>: Circuits {
    /// The circuit, or `None` for an address that is not guarded: whatever is sent there goes through.
    fn circuit_for(&self, address: &A) -> Option<Self::Circuit<'_>>;
}

macro_rules! always_the_same {
    ([$($generics:tt)*] $holder:ty) => {
        impl<$($generics)* C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> Circuits for $holder {
            type Clock = C;
            type Observer = O;
            type Name = N;
            type Rule = R;
            type Circuit<'a>
                = &'a CircuitBreaker<C, O, N, R>
            where
                Self: 'a;
        }

        impl<$($generics)* A, C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> CircuitFor<A> for $holder {
            #[inline]
            fn circuit_for(&self, _: &A) -> Option<&CircuitBreaker<C, O, N, R>> {
                Some(self)
            }
        }
    };
}

always_the_same!(['b,] &'b CircuitBreaker<C, O, N, R>);
always_the_same!(['t,] Entry<'t, C, O, N, R>);
#[cfg(feature = "std")]
always_the_same!([] std::sync::Arc<CircuitBreaker<C, O, N, R>>);

/// A circuit of its own for each address on a bus, all in one table.
///
/// A function gives the name of each address that is to be guarded. Its circuit is registered in the table when the address
/// is first used, or before by whoever wants to give it another configuration.
///
/// These go through as if there were no guard: an address without a name, and one whose circuit the table does not take, for
/// whatever [`TableError`](crate::TableError): no room, or another registration that is just being made. Register all names at
/// the start and look at the errors, and there is none of them later.
///
/// ```
/// # #[cfg(feature = "embedded-hal")] {
/// use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
/// use halfopen::hal::{Guarded, PerAddress};
/// use halfopen::{BreakerTable, CallError, Config, ManualClock};
/// # struct Bus;
/// # impl ErrorType for Bus { type Error = ErrorKind; }
/// # impl I2c for Bus {
/// #     fn transaction(&mut self, address: u8, _: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
/// #         if address == 0x48 { Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address)) } else { Ok(()) }
/// #     }
/// # }
///
/// static CLOCK: ManualClock = ManualClock::new();
/// static DEVICES: BreakerTable<&ManualClock, 2> =
///     BreakerTable::new(Config::new().failure_threshold(1), &CLOCK);
///
/// fn name(address: u8) -> Option<&'static str> {
///     match address {
///         0x48 => Some("inlet"),
///         0x49 => Some("outlet"),
///         _ => None,
///     }
/// }
///
/// let mut bus = Guarded::new(Bus, PerAddress::new(&DEVICES, name)); // in it, 0x48 is broken
/// assert!(bus.write(0x48, &[0]).is_err());
/// assert!(matches!(bus.write(0x48, &[0]), Err(CallError::Open(_))));
/// assert!(bus.write(0x49, &[0]).is_ok());
/// # }
/// ```
pub struct PerAddress<'t, F, C, const N: usize, K = &'static str, O = (), R: Rule = crate::rules::Consecutive> {
    table: &'t BreakerTable<C, N, K, O, R>,
    name: F,
}

impl<'t, F, C, const N: usize, K, O, R: Rule> PerAddress<'t, F, C, N, K, O, R> {
    /// Finds circuits in `table`, by the name that `name` gives to an address.
    pub const fn new(table: &'t BreakerTable<C, N, K, O, R>, name: F) -> Self {
        Self { table, name }
    }
}

impl<'t, F, C, const N: usize, K, O, R> Circuits for PerAddress<'t, F, C, N, K, O, R>
where
    C: Clock + Clone,
    K: AsRef<str> + Clone,
    O: Observer + Clone,
    R: Rule,
{
    type Clock = C;
    type Observer = O;
    type Name = K;
    type Rule = R;
    type Circuit<'a>
        = Entry<'t, C, O, K, R>
    where
        Self: 'a;
}

impl<'t, A: Copy, F, C, const N: usize, K, O, R> CircuitFor<A> for PerAddress<'t, F, C, N, K, O, R>
where
    F: Fn(A) -> Option<K>,
    C: Clock + Clone,
    K: AsRef<str> + Clone,
    O: Observer + Clone,
    R: Rule,
{
    fn circuit_for(&self, address: &A) -> Option<Entry<'t, C, O, K, R>> {
        self.table.register((self.name)(*address)?).ok()
    }
}

impl<F, C, const N: usize, K, O, R: Rule> core::fmt::Debug for PerAddress<'_, F, C, N, K, O, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PerAddress").finish_non_exhaustive()
    }
}
