//! A naive breaker, written from the rules alone, and what is compared with it through the same life.

mod commands;
mod compare;
mod kept;
mod life;
mod naive;
mod rules;
mod subjects;
mod told;
mod trio;

pub use kept::Kept;
pub use life::{Life, Op, Span};
pub use rules::Rules;
pub use told::Told;
pub use trio::live;
