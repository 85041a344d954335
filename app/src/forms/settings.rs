//! Saving the cluster's settings, and giving them back to the file.

use crate::api::boot_settings::{WishedBoot, save_boot_settings};
use crate::api::settings::{NotSaved, Wished, reset_setting, save_settings};
use crate::api::web_settings::{WishedWeb, save_web_settings};
use crate::{Answer, ApiError, ConsoleContext, Posted};

const PATH: &str = "/web/settings";
/// The form of what holds for browsers' sessions.
pub(crate) const SAVE_WEB: &str = "save-web";
/// The form of what holds for how devices boot and get in.
pub(crate) const SAVE_BOOT: &str = "save-boot";
const KEEP: &[&str] = &[
    "mode",
    "auto_enroll",
    "second_factor",
    "key",
    "web_session_max_age",
    "link_scheme",
    "remote_browser",
    "boot_drift",
    "ship_ahead",
    "ekcert_fetch_cas",
];

pub(super) async fn save(console: ConsoleContext, posted: Posted) -> Answer {
    let confirmed = posted.field("confirmed") == Some("yes");
    let outcome = match posted.action() {
        "save" => match wished(&posted, confirmed) {
            Ok(wished) => save_settings(&console, wished).await,
            Err(error) => Err((error, None)),
        },
        SAVE_WEB => match wished_web(&posted) {
            Ok(wished) => save_web_settings(&console, wished).await,
            Err(error) => Err((error, None)),
        },
        SAVE_BOOT => match wished_boot(&posted) {
            Ok(wished) => save_boot_settings(&console, wished).await,
            Err(error) => Err((error, None)),
        },
        "reset" => {
            let field = |name| posted.field(name).unwrap_or_default();
            reset_setting(&console, field("key"), field("revision"), confirmed).await
        }
        _ => Err((super::no_such_form(), None)),
    };
    settle(&posted, outcome)
}

fn settle(posted: &Posted, outcome: Result<(), NotSaved>) -> Answer {
    match outcome {
        Ok(()) => Answer::go(PATH).saying("The settings have been saved."),
        Err((error, None)) => super::refused(posted, error, KEEP),
        Err((error, Some(remark))) => posted.again(error, KEEP).showing(remark),
    }
}

fn wished(posted: &Posted, confirmed: bool) -> Result<Wished, ApiError> {
    let field = |name| posted.field(name).unwrap_or_default();
    let invalid = |error: String| ApiError::invalid("invalid_setting", &error);
    Ok(Wished {
        mode: field("mode").parse().map_err(invalid)?,
        auto_enroll: !field("auto_enroll").is_empty(),
        second_factor: field("second_factor").parse().map_err(invalid)?,
        revision: field("revision").to_owned(),
        confirmed,
    })
}

fn wished_boot(posted: &Posted) -> Result<WishedBoot, ApiError> {
    let field = |name| posted.field(name).unwrap_or_default();
    let invalid = |error: String| ApiError::invalid("invalid_setting", &error);
    Ok(WishedBoot {
        boot_drift: field("boot_drift").parse().map_err(invalid)?,
        ship_ahead: !field("ship_ahead").is_empty(),
        fetch_cas: !field("ekcert_fetch_cas").is_empty(),
        revision: field("revision").to_owned(),
    })
}

fn wished_web(posted: &Posted) -> Result<WishedWeb, ApiError> {
    let field = |name| posted.field(name).unwrap_or_default().trim();
    let invalid = |error: String| ApiError::invalid("invalid_setting", &error);
    let max_age = match field("web_session_max_age") {
        "" => None,
        age => Some(age.parse().map_err(invalid)?),
    };
    Ok(WishedWeb {
        max_age,
        link_scheme: field("link_scheme").parse().map_err(invalid)?,
        remote_browser: !field("remote_browser").is_empty(),
        revision: field("revision").to_owned(),
    })
}
