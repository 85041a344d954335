use gatehouse_attestation::{MANIFEST_NAME, evidence_file_limit};
use gatehouse_client::device::{DeviceName, find_one};
use gatehouse_client::{ClientError, Connection, Result};
use gatehouse_model::{ErrorKind, clean_label};
use gatehouse_proto::gatehouse::v1::ExportEvidenceRequest;

use super::folder;
use crate::cli::{ExportArgs, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Writes what an enrolment was judged by into a folder.
pub(crate) async fn export(server: &ServerArgs, args: &ExportArgs) -> Outcome {
    let connection = connect(server).await?;
    let id = id_of(&connection, &args.id).await?;
    let files = fetch(&connection, id).await?;
    folder::make(&args.out)?;
    for (name, content) in &files {
        folder::write(&args.out, name, content)?;
    }
    let manifest =
        files.iter().find(|(name, _)| name == MANIFEST_NAME).map(|(_, content)| content.as_slice());
    let digest = gatehouse_attestation::sha256_hex(manifest.unwrap_or_default());
    output::line(format!("Evidence written to {}", clean_label(&args.out.display().to_string())))?;
    output::line(format!("SHA-256 of {MANIFEST_NAME}: {digest}"))?;
    Ok(0)
}

/// A UUID is taken as it is; anything else is a tag.
async fn id_of(connection: &Connection, text: &str) -> Result<String> {
    let text = text.trim();
    let is_uuid = text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if is_uuid {
        return Ok(text.to_ascii_lowercase());
    }
    if text.is_empty() {
        return Err(ClientError::usage("name a device or evidence"));
    }
    Ok(find_one(connection, &DeviceName::Tag(text.to_owned())).await?.id)
}

/// The files, as far as their names are those of evidence and none is longer than it may be.
async fn fetch(connection: &Connection, id: String) -> Result<Vec<(String, Vec<u8>)>> {
    let unexpected = |why: String| ClientError::new(ErrorKind::Internal, "unexpected_answer", why);
    let mut parts =
        connection.device_evidence().export_evidence(ExportEvidenceRequest { id }).await?.into_inner();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(part) = parts.message().await? {
        let limit = evidence_file_limit(&part.name)
            .ok_or_else(|| unexpected(format!("the server sent a file {}", clean_label(&part.name))))?;
        let goes_on = files.last().is_some_and(|(name, _)| *name == part.name);
        if !goes_on && files.iter().any(|(name, _)| *name == part.name) {
            return Err(unexpected(format!("the server sent {} twice", part.name)));
        }
        match files.last_mut().filter(|_| goes_on) {
            Some((_, content)) => content.extend_from_slice(&part.content),
            None => files.push((part.name, part.content)),
        }
        if files.last().is_some_and(|(_, content)| content.len() > limit) {
            return Err(unexpected("the server sent a file that is too long".to_owned()));
        }
    }
    if files.is_empty() {
        return Err(unexpected("the server sent no evidence".to_owned()));
    }
    Ok(files)
}
