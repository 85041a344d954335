//! What administrators have to decide about devices.

mod show;

use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_client::{ClientError, Connection, PAGE_SIZE, all_pages};
use gatehouse_model::{ErrorKind, Timestamp};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{
    DecideReviewRequest, GetReviewRequest, ListReviewsRequest, PreviewAddCasRequest, ReviewInfo,
    TrustReviewRequest,
};
use serde::Serialize;

use super::ekcas::{bundle, tell_additions};
use crate::cli::{ReviewsCommand, ServerArgs, TrustArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Most reviews that do not wait any more that are listed.
const DECIDED: usize = 100;

#[derive(Serialize)]
struct ReviewView {
    id: String,
    reason: String,
    state: String,
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    device_id: String,
    asset_tag: String,
    os_type: String,
    requested_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    decided_by: String,
}

impl From<&ReviewInfo> for ReviewView {
    fn from(review: &ReviewInfo) -> Self {
        Self {
            id: review.id.clone(),
            reason: review.reason.clone(),
            state: review.state.clone(),
            created: moment(review.created.as_ref()),
            expires: moment(review.expires.as_ref()),
            device_id: review.device_id.clone(),
            asset_tag: review.asset_tag.clone(),
            os_type: review.os_type.clone(),
            requested_by: review.user.clone(),
            decided: moment(review.decided.as_ref()),
            decided_by: review.decided_by.clone(),
        }
    }
}

fn moment(wire: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    wire.and_then(|wire| read_timestamp(wire).ok())
}

pub(crate) async fn run(server: &ServerArgs, command: ReviewsCommand) -> Outcome {
    let connection = connect(server).await?;
    match command {
        ReviewsCommand::Ls(args) => list(&connection, !args.decided, args.format.format()).await,
        ReviewsCommand::Show { id, format } => {
            show::show(&look(&connection, &id).await?, format.format())?;
            Ok(0)
        }
        ReviewsCommand::Accept { id } => {
            let review = look(&connection, &id).await?;
            connection.reviews().accept_review(decision(&review)).await?;
            output::line(match review.reason.as_str() {
                "unknown_ca" => format!(
                    "Device \"{}\" is enrolled for {}; its CA stays unknown",
                    review.asset_tag, review.user
                ),
                _ => format!("Review of device \"{}\" accepted", review.asset_tag),
            })?;
            Ok(0)
        }
        ReviewsCommand::Trust(args) => trust(&connection, &args).await,
        ReviewsCommand::Refuse { id } => {
            let review = look(&connection, &id).await?;
            connection.reviews().refuse_review(decision(&review)).await?;
            output::line(format!("Refused: device \"{}\", asked for by {}", review.asset_tag, review.user))?;
            if review.reason == "boot_drift" {
                output::notice(format!(
                    "hint: the device is trusted again once it boots as it was before, or after `tctl devices boot \
                     --device-id={} --accept`",
                    review.device_id
                ));
            }
            Ok(0)
        }
    }
}

async fn look(connection: &Connection, id: &str) -> Result<ReviewInfo, ClientError> {
    Ok(connection.reviews().get_review(GetReviewRequest { id: id.to_owned() }).await?.into_inner())
}

/// About what was just looked at, and nothing that came in its place since.
fn decision(review: &ReviewInfo) -> DecideReviewRequest {
    DecideReviewRequest { id: review.id.clone(), evidence_id: review.evidence_id.clone() }
}

async fn list(connection: &Connection, pending: bool, format: Format) -> Outcome {
    let mut client = connection.reviews();
    let most = if pending { usize::MAX } else { DECIDED };
    let reviews = all_pages(most, async |page_token| {
        let request = ListReviewsRequest { pending, page_size: PAGE_SIZE, page_token };
        let page = client.list_reviews(request).await?.into_inner();
        Ok((page.reviews, page.next_page_token))
    })
    .await?;
    let views: Vec<ReviewView> = reviews.iter().map(Into::into).collect();
    if format == Format::Text && views.is_empty() {
        output::line(if pending { "Nothing awaits review" } else { "No review has been decided" })?;
        return Ok(0);
    }
    output::data(format, &views, || table(&views))?;
    Ok(0)
}

fn table(views: &[ReviewView]) -> String {
    let mut table = Table::new(&["Review", "Reason", "State", "Device", "OS", "Asked By", "Since", "Until"]);
    for view in views {
        table.row([
            &*view.id,
            &*view.reason,
            &*view.state,
            &*view.asset_tag,
            &*view.os_type,
            &*view.requested_by,
            &*table_time(view.created),
            &*table_time(view.expires),
        ]);
    }
    table.to_string()
}

async fn trust(connection: &Connection, args: &TrustArgs) -> Outcome {
    let review = look(connection, &args.id).await?;
    let certificates = if args.cas.is_empty() { Vec::new() } else { bundle(&args.cas)? };
    let shown = match (&review.unknown_ca, certificates.is_empty()) {
        (_, false) => certificates.clone(),
        // The server takes the same one: the issuer, if the device has sent it.
        (Some(facts), true) => {
            let Some(issuer) = facts.chain.first() else {
                let text = "the device has not sent the certificate of the CA that issued its EK certificate";
                return Err(ClientError::new(ErrorKind::InvalidInput, "ca_certificate_missing", text)
                    .with_hint("give the certificate of the CA with --ca=FILE")
                    .into());
            };
            output::line(format!("CA       {} ({})", issuer.subject, issuer.sha256))?;
            Vec::new()
        }
        (None, true) => Vec::new(),
    };
    if !shown.is_empty() {
        let request = PreviewAddCasRequest { certificates: shown };
        let preview = connection.ek_cas().preview_add_cas(request).await?.into_inner();
        tell_additions(&preview)?;
    }
    if args.dry_run {
        output::line("Nothing was changed")?;
        return Ok(0);
    }
    let request =
        TrustReviewRequest { id: review.id.clone(), evidence_id: review.evidence_id.clone(), certificates };
    connection.reviews().trust_review(request).await?;
    output::line(format!(
        "Device \"{}\" is enrolled for {}; the CA is allowed from now on",
        review.asset_tag, review.user
    ))?;
    Ok(0)
}
