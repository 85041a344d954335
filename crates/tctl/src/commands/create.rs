mod devices;

use std::io::Read;
use std::path::{Path, PathBuf};

use gatehouse_client::{ClientError, Connection, DeviceResource, Result};
use gatehouse_model::{ErrorKind, counted};
use gatehouse_proto::devicetrust::Device;
use gatehouse_proto::gatehouse::v1::CreateResourceRequest;

use crate::cli::{CreateArgs, ServerArgs};
use crate::connect::connect;
use crate::document::{Document, Kind, MAX_DOCUMENT_BYTES, about_document, in_document, read_documents};
use crate::failure::{Failure, Outcome};
use crate::output;

/// Creates what a file describes. Every document is read before the first is sent. A device that the server refuses is
/// reported and does not keep the others from being made; anything else ends the command where it is.
pub(crate) async fn run(server: &ServerArgs, args: CreateArgs) -> Outcome {
    let documents = read_documents(&read_file(args.file.as_deref())?)?;
    let prepared = documents.iter().map(prepare).collect::<Result<Vec<_>>>()?;
    let connection = connect(server).await?;
    let (mut refused, mut told) = (0, 0);
    let mut prepared = prepared.into_iter().peekable();
    while let Some(next) = prepared.next() {
        match next {
            Prepared::Device(device) => {
                let mut devices = vec![*device];
                while let Some(Prepared::Device(device)) =
                    prepared.next_if(|next| matches!(next, Prepared::Device(_)))
                {
                    devices.push(*device);
                }
                told += leave_out_collected(&mut devices);
                refused += devices::create(&connection, devices, args.force).await?;
            }
            Prepared::Json(document, json) => resource(&connection, document, json, args.force).await?,
        }
    }
    if told > 0 {
        let whose = counted(told, "device", "devices");
        output::notice(format!(
            "note: the collected data of {whose} was left out: only devices tell it, of themselves"
        ));
    }
    Ok(u8::from(refused > 0))
}

/// What `tctl get` shows of devices holds what they told; answers with how many that was left out of.
fn leave_out_collected(devices: &mut [Device]) -> usize {
    let of_devices = devices.iter_mut().map(|device| std::mem::take(&mut device.collected_data));
    of_devices.filter(|told| !told.is_empty()).count()
}

/// A document as the wire wants it.
enum Prepared<'d> {
    Device(Box<Device>),
    Json(&'d Document, String),
}

fn prepare(document: &Document) -> Result<Prepared<'_>> {
    if document.kind == Kind::Device {
        let device = device_of(document).map_err(|error| in_document(document.number, error))?;
        return Ok(Prepared::Device(Box::new(device)));
    }
    Ok(Prepared::Json(document, document.to_json()?))
}

/// The device that a document describes.
pub(crate) fn device_of(document: &Document) -> Result<Device> {
    Ok(document.read::<DeviceResource>()?.into_wire()?)
}

async fn resource(
    connection: &Connection,
    document: &Document,
    json: String,
    force: bool,
) -> std::result::Result<(), Failure> {
    let kind = document.kind;
    let request = CreateResourceRequest { kind: kind.as_str().to_owned(), json, force };
    let created = connection.resources().create_resource(request).await;
    let resource = created.map_err(|status| about_document(status.into(), document))?.into_inner();
    for warning in &resource.warnings {
        output::notice(format!("warning: {warning}"));
    }
    say(kind, &resource.name, force)
}

fn say(kind: Kind, name: &str, force: bool) -> std::result::Result<(), Failure> {
    let done = if force { "saved" } else { "created" };
    output::line(format!("{kind} \"{name}\" {done}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_devices_told_is_left_out() {
        let told = Device { collected_data: vec![Default::default(); 2], ..Device::default() };
        let mut devices = [told, Device::default()];
        assert_eq!(leave_out_collected(&mut devices), 1);
        assert_eq!(devices, [Device::default(), Device::default()]);
    }
}
