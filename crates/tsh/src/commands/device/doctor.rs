use gatehouse_client::device::LocalOptions;
use gatehouse_native::collect::sysfs_from_env;
use gatehouse_native::desktop::Desktop;
use gatehouse_native::doctor::{Finding, Status, examine, examine_links};

use crate::cli::DoctorArgs;
use crate::commands::Context;
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Outcome {
    let options = LocalOptions { tpm: args.tpm.clone(), ..LocalOptions::default() };
    let mut findings = examine(
        &options.address()?,
        &context.home.device_dir(),
        &sysfs_from_env(),
        args.event_log.as_deref(),
    );
    findings.extend(examine_links(&Desktop::from_env()?, &args.scheme));
    output::data(args.format.format(), &findings, || text(&findings))?;
    Ok(u8::from(findings.iter().any(|finding| finding.status == Status::Fail)))
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        let word = match finding.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        text.push_str(&format!("{word:<4} {:<width$} {}\n", finding.check, finding.detail));
        if let Some(hint) = &finding.hint {
            text.push_str(&format!("     hint: {hint}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_stand_below_their_findings() {
        let finding = |check: &str, status, hint: Option<&str>| Finding {
            check: check.to_owned(),
            status,
            detail: "seen".to_owned(),
            hint: hint.map(str::to_owned),
        };
        let findings =
            [finding("tpm-device", Status::Fail, Some("mend it")), finding("smbios", Status::Ok, None)];
        insta::assert_snapshot!(text(&findings), @r"
        FAIL tpm-device seen
             hint: mend it
        ok   smbios     seen
        ");
    }
}
