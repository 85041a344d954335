use gatehouse_client::device::find_one;
use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_client::{PAGE_SIZE, all_pages};
use gatehouse_model::{OsType, Timestamp};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{EnrollTokenInfo, ListEnrollTokensRequest, RevokeEnrollTokenRequest};
use serde::Serialize;

use super::target::device_name;
use crate::cli::{ServerArgs, TokensLsArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

#[derive(Serialize)]
struct EnrollTokenView {
    id: String,
    device_id: String,
    asset_tag: String,
    os_type: String,
    state: String,
    purpose: String,
    attempts: i32,
    max_attempts: i32,
    created_by: String,
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    bound_user: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

impl From<EnrollTokenInfo> for EnrollTokenView {
    fn from(token: EnrollTokenInfo) -> Self {
        let moment = |wire: Option<_>| wire.as_ref().and_then(|wire| read_timestamp(wire).ok());
        Self {
            id: token.id,
            device_id: token.device_id,
            asset_tag: token.asset_tag,
            os_type: token.os_type,
            state: token.state,
            purpose: token.purpose,
            attempts: token.attempts,
            max_attempts: token.max_attempts,
            created_by: token.created_by,
            created: moment(token.created),
            expires: moment(token.expires),
            bound_user: token.bound_user,
            note: token.note,
        }
    }
}

/// Lists tokens; their secrets are stored nowhere.
pub(crate) async fn list(server: &ServerArgs, args: TokensLsArgs) -> Outcome {
    let target = &args.target;
    let wanted = target.current_device || target.device_id.is_some() || target.asset_tag.is_some();
    let name = wanted.then(|| device_name(target)).transpose()?;
    let connection = connect(server).await?;
    let device_id = match name {
        Some(name) => find_one(&connection, &name).await?.id,
        None => String::new(),
    };
    let mut client = connection.device_admin();
    let tokens = all_pages(usize::MAX, async |page_token| {
        let request = ListEnrollTokensRequest {
            device_id: device_id.clone(),
            include_ended: args.all,
            page_size: PAGE_SIZE,
            page_token,
        };
        let page = client.list_enroll_tokens(request).await?.into_inner();
        Ok((page.tokens, page.next_page_token))
    })
    .await?;
    let tokens: Vec<EnrollTokenView> = tokens.into_iter().map(Into::into).collect();
    let format = args.format.format();
    if format == Format::Text && tokens.is_empty() {
        output::line("No enrollment tokens found")?;
        return Ok(0);
    }
    output::data(format, &tokens, || table(&tokens))?;
    Ok(0)
}

fn table(tokens: &[EnrollTokenView]) -> String {
    let mut columns = vec!["Token ID", "Asset Tag", "OS", "State", "Attempts", "Created By", "Expires"];
    let notes = tokens.iter().any(|token| !token.note.is_empty());
    if notes {
        columns.push("Note");
    }
    let mut table = Table::new(&columns);
    for token in tokens {
        let os = token.os_type.parse::<OsType>().map_or(token.os_type.as_str(), |os| os.friendly());
        let attempts = format!("{}/{}", token.attempts, token.max_attempts);
        let expires = table_time(token.expires);
        let mut cells =
            vec![&*token.id, &*token.asset_tag, os, &*token.state, &*attempts, &*token.created_by, &*expires];
        if notes {
            cells.push(&*token.note);
        }
        table.row(cells);
    }
    table.to_string()
}

/// Revokes a token.
pub(crate) async fn revoke(server: &ServerArgs, id: String) -> Outcome {
    let connection = connect(server).await?;
    connection.device_admin().revoke_enroll_token(RevokeEnrollTokenRequest { id: id.clone() }).await?;
    output::line(format!("Enrollment token \"{id}\" revoked"))?;
    Ok(0)
}
