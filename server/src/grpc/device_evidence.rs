//! What enrolments were judged by, and boots, for administrators.

use gatehouse_domain::Failure;
use gatehouse_domain::boot::{BootChange, BootChangeKind};
use gatehouse_domain::device::BootDetail;
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::gatehouse::v1 as wire;
use tokio_stream::Iter;
use tonic::{Request, Response, Status};
use wire::device_evidence_service_server::DeviceEvidenceService;

use super::Gateway;
use super::caller::Caller;

/// Most bytes of a file in one message.
const PART_BYTES: usize = 512 * 1024;

type Parts = Iter<std::vec::IntoIter<Result<wire::EvidencePart, Status>>>;

#[tonic::async_trait]
impl DeviceEvidenceService for Gateway {
    type ExportEvidenceStream = Parts;

    async fn export_evidence(
        &self,
        request: Request<wire::ExportEvidenceRequest>,
    ) -> Result<Response<Self::ExportEvidenceStream>, Status> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let exported =
                self.services.evidence.export(&principal.grant()?, &request.into_inner().id).await?;
            let parts = exported.files.into_iter().flat_map(|file| {
                let part = |content: &[u8]| wire::EvidencePart {
                    name: file.name.clone(),
                    content: content.to_vec(),
                };
                file.content.chunks(PART_BYTES).map(part).map(Ok).collect::<Vec<_>>()
            });
            Ok::<_, Failure>(tokio_stream::iter(parts.collect::<Vec<_>>()))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn describe_boot(
        &self,
        request: Request<wire::DescribeBootRequest>,
    ) -> Result<Response<wire::BootReport>, Status> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let id = request.into_inner().device_id;
            let boot = self.services.devices.boot(&principal.grant()?, &id).await?;
            Ok::<_, Failure>(boot.map(boot_report).unwrap_or_default())
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn accept_boot(&self, request: Request<wire::AcceptBootRequest>) -> Result<Response<()>, Status> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let wire::AcceptBootRequest { device_id, fingerprint } = request.into_inner();
            let devices = &self.services.devices;
            let fingerprint = hex::encode(fingerprint);
            Ok::<_, Failure>(devices.accept_boot(&principal.grant()?, &device_id, &fingerprint).await?)
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

fn boot_report(boot: BootDetail) -> wire::BootReport {
    let (good_time, changes) = match boot.good {
        Some(good) => (Some(timestamp(good.time)), good.changes),
        None => (None, Vec::new()),
    };
    wire::BootReport {
        fingerprint: boot.fingerprint.to_vec(),
        time: Some(timestamp(boot.time)),
        good: good_time.is_none(),
        good_time,
        changes: changes.into_iter().map(boot_change).collect(),
        secure_boot: boot.state.secure_boot.as_str().to_owned(),
        event_log: boot.state.log.as_str().to_owned(),
    }
}

fn boot_change(change: BootChange) -> wire::BootChange {
    let pcr = match change.kind {
        BootChangeKind::Pcr(index) => i32::from(index),
        _ => 0,
    };
    wire::BootChange {
        what: change.kind.as_str().to_owned(),
        before: change.before,
        after: change.after,
        pcr,
    }
}
