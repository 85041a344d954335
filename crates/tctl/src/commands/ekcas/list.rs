use gatehouse_attestation::{AllowedCas, CaFacts, KnownCas};
use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_client::{ClientError, Connection, Result};
use gatehouse_model::resource::PREFERENCE_NAME;
use gatehouse_model::{Timestamp, counted};
use gatehouse_proto::gatehouse::v1::{
    GetResourceRequest, PreviewAddCasRequest, PreviewRemoveCasRequest, Resource, UpdateResourceRequest,
};
use serde::Serialize;
use serde_json::Value;

use super::files::{certificates, wrong};
use super::foresee::{tell_additions, tell_removals};
use crate::cli::{AddCasArgs, RemoveCasArgs, ServerArgs};
use crate::connect::connect;
use crate::document::{Kind, from_json};
use crate::failure::Outcome;
use crate::output;

/// Where the list stands in the preference.
const KEY: &str = "ekcert_allowed_cas";
const SOURCE_KEY: &str = "device_trust.ekcert_allowed_cas";

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

    /// Makers whose pinned CAs are allowed beside the list.
    fn vendors(&self) -> Vec<&str> {
        let vendors = self.document["spec"]["device_trust"]["ekcert_allowed_vendors"].as_array();
        vendors.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn source(&self) -> String {
        self.resource.sources.get(SOURCE_KEY).cloned().unwrap_or_default()
    }
}

fn with_pem(facts: CaFacts) -> (CaFacts, String) {
    let pem = facts.to_pem();
    (facts, pem)
}

pub(super) async fn ls(server: &ServerArgs, format: Format) -> Outcome {
    let list = AllowList::fetch(&connect(server).await?).await?;
    let source = list.source();
    let views: Vec<CaView> = list.entries.iter().map(|(facts, _)| view(facts, &source)).collect();
    if format != Format::Text {
        output::data(format, &views, String::new)?;
        return Ok(0);
    }
    let vendors = list.vendors();
    if views.is_empty() && vendors.is_empty() {
        output::line("No CA is allowed: EK certificates are not verified, and TPMs without one can enroll.")?;
        return Ok(0);
    }
    if !views.is_empty() {
        output::raw(&table(&views))?;
    }
    if !vendors.is_empty() {
        output::line(format!("Makers allowed by name: {}", vendors.join(", ")))?;
    }
    Ok(0)
}

pub(super) async fn add(server: &ServerArgs, args: &AddCasArgs) -> Outcome {
    let mut read = AllowedCas::default();
    for found in certificates(&args.paths)? {
        read.add(&found.der).map_err(|error| wrong(&found.file, error.to_string()))?;
    }
    let connection = connect(server).await?;
    let mut list = AllowList::fetch(&connection).await?;
    let facts = read.facts();
    let pems: String = facts.iter().map(CaFacts::to_pem).collect();
    let request = PreviewAddCasRequest { certificates: pems.into_bytes() };
    tell_additions(&connection.ek_cas().preview_add_cas(request).await?.into_inner())?;
    if args.dry_run {
        output::line("Nothing was changed")?;
        return Ok(0);
    }
    let (there, added) = (facts.len(), list.add(facts));
    if added > 0 {
        list.save(&connection).await?;
    }
    output::line(format!(
        "{added} of {} added; new enrolments are judged by the list",
        counted(there, "CA", "CAs")
    ))?;
    Ok(0)
}

pub(super) async fn rm(server: &ServerArgs, args: &RemoveCasArgs) -> Outcome {
    let connection = connect(server).await?;
    let mut list = AllowList::fetch(&connection).await?;
    // The server says which they are, and what follows: by the list as it is now.
    let request = PreviewRemoveCasRequest { fingerprints: args.fingerprints.clone() };
    let preview = connection.ek_cas().preview_remove_cas(request).await?.into_inner();
    tell_removals(&preview)?;
    if args.dry_run {
        output::line("Nothing was changed")?;
        return Ok(0);
    }
    list.entries.retain(|(facts, _)| preview.cas.iter().all(|gone| gone.sha256 != hex::encode(facts.sha256)));
    let left = list.entries.len();
    list.save(&connection).await?;
    output::line(format!(
        "{} removed, {} allowed; enrolled devices stay",
        counted(preview.cas.len(), "CA", "CAs"),
        counted(left, "is", "are")
    ))?;
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
