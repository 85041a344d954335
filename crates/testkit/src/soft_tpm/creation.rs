use gatehouse_model::tpm::AttestationParameters;

use super::bytes::{sha256, sized};
use super::{ATTEST_CREATION, Boot, GENERATED, SoftAk};

/// A creation attestation in the making (TPM2_CertifyCreation), right by default.
#[derive(Clone, Debug)]
pub struct Creation {
    pub magic: u32,
    pub attest_type: u16,
    pub extra_data: Vec<u8>,
    pub boot: Boot,
    /// Name of the key that was made.
    pub object_name: Vec<u8>,
    /// TPMS_CREATION_DATA.
    pub create_data: Vec<u8>,
    /// Digest of the creation data; of `create_data` if not set.
    pub creation_hash: Option<Vec<u8>>,
    /// Bytes after the TPMS_ATTEST.
    pub trailing: Vec<u8>,
}

impl Creation {
    /// The statement about the creation of `ak`.
    #[must_use]
    pub fn of(ak: &SoftAk) -> Self {
        Self {
            magic: GENERATED,
            attest_type: ATTEST_CREATION,
            extra_data: Vec::new(),
            boot: Boot::default(),
            object_name: ak.name(),
            create_data: create_data(),
            creation_hash: None,
            trailing: Vec::new(),
        }
    }

    /// The statement, signed by `ak`.
    #[must_use]
    pub fn sign(&self, ak: &SoftAk) -> AttestationParameters {
        let create_attestation = self.attest();
        AttestationParameters {
            public: ak.public().to_vec(),
            create_data: self.create_data.clone(),
            create_signature: ak.sign(&create_attestation),
            create_attestation,
        }
    }

    /// TPMS_ATTEST.
    #[must_use]
    pub fn attest(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.magic.to_be_bytes());
        out.extend_from_slice(&self.attest_type.to_be_bytes());
        out.extend_from_slice(&sized(&self.object_name));
        out.extend_from_slice(&sized(&self.extra_data));
        self.boot.write(&mut out);
        out.extend_from_slice(&sized(&self.object_name));
        out.extend_from_slice(&sized(self.creation_hash.as_ref().unwrap_or(&sha256(&self.create_data))));
        out.extend_from_slice(&self.trailing);
        out
    }
}

/// TPMS_CREATION_DATA of a key made under some parent, without PCRs.
fn create_data() -> Vec<u8> {
    let parent = [[0x00, 0x0b].as_slice(), &sha256(b"parent")].concat();
    let mut out = vec![0, 0, 0, 0];
    out.extend_from_slice(&sized(&sha256(b"")));
    // Locality zero, Name algorithm SHA-256.
    out.extend_from_slice(&[1, 0x00, 0x0b]);
    out.extend_from_slice(&sized(&parent));
    out.extend_from_slice(&sized(&parent));
    out.extend_from_slice(&sized(&[]));
    out
}
