//! A naive breaker, written from the rules alone, and what is compared with it through the same life.

mod kept;
mod naive;
mod rules;
mod subjects;
mod trio;

pub use naive::Told;
pub use rules::Rules;
pub use trio::{Op, Span, Trio};
