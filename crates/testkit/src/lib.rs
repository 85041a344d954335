
pub mod postgres;
pub mod soft_tpm;
pub mod swtpm;
