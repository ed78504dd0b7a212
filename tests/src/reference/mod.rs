//! A naive breaker, written from the rules alone, and what is compared with it through the same life.

mod commands;
mod compare;
mod kept;
mod life;
mod naive;
mod rule;
mod rules;
mod subjects;
mod told;
mod trio;
mod walk;

pub use kept::Kept;
pub use life::{Life, Op, Span};
pub use rule::{Back, Held, Rates, Trip};
pub use rules::Rules;
pub use subjects::{ByRule, Chance};
pub use told::Told;
pub use trio::{live, live_by};
pub use walk::{Walk, Walked};
