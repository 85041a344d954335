//! Lists of devices are uploaded, confirmed, discarded.

use axum::body::Bytes;

use crate::api::imports;
use crate::{Answer, ApiError, ConsoleContext, Posted};

/// Above the largest file, so that one that is too large gets words and not a broken connection.
pub(super) const MAX_BODY: usize = 16 * 1024 * 1024;

pub(super) async fn upload(console: ConsoleContext, posted: Posted) -> Answer {
    let file = posted.files.iter().find(|file| file.field == "file" && !file.content.is_empty());
    let pasted = posted.field("text").filter(|text| !text.trim().is_empty());
    let (name, bytes) = match (file, pasted) {
        (Some(_), Some(_)) => {
            let message = "there is both a file and a pasted list: send one of them";
            return posted.again(ApiError::invalid("import_ambiguous", message), &["text"]);
        }
        (Some(file), None) => (file.name.clone(), file.content.clone()),
        (None, Some(text)) => ("Pasted list".to_owned(), Bytes::from(text.to_owned())),
        (None, None) => {
            let message = "choose a file or paste a list";
            return posted.again(ApiError::invalid("import_empty", message), &[]);
        }
    };
    match imports::draft(&console, &name, bytes).await {
        Ok(import) => Answer::go(format!("/web/devices/import/{}", import.id)),
        Err(error) => posted.again(error, &["text"]),
    }
}

pub(super) async fn decide(console: ConsoleContext, posted: Posted) -> Answer {
    let id = posted.param("id");
    let here = format!("/web/devices/import/{id}");
    match posted.action() {
        "confirm" => match imports::start(&console, id).await {
            Ok((_, true)) => Answer::go(here).saying("Confirmed: the devices are being registered."),
            Ok((_, false)) => {
                Answer::go(here).saying("This list had been confirmed before: nothing was done twice.")
            }
            Err(error) => posted.again(error, &[]),
        },
        "discard" => match imports::discard(&console, id).await {
            Ok(()) => Answer::go("/web/devices/import").saying("The list is discarded; nothing was written."),
            Err(error) => posted.again(error, &[]),
        },
        _ => {
            posted.again(ApiError::invalid("unknown_action", "this form asks for nothing that is known"), &[])
        }
    }
}
