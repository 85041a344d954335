//! What enrolments were judged by, and boots, for administrators.

use gatehouse_domain::Failure;
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
                let part = |content: &[u8]| wire::EvidencePart { name: file.name.clone(), content: content.to_vec() };
                file.content.chunks(PART_BYTES).map(part).map(Ok).collect::<Vec<_>>()
            });
            Ok::<_, Failure>(tokio_stream::iter(parts.collect::<Vec<_>>()))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}
