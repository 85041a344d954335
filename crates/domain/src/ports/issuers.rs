use async_trait::async_trait;

/// Where makers publish the certificates of their CAs.
#[async_trait]
pub trait Issuers: Send + Sync {
    /// What a URL of an EK certificate or of one of its CAs answers; none where it is not one to ask, or does not answer in
    /// time, or with too much. Never called while a unit of work is open.
    async fn fetch(&self, url: &str) -> Option<Vec<u8>>;
}
