//! The guide's main path, in its order; each output is compared with what the guide says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::browser::Browser;
use crate::output::{explain, plain};
use crate::stage::{SERIAL, Stage};

/// What makes a certificate a trusted device's, as `tsh login` and `ssh-keygen` list them.
const EXTENSIONS: [&str; 3] =
    ["teleport-device-asset-tag", "teleport-device-credential-id", "teleport-device-id"];
/// The same in the subject of the X.509 certificate: id, asset tag, credential.
const SUBJECT: [&str; 3] = ["1.3.9999.3.1", "1.3.9999.3.2", "1.3.9999.3.3"];

/// # Errors
/// At the first command whose output is not what the guide says.
pub(crate) fn walk(stage: &Stage) -> Result<()> {
    let recovery_code = account(stage)?;
    register(stage)?;
    enroll(stage)?;
    let id = trusted(stage)?;
    certificates(stage, &id)?;
    browser_session(stage, &recovery_code)?;
    remove(stage)
}

fn login(stage: &Stage) -> String {
    format!("tsh login --proxy={} --user=myuser --ca-pin={}", stage.address(), stage.pin())
}

/// Gives a recovery code, which is as good as a code of the app and needs no waiting for the next one.
fn account(stage: &Stage) -> Result<String> {
    explain("An admin, on the server's own host, invites a user");
    let invited = stage.types("tctl users add myuser --roles=access,editor --logins=myuser")?;
    let link = invited.word_after("https://")?;
    explain("The user sets a password and an authenticator app (the walk computes the codes)");
    let signed_up = stage.types(&format!("tsh signup --link=https://{link} --ca-pin={}", stage.pin()))?;
    let recovery_code = signed_up.line_after("Recovery codes:")?.to_owned();
    explain("The user logs in; nothing is known of the device yet");
    let login = stage.types(&login(stage))?;
    login.has_line_with(&["Logged in as:", "myuser"])?.has_line_with(&["Roles:", "access", "editor"])?;
    EXTENSIONS.iter().try_for_each(|extension| login.lacks(extension).map(drop))?;
    Ok(recovery_code)
}

fn register(stage: &Stage) -> Result<()> {
    explain("Register a trusted device: which asset tag does this machine have?");
    stage.types("tsh device asset-tag")?.has_line(SERIAL)?;
    explain("The admin adds it to the inventory");
    let added = stage.types(&format!("tctl devices add --os='linux' --asset-tag='{SERIAL}'"))?;
    added.has_line(&format!("Device {SERIAL}/linux added to the inventory"))?;
    let listed = stage.types("tctl devices ls")?;
    listed.has_line_with(&["Asset Tag", "OS", "Enroll Status", "Device ID"])?;
    listed.has_line_with(&[SERIAL, "Linux", "not enrolled"])?;
    Ok(())
}

fn enroll(stage: &Stage) -> Result<()> {
    explain("Create a device enrollment token");
    let offered = stage.types(&format!("tctl devices enroll --asset-tag=\"{SERIAL}\""))?;
    offered.has_line(&format!("Run the command below on device \"{SERIAL}\" to enroll it:"))?;
    let token = offered.word_after("--token=")?;
    explain("Enroll the device: its TPM proves that it holds the key that the server certifies");
    let enrolled = stage.types(&format!("tsh device enroll --token={token}"))?;
    enrolled.has_line(&format!("Device \"{SERIAL}\"/Linux enrolled"))?;
    Ok(())
}

/// Gives the device's id.
fn trusted(stage: &Stage) -> Result<String> {
    explain("Log out and in again: the device authenticates by itself");
    stage.types("tsh logout")?.has_line_with(&["logged out"])?;
    let login = stage.types(&login(stage))?;
    let extensions: Vec<&str> = ["Extensions:"].into_iter().chain(EXTENSIONS).collect();
    login.has_line_with(&["Logged in as:", "myuser"])?.has_line_with(&extensions)?;
    device_id(stage, SERIAL, "enrolled")
}

fn certificates(stage: &Stage, id: &str) -> Result<()> {
    let keys = stage.tsh_home().join("keys");
    explain("The SSH certificate carries the device");
    let ssh = find(&keys, |path, _| path.to_string_lossy().ends_with("-cert.pub"))?;
    let shown = stage.types(&format!("ssh-keygen -L -f {}", relative(stage, &ssh)))?;
    for extension in EXTENSIONS {
        shown.has_line_with(&[extension])?;
    }
    explain("So does the X.509 certificate, in its subject");
    let x509 = find(&keys, |_, text| text.starts_with("-----BEGIN CERTIFICATE-----"))?;
    let command =
        format!("openssl x509 -in {} -noout -subject -enddate -ext extendedKeyUsage", relative(stage, &x509));
    let shown = stage.types(&command)?;
    shown.has_line_with(&["subject", "myuser", id, SERIAL])?.has_line_with(&SUBJECT)?;
    Ok(())
}

fn browser_session(stage: &Stage, recovery_code: &str) -> Result<()> {
    explain(
        "Authorize a browser session: sign in to the console (curl stands in for the browser of this machine)",
    );
    let browser = Browser::signs_in(stage, recovery_code)?;
    explain(
        "The button of the page is a link, which the browser opens in tsh; a person is asked here whether that is right",
    );
    let link = browser.link()?;
    let start = Instant::now();
    let proven = stage.types(&format!("tsh open-link --yes {link}"))?;
    proven.has_line_with(&[SERIAL, "is proven", "myuser"])?;
    explain("tsh has opened the browser again, and the browser stands where it was going");
    browser.is_back_at("/web/devices")?;
    plain(&format!("From the link to that page: {:.2} s\n", start.elapsed().as_secs_f64()));
    browser.is_trusted()
}

fn remove(stage: &Stage) -> Result<()> {
    explain("Remove a trusted device, by its asset tag");
    let removed = stage.types(&format!("tctl devices rm --asset-tag={SERIAL}"))?;
    removed.has_line(&format!("Device \"{SERIAL}\" removed"))?;
    explain("Or by its id");
    stage.types("tctl devices add --os=macos --asset-tag=C11BB1BBBB1B")?;
    let id = device_id(stage, "C11BB1BBBB1B", "not enrolled")?;
    let removed = stage.types(&format!("tctl devices rm --device-id={id}"))?;
    removed.has_line(&format!("Device \"{id}\" removed"))?;
    stage.types("tctl devices ls")?.has_line("No devices found")?;
    Ok(())
}

/// The last column of a device's row.
fn device_id(stage: &Stage, tag: &str, status: &str) -> Result<String> {
    let listed = stage.types("tctl devices ls")?;
    listed.has_line_with(&[tag, status])?;
    let row = listed.line_with(&[tag]).unwrap_or_default();
    // "not enrolled" holds "enrolled" as well.
    if row.contains("not enrolled") != (status == "not enrolled") {
        bail!("the device should be {status}, but its row says: {row}");
    }
    row.split_whitespace().last().map(str::to_owned).context("the row is empty")
}

/// The first file below the folder, in the order of names, that is what is looked for.
fn find(folder: &Path, wanted: impl Fn(&Path, &str) -> bool + Copy) -> Result<PathBuf> {
    search(folder, wanted)?.with_context(|| format!("{} holds no such certificate", folder.display()))
}

fn search(folder: &Path, wanted: impl Fn(&Path, &str) -> bool + Copy) -> Result<Option<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let found = if path.is_dir() {
            search(&path, wanted)?
        } else {
            let text = fs::read_to_string(&path).unwrap_or_default();
            wanted(&path, &text).then_some(path)
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Commands run in the stage's folder: short paths read better.
fn relative(stage: &Stage, path: &Path) -> String {
    let folder = stage.tsh_home();
    let folder = folder.parent().unwrap_or(&folder);
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}
