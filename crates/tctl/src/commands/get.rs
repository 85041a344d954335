use gatehouse_client::device::{DeviceName, all_devices, find_all};
use gatehouse_client::present::{Format, encode, printable};
use gatehouse_client::{ClientError, Connection, DeviceResource, PAGE_SIZE, Result, all_pages};
use gatehouse_model::{ErrorKind, clean_label};
use gatehouse_proto::devicetrust::{Device, DeviceView, GetDeviceRequest};
use gatehouse_proto::gatehouse::v1::{GetResourceRequest, ListResourcesRequest, Resource};

use crate::cli::{GetArgs, ServerArgs};
use crate::connect::connect;
use crate::document::{Kind, ResourceRef, annotate, from_json, to_yaml};
use crate::failure::Outcome;
use crate::output;

/// Prints resources: documents of YAML, or one JSON array.
pub(crate) async fn run(server: &ServerArgs, args: GetArgs) -> Outcome {
    let connection = connect(server).await?;
    let format = args.format.format();
    if args.resource.kind == Kind::Device {
        let devices = devices(&connection, args.resource.name.as_deref()).await?;
        let documents: Vec<DeviceResource> = devices.into_iter().map(Into::into).collect();
        let yaml = documents.iter().map(to_yaml).collect::<Result<Vec<_>>>()?;
        print(format, &documents, &yaml)?;
        return Ok(0);
    }
    let resources = resources(&connection, &args.resource).await?;
    for warning in resources.iter().flat_map(|resource| &resource.warnings) {
        output::notice(format!("warning: {warning}"));
    }
    let documents = resources.iter().map(|resource| from_json(&resource.json)).collect::<Result<Vec<_>>>()?;
    let yaml = resources
        .iter()
        .zip(&documents)
        .map(|(resource, document)| Ok(annotate(&to_yaml(document)?, &resource.sources)))
        .collect::<Result<Vec<_>>>()?;
    print(format, &documents, &yaml)?;
    Ok(0)
}

fn print<T: serde::Serialize>(
    format: Format,
    documents: &[T],
    yaml: &[String],
) -> std::result::Result<(), crate::failure::Failure> {
    if format == Format::Json {
        let text = encode(Format::Json, &documents)?.unwrap_or_default();
        return output::raw(&text);
    }
    output::raw(&printable(&yaml.join("---\n")))
}

/// One device with all that is known of it, or several of the same tag, or all.
pub(crate) async fn devices(connection: &Connection, name: Option<&str>) -> Result<Vec<Device>> {
    let Some(name) = name else { return all_devices(connection, DeviceView::Resource).await };
    let found = find_all(connection, &DeviceName::IdOrTag(name.to_owned())).await?;
    if found.is_empty() {
        let message = format!("device \"{}\" not found", clean_label(name));
        return Err(ClientError::new(ErrorKind::NotFound, "device_not_found", message)
            .with_hint("`tctl devices ls` shows what is registered"));
    }
    let mut client = connection.devices();
    let mut devices = Vec::with_capacity(found.len());
    for device in found {
        devices.push(client.get_device(GetDeviceRequest { device_id: device.id }).await?.into_inner());
    }
    Ok(devices)
}

async fn resources(connection: &Connection, resource: &ResourceRef) -> Result<Vec<Resource>> {
    let kind = resource.kind.as_str().to_owned();
    let mut client = connection.resources();
    if let Some(name) = &resource.name {
        let request = GetResourceRequest { kind, name: name.clone() };
        return Ok(vec![client.get_resource(request).await?.into_inner()]);
    }
    all_pages(usize::MAX, async |page_token| {
        let request = ListResourcesRequest { kind: kind.clone(), page_size: PAGE_SIZE, page_token };
        let page = client.list_resources(request).await?.into_inner();
        Ok((page.resources, page.next_page_token))
    })
    .await
}
