//! Checks that ask the TPM.

use std::path::Path;

use tpm2_protocol::data::TpmPt;

use super::Finding;
use crate::NativeError;
use crate::ak::{AkBlob, STORAGE_KEY};
use crate::ek::{self, EkKind};
use crate::tpm::{Properties, Tpm, TpmError};

/// `inLockout` of TPMA_PERMANENT (TPM 2.0 part 2, section 8.6).
const IN_LOCKOUT: u32 = 1 << 9;

pub(super) fn run(tpm: &Tpm, state_dir: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    match tpm.properties() {
        Ok(properties) => findings.extend([model(&properties), lockout(&properties)]),
        Err(error) => findings.push(Finding::failed("tpm-model", &error.into())),
    }
    let storage_key = tpm.read_public(STORAGE_KEY);
    let has_storage_key = matches!(storage_key, Ok(Some(_)));
    findings.push(ek_certificates(tpm));
    findings.push(storage(storage_key));
    findings.push(attestation_key(tpm, state_dir, has_storage_key));
    findings.push(pcr_banks(tpm));
    findings
}

fn model(properties: &Properties) -> Finding {
    let vendor: String =
        [TpmPt::VendorString1, TpmPt::VendorString2, TpmPt::VendorString3, TpmPt::VendorString4]
            .into_iter()
            .map(|part| properties.text(part))
            .collect();
    let number = |property| properties.get(property).unwrap_or_default();
    let (high, low) = (number(TpmPt::FirmwareVersion1), number(TpmPt::FirmwareVersion2));
    let revision = number(TpmPt::Revision);
    let detail = format!(
        "manufacturer {} {vendor}, firmware {}.{}.{}.{}, TPM {} revision {}.{:02}",
        properties.text(TpmPt::Manufacturer),
        high >> 16,
        high & 0xffff,
        low >> 16,
        low & 0xffff,
        properties.text(TpmPt::FamilyIndicator),
        revision / 100,
        revision % 100
    );
    Finding::ok("tpm-model", detail)
}

fn lockout(properties: &Properties) -> Finding {
    const CHECK: &str = "lockout";
    let number = |property| properties.get(property).unwrap_or_default();
    let (failures, most) = (number(TpmPt::LockoutCounter), number(TpmPt::MaxAuthFail));
    let interval = number(TpmPt::LockoutInterval);
    let detail = format!("{failures} of {most} failed authorisations, one forgotten every {interval} s");
    if number(TpmPt::Permanent) & IN_LOCKOUT != 0 {
        let hint = TpmError::Lockout.hint().unwrap_or_default();
        return Finding::fail(CHECK, format!("the TPM is locked: {detail}")).with_hint(hint);
    }
    Finding::ok(CHECK, detail)
}

fn ek_certificates(tpm: &Tpm) -> Finding {
    const CHECK: &str = "ek-certificates";
    let mut found = Vec::new();
    for kind in EkKind::ALL {
        match ek::certificate(tpm, kind) {
            Ok(Some((der, _))) => found.push(format!("{} by {}", kind.name(), issuer(&der))),
            Ok(None) => {}
            Err(error) => return Finding::failed(CHECK, &error.into()),
        }
    }
    if found.is_empty() {
        return Finding::warn(CHECK, "none in the TPM; the bare endorsement key is used").with_hint(
            "servers that ask for certificates of a TPM maker (ekcert_allowed_cas) refuse this device",
        );
    }
    Finding::ok(CHECK, found.join("; "))
}

/// The issuer's name, made safe to print.
fn issuer(der: &[u8]) -> String {
    let parsed = x509_parser::parse_x509_certificate(der);
    gatehouse_model::clean_label(&parsed.map(|(_, parsed)| parsed.issuer().to_string()).unwrap_or_default())
}

fn storage(public: Result<Option<Vec<u8>>, TpmError>) -> Finding {
    const CHECK: &str = "storage-key";
    match public {
        Ok(Some(_)) => Finding::ok(CHECK, format!("present at 0x{STORAGE_KEY:08x}")),
        Ok(None) => Finding::ok(CHECK, format!("none at 0x{STORAGE_KEY:08x} yet; enrolment makes it")),
        Err(error) => Finding::failed(CHECK, &error.into()),
    }
}

fn attestation_key(tpm: &Tpm, state_dir: &Path, has_storage_key: bool) -> Finding {
    const CHECK: &str = "attestation-key";
    let blob = match AkBlob::read(state_dir) {
        Ok(Some(blob)) => blob,
        Ok(None) => {
            return Finding {
                hint: NativeError::NoAttestationKey.hint(),
                ..Finding::warn(CHECK, "none stored here")
            };
        }
        Err(error) => return Finding::failed(CHECK, &error),
    };
    if !has_storage_key {
        return Finding::fail(
            CHECK,
            "one is stored, but the TPM no longer has the storage key it was made under",
        )
        .with_hint("if the TPM was cleared, enrol this device again: `tsh device enroll --token=<token>`");
    }
    match blob.load(tpm) {
        Ok(_) => Finding::ok(CHECK, format!("loads; credential {}", blob.credential_id())),
        Err(error) => Finding::failed(CHECK, &error),
    }
}

fn pcr_banks(tpm: &Tpm) -> Finding {
    const CHECK: &str = "pcr-banks";
    let names: Vec<String> = match tpm.active_banks() {
        Ok(banks) => banks.iter().map(crate::tpm::Bank::name).collect(),
        Err(error) => return Finding::failed(CHECK, &error.into()),
    };
    let detail = format!("active: {}", names.join(", "));
    if names.iter().any(|name| name == "SHA256") {
        return Finding::ok(CHECK, detail);
    }
    Finding::warn(CHECK, detail).with_hint("turn on the SHA-256 bank in the firmware setup")
}
