//! The browser of the walk: curl with cookies of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::output;
use crate::stage::{PATIENCE, Stage};

/// What `$BROWSER` names, in the folder of the walk.
pub(crate) const PROGRAM: &str = "browser";
/// Where it notes at which address it stands.
const STANDS: &str = "browser-stands";
const COOKIES: &str = "browser-cookies";
/// Which system the browser runs on decides which devices may speak for it.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
/// Between two looks for a browser that is on its way.
const PAUSE: Duration = Duration::from_millis(20);

/// Somebody's browser, signed in.
pub(crate) struct Browser<'a> {
    stage: &'a Stage,
    /// The page that offers to authorize the session.
    page: String,
}

impl<'a> Browser<'a> {
    /// Signs in with the password and a recovery code.
    ///
    /// # Errors
    /// When the server does not let it in or does not offer to authorize the session.
    pub(crate) fn signs_in(stage: &'a Stage, recovery_code: &str) -> Result<Self> {
        let mut browser = Self { stage, page: String::new() };
        browser.write_program()?;
        browser.post(
            "/web/login",
            &[("user", "myuser"), ("password", stage.password()), ("next", "/web/devices")],
        )?;
        let factor = [("do", "recovery"), ("recovery_code", recovery_code), ("next", "/web/devices")];
        let to = browser.post("/web/login/second-factor", &factor)?;
        output::plain(&format!("The browser is sent to {to}\n"));
        ensure!(to.contains("/web/device/authorize"), "the browser was not offered to authorize its session");
        browser.page = browser.ask(&[&to])?;
        Ok(browser)
    }

    /// The link behind the button of the page.
    ///
    /// # Errors
    /// When the page has none.
    pub(crate) fn link(&self) -> Result<String> {
        let found = self.page.split("href=\"").find(|rest| rest.starts_with("gatehouse:"));
        let link = found.and_then(|rest| rest.split('"').next()).context("the page has no link for tsh")?;
        Ok(link.replace("&amp;", "&"))
    }

    /// Waits until it has followed what tsh opened, which must have led it there.
    ///
    /// # Errors
    /// When it did not come, or stands elsewhere.
    pub(crate) fn is_back_at(&self, path: &str) -> Result<()> {
        let file = self.stage.folder().join(STANDS);
        let deadline = Instant::now() + PATIENCE;
        let stands = loop {
            self.stage.interrupts.check()?;
            match fs::read_to_string(&file) {
                Ok(stands) => break stands,
                Err(_) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(error) => return Err(error).context("waiting for the browser"),
            }
        };
        output::plain(&stands);
        let wanted = format!("https://{}{path} (200)", self.stage.address());
        ensure!(stands.trim() == wanted, "the browser should stand at {wanted}");
        Ok(())
    }

    /// # Errors
    /// When the console does not call the session a trusted device's.
    pub(crate) fn is_trusted(&self) -> Result<()> {
        let page = self.ask(&[&format!("https://{}/web/devices", self.stage.address())])?;
        let words = "Session authorized with Device Trust";
        if !page.to_lowercase().contains(&words.to_lowercase()) {
            bail!("the console does not say: {words}");
        }
        output::plain(&format!("The shield of the console says: {words}.\n"));
        Ok(())
    }

    /// Posts a form; gives the address that the answer leads to.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<String> {
        let address = format!("https://{}{path}", self.stage.address());
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut arguments = vec!["--header", "Sec-Fetch-Site: same-origin", "--output", "/dev/null"];
        arguments.extend(["--write-out", "%{redirect_url}"]);
        for field in &fields {
            arguments.extend(["--data-urlencode", field]);
        }
        arguments.push(&address);
        self.ask(&arguments)
    }

    fn ask(&self, arguments: &[&str]) -> Result<String> {
        let mut curl = self.stage.program("curl");
        curl.args(FLAGS)
            .args(["--cookie", COOKIES, "--cookie-jar", COOKIES, "--user-agent", USER_AGENT])
            .args(arguments);
        read(&mut curl)
    }

    /// `$BROWSER` is a program of one word.
    fn write_program(&self) -> Result<()> {
        let path = self.stage.folder().join(PROGRAM);
        let text = format!(
            "#!/bin/sh\ncd '{}' && curl {} --cookie {COOKIES} --cookie-jar {COOKIES} --user-agent '{USER_AGENT}' \\\n  \
             --location --output /dev/null --write-out '%{{url_effective}} (%{{http_code}})\\n' \"$1\" > {STANDS}.new && \\\n  \
             mv {STANDS}.new {STANDS}\n",
            self.stage.folder().display(),
            FLAGS.join(" "),
        );
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o700)))
            .with_context(|| format!("writing {}", path.display()))
    }
}

/// The server's certificate is its own; the walk compares its pin in `tsh`.
const FLAGS: [&str; 5] = ["--silent", "--show-error", "--insecure", "--max-time", "60"];

fn read(command: &mut Command) -> Result<String> {
    let output = command.output().context("starting curl")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "curl failed ({}): {}", output.status, said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
