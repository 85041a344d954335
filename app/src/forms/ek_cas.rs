//! CAs are looked at, allowed, and allowed no longer.

use gatehouse_model::Leniency;

use crate::api::ek_cas::{self, EkPolicy};
use crate::{Answer, ApiError, ConsoleContext, Posted};

const PATH: &str = "/web/settings/cas";
/// Above the largest bundle in a form that escapes it, so that one that is too large gets words.
pub(super) const MAX_BODY: usize = 8 * 1024 * 1024;

pub(super) async fn edit(console: ConsoleContext, posted: Posted) -> Answer {
    let field = |name| posted.field(name).unwrap_or_default();
    let revision = field("revision");
    match posted.action() {
        "preview_add" => match certificates(&posted) {
            Ok(bytes) => match ek_cas::preview_add(&console, &bytes).await {
                Ok(preview) => posted.show(preview),
                Err(error) => super::refused(&posted, error, &["text"]),
            },
            Err(error) => posted.again(error, &["text"]),
        },
        "add" => match ek_cas::add_cas(&console, field("certificates").as_bytes(), revision).await {
            Ok(added) => Answer::go(PATH).saying(match added {
                1 => "One CA was added. New enrolments are judged by the list.".to_owned(),
                count => format!("{count} CAs were added. New enrolments are judged by the list."),
            }),
            Err(error) => super::refused(&posted, error, &[]),
        },
        "preview_remove" => match ek_cas::preview_remove(&console, &chosen(&posted)).await {
            Ok(preview) => posted.show(preview),
            Err(error) => super::refused(&posted, error, &[]),
        },
        "remove" => match ek_cas::remove_cas(&console, &chosen(&posted), revision).await {
            Ok(1) => Answer::go(PATH).saying("One CA was removed. Enrolled devices stay enrolled."),
            Ok(count) => {
                Answer::go(PATH).saying(format!("{count} CAs were removed. Enrolled devices stay enrolled."))
            }
            Err(error) => super::refused(&posted, error, &[]),
        },
        "policy" => match save(&console, &posted).await {
            Ok(()) => Answer::go(PATH).saying("The policies have been saved."),
            Err(error) => super::refused(&posted, error, &["vendor", "sha1", "expired_ca", "expired_ek"]),
        },
        _ => posted.again(super::no_such_form(), &[]),
    }
}

fn chosen(posted: &Posted) -> Vec<String> {
    posted.fields.iter().filter(|(name, _)| name == "ca").map(|(_, value)| value.clone()).collect()
}

/// The bytes of a file, or the text that was pasted.
///
/// # Errors
/// Neither or both.
pub(super) fn certificates(posted: &Posted) -> Result<Vec<u8>, ApiError> {
    let file = posted.files.iter().find(|file| file.field == "file" && !file.content.is_empty());
    let pasted = posted.field("text").filter(|text| !text.trim().is_empty());
    match (file, pasted) {
        (Some(_), Some(_)) => {
            let message = "there is both a file and a pasted text: send one of them";
            Err(ApiError::invalid("certificates_ambiguous", message))
        }
        (Some(file), None) => Ok(file.content.to_vec()),
        (None, Some(text)) => Ok(text.as_bytes().to_vec()),
        (None, None) => Err(ApiError::invalid("no_certificate", "choose a file or paste certificates")),
    }
}

async fn save(console: &ConsoleContext, posted: &Posted) -> Result<(), ApiError> {
    let leniency = |name: &str| {
        let text = posted.field(name).unwrap_or_default();
        text.parse::<Leniency>().map_err(|error| ApiError::invalid("invalid_setting", &error))
    };
    let vendors = posted.fields.iter().filter(|(name, _)| name == "vendor");
    let wished = EkPolicy {
        vendors: vendors.map(|(_, value)| value.clone()).collect(),
        sha1: leniency("sha1")?,
        expired_ca: leniency("expired_ca")?,
        expired_ek: leniency("expired_ek")?,
        revision: posted.field("revision").unwrap_or_default().to_owned(),
    };
    ek_cas::save_policy(console, wished).await
}
