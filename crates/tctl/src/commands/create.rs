use std::io::Read;
use std::path::{Path, PathBuf};

use gatehouse_client::{ClientError, Connection, DeviceResource, Result};
use gatehouse_model::ErrorKind;
use gatehouse_proto::devicetrust::{CreateDeviceRequest, UpsertDeviceRequest};
use gatehouse_proto::gatehouse::v1::CreateResourceRequest;

use crate::cli::{CreateArgs, ServerArgs};
use crate::connect::connect;
use crate::document::{Document, Kind, MAX_DOCUMENT_BYTES, read_documents};
use crate::failure::Outcome;
use crate::output;

/// Creates what a file describes. Every document is read before the first is sent.
pub(crate) async fn run(server: &ServerArgs, args: CreateArgs) -> Outcome {
    let documents = read_documents(&read_file(args.file.as_deref())?)?;
    let prepared = documents.iter().map(prepare).collect::<Result<Vec<_>>>()?;
    let connection = connect(server).await?;
    let done = if args.force { "saved" } else { "created" };
    for (document, request) in documents.iter().zip(prepared) {
        let name = send(&connection, document.kind, request, args.force).await?;
        output::line(format!("{} \"{name}\" {done}", document.kind))?;
    }
    Ok(0)
}

/// A document as the wire wants it.
enum Prepared {
    Device(Box<gatehouse_proto::devicetrust::Device>),
    Json(String),
}

fn prepare(document: &Document) -> Result<Prepared> {
    if document.kind == Kind::Device {
        return Ok(Prepared::Device(Box::new(device_of(document)?)));
    }
    Ok(Prepared::Json(document.to_json()?))
}

/// The device that a document describes.
pub(crate) fn device_of(document: &Document) -> Result<gatehouse_proto::devicetrust::Device> {
    let resource: DeviceResource = serde_yaml_ng::from_value(document.value.clone()).map_err(|error| {
        let why = gatehouse_model::clean_label(&error.to_string());
        ClientError::new(ErrorKind::InvalidInput, "invalid_document", format!("not a device: {why}"))
    })?;
    Ok(resource.into_wire()?)
}

async fn send(connection: &Connection, kind: Kind, prepared: Prepared, force: bool) -> Result<String> {
    match prepared {
        Prepared::Device(device) if force => {
            let request = UpsertDeviceRequest { device: Some(*device), create_as_resource: true };
            Ok(connection.devices().upsert_device(request).await?.into_inner().asset_tag)
        }
        Prepared::Device(device) => {
            let request = CreateDeviceRequest {
                device: Some(*device),
                create_enroll_token: false,
                create_as_resource: true,
                enroll_token_expire_time: None,
            };
            Ok(connection.devices().create_device(request).await?.into_inner().asset_tag)
        }
        Prepared::Json(json) => {
            let request = CreateResourceRequest { kind: kind.as_str().to_owned(), json, force };
            let resource = connection.resources().create_resource(request).await?.into_inner();
            for warning in &resource.warnings {
                output::notice(format!("warning: {warning}"));
            }
            Ok(resource.name)
        }
    }
}

fn read_file(path: Option<&Path>) -> Result<String> {
    let path = path.filter(|path| *path != Path::new("-"));
    let wrong = |why: &dyn std::fmt::Display| {
        let name = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
        ClientError::new(ErrorKind::InvalidInput, "file", format!("cannot read {name}: {why}"))
    };
    let source: Box<dyn Read> = match path {
        Some(path) => Box::new(std::fs::File::open(PathBuf::from(path)).map_err(|error| wrong(&error))?),
        None => Box::new(std::io::stdin().lock()),
    };
    let mut text = String::new();
    source.take(MAX_DOCUMENT_BYTES + 1).read_to_string(&mut text).map_err(|error| wrong(&error))?;
    if text.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(wrong(&"it is larger than 4 MiB"));
    }
    Ok(text)
}
