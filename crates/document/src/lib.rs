//! Texts that people write: YAML in which everything that is wrong is named with its line and column, roles as such
//! documents, and how two texts differ.
#![forbid(unsafe_code)]

mod diff;
mod problem;
pub mod role;
mod section;
pub mod yaml;

pub use diff::{Line, Side, diff};
pub use problem::Problem;
pub use section::{Problems, Section, shown};
