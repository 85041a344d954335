use gatehouse_attestation::{
    AllowedCas, ChainPolicy, Check, EvidenceBundle, MANIFEST_NAME, MAX_MANIFEST_BYTES,
    Outcome as CheckOutcome, TrustBasis, sha256_hex,
};
use gatehouse_client::present::table_time;
use gatehouse_client::{Result, now};
use gatehouse_model::{AttestationTier, Timestamp, clean_label, counted};
use serde::Serialize;

use super::folder;
use crate::cli::{VerifyArgs, WhichCas};
use crate::commands::ekcas::allowed_in;
use crate::failure::Outcome;
use crate::output;

/// What is said of a folder of evidence.
#[derive(Serialize)]
struct View {
    /// The verdict is that of then.
    same: bool,
    manifest_sha256: Option<String>,
    evidence: Option<Evidence>,
    checks: Vec<Step>,
    /// What differs, in the order of the checks.
    differs: Vec<&'static str>,
}

#[derive(Serialize)]
struct Evidence {
    id: String,
    device_id: String,
    asset_tag: String,
    user: String,
    time: Timestamp,
    judged_by: String,
    then: Judgement,
    now: Judgement,
}

#[derive(Serialize)]
struct Judgement {
    verdict: String,
    tier: Option<&'static str>,
}

#[derive(Serialize)]
struct Step {
    name: &'static str,
    /// `holds`, `fails` or `skipped`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    says: String,
}

/// Judges once more: 0 if the verdict is the same, else 1.
pub(crate) fn verify(args: &VerifyArgs) -> Outcome {
    let (basis, judged_by) = basis(args)?;
    let view = judge(args, &basis, judged_by);
    output::data(args.format.format(), &view, || text(&view))?;
    Ok(u8::from(!view.same))
}

fn basis(args: &VerifyArgs) -> Result<(TrustBasis, String)> {
    if args.files.is_empty() {
        return Ok(match args.cas {
            WhichCas::Then => (TrustBasis::Then, "the CAs and rules of the enrolment".to_owned()),
            WhichCas::Now => (TrustBasis::Now, "the CAs and rules of the export".to_owned()),
        });
    }
    let cas: AllowedCas = allowed_in(&args.files)?;
    let policy = ChainPolicy { sha1: args.sha1, expired_ca: args.expired_ca, expired_ek: args.expired_ek };
    let at = args.at.unwrap_or_else(now);
    let words =
        format!("{} named, at {}", counted(cas.len(), "CA that was", "CAs that were"), table_time(Some(at)));
    Ok((TrustBasis::Given { cas, policy, at }, words))
}

fn judge(args: &VerifyArgs, basis: &TrustBasis, judged_by: String) -> View {
    let read = |name: &str, limit: usize| folder::read(&args.folder, name, limit);
    let manifest_sha256 = read(MANIFEST_NAME, MAX_MANIFEST_BYTES).ok().map(|text| sha256_hex(&text));
    let mut view =
        View { same: false, manifest_sha256, evidence: None, checks: Vec::new(), differs: Vec::new() };
    if let Some(wanted) = &args.manifest_sha256
        && view.manifest_sha256.as_deref() != Some(wanted.trim().to_ascii_lowercase().as_str())
    {
        view.fails(
            "manifest",
            "manifest_differs",
            format!("{MANIFEST_NAME} is not the one that was exported"),
        );
    }
    let bundle = match EvidenceBundle::read(read) {
        Ok(bundle) => bundle,
        Err(error) => {
            view.fails("files", error.code(), error.to_string());
            return view;
        }
    };
    let files = "every file has the SHA-256 that the manifest says".to_owned();
    view.checks.push(Step { name: "files", outcome: "holds", code: None, says: files });
    let replay = bundle.replay(basis);
    view.checks.extend(replay.checks.iter().map(step));
    view.differs.extend(replay.checks.iter().filter(|check| is_failure(check)).map(|check| check.name));
    let tier_then = (bundle.verdict == "success").then(|| bundle.tier.as_str());
    view.evidence = Some(Evidence {
        id: bundle.id,
        device_id: bundle.device_id,
        asset_tag: bundle.asset_tag,
        user: bundle.user,
        time: bundle.time,
        judged_by,
        then: Judgement { verdict: bundle.verdict, tier: tier_then },
        now: Judgement { verdict: replay.verdict.to_owned(), tier: replay.tier.map(AttestationTier::as_str) },
    });
    view.same = replay.agrees && !view.differs.contains(&"manifest");
    if view.same {
        // A refusal that is found again differs in nothing.
        view.differs.clear();
    }
    view
}

impl View {
    fn fails(&mut self, name: &'static str, code: &'static str, says: String) {
        self.checks.push(Step { name, outcome: "fails", code: Some(code), says });
        self.differs.push(name);
    }
}

fn is_failure(check: &Check) -> bool {
    matches!(check.outcome, CheckOutcome::Fails(_))
}

fn step(check: &Check) -> Step {
    let (outcome, code) = match check.outcome {
        CheckOutcome::Holds => ("holds", None),
        CheckOutcome::Fails(code) => ("fails", Some(code)),
        CheckOutcome::Skipped => ("skipped", None),
    };
    Step { name: check.name, outcome, code, says: check.says.clone() }
}

fn text(view: &View) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push(format!("{name:<15} {value}"));
    if let Some(evidence) = &view.evidence {
        let judgement = |judgement: &Judgement| {
            let tier = judgement.tier.map(|tier| match tier {
                "" => ", bare key".to_owned(),
                tier => format!(", {tier}"),
            });
            format!("{}{}", clean_label(&judgement.verdict), tier.unwrap_or_default())
        };
        line("Evidence", clean_label(&evidence.id));
        line(
            "Device",
            format!("{} ({})", clean_label(&evidence.asset_tag), clean_label(&evidence.device_id)),
        );
        line("Enrolled by", format!("{}, {}", clean_label(&evidence.user), table_time(Some(evidence.time))));
        line("Judged by", evidence.judged_by.clone());
        line("Then", judgement(&evidence.then));
        line("Now", judgement(&evidence.now));
    }
    for step in &view.checks {
        let code = step.code.map(|code| format!(" ({code})")).unwrap_or_default();
        line(step.name, format!("{}: {}{code}", step.outcome, clean_label(&step.says)));
    }
    let verdict = if view.same {
        "the verdict is that of then".to_owned()
    } else {
        format!("the verdict is not that of then: {}", view.differs.join(", "))
    };
    line("Result", verdict);
    lines.join("\n") + "\n"
}
