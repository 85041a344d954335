//! Lists of TPMs are looked at, announced, and taken back.

use axum::body::Bytes;
use gatehouse_model::counted;

use crate::api::ship_ahead;
use crate::pages::ShipAheadPreview;
use crate::{Answer, ApiError, ConsoleContext, Posted};

/// Above the largest list as a form carries it, so that one that is too large gets words and not a broken connection.
pub(super) const MAX_BODY: usize = 8 * 1024 * 1024;

const HERE: &str = "/web/devices/ship-ahead";

pub(super) async fn act(console: ConsoleContext, posted: Posted) -> Answer {
    let done = match posted.action() {
        "preview" => preview(&console, &posted).await,
        "import" => import(&console, &posted).await,
        "remove" => remove(&console, &posted).await,
        _ => Err(super::no_such_form()),
    };
    done.unwrap_or_else(|error| posted.again(error, &["text"]))
}

/// What a list would do. It comes back with the page, and is sent again to be announced.
async fn preview(console: &ConsoleContext, posted: &Posted) -> Result<Answer, ApiError> {
    let file = posted.files.iter().find(|file| file.field == "file" && !file.content.is_empty());
    let pasted = posted.field("text").filter(|text| !text.trim().is_empty());
    let bytes = match (file, pasted) {
        (Some(_), Some(_)) => {
            let message = "there is both a file and a pasted list: send one of them";
            return Err(ApiError::invalid("ship_ahead_list", message));
        }
        (Some(file), None) => file.content.clone(),
        (None, Some(text)) => Bytes::from(text.to_owned()),
        (None, None) => return Err(ApiError::invalid("ship_ahead_list", "choose a file or paste a list")),
    };
    let import = ship_ahead::import(console, &bytes, true).await?;
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| ApiError::invalid("ship_ahead_list", "save the list as UTF-8 and upload it again"))?;
    Ok(posted.show(ShipAheadPreview { import, text }))
}

async fn import(console: &ConsoleContext, posted: &Posted) -> Result<Answer, ApiError> {
    let text = posted.field("text").unwrap_or_default();
    let done = ship_ahead::import(console, text.as_bytes(), false).await?;
    if done.wrong > 0 {
        // Since it was looked at, an owner was deleted.
        return Ok(posted.show(ShipAheadPreview { import: done, text: text.to_owned() }));
    }
    let said = match (done.added, done.known) {
        (0, _) => "All of these TPMs were announced before: nothing was changed.".to_owned(),
        (added, 0) => format!("{} announced.", counted(added, "TPM", "TPMs")),
        (added, known) => {
            let (added, known) = (counted(added, "TPM", "TPMs"), counted(known, "was", "were"));
            format!("{added} announced; {known} announced before.")
        }
    };
    Ok(Answer::go(HERE).saying(said))
}

async fn remove(console: &ConsoleContext, posted: &Posted) -> Result<Answer, ApiError> {
    match ship_ahead::remove(console, posted.field("id").unwrap_or_default()).await {
        Ok(()) => {
            let said = "The announcement is taken back. A device that was enrolled by it stays enrolled.";
            Ok(Answer::go(HERE).saying(said))
        }
        // Somebody was faster.
        Err(error) if error.code == "ship_ahead_not_found" => {
            Ok(Answer::go(HERE).saying("The announcement had been taken back before."))
        }
        Err(error) => Err(error),
    }
}
