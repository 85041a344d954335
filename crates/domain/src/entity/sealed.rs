/// What a sealed secret is; the seal is bound to it, so that no secret can stand in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretPurpose {
    X509UserCa,
    SshUserCa,
    Totp,
}

impl SecretPurpose {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X509UserCa => "x509-user-ca",
            Self::SshUserCa => "ssh-user-ca",
            Self::Totp => "totp",
        }
    }
}

/// A secret under the key file: ciphertext of an AEAD bound to purpose, row and key id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    pub purpose: SecretPurpose,
    /// The row: a user's name, or the CA's generation.
    pub row: String,
    /// Which key sealed it.
    pub key_id: String,
    /// Nonce, ciphertext, tag.
    pub ciphertext: Vec<u8>,
    /// What goes with it in the clear, such as a CA's certificate.
    pub public: Vec<u8>,
}
