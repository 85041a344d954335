pub mod postgres;
pub mod program;
pub mod server;
pub mod soft_passkey;
pub mod soft_tpm;
pub mod swtpm;
