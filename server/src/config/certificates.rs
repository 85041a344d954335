use std::path::Path;

use gatehouse_attestation::AllowedCas;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::load::read_limited;
use gatehouse_document::yaml::Place;
use gatehouse_document::{Section, shown};

/// Largest file of CA certificates, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Reads `ekcert_allowed_cas`: each entry is PEM or the path of a PEM file, with one or more certificates. Answers
/// with one PEM text per certificate.
pub(super) fn read(section: &Section<'_>, entries: &[(Place, &str)], folder: &Path) -> Vec<String> {
    let mut certificates = Vec::new();
    for (index, (place, entry)) in entries.iter().enumerate() {
        match read_entry(entry, folder) {
            Ok(found) => certificates.extend(found),
            Err(text) => {
                let number = index + 1;
                section.problem(*place, format!("invalid `ekcert_allowed_cas` entry {number}: {text}"));
            }
        }
    }
    certificates
}

fn read_entry(entry: &str, folder: &Path) -> Result<Vec<String>, String> {
    if entry.contains("-----BEGIN") {
        return parse(entry.as_bytes());
    }
    if entry.contains('\n') || entry.trim().is_empty() {
        return Err("it is neither a PEM certificate nor the path of one".to_owned());
    }
    let path = folder.join(entry);
    let named = |text: String| format!("{}: {text}", shown(&path.to_string_lossy()));
    let bytes = read_limited(&path, MAX_FILE).map_err(|error| named(error.to_string()))?;
    parse(&bytes).map_err(named)
}

/// All certificates of a PEM text, or what is wrong with which.
fn parse(text: &[u8]) -> Result<Vec<String>, String> {
    let blocks = pem::parse_many(text).map_err(|error| format!("malformed PEM: {error}"))?;
    if blocks.is_empty() {
        return Err("it holds no PEM certificate".to_owned());
    }
    let mut certificates = Vec::with_capacity(blocks.len());
    for (index, block) in blocks.iter().enumerate() {
        let number = index + 1;
        if block.tag() != "CERTIFICATE" {
            return Err(format!("block {number} is a {}, not a CERTIFICATE", shown(block.tag())));
        }
        match X509Certificate::from_der(block.contents()) {
            Ok(([], _)) => {}
            Ok(_) => return Err(format!("certificate {number} has bytes after its end")),
            Err(_) => return Err(format!("certificate {number} is not an X.509 certificate")),
        }
        AllowedCas::default()
            .add(block.contents())
            .map_err(|reason| format!("certificate {number} cannot be allowed: {reason}"))?;
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        certificates.push(pem::encode_config(block, config));
    }
    Ok(certificates)
}
