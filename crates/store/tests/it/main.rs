//! The store on both engines: statements, schema, and one suite of what the ports promise.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, and helpers of tests")]

mod contract;
mod engines;
mod failures;
mod large;
mod plans;
mod samples;
mod schema;
mod statements;
mod upgrade;
