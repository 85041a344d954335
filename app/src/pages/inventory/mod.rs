//! The inventory: its list, and it in numbers.

mod charts;
mod filters;
mod insights;
mod list;
mod row;

pub(crate) use insights::InsightsPage;
pub(crate) use list::DevicesPage;
pub use row::device_row;
