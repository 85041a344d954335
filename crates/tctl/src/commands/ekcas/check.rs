use std::path::PathBuf;

use gatehouse_attestation::{
    AllowedCas, ChainError, ChainPolicy, EkCertificate, EkPath, Intermediates, KnownCas,
    MAX_CERTIFICATE_BYTES, PathCertificate, vendor_name, verify_ek_path,
};
use gatehouse_client::present::table_time;
use gatehouse_client::{Result, now};
use gatehouse_model::{AttestationTier, Timestamp};
use serde::Serialize;

use super::files::{certificates, read_input, wrong};
use crate::cli::CheckArgs;
use crate::failure::Outcome;
use crate::output;

/// What is said of an EK certificate.
#[derive(Serialize)]
struct Verdict {
    trusted: bool,
    /// Absent where it is refused.
    tier: Option<&'static str>,
    at: Timestamp,
    allowed_cas: usize,
    ek_certificate: Option<EkFacts>,
    /// From the leaf's issuer to the allowed CA.
    path: Vec<Step>,
    findings: Vec<Remark>,
    refusal: Option<Refusal>,
}

#[derive(Serialize)]
struct EkFacts {
    tpm_manufacturer: Option<String>,
    tpm_manufacturer_name: Option<&'static str>,
    tpm_model: Option<String>,
    tpm_firmware_version: Option<String>,
    key: String,
    /// SHA-256 of the EK's public key: the identity of the TPM.
    ek_sha256: String,
    serial: String,
    issuer: String,
    issuer_key_id: Option<String>,
    issuer_url: Option<String>,
    not_before: Timestamp,
    not_after: Timestamp,
    quirks: Vec<Remark>,
}

#[derive(Serialize)]
struct Step {
    subject: String,
    sha256: String,
    /// Vendor of the pinned CA that it is.
    pinned: Option<&'static str>,
}

#[derive(Serialize)]
struct Remark {
    code: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lowers_tier: Option<bool>,
}

#[derive(Serialize)]
struct Refusal {
    code: &'static str,
    message: String,
    hint: Option<String>,
    /// Where the search for a path ended.
    missing_issuer: Option<String>,
    missing_key_id: Option<String>,
    missing_url: Option<String>,
    /// Pinned CAs that it may be.
    known: Vec<Known>,
}

#[derive(Serialize)]
struct Known {
    vendor: &'static str,
    subject: &'static str,
    sha256: String,
    url: Option<&'static str>,
}

/// Judges an EK certificate as an enrolment would: 0 if it is trusted, else 1.
pub(crate) fn check(args: &CheckArgs) -> Outcome {
    let bytes = read_input(&args.ek, MAX_CERTIFICATE_BYTES)?;
    let allowed = allowed_in(&args.cas)?;
    let links = links(&args.intermediates)?;
    let policy = ChainPolicy { sha1: args.sha1, expired_ca: args.expired_ca, expired_ek: args.expired_ek };
    let verdict = judge(&bytes, &allowed, &links, &policy, args.at.unwrap_or_else(now));
    output::data(args.format.format(), &verdict, || text(&verdict))?;
    Ok(u8::from(!verdict.trusted))
}

/// The CAs in files and folders.
pub(crate) fn allowed_in(paths: &[PathBuf]) -> Result<AllowedCas> {
    let mut allowed = AllowedCas::default();
    for found in certificates(paths)? {
        match allowed.add(&found.der) {
            Ok(()) => {}
            // What is named must be a CA; among many files others may lie.
            Err(error) if paths.contains(&found.file) => return Err(wrong(&found.file, error.to_string())),
            Err(error) => {
                output::notice(format!("note: {} is passed over: {error}", found.file.display()));
            }
        }
    }
    Ok(allowed)
}

fn links(paths: &[PathBuf]) -> Result<Intermediates> {
    Ok(Intermediates::from_ders(certificates(paths)?.into_iter().map(|found| found.der)))
}

fn judge(
    bytes: &[u8],
    allowed: &AllowedCas,
    links: &Intermediates,
    policy: &ChainPolicy,
    at: Timestamp,
) -> Verdict {
    let mut verdict = Verdict {
        trusted: false,
        tier: None,
        at,
        allowed_cas: allowed.len(),
        ek_certificate: None,
        path: Vec::new(),
        findings: Vec::new(),
        refusal: None,
    };
    let leaf = match EkCertificate::parse(bytes) {
        Ok(leaf) => leaf,
        Err(error) => {
            let mut message = error.to_string();
            if let Some(cause) = std::error::Error::source(&error).map(ToString::to_string)
                && !message.ends_with(&cause)
            {
                message = format!("{message}: {cause}");
            }
            verdict.refusal = Some(Refusal {
                code: error.code(),
                message,
                hint: None,
                missing_issuer: None,
                missing_key_id: None,
                missing_url: None,
                known: Vec::new(),
            });
            return verdict;
        }
    };
    verdict.ek_certificate = Some(facts(&leaf));
    match verify_ek_path(&leaf, allowed, &[links], policy, at) {
        Ok(path) => {
            verdict.trusted = path.tier == AttestationTier::TpmEkcertTrusted;
            verdict.tier = Some(path.tier.as_str());
            verdict.path = steps(&path);
            verdict.findings = path
                .findings
                .iter()
                .map(|finding| Remark {
                    code: finding.kind.code(),
                    text: finding.kind.to_string(),
                    certificate: Some(finding.certificate.clone()),
                    lowers_tier: Some(finding.lowers_tier),
                })
                .collect();
        }
        Err(error) => verdict.refusal = Some(refusal(&error)),
    }
    verdict
}

fn facts(leaf: &EkCertificate) -> EkFacts {
    let tpm = leaf.tpm();
    EkFacts {
        tpm_manufacturer: tpm.manufacturer.clone(),
        tpm_manufacturer_name: tpm.manufacturer.as_deref().and_then(vendor_name),
        tpm_model: tpm.model.clone(),
        tpm_firmware_version: tpm.firmware_version.clone(),
        key: leaf.ek().kind().to_string(),
        ek_sha256: hex::encode(leaf.ek().fingerprint()),
        serial: leaf.serial(),
        issuer: leaf.issuer(),
        issuer_key_id: leaf.aki(),
        issuer_url: leaf.issuer_url().map(str::to_owned),
        not_before: leaf.not_before(),
        not_after: leaf.not_after(),
        quirks: leaf
            .quirks()
            .into_iter()
            .map(|quirk| Remark {
                code: quirk.code(),
                text: quirk.to_string(),
                certificate: None,
                lowers_tier: None,
            })
            .collect(),
    }
}

fn steps(path: &EkPath) -> Vec<Step> {
    let step = |certificate: &PathCertificate| Step {
        subject: certificate.subject.clone(),
        sha256: hex::encode(certificate.sha256),
        pinned: KnownCas::of_this_release().pinned(&certificate.sha256).map(|known| known.vendor),
    };
    path.intermediates.iter().chain([&path.anchor]).map(step).collect()
}

fn refusal(error: &ChainError) -> Refusal {
    let known = KnownCas::of_this_release().missing(error);
    Refusal {
        code: error.code(),
        message: error.kind.to_string(),
        hint: error.hint(),
        missing_issuer: Some(error.issuer.clone()),
        missing_key_id: error.aki.clone(),
        missing_url: error.issuer_url.clone(),
        known: known
            .into_iter()
            .map(|known| Known {
                vendor: known.vendor,
                subject: known.subject,
                sha256: hex::encode(known.sha256),
                url: known.url,
            })
            .collect(),
    }
}

fn text(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: &str| lines.push(format!("{name:<15} {value}").trim_end().to_owned());
    line("Verdict", if verdict.trusted { "trusted" } else { "not trusted" });
    match verdict.tier.and_then(|tier| tier.parse::<AttestationTier>().ok()) {
        Some(tier) => line("Tier", &format!("{} ({})", tier.as_str(), tier.friendly())),
        None => line("Tier", "none: refused"),
    }
    if let Some(ek) = &verdict.ek_certificate {
        let maker = match (ek.tpm_manufacturer_name, &ek.tpm_manufacturer) {
            (Some(name), Some(id)) => format!("{name} ({id})"),
            (_, id) => id.clone().unwrap_or_else(|| "not said".to_owned()),
        };
        line("TPM maker", &maker);
        line("TPM model", ek.tpm_model.as_deref().unwrap_or("not said"));
        line("TPM firmware", ek.tpm_firmware_version.as_deref().unwrap_or("not said"));
        line("EK", &format!("{}, SHA-256 {}", ek.key, ek.ek_sha256));
        line("Serial number", &ek.serial);
        line("Issuer", &ek.issuer);
        line("Valid", &format!("{} to {}", table_time(Some(ek.not_before)), table_time(Some(ek.not_after))));
        for quirk in &ek.quirks {
            line("Note", &format!("{} ({})", quirk.text, quirk.code));
        }
    }
    for (index, step) in verdict.path.iter().enumerate() {
        let name = if index + 1 == verdict.path.len() { "Allowed CA" } else { "Intermediate" };
        let pinned = step.pinned.map(|vendor| format!(", pinned: {vendor}")).unwrap_or_default();
        line(name, &format!("{} (SHA-256 {}{pinned})", step.subject, step.sha256));
    }
    for finding in &verdict.findings {
        let lowers = if finding.lowers_tier == Some(true) { ", which lowers the tier" } else { "" };
        let whose =
            finding.certificate.as_deref().filter(|name| !name.is_empty()).unwrap_or("EK certificate");
        line("Finding", &format!("{whose}: {}{lowers}", finding.text));
    }
    if let Some(refusal) = &verdict.refusal {
        line("Reason", &format!("{} ({})", refusal.message, refusal.code));
        if let Some(hint) = &refusal.hint {
            line("Hint", hint);
        }
        for known in &refusal.known {
            let url = known.url.map(|url| format!(", published at {url}")).unwrap_or_default();
            line("Known CA", &format!("{}: {} (SHA-256 {}){url}", known.vendor, known.subject, known.sha256));
        }
        if verdict.allowed_cas == 0 {
            line("Hint", "no CA is allowed: name some with --ca");
        }
    }
    lines.join("\n") + "\n"
}
