//! The server end to end over gRPC: the ceremonies, and what bad input gets.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

mod authenticate;
mod auto_enrol;
mod boot_drift;
mod browser_login;
mod counters;
mod discovery;
mod ek_cas;
mod ek_chain;
mod enrol;
mod enrol_activation;
mod enrol_ak;
mod enrol_allow_list;
mod enrol_data;
mod enrol_identity;
mod enrol_quote;
mod enrol_records;
mod evidence;
mod hand_off;
mod identity;
mod inventory;
mod killed;
mod last_admin;
mod lifetimes;
mod login;
mod malformed;
mod modes;
mod own_sessions;
mod refusals;
mod remote_browser;
mod reviews;
mod secrets;
mod self_enrolment;
mod ship_ahead;
mod ssh_certificates;
mod stalled;
mod tokens;
mod unimplemented;
