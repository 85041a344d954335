//! The bundle as files.

use gatehouse_model::tpm::Pcr;
use gatehouse_model::{AttestationTier, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CasOfEvidence, EvidenceBundle, pem};
use crate::ak::AkPublic;
use crate::boot_state::boot_state;
use crate::chain::{ChainPolicy, Leniency};
use crate::digest::sha256;
use crate::event_log::Bank;
use crate::quote::{MAX_ATTEST_BYTES, MAX_EVENT_LOG_BYTES, MAX_QUOTES};

/// Name of the file that names the others.
pub const MANIFEST_NAME: &str = "manifest.json";
/// Longest manifest that is read, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024;
/// Longest file of CAs: an allow-list of every known maker's takes less than 1 MiB.
const MAX_CAS_BYTES: usize = 16 * 1024 * 1024;
/// Longest structure of a TPM, key or signature.
const MAX_STRUCTURE: usize = 8 * 1024;

pub(super) const FORMAT: &str = "gatehouse-evidence/1";

pub(super) const EK: &str = "ek.pem";
pub(super) const EK_CERTIFICATE: &str = "ek-certificate.pem";
pub(super) const INTERMEDIATES: &str = "intermediates.pem";
pub(super) const AK: &str = "ak.pem";
pub(super) const AK_PUBLIC: &str = "ak.tpmt-public";
pub(super) const CREATION_DATA: &str = "ak-creation.tpms-creation-data";
pub(super) const CREATION_ATTEST: &str = "ak-creation.tpms-attest";
pub(super) const CREATION_SIGNATURE: &str = "ak-creation.tpmt-signature";
pub(super) const EVENT_LOG: &str = "event-log.bin";
pub(super) const DEVICE_KEY: &str = "device-key.pem";
pub(super) const DEVICE_SIGNATURE: &str = "device-key.signature";
pub(super) const CAS_THEN: &str = "cas-then.pem";
pub(super) const CAS_NOW: &str = "cas-now.pem";

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    pub name: String,
    pub content: Vec<u8>,
}

pub(super) fn quote_names(index: usize) -> [String; 2] {
    [format!("quote-{index}.tpms-attest"), format!("quote-{index}.tpmt-signature")]
}

/// How long a file of this name may be, the manifest too; `None` for a name that no file of a bundle has.
#[must_use]
pub fn evidence_file_limit(name: &str) -> Option<usize> {
    if name == MANIFEST_NAME { Some(MAX_MANIFEST_BYTES) } else { limit_of(name) }
}

/// As [`evidence_file_limit`], without the manifest.
pub(super) fn limit_of(name: &str) -> Option<usize> {
    Some(match name {
        EK | AK | DEVICE_KEY | AK_PUBLIC | CREATION_DATA | CREATION_ATTEST | CREATION_SIGNATURE
        | DEVICE_SIGNATURE => MAX_STRUCTURE,
        EK_CERTIFICATE => 2 * crate::nv::MAX_CERTIFICATE_BYTES,
        INTERMEDIATES => 2 * crate::nv::MAX_SENT_BYTES,
        EVENT_LOG => MAX_EVENT_LOG_BYTES,
        CAS_THEN | CAS_NOW => MAX_CAS_BYTES,
        _ => {
            let known = (0..MAX_QUOTES).flat_map(quote_names).any(|quote| quote == name);
            return known.then_some(MAX_STRUCTURE.max(MAX_ATTEST_BYTES));
        }
    })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) format: String,
    pub(super) id: String,
    pub(super) device: DeviceLabel,
    pub(super) user: String,
    pub(super) time: Timestamp,
    pub(super) verdict: String,
    pub(super) tier: AttestationTier,
    pub(super) findings: Vec<String>,
    pub(super) credential_id: String,
    /// Hexadecimal digits, as all bytes here.
    pub(super) nonce: String,
    pub(super) boot: Boot,
    pub(super) pcrs: Vec<PcrValue>,
    pub(super) cas_then: Option<Rules>,
    pub(super) cas_now: Rules,
    /// For people: what nobody can judge once more.
    pub(super) not_replayable: Vec<String>,
    pub(super) files: Vec<Listed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceLabel {
    pub(super) id: String,
    pub(super) asset_tag: String,
}

/// What the event log says, beside the quoted PCRs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Boot {
    pub(super) event_log: String,
    pub(super) secure_boot: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PcrValue {
    /// For people; `hash` counts.
    pub(super) bank: String,
    /// Number of Go's `crypto.Hash`.
    pub(super) hash: u64,
    pub(super) index: i32,
    pub(super) value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    pub(super) at: Timestamp,
    pub(super) sha1: String,
    pub(super) expired_ca: String,
    pub(super) expired_ek: String,
    pub(super) vendors: Vec<String>,
    pub(super) cas: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: usize,
    pub(super) sha256: String,
}

impl Boot {
    pub(super) fn of(bundle: &EvidenceBundle) -> Self {
        let state = boot_state(&bundle.platform);
        Self { event_log: state.log.as_str().to_owned(), secure_boot: state.secure_boot.as_str().to_owned() }
    }
}

impl Rules {
    fn of(cas: &CasOfEvidence) -> Self {
        let ChainPolicy { sha1, expired_ca, expired_ek } = cas.policy;
        let word = |value: Leniency| value.as_str().to_owned();
        Self {
            at: cas.at,
            sha1: word(sha1),
            expired_ca: word(expired_ca),
            expired_ek: word(expired_ek),
            vendors: cas.vendors.clone(),
            cas: cas.cas.len(),
        }
    }

    pub(super) fn policy(&self) -> Option<ChainPolicy> {
        Some(ChainPolicy {
            sha1: self.sha1.parse().ok()?,
            expired_ca: self.expired_ca.parse().ok()?,
            expired_ek: self.expired_ek.parse().ok()?,
        })
    }
}

impl EvidenceBundle {
    /// The bundle as files, the manifest first. The same evidence gives the same files.
    #[must_use]
    pub fn files(&self) -> Vec<EvidenceFile> {
        let mut files = Vec::new();
        let mut add = |name: &str, content: Vec<u8>| {
            if !content.is_empty() {
                files.push(EvidenceFile { name: name.to_owned(), content });
            }
        };
        let one = |label: &str, der: &[u8]| {
            if der.is_empty() { Vec::new() } else { pem::encode(label, der).into_bytes() }
        };
        let certificates = |ders: &[Vec<u8>]| -> Vec<u8> {
            ders.iter().flat_map(|der| pem::encode("CERTIFICATE", der).into_bytes()).collect()
        };
        add(EK, one("PUBLIC KEY", &self.ek_public));
        add(EK_CERTIFICATE, one("CERTIFICATE", &self.ek_certificate));
        add(INTERMEDIATES, certificates(&self.intermediates));
        add(
            AK,
            AkPublic::parse(&self.ak.public).map(|ak| one("PUBLIC KEY", &ak.spki_der())).unwrap_or_default(),
        );
        add(AK_PUBLIC, self.ak.public.clone());
        add(CREATION_DATA, self.ak.create_data.clone());
        add(CREATION_ATTEST, self.ak.create_attestation.clone());
        add(CREATION_SIGNATURE, self.ak.create_signature.clone());
        for (index, quote) in self.platform.quotes.iter().enumerate() {
            let [attest, signature] = quote_names(index);
            add(&attest, quote.quote.clone());
            add(&signature, quote.signature.clone());
        }
        add(EVENT_LOG, self.platform.event_log.clone());
        add(DEVICE_KEY, one("PUBLIC KEY", &self.device_key));
        add(DEVICE_SIGNATURE, self.signature.clone());
        add(CAS_THEN, self.then.as_ref().map(|then| certificates(&then.cas)).unwrap_or_default());
        add(CAS_NOW, certificates(&self.now.cas));
        let manifest = self.manifest(&files);
        let mut text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
        text.push(b'\n');
        files.insert(0, EvidenceFile { name: MANIFEST_NAME.to_owned(), content: text });
        files
    }

    fn manifest(&self, files: &[EvidenceFile]) -> Manifest {
        let pcr = |pcr: &Pcr| PcrValue {
            bank: Bank::from_go(pcr.digest_alg).map_or("unknown", Bank::name).to_owned(),
            hash: pcr.digest_alg,
            index: pcr.index,
            value: hex::encode(&pcr.digest),
        };
        let listed = |file: &EvidenceFile| Listed {
            name: file.name.clone(),
            bytes: file.content.len(),
            sha256: hex::encode(sha256(&file.content)),
        };
        let mut not_replayable = Vec::new();
        if !self.ak.public.is_empty() {
            not_replayable.push(
                "credential activation: that the TPM with this EK holds this AK was shown to the server by a secret \
                 that it made; the server's word for it is the verdict"
                    .to_owned(),
            );
        }
        Manifest {
            format: FORMAT.to_owned(),
            id: self.id.clone(),
            device: DeviceLabel { id: self.device_id.clone(), asset_tag: self.asset_tag.clone() },
            user: self.user.clone(),
            time: self.time,
            verdict: self.verdict.clone(),
            tier: self.tier,
            findings: self.findings.clone(),
            credential_id: self.credential_id.clone(),
            nonce: hex::encode(&self.nonce),
            boot: Boot::of(self),
            pcrs: self.platform.pcrs.iter().map(pcr).collect(),
            cas_then: self.then.as_ref().map(Rules::of),
            cas_now: Rules::of(&self.now),
            not_replayable,
            files: files.iter().map(listed).collect(),
        }
    }
}
