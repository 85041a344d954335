use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_attestation::{AllowedCas, CaFacts, KnownCas};
use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_client::{ClientError, Connection, Result};
use gatehouse_model::resource::PREFERENCE_NAME;
use gatehouse_model::{ErrorKind, Timestamp, clean_label};
use gatehouse_proto::gatehouse::v1::{GetResourceRequest, Resource, UpdateResourceRequest};
use serde::Serialize;
use serde_json::Value;

use super::files::{certificates, wrong};
use crate::cli::ServerArgs;
use crate::connect::connect;
use crate::document::{Kind, from_json};
use crate::failure::Outcome;
use crate::output;

/// Where the list stands in the preference.
const KEY: &str = "ekcert_allowed_cas";
const SOURCE_KEY: &str = "device_trust.ekcert_allowed_cas";
/// Digits of a fingerprint that name a CA.
const MIN_FINGERPRINT: usize = 8;

/// The allow-list as the server has it.
pub(super) struct AllowList {
    resource: Resource,
    document: Value,
    /// One PEM certificate each.
    entries: Vec<(CaFacts, String)>,
}

#[derive(Serialize)]
struct CaView {
    subject: String,
    sha256: String,
    /// Vendor of the pinned CA that it is.
    pinned: Option<&'static str>,
    key: String,
    signature: String,
    not_before: Timestamp,
    not_after: Timestamp,
    source: String,
}

impl AllowList {
    pub(super) async fn fetch(connection: &Connection) -> Result<Self> {
        let request = GetResourceRequest {
            kind: Kind::Preference.as_str().to_owned(),
            name: PREFERENCE_NAME.to_owned(),
        };
        let resource = connection.resources().get_resource(request).await?.into_inner();
        let document = serde_json::to_value(from_json(&resource.json)?)
            .map_err(|error| ClientError::unexpected(format!("the preference is not JSON: {error}")))?;
        let pems = document["spec"]["device_trust"][KEY].as_array().cloned().unwrap_or_default();
        let mut entries = Vec::new();
        for text in pems.iter().filter_map(Value::as_str) {
            // An entry may hold several certificates: each becomes one of its own.
            let listed = AllowedCas::from_pems(&[text.to_owned()])
                .map_err(|error| ClientError::unexpected(error.to_string()))?;
            entries.extend(listed.facts().into_iter().map(with_pem));
        }
        Ok(Self { resource, document, entries })
    }

    /// Adds what is not listed yet; how many that were.
    pub(super) fn add(&mut self, cas: impl IntoIterator<Item = CaFacts>) -> usize {
        let before = self.entries.len();
        for facts in cas {
            if self.entries.iter().all(|(listed, _)| listed.sha256 != facts.sha256) {
                self.entries.push(with_pem(facts));
            }
        }
        self.entries.len() - before
    }

    pub(super) fn has(&self, sha256: &[u8; 32]) -> bool {
        self.entries.iter().any(|(listed, _)| listed.sha256 == *sha256)
    }

    pub(super) async fn save(mut self, connection: &Connection) -> Result<()> {
        let pems: Vec<Value> = self.entries.into_iter().map(|(_, pem)| Value::from(pem)).collect();
        let spec = self.document["spec"].as_object_mut();
        let spec = spec.ok_or_else(|| ClientError::unexpected("the preference has no spec"))?;
        let trust = spec.entry("device_trust").or_insert_with(|| Value::Object(serde_json::Map::new()));
        trust[KEY] = Value::from(pems);
        let request = UpdateResourceRequest {
            kind: Kind::Preference.as_str().to_owned(),
            json: self.document.to_string(),
            revision: self.resource.revision,
        };
        connection.resources().update_resource(request).await?;
        Ok(())
    }

    fn source(&self) -> String {
        self.resource.sources.get(SOURCE_KEY).cloned().unwrap_or_default()
    }
}

fn with_pem(facts: CaFacts) -> (CaFacts, String) {
    let pem = pem(&facts);
    (facts, pem)
}

/// The certificate in PEM, below the name of its subject (RFC 7468 allows text there).
pub(super) fn pem(facts: &CaFacts) -> String {
    let base64 = STANDARD.encode(&facts.der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!(
        "# {}\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        facts.subject.replace("-----", ""),
        lines.join("\n")
    )
}

pub(super) async fn ls(server: &ServerArgs, format: Format) -> Outcome {
    let list = AllowList::fetch(&connect(server).await?).await?;
    let source = list.source();
    let views: Vec<CaView> = list.entries.iter().map(|(facts, _)| view(facts, &source)).collect();
    match format {
        Format::Text if views.is_empty() => {
            output::line(
                "No CA is allowed: EK certificates are not verified, and TPMs without one can enroll.",
            )?;
        }
        Format::Text => output::raw(&table(&views))?,
        Format::Json | Format::Yaml => output::data(format, &views, String::new)?,
    }
    Ok(0)
}

pub(super) async fn add(server: &ServerArgs, paths: &[PathBuf]) -> Outcome {
    let mut read = AllowedCas::default();
    for found in certificates(paths)? {
        read.add(&found.der).map_err(|error| wrong(&found.file, error.to_string()))?;
    }
    let connection = connect(server).await?;
    let mut list = AllowList::fetch(&connection).await?;
    let facts = read.facts();
    let (there, added) = (facts.len(), list.add(facts));
    if added > 0 {
        list.save(&connection).await?;
    }
    output::line(format!("{added} of {there} CAs added; new enrolments are judged by the list"))?;
    Ok(0)
}

pub(super) async fn rm(server: &ServerArgs, fingerprints: &[String]) -> Outcome {
    let connection = connect(server).await?;
    let mut list = AllowList::fetch(&connection).await?;
    for wanted in fingerprints {
        let digits = wanted.replace(':', "").to_ascii_lowercase();
        let matches = |(facts, _): &(CaFacts, String)| hex::encode(facts.sha256).starts_with(&digits);
        let long_enough = digits.len() >= MIN_FINGERPRINT;
        match list.entries.iter().filter(|entry| matches(entry)).count() {
            1 if long_enough => list.entries.retain(|entry| !matches(entry)),
            0 | 1 => {
                let message = if long_enough {
                    format!("no allowed CA has the fingerprint \"{}\"", clean_label(wanted))
                } else {
                    format!("a fingerprint has {MIN_FINGERPRINT} digits at least")
                };
                return Err(ClientError::new(ErrorKind::NotFound, "ca_not_found", message)
                    .with_hint("`tctl ekcas ls` shows the fingerprints")
                    .into());
            }
            several => {
                let message = format!("{several} allowed CAs have fingerprints that begin with \"{digits}\"");
                return Err(ClientError::new(ErrorKind::Conflict, "ambiguous_ca", message).into());
            }
        }
    }
    let left = list.entries.len();
    list.save(&connection).await?;
    output::line(format!("{} CAs removed, {left} are allowed; enrolled devices stay", fingerprints.len()))?;
    Ok(0)
}

fn view(facts: &CaFacts, source: &str) -> CaView {
    CaView {
        subject: facts.subject.clone(),
        sha256: hex::encode(facts.sha256),
        pinned: KnownCas::of_this_release().pinned(&facts.sha256).map(|known| known.vendor),
        key: facts.key.clone(),
        signature: facts.signature.clone(),
        not_before: Timestamp::from_secs(facts.not_before),
        not_after: Timestamp::from_secs(facts.not_after),
        source: source.to_owned(),
    }
}

fn table(views: &[CaView]) -> String {
    let mut table = Table::new(&["Fingerprint", "Subject", "Key", "Ends", "Pinned", "Source"]);
    for view in views {
        table.row([
            view.sha256.get(..16).unwrap_or_default(),
            &view.subject,
            &view.key,
            &table_time(Some(view.not_after)),
            view.pinned.unwrap_or_default(),
            &view.source,
        ]);
    }
    table.to_string()
}
