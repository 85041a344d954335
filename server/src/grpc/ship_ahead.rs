//! TPMs that are announced before their devices arrive.

use gatehouse_domain::Failure;
use gatehouse_domain::entity::{AnnouncedTpm, ShipAhead, ShipAheadCursor};
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::{Request, Response, Status};
use wire::ship_ahead_service_server::ShipAheadService;

use super::caller::Caller;
use super::{Gateway, paging};

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ShipAheadService for Gateway {
    async fn import_ship_ahead(
        &self,
        request: Request<wire::ImportShipAheadRequest>,
    ) -> Answer<wire::ImportShipAheadResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let wire::ImportShipAheadRequest { csv, dry_run } = request.into_inner();
            let (announces, registers) = (principal.grant()?, principal.grant()?);
            let done = self.services.ship_ahead.import(&announces, &registers, &csv, dry_run).await?;
            let problem = |(line, problem): (u64, String)| wire::ShipAheadProblem {
                line: i32::try_from(line).unwrap_or(i32::MAX),
                problem,
            };
            Ok::<_, Failure>(wire::ImportShipAheadResponse {
                added: count(done.added),
                known: count(done.known),
                wrong: count(done.wrong),
                problems: done.problems.into_iter().map(problem).collect(),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn list_ship_ahead(
        &self,
        request: Request<wire::ListShipAheadRequest>,
    ) -> Answer<wire::ListShipAheadResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let before: Option<ShipAheadCursor> = paging::read(&message.page_token)?;
            let size = paging::size(message.page_size);
            let (rows, next) =
                self.services.ship_ahead.list(&principal.grant()?, before.as_ref(), size).await?;
            Ok::<_, Failure>(wire::ListShipAheadResponse {
                rows: rows.into_iter().map(row).collect(),
                next_page_token: paging::token(next.as_ref()),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn delete_ship_ahead(&self, request: Request<wire::DeleteShipAheadRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let id = request.into_inner().id;
            Ok::<_, Failure>(self.services.ship_ahead.remove(&principal.grant()?, &id).await?)
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn row(row: ShipAhead) -> wire::ShipAheadRow {
    let (ek_sha256, serial, issuer) = match row.tpm {
        AnnouncedTpm::Ek(ek) => (hex::encode(ek), String::new(), String::new()),
        AnnouncedTpm::Certificate { serial, issuer, .. } => (String::new(), serial, issuer),
    };
    let (used, used_by, used_device) = match row.used {
        Some(used) => (Some(timestamp(used.time)), used.user, used.device_id),
        None => Default::default(),
    };
    wire::ShipAheadRow {
        id: row.id,
        ek_sha256,
        serial,
        issuer,
        standing: row.standing,
        owner: row.owner.unwrap_or_default(),
        asset_tag: row.asset_tag.unwrap_or_default(),
        note: row.note,
        created: Some(timestamp(row.created)),
        created_by: row.created_by,
        uses: i32::try_from(row.uses).unwrap_or(i32::MAX),
        used,
        used_by,
        used_device,
    }
}
