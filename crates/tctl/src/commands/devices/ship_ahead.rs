use gatehouse_client::all_pages;
use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_model::{Timestamp, counted};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{
    DeleteShipAheadRequest, ImportShipAheadRequest, ImportShipAheadResponse, ListShipAheadRequest,
    ShipAheadRow,
};
use serde::Serialize;

use crate::cli::{ServerArgs, ShipAheadCommand, ShipAheadImportArgs};
use crate::commands::ekcas::read_input;
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Largest list, in bytes; the server takes no larger one.
const MAX_LIST: usize = 2 * 1024 * 1024;
const PAGE_SIZE: i32 = 500;

#[derive(Serialize)]
struct ImportView {
    dry_run: bool,
    added: i32,
    known: i32,
    wrong: i32,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    line: i32,
    problem: String,
}

#[derive(Serialize)]
struct RowView {
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ek_sha256: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    serial: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    issuer: String,
    mode: &'static str,
    owner: String,
    asset_tag: String,
    note: String,
    created: Option<Timestamp>,
    created_by: String,
    uses: i32,
    used: Option<Timestamp>,
    used_by: String,
    used_device: String,
}

pub(crate) async fn run(server: &ServerArgs, command: ShipAheadCommand) -> Outcome {
    match command {
        ShipAheadCommand::Import(args) => import(server, &args).await,
        ShipAheadCommand::Ls(format) => list(server, format.format()).await,
        ShipAheadCommand::Rm { ids } => {
            let connection = connect(server).await?;
            for id in ids {
                connection.ship_ahead().delete_ship_ahead(DeleteShipAheadRequest { id: id.clone() }).await?;
                output::line(format!("Announcement \"{id}\" removed"))?;
            }
            Ok(0)
        }
    }
}

async fn import(server: &ServerArgs, args: &ShipAheadImportArgs) -> Outcome {
    let csv = read_input(&args.file, MAX_LIST)?;
    let connection = connect(server).await?;
    let request = ImportShipAheadRequest { csv, dry_run: args.dry_run };
    let done = connection.ship_ahead().import_ship_ahead(request).await?.into_inner();
    let view = import_view(done, args.dry_run);
    output::data(args.format.format(), &view, || text(&view))?;
    Ok(u8::from(view.wrong > 0))
}

fn import_view(done: ImportShipAheadResponse, dry_run: bool) -> ImportView {
    let problems =
        done.problems.into_iter().map(|found| Problem { line: found.line, problem: found.problem });
    ImportView {
        dry_run,
        added: done.added,
        known: done.known,
        wrong: done.wrong,
        problems: problems.collect(),
    }
}

fn text(view: &ImportView) -> String {
    let mut lines: Vec<String> =
        view.problems.iter().map(|found| format!("line {}: {}", found.line, found.problem)).collect();
    if view.wrong > 0 {
        lines.push(format!("Nothing was announced: {} wrong", counted(view.wrong, "line is", "lines are")));
    } else {
        let would = if view.dry_run { "would be announced" } else { "announced" };
        let added = counted(view.added, "TPM", "TPMs");
        lines.push(format!("{added} {would}, {} announced before", view.known));
    }
    lines.join("\n") + "\n"
}

async fn list(server: &ServerArgs, format: Format) -> Outcome {
    let connection = connect(server).await?;
    let mut client = connection.ship_ahead();
    let rows = all_pages(usize::MAX, async |page_token| {
        let page = client.list_ship_ahead(ListShipAheadRequest { page_size: PAGE_SIZE, page_token }).await?;
        let page = page.into_inner();
        Ok((page.rows, page.next_page_token))
    })
    .await?;
    let views: Vec<RowView> = rows.into_iter().map(row_view).collect();
    if format == Format::Text && views.is_empty() {
        output::line("No TPMs are announced")?;
        return Ok(0);
    }
    output::data(format, &views, || table(&views))?;
    Ok(0)
}

fn row_view(row: ShipAheadRow) -> RowView {
    let time =
        |time: Option<prost_types::Timestamp>| time.as_ref().and_then(|time| read_timestamp(time).ok());
    RowView {
        id: row.id,
        ek_sha256: row.ek_sha256,
        serial: row.serial,
        issuer: row.issuer,
        mode: if row.standing { "standing" } else { "once" },
        owner: row.owner,
        asset_tag: row.asset_tag,
        note: row.note,
        created: time(row.created),
        created_by: row.created_by,
        uses: row.uses,
        used: time(row.used),
        used_by: row.used_by,
        used_device: row.used_device,
    }
}

fn table(views: &[RowView]) -> String {
    let mut table = Table::new(&["ID", "TPM", "Mode", "Owner", "Asset Tag", "Used", "Note"]);
    for view in views {
        let tpm = if view.ek_sha256.is_empty() {
            format!("{} of {}", view.serial, view.issuer)
        } else {
            view.ek_sha256.clone()
        };
        let used = match view.used {
            Some(time) => table_time(Some(time)),
            None => "no".to_owned(),
        };
        table.row([&*view.id, &*tpm, view.mode, &*view.owner, &*view.asset_tag, &*used, &*view.note]);
    }
    table.to_string()
}
