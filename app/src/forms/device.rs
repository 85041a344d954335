//! A device is registered, or something is done about one.

use gatehouse_domain::device::{DeviceError, DeviceSpec, TokenTerms};
use gatehouse_model::{AssetTag, EnrollStatus, OsType, Timestamp, duration};
use serde::Deserialize;

use crate::api::device;
use crate::components::NewToken;
use crate::{Answer, ApiError, ConsoleContext, Posted};

#[derive(Deserialize)]
struct AddForm {
    #[serde(default)]
    os: String,
    #[serde(default)]
    asset_tag: String,
    with_token: Option<String>,
    #[serde(flatten)]
    terms: TermsForm,
}

#[derive(Deserialize)]
struct TermsForm {
    #[serde(default)]
    lifetime: String,
    #[serde(default)]
    note: String,
}

impl TermsForm {
    fn read(self, now: Timestamp) -> Result<TokenTerms, ApiError> {
        let expires = match self.lifetime.trim() {
            "" => None,
            text => {
                let secs = duration::parse_secs(text)
                    .map_err(|error| ApiError::invalid("invalid_lifetime", &error))?;
                Some(now.plus_secs(secs))
            }
        };
        Ok(TokenTerms { expires, note: self.note })
    }
}

pub(super) async fn add(console: ConsoleContext, posted: Posted) -> Answer {
    const KEEP: &[&str] = &["os", "asset_tag", "with_token", "lifetime", "note"];
    match try_add(&console, &posted).await {
        Ok(answer) => answer,
        Err(error) => posted.again(error, KEEP),
    }
}

async fn try_add(console: &ConsoleContext, posted: &Posted) -> Result<Answer, ApiError> {
    let form: AddForm = posted.read()?;
    let os: OsType = form.os.parse().map_err(|_| {
        let message = "choose the operating system: Linux, macOS or Windows";
        ApiError::invalid("invalid_os_type", message)
    })?;
    let tag = AssetTag::try_from(form.asset_tag.as_str())
        .map_err(|error| console.refuse(DeviceError::from(error)))?;
    let terms =
        form.with_token.is_some().then(|| form.terms.read(console.services.devices.now())).transpose()?;
    let (made, token) = device::register(console, DeviceSpec::new(os, tag), terms).await?;
    Ok(match token {
        Some(token) => posted.show(NewToken::new(&token, &made.id, made.asset_tag.as_str())),
        None => Answer::go(format!("/web/devices/{}", made.id))
            .saying(format!("Device {} registered. It is not enrolled yet.", made.asset_tag)),
    })
}

pub(super) async fn act(console: ConsoleContext, posted: Posted) -> Answer {
    const KEEP: &[&str] = &["lifetime", "note", "for", "until", "message"];
    let id = posted.param("id").to_owned();
    let done = match posted.action() {
        "token" => make_token(&console, &posted, &id).await,
        "unenrol" => unenrol(&console, &id).await,
        "lock" => lock(&console, &posted, &id).await,
        "unlock" => unlock(&console, &posted, &id).await,
        "accept-counters" => accept_counters(&console, &id).await,
        "accept-boot" => accept_boot(&console, &posted, &id).await,
        "delete" => delete(&console, &posted, &id).await,
        _ => Err(ApiError::invalid("unknown_action", "this form asks for nothing that is known")),
    };
    done.unwrap_or_else(|error| posted.again(error, KEEP))
}

fn stay(id: &str, said: String) -> Answer {
    Answer::go(format!("/web/devices/{id}")).saying(said)
}

async fn make_token(console: &ConsoleContext, posted: &Posted, id: &str) -> Result<Answer, ApiError> {
    let terms = posted.read::<TermsForm>()?.read(console.services.devices.now())?;
    let found = device::detail(console, id).await?.device;
    let token = device::make_token(console, id, terms).await?;
    Ok(posted.show(NewToken::new(&token, id, found.asset_tag.as_str())))
}

async fn unenrol(console: &ConsoleContext, id: &str) -> Result<Answer, ApiError> {
    let before = device::detail(console, id).await?.device;
    if before.enroll_status == EnrollStatus::NotEnrolled {
        return Ok(stay(id, format!("Device {} was not enrolled: nothing was changed.", before.asset_tag)));
    }
    let now = device::unenrol(console, id).await?;
    let said = "un-enrolled: its keys, users and tokens are gone, and its sessions are no longer trusted.";
    Ok(stay(id, format!("Device {} {said}", now.asset_tag)))
}

#[derive(Deserialize)]
struct LockForm {
    #[serde(default, rename = "for")]
    span: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    message: String,
}

async fn lock(console: &ConsoleContext, posted: &Posted, id: &str) -> Result<Answer, ApiError> {
    let form: LockForm = posted.read()?;
    let expires = match form.span.as_str() {
        "" => None,
        "until" => Some(read_until(&form.until)?),
        span => {
            let secs =
                duration::parse_secs(span).map_err(|error| ApiError::invalid("invalid_duration", &error))?;
            Some(console.services.devices.now().plus_secs(secs))
        }
    };
    let found = device::detail(console, id).await?.device;
    let lock = device::lock(console, id, expires, form.message).await?;
    let until = lock.expires.map_or_else(
        || "until somebody unlocks it".to_owned(),
        |end| format!("until {}", crate::moment::moment(end).text),
    );
    Ok(stay(id, format!("Device {} locked {until}. Its sessions are no longer trusted.", found.asset_tag)))
}

/// As browsers write a local time; here it is UTC.
fn read_until(text: &str) -> Result<Timestamp, ApiError> {
    let text = text.trim();
    let whole = if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
    whole.parse().or_else(|_| text.parse()).map_err(|_| {
        ApiError::invalid("invalid_time", "say until when the lock holds: date and time, in UTC")
    })
}

async fn unlock(console: &ConsoleContext, posted: &Posted, id: &str) -> Result<Answer, ApiError> {
    let detail = device::detail(console, id).await?;
    let asked: Vec<&str> =
        posted.fields.iter().filter(|(name, _)| name == "lock").map(|(_, value)| value.as_str()).collect();
    let mut gone = 0;
    // Those of this device alone; one that somebody else took away meanwhile is no error.
    for lock in detail.locks.iter().filter(|lock| asked.contains(&lock.id.as_str())) {
        device::unlock(console, &lock.id).await?;
        gone += 1;
    }
    let said = match gone {
        0 => format!("Device {} had none of these locks any more.", detail.device.asset_tag),
        _ => {
            format!("Device {} unlocked. It has to authenticate anew to be trusted.", detail.device.asset_tag)
        }
    };
    Ok(stay(id, said))
}

async fn accept_counters(console: &ConsoleContext, id: &str) -> Result<Answer, ApiError> {
    device::accept_counters(console, id).await?;
    Ok(stay(id, "The counters are accepted: the next attestation sets them anew.".to_owned()))
}

async fn accept_boot(console: &ConsoleContext, posted: &Posted, id: &str) -> Result<Answer, ApiError> {
    let said = match device::accept_boot(console, id, posted.field("boot").unwrap_or_default()).await {
        Ok(()) => "The boot is accepted: later ones are compared with it.",
        // Somebody was faster, and the form has gone from the page.
        Err(error) if error.code == "boot_good" => "The boot was accepted before: nothing was changed.",
        Err(error) => return Err(error),
    };
    Ok(stay(id, said.to_owned()))
}

async fn delete(console: &ConsoleContext, posted: &Posted, id: &str) -> Result<Answer, ApiError> {
    let found = device::detail(console, id).await?.device;
    let typed = posted.field("confirm").unwrap_or_default().trim().to_lowercase();
    if typed != found.asset_tag.normalised() {
        let message =
            format!("type the asset tag {} to delete the device; nothing was deleted", found.asset_tag);
        return Err(ApiError::invalid("not_confirmed", &message));
    }
    let gone = device::delete(console, id).await?;
    Ok(Answer::go("/web/devices")
        .saying(format!("Device {} deleted. Its audit trail and evidence are kept.", gone.asset_tag)))
}
