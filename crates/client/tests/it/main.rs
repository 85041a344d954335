//! The ceremonies of the client against a server that says what a test wants it to say.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests: what they meet, a test should fail of"
)]

mod ceremonies;
mod fake_key;
mod fake_server;
mod second_factor;
