use gatehouse_attestation::{CaFacts, KnownCas};
use gatehouse_domain::Failure;
use gatehouse_domain::ek::{CaEntry, Coverage, CoveredDevice, ReviewDetail, ReviewFacts};
use gatehouse_domain::entity::{Review, ReviewCursor};
use gatehouse_model::Timestamp;
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::{Request, Response, Status};
use wire::ek_ca_service_server::EkCaService;
use wire::review_service_server::ReviewService;

use super::caller::Caller;
use super::{Gateway, paging};

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ReviewService for Gateway {
    async fn list_reviews(
        &self,
        request: Request<wire::ListReviewsRequest>,
    ) -> Answer<wire::ListReviewsResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let before: Option<ReviewCursor> = paging::read(&message.page_token)?;
            let (grant, size) = (principal.grant()?, paging::size(message.page_size));
            let page = self.services.reviews.page(&grant, message.pending, before.as_ref(), size).await?;
            Ok::<_, Failure>(wire::ListReviewsResponse {
                next_page_token: paging::token(page.next.as_ref()),
                reviews: page.reviews.into_iter().map(|review| review_info(review, page.now)).collect(),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn get_review(&self, request: Request<wire::GetReviewRequest>) -> Answer<wire::ReviewInfo> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let id = request.into_inner().id;
            let ReviewDetail { review, facts, now } =
                self.services.reviews.get(&principal.grant()?, &id).await?;
            let info = review_info(review, now);
            Ok::<_, Failure>(wire::ReviewInfo { unknown_ca: facts.map(unknown_ca), ..info })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn accept_review(&self, request: Request<wire::DecideReviewRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let wire::DecideReviewRequest { id, evidence_id } = request.into_inner();
        let outcome = async {
            self.services.reviews.accept(&principal.grant()?, &id, &evidence_id).await?;
            Ok::<_, Failure>(())
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn trust_review(&self, request: Request<wire::TrustReviewRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let wire::TrustReviewRequest { id, evidence_id, certificates } = request.into_inner();
        let outcome = async {
            let (decide, list) = (principal.grant()?, principal.grant()?);
            self.services.reviews.trust(&decide, &list, &id, &evidence_id, &certificates).await?;
            Ok::<_, Failure>(())
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn refuse_review(&self, request: Request<wire::DecideReviewRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let wire::DecideReviewRequest { id, evidence_id } = request.into_inner();
        let outcome = async {
            self.services.reviews.refuse(&principal.grant()?, &id, &evidence_id).await?;
            Ok::<_, Failure>(())
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

#[tonic::async_trait]
impl EkCaService for Gateway {
    async fn preview_add_cas(
        &self,
        request: Request<wire::PreviewAddCasRequest>,
    ) -> Answer<wire::PreviewAddCasResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let bytes = request.into_inner().certificates;
        let outcome = async {
            let preview = self.services.ek_cas.preview_add(&principal.grant()?, &bytes).await?;
            let cas = preview.cas.into_iter().map(|ca| wire::CaPreview {
                ca: Some(entry_info(ca.entry)),
                listed: ca.is_listed,
                coverage: Some(coverage(ca.coverage)),
            });
            Ok::<_, Failure>(wire::PreviewAddCasResponse { cas: cas.collect(), turns_on: preview.turns_on })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn preview_remove_cas(
        &self,
        request: Request<wire::PreviewRemoveCasRequest>,
    ) -> Answer<wire::PreviewRemoveCasResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let fingerprints = request.into_inner().fingerprints;
        let outcome = async {
            let preview = self.services.ek_cas.preview_remove(&principal.grant()?, &fingerprints).await?;
            Ok::<_, Failure>(wire::PreviewRemoveCasResponse {
                cas: preview.cas.into_iter().map(entry_info).collect(),
                lost: Some(coverage(preview.lost)),
                turns_off: preview.turns_off,
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn list_failing_devices(
        &self,
        request: Request<wire::ListFailingDevicesRequest>,
    ) -> Answer<wire::ListFailingDevicesResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let after: Option<String> = paging::read(&message.page_token)?;
            let (grant, size) = (principal.grant()?, paging::size(message.page_size));
            let found = self.services.ek_cas.failing(&grant, &after.unwrap_or_default(), size).await?;
            let progress = found.progress.as_ref();
            Ok::<_, Failure>(wire::ListFailingDevicesResponse {
                verifies: progress.is_some(),
                judged: progress.map_or(0, |progress| progress.judged),
                failing: progress.map_or(0, |progress| progress.failing),
                enrolled: progress.map_or(0, |progress| progress.enrolled),
                done: progress.is_some_and(|progress| progress.is_done),
                next_page_token: paging::token(found.next.as_ref()),
                devices: found
                    .devices
                    .into_iter()
                    .map(|(device, reason)| wire::FailingDevice { device: Some(covered(device)), reason })
                    .collect(),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

fn review_info(review: Review, now: Timestamp) -> wire::ReviewInfo {
    wire::ReviewInfo {
        state: review.state_at(now).as_str().to_owned(),
        id: review.id,
        reason: review.reason.as_str().to_owned(),
        created: Some(timestamp(review.created)),
        expires: Some(timestamp(review.expires)),
        device_id: review.device_id,
        asset_tag: review.asset_tag,
        os_type: review.os_type.as_str().to_owned(),
        user: review.user,
        credential_id: review.credential_id,
        evidence_id: review.evidence_id,
        decided: review.decided.as_ref().map(|decision| timestamp(decision.time)),
        decided_by: review.decided.map(|decision| decision.by).unwrap_or_default(),
        unknown_ca: None,
    }
}

fn unknown_ca(facts: ReviewFacts) -> wire::UnknownCaFacts {
    let certificate = facts.certificate;
    let refusal = facts.refusal;
    wire::UnknownCaFacts {
        ek_sha256: facts.ek_sha256,
        ek_kind: facts.ek_kind,
        certificate_sha256: facts.certificate_sha256,
        serial: certificate.serial,
        issuer: certificate.issuer,
        aki: facts.aki.unwrap_or_default(),
        tpm_maker: certificate.maker.unwrap_or_default(),
        tpm_model: certificate.model.unwrap_or_default(),
        tpm_firmware: certificate.firmware.unwrap_or_default(),
        not_before: Some(timestamp(certificate.not_before)),
        not_after: Some(timestamp(certificate.not_after)),
        chain: facts.chain.into_iter().map(ca_info).collect(),
        refusal_code: refusal.as_ref().map(|refusal| refusal.code).unwrap_or_default().to_owned(),
        refusal: refusal.as_ref().map(|refusal| refusal.text.clone()).unwrap_or_default(),
        refusal_hint: refusal.map(|refusal| refusal.hint).unwrap_or_default(),
    }
}

fn ca_info(facts: CaFacts) -> wire::CaInfo {
    let vendor = KnownCas::of_this_release().pinned(&facts.sha256).map(|known| known.vendor);
    wire::CaInfo {
        subject: facts.subject,
        issuer: facts.issuer,
        sha256: hex::encode(facts.sha256),
        key: facts.key,
        signature: facts.signature,
        not_before: Some(timestamp(Timestamp::from_secs(facts.not_before))),
        not_after: Some(timestamp(Timestamp::from_secs(facts.not_after))),
        vendor: vendor.unwrap_or_default().to_owned(),
        warnings: Vec::new(),
    }
}

fn entry_info(entry: CaEntry) -> wire::CaInfo {
    let warnings = entry.warnings.iter().map(ToString::to_string).collect();
    wire::CaInfo { warnings, ..ca_info(entry.facts) }
}

fn coverage(coverage: Coverage) -> wire::Coverage {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    wire::Coverage {
        enrolled: count(coverage.enrolled),
        registered: count(coverage.registered),
        partial: coverage.is_partial,
        devices: coverage.devices.into_iter().map(covered).collect(),
    }
}

fn covered(device: CoveredDevice) -> wire::CoveredDevice {
    wire::CoveredDevice {
        id: device.id,
        asset_tag: device.asset_tag,
        os_type: device.os_type.as_str().to_owned(),
        enrolled: device.is_enrolled,
    }
}
